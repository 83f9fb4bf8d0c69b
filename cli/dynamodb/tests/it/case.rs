//! The cases: tables, and steps with what each answers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A case of a file.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) setup: Setup,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Setup {
    #[serde(default)]
    pub(crate) tables: Vec<String>,
}

/// A call and its answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Step {
    pub(crate) op: String,
    #[serde(rename = "in")]
    pub(crate) input: Value,
    #[serde(default)]
    out_subset: Option<Value>,
    #[serde(default)]
    out_exact: BTreeMap<String, Value>,
    #[serde(default)]
    out_absent: Vec<String>,
    #[serde(default)]
    error: Option<Refusal>,
    #[serde(default)]
    pub(crate) save: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    code: String,
    message: Option<Value>,
    message_any: Option<Vec<Value>>,
    message_pattern: Option<String>,
    item: Option<Value>,
    reasons: Option<Vec<Value>>,
    reason_items: Option<Vec<Value>>,
}

/// The values of `$names`.
pub(crate) type Names = BTreeMap<String, Value>;

/// A value with the names in it replaced, and what stands for long texts written out.
pub(crate) fn filled(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => {
            let mut text = text.clone();
            // The longest first: `$st.stream` before `$st`.
            let mut known: Vec<_> = names
                .iter()
                .filter(|(name, _)| name.starts_with('$'))
                .collect();
            known.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
            for (name, value) in known {
                if let Some(value) = value.as_str() {
                    text = text.replace(name.as_str(), value);
                }
            }
            text.into()
        }
        Value::Array(elements) => elements.iter().map(|one| filled(one, names)).collect(),
        Value::Object(members) => {
            if let Some(Value::Array(parts)) = members.get("$repeat") {
                let times = parts[1].as_u64().expect("a count") as usize;
                return parts[0].as_str().expect("a text").repeat(times).into();
            }
            if let Some(Value::Array(parts)) = members.get("$join") {
                let [first, then] = [0, 1].map(|at| parts[at].as_str().expect("a text"));
                let times = parts[2].as_u64().expect("a count") as usize;
                return format!("{first}{}", then.repeat(times)).into();
            }
            if let Some(depth) = members.get("$nest").and_then(Value::as_u64) {
                return (0..depth).fold(json!({"S": "x"}), |inner, _| json!({"L": [inner]}));
            }
            if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                return names.get(name).cloned().expect("a saved value");
            }
            let members = members.iter().map(|(name, value)| {
                let name = filled(&name.as_str().into(), names);
                (
                    name.as_str().unwrap_or_default().to_owned(),
                    filled(value, names),
                )
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// A value with its sets in order.
fn normal(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().map(normal).collect(),
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| {
                    let mut value = normal(value);
                    if let ("SS" | "NS" | "BS", Value::Array(set)) = (name.as_str(), &mut value) {
                        set.sort_by_key(Value::to_string);
                    }
                    (name.clone(), value)
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Whether a value has all that another has.
fn contains(all: &Value, part: &Value) -> bool {
    match (all, part) {
        (Value::Object(all), Value::Object(part)) => part
            .iter()
            .all(|(name, value)| all.get(name).is_some_and(|found| contains(found, value))),
        (Value::Array(all), Value::Array(part)) => {
            all.len() == part.len() && all.iter().zip(part).all(|(all, part)| contains(all, part))
        }
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        _ => all == part,
    }
}

impl Step {
    /// Compares an answer with what is expected.
    ///
    /// # Errors
    /// The difference, in one line.
    pub(crate) fn check(&self, status: u16, answer: &Value, names: &Names) -> Result<(), String> {
        if let Some(expected) = &self.error {
            return match status {
                200 => Err(format!("no error: {answer}")),
                _ => expected.check(answer, names),
            };
        }
        if status != 200 {
            return Err(format!("status {status}: {answer}"));
        }
        for pointer in &self.out_absent {
            if let Some(found) = answer.pointer(pointer) {
                return Err(format!("{pointer} is there: {found}"));
            }
        }
        for (pointer, expected) in &self.out_exact {
            let found = answer.pointer(pointer).cloned().unwrap_or_default();
            let expected = filled(expected, names);
            if normal(&found) != normal(&expected) {
                return Err(format!("{pointer} is {found}, expected {expected}"));
            }
        }
        match &self.out_subset {
            Some(expected) if !contains(answer, &filled(expected, names)) => {
                Err(format!("the answer is {answer}, expected {expected}"))
            }
            _ => Ok(()),
        }
    }
}

impl Refusal {
    fn check(&self, answer: &Value, names: &Names) -> Result<(), String> {
        let code = answer["__type"].as_str().unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or_default();
        let message = answer["message"]
            .as_str()
            .or_else(|| answer["Message"].as_str());
        let message = message.unwrap_or_default();
        if code != self.code {
            return Err(format!("{code}: {message}, expected {}", self.code));
        }
        let is_any = |wanted: &Value| filled(wanted, names).as_str() == Some(message);
        let fits = self.message.as_ref().is_none_or(is_any)
            && self
                .message_any
                .as_ref()
                .is_none_or(|any| any.iter().any(is_any))
            && self.message_pattern.as_ref().is_none_or(|pattern| {
                let pattern = regex_lite::Regex::new(pattern).expect("a pattern");
                pattern.is_match(message)
            });
        if !fits {
            return Err(format!("the message is {message}"));
        }
        let reasons = answer["CancellationReasons"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let of = |member: &str| -> Vec<Value> {
            reasons
                .iter()
                .map(|reason| normal(&reason[member]))
                .collect()
        };
        let normal_all = |all: &[Value]| -> Vec<Value> { all.iter().map(normal).collect() };
        let items = self
            .item
            .as_ref()
            .is_none_or(|item| normal(item) == normal(&answer["Item"]))
            && self
                .reasons
                .as_ref()
                .is_none_or(|codes| *codes == of("Code"))
            && self
                .reason_items
                .as_ref()
                .is_none_or(|items| normal_all(items) == of("Item"));
        if items {
            Ok(())
        } else {
            Err(format!("the answer is {answer}"))
        }
    }
}
