//! `fw`: an API-first web micro-framework that compiles to AWS Lambda.
//!
//! Handlers are async functions with an attribute. The attribute's path is the gateway's route; a parameter is an argument of
//! the same name, the app's state is taken by reference, and everything else is read from the request by its type.
//!
//! ```
//! # #[cfg(feature = "runtime")] {
//! use fw::{App, Error, Json, Result, get, routes};
//!
//! struct Greetings(Vec<&'static str>);
//!
//! /// Greet somebody, in the language of that number.
//! #[get("/hello/<name>?<language>")]
//! async fn hello(greetings: &Greetings, name: &str, language: Option<usize>) -> Result<Json<String>> {
//!     let language = language.unwrap_or(0);
//!     let hello = greetings.0.get(language);
//!     let hello = hello.ok_or_else(|| Error::not_found(format!("there is no language {language}")))?;
//!     Ok(Json(format!("{hello}, {name}")))
//! }
//!
//! async fn greetings() -> Result<Greetings> {
//!     Ok(Greetings(vec!["hello", "hallo"]))
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     App::new("greeter", greetings).routes(routes![hello]).run()
//! }
//! # }
//! ```
//!
//! [`route`](macro@route) describes paths and arguments, [`extract`] lists the extractors,
//! [`response`] what a handler may return, and [`Error`] how to fail. `fw::test::Client` (feature
//! `test`) calls an app in a test, through the same model of API Gateway that `cargo fw local`
//! uses.
//!
//! | feature | has | default |
//! |---|---|---|
//! | `runtime` | serving on Lambda: [`App::run`] | yes |
//! | `aws` | clients of AWS's services, created when they are first used: `fw::aws` | no |
//! | `resources` | handles for the queues, topics, buses and buckets that the code sends to: `fw::resource` | no |
//! | `schema` | JSON Schemas: what routes take and answer, for the document of the API; and the check of bodies by them | no |
//! | `garde` | `Valid<Json<T>>`: bodies checked by `garde` | no |
//! | `multipart` | `extract::Multipart`: forms with files | no |
//! | `compression` | `service::compressed`: answers in gzip | no |
//! | `test` | the in-process client | no |
//! | `verify` | signatures of tokens and requests in the test client; without it the client refuses every signed request | no |
//! | `models` | regular expressions in the body models of the test client's REST API | no |

// A crate that only has handlers for an app in another crate needs no way to run one.
#![cfg_attr(
    not(all(feature = "runtime", feature = "test")),
    allow(dead_code, reason = "the runtime and the test client each use a part")
)]

mod after;
mod app;
pub mod auth;
#[cfg(feature = "aws")]
pub mod aws;
pub mod context;
#[cfg(feature = "schema")]
pub mod describe;
mod dispatch;
mod entry;
pub mod error;
mod escaped;
mod event;
pub mod extract;
// Hidden only from the documentation: for items that are not re-exported, the compiler writes long
// paths in its messages.
#[cfg_attr(doc, doc(hidden))]
pub mod handler;
#[cfg(any(feature = "runtime", feature = "resources"))]
mod http1;
#[cfg(feature = "runtime")]
mod log;
mod payload;
pub mod rejection;
pub mod request;
#[cfg(feature = "resources")]
pub mod resource;
pub mod response;
pub mod route;
#[cfg(feature = "runtime")]
mod runtime;
mod schema;
pub mod service;
pub mod source;
#[cfg(feature = "test")]
pub mod test;

#[doc(hidden)]
pub mod __private;

pub use bytes::Bytes;
/// The crate `http`, whose types requests and responses are made of: middleware takes an `http::Request<Body>`.
pub use http;
pub use http::{HeaderMap, HeaderName, HeaderValue};

pub use crate::{
    after::after,
    app::{App, AppError},
    error::{Error, Result},
    extract::{FromParam, FromRequest},
    request::Request,
    response::{IntoResponse, Json, Response},
    route::{Route, Routes},
};
#[doc = include_str!("docs/authorizer.md")]
pub use fw_macros::authorizer;
#[doc = include_str!("docs/function.md")]
pub use fw_macros::function;
#[doc = include_str!("docs/on_event.md")]
pub use fw_macros::on_event;
#[doc = include_str!("docs/on_s3.md")]
pub use fw_macros::on_s3;
#[doc = include_str!("docs/on_sns.md")]
pub use fw_macros::on_sns;
#[doc = include_str!("docs/on_sqs.md")]
pub use fw_macros::on_sqs;
#[doc = include_str!("docs/route.md")]
pub use fw_macros::route;
#[doc = include_str!("docs/schedule.md")]
pub use fw_macros::schedule;
#[doc = include_str!("docs/shorthand.md")]
pub use fw_macros::{delete, get, head, options, patch, post, put};
pub use http::{Method, StatusCode};

/// The code in `docs/guide` is compiled and run as the crate's own examples are.
#[cfg(all(
    doctest,
    feature = "runtime",
    feature = "schema",
    feature = "garde",
    feature = "multipart",
    feature = "compression",
    feature = "test"
))]
mod guide {
    #[doc = include_str!("../../docs/guide/README.md")]
    mod routes {}
    #[doc = include_str!("../../docs/guide/requests.md")]
    mod requests {}
    #[doc = include_str!("../../docs/guide/answers.md")]
    mod answers {}
    #[doc = include_str!("../../docs/guide/app.md")]
    mod app {}
    #[doc = include_str!("../../docs/guide/callers.md")]
    mod callers {}
    #[doc = include_str!("../../docs/guide/recipes.md")]
    mod recipes {}
    #[doc = include_str!("../../docs/guide/from-axum.md")]
    mod from_axum {}
    #[doc = include_str!("../../docs/guide/events.md")]
    mod events {}
    #[doc = include_str!("../../docs/guide/testing.md")]
    mod testing {}
    #[doc = include_str!("../../docs/guide/api.md")]
    mod api {}
    #[doc = include_str!("../../docs/guide/from-chalice.md")]
    mod from_chalice {}
}
