//! Placeholders and builders of the cases.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

/// The texts that placeholders stand for.
#[derive(Debug, Default)]
pub(crate) struct Context(BTreeMap<String, String>);

impl Context {
    pub(crate) fn set(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.0.insert(name.into(), text.into());
    }

    /// Text with its placeholders replaced.
    pub(crate) fn text(&self, text: &str) -> Result<String, String> {
        self.replace(text, |value| value)
    }

    /// A regular expression with its placeholders replaced by what matches their text.
    pub(crate) fn pattern(&self, text: &str) -> Result<String, String> {
        self.replace(text, |value| regex_lite::escape(&value))
    }

    fn replace(&self, text: &str, show: impl Fn(String) -> String) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or("an open placeholder")?;
            out.push_str(before);
            out.push_str(&show(self.get(name)?));
            rest = after;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn get(&self, name: &str) -> Result<String, String> {
        if let Some(text) = self.0.get(name) {
            return Ok(text.clone());
        }
        let (base, pointer) = name
            .split_once(":/")
            .ok_or_else(|| format!("unknown placeholder {name}"))?;
        let text = self
            .0
            .get(base)
            .ok_or_else(|| format!("unknown placeholder {base}"))?;
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let found = document
            .pointer(&format!("/{pointer}"))
            .ok_or_else(|| format!("{name} is not there"))?;
        Ok(plain(found))
    }

    /// A value with placeholders replaced and texts built.
    pub(crate) fn input(&self, value: &Value) -> Result<Value, String> {
        self.value(value, true)
    }

    /// An expectation with placeholders replaced. Its matchers stay.
    pub(crate) fn expected(&self, value: &Value) -> Result<Value, String> {
        self.value(value, false)
    }

    fn value(&self, value: &Value, builds: bool) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => self.text(text)?.into(),
            Value::Array(items) => items
                .iter()
                .map(|item| self.value(item, builds))
                .collect::<Result<Vec<_>, _>>()?
                .into(),
            Value::Object(members) => {
                if let (1, Some((name, operand))) = (members.len(), members.iter().next())
                    && let Some(built) = self.build(name, operand, builds)?
                {
                    return Ok(built);
                }
                members
                    .iter()
                    .map(|(name, value)| Ok((self.text(name)?, self.value(value, builds)?)))
                    .collect::<Result<Map<_, _>, String>>()?
                    .into()
            }
            other => other.clone(),
        })
    }

    fn build(&self, name: &str, operand: &Value, builds: bool) -> Result<Option<Value>, String> {
        Ok(Some(match name {
            "$repeat" => {
                let text = operand[0].as_str().ok_or("$repeat of what is not text")?;
                let count = operand[1].as_u64().ok_or("$repeat without a count")?;
                text.repeat(usize::try_from(count).unwrap_or(0)).into()
            }
            // Bytes are base64 text on the wire, in both directions.
            "$b64" => operand.clone(),
            "$b64text" => {
                let text = self.text(operand.as_str().unwrap_or_default())?;
                BASE64_STANDARD.encode(text).into()
            }
            "$json" if builds => self.value(operand, builds)?.to_string().into(),
            "$pattern" => {
                let pattern = self.pattern(operand.as_str().unwrap_or_default())?;
                serde_json::json!({"$pattern": pattern})
            }
            _ => return Ok(None),
        }))
    }
}

/// A value as text: strings as they are, others as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
