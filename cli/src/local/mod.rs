//! The local server: what stands in for API Gateway and Lambda on the developer's machine.
//!
//! `server` takes the requests, `generation` is what is served (a front door and pools of the app's processes), `authorizers`
//! gets what the front door asks for before it lets a request through, `near` tells of requests that were nearly one, `pool`
//! and `instance` run the processes as Lambda runs its execution environments, and `runtime_api` is what they talk to.
//! `services` are the AWS services that the app's own clients talk to, and `events` those that invoke its sources.

pub(crate) mod announcement;
pub(crate) mod asynchronous;
pub(crate) mod authorizers;
mod chunks;
mod documents;
pub(crate) mod events;
mod fields;
mod front_door;
pub(crate) mod generation;
mod haste;
mod input;
mod instance;
pub(crate) mod invoke_api;
pub(crate) mod logs;
mod masks;
mod near;
pub(crate) mod pool;
mod runtime_api;
pub(crate) mod server;
pub(crate) mod services;
mod snapshot;
mod stream;
pub(crate) mod tail;

#[cfg(test)]
mod tests;
