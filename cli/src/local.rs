//! The local server, which replaces API Gateway and Lambda on the developer's machine.
//!
//! `server` takes the requests, `generation` is what is served (a front door and pools of the app's
//! processes), `authorizers` fetches what the front door needs before it admits a request, `near`
//! writes hints for near-miss 404s, `pool` and `instance` run the processes as Lambda runs its
//! execution environments, and `runtime_api` is the API that they poll. `services` are the AWS
//! services that the app's own clients use, and `events` those that invoke its sources.

pub(crate) mod announcement;
pub(crate) mod asynchronous;
pub(crate) mod authorizers;
mod chunks;
mod error_documents;
pub(crate) mod events;
mod fields;
mod front_door;
pub(crate) mod generation;
mod input;
mod instance;
pub(crate) mod invoke_api;
pub(crate) mod logs;
mod masks;
pub(crate) mod pages;
mod pinned_executable;
pub(crate) mod pool;
mod reuse;
mod route_hints;
mod runtime_api;
pub(crate) mod server;
pub(crate) mod services;
mod stream;
pub(crate) mod tail;

#[cfg(test)]
mod tests;
