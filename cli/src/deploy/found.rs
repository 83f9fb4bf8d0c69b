//! Resources with the deployment's names, and their owners.

use super::names::{Names, TAG_APP, TAG_STAGE};
use crate::values::names::Tags;

/// A resource of a deployment's name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Found<T> {
    /// It is not there.
    Absent,
    /// It is there and carries the deployment's tags.
    Ours(T),
    /// It is there and is somebody else's: whose.
    Foreign(String),
}

impl<T> Found<T> {
    /// The resource, when it is ours.
    pub(crate) fn ours(&self) -> Option<&T> {
        match self {
            Self::Ours(found) => Some(found),
            Self::Absent | Self::Foreign(_) => None,
        }
    }

    /// Its owner, if it is not ours.
    pub(crate) fn foreign(&self) -> Option<&str> {
        match self {
            Self::Foreign(owner) => Some(owner),
            Self::Absent | Self::Ours(_) => None,
        }
    }

    /// Whose it is, by its tags.
    pub(crate) fn sort(found: Option<T>, names: &Names, tags: impl Fn(&T) -> &Tags) -> Self {
        match found {
            None => Self::Absent,
            Some(found) if names.own(tags(&found)) => Self::Ours(found),
            Some(found) => Self::Foreign(owner(tags(&found))),
        }
    }
}

/// The owner of a resource with these tags, in words.
pub(super) fn owner(tags: &Tags) -> String {
    let tag = |key: &str| tags.get(key).map_or("?", String::as_str);
    if tags.contains_key(TAG_APP) || tags.contains_key(TAG_STAGE) {
        format!("app `{}`, stage `{}`", tag(TAG_APP), tag(TAG_STAGE))
    } else if let Some(stack) = tags.get("aws:cloudformation:stack-name") {
        format!("the CloudFormation stack `{stack}`")
    } else if let Some(chalice) = tags.get("aws-chalice") {
        format!("Chalice: `{chalice}`")
    } else {
        format!("something other than `cargo fw`: it has no `{TAG_APP}` tag")
    }
}
