#[allow(clippy::unused_async)]
async fn a<'a>(Json(order): Json<Order<'a>>) {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_a_in_1_1 {
    pub struct a {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_a_in_1_1::a as __fw_item_a;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_a_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_a {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["POST"],
        path: "/a",
        handler: ::core::concat!(::core::module_path!(), "::", "a"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        params: &[],
        body: ::fw::__private::Option::Some(::fw::__private::BodyInfo {
            content_type: "application/json",
            required: true,
            schema: ::fw::__private::Option::Some(::fw::__private::schema::<Order<'_>>),
        }),
        claims: false,
        stream: {
            #[allow(unused_imports)]
            use ::fw::__private::StreamsNothing as _;
            ::fw::__private::Streams::<()>::STREAMS
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState> ::fw::__private::IntoRoute<__FwState> for __fw_item_a {
    fn into_route() -> ::fw::__private::Route<__FwState> {
        ::fw::__private::described! {
            ::fw::__private::Route::stateless(< Self as ::fw::__private::RouteDecl >
            ::INFO, | __fw_request |
            ::fw::__private::hold_only_send_values_across_await(async move { let
            (__fw_0,) = { let mut __fw_problems = ::fw::__private::Problems::new(); let
            __fw_0 = __fw_problems.keep(< Json < Order < '_ > > as
            ::fw::__private::FromRequest > ::from_request(__fw_request)); match (__fw_0,)
            { (::fw::__private::Option::Some(__fw_0),) => (__fw_0,), _ => return
            __fw_problems.into_response(), } }; < () as ::fw::__private::Responder >
            ::respond(a(__fw_0). await) }),); deprecated = false; statuses = []; output =
            [()]; arguments = [Json < Order < '_ > >]; parameters = []; body = [Order <
            '_ >]; query = []
        }
    }
}
#[allow(clippy::unused_async)]
async fn b(form: Option<extract::Form<Login>>) {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_b_in_1_1 {
    pub struct b {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_b_in_1_1::b as __fw_item_b;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_b_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_b {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["POST"],
        path: "/b",
        handler: ::core::concat!(::core::module_path!(), "::", "b"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        params: &[],
        body: ::fw::__private::Option::Some(::fw::__private::BodyInfo {
            content_type: "application/x-www-form-urlencoded",
            required: false,
            schema: ::fw::__private::Option::None,
        }),
        claims: false,
        stream: {
            #[allow(unused_imports)]
            use ::fw::__private::StreamsNothing as _;
            ::fw::__private::Streams::<()>::STREAMS
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState> ::fw::__private::IntoRoute<__FwState> for __fw_item_b {
    fn into_route() -> ::fw::__private::Route<__FwState> {
        ::fw::__private::described! {
            ::fw::__private::Route::stateless(< Self as ::fw::__private::RouteDecl >
            ::INFO, | __fw_request |
            ::fw::__private::hold_only_send_values_across_await(async move { let
            (__fw_0,) = { let mut __fw_problems = ::fw::__private::Problems::new(); let
            __fw_0 = __fw_problems.keep(< Option < extract::Form < Login > > as
            ::fw::__private::FromRequest > ::from_request(__fw_request)); match (__fw_0,)
            { (::fw::__private::Option::Some(__fw_0),) => (__fw_0,), _ => return
            __fw_problems.into_response(), } }; < () as ::fw::__private::Responder >
            ::respond(b(__fw_0). await) }),); deprecated = false; statuses = []; output =
            [()]; arguments = [Option < extract::Form < Login > >]; parameters = []; body
            = [Login]; query = []
        }
    }
}
#[allow(clippy::unused_async)]
async fn c(body: Result<Json<u8>, JsonRejection>, again: Json<u8>) {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_c_in_1_1 {
    pub struct c {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_c_in_1_1::c as __fw_item_c;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_c_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_c {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["POST"],
        path: "/c",
        handler: ::core::concat!(::core::module_path!(), "::", "c"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        params: &[],
        body: ::fw::__private::Option::Some(::fw::__private::BodyInfo {
            content_type: "application/json",
            required: false,
            schema: ::fw::__private::Option::None,
        }),
        claims: false,
        stream: {
            #[allow(unused_imports)]
            use ::fw::__private::StreamsNothing as _;
            ::fw::__private::Streams::<()>::STREAMS
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState> ::fw::__private::IntoRoute<__FwState> for __fw_item_c {
    fn into_route() -> ::fw::__private::Route<__FwState> {
        ::fw::__private::described! {
            ::fw::__private::Route::stateless(< Self as ::fw::__private::RouteDecl >
            ::INFO, | __fw_request |
            ::fw::__private::hold_only_send_values_across_await(async move { let (__fw_0,
            __fw_1,) = { let mut __fw_problems = ::fw::__private::Problems::new(); let
            __fw_0 = __fw_problems.keep(< Result < Json < u8 >, JsonRejection > as
            ::fw::__private::FromRequest > ::from_request(__fw_request)); let __fw_1 =
            __fw_problems.keep(< Json < u8 > as ::fw::__private::FromRequest >
            ::from_request(__fw_request)); match (__fw_0, __fw_1,) {
            (::fw::__private::Option::Some(__fw_0),
            ::fw::__private::Option::Some(__fw_1),) => (__fw_0, __fw_1,), _ => return
            __fw_problems.into_response(), } }; < () as ::fw::__private::Responder >
            ::respond(c(__fw_0, __fw_1). await) }),); deprecated = false; statuses = [];
            output = [()]; arguments = [Result < Json < u8 >, JsonRejection >, Json < u8
            >]; parameters = []; body = [u8]; query = []
        }
    }
}
