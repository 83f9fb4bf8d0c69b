//! The input transformer: what a target gets in the place of the event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::EventsError;
use super::event::Event;
use super::json_path::JsonPath;
use crate::clock;

/// The most paths, and the longest template, as the API reference says.
const MOST_PATHS: usize = 100;
const LONGEST_TEMPLATE: usize = 8192;

/// The variables that every template has.
const PREDEFINED: [&str; 5] = [
    "aws.events.rule-arn",
    "aws.events.rule-name",
    "aws.events.event.ingestion-time",
    "aws.events.event",
    "aws.events.event.json",
];

/// `InputTransformer` as the client writes it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct InputTransformer {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    input_paths_map: BTreeMap<String, String>,
    input_template: String,
}

/// What a template can say of the rule.
pub(super) struct About<'a> {
    pub(super) rule: &'a str,
    pub(super) rule_arn: &'a str,
    pub(super) now_ms: u64,
}

impl InputTransformer {
    /// Checks paths and placeholders.
    ///
    /// # Errors
    /// `ValidationException`.
    pub(super) fn check(&self, target: &str) -> Result<(), EventsError> {
        // The texts are unverified but for the one of placeholders.
        if self.input_template.is_empty() || self.input_template.len() > LONGEST_TEMPLATE {
            return Err(EventsError::validation(format!(
                "InputTemplate for target {target} must have 1 to {LONGEST_TEMPLATE} characters."
            )));
        }
        if self.input_paths_map.len() > MOST_PATHS {
            return Err(EventsError::validation(format!(
                "InputPathsMap for target {target} has more than {MOST_PATHS} paths."
            )));
        }
        for (name, path) in &self.input_paths_map {
            if JsonPath::parse(path).is_none() {
                return Err(EventsError::validation(format!(
                    "InputPathsMap for target {target} has an invalid path for {name}: {path}"
                )));
            }
        }
        let mut unknown = None;
        fill(&self.input_template, |name, _| {
            if !self.input_paths_map.contains_key(name) && !PREDEFINED.contains(&name) {
                unknown.get_or_insert_with(|| name.to_owned());
            }
            String::new()
        });
        match unknown {
            None => Ok(()),
            Some(name) => Err(EventsError::validation(format!(
                "InputTemplate for target {target} contains invalid placeholder {name}."
            ))),
        }
    }

    /// The template with its placeholders filled from an event.
    pub(super) fn apply(&self, event: &Event, document: &str, about: &About<'_>) -> String {
        fill(&self.input_template, |name, in_string| {
            let quoted = |text: &str| serde_json::Value::from(text).to_string();
            let found = match name {
                "aws.events.rule-arn" => Some(quoted(about.rule_arn)),
                "aws.events.rule-name" => Some(quoted(about.rule)),
                "aws.events.event.ingestion-time" => Some(quoted(&clock::timestamp(about.now_ms))),
                "aws.events.event" => Some(event.document_without_detail()),
                "aws.events.event.json" => Some(document.to_owned()),
                name => self
                    .input_paths_map
                    .get(name)
                    .and_then(|path| JsonPath::parse(path)?.find(document)),
            };
            // An absent path is the empty string. `[R]`
            let json = found.unwrap_or_else(|| "\"\"".into());
            if in_string { bare(&json) } else { json }
        })
    }
}

/// Replaces the placeholders of a template. The closure learns the name, and whether the placeholder stands in quotes.
fn fill(template: &str, mut value: impl FnMut(&str, bool) -> String) -> String {
    let mut out = String::with_capacity(template.len());
    let (mut in_string, mut escaped) = (false, false);
    let mut rest = template;
    while let Some(character) = rest.chars().next() {
        if let Some((name, after)) = placeholder(rest) {
            out.push_str(&value(name, in_string));
            rest = after;
            escaped = false;
            continue;
        }
        if character == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && !escaped && character == '\\';
        out.push(character);
        rest = &rest[character.len_utf8()..];
    }
    out
}

/// The name of the placeholder that a text starts with, and the text behind it.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let inside = text.strip_prefix('<')?;
    let end = inside.bytes().position(|byte| !is_allowed(byte))?;
    let after = inside[end..].strip_prefix('>')?;
    (1..=256).contains(&end).then_some((&inside[..end], after))
}

/// JSON inside quotes: a string without its own, and an object or a list without any. `[R]` Escapes stay, so that the text around it
/// is still JSON.
fn bare(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut escaped = false;
    for character in json.chars() {
        if character != '"' || escaped {
            out.push(character);
        }
        escaped = !escaped && character == '\\';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(template: &str) -> String {
        let event = Event::new(
            ("1", "r"),
            "s".into(),
            "t".into(),
            Vec::new(),
            0,
            r#"{"name":"a \"b\"","n":1,"yes":true,"o":{"z":"q","a":[1]}}"#,
        );
        let path = |name: &str| (name.to_owned(), format!("$.detail.{name}"));
        let transformer = InputTransformer {
            input_paths_map: ["name", "n", "yes", "o", "gone"].map(path).into(),
            input_template: template.into(),
        };
        transformer.check("t1").unwrap();
        let about = About {
            rule: "rule",
            rule_arn: "arn",
            now_ms: 0,
        };
        transformer.apply(&event, &event.document(), &about)
    }

    #[test]
    fn values_keep_their_type_outside_quotes_and_lose_their_quotes_inside() {
        assert_eq!(
            apply(r#"{"n": <n>, "s": <name>, "b": <yes>, "g": <gone>}"#),
            r#"{"n": 1, "s": "a \"b\"", "b": true, "g": ""}"#
        );
        assert_eq!(
            apply(r#""<name> <o> <gone> \"<n>\"""#),
            r#""a \"b\" {z:q,a:[1]}  \"1\"""#
        );
        assert_eq!(
            apply("\"<aws.events.rule-name>\"\n\"<n>\""),
            "\"rule\"\n\"1\""
        );
        assert_eq!(apply("1 < 2 <n>"), "1 < 2 1");
    }

    #[test]
    fn unknown_placeholders_and_paths_are_refused() {
        let transformer = InputTransformer {
            input_paths_map: BTreeMap::new(),
            input_template: "\"<gone>\"".into(),
        };
        let error = transformer.check("t1").unwrap_err();
        assert_eq!(
            error.message,
            "InputTemplate for target t1 contains invalid placeholder gone."
        );
    }
}
