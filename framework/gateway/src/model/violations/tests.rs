use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Model;

#[track_caller]
fn found(schema: &Value, value: &Value) -> Vec<(String, String)> {
    let model = Model::new(schema).unwrap();
    let violations = model.violations(value).into_iter();
    violations.map(|it| (it.pointer, it.detail)).collect()
}

#[track_caller]
fn check(schema: &Value, value: &Value, expected: &[(&str, &str)]) {
    let found = found(schema, value);
    let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (&**a, &**b)).collect();
    assert_eq!(found, expected, "{value}");
}

#[test]
fn every_keyword_has_its_words() {
    for (schema, value, detail) in [
        (json!({"type": "integer"}), json!("1"), "must be an integer"),
        (json!({"type": "integer"}), json!(1.5), "must be an integer"),
        (
            json!({"type": ["string", "null"]}),
            json!(1),
            "must be a string or null",
        ),
        (
            json!({"enum": ["a", 1]}),
            json!("b"),
            "must be one of: \"a\", 1",
        ),
        (json!({"enum": ["a"]}), json!("b"), "must be \"a\""),
        (json!({"minimum": 1}), json!(0), "must be at least 1"),
        (
            json!({"minimum": 1, "exclusiveMinimum": true}),
            json!(1),
            "must be greater than 1",
        ),
        (json!({"maximum": 1.5}), json!(2), "must be at most 1.5"),
        (
            json!({"maximum": 1, "exclusiveMaximum": true}),
            json!(1),
            "must be less than 1",
        ),
        (
            json!({"multipleOf": 3}),
            json!(4),
            "must be a multiple of 3",
        ),
        (
            json!({"minLength": 1}),
            json!(""),
            "must have at least 1 character",
        ),
        (
            json!({"maxLength": 2}),
            json!("ééé"),
            "must have at most 2 characters",
        ),
        (
            json!({"pattern": "^[A-Z]+$"}),
            json!("a"),
            "must match `^[A-Z]+$`",
        ),
        (
            json!({"minItems": 2}),
            json!([1]),
            "must have at least 2 items",
        ),
        (
            json!({"maxItems": 1}),
            json!([1, 2]),
            "must have at most 1 item",
        ),
        (
            json!({"items": [{}], "additionalItems": false}),
            json!([1, 2]),
            "must have at most 1 item",
        ),
        (
            json!({"minProperties": 1}),
            json!({}),
            "must have at least 1 field",
        ),
        (
            json!({"maxProperties": 0}),
            json!({"a": 1}),
            "must have at most 0 fields",
        ),
        (json!({"required": ["a"]}), json!({}), "missing field `a`"),
        (
            json!({"dependencies": {"a": ["b"]}}),
            json!({"a": 1}),
            "missing field `b`",
        ),
        (
            json!({"additionalProperties": false}),
            json!({"a\n": 1}),
            "unknown field `a\\n`",
        ),
        (
            json!({"not": {"type": "null"}}),
            json!(null),
            "is not allowed",
        ),
        (
            json!({"oneOf": [{"minimum": 1}, {"maximum": 9}]}),
            json!(5),
            "fits 2 of 2 alternatives",
        ),
    ] {
        check(&schema, &value, &[("", detail)]);
    }
}

#[test]
fn all_are_listed_with_their_places() {
    let schema = json!({
        "type": "object",
        "properties": {
            "a/b": {"type": "string", "maxLength": 1},
            "items": {"type": "array", "items": {"$ref": "#/definitions/Item"}, "uniqueItems": true},
        },
        "required": ["name"],
        "additionalProperties": {"type": "boolean"},
        "definitions": {"Item": {
            "properties": {"count": {"type": "integer", "minimum": 1}},
            "required": ["count"],
        }},
    });
    let value = json!({
        "a/b": "ab",
        "items": [{"count": 0}, {}, {"count": 2.0}, {"count": 2}],
        "other": 1,
    });
    check(
        &schema,
        &value,
        &[
            ("", "missing field `name`"),
            ("/a~1b", "must have at most 1 character"),
            ("/items/0/count", "must be at least 1"),
            ("/items/1", "missing field `count`"),
            ("/items/3", "repeats item 2"),
            ("/other", "must be a boolean"),
        ],
    );
    let fine = json!({"name": true, "items": [{"count": 1.0}]});
    check(&schema, &fine, &[]);
}

#[test]
fn of_several_schemas_the_one_that_was_meant_is_told() {
    let item = json!({"type": "object", "required": ["id"], "properties": {"id": {"minimum": 1}}});
    let nullable = json!({"anyOf": [item, {"type": "null"}]});
    check(&nullable, &json!(null), &[]);
    check(
        &nullable,
        &json!({"id": 0}),
        &[("/id", "must be at least 1")],
    );
    check(&nullable, &json!({}), &[("", "missing field `id`")]);
    check(&nullable, &json!("x"), &[("", "must be an object or null")]);

    let variant = |kind: &str, field: Option<&str>| {
        let mut schema = json!({
            "type": "object",
            "properties": {"kind": {"type": "string", "enum": [kind]}},
            "required": ["kind"],
        });
        if let Some(field) = field {
            schema["properties"][field] = json!({"type": "integer", "maximum": 9});
            schema["required"] = json!(["kind", field]);
        }
        schema
    };
    let tagged = json!({"oneOf": [variant("circle", Some("radius")), variant("square", Some("side")), variant("none", None)]});
    check(&tagged, &json!({"kind": "none"}), &[]);
    check(
        &tagged,
        &json!({"kind": "circle"}),
        &[("", "missing field `radius`")],
    );
    check(
        &tagged,
        &json!({"kind": "square", "side": 10}),
        &[("/side", "must be at most 9")],
    );
    check(
        &tagged,
        &json!({"kind": "square", "side": "x"}),
        &[("/side", "must be an integer")],
    );
    check(
        &tagged,
        &json!({"kind": "oval"}),
        &[("/kind", "must be one of: \"circle\", \"square\", \"none\"")],
    );
    check(&tagged, &json!([]), &[("", "must be an object")]);

    let documented = json!({"oneOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "string", "enum": ["c"]}]});
    check(
        &documented,
        &json!("d"),
        &[("", "must be one of: \"a\", \"b\", \"c\"")],
    );
    check(&documented, &json!(1), &[("", "must be a string")]);
}

#[test]
fn an_answer_stays_small_whatever_a_client_sends() {
    let schema = json!({"items": {"type": "integer"}, "additionalProperties": {"$ref": "#"}});
    let many: Vec<Value> = vec![json!("x"); 10_000];
    assert_eq!(found(&schema, &json!(many)).len(), 50);

    let mut deep = json!(["x"]);
    for _ in 0..60 {
        deep = json!({"a".repeat(20): deep});
    }
    let found_deep = found(&schema, &deep);
    assert_eq!(found_deep.len(), 1);
    assert!(found_deep[0].0.len() <= 512);

    // Each level doubles the branches.
    let schema = json!({
        "anyOf": [
            {"required": ["x"], "additionalProperties": {"$ref": "#"}},
            {"required": ["y"], "additionalProperties": {"$ref": "#"}},
        ],
    });
    let mut deep = json!({});
    for _ in 0..60 {
        deep = json!({"a": deep});
    }
    let last = found(&schema, &deep).pop().unwrap();
    assert_eq!(last.1, "takes too long to check");
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        (-3_i64..9).prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    /// Both checkers agree: what is allowed has no violation, and what is not has one.
    #[test]
    fn a_value_has_violations_if_it_is_not_allowed(value in any_json()) {
        for schema in [
            json!({"type": "object", "properties": {"a": {"$ref": "#"}, "b": {"minimum": 2}}, "required": ["a"]}),
            json!({"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#"}, "uniqueItems": true}]}),
            json!({"oneOf": [{"type": "string", "maxLength": 1}, {"enum": ["aa", null, "a"]}, {"required": ["c"]}]}),
            json!({"not": {"anyOf": [{"type": "null"}, {"minProperties": 1}]}, "allOf": [{"maxItems": 1}]}),
            json!({"patternProperties": {"^[ab]$": {"type": "string"}}, "additionalProperties": false}),
        ] {
            let model = Model::new(&schema).unwrap();
            let violations = model.violations(&value);
            prop_assert_eq!(violations.is_empty(), model.allows(&value), "{:?}", violations);
        }
    }
}
