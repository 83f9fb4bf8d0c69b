//! The table of a topic or an event bus. Both are used if they exist; no deploy creates them yet
//! (`fit::deployable`).

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
