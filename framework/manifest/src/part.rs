//! The parts of an app: which of its functions a process runs.

use std::fmt;

/// One of an app's functions. All of them run the same executable, which reads its part from
/// `_HANDLER`, Lambda's name for the setting "handler".
///
/// This is the one place that spells the value: [`entry`](Self::entry) writes it and
/// [`from_entry`](Self::from_entry) reads it.
///
/// ```
/// use fw_manifest::Part;
///
/// let part = Part::Authorizer("members".to_owned());
/// assert_eq!(part.entry(), "authorizer.members");
/// assert_eq!(Part::from_entry("authorizer.members"), part);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The API: all routes.
    #[default]
    Api,
    /// The authorizer of that name.
    Authorizer(String),
    /// The handler of an event source, by that name.
    Source(String),
}

/// The API's entry.
const API: &str = "bootstrap";
const AUTHORIZER: &str = "authorizer";
const SOURCE: &str = "source";

impl Part {
    /// The value of `_HANDLER` for this part: `bootstrap`, `authorizer.NAME` or `source.NAME`.
    #[must_use]
    pub fn entry(&self) -> String {
        match self {
            Self::Api => API.to_owned(),
            Self::Authorizer(name) => [AUTHORIZER, name].join("."),
            Self::Source(name) => [SOURCE, name].join("."),
        }
    }

    /// The part of that `_HANDLER`. A value that names neither an authorizer nor a source is the API: its function may
    /// be configured with any text, as templates of other tools write `rust.handler` or nothing.
    #[must_use]
    pub fn from_entry(entry: &str) -> Self {
        match entry.split_once('.') {
            Some((AUTHORIZER, name)) => Self::Authorizer(name.to_owned()),
            Some((SOURCE, name)) => Self::Source(name.to_owned()),
            _ => Self::Api,
        }
    }

    /// The name of an authorizer or a source; the API has none.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Api => None,
            Self::Authorizer(name) | Self::Source(name) => Some(name),
        }
    }
}

/// The name in messages: ``the API``, ``the authorizer `members` ``, ``the source `ship-orders` ``.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Api => f.write_str("the API"),
            Self::Authorizer(name) => write!(f, "the authorizer `{}`", name.escape_debug()),
            Self::Source(name) => write!(f, "the source `{}`", name.escape_debug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn an_entry_is_read_as_it_is_written() {
        let named = |name: &str| name.to_owned();
        for part in [
            Part::Api,
            Part::Authorizer(named("check")),
            Part::Authorizer(named("a.b")),
            Part::Authorizer(named("")),
            Part::Source(named("ship-orders")),
            Part::Source(named("authorizer.x")),
        ] {
            assert_eq!(Part::from_entry(&part.entry()), part);
        }
    }

    #[test]
    fn any_other_entry_is_the_api() {
        for entry in [
            "",
            "bootstrap",
            "rust.handler",
            "authorizer",
            "sources.x",
            "Source.x",
        ] {
            assert_eq!(Part::from_entry(entry), Part::Api, "{entry}");
        }
    }
}
