//! Expectations held against results: objects by subset, lists exactly, and matchers.

use regex_lite::Regex;
use serde_json::Value;

use crate::context::plain;

/// Whether the result meets the expectation.
///
/// # Errors
/// The first difference.
pub(crate) fn meets(want: &Value, got: Option<&Value>, at: &str) -> Result<(), String> {
    let differs = || {
        Err(format!(
            "{at}: {}, wanted {want}",
            got.map_or("absent".into(), short)
        ))
    };
    match (want, got) {
        (Value::Object(members), got) => {
            for (name, want) in members {
                match name.strip_prefix('$') {
                    Some(matcher) if matcher != "or" => matches(matcher, want, got, at)?,
                    _ => {
                        let member = got.and_then(|got| got.get(name));
                        meets(want, member, &format!("{at}/{name}"))?;
                    }
                }
            }
            if members.is_empty() && !got.is_some_and(Value::is_object) {
                return differs();
            }
            Ok(())
        }
        (Value::Array(want_items), Some(Value::Array(items)))
            if want_items.len() == items.len() =>
        {
            for (index, (want, got)) in want_items.iter().zip(items).enumerate() {
                meets(want, Some(got), &format!("{at}/{index}"))?;
            }
            Ok(())
        }
        (want, Some(got)) if want == got => Ok(()),
        _ => differs(),
    }
}

fn matches(matcher: &str, want: &Value, got: Option<&Value>, at: &str) -> Result<(), String> {
    let Some(got) = got else {
        return Err(format!("{at}: absent, wanted ${matcher} {want}"));
    };
    let list = || got.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_met = match matcher {
        "present" => true,
        "pattern" => {
            let pattern = Regex::new(want.as_str().unwrap_or_default())
                .map_err(|error| format!("{at}: {error}"))?;
            got.as_str().is_some_and(|text| pattern.is_match(text))
        }
        "json" => {
            let inner: Value = serde_json::from_str(got.as_str().unwrap_or_default())
                .map_err(|error| format!("{at}: {} is not JSON: {error}", short(got)))?;
            return meets(want, Some(&inner), &format!("{at}|json"));
        }
        "b64json" => {
            use base64::Engine;
            let bytes = base64::prelude::BASE64_STANDARD
                .decode(got.as_str().unwrap_or_default())
                .map_err(|error| format!("{at}: {error}"))?;
            let inner = serde_json::from_slice(&bytes).map_err(|error| format!("{at}: {error}"))?;
            return meets(want, Some(&inner), &format!("{at}|b64json"));
        }
        "any_order" => {
            let wanted = want.as_array().map(Vec::as_slice).unwrap_or_default();
            any_order(wanted, list()) && got.is_array()
        }
        "contains" => list()
            .iter()
            .any(|item| meets(want, Some(item), at).is_ok()),
        "one_of" => want
            .as_array()
            .is_some_and(|all| all.iter().any(|one| meets(one, Some(got), at).is_ok())),
        "len" => got.is_array() && want.as_u64() == Some(list().len() as u64),
        "min_len" => want
            .as_u64()
            .is_some_and(|least| list().len() as u64 >= least),
        "keys" => got.as_object().is_some_and(|members| {
            let mut names: Vec<_> = members.keys().map(String::as_str).collect();
            let mut wanted: Vec<_> = want
                .as_array()
                .map(|all| all.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            names.sort_unstable();
            wanted.sort_unstable();
            names == wanted
        }),
        "ne" => got != want,
        "gt" => {
            let number = |value: &Value| plain(value).parse::<u128>().ok();
            number(got) > number(want)
        }
        other => return Err(format!("{at}: unknown matcher ${other}")),
    };
    if is_met {
        Ok(())
    } else {
        Err(format!("{at}: {}, wanted ${matcher} {want}", short(got)))
    }
}

/// Whether each expectation is met by an item of its own, and none is left.
pub(crate) fn any_order(want: &[Value], got: &[Value]) -> bool {
    want.len() == got.len() && contains_all(want, got)
}

/// Whether each expectation is met by an item of its own.
pub(crate) fn contains_all(want: &[Value], got: &[Value]) -> bool {
    let mut rest: Vec<_> = got.iter().collect();
    want.iter().all(|want| {
        let found = rest
            .iter()
            .position(|item| meets(want, Some(item), "").is_ok());
        found.map(|index| rest.remove(index)).is_some()
    })
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    text.chars().take(300).collect()
}
