//! The note at the main function, and at its log group, of the kinds of resources that a deployment may have: the tag `fw:kinds`.
//!
//! It is there before the first resource of a kind is created, and goes once the last one is gone. So what an interrupted deploy left is
//! found again when the settings no longer speak of it, and an app without such resources makes no call for them.

use std::collections::BTreeSet;

use crate::values::names::Tags;

pub(crate) mod plan;

/// The tag of the main function, and of its log group, that names the kinds of resources that the deployment may have besides functions
/// and their gateway: where it is missing, no call looks for them.
pub(crate) const TAG_KINDS: &str = "fw:kinds";

/// The kinds that those tags note.
pub(crate) fn noted(tags: Option<&Tags>) -> BTreeSet<&str> {
    let kinds = tags.and_then(|tags| tags.get(TAG_KINDS));
    let kinds = kinds.map_or("", String::as_str).split(' ');
    kinds.filter(|kind| !kind.is_empty()).collect()
}
