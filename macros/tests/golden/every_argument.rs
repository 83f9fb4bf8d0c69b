/// Fetch or store one object.
///
/// The key may be any text.
pub async fn object<'a>(
    store: &'a Store,
    key: &'a str,
    page: Option<u32>,
    tags: Vec<String>,
    method: Method,
    body: Option<Json<Value>>,
) -> Result<Json<Doc<'a>>> {
    store.answer(key, page, tags, method, body)
}
#[doc(hidden)]
///The route of [`object`](fn@object), for `routes!`.
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
pub struct object {}
#[automatically_derived]
impl ::fw::__private::RouteDecl for object {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["GET", "PUT"],
        path: "/objects/{key}",
        handler: ::core::concat!(::core::module_path!(), "::", "object"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "Fetch or store one object.",
        description: "The key may be any text.",
        params: &[
            ::fw::__private::ParamInfo::path(
                "key",
                <&'_ str as ::fw::__private::FromParam<'static, _>>::REQUIRED,
                <&'_ str as ::fw::__private::FromParam<'static, _>>::MULTIPLE,
            ),
            ::fw::__private::ParamInfo::query(
                "page",
                <Option<u32> as ::fw::__private::FromParam<'static, _>>::REQUIRED,
                <Option<u32> as ::fw::__private::FromParam<'static, _>>::MULTIPLE,
            ),
            ::fw::__private::ParamInfo::query(
                "tags",
                <Vec<String> as ::fw::__private::FromParam<'static, _>>::REQUIRED,
                <Vec<String> as ::fw::__private::FromParam<'static, _>>::MULTIPLE,
            ),
        ],
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code)]
impl ::fw::__private::IntoRoute<Store> for object {
    fn into_route() -> ::fw::__private::Route<Store> {
        ::fw::__private::Route::with_state(
            <Self as ::fw::__private::RouteDecl>::INFO,
            |state, request| ::fw::__private::Box::pin(async move {
                let (argument_1, argument_2, argument_3, argument_4, argument_5) = {
                    let mut problems = ::fw::__private::Problems::new();
                    let argument_1 = problems
                        .keep(
                            <&'_ str as ::fw::__private::FromParam<
                                '_,
                                _,
                            >>::from_param(::fw::__private::Param::path(request, "key")),
                        );
                    let argument_2 = problems
                        .keep(
                            <Option<
                                u32,
                            > as ::fw::__private::FromParam<
                                '_,
                                _,
                            >>::from_param(
                                ::fw::__private::Param::query(request, "page"),
                            ),
                        );
                    let argument_3 = problems
                        .keep(
                            <Vec<
                                String,
                            > as ::fw::__private::FromParam<
                                '_,
                                _,
                            >>::from_param(
                                ::fw::__private::Param::query(request, "tags"),
                            ),
                        );
                    let argument_4 = problems
                        .keep(
                            <Method as ::fw::__private::FromRequest>::from_request(
                                request,
                            ),
                        );
                    let argument_5 = problems
                        .keep(
                            <Option<
                                Json<Value>,
                            > as ::fw::__private::FromRequest>::from_request(request),
                        );
                    match (argument_1, argument_2, argument_3, argument_4, argument_5) {
                        (
                            ::fw::__private::Option::Some(argument_1),
                            ::fw::__private::Option::Some(argument_2),
                            ::fw::__private::Option::Some(argument_3),
                            ::fw::__private::Option::Some(argument_4),
                            ::fw::__private::Option::Some(argument_5),
                        ) => (argument_1, argument_2, argument_3, argument_4, argument_5),
                        _ => return problems.into_response(),
                    }
                };
                <Result<
                    Json<Doc<'_>>,
                > as ::fw::__private::IntoResponse>::into_response(
                    object(
                            state,
                            argument_1,
                            argument_2,
                            argument_3,
                            argument_4,
                            argument_5,
                        )
                        .await,
                )
            }),
        )
    }
}
