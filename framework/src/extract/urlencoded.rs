//! The common part of queries and forms: reads `a=1&b=2` into a type.

use serde::de::DeserializeOwned;
use serde_html_form::Deserializer;
use serde_path_to_error::Segment;

use super::shorten;

/// The problem, and the name of the pair that causes it, if there is one.
pub(super) struct Mismatch {
    pub(super) detail: String,
    pub(super) name: Option<String>,
}

/// Reads pairs into a `T`.
pub(super) fn read<T: DeserializeOwned>(pairs: &[u8]) -> Result<T, Mismatch> {
    serde_html_form::from_bytes(pairs).map_err(|error| locate::<T>(pairs, &error.to_string()))
}

/// Finds the pair that causes the problem; as with JSON, by reading a second time.
#[cold]
fn locate<T: DeserializeOwned>(pairs: &[u8], detail: &str) -> Mismatch {
    // serde names a missing field only in its text (`serde::de::Error::missing_field`).
    let missing = detail
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    if let Some(name) = missing {
        return Mismatch {
            detail: "missing".to_owned(),
            name: Some(name.to_owned()),
        };
    }
    let deserializer = Deserializer::from_bytes(pairs);
    let name = serde_path_to_error::deserialize::<_, T>(deserializer)
        .err()
        .and_then(|error| match error.path().iter().next() {
            Some(Segment::Map { key }) => Some(key.clone()),
            _ => None,
        });
    // The deserialiser only says that a list is not a number; the client should read what is wrong
    // with the list.
    let detail = match name.as_deref().map_or(0, |name| occurrences(pairs, name)) {
        count if count > 1 && detail == "unsupported value" => {
            format!("given {count} times, expected once")
        }
        _ => shorten(detail.to_owned()),
    };
    Mismatch {
        detail,
        name: name.map(shorten),
    }
}

fn occurrences(pairs: &[u8], name: &str) -> usize {
    let pairs: Vec<(String, String)> = serde_html_form::from_bytes(pairs).unwrap_or_default();
    pairs.iter().filter(|(key, _)| key == name).count()
}
