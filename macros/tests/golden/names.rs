#[cfg(feature = "files")]
#[deprecated]
pub(crate) async fn r#move(
    r#type: &str,
    mut _path: String,
    _: Method,
) -> impl IntoResponse {
    path.clear();
}
#[cfg(feature = "files")]
#[doc(hidden)]
///The route of [`move`](fn@move), for `routes!`.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
pub(crate) struct r#move {}
#[cfg(feature = "files")]
#[automatically_derived]
impl ::web::__private::RouteDecl for r#move {
    const INFO: ::web::__private::RouteInfo = ::web::__private::RouteInfo {
        methods: &["DELETE"],
        path: "/files/{type}/{path+}",
        handler: ::core::concat!(::core::module_path!(), "::", "move"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        params: &[
            ::web::__private::ParamInfo::path(
                "type",
                <&str as ::web::__private::FromParam<'static, _>>::REQUIRED,
                <&str as ::web::__private::FromParam<'static, _>>::MULTIPLE,
            ),
            ::web::__private::ParamInfo::path(
                "path",
                <String as ::web::__private::FromParam<'static, _>>::REQUIRED,
                <String as ::web::__private::FromParam<'static, _>>::MULTIPLE,
            ),
        ],
    };
}
#[cfg(feature = "files")]
#[automatically_derived]
#[allow(deprecated, unreachable_code)]
impl<__FwState> ::web::__private::IntoRoute<__FwState> for r#move {
    fn into_route() -> ::web::__private::Route<__FwState> {
        ::web::__private::Route::stateless(
            <Self as ::web::__private::RouteDecl>::INFO,
            |request| ::web::__private::Box::pin(async move {
                let (argument_0, argument_1, argument_2) = {
                    let mut problems = ::web::__private::Problems::new();
                    let argument_0 = problems
                        .keep(
                            <&str as ::web::__private::FromParam<
                                '_,
                                _,
                            >>::from_param(
                                ::web::__private::Param::path(request, "type"),
                            ),
                        );
                    let argument_1 = problems
                        .keep(
                            <String as ::web::__private::FromParam<
                                '_,
                                _,
                            >>::from_param(
                                ::web::__private::Param::path(request, "path"),
                            ),
                        );
                    let argument_2 = problems
                        .keep(
                            <Method as ::web::__private::FromRequest>::from_request(
                                request,
                            ),
                        );
                    match (argument_0, argument_1, argument_2) {
                        (
                            ::web::__private::Option::Some(argument_0),
                            ::web::__private::Option::Some(argument_1),
                            ::web::__private::Option::Some(argument_2),
                        ) => (argument_0, argument_1, argument_2),
                        _ => return problems.into_response(),
                    }
                };
                ::web::__private::IntoResponse::into_response(
                    r#move(argument_0, argument_1, argument_2).await,
                )
            }),
        )
    }
}
