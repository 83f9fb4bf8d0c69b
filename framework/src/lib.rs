//! `fw`: an API-first web micro-framework that compiles to AWS Lambda.

#[cfg(feature = "app")]
pub mod context;
#[cfg(feature = "app")]
pub mod error;
#[cfg(feature = "app")]
pub mod extract;
#[cfg(feature = "gateway")]
pub mod gateway;
pub mod manifest;
#[cfg(feature = "app")]
pub mod request;
#[cfg(feature = "app")]
pub mod response;
#[cfg(feature = "app")]
pub mod route;

#[cfg(feature = "app")]
#[doc(hidden)]
pub mod __private;

#[cfg(feature = "app")]
pub use crate::{
    error::{Error, Result},
    extract::{FromParam, FromRequest},
    request::Request,
    response::{IntoResponse, Json, Response},
};
#[cfg(feature = "app")]
pub use http::{Method, StatusCode};
