#[allow(clippy::unused_async)]
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
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_move_in_1_1 {
    pub struct r#move {}
}
#[cfg(feature = "files")]
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
pub(crate) use __fw_move_in_1_1::r#move as __fw_item_move;
#[cfg(feature = "files")]
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
pub(crate) use __fw_move_in_1_1::*;
#[cfg(feature = "files")]
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::web::__private::RouteDecl for __fw_item_move {
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
                <&str as ::web::__private::FromParam<'_, _>>::REQUIRED,
                <&str as ::web::__private::FromParam<'_, _>>::MULTIPLE,
            ),
            ::web::__private::ParamInfo::path(
                "path",
                <String as ::web::__private::FromParam<'_, _>>::REQUIRED,
                <String as ::web::__private::FromParam<'_, _>>::MULTIPLE,
            ),
        ],
        body: ::web::__private::Option::None,
        claims: false,
        stream: false,
    };
}
#[cfg(feature = "files")]
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState> ::web::__private::IntoRoute<__FwState> for __fw_item_move {
    fn into_route() -> ::web::__private::Route<__FwState> {
        ::web::__private::described! {
            ::web::__private::Route::stateless(< Self as ::web::__private::RouteDecl >
            ::INFO, | __fw_request |
            ::web::__private::hold_only_send_values_across_await(async move { let
            (__fw_0, __fw_1, __fw_2,) = { let mut __fw_problems =
            ::web::__private::Problems::new(); let __fw_0 = __fw_problems.keep(< & str as
            ::web::__private::FromParam < '_, _ > >
            ::from_param(::web::__private::Param::path(__fw_request, "type"))); let
            __fw_1 = __fw_problems.keep(< String as ::web::__private::FromParam < '_, _ >
            > ::from_param(::web::__private::Param::path(__fw_request, "path"))); let
            __fw_2 = __fw_problems.keep(< Method as ::web::__private::Extractor >
            ::extract(__fw_request)); match (__fw_0, __fw_1, __fw_2,) {
            (::web::__private::Option::Some(__fw_0),
            ::web::__private::Option::Some(__fw_1),
            ::web::__private::Option::Some(__fw_2),) => (__fw_0, __fw_1, __fw_2,), _ =>
            return __fw_problems.into_response(), } };
            ::web::__private::Responder::respond(r#move(__fw_0, __fw_1, __fw_2). await)
            }),); deprecated = true; statuses = []; output = []; arguments = [Method];
            parameters = [(Path, "type", & str), (Path, "path", String)]; body = [];
            query = []
        }
    }
}
