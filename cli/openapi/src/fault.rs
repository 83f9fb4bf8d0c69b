//! Why no document can be made.

use std::fmt;

/// Why no document can be made, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    what: String,
    correction: String,
}

impl Fault {
    /// Two types have one name.
    pub(crate) fn same_name(name: &str, one: &str, other: &str) -> Self {
        let (one, other) = if one < other {
            (one, other)
        } else {
            (other, one)
        };
        Self {
            what: format!("two types are called `{name}` in the document: `{one}` and `{other}`"),
            correction: format!("write `#[schemars(rename = \"Other{name}\")]` on one of them"),
        }
    }

    /// A name has a number, and of which types is not known.
    pub(crate) fn numbered(name: &str) -> Self {
        let stem = name.trim_end_matches(|last: char| last.is_ascii_digit());
        Self {
            what: format!(
                "two types are called `{stem}`, so one of them is called `{name}`, which depends on the order of the routes"
            ),
            correction: format!(
                "write `#[schemars(rename = \"Other{stem}\")]` on one of them; on a generic type `#[schemars(rename = \"{{T}}{stem}\")]`, where `T` is its parameter"
            ),
        }
    }

    /// A type has the name of what every document has.
    pub(crate) fn reserved(name: &str) -> Self {
        Self {
            what: format!("a type is called `{name}`, as what every API answers"),
            correction: format!("write `#[schemars(rename = \"My{name}\")]` on it"),
        }
    }

    /// What to write instead.
    #[must_use]
    pub fn correction(&self) -> &str {
        &self.correction
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}
