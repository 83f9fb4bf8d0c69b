//! Queries and forms, checked by the schema that the document has for them.

use std::sync::Arc;

use fw_gateway::Model;
use serde_json::{Map, Number, Value};

use super::has_bounds;

/// What checks the pairs of a query.
#[derive(Clone, Debug)]
pub(crate) struct QueryModel(pub(crate) PairsModel);

/// What checks the pairs of a form.
#[derive(Clone, Debug)]
pub(crate) struct FormModel(pub(crate) PairsModel);

/// What checks pairs once they have been read: their numbers are numbers, and each name is known.
#[derive(Clone, Debug)]
pub(crate) struct PairsModel(Arc<(Model, Value)>);

impl PairsModel {
    /// What checks by a schema in draft 4; nothing where it has no bounds, or is not of an object with a list of properties alone.
    pub(crate) fn new(schema: Value) -> Option<Self> {
        let plain = ["allOf", "anyOf", "oneOf", "$ref", "patternProperties"];
        let object = schema.get("properties").is_some();
        if !object || plain.iter().any(|word| schema.get(*word).is_some()) || !has_bounds(&schema) {
            return None;
        }
        let model = Model::new(&schema).ok()?;
        Some(Self(Arc::new((model, schema))))
    }

    /// What is wrong with pairs that have been read: each with its name.
    pub(crate) fn violations(&self, pairs: &[u8]) -> Vec<(String, String)> {
        let (model, schema) = &*self.0;
        let pairs: Vec<(String, String)> = serde_html_form::from_bytes(pairs).unwrap_or_default();
        let mut object = Map::new();
        for (name, text) in pairs {
            // What is not named was read in a way of the type's own, or passed over.
            let Some(property) = schema
                .get("properties")
                .and_then(|properties| properties.get(&name))
            else {
                continue;
            };
            let property = resolved(property, schema);
            if kind(property) == "array" {
                let item = property.get("items").map(|items| resolved(items, schema));
                let value = value(text, item.unwrap_or(&Value::Null));
                let list = object
                    .entry(name)
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(value);
                }
            } else {
                object.insert(name, value(text, property));
            }
        }
        let found = model.violations(&Value::Object(object)).into_iter();
        found
            .filter_map(|violation| {
                // What is missing, the type itself has an answer to.
                let name = violation.pointer.strip_prefix('/')?;
                let name = name.split('/').next().unwrap_or_default();
                let name = name.replace("~1", "/").replace("~0", "~");
                Some((name, violation.detail))
            })
            .collect()
    }
}

/// The schema that a reference leads to, or the one of what is not null.
fn resolved<'s>(schema: &'s Value, root: &'s Value) -> &'s Value {
    let mut schema = schema;
    // A chain of references is short, and a circle of them no schema.
    for _ in 0..8 {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference.strip_prefix('#').unwrap_or_default();
            schema = root.pointer(target).unwrap_or(&Value::Null);
            continue;
        }
        let variants = ["anyOf", "allOf"]
            .iter()
            .find_map(|word| schema.get(*word)?.as_array());
        let mut values = variants
            .into_iter()
            .flatten()
            .filter(|variant| variant.get("type").and_then(Value::as_str) != Some("null"));
        match (values.next(), values.next()) {
            (Some(only), None) => schema = only,
            _ => break,
        }
    }
    schema
}

/// The type of a schema that is not null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default(),
        _ => "",
    }
}

/// A text as a value of that schema's type; a text where it is none.
fn value(text: String, schema: &Value) -> Value {
    let read = match kind(schema) {
        "integer" => text
            .parse::<u64>()
            .map(Number::from)
            .or_else(|_| text.parse::<i64>().map(Number::from))
            .ok()
            .map(Value::Number),
        "number" => text
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number),
        "boolean" => text.parse::<bool>().ok().map(Value::Bool),
        _ => None,
    };
    read.unwrap_or(Value::String(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::PairsModel;

    #[test]
    fn pairs_are_checked_as_what_they_are_read_as() {
        let schema = json!({
            "type": "object",
            "properties": {
                "limit": {"type": ["integer", "null"], "format": "uint8", "minimum": 1, "maximum": 100},
                "at": {"anyOf": [{"$ref": "#/definitions/At"}, {"type": "null"}]},
                "tag": {"type": "array", "items": {"type": "string", "maxLength": 2}},
                "all": {"type": "boolean"},
            },
            "required": ["limit"],
            "definitions": {"At": {"type": "number", "maximum": 1.5}},
        });
        let model = PairsModel::new(schema).unwrap();
        let found = |pairs: &str| model.violations(pairs.as_bytes());
        assert!(found("limit=7&at=1.5&tag=a&tag=bb&all=true&more=1").is_empty());
        assert!(found("").is_empty());
        let of = |name: &str, detail: &str| (name.to_owned(), detail.to_owned());
        let mut all = found("limit=0&at=2&tag=a&tag=bbb");
        all.sort();
        assert_eq!(
            all,
            [
                of("at", "must be at most 1.5"),
                of("limit", "must be at least 1"),
                of("tag", "must have at most 2 characters"),
            ]
        );
    }

    #[test]
    fn without_bounds_nothing_is_checked() {
        let free = json!({"properties": {"a": {"type": "string"}}});
        assert!(PairsModel::new(free).is_none());
    }
}
