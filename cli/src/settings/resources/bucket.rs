//! A bucket's table.

use serde::Deserialize;

use crate::{
    error::{Failure, Result},
    settings::over::Over,
    values::names::check_bucket_name,
};

/// How a bucket is to be, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BucketSettings {
    /// The name of a bucket that is there, which is used as it is.
    pub(crate) existing: Option<String>,
}

impl BucketSettings {
    /// Refuses what is not the name of a bucket.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        let Some(existing) = &self.existing else {
            return Ok(());
        };
        check_bucket_name(existing).map_err(|error| {
            Failure::input(format!(
                "`buckets.{name}.existing` is not the name of a bucket: `{}`",
                existing.escape_debug()
            ))
            .because_of(error.to_string())
            .hint("write its name, `existing = \"shop-uploads\"`, and not its ARN")
        })
    }
}

impl Over for BucketSettings {
    fn over(self, base: Self) -> Self {
        Self {
            existing: self.existing.or(base.existing),
        }
    }
}
