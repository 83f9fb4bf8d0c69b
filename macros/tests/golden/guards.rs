#[allow(clippy::unused_async)]
async fn stateless() {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_stateless_in_1_1 {
    pub struct stateless {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_stateless_in_1_1::stateless as __fw_item_stateless;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_stateless_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_stateless {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["GET"],
        path: "/a",
        handler: ::core::concat!(::core::module_path!(), "::", "stateless"),
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
            ::fw::__private::Streams::<()>::STREAMS
        },
    };
}
const _: () = {
    mod __fw_stand_in {
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotAnAuthorizer as __FwAuthorizer;
    }
    #[allow(unused_imports)]
    use __fw_stand_in::*;
    #[allow(unused_imports, deprecated)]
    use auth::members as __FwAuthorizer;
    #[allow(deprecated)]
    const _: () = {
        let _ = &__FwAuthorizer;
        ::fw::__private::assert_authorizer(
            &<__FwAuthorizer as ::fw::__private::AuthorizerDecl>::INFO,
        )
    };
    #[automatically_derived]
    #[allow(deprecated, unreachable_code, unused_qualifications)]
    impl<__FwState> ::fw::__private::IntoRoute<__FwState> for __fw_item_stateless
    where
        __FwAuthorizer: ::fw::__private::IntoAuthorizer<__FwState>,
    {
        fn into_route() -> ::fw::__private::Route<__FwState> {
            ::fw::__private::described! {
                ::fw::__private::Route::stateless(< Self as ::fw::__private::RouteDecl >
                ::INFO, | _ | ::fw::__private::hold_only_send_values_across_await(async
                move { < () as ::fw::__private::Responder > ::respond(stateless(). await)
                }),).guarded(::fw::__private::Guard::Authorizer(< __FwAuthorizer as
                ::fw::__private::IntoAuthorizer < __FwState > > ::into_authorizer()));
                deprecated = false; statuses = []; output = [()]; arguments = [];
                parameters = []; body = []; query = []
            }
        }
    }
};
#[allow(clippy::unused_async)]
async fn stateful(store: &Store) {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_stateful_in_1_1 {
    pub struct stateful {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_stateful_in_1_1::stateful as __fw_item_stateful;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_stateful_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_stateful {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["GET"],
        path: "/b",
        handler: ::core::concat!(::core::module_path!(), "::", "stateful"),
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
            ::fw::__private::Streams::<()>::STREAMS
        },
    };
}
const _: () = {
    mod __fw_stand_in {
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotAnAuthorizer as __FwAuthorizer;
    }
    #[allow(unused_imports)]
    use __fw_stand_in::*;
    #[allow(unused_imports, deprecated)]
    use members as __FwAuthorizer;
    #[automatically_derived]
    #[allow(deprecated, unreachable_code, unused_qualifications)]
    impl ::fw::__private::IntoRoute<Store> for __fw_item_stateful {
        fn into_route() -> ::fw::__private::Route<Store> {
            ::fw::__private::described! {
                ::fw::__private::Route::with_state(< Self as ::fw::__private::RouteDecl >
                ::INFO, | __fw_state, __fw_request |
                ::fw::__private::hold_only_send_values_across_await(async move { < () as
                ::fw::__private::Responder > ::respond(stateful(__fw_state). await) }),)
                .guarded(::fw::__private::Guard::Authorizer(< __FwAuthorizer as
                ::fw::__private::IntoAuthorizer < Store > > ::into_authorizer()))
                .with_api_key(); deprecated = false; statuses = []; output = [()];
                arguments = []; parameters = []; body = []; query = []
            }
        }
    }
};
#[allow(clippy::unused_async)]
async fn claims() {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_claims_in_1_1 {
    pub struct claims {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_claims_in_1_1::claims as __fw_item_claims;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_claims_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_claims {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["GET"],
        path: "/c",
        handler: ::core::concat!(::core::module_path!(), "::", "claims"),
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
            ::fw::__private::Streams::<()>::STREAMS
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState> ::fw::__private::IntoRoute<__FwState> for __fw_item_claims {
    fn into_route() -> ::fw::__private::Route<__FwState> {
        ::fw::__private::described! {
            ::fw::__private::Route::stateless(< Self as ::fw::__private::RouteDecl >
            ::INFO, | _ | ::fw::__private::hold_only_send_values_across_await(async move
            { < () as ::fw::__private::Responder > ::respond(claims(). await) }),)
            .guarded(::fw::__private::Guard::Jwt { name : "main", scopes : &
            ["items:read", "items:all"] }); deprecated = false; statuses = []; output =
            [()]; arguments = []; parameters = []; body = []; query = []
        }
    }
}
#[allow(clippy::unused_async)]
async fn signed() {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_signed_in_1_1 {
    pub struct signed {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_signed_in_1_1::signed as __fw_item_signed;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_signed_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_signed {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["PUT"],
        path: "/d",
        handler: ::core::concat!(::core::module_path!(), "::", "signed"),
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
            ::fw::__private::Streams::<()>::STREAMS
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState> ::fw::__private::IntoRoute<__FwState> for __fw_item_signed {
    fn into_route() -> ::fw::__private::Route<__FwState> {
        ::fw::__private::described! {
            ::fw::__private::Route::stateless(< Self as ::fw::__private::RouteDecl >
            ::INFO, | _ | ::fw::__private::hold_only_send_values_across_await(async move
            { < () as ::fw::__private::Responder > ::respond(signed(). await) }),)
            .guarded(::fw::__private::Guard::Iam); deprecated = false; statuses = [];
            output = [()]; arguments = []; parameters = []; body = []; query = []
        }
    }
}
#[allow(clippy::unused_async)]
async fn open() {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_open_in_1_1 {
    pub struct open {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_open_in_1_1::open as __fw_item_open;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_open_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::RouteDecl for __fw_item_open {
    const INFO: ::fw::__private::RouteInfo = ::fw::__private::RouteInfo {
        methods: &["PUT"],
        path: "/e",
        handler: ::core::concat!(::core::module_path!(), "::", "open"),
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
            ::fw::__private::Streams::<()>::STREAMS
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState> ::fw::__private::IntoRoute<__FwState> for __fw_item_open {
    fn into_route() -> ::fw::__private::Route<__FwState> {
        ::fw::__private::described! {
            ::fw::__private::Route::stateless(< Self as ::fw::__private::RouteDecl >
            ::INFO, | _ | ::fw::__private::hold_only_send_values_across_await(async move
            { < () as ::fw::__private::Responder > ::respond(open(). await) }),)
            .guarded(::fw::__private::Guard::Public); deprecated = false; statuses = [];
            output = [()]; arguments = []; parameters = []; body = []; query = []
        }
    }
}
