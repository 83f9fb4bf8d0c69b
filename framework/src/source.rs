//! Sources: functions of the app that an event invokes, and not a request.
//!
#![doc = include_str!("docs/sources.md")]

mod attribute;
mod built_in;
mod bus;
mod delivery;
mod failures;
mod function;
#[cfg(test)]
mod hostile;
mod info;
mod lanes;
mod list;
mod outcome;
mod records;
mod s3;
mod schedule;
mod serve;
mod sns;
mod sqs;

#[cfg(feature = "test")]
pub(crate) use self::failures::collect;
pub use self::{
    attribute::{Attribute, AttributeValue},
    bus::BusEvent,
    delivery::{Delivery, FromEvent},
    function::Input,
    list::{Sources, SourcesOf},
    outcome::{Failed, IntoDone, IntoFailed, IntoOutput},
    s3::ObjectEvent,
    schedule::Schedule,
    sns::Notification,
    sqs::{Batch, Message, Messages, Received},
};
pub(crate) use self::{
    built_in::is as is_built_in,
    serve::{nothing, serve},
};
#[doc(hidden)]
pub use self::{
    info::{EventInfo, IntoSource, NotASource, SourceDecl, SourceInfo},
    list::assert_distinct_sources,
    serve::{Handle, Run},
};
