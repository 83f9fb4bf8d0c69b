//! `fw`: an API-first web micro-framework that compiles to AWS Lambda.

// Who only writes handlers for an app of another crate needs no way to run one.
#![cfg_attr(
    not(all(feature = "runtime", feature = "test")),
    allow(dead_code, reason = "the runtime and the test client each use a part")
)]

#[cfg(feature = "app")]
mod app;
#[cfg(feature = "app")]
pub mod context;
#[cfg(feature = "app")]
mod dispatch;
#[cfg(feature = "app")]
pub mod error;
#[cfg(feature = "app")]
mod event;
#[cfg(feature = "app")]
pub mod extract;
#[cfg(feature = "gateway")]
pub mod gateway;
#[cfg(feature = "runtime")]
mod log;
pub mod manifest;
#[cfg(feature = "app")]
mod payload;
#[cfg(feature = "app")]
pub mod rejection;
#[cfg(feature = "app")]
pub mod request;
#[cfg(feature = "app")]
pub mod response;
#[cfg(feature = "app")]
pub mod route;
#[cfg(feature = "runtime")]
mod runtime;
#[cfg(feature = "app")]
pub mod service;
#[cfg(feature = "test")]
pub mod test;

#[cfg(feature = "app")]
#[doc(hidden)]
pub mod __private;

#[cfg(feature = "app")]
pub use bytes::Bytes;
#[cfg(feature = "app")]
pub use http::{HeaderMap, HeaderName, HeaderValue};

#[cfg(feature = "app")]
pub use crate::{
    app::{App, AppError},
    error::{Error, Result},
    extract::{FromParam, FromRequest},
    request::Request,
    response::{IntoResponse, Json, Response},
    route::{Route, Routes},
};
#[cfg(feature = "app")]
#[doc = include_str!("docs/route.md")]
pub use fw_macros::route;
#[cfg(feature = "app")]
#[doc = include_str!("docs/shorthand.md")]
pub use fw_macros::{delete, get, head, options, patch, post, put};
#[cfg(feature = "app")]
pub use http::{Method, StatusCode};
