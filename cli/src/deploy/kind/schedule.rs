//! Schedules of `EventBridge` Scheduler: a group of the deployment's name, the role by which they invoke, and a schedule for each function
//! that a time calls or that is kept warm.
//!
//! The group is found by its name and its tags; schedules have no tags, so all that are in it are the deployment's.

pub(crate) mod calls;
pub(crate) mod desired;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
pub(crate) mod template;

/// The word for one, in plans and in the note.
pub(crate) const KIND: &str = "schedule";
/// The word for what they are in.
pub(crate) const GROUP: &str = "schedule group";
