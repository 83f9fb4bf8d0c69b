//! Event patterns: what a rule of a bus, a filter of an event source mapping or a pipe matches.
//!
//! A pattern is a JSON object whose leaves are arrays of alternatives. All fields must match. A condition is a plain
//! value or an object with one operator: `prefix`, `suffix`, `equals-ignore-case`, `anything-but`, `exists`, `numeric`,
//! `cidr` or `wildcard`; `$or` lists alternative objects.

mod condition;
mod event;
mod index;
mod parse;
mod wildcard;

use std::fmt;

use serde_json::Value;

use condition::Condition;
pub use event::FlatEvent;
pub use index::PatternIndex;

/// The longest pattern, in characters. `[D]` EventBridge API reference, `PutRule`
pub const MAX_LENGTH: usize = 4096;

/// A parsed pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The alternatives that `$or` gives; a pattern without it has one.
    alternatives: Vec<Vec<Field>>,
}

/// A path and what its value may be.
#[derive(Clone, Debug, PartialEq)]
struct Field {
    /// The names from the root, joined by dots, as a dotted name and nested objects mean the same. `[R]`
    path: String,
    any_of: Vec<Condition>,
}

impl Pattern {
    /// Parses a pattern of JSON text.
    ///
    /// # Errors
    ///
    /// [`PatternError`] with the reason in the words of `InvalidEventPatternException`.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let value = serde_json::from_str(text)
            .map_err(|error| PatternError::new(format!("Filter is not valid JSON: {error}")))?;
        Self::from_value(&value)
    }

    /// Reads a pattern from JSON.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn from_value(value: &Value) -> Result<Self, PatternError> {
        parse::pattern(value).map(|alternatives| Self { alternatives })
    }

    /// True if the event matches. Flatten the event once with [`FlatEvent`] to match it against many patterns.
    #[must_use]
    pub fn matches(&self, event: &Value) -> bool {
        self.matches_flat(&FlatEvent::new(event))
    }

    /// True if the event matches.
    #[must_use]
    pub fn matches_flat(&self, event: &FlatEvent<'_>) -> bool {
        self.alternatives
            .iter()
            .any(|fields| event.satisfies(fields))
    }

    /// The exact strings that the field at `path` must have one of, if the pattern pins it to strings: a bus can index
    /// its rules by them. `None` if other values can match too.
    #[must_use]
    pub fn exact_strings(&self, path: &str) -> Option<Vec<&str>> {
        let mut strings = Vec::new();
        for fields in &self.alternatives {
            let field = fields.iter().find(|field| field.path == path)?;
            for condition in &field.any_of {
                match condition {
                    Condition::Text(text) => strings.push(text.as_str()),
                    _ => return None,
                }
            }
        }
        Some(strings)
    }

    /// The fields that the pattern pins to exact strings: the path, and the strings one of which the field must have.
    /// Fields that other values can match are left out, and those that one alternative of `$or` leaves open.
    #[must_use]
    pub fn pinned(&self) -> Vec<(&str, Vec<&str>)> {
        let Some(first) = self.alternatives.first() else {
            return Vec::new();
        };
        first
            .iter()
            .filter_map(|field| Some((field.path.as_str(), self.exact_strings(&field.path)?)))
            .collect()
    }
}

impl std::str::FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

/// Why a text is not a valid pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    reason: String,
}

impl PatternError {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }

    /// Only the reason, in AWS's words: `prefix match pattern must be a string`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// The first line of `InvalidEventPatternException`. AWS appends the parser's position on a second line. `[R]`
impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event pattern is not valid. Reason: {}", self.reason)
    }
}

impl std::error::Error for PatternError {}
