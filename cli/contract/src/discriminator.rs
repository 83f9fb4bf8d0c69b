//! Writes a `discriminator` as schema keywords: each variant gets the value that identifies it.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::resolve::{list, members, resolve, text};

/// Where schemas have their names.
const SCHEMAS: &str = "#/components/schemas/";

/// The document with the values of its discriminators beside the variants. Without a mapping a variant's value is the name of its schema,
/// so renaming it changes what is sent.
pub(crate) fn explicit(document: &Value) -> Cow<'_, Value> {
    if !has(document) {
        return Cow::Borrowed(document);
    }
    let mut changed = document.clone();
    walk(&mut changed, document);
    Cow::Owned(changed)
}

fn has(value: &Value) -> bool {
    match value {
        Value::Object(members) => {
            members.contains_key("discriminator") || members.values().any(has)
        }
        Value::Array(values) => values.iter().any(has),
        _ => false,
    }
}

fn walk(value: &mut Value, document: &Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, document)),
        Value::Object(object) => {
            let discriminator = object.get("discriminator").cloned();
            for (name, member) in object.iter_mut() {
                if let (Some(discriminator), "oneOf" | "anyOf", Value::Array(variants)) =
                    (&discriminator, name.as_str(), &mut *member)
                {
                    for variant in variants {
                        told(variant, discriminator, document);
                    }
                } else {
                    walk(member, document);
                }
            }
        }
        _ => {}
    }
}

/// Adds a variant's value to it, unless its own schema says it.
fn told(variant: &mut Value, discriminator: &Value, document: &Value) {
    let tag = text(discriminator, "propertyName");
    let reference = text(variant, "$ref").to_owned();
    let Some(name) = reference.strip_prefix(SCHEMAS).filter(|_| !tag.is_empty()) else {
        return walk(variant, document);
    };
    if says(resolve(document, variant), tag, document) {
        return;
    }
    let mapped = members(discriminator, "mapping").filter(|(_, target)| {
        target
            .as_str()
            .is_some_and(|target| target == reference || target == name)
    });
    let mut values: Vec<&str> = mapped.map(|(value, _)| value.as_str()).collect();
    if values.is_empty() {
        values.push(name);
    }
    let tag_is = json!({"properties": {tag: {"enum": values}}, "required": [tag]});
    *variant = json!({"allOf": [variant.take(), tag_is]});
}

/// True if a schema lists the values of this property.
fn says(schema: &Value, tag: &str, document: &Value) -> bool {
    let of = |schema: &Value| {
        let property = schema.get("properties").and_then(|all| all.get(tag));
        property
            .map(|property| resolve(document, property))
            .is_some_and(|property| {
                property.get("const").is_some() || property.get("enum").is_some()
            })
    };
    of(schema)
        || list(schema, "allOf")
            .iter()
            .any(|part| of(resolve(document, part)))
}
