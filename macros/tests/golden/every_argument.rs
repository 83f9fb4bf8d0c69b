#[allow(clippy::unused_async)]
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
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_object_in_1_1 {
    pub struct object {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
pub use __fw_object_in_1_1::object as __fw_item_object;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
pub use __fw_object_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_object {
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
                <&'_ str as ::fw::__private::FromParam<'_, _>>::REQUIRED,
                <&'_ str as ::fw::__private::FromParam<'_, _>>::MULTIPLE,
            ),
            ::fw::__private::ParamInfo::query(
                "page",
                <Option<u32> as ::fw::__private::FromParam<'_, _>>::REQUIRED,
                <Option<u32> as ::fw::__private::FromParam<'_, _>>::MULTIPLE,
            ),
            ::fw::__private::ParamInfo::query(
                "tags",
                <Vec<String> as ::fw::__private::FromParam<'_, _>>::REQUIRED,
                <Vec<String> as ::fw::__private::FromParam<'_, _>>::MULTIPLE,
            ),
        ],
        body: ::fw::__private::Option::Some(::fw::__private::BodyInfo {
            content_type: "application/json",
            required: false,
            schema: ::fw::__private::Option::None,
        }),
        claims: false,
        stream: {
            #[allow(unused_imports)]
            use ::fw::__private::StreamsNothing as _;
            ::fw::__private::Streams::<Result<Json<Doc<'_>>>>::STREAMS
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl ::fw::__private::IntoRoute<Store> for __fw_item_object {
    fn into_route() -> ::fw::__private::Route<Store> {
        ::fw::__private::described! {
            ::fw::__private::Route::with_state(< Self as ::fw::__private::RouteDecl >
            ::INFO, | __fw_state, __fw_request |
            ::fw::__private::hold_only_send_values_across_await(async move { let (__fw_1,
            __fw_2, __fw_3, __fw_4, __fw_5,) = { let mut __fw_problems =
            ::fw::__private::Problems::new(); let __fw_1 = __fw_problems.keep(< & '_ str
            as ::fw::__private::FromParam < '_, _ > >
            ::from_param(::fw::__private::Param::path(__fw_request, "key"))); let __fw_2
            = __fw_problems.keep(< Option < u32 > as ::fw::__private::FromParam < '_, _ >
            > ::from_param(::fw::__private::Param::query(__fw_request, "page"))); let
            __fw_3 = __fw_problems.keep(< Vec < String > as ::fw::__private::FromParam <
            '_, _ > > ::from_param(::fw::__private::Param::query(__fw_request, "tags")));
            let __fw_4 = __fw_problems.keep(< Method as ::fw::__private::Extractor >
            ::extract(__fw_request)); let __fw_5 = __fw_problems.keep(< Option < Json <
            Value > > as ::fw::__private::FromRequest > ::from_request(__fw_request));
            match (__fw_1, __fw_2, __fw_3, __fw_4, __fw_5,) {
            (::fw::__private::Option::Some(__fw_1),
            ::fw::__private::Option::Some(__fw_2), ::fw::__private::Option::Some(__fw_3),
            ::fw::__private::Option::Some(__fw_4),
            ::fw::__private::Option::Some(__fw_5),) => (__fw_1, __fw_2, __fw_3, __fw_4,
            __fw_5,), _ => return __fw_problems.into_response(), } }; < Result < Json <
            Doc < '_ > > > as ::fw::__private::IntoResponse >
            ::into_response(object(__fw_state, __fw_1, __fw_2, __fw_3, __fw_4, __fw_5).
            await) }),); deprecated = false; statuses = []; output = [Result < Json < Doc
            < '_ > > >]; arguments = [Method, Option < Json < Value > >]; parameters =
            [(Path, "key", & '_ str), (Query, "page", Option < u32 >), (Query, "tags",
            Vec < String >)]; body = [Value]; query = []
        }
    }
}
