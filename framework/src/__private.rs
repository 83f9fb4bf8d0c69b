//! What generated code may name. Not public: it changes with any patch version.

pub use crate::{
    auth::{
        AuthorizerDecl, AuthorizerInfo, Decision, IntoAuthorizer, IntoDecision, NotAnAuthorizer,
        assert_authorizer,
    },
    entry::Entry,
    error::{Error, Problems},
    extract::{FromParam, FromRequest, Param},
    handler::{Extractor, Responder, hold_only_send_values_across_await, schema},
    request::Request,
    response::{IntoResponse, Response},
    route::{
        BodyInfo, BoxFuture, Guard, IntoRoute, NotARoute, ParamInfo, Route, RouteDecl, RouteInfo,
        Routes, assert_distinct,
    },
};
pub use fw_macros::routes;
pub use fw_manifest::Place;
pub use std::{marker::Sync, option::Option, result::Result};
