#[allow(clippy::unused_async)]
async fn hello() -> &'static str {
    "hello"
}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_hello_in_1_1 {
    pub struct hello {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_hello_in_1_1::hello as __fw_item_hello;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_hello_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_hello {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["GET"],
        path: "/",
        handler: ::core::concat!(::core::module_path!(), "::", "hello"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        params: &[],
        body: ::fw::__private::Option::None,
        claims: false,
        stream: {
            #[allow(unused_imports)]
            use ::fw::__private::StreamsNothing as _;
            ::fw::__private::Streams::<&'static str>::STREAMS
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState> ::fw::__private::IntoRoute<__FwState> for __fw_item_hello {
    fn into_route() -> ::fw::__private::Route<__FwState> {
        ::fw::__private::described! {
            ::fw::__private::Route::stateless(< Self as ::fw::__private::RouteDecl >
            ::INFO, | _ | ::fw::__private::hold_only_send_values_across_await(async move
            { < & 'static str as ::fw::__private::Responder > ::respond(hello(). await)
            }),); deprecated = false; statuses = []; output = [& 'static str]; arguments
            = []; parameters = []; body = []; query = []
        }
    }
}
