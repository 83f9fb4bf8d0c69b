#[allow(clippy::unused_async)]
/// Ship an order.
///
/// Once.
pub async fn ship(
    store: &Store,
    Json(order): Json<Order>,
    message: Message,
) -> Result<()> {
    store.ship(order)
}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_ship_in_1_1 {
    pub struct ship {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
pub use __fw_ship_in_1_1::ship as __fw_item_ship;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
pub use __fw_ship_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::SourceDecl for __fw_item_ship {
    const INFO: ::fw::__private::SourceInfo = ::fw::__private::SourceInfo {
        name: "ship",
        handler: ::core::concat!(::core::module_path!(), "::", "ship"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "Ship an order.",
        description: "Once.",
        event: ::fw::__private::EventInfo::Sqs("orders"),
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl ::fw::__private::IntoSource<Store> for __fw_item_ship {
    fn into_source() -> ::fw::__private::Entry<Store> {
        ::fw::__private::Entry::sqs(
            &<Self as ::fw::__private::SourceDecl>::INFO,
            |__fw_state, __fw_request| ::fw::__private::hold_only_send_values_across_await(async move {
                let (__fw_1, __fw_2) = {
                    let mut __fw_problems = ::fw::__private::Problems::new();
                    let __fw_1 = __fw_problems
                        .keep(
                            <Json<
                                Order,
                            > as ::fw::__private::FromEvent<
                                ::fw::__private::Message,
                            >>::from_event(__fw_request),
                        );
                    let __fw_2 = __fw_problems
                        .keep(
                            <Message as ::fw::__private::MessageArgument>::extract(
                                __fw_request,
                            ),
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
                    (),
                > as ::fw::__private::IntoDone>::into_done(
                    ship(__fw_state, __fw_1, __fw_2).await,
                )
            }),
        )
    }
}
#[allow(clippy::unused_async)]
async fn count(orders: Batch<Json<Order>>) -> Failed {
    Failed::none()
}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_count_in_1_1 {
    pub struct count {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_count_in_1_1::count as __fw_item_count;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_count_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::SourceDecl for __fw_item_count {
    const INFO: ::fw::__private::SourceInfo = ::fw::__private::SourceInfo {
        name: "count",
        handler: ::core::concat!(::core::module_path!(), "::", "count"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        event: ::fw::__private::EventInfo::Sqs("orders"),
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState: ::fw::__private::Sync> ::fw::__private::IntoSource<__FwState>
for __fw_item_count {
    fn into_source() -> ::fw::__private::Entry<__FwState> {
        ::fw::__private::Entry::sqs_batch(
            &<Self as ::fw::__private::SourceDecl>::INFO,
            |_, __fw_request| ::fw::__private::hold_only_send_values_across_await(async move {
                let (__fw_0,) = {
                    let mut __fw_problems = ::fw::__private::Problems::new();
                    let __fw_0 = __fw_problems
                        .keep(
                            <Batch<
                                Json<Order>,
                            > as ::fw::__private::FromEvent<
                                ::fw::__private::Messages,
                            >>::from_event(__fw_request),
                        );
                    match (__fw_0,) {
                        (::fw::__private::Option::Some(__fw_0),) => (__fw_0,),
                        _ => return __fw_problems.refuse(),
                    }
                };
                <Failed as ::fw::__private::IntoFailed>::into_failed(count(__fw_0).await)
            }),
        )
    }
}
#[allow(clippy::unused_async)]
async fn thumbnail(object: ObjectEvent) {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_thumbnail_in_1_1 {
    pub struct thumbnail {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_thumbnail_in_1_1::thumbnail as __fw_item_thumbnail;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_thumbnail_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::SourceDecl for __fw_item_thumbnail {
    const INFO: ::fw::__private::SourceInfo = ::fw::__private::SourceInfo {
        name: "thumbnail",
        handler: ::core::concat!(::core::module_path!(), "::", "thumbnail"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        event: ::fw::__private::EventInfo::S3 {
            bucket: "uploads",
            events: &["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
            prefix: "in/",
            suffix: "",
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState: ::fw::__private::Sync> ::fw::__private::IntoSource<__FwState>
for __fw_item_thumbnail {
    fn into_source() -> ::fw::__private::Entry<__FwState> {
        ::fw::__private::Entry::s3(
            &<Self as ::fw::__private::SourceDecl>::INFO,
            |_, __fw_request| ::fw::__private::hold_only_send_values_across_await(async move {
                let (__fw_0,) = {
                    let mut __fw_problems = ::fw::__private::Problems::new();
                    let __fw_0 = __fw_problems
                        .keep(
                            <ObjectEvent as ::fw::__private::ObjectArgument>::extract(
                                __fw_request,
                            ),
                        );
                    match (__fw_0,) {
                        (::fw::__private::Option::Some(__fw_0),) => (__fw_0,),
                        _ => return __fw_problems.refuse(),
                    }
                };
                <() as ::fw::__private::IntoDone>::into_done(thumbnail(__fw_0).await)
            }),
        )
    }
}
#[allow(clippy::unused_async)]
async fn placed(event: BusEvent<Order>) {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_placed_in_1_1 {
    pub struct placed {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_placed_in_1_1::placed as __fw_item_placed;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_placed_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::SourceDecl for __fw_item_placed {
    const INFO: ::fw::__private::SourceInfo = ::fw::__private::SourceInfo {
        name: "placed",
        handler: ::core::concat!(::core::module_path!(), "::", "placed"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        event: ::fw::__private::EventInfo::Bus {
            bus: ::fw::__private::Option::Some("trade"),
            pattern: "{\"source\":[\"shop \\\"x\\\"\"],\"detail-type\":[\"Placed\"]}",
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState: ::fw::__private::Sync> ::fw::__private::IntoSource<__FwState>
for __fw_item_placed {
    fn into_source() -> ::fw::__private::Entry<__FwState> {
        ::fw::__private::Entry::bus(
            &<Self as ::fw::__private::SourceDecl>::INFO,
            |_, __fw_request| ::fw::__private::hold_only_send_values_across_await(async move {
                let (__fw_0,) = {
                    let mut __fw_problems = ::fw::__private::Problems::new();
                    let __fw_0 = __fw_problems
                        .keep(
                            <BusEvent<
                                Order,
                            > as ::fw::__private::FromEvent<
                                ::fw::__private::AnyBusEvent,
                            >>::from_event(__fw_request),
                        );
                    match (__fw_0,) {
                        (::fw::__private::Option::Some(__fw_0),) => (__fw_0,),
                        _ => return __fw_problems.refuse(),
                    }
                };
                <() as ::fw::__private::IntoDone>::into_done(placed(__fw_0).await)
            }),
        )
    }
}
#[allow(clippy::unused_async)]
async fn nightly() {}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_nightly_in_1_1 {
    pub struct nightly {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_nightly_in_1_1::nightly as __fw_item_nightly;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_nightly_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::SourceDecl for __fw_item_nightly {
    const INFO: ::fw::__private::SourceInfo = ::fw::__private::SourceInfo {
        name: "nightly",
        handler: ::core::concat!(::core::module_path!(), "::", "nightly"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        event: ::fw::__private::EventInfo::Schedule {
            expression: "cron(0 3 * * ? *)",
            timezone: ::fw::__private::Option::Some("Europe/Berlin"),
        },
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState: ::fw::__private::Sync> ::fw::__private::IntoSource<__FwState>
for __fw_item_nightly {
    fn into_source() -> ::fw::__private::Entry<__FwState> {
        ::fw::__private::Entry::schedule(
            &<Self as ::fw::__private::SourceDecl>::INFO,
            |_, _| ::fw::__private::hold_only_send_values_across_await(async move {
                <() as ::fw::__private::IntoDone>::into_done(nightly().await)
            }),
        )
    }
}
#[allow(clippy::unused_async)]
async fn add(Json(terms): Json<Vec<i64>>) -> Result<Json<i64>> {
    Ok(Json(terms.iter().sum()))
}
#[doc(hidden)]
#[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
mod __fw_add_in_1_1 {
    pub struct add {}
}
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_add_in_1_1::add as __fw_item_add;
#[doc(hidden)]
#[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
use __fw_add_in_1_1::*;
#[automatically_derived]
#[allow(unused_qualifications)]
impl ::fw::__private::SourceDecl for __fw_item_add {
    const INFO: ::fw::__private::SourceInfo = ::fw::__private::SourceInfo {
        name: "add",
        handler: ::core::concat!(::core::module_path!(), "::", "add"),
        file: ::core::file!(),
        line: ::core::line!(),
        summary: "",
        description: "",
        event: ::fw::__private::EventInfo::Function,
    };
}
#[automatically_derived]
#[allow(deprecated, unreachable_code, unused_qualifications)]
impl<__FwState: ::fw::__private::Sync> ::fw::__private::IntoSource<__FwState>
for __fw_item_add {
    fn into_source() -> ::fw::__private::Entry<__FwState> {
        ::fw::__private::Entry::function(
            &<Self as ::fw::__private::SourceDecl>::INFO,
            |_, __fw_request| ::fw::__private::hold_only_send_values_across_await(async move {
                let (__fw_0,) = {
                    let mut __fw_problems = ::fw::__private::Problems::new();
                    let __fw_0 = __fw_problems
                        .keep(
                            <Json<
                                Vec<i64>,
                            > as ::fw::__private::FromEvent<
                                ::fw::__private::Input,
                            >>::from_event(__fw_request),
                        );
                    match (__fw_0,) {
                        (::fw::__private::Option::Some(__fw_0),) => (__fw_0,),
                        _ => return __fw_problems.refuse(),
                    }
                };
                <Result<
                    Json<i64>,
                > as ::fw::__private::IntoOutput>::into_output(add(__fw_0).await)
            }),
        )
    }
}
fn sources() -> ::fw::source::Sources<Store> {
    use ::fw::__private as __fw;
    mod __fw_stand_ins {
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotASource as __fw_item_ship;
        #[allow(unused_imports)]
        pub(super) use ::fw::__private::NotASource as __fw_item_nightly;
    }
    #[allow(unused_imports, deprecated)]
    use ship as __fw_0;
    #[allow(unused_imports, deprecated)]
    use jobs::{self as __fw_in_1, nightly as __fw_1};
    const __FW_SOURCES: &[(usize, &str, __fw::SourceInfo)] = &[
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_0 as __fw_item_ship;
            {
                #[allow(unused_imports)]
                use self::*;
                (0usize, "ship", <__fw_item_ship as __fw::SourceDecl>::INFO)
            }
        },
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_1 as __fw_item_nightly;
            {
                #[allow(unused_imports)]
                use __fw_in_1::*;
                (1usize, "jobs::nightly", <__fw_item_nightly as __fw::SourceDecl>::INFO)
            }
        },
    ];
    #[allow(deprecated)]
    const _: () = {
        let _ = &__fw_0;
        __fw::assert_distinct_sources(__FW_SOURCES, 0usize)
    };
    #[allow(deprecated)]
    const _: () = {
        let _ = &__fw_1;
        __fw::assert_distinct_sources(__FW_SOURCES, 1usize)
    };
    __fw::Sources::collect(|__fw_list| {
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_0 as __fw_item_ship;
            {
                #[allow(unused_imports)]
                use self::*;
                __fw_list.add::<__fw_item_ship>();
            }
        }
        {
            #[allow(unused_imports)]
            use __fw_stand_ins::*;
            #[allow(unused_imports, deprecated)]
            use __fw_1 as __fw_item_nightly;
            {
                #[allow(unused_imports)]
                use __fw_in_1::*;
                __fw_list.add::<__fw_item_nightly>();
            }
        }
    })
}
