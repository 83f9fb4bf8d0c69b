//! The common part of queries and forms: reads `a=1&b=2` into a type.

use serde::de::DeserializeOwned;
use serde_html_form::Deserializer;
use serde_path_to_error::Segment;

use serde_json::{Map, Value};

use super::{loose::Loose, shorten};

/// The problem, and the name of the pair that causes it, if there is one.
pub(super) struct Mismatch {
    pub(super) detail: String,
    pub(super) name: Option<String>,
}

/// Reads pairs into a `T`.
pub(super) fn read<T: DeserializeOwned>(pairs: &[u8]) -> Result<T, Mismatch> {
    serde_html_form::from_bytes(pairs).or_else(|error| {
        let detail = error.to_string();
        let buffered = detail.starts_with("invalid type: string");
        let again = if buffered { read_buffered(pairs) } else { None };
        again.ok_or_else(|| locate::<T>(pairs, &detail))
    })
}

/// The most values that are tried as text and as what they look like.
const MOST_TRIED: usize = 4;

/// Reads pairs into a `T` with a flattened field or an untagged enum: serde reads their values before it knows their types, and then
/// takes no text for a number. So values that look like numbers are numbers here, as many of them as needed.
#[cold]
fn read_buffered<T: DeserializeOwned>(pairs: &[u8]) -> Option<T> {
    let pairs: Vec<(String, String)> = serde_html_form::from_bytes(pairs).ok()?;
    let looks_like = |text: &String| match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => Some(value),
        _ => None,
    };
    let mut names: Vec<&String> = Vec::new();
    for (name, text) in &pairs {
        if looks_like(text).is_some() && !names.contains(&name) {
            names.push(name);
        }
    }
    names.truncate(MOST_TRIED);
    (1..1_usize << names.len()).rev().find_map(|chosen| {
        let mut object = Map::new();
        for (name, text) in &pairs {
            let at = names.iter().position(|known| *known == name);
            let typed = at.is_some_and(|at| chosen >> at & 1 == 1);
            let value = looks_like(text).filter(|_| typed);
            let value = value.unwrap_or_else(|| Value::String(text.clone()));
            match object.get_mut(name) {
                None => {
                    object.insert(name.clone(), value);
                }
                Some(Value::Array(list)) => list.push(value),
                Some(first) => {
                    let first = first.take();
                    object.insert(name.clone(), Value::Array(vec![first, value]));
                }
            }
        }
        T::deserialize(Loose::object(object)).ok()
    })
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
