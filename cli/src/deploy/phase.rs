//! Which steps run side by side.
//!
//! The planner assigns each step to a phase, and its resource assigns it to a lane. The lanes of a
//! phase run concurrently, the steps of a lane one after the other, and a phase starts when the
//! previous one is done. So a step that must not run before another is in a later phase, or behind
//! it in its lane; `check` verifies every plan.

/// When a step runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// What finds again, after an interruption, what the next phases create.
    #[default]
    Note,
    /// What the new versions need, and an API that nobody reaches yet.
    Prepare,
    /// The new versions, and whether they work.
    Publish,
    /// What admits fewer callers, or others: no version that relies on a guard takes traffic before it is there.
    Tighten,
    /// The traffic of all functions but the API's: what the API may count on, authorizers above all, is there before it is.
    Guard,
    /// The app's traffic.
    Move,
    /// What only the new versions need, and what only the old ones needed of the API.
    Follow,
    /// The door.
    Open,
    /// The other door, and what else takes traffic no more.
    Close,
    /// Functions and versions that nobody calls any more.
    Remove,
    /// What only removed functions needed.
    Forget,
}

/// Where a step queues: steps on one thing never run side by side. AWS refuses two changes of one function at a time, and of
/// one API as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane<'a> {
    /// That role.
    Role(&'a str),
    /// That log group.
    Logs(&'a str),
    /// That function.
    Function(&'a str),
    /// The API.
    Api,
    /// The bucket of large zips.
    Store,
    /// The queues.
    Queues,
    /// The topics and their subscriptions.
    Topics,
    /// The event buses and their rules.
    Buses,
    /// The schedules and their group.
    Schedules,
    /// That bucket.
    Bucket(&'a str),
}
