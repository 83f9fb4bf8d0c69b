//! Event source mappings: Lambda reads messages from a queue and invokes the alias of the function
//! for it (`#[on_sqs]`).
//!
//! A mapping is found by the function that it invokes, and by its tags. It leads to the alias, so it follows a rollback.

pub(crate) mod desired;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
pub(crate) mod template;

use crate::aws::{error::Operation, mappings};

/// The word for one, in plans.
pub(crate) const KIND: &str = "event source mapping";

/// The calls of a deploy with mappings, besides those on tags.
pub(crate) const ALL: [Operation; 4] = [
    mappings::CREATE,
    mappings::DELETE,
    mappings::LIST,
    mappings::UPDATE,
];
