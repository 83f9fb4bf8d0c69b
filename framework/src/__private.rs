//! What generated code may name. Not public: it changes with any patch version.

pub use crate::{
    error::Problems,
    extract::{FromParam, FromRequest, Param},
    manifest::Place,
    request::Request,
    response::{IntoResponse, Response},
    route::{
        BoxFuture, IntoRoute, ParamInfo, Route, RouteDecl, RouteInfo, Routes, assert_distinct,
    },
};
pub use fw_macros::routes;
pub use std::{boxed::Box, option::Option};
