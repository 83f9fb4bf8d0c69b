//! Event buses that the settings declare or a function has as its source, and the rules that lead from buses to functions.
//!
//! Buses and rules are found by their names and their tags. A bus that is there already is read for the deployment's own rules alone, and
//! is found again by the permission that its function has (`kind/permission.rs`).

pub(crate) mod calls;
pub(crate) mod desired;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
pub(crate) mod template;

/// The word for one, in plans and in the note.
pub(crate) const KIND: &str = "bus";
/// The word for what leads to a function.
pub(crate) const RULE: &str = "rule";
/// The bus that every account has.
pub(crate) const DEFAULT: &str = "default";
