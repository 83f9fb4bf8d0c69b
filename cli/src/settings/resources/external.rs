//! The table of an event bus, which has no settings of its own but the ARN of one that is there.

use serde::Deserialize;

use crate::settings::over::Over;

/// An existing resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExternalSettings {
    /// Its ARN.
    pub(crate) existing: Option<String>,
}

impl Over for ExternalSettings {
    fn over(self, base: Self) -> Self {
        Self {
            existing: self.existing.or(base.existing),
        }
    }
}
