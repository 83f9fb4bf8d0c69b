//! Names for generated code. Not public: they change with any patch version.

pub use crate::__described as described;
pub use crate::{
    auth::{
        AuthorizerDecl, AuthorizerInfo, Decision, IntoAuthorizer, IntoDecision, NotAnAuthorizer,
        assert_authorizer,
    },
    entry::Entry,
    error::{Error, Problems},
    extract::{FromParam, FromRequest, Param},
    handler::{
        BatchArgument, BusArgument, Extractor, InputArgument, MessageArgument,
        NotificationArgument, ObjectArgument, Responder, ScheduleArgument,
        hold_only_send_values_across_await, schema,
    },
    request::Request,
    response::{IntoResponse, Response},
    route::{
        BodyInfo, BoxFuture, Guard, IntoRoute, NotARoute, ParamInfo, Route, RouteDecl, RouteInfo,
        Routes, Streams, StreamsNothing, assert_distinct,
    },
    source::{
        BusEvent, EventInfo, FromEvent, Input, IntoDone, IntoFailed, IntoOutput, IntoSource,
        Message, Messages, NotASource, Notification, ObjectEvent, Schedule, SourceDecl, SourceInfo,
        Sources, assert_distinct_sources,
    },
};
#[cfg(feature = "schema")]
pub use crate::{
    describe::{
        Probe, TypedAnswer, TypedArgument, TypedBody, TypedParameter, UnknownAnswer,
        UnknownArgument, UntypedAnswer, UntypedArgument, UntypedBody, UntypedParameter,
    },
    route::Description,
};
pub use fw_macros::{routes, sources};
pub use fw_manifest::Place;
pub use std::{marker::Sync, option::Option, result::Result};

/// What the handler of a bus is called with.
pub type AnyBusEvent = BusEvent<Box<serde_json::value::RawValue>>;
