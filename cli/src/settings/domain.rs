//! A custom domain in front of an API.

use serde::{Deserialize, Serialize};

use super::check::arn_of;
use crate::error::{Failure, Result};

/// The longest accepted name: two names are kept in one tag while one domain replaces the other.
const LONGEST_NAME: usize = 120;
/// The longest path of a mapping (API Gateway developer guide, "Use API mappings to connect API stages to a custom domain
/// name for REST APIs", restrictions).
const LONGEST_PATH: usize = 300;

/// The settings of the domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Domain {
    /// The host's name.
    pub(crate) name: String,
    /// The ARN of its certificate; an existing domain already has one.
    pub(crate) certificate: Option<String>,
    /// The prefix of each route's path, without slashes around it; empty if not set.
    pub(crate) base_path: Option<String>,
}

impl Domain {
    /// The path as API Gateway's mappings have it.
    pub(crate) fn key(&self) -> &str {
        self.base_path.as_deref().unwrap_or_default()
    }

    /// The app's URL.
    pub(crate) fn url(&self) -> String {
        url(&self.name, self.key())
    }

    /// Refuses what API Gateway would.
    pub(super) fn check(&self) -> Result<()> {
        let Self {
            name,
            certificate,
            base_path,
        } = self;
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        if name.len() > LONGEST_NAME || !name.contains('.') || !name.split('.').all(label) {
            return Err(Failure::input(format!(
                "`domain.name` is not a host name: `{}`",
                name.escape_debug()
            ))
            .because_of(format!(
                "a host name has lower-case letters, digits, hyphens and dots, at most {LONGEST_NAME} characters"
            ))
            .hint("write only the name, without scheme and path: `name = \"api.example.org\"`"));
        }
        if let Some(arn) = certificate {
            let example = "arn:aws:acm:REGION:123456789012:certificate/ID";
            arn_of("domain.certificate", arn, &["acm"], example)?;
            if !arn
                .splitn(6, ':')
                .nth(5)
                .is_some_and(|rest| rest.starts_with("certificate/"))
            {
                return Err(Failure::input(format!(
                    "`domain.certificate` is not the ARN of a certificate: `{}`",
                    arn.escape_debug()
                ))
                .hint(format!("write its ARN: `{example}`")));
            }
        }
        let Some(path) = base_path else {
            return Ok(());
        };
        // As for the length.
        let taken = |c: char| c.is_ascii_alphanumeric() || "$-_.+!*'()".contains(c);
        let segment = |one: &str| !one.is_empty() && one.chars().all(taken);
        if path.len() > LONGEST_PATH || !path.split('/').all(segment) {
            let trimmed = path.trim_matches('/');
            let failure = Failure::input(format!(
                "not a valid base path: `{}`",
                path.escape_debug()
            ))
            .because_of(format!(
                "a base path has letters, digits and `$-_.+!*'()`, with single slashes between segments, at most {LONGEST_PATH} characters"
            ));
            return Err(match trimmed {
                "" => failure.hint("leave `base_path` out to use the whole domain"),
                path => failure.hint(format!(
                    "write it without slashes around it: `base_path = \"{}\"`",
                    path.escape_debug()
                )),
            });
        }
        Ok(())
    }
}

/// The URL of a mapping.
pub(crate) fn url(name: &str, key: &str) -> String {
    match key {
        "" => format!("https://{name}"),
        key => format!("https://{name}/{key}"),
    }
}
