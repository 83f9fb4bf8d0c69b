//! Queues of SQS that the settings declare: `[queues.NAME]`.
//!
//! A queue is found by its name and its tags. One that the settings no longer have is found because the deployment notes at its main
//! function that it has queues (`kind/note.rs`): an app without any makes no call for them.

pub(crate) mod calls;
pub(crate) mod desired;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod step;
pub(crate) mod template;

/// The word for one, in plans and in the note.
pub(crate) const KIND: &str = "queue";
