//! Events of `fw` itself, which a function answers without running a handler.

use serde::Deserialize;

/// `{"fw": "health"}` and `{"fw": "warm"}`: a new version that is tried, and a process that is kept warm.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuiltIn {
    fw: Name,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    Health,
    Warm,
}

/// Whether that is such an event. The longest has 15 characters, and perhaps blanks.
///
/// Only an object is one: serde would read the array `["warm"]` for the structure as well.
pub(crate) fn is(event: &str) -> bool {
    event.len() < 32
        && event.trim_start().starts_with('{')
        && matches!(
            serde_json::from_str(event),
            Ok(BuiltIn {
                fw: Name::Health | Name::Warm
            })
        )
}

#[cfg(test)]
mod tests {
    use super::is;

    #[test]
    fn only_the_two_are_built_in() {
        assert!(is(r#"{"fw":"health"}"#));
        assert!(is("{ \"fw\": \"warm\" }\n"));
        for event in [
            "{}",
            "null",
            r#"{"fw":"other"}"#,
            r#"{"fw":"warm","id":1}"#,
            r#"["warm"]"#,
            r#""warm""#,
        ] {
            assert!(!is(event), "{event}");
        }
    }
}
