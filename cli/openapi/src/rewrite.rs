//! Schemas as a document has them, from those that `schemars` writes.

use serde_json::{Map, Value, json};

use crate::names::Names;

/// Whether a schema is of what is read or of what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Request,
    Response,
}

/// Where the components are.
pub(crate) const COMPONENTS: &str = "#/components/schemas/";

/// Rewrites a schema, and all in it.
pub(crate) fn schema(schema: &Value, direction: Direction, names: &Names) -> Value {
    match schema {
        // A boolean is a schema too, but not every tool knows.
        Value::Bool(true) => json!({}),
        Value::Bool(false) => json!({ "not": {} }),
        Value::Object(members) => object(members, direction, names),
        other => other.clone(),
    }
}

fn object(members: &Map<String, Value>, direction: Direction, names: &Names) -> Value {
    let mut written = Map::new();
    for (key, value) in members {
        let value = match (key.as_str(), value) {
            ("$ref", Value::String(path)) => {
                let name = path.strip_prefix("#/$defs/").map(unescaped);
                let name = name.map(|name| names.get(direction, &name).to_owned());
                let path = name.map_or_else(|| path.clone(), |name| format!("{COMPONENTS}{name}"));
                path.into()
            }
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(named)) => {
                let named: Map<String, Value> = named
                    .iter()
                    .map(|(name, one)| (name.clone(), schema(one, direction, names)))
                    .collect();
                named.into()
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                let list = list.iter();
                list.map(|one| schema(one, direction, names)).collect()
            }
            // A boolean says here whether there may be others.
            ("additionalProperties" | "unevaluatedProperties" | "items", Value::Bool(_)) => {
                value.clone()
            }
            (
                "items"
                | "not"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "propertyNames"
                | "contains"
                | "if"
                | "then"
                | "else",
                _,
            ) => schema(value, direction, names),
            ("$schema" | "$comment", _) => continue,
            _ => value.clone(),
        };
        written.insert(key.clone(), value);
    }
    // A list by place that has no word on further items takes any, as long as the number of items allows it; Spectral wants that said.
    if written.contains_key("prefixItems") && !written.contains_key("items") {
        written.insert("items".to_owned(), json!({}));
    }
    decimal(&mut written);
    adjacent(&mut written);
    bounds(&mut written, direction);
    format(&mut written, direction);
    words(&mut written);
    nullable(&mut written);
    in_order(written)
}

/// A name as it stands in a reference, decoded (RFC 6901, in a URI).
fn unescaped(name: &str) -> String {
    name.replace("%3C", "<")
        .replace("%3E", ">")
        .replace("%20", " ")
        .replace("~1", "/")
        .replace("~0", "~")
}

/// The least and the greatest number of a type, as a JSON text can have it: `serde_json` reads no integers beyond 64 bits.
fn width(format: &str) -> Option<(Value, Value)> {
    Some(match format {
        "uint8" => (json!(0), json!(u8::MAX)),
        "uint16" => (json!(0), json!(u16::MAX)),
        "uint32" => (json!(0), json!(u32::MAX)),
        "uint64" | "uint" | "uint128" => (json!(0), json!(u64::MAX)),
        "int8" => (json!(i8::MIN), json!(i8::MAX)),
        "int16" => (json!(i16::MIN), json!(i16::MAX)),
        "int32" => (json!(i32::MIN), json!(i32::MAX)),
        "int64" | "int" => (json!(i64::MIN), json!(i64::MAX)),
        "int128" => (json!(i64::MIN), json!(u64::MAX)),
        "float" => (json!(f64::from(f32::MIN)), json!(f64::from(f32::MAX))),
        _ => return None,
    })
}

/// The bounds of an integer's width, which `schemars` leaves to the format above 16 bits.
fn bounds(members: &mut Map<String, Value>, direction: Direction) {
    let Some(format) = members.get("format").and_then(Value::as_str) else {
        return;
    };
    let wide = format.ends_with("128");
    let Some((least, most)) = width(format) else {
        return;
    };
    // What is written may be greater than what can be read.
    if wide && direction == Direction::Response {
        return;
    }
    if !members.contains_key("minimum") && !members.contains_key("exclusiveMinimum") {
        members.insert("minimum".to_owned(), least);
    }
    if !members.contains_key("maximum") && !members.contains_key("exclusiveMaximum") {
        members.insert("maximum".to_owned(), most);
    }
}

/// A time of day, as `chrono` reads and writes it.
const TIME: &str = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?";

/// A day without the month of February, whose end depends on the year.
const DAY: &str = r"[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-LAST]))";

/// Says what formats mean that no registry has: times without a zone, and addresses of either version.
fn local(members: &mut Map<String, Value>, direction: Direction) {
    let pattern = match members.get("format").and_then(Value::as_str) {
        Some("partial-time" | "time-local") => format!("^{TIME}$"),
        Some("partial-date-time" | "date-time-local") => {
            // Every year has 28 days in February, and some dates that are sent are the 29th.
            let last = match direction {
                Direction::Request => "8",
                Direction::Response => "9",
            };
            format!("^{}T{TIME}$", DAY.replace("LAST", last))
        }
        Some("ip") => {
            let versions = json!([{ "type": "string", "format": "ipv4" }, { "type": "string", "format": "ipv6" }]);
            members.entry("anyOf").or_insert(versions);
            return;
        }
        _ => return,
    };
    members.entry("pattern").or_insert_with(|| pattern.into());
}

/// Leaves out formats that no registry has, and what `schemars` calls otherwise.
fn format(members: &mut Map<String, Value>, direction: Direction) {
    local(members, direction);
    const UNKNOWN: [&str; 9] = [
        "int",
        "uint",
        "int128",
        "uint128",
        "partial-time",
        "partial-date-time",
        "ip",
        "date-time-local",
        "time-local",
    ];
    let known = |format: &Value| format.as_str().is_none_or(|name| !UNKNOWN.contains(&name));
    if !members.get("format").is_none_or(known) {
        members.remove("format");
    }
}

/// A variant without content, in an enum with tag and content: `serde` takes null for its content, and nothing else. `schemars` leaves the content
/// out, so that any would be allowed.
fn adjacent(members: &mut Map<String, Value>) {
    let Some(Value::Array(variants)) = members.get_mut("oneOf") else {
        return;
    };
    let mut content: Option<String> = None;
    let mut values: Vec<&Value> = Vec::new();
    for variant in variants.iter() {
        // The fields of another type stand beside the tag, so there is no content.
        if variant.get("$ref").is_some() {
            return;
        }
        let Some(fields) = variant.get("properties").and_then(Value::as_object) else {
            return;
        };
        let tags = fields.values().filter(|field| field.get("const").is_some());
        let others: Vec<&String> = fields
            .iter()
            .filter(|(_, field)| field.get("const").is_none())
            .map(|(name, _)| name)
            .collect();
        match others.as_slice() {
            _ if tags.count() != 1 => return,
            [] => {}
            [one] if content.as_ref().is_none_or(|known| known == *one) => {
                content = Some((*one).clone());
                values.extend(fields.get(*one));
            }
            _ => return,
        }
    }
    let Some(content) = content else {
        return;
    };
    // The same field in each variant, or a field of one variant, is more likely a field than content.
    if values.len() < 2 || values.iter().all(|value| Some(value) == values.first()) {
        return;
    }
    for variant in variants {
        if let Some(Value::Object(fields)) = variant.get_mut("properties")
            && !fields.contains_key(&content)
        {
            fields.insert(content.clone(), json!({ "type": "null" }));
        }
    }
}

/// An exact decimal is a text. `schemars` also allows a number, and an exponent: whether `serde` reads either depends on features of the app's
/// `rust_decimal`, which its schema does not show, and a number would not be exact.
fn decimal(members: &mut Map<String, Value>) {
    const READ: &str = r"^-?\d+(\.\d+)?([eE]\d+)?$";
    const WRITTEN: &str = r"^-?\d+(\.\d+)?$";
    let pattern = members.get("pattern").and_then(Value::as_str);
    if pattern == Some(READ) || pattern == Some(WRITTEN) {
        members.insert("type".to_owned(), "string".into());
        // 28 digits are what `rust_decimal` holds.
        let pattern = r"^-?[0-9]{1,28}(\.[0-9]{1,28})?$";
        members.insert("pattern".to_owned(), pattern.into());
    }
}

/// A list of words, each with its documentation: `oneOf` of constants becomes an `enum`, which every generator reads as one.
fn words(members: &mut Map<String, Value>) {
    let Some(Value::Array(variants)) = members.get("oneOf") else {
        return;
    };
    let mut values = Vec::new();
    let mut lines = Vec::new();
    for variant in variants {
        let Some(variant) = variant.as_object() else {
            return;
        };
        let plain = ["const", "enum", "type", "description"];
        if variant.get("type") != Some(&json!("string"))
            || variant.keys().any(|key| !plain.contains(&key.as_str()))
        {
            return;
        }
        let many = variant.get("enum").and_then(Value::as_array).cloned();
        let one = variant.get("const").cloned();
        let found = many.unwrap_or_else(|| one.into_iter().collect());
        if let Some(description) = variant.get("description").and_then(Value::as_str) {
            for value in &found {
                let name = value.as_str().unwrap_or_default();
                let text = description.split_whitespace().collect::<Vec<_>>().join(" ");
                lines.push(format!("- `{name}`: {text}"));
            }
        }
        values.extend(found);
    }
    if values.is_empty() {
        return;
    }
    members.remove("oneOf");
    members.insert("type".to_owned(), "string".into());
    members.insert("enum".to_owned(), values.into());
    if !lines.is_empty() {
        let before = members.get("description").and_then(Value::as_str);
        let before = before.map(|text| format!("{text}\n\n")).unwrap_or_default();
        let description = format!("{before}{}", lines.join("\n"));
        members.insert("description".to_owned(), description.into());
    }
}

/// What may also be null, and has a format or a list of values: generators apply those to `null` too, or to nothing, unless the two are apart.
fn nullable(members: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = members.get("type") else {
        return;
    };
    let null = json!("null");
    if types.len() != 2 || !types.contains(&null) {
        return;
    }
    let bound = ["format", "enum", "const", "pattern"];
    if !bound.iter().any(|word| members.contains_key(*word)) {
        return;
    }
    let other = types.iter().find(|kind| **kind != null).cloned();
    let mut value = Map::new();
    value.insert("type".to_owned(), other.unwrap_or_default());
    // What is said of the place, and not of the value, stays.
    let of_place = |key: &str| {
        matches!(
            key,
            "description"
                | "default"
                | "deprecated"
                | "examples"
                | "title"
                | "readOnly"
                | "writeOnly"
        )
    };
    let all = std::mem::take(members);
    for (key, mut found) in all {
        if of_place(&key) {
            members.insert(key, found);
        } else if key != "type" {
            if let (Value::Array(list), "enum") = (&mut found, key.as_str()) {
                list.retain(|one| !one.is_null());
            }
            value.insert(key, found);
        }
    }
    let value = in_order(value);
    members.insert("anyOf".to_owned(), json!([value, { "type": "null" }]));
}

/// The members in the order in which people read them; names of properties stay as they are.
fn in_order(mut members: Map<String, Value>) -> Value {
    const FIRST: [&str; 10] = [
        "title",
        "description",
        "deprecated",
        "$ref",
        "type",
        "format",
        "const",
        "enum",
        "properties",
        "required",
    ];
    let mut ordered = Map::new();
    for key in FIRST {
        if let Some(value) = members.remove(key) {
            ordered.insert(key.to_owned(), value);
        }
    }
    let mut rest: Vec<_> = members.into_iter().collect();
    rest.sort_by(|(left, _), (right, _)| left.cmp(right));
    ordered.extend(rest);
    ordered.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Direction, schema};
    use crate::names::Names;

    fn rewritten(found: &serde_json::Value) -> serde_json::Value {
        schema(found, Direction::Request, &Names::default())
    }

    #[test]
    fn formats_of_no_registry_are_told_in_other_words() {
        let time = rewritten(&json!({"type": "string", "format": "partial-time"}));
        let pattern = time["pattern"].as_str().unwrap();
        assert!(pattern.starts_with("^([01][0-9]|2[0-3]):") && time.get("format").is_none());
        let both = rewritten(&json!({"type": "string", "format": "partial-date-time"}));
        let pattern = both["pattern"].as_str().unwrap();
        assert!(pattern.contains("02-(0[1-9]|1[0-9]|2[0-8])"), "{pattern}");
        assert_eq!(
            rewritten(&json!({"type": "string", "format": "ip"})),
            json!({"type": "string", "anyOf": [
                {"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"},
            ]})
        );
        let single = rewritten(&json!({"type": "number", "format": "float"}));
        assert_eq!(single["maximum"], json!(f64::from(f32::MAX)));
    }

    #[test]
    fn content_that_may_be_null_is_that_of_enums_with_content() {
        let tag = |name: &str| json!({"type": "string", "const": name});
        let unit = json!({"type": "object", "properties": {"t": tag("a")}, "required": ["t"]});
        let with = |name: &str, field: &str, schema: serde_json::Value| json!({"type": "object", "properties": {"t": tag(name), field: schema}, "required": ["t", field]});
        let null = |variants: serde_json::Value| {
            let found = rewritten(&json!({ "oneOf": variants }));
            found["oneOf"][0]["properties"].as_object().unwrap().len() == 2
        };
        let (text, number) = (json!({"type": "string"}), json!({"type": "number"}));
        assert!(null(json!([
            unit,
            with("b", "c", text.clone()),
            with("d", "c", number)
        ])));
        // Fields beside a tag.
        assert!(!null(json!([unit, with("b", "radius", text.clone())])));
        assert!(!null(json!([
            unit,
            with("b", "radius", text.clone()),
            with("d", "radius", text)
        ])));
        let mut other = unit.clone();
        other["$ref"] = "#/$defs/Phone".into();
        assert!(!null(json!([
            unit,
            with("b", "c", json!({})),
            with("d", "c", json!(true)),
            other
        ])));
    }

    #[test]
    fn integers_have_the_bounds_of_their_width() {
        for (found, expected) in [
            (
                json!({"type": "integer", "format": "uint32", "minimum": 1}),
                json!({"type": "integer", "format": "uint32", "minimum": 1, "maximum": u32::MAX}),
            ),
            (
                json!({"type": "integer", "format": "int128"}),
                json!({"type": "integer", "minimum": i64::MIN, "maximum": u64::MAX}),
            ),
            (
                json!({"type": ["integer", "null"], "format": "int64"}),
                json!({"anyOf": [
                    {"type": "integer", "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX},
                    {"type": "null"},
                ]}),
            ),
        ] {
            assert_eq!(rewritten(&found), expected, "{found}");
        }
        let wide = json!({"type": "integer", "format": "uint128"});
        let written = schema(&wide, Direction::Response, &Names::default());
        assert_eq!(written, json!({"type": "integer"}));
    }

    #[test]
    fn a_variant_without_content_takes_none() {
        let variant = |tag: &str| json!({"properties": {"at": {"const": tag}}, "required": ["at"]});
        let mut shelf = variant("shelf");
        shelf["properties"]["place"] = json!({"type": "integer"});
        let mut store = variant("store");
        store["properties"]["place"] = json!({"type": "string"});
        let found = json!({"oneOf": [shelf, store, variant("gone")]});
        let written = rewritten(&found);
        assert_eq!(
            written["oneOf"][2]["properties"]["place"],
            json!({"type": "null"})
        );
        assert_eq!(
            written["oneOf"][0]["properties"]["place"]["type"],
            "integer"
        );
        let units = json!({"oneOf": [variant("a"), variant("b")]});
        assert_eq!(
            rewritten(&units)["oneOf"][0]["properties"]
                .as_object()
                .map(serde_json::Map::len),
            Some(1)
        );
    }

    #[test]
    fn a_decimal_is_a_text() {
        let read = json!({"type": ["string", "number"], "pattern": r"^-?\d+(\.\d+)?([eE]\d+)?$"});
        let written = json!({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"});
        assert_eq!(rewritten(&read), rewritten(&written));
        assert_eq!(rewritten(&read)["type"], "string");
        let own = json!({"type": "string", "pattern": "^a$"});
        assert_eq!(rewritten(&own), own);
    }

    #[test]
    fn words_with_documentation_are_one_enum() {
        let found = json!({
            "description": "How.",
            "oneOf": [
                {"type": "string", "enum": ["b", "c"]},
                {"type": "string", "const": "a", "description": "The\nfirst."},
            ],
        });
        assert_eq!(
            rewritten(&found),
            json!({"description": "How.\n\n- `a`: The first.", "type": "string", "enum": ["b", "c", "a"]})
        );
        let other = json!({"oneOf": [{"type": "string", "const": "a"}, {"type": "object"}]});
        assert_eq!(rewritten(&other), other);
    }

    #[test]
    fn what_may_be_null_is_apart_from_its_format() {
        let found = json!({"type": ["string", "null"], "format": "uuid", "description": "d", "default": null});
        assert_eq!(
            rewritten(&found),
            json!({"description": "d", "anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}], "default": null})
        );
        let plain = json!({"type": ["string", "null"], "maxLength": 3});
        assert_eq!(rewritten(&plain), plain);
    }
}
