//! What else was found in an account that tells of more resources of the kinds.

use std::collections::BTreeSet;

/// What was found of functions, as far as it tells of resources of other kinds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Left {
    /// The kinds that are noted.
    pub(crate) kinds: BTreeSet<String>,
    /// The deployment's functions that are there.
    pub(crate) functions: BTreeSet<String>,
    /// The topics that functions' permissions name alone, by ARN.
    pub(crate) topics: BTreeSet<String>,
    /// The buses, in the same way, by name.
    pub(crate) buses: BTreeSet<String>,
    /// The buckets that functions' permissions name, by name.
    pub(crate) buckets: BTreeSet<String>,
}

impl Left {
    /// Whether the deployment may have resources of that kind.
    pub(crate) fn has(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }
}
