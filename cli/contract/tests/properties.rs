//! Any two documents can be compared: no panic, no endless recursion. Order and spelling make no difference.

use fw_contract::compare;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const TODAY: &str = "2026-11-30";

/// Schemas of all kinds, some of them not valid, with references to two named types.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"$ref": "#/components/schemas/A"})),
        Just(json!({"$ref": "#/components/schemas/B"})),
        Just(json!({"$ref": "#/nowhere"})),
        Just(json!(true)),
        Just(json!(false)),
        Just(json!({"type": ["string", "null"], "format": "uuid", "maxLength": 3})),
        Just(json!({"type": "integer", "format": "int32", "exclusiveMinimum": 0})),
        Just(json!({"type": "number", "minimum": 1, "exclusiveMinimum": true, "multipleOf": 0})),
        Just(json!({"enum": ["a", 1, null, 1.0], "nullable": true})),
        any::<f64>()
            .prop_map(|bound| json!({"type": "number", "maximum": bound, "minLength": bound})),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|items| json!({"type": "array", "items": items, "maxItems": 2})),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| json!({"type": "object", "properties": {"a": a, "b": b}, "required": ["a", "z"]})),
            inner.clone().prop_map(|all| json!({"type": "object", "additionalProperties": all})),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| json!({"oneOf": [a, b], "not": {}})),
            (inner.clone(), inner).prop_map(|(a, b)| json!({"allOf": [a, b], "description": "both"})),
        ]
    })
}

fn document(parts: [&Value; 4]) -> Value {
    let [request, response, a, b] = parts;
    json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x/{id}": {"post": {
        "parameters": [{"name": "id", "in": "path", "required": true, "schema": request}, {"name": "q", "in": "query", "schema": response}],
        "requestBody": {"content": {"application/json": {"schema": request}}},
        "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": response}}}},
    }}}, "components": {"schemas": {"A": a, "B": b}}})
}

/// The same value with the members of every object the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: Vec<_> = members.iter().collect();
            let back = members
                .into_iter()
                .rev()
                .map(|(name, value)| (name.clone(), reversed(value)));
            Value::Object(back.collect::<Map<_, _>>())
        }
        Value::Array(values) => values.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn any_two_documents_are_compared(parts in [schema(), schema(), schema(), schema()], others in [schema(), schema(), schema(), schema()]) {
        let one = document(parts.each_ref());
        let another = document(others.each_ref());
        let report = compare(&one, &another, TODAY);
        prop_assert_eq!(report.verdict(), compare(&reversed(&one), &another, TODAY).verdict());
        prop_assert_eq!(compare(&one, &one, TODAY).findings, []);
    }
}

/// Each type has two fields of the next: a walk without memory would take 2^40 steps.
#[test]
fn types_that_share_types_are_walked_once() {
    let mut schemas = Map::new();
    for at in 0..40 {
        let next = json!({"$ref": format!("#/components/schemas/T{}", at + 1)});
        schemas.insert(
            format!("T{at}"),
            json!({"type": "object", "properties": {"a": next, "b": next}}),
        );
    }
    schemas.insert("T40".into(), json!({"type": "string"}));
    let mut one = document([
        &json!({"$ref": "#/components/schemas/T0"}),
        &json!(true),
        &json!(true),
        &json!(true),
    ]);
    one["components"]["schemas"] = Value::Object(schemas);
    let other = one.clone();
    assert_eq!(compare(&one, &other, TODAY).findings, []);
}

/// The spellings of one schema in 3.0, in 3.1 and by `allOf` are one set of values.
#[test]
fn spelling_makes_no_difference() {
    let spellings = [
        json!({"type": ["integer", "null"], "minimum": 1}),
        json!({"type": "integer", "nullable": true, "exclusiveMinimum": 0}),
        json!({"type": "integer", "nullable": true, "minimum": 0, "exclusiveMinimum": true}),
        json!({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}),
        json!({"allOf": [{"type": ["number", "null"], "minimum": 1}, {"type": ["integer", "null"]}]}),
        json!({"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/A"}]}),
    ];
    let a = json!({"type": "integer", "minimum": 1});
    for one in &spellings {
        for another in &spellings {
            let (before, after) = (
                document([one, one, &a, &a]),
                document([another, another, &a, &a]),
            );
            assert_eq!(
                compare(&before, &after, TODAY).findings,
                [],
                "{one} and {another}"
            );
        }
    }
}
