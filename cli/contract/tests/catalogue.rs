//! The catalogue of changes: every keyword, in both directions, in every place of a document, and every other spelling.
//!
//! A pair is a narrower and a wider set of values. Widening is compatible for what clients send and breaks for what they receive; narrowing
//! is the other way round. So each pair stands for four changes, and for as many again in each place where a schema may be.

use fw_contract::{Verdict, compare};
use serde_json::{Value, json};

const TODAY: &str = "2026-11-30";

fn verdict(before: &Value, after: &Value) -> (Verdict, String) {
    let report = compare(before, after, TODAY);
    let findings: Vec<String> = report
        .findings
        .iter()
        .map(|finding| format!("{}: {finding}", finding.rule))
        .collect();
    (report.verdict(), findings.join("; "))
}

fn operation(operation: &Value, schemas: &Value) -> Value {
    json!({
        "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
        "paths": {"/x": {"post": operation}},
        "components": {"schemas": schemas},
    })
}

/// Puts a schema into a document.
type Wrap = fn(&Value) -> Value;

fn components() -> Value {
    json!({
        "Small": {"type": "integer", "minimum": 1, "maximum": 9},
        "Cat": {"type": "object", "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}, "required": ["kind", "lives"]},
        "Dog": {"type": "object", "properties": {"kind": {"type": "string"}, "bark": {"type": "string"}}, "required": ["kind", "bark"]},
        "Tree": {"type": "object", "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}, "required": ["value"]},
        "WideTree": {"type": "object", "properties": {"value": {"type": "number"}, "children": {"type": "array", "items": {"$ref": "#/components/schemas/WideTree"}}}, "required": ["value"]},
    })
}

fn request(schema: &Value) -> Value {
    operation(
        &json!({"requestBody": {"required": true, "content": {"application/json": {"schema": schema}}}, "responses": {"204": {"description": "done"}}}),
        &components(),
    )
}

fn response(schema: &Value) -> Value {
    operation(
        &json!({"responses": {"200": {"description": "it", "content": {"application/json": {"schema": schema}}}}}),
        &components(),
    )
}

fn header(schema: &Value) -> Value {
    operation(
        &json!({"responses": {"200": {"description": "it", "headers": {"x-a": {"required": true, "schema": schema}}}}}),
        &components(),
    )
}

fn parameter(schema: &Value) -> Value {
    operation(
        &json!({"parameters": [{"name": "q", "in": "query", "schema": schema}], "responses": {"204": {"description": "done"}}}),
        &components(),
    )
}

/// A schema in the places of a body.
fn places(schema: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("body", schema.clone()),
        (
            "property",
            json!({"type": "object", "properties": {"p": schema}, "required": ["p"]}),
        ),
        (
            "optional property",
            json!({"type": "object", "properties": {"p": schema}}),
        ),
        ("element", json!({"type": "array", "items": schema})),
        (
            "first element",
            json!({"type": "array", "prefixItems": [schema], "minItems": 1}),
        ),
        (
            "value of a map",
            json!({"type": "object", "additionalProperties": schema}),
        ),
        ("part of allOf", json!({"allOf": [schema, {}]})),
        (
            "variant",
            json!({"oneOf": [
                {"type": "object", "properties": {"tag": {"const": "a"}, "p": schema}, "required": ["tag", "p"]},
                {"type": "object", "properties": {"tag": {"const": "b"}}, "required": ["tag"]},
            ]}),
        ),
        (
            "list of maps",
            json!({"type": "array", "items": {"type": "object", "additionalProperties": {"type": "array", "items": schema}}}),
        ),
    ]
}

/// The lines of a file of this folder.
fn lines(text: &str) -> Vec<Value> {
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() > 15, "{}", lines.len());
    lines
}

/// Each change has to have one of these verdicts.
fn check(wrong: &mut Vec<String>, what: &str, expected: Verdict, before: &Value, after: &Value) {
    let (found, findings) = verdict(before, after);
    // A name of a type that changes is worth knowing and changes no verdict of a value.
    let fits = match expected {
        Verdict::Compatible => found < Verdict::Breaking,
        expected => found == expected,
    };
    if !fits {
        wrong.push(format!("{what}: {} ({findings})", found.as_str()));
    }
}

#[test]
fn every_keyword_has_its_verdict_in_every_place_and_direction() {
    let mut wrong = Vec::new();
    let mut pair = |what: &str, widens: Verdict, wrap: Wrap, (narrow, wide): (&Value, &Value)| {
        let narrows = match widens {
            Verdict::Breaking => Verdict::Compatible,
            _ => Verdict::Breaking,
        };
        let (small, large) = (wrap(narrow), wrap(wide));
        let told = format!("{what}: {narrow} → {wide}");
        check(&mut wrong, &told, widens, &small, &large);
        let told = format!("{what}: {wide} → {narrow}");
        check(&mut wrong, &told, narrows, &large, &small);
    };
    for line in lines(include_str!("pairs.jsonl")) {
        let (narrow, wide) = (&line["narrow"], &line["wide"]);
        for ((place, small), (_, large)) in places(narrow).into_iter().zip(places(wide)) {
            let schemas = (&small, &large);
            let (sent, received) = (format!("request, {place}"), format!("response, {place}"));
            pair(&sent, Verdict::Compatible, request, schemas);
            pair(&received, Verdict::Breaking, response, schemas);
        }
        // Some values cannot be in a URL or a header.
        if line["in"].as_array().unwrap().contains(&json!("url")) {
            pair("parameter", Verdict::Compatible, parameter, (narrow, wide));
            pair("header", Verdict::Breaking, header, (narrow, wide));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Each line of `spellings.jsonl` has schemas of one set of values.
#[test]
fn another_spelling_is_no_finding() {
    let mut wrong = Vec::new();
    for group in lines(include_str!("spellings.jsonl")) {
        let group = group.as_array().unwrap();
        for one in group {
            for another in group {
                let ones = places(one).into_iter();
                for ((place, one), (_, another)) in ones.zip(places(another)) {
                    for make in [request as Wrap, response] {
                        let (found, findings) = verdict(&make(&one), &make(&another));
                        if !findings.is_empty() {
                            wrong.push(format!(
                                "{place}: {one} → {another}: {} ({findings})",
                                found.as_str()
                            ));
                        }
                    }
                }
                let (_, findings) = verdict(&parameter(one), &parameter(another));
                if !findings.is_empty() {
                    wrong.push(format!("parameter: {one} → {another}: {findings}"));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Each line of `steps.jsonl` has two documents, the verdict on the step from one to the other, and that on the way back.
#[test]
fn every_step_and_its_way_back_have_their_verdicts() {
    let mut wrong = Vec::new();
    for step in lines(include_str!("steps.jsonl")) {
        let (before, after) = (&step["before"], &step["after"]);
        for (way, one, another) in [("there", before, after), ("back", after, before)] {
            let (found, findings) = verdict(one, another);
            if step[way] != found.as_str() {
                wrong.push(format!(
                    "{}, {way}: {} and not {} ({findings})",
                    step["id"],
                    found.as_str(),
                    step[way]
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
