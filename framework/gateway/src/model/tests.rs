use serde_json::{Value, json};

use crate::model::Model;

#[test]
fn checks_every_keyword() {
    let table = [
        (json!({}), vec![json!(1), json!(null)], vec![]),
        (
            json!({"type": "integer"}),
            vec![json!(1), json!(-1)],
            vec![json!(1.0), json!("1")],
        ),
        (
            json!({"type": ["null", "number"]}),
            vec![json!(1.5), json!(null)],
            vec![json!(true)],
        ),
        (
            json!({"enum": [1, {"a": [1]}]}),
            vec![json!(1.0), json!({"a": [1.0]})],
            vec![json!(2), json!({"a": [1, 2]})],
        ),
        (
            json!({"maximum": 3}),
            vec![json!(3), json!("4")],
            vec![json!(3.1)],
        ),
        (
            json!({"maximum": 3, "exclusiveMaximum": true}),
            vec![json!(2.9)],
            vec![json!(3)],
        ),
        (json!({"minimum": 3}), vec![json!(3)], vec![json!(2)]),
        (
            json!({"minimum": 3, "exclusiveMinimum": true}),
            vec![json!(4)],
            vec![json!(3.0)],
        ),
        (
            json!({"maximum": 9_007_199_254_740_992_u64}),
            vec![json!(9_007_199_254_740_992_u64)],
            vec![json!(9_007_199_254_740_993_u64)],
        ),
        (
            json!({"multipleOf": 3}),
            vec![json!(9), json!(-3), json!(0)],
            vec![json!(4)],
        ),
        (
            json!({"multipleOf": 0.1}),
            vec![json!(0.3), json!(7)],
            vec![json!(0.35)],
        ),
        (
            json!({"minLength": 2, "maxLength": 3}),
            vec![json!("éé"), json!(1)],
            vec![json!("é"), json!("abcd")],
        ),
        (
            json!({"pattern": "^a+$"}),
            vec![json!("aa"), json!(1)],
            vec![json!("ab")],
        ),
        (
            json!({"items": {"type": "string"}}),
            vec![json!([]), json!(["a"])],
            vec![json!(["a", 1])],
        ),
        (
            json!({"items": [{"type": "string"}], "additionalItems": false}),
            vec![json!([]), json!(["a"])],
            vec![json!([1]), json!(["a", "b"])],
        ),
        (
            json!({"items": [{}], "additionalItems": {"type": "null"}}),
            vec![json!([1, null])],
            vec![json!([1, 2])],
        ),
        (
            json!({"minItems": 1, "maxItems": 2}),
            vec![json!([1]), json!({})],
            vec![json!([]), json!([1, 2, 3])],
        ),
        (
            json!({"uniqueItems": true}),
            vec![json!([1, 2, "1"])],
            vec![json!([1, 2, 1.0])],
        ),
        (
            json!({"minProperties": 1, "maxProperties": 1}),
            vec![json!({"a": 1})],
            vec![json!({}), json!({"a": 1, "b": 2})],
        ),
        (
            json!({"required": ["a"]}),
            vec![json!({"a": null}), json!(1)],
            vec![json!({"b": 1})],
        ),
        (
            json!({"properties": {"a": {"type": "null"}}, "patternProperties": {"^x": {"type": "string"}}, "additionalProperties": false}),
            vec![json!({"a": null, "xy": ""}), json!({})],
            vec![json!({"a": 1}), json!({"x": 1}), json!({"b": 1})],
        ),
        (
            json!({"additionalProperties": {"type": "integer"}}),
            vec![json!({"a": 1})],
            vec![json!({"a": "1"})],
        ),
        (
            json!({"dependencies": {"a": ["b"]}}),
            vec![json!({}), json!({"a": 1, "b": 1})],
            vec![json!({"a": 1})],
        ),
        (
            json!({"dependencies": {"a": {"required": ["b"]}}}),
            vec![json!({"a": 1, "b": 1})],
            vec![json!({"a": 1})],
        ),
        (
            json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}),
            vec![json!(1)],
            vec![json!(3)],
        ),
        (
            json!({"anyOf": [{"type": "null"}, {"minimum": 5}]}),
            vec![json!(null), json!(5)],
            vec![json!(1)],
        ),
        (
            json!({"oneOf": [{"minimum": 1}, {"maximum": 2}]}),
            vec![json!(0), json!(3)],
            vec![json!(1)],
        ),
        (
            json!({"not": {"type": "null"}}),
            vec![json!(1)],
            vec![json!(null)],
        ),
        (
            json!({"definitions": {"a/b": {"type": "null"}}, "$ref": "#/definitions/a~1b", "type": "string"}),
            vec![json!(null)],
            vec![json!("beside `$ref` nothing counts")],
        ),
        (
            json!({"properties": {"next": {"$ref": "#"}}, "additionalProperties": false}),
            vec![json!({"next": {"next": {}}})],
            vec![json!({"next": {"other": 1}})],
        ),
        (
            json!({"title": "t", "format": "email", "x-own": 1, "default": 1}),
            vec![json!("no address")],
            vec![],
        ),
    ];
    for (schema, allowed, refused) in table {
        let model = Model::new(&schema).unwrap_or_else(|error| panic!("{schema}: {error}"));
        for value in allowed {
            assert!(model.allows(&value), "{schema} allows {value}");
        }
        for value in refused {
            assert!(!model.allows(&value), "{schema} refuses {value}");
        }
    }
}

#[test]
fn refuses_what_is_no_model() {
    let table = [
        (json!(true), "a draft 4 schema must be an object, at `#`"),
        (
            json!({"if": {}}),
            "JSON Schema draft 4 has no keyword `if`, at `#`",
        ),
        (
            json!({"properties": {"a": {"minLenght": 1}}}),
            "JSON Schema draft 4 has no keyword `minLenght`, at `#/properties/a`",
        ),
        (
            json!({"type": "date"}),
            "unknown type in draft 4: \"date\", at `#/type`",
        ),
        (
            json!({"exclusiveMinimum": 3}),
            "expected `true` or `false`, at `#/exclusiveMinimum`",
        ),
        (
            json!({"exclusiveMinimum": true}),
            "`exclusiveMinimum` needs `minimum`, at `#/exclusiveMinimum`",
        ),
        (
            json!({"multipleOf": 0}),
            "`multipleOf` must be a number above 0, at `#/multipleOf`",
        ),
        (
            json!({"maxLength": -1}),
            "expected a whole number of at least 0, at `#/maxLength`",
        ),
        (
            json!({"required": []}),
            "`required` must be a list of at least one name, at `#/required`",
        ),
        (
            json!({"enum": []}),
            "`enum` must be a list of at least one value, at `#/enum`",
        ),
        (
            json!({"anyOf": []}),
            "expected a list of at least one schema, at `#/anyOf`",
        ),
        (
            json!({"items": {"$ref": "https://a.example/b"}}),
            "`$ref` does not name a schema of this document: `https://a.example/b`, at `#/items`",
        ),
        (
            json!({"$ref": "#"}),
            "the schema refers to itself endlessly, at `#`",
        ),
        (
            json!({"definitions": {"a": {"not": {"$ref": "#/definitions/a"}}}, "items": {"$ref": "#/definitions/a"}}),
            "the schema refers to itself endlessly, at `#/definitions/a`",
        ),
    ];
    for (schema, message) in table {
        let error = Model::new(&schema).expect_err(message).to_string();
        assert_eq!(error, message);
    }
    let error = Model::new(&json!({"pattern": "(?=x)"}))
        .expect_err("a look-around")
        .to_string();
    assert!(
        error.starts_with("the regular expression `(?=x)` cannot be used: "),
        "{error}"
    );
    let deep = (0..200).fold(json!({}), |schema, _| json!({"not": schema}));
    let error = Model::new(&deep).expect_err("it is too deep").to_string();
    assert!(
        error.starts_with("schemas are nested more than 128 deep"),
        "{error}"
    );
}

#[test]
fn a_body_that_doubles_the_work_with_each_level_is_refused() {
    // Each level asks about the next one twice, and nothing but `null` is ever allowed.
    let branch = json!({"properties": {"a": {"$ref": "#/definitions/s"}}, "not": {}});
    let both = json!({"anyOf": [branch, branch, {"type": "null"}]});
    let schema = |root: Value| {
        let mut schema = root;
        schema["definitions"] = json!({"s": both});
        Model::new(&schema).expect("draft 4")
    };
    let body = (0..100).fold(json!({}), |body: Value, _| json!({"a": body}));
    let plain = schema(json!({"allOf": [{"$ref": "#/definitions/s"}]}));
    assert!(!plain.allows(&body));
    assert!(plain.allows(&json!(null)));
    // Out of budget is no pass, below a `not` neither.
    let negated = schema(json!({"not": {"$ref": "#/definitions/s"}}));
    assert!(!negated.allows(&body));
    assert!(negated.allows(&json!({"a": {}})));
}
