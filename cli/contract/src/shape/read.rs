//! The keywords of one schema, by the kind of value that they are about.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Bound, List, Number, Object, Text};
use crate::resolve::{flag, list, members};

/// Formats that say how a text is shown, and nothing of which texts there are.
const SHOWN: [&str; 1] = ["password"];

/// The words of 3.0 for what 3.1 says of a text's content.
const CONTENT: [(&str, &str); 2] = [("byte", "base64"), ("binary", "application/octet-stream")];

fn count(schema: &Value, name: &str) -> Option<u64> {
    let value = schema.get(name)?;
    value.as_u64().or_else(|| {
        let value = value.as_f64().filter(|value| *value >= 0.0)?;
        // `3.0` is a count in JSON Schema. Larger ones than this are not counts of anything.
        (value < 1e15 && value.fract() == 0.0).then(|| format!("{value:.0}").parse().ok())?
    })
}

pub(super) fn number(schema: &Value, integer: bool) -> Number {
    let value = |name: &str| schema.get(name).and_then(Value::as_f64);
    let bound = |inclusive: &str, exclusive: &str, tighter: fn(Bound, Bound) -> bool, step: f64| {
        let mut found: Option<Bound> = value(inclusive).map(|value| Bound {
            value,
            // 3.0 says it by a flag beside the bound.
            exclusive: flag(schema, exclusive),
        });
        if let Some(value) = value(exclusive) {
            let other = Bound {
                value,
                exclusive: true,
            };
            found = Some(found.map_or(other, |one| if tighter(one, other) { one } else { other }));
        }
        // For integers `> 0` is `>= 1`.
        found.map(|bound| match bound.exclusive && integer {
            true if bound.value.fract() == 0.0 => Bound {
                value: bound.value + step,
                exclusive: false,
            },
            _ => bound,
        })
    };
    let mut number = Number {
        integer,
        float: None,
        least: bound("minimum", "exclusiveMinimum", Bound::is_above, 1.0),
        greatest: bound("maximum", "exclusiveMaximum", Bound::is_below, -1.0),
        multiple_of: value("multipleOf"),
    };
    let width = |least: f64, greatest: f64| Number {
        integer,
        least: Some(Bound {
            value: least,
            exclusive: false,
        }),
        greatest: Some(Bound {
            value: greatest,
            exclusive: false,
        }),
        ..Number::default()
    };
    let implied = match schema.get("format").and_then(Value::as_str) {
        Some("int8") => width(-128.0, 127.0),
        Some("int16") => width(-32_768.0, 32_767.0),
        Some("int32") => width(-2_147_483_648.0, 2_147_483_647.0),
        Some("int64") => width(-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_807.0),
        Some("uint8") => width(0.0, 255.0),
        Some("uint16") => width(0.0, 65_535.0),
        Some("uint32") => width(0.0, 4_294_967_295.0),
        Some("uint64") => width(0.0, 18_446_744_073_709_551_615.0),
        Some("float") => Number {
            float: Some("float"),
            ..Number::default()
        },
        Some("double") => Number {
            float: Some("double"),
            ..Number::default()
        },
        _ => return number,
    };
    number = number.intersect(&implied);
    number.integer = integer;
    number
}

pub(super) fn text(schema: &Value) -> Text {
    let words = |names: &[&str]| -> BTreeSet<String> {
        names
            .iter()
            .filter_map(|name| schema.get(name).and_then(Value::as_str))
            .map(str::to_owned)
            .collect()
    };
    Text {
        shortest: count(schema, "minLength").unwrap_or(0),
        longest: count(schema, "maxLength"),
        patterns: words(&["pattern"]),
        formats: words(&["format", "contentEncoding", "contentMediaType"])
            .into_iter()
            .filter(|format| !SHOWN.contains(&format.as_str()))
            .map(
                |format| match CONTENT.iter().find(|(old, _)| *old == format) {
                    Some((_, new)) => (*new).to_owned(),
                    None => format,
                },
            )
            .collect(),
    }
}

pub(super) fn items(schema: &Value) -> List<'_> {
    List {
        items: schema.get("items").into_iter().collect(),
        leading: list(schema, "prefixItems")
            .iter()
            .map(|one| vec![one])
            .collect(),
        fewest: count(schema, "minItems").unwrap_or(0),
        most: count(schema, "maxItems"),
        unique: flag(schema, "uniqueItems"),
    }
}

pub(super) fn object(schema: &Value) -> Object<'_> {
    let (closed, additional) = match schema.get("additionalProperties") {
        Some(Value::Bool(false)) => (true, Vec::new()),
        Some(other @ Value::Object(members)) if !members.is_empty() => (false, vec![other]),
        _ => (false, Vec::new()),
    };
    Object {
        properties: members(schema, "properties")
            .map(|(name, property)| (name.as_str(), vec![property]))
            .collect(),
        required: list(schema, "required")
            .iter()
            .filter_map(Value::as_str)
            .collect(),
        closed,
        additional,
        fewest: count(schema, "minProperties").unwrap_or(0),
        most: count(schema, "maxProperties"),
    }
}
