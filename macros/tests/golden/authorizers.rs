#[allow(clippy::unused_async)]
/// Knows members.
pub async fn members(
    store: &Store,
    Bearer(token): Bearer,
    ip: Option<SourceIp>,
) -> Result<Allow> {
    store.find(token, ip)
}
#[doc(hidden)]
#[allow(
    non_camel_case_types,
    missing_debug_implementations,
    unreachable_pub,
    clippy::redundant_pub_crate
)]
pub struct members {}
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::AuthorizerDecl for members {
    const INFO: ::fw::__private::AuthorizerInfo = ::fw::__private::AuthorizerInfo {
        name: "members",
        handler: ::core::concat!(::core::module_path!(), "::", "members"),
        file: ::core::file!(),
        line: ::core::line!(),
        token: false,
        identity: &[
            "$request.header.authorization",
            "$request.querystring.key",
            "$context.routeKey",
            "$stageVariables.tenant",
        ],
        ttl: 300u32,
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl ::fw::__private::IntoAuthorizer<Store> for members {
    fn into_authorizer() -> ::fw::__private::Entry<Store> {
        ::fw::__private::Entry::authorizer(
            &<Self as ::fw::__private::AuthorizerDecl>::INFO,
            |__fw_state, __fw_request| ::fw::__private::hold_only_send_values_across_await(async move {
                let (__fw_1, __fw_2) = {
                    let mut __fw_problems = ::fw::__private::Problems::new();
                    let __fw_1 = __fw_problems
                        .keep(
                            <Bearer as ::fw::__private::Extractor>::extract(__fw_request),
                        );
                    let __fw_2 = __fw_problems
                        .keep(
                            <Option<
                                SourceIp,
                            > as ::fw::__private::Extractor>::extract(__fw_request),
                        );
                    match (__fw_1, __fw_2) {
                        (
                            ::fw::__private::Option::Some(__fw_1),
                            ::fw::__private::Option::Some(__fw_2),
                        ) => (__fw_1, __fw_2),
                        _ => return __fw_problems.refuse(),
                    }
                };
                <Result<
                    Allow,
                > as ::fw::__private::IntoDecision>::into_decision(
                    members(__fw_state, __fw_1, __fw_2).await,
                )
            }),
        )
    }
}
#[allow(clippy::unused_async)]
async fn tokens(Token(token): Token) -> Option<Allow> {
    None
}
#[doc(hidden)]
#[allow(
    non_camel_case_types,
    missing_debug_implementations,
    unreachable_pub,
    clippy::redundant_pub_crate
)]
struct tokens {}
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::AuthorizerDecl for tokens {
    const INFO: ::fw::__private::AuthorizerInfo = ::fw::__private::AuthorizerInfo {
        name: "tokens",
        handler: ::core::concat!(::core::module_path!(), "::", "tokens"),
        file: ::core::file!(),
        line: ::core::line!(),
        token: true,
        identity: &["$request.header.authorization"],
        ttl: 0u32,
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState: ::fw::__private::Sync> ::fw::__private::IntoAuthorizer<__FwState>
for tokens {
    fn into_authorizer() -> ::fw::__private::Entry<__FwState> {
        ::fw::__private::Entry::authorizer(
            &<Self as ::fw::__private::AuthorizerDecl>::INFO,
            |_, __fw_request| ::fw::__private::hold_only_send_values_across_await(async move {
                let (__fw_0,) = {
                    let mut __fw_problems = ::fw::__private::Problems::new();
                    let __fw_0 = __fw_problems
                        .keep(
                            <Token as ::fw::__private::Extractor>::extract(__fw_request),
                        );
                    match (__fw_0,) {
                        (::fw::__private::Option::Some(__fw_0),) => (__fw_0,),
                        _ => return __fw_problems.refuse(),
                    }
                };
                <Option<
                    Allow,
                > as ::fw::__private::IntoDecision>::into_decision(tokens(__fw_0).await)
            }),
        )
    }
}
#[allow(clippy::unused_async)]
async fn nobody() -> Deny {
    Deny
}
#[doc(hidden)]
#[allow(
    non_camel_case_types,
    missing_debug_implementations,
    unreachable_pub,
    clippy::redundant_pub_crate
)]
struct nobody {}
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::AuthorizerDecl for nobody {
    const INFO: ::fw::__private::AuthorizerInfo = ::fw::__private::AuthorizerInfo {
        name: "nobody",
        handler: ::core::concat!(::core::module_path!(), "::", "nobody"),
        file: ::core::file!(),
        line: ::core::line!(),
        token: false,
        identity: &[],
        ttl: 0u32,
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState: ::fw::__private::Sync> ::fw::__private::IntoAuthorizer<__FwState>
for nobody {
    fn into_authorizer() -> ::fw::__private::Entry<__FwState> {
        ::fw::__private::Entry::authorizer(
            &<Self as ::fw::__private::AuthorizerDecl>::INFO,
            |_, _| ::fw::__private::hold_only_send_values_across_await(async move {
                <Deny as ::fw::__private::IntoDecision>::into_decision(nobody().await)
            }),
        )
    }
}
