//! The variants of enums as components of their own, named after the enum and the variant, so that clients have names for them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::rewrite::COMPONENTS;

/// Moves the variants of tagged enums out of their enum. A name that another type has leaves the variants where they are.
pub(crate) fn hoist(schemas: &mut BTreeMap<String, Value>) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        let Some(schema) = schemas.get(&name) else {
            continue;
        };
        let Some(Value::Array(variants)) = schema.get("oneOf") else {
            continue;
        };
        let hoisted = match tag(variants) {
            Some(tag) => by_tag(&name, &tag, variants),
            None => by_key(&name, variants),
        };
        let Some((moved, variants, discriminator)) = hoisted else {
            continue;
        };
        if moved.keys().any(|name| schemas.contains_key(name)) {
            continue;
        }
        if let Some(Value::Object(members)) = schemas.get_mut(&name) {
            members.insert("oneOf".to_owned(), variants.into());
            if let Some(discriminator) = discriminator {
                members.insert("discriminator".to_owned(), discriminator);
            }
        }
        schemas.extend(moved);
    }
}

type Hoisted = (BTreeMap<String, Value>, Vec<Value>, Option<Value>);

/// The property by which the variants of an enum with a tag are told apart.
fn tag(variants: &[Value]) -> Option<String> {
    let first = variants.first()?.get("properties")?.as_object()?;
    let constant = |variant: &Value, name: &str| {
        let required = variant.get("required").and_then(Value::as_array);
        let required = required.is_some_and(|list| list.contains(&json!(name)));
        let pointer = format!(
            "/properties/{}/const",
            name.replace('~', "~0").replace('/', "~1")
        );
        required && variant.pointer(&pointer).is_some_and(Value::is_string)
    };
    let mut names = first.keys();
    let found = names.find(|name| variants.iter().all(|variant| constant(variant, name)))?;
    Some(found.clone())
}

/// Variants with a tag: each is a component, and a discriminator names them.
fn by_tag(name: &str, tag: &str, variants: &[Value]) -> Option<Hoisted> {
    let mut moved = BTreeMap::new();
    let mut references = Vec::new();
    let mut mapping = Map::new();
    for variant in variants {
        let value = variant
            .get("properties")?
            .get(tag)?
            .get("const")?
            .as_str()?;
        let component = format!("{name}{}", pascal(value));
        let path = format!("{COMPONENTS}{component}");
        references.push(json!({ "$ref": path }));
        if moved.insert(component, variant.clone()).is_some() {
            return None;
        }
        mapping.insert(value.to_owned(), path.into());
    }
    let discriminator = json!({ "propertyName": tag, "mapping": mapping });
    Some((moved, references, Some(discriminator)))
}

/// Variants that are the only key of an object: what stands under the key is a component, where it is an object with fields.
fn by_key(name: &str, variants: &[Value]) -> Option<Hoisted> {
    let mut moved = BTreeMap::new();
    let mut kept = Vec::new();
    for variant in variants {
        let mut variant = variant.clone();
        let fields = variant
            .get_mut("properties")
            .and_then(Value::as_object_mut)
            .filter(|fields| fields.len() == 1)
            .and_then(|fields| fields.iter_mut().next());
        if let Some((key, fields)) = fields
            && fields.get("properties").is_some()
        {
            let component = format!("{name}{}", pascal(key));
            let path = format!("{COMPONENTS}{component}");
            let fields = std::mem::replace(fields, json!({ "$ref": path }));
            if moved.insert(component, fields).is_some() {
                return None;
            }
        }
        kept.push(variant);
    }
    (!moved.is_empty()).then_some((moved, kept, None))
}

/// Words without what separates them: `PayWhatYouWant`.
fn pascal(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::hoist;

    fn tagged(value: &str) -> Value {
        json!({"type": "object", "properties": {"kind": {"type": "string", "const": value}}, "required": ["kind"]})
    }

    #[test]
    fn variants_with_a_tag_are_components() {
        let price = json!({"oneOf": [tagged("fixed"), tagged("what_you_want")]});
        let mut schemas = BTreeMap::from([("Price".to_owned(), price)]);
        hoist(&mut schemas);
        assert_eq!(schemas["PriceWhatYouWant"], tagged("what_you_want"));
        assert_eq!(
            schemas["Price"],
            json!({
                "oneOf": [{"$ref": "#/components/schemas/PriceFixed"}, {"$ref": "#/components/schemas/PriceWhatYouWant"}],
                "discriminator": {"propertyName": "kind", "mapping": {
                    "fixed": "#/components/schemas/PriceFixed",
                    "what_you_want": "#/components/schemas/PriceWhatYouWant",
                }},
            })
        );
    }

    #[test]
    fn variants_under_a_key_leave_their_fields() {
        let fields = json!({"type": "object", "properties": {"name": {"type": "string"}}});
        let hit = json!({"oneOf": [
            {"type": "object", "properties": {"Heading": fields}, "required": ["Heading"]},
            {"type": "string", "const": "Nothing"},
        ]});
        let mut schemas = BTreeMap::from([("Hit".to_owned(), hit)]);
        hoist(&mut schemas);
        assert_eq!(schemas["HitHeading"], fields);
        assert_eq!(
            schemas["Hit"]["oneOf"][0]["properties"]["Heading"],
            json!({"$ref": "#/components/schemas/HitHeading"})
        );
    }

    #[test]
    fn a_type_keeps_its_name() {
        let price = json!({"oneOf": [tagged("fixed"), tagged("free")]});
        let mut schemas = BTreeMap::from([
            ("Price".to_owned(), price.clone()),
            ("PriceFixed".to_owned(), json!({})),
        ]);
        hoist(&mut schemas);
        assert_eq!(schemas["Price"], price);
        assert_eq!(schemas.len(), 2);
    }
}
