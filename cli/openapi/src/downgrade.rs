//! The document in older words: `OpenAPI` 3.0.3, and what of it API Gateway imports.

use serde_json::{Map, Value, json};

/// Rewrites a document of 3.1 for 3.0.3.
pub(crate) fn to_3_0(document: &mut Value) {
    document["openapi"] = "3.0.3".into();
    // 3.0 has no identifier of a licence.
    if let Some(license) = document
        .pointer_mut("/info/license")
        .and_then(Value::as_object_mut)
    {
        license.remove("identifier");
    }
    let targets = document
        .pointer("/components/schemas")
        .cloned()
        .unwrap_or_default();
    each_schema(document, &mut |schema| {
        schema_3_0(schema, &targets);
    });
}

/// Calls `visit` for each schema that is not part of another: of components, parameters, headers and media types. A document is only walked where
/// it is not a schema.
fn each_schema(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(members) => {
            for (key, one) in members {
                match (key.as_str(), one) {
                    ("schema", one) => visit(one),
                    ("schemas", Value::Object(named)) => named.values_mut().for_each(&mut *visit),
                    ("example" | "examples", _) => {}
                    (_, one) => each_schema(one, visit),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| each_schema(one, visit)),
        _ => {}
    }
}

/// Calls `visit` for each schema directly in a schema.
fn each_inner(schema: &mut Map<String, Value>, visit: &mut dyn FnMut(&mut Value)) {
    for (key, value) in schema {
        match (key.as_str(), value) {
            ("properties", Value::Object(named)) => named.values_mut().for_each(&mut *visit),
            ("allOf" | "anyOf" | "oneOf", Value::Array(list)) => {
                list.iter_mut().for_each(&mut *visit);
            }
            ("items" | "not", value @ Value::Object(_)) => visit(value),
            ("additionalProperties", value @ Value::Object(_)) => visit(value),
            _ => {}
        }
    }
}

fn schema_3_0(schema: &mut Value, targets: &Value) {
    let Value::Object(members) = schema else {
        return;
    };
    tuple(members);
    each_inner(members, &mut |inner| schema_3_0(inner, targets));
    if let Some(value) = members.remove("const") {
        if value.is_null() {
            members.insert("nullable".to_owned(), true.into());
        }
        members.insert("enum".to_owned(), json!([value]));
    }
    for (exclusive, inclusive) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if let Some(bound @ Value::Number(_)) = members.get(exclusive).cloned() {
            members.insert(inclusive.to_owned(), bound);
            members.insert(exclusive.to_owned(), true.into());
        }
    }
    if let Some(Value::Array(examples)) = members.remove("examples")
        && let Some(first) = examples.into_iter().next()
    {
        members.insert("example".to_owned(), first);
    }
    if let Some(media) = members.remove("contentMediaType") {
        let binary = media
            .as_str()
            .is_some_and(|media| media != "application/json");
        if binary && !members.contains_key("format") {
            members.insert("format".to_owned(), "binary".into());
        }
    }
    // Patterns of names are open objects here.
    if let Some(Value::Object(patterns)) = members.remove("patternProperties") {
        let closed = members.get("additionalProperties") == Some(&Value::Bool(false));
        if closed || !members.contains_key("additionalProperties") {
            let mut values = patterns.into_iter().map(|(_, schema)| schema);
            let value = match (values.next(), values.next()) {
                (Some(mut only), None) => {
                    schema_3_0(&mut only, targets);
                    only
                }
                _ => json!({}),
            };
            members.insert("additionalProperties".to_owned(), value);
        }
    }
    for word in [
        "propertyNames",
        "contains",
        "if",
        "then",
        "else",
        "unevaluatedProperties",
        "unevaluatedItems",
        "contentEncoding",
        "dependentSchemas",
        "dependentRequired",
        "minContains",
        "maxContains",
    ] {
        members.remove(word);
    }
    // An absent property is the same, and beside a type judges refuse null.
    if members.get("default") == Some(&Value::Null) {
        members.remove("default");
    }
    types(members);
    null_variants(members, targets);
    reference(members);
}

/// 3.0 has no schemas by place: each item may be any of them, and the number of items stays.
fn tuple(members: &mut Map<String, Value>) {
    if let Some(Value::Array(places)) = members.remove("prefixItems") {
        let mut variants: Vec<Value> = Vec::new();
        for place in places {
            if !variants.contains(&place) {
                variants.push(place);
            }
        }
        let items = match variants.as_slice() {
            [only] => only.clone(),
            _ => json!({ "anyOf": variants }),
        };
        members.insert("items".to_owned(), items);
    }
    if members.get("type") == Some(&json!("array"))
        && !matches!(members.get("items"), Some(Value::Object(_)))
    {
        members.insert("items".to_owned(), json!({}));
    }
}

/// A list of types: `nullable`, and a variant for each of the others.
fn types(members: &mut Map<String, Value>) {
    match members.get("type").cloned() {
        Some(Value::Array(all)) => {
            let null = json!("null");
            let others: Vec<Value> = all.iter().filter(|kind| **kind != null).cloned().collect();
            if all.contains(&null) {
                members.insert("nullable".to_owned(), true.into());
            }
            match others.as_slice() {
                [] => {
                    members.remove("type");
                }
                [one] => {
                    members.insert("type".to_owned(), one.clone());
                    if *one == json!("array") && !members.contains_key("items") {
                        members.insert("items".to_owned(), json!({}));
                    }
                }
                many => {
                    members.remove("type");
                    let variants: Vec<Value> = many
                        .iter()
                        .map(|kind| {
                            if *kind == json!("array") {
                                json!({ "type": kind, "items": {} })
                            } else {
                                json!({ "type": kind })
                            }
                        })
                        .collect();
                    members.insert("anyOf".to_owned(), variants.into());
                }
            }
        }
        Some(Value::String(kind)) if kind == "null" => {
            // `nullable` counts only beside a type (3.0.3, "Schema Object"), and the list leaves null alone.
            members.insert("type".to_owned(), "object".into());
            members.insert("nullable".to_owned(), true.into());
            members.insert("enum".to_owned(), json!([null]));
        }
        _ => {}
    }
}

/// A variant that is null: `nullable` beside the others, with the type that `nullable` needs there.
fn null_variants(members: &mut Map<String, Value>, targets: &Value) {
    for word in ["anyOf", "oneOf"] {
        let Some(Value::Array(variants)) = members.get_mut(word) else {
            continue;
        };
        let null = |variant: &Value| variant.get("enum") == Some(&json!([null]));
        let before = variants.len();
        variants.retain(|variant| !null(variant));
        if variants.len() == before {
            continue;
        }
        let kind = |variant: &Value| {
            let target = variant
                .get("$ref")
                .or_else(|| variant.pointer("/allOf/0/$ref"))
                .and_then(Value::as_str)
                .and_then(|path| path.rsplit('/').next())
                .and_then(|name| targets.get(name));
            let found = target.unwrap_or(variant).get("type").cloned();
            found.filter(Value::is_string)
        };
        let kinds: Vec<Option<Value>> = variants.iter().map(kind).collect();
        let same = kinds.first().cloned().flatten();
        let same = same.filter(|first| kinds.iter().all(|kind| kind.as_ref() == Some(first)));
        let only = variants.len() == 1;
        let rest = std::mem::take(variants);
        members.remove(word);
        if only && rest.first().is_some_and(|one| one.get("$ref").is_none()) {
            if let Some(Value::Object(one)) = rest.into_iter().next() {
                for (key, value) in one {
                    members.entry(key).or_insert(value);
                }
            }
        } else if only {
            members.insert("allOf".to_owned(), rest.into());
        } else {
            members.insert(word.to_owned(), rest.into());
        }
        members.insert("nullable".to_owned(), true.into());
        if let (Some(kind), false) = (same, members.contains_key("type")) {
            if kind == json!("array") {
                members.entry("items").or_insert_with(|| json!({}));
            }
            members.insert("type".to_owned(), kind);
        } else if !members.contains_key("type") {
            // Without one type, `nullable` says nothing (3.0.3, "Schema Object"), so null is a variant of its own.
            members.remove("nullable");
            let null = json!({ "type": "object", "nullable": true, "enum": [null] });
            let mut variants = match members.remove("allOf").or_else(|| members.remove(word)) {
                Some(Value::Array(list)) => list,
                _ => Vec::new(),
            };
            variants.push(null);
            members.insert("anyOf".to_owned(), variants.into());
        }
    }
}

/// Beside a reference nothing else counts in 3.0, so it goes into an `allOf`.
fn reference(members: &mut Map<String, Value>) {
    if members.len() > 1
        && let Some(path) = members.remove("$ref")
    {
        members.insert("allOf".to_owned(), json!([{ "$ref": path }]));
    }
}

/// Leaves out what the import of a REST API refuses or passes over (API Gateway developer guide, "API Gateway important notes for REST APIs").
pub(crate) fn to_aws(document: &mut Value) {
    each_schema(document, &mut schema_aws);
    // A path of the gateway has its greedy parameter in the path.
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let Some(paths) = paths else {
        return;
    };
    let all: Vec<(String, Value)> = std::mem::take(paths).into_iter().collect();
    for (path, mut methods) in all {
        let mut name = path.clone();
        for operation in methods
            .as_object_mut()
            .into_iter()
            .flat_map(Map::values_mut)
        {
            for parameter in operation
                .get_mut("parameters")
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                if parameter.get("x-greedy").is_some() {
                    let plain = parameter["name"].as_str().unwrap_or_default().to_owned();
                    name = path.replace(&format!("{{{plain}}}"), &format!("{{{plain}+}}"));
                    parameter["name"] = format!("{plain}+").into();
                }
                if let Some(parameter) = parameter.as_object_mut() {
                    parameter.retain(|key, _| {
                        matches!(
                            key.as_str(),
                            "name" | "in" | "required" | "schema" | "description"
                        )
                    });
                    parameter.insert("schema".to_owned(), json!({ "type": "string" }));
                }
            }
            // A class of statuses is no status of a method response.
            if let Some(responses) = operation
                .get_mut("responses")
                .and_then(Value::as_object_mut)
            {
                responses.retain(|status, _| !status.ends_with("XX"));
            }
            if let Some(operation) = operation.as_object_mut() {
                operation.remove("deprecated");
            }
        }
        paths.insert(name, methods);
    }
}

fn schema_aws(schema: &mut Value) {
    let Value::Object(members) = schema else {
        return;
    };
    each_inner(members, &mut schema_aws);
    if let Some(variants) = members.remove("oneOf") {
        members.entry("anyOf").or_insert(variants);
    }
    if members.remove("exclusiveMinimum").is_some() {
        members.remove("minimum");
    }
    if members.remove("exclusiveMaximum").is_some() {
        members.remove("maximum");
    }
    let numeric = members
        .get("type")
        .is_some_and(|kind| matches!(kind.as_str(), Some("integer" | "number")));
    if numeric {
        members.remove("format");
    }
    for word in [
        "discriminator",
        "example",
        "readOnly",
        "writeOnly",
        "deprecated",
        "nullable",
        "default",
    ] {
        members.remove(word);
    }
}
