//! Topics of SNS that the settings declare or a function has as its source, and the subscriptions of functions and queues.
//!
//! A topic is found by its name and its tags. A subscription has no tags: it is the deployment's where what it leads to is. A topic that
//! is there already is read for that alone, and is found again by the permission that its function has (`kind/permission.rs`), or
//! by the policy of its queue.

pub(crate) mod calls;
pub(crate) mod desired;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
pub(crate) mod template;

/// The word for one, in plans and in the note.
pub(crate) const KIND: &str = "topic";
/// The word for what leads to a function or a queue.
pub(crate) const SUBSCRIPTION: &str = "subscription";
