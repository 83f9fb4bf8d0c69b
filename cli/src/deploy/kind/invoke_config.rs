//! How asynchronous invocations of a function are handled: retries, the age of events, and where records of them go. It is set at the
//! alias, so it follows a rollback.
//!
//! It has no tags: what is set at the alias `live` is the deployment's.

pub(crate) mod desired;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
pub(crate) mod template;

use crate::aws::{asynchronous, error::Operation};

/// The word for one, in plans.
pub(crate) const KIND: &str = "asynchronous invocation of function";

/// The calls of a deploy with sources.
pub(crate) const ALL: [Operation; 3] = [asynchronous::DELETE, asynchronous::GET, asynchronous::PUT];
