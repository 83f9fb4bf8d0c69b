//! From JSON to conditions, with the error texts of AWS's engine. `[R]` where recorded, else `[E]`.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::{
    Field, PatternError,
    condition::{Bound, Condition, StringTest, folded, masked},
    wildcard::Wildcard,
};

/// Field names that a branch of `$or` must not have, as they would read like operators.
const RESERVED: [&str; 9] = [
    "exact",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "numeric",
    "cidr",
    "exists",
    "wildcard",
];

/// How many alternatives the `$or`s of a pattern may multiply to. Our own bound against patterns
/// that grow without end; AWS has a limit that is not known.
const MAX_ALTERNATIVES: usize = 1000;

type Result<T> = std::result::Result<T, PatternError>;

fn error<T>(reason: impl Into<String>) -> Result<T> {
    Err(PatternError::new(reason))
}

/// The alternatives of a pattern, each a list of fields that must all match.
pub(super) fn pattern(value: &Value) -> Result<Vec<Vec<Field>>> {
    let Value::Object(members) = value else {
        return error("Filter is not an object");
    };
    object(members, "")
}

fn object(members: &Map<String, Value>, path: &str) -> Result<Vec<Vec<Field>>> {
    if members.is_empty() {
        return error("Empty objects are not allowed");
    }
    let mut alternatives = vec![Vec::new()];
    for (name, value) in members {
        let found = if name == "$or" {
            branches(value, path)?
        } else {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            match value {
                Value::Object(members) => object(members, &path)?,
                Value::Array(values) => {
                    let any_of = conditions(values)?;
                    vec![vec![Field { path, any_of }]]
                }
                _ => return error(format!("\"{name}\" must be an object or an array")),
            }
        };
        alternatives = product(alternatives, &found)?;
    }
    Ok(alternatives)
}

/// Every alternative of the one together with every alternative of the other.
fn product(these: Vec<Vec<Field>>, those: &[Vec<Field>]) -> Result<Vec<Vec<Field>>> {
    if these.len() * those.len() > MAX_ALTERNATIVES {
        return error("Rule is too complex - try using fewer branches in $or");
    }
    let mut all = Vec::with_capacity(these.len() * those.len());
    for one in these {
        for other in those {
            let mut both = one.clone();
            for field in other {
                // A path that is given twice, nested and with a dot: either value. `[E]`
                if let Some(same) = both.iter_mut().find(|one| one.path == field.path) {
                    same.any_of.extend(field.any_of.iter().cloned());
                    continue;
                }
                both.push(field.clone());
            }
            all.push(both);
        }
    }
    Ok(all)
}

fn branches(value: &Value, path: &str) -> Result<Vec<Vec<Field>>> {
    let Value::Array(branches) = value else {
        return error("It must be an Array followed with $or.");
    };
    let mut all = Vec::new();
    for branch in branches {
        let Value::Object(members) = branch else {
            return error("Only JSON object is allowed in array of $or relationship.");
        };
        if let Some(name) = members
            .keys()
            .find(|name| RESERVED.contains(&name.as_str()))
        {
            return error(format!(
                "{name} is Ruler reserved fieldName which cannot be used inside $or."
            ));
        }
        all.extend(object(members, path)?);
    }
    if branches.len() < 2 {
        return error("There must have at least 2 Objects in $or relationship.");
    }
    Ok(all)
}

fn conditions(values: &[Value]) -> Result<Vec<Condition>> {
    if values.is_empty() {
        return error("Empty arrays are not allowed");
    }
    values.iter().map(condition).collect()
}

fn condition(value: &Value) -> Result<Condition> {
    Ok(match value {
        Value::Null => Condition::Null,
        Value::Bool(value) => Condition::Bool(*value),
        Value::String(text) => Condition::text(text),
        Value::Number(number) => Condition::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::Array(_) => {
            return error("Match value must be String, number, true, false, or null");
        }
        Value::Object(members) => {
            let (name, operand) = single(members)?;
            operator(name, operand)?
        }
    })
}

/// The one member of a match expression.
fn single(members: &Map<String, Value>) -> Result<(&str, &Value)> {
    let mut all = members.iter();
    match (all.next(), all.next()) {
        (None, _) => error("Match expression name not found"),
        (Some((name, operand)), None) => Ok((name, operand)),
        _ => error("Only one key allowed in match expression"),
    }
}

fn operator(name: &str, operand: &Value) -> Result<Condition> {
    Ok(match name {
        "prefix" | "suffix" => Condition::String(affix(name, operand)?),
        "equals-ignore-case" => match operand {
            Value::String(text) => Condition::String(StringTest::IgnoringCase(folded(text))),
            _ => return error("equals-ignore-case match pattern must be a string"),
        },
        "wildcard" => Condition::String(wildcard(operand)?),
        "exists" => match operand {
            Value::Bool(expected) => Condition::Exists(*expected),
            _ => return error("exists match pattern must be either true or false."),
        },
        "anything-but" => Condition::AnythingBut(anything_but(operand)?),
        "numeric" => numeric(operand)?,
        "cidr" => match operand {
            Value::String(text) => cidr(text)?,
            // The engine's own slip of the tongue.
            _ => return error("prefix match pattern must be a string"),
        },
        unknown => return error(format!("Unrecognized match type {unknown}")),
    })
}

/// `prefix` and `suffix`: a string, or one without regard to case.
fn affix(name: &str, operand: &Value) -> Result<StringTest> {
    let prefix = name == "prefix";
    match operand {
        Value::String(text) if prefix => Ok(StringTest::Prefix(text.clone())),
        Value::String(text) => Ok(StringTest::Suffix(text.clone())),
        Value::Object(members) => match single(members)? {
            ("equals-ignore-case", Value::String(text)) if prefix => {
                Ok(StringTest::PrefixIgnoringCase(folded(text)))
            }
            ("equals-ignore-case", Value::String(text)) => {
                Ok(StringTest::SuffixIgnoringCase(folded(text)))
            }
            ("equals-ignore-case", _) => error("equals-ignore-case match pattern must be a string"),
            (other, _) => error(format!("Unsupported {name} pattern: {other}")),
        },
        _ => error(format!("{name} match pattern must be a string")),
    }
}

fn wildcard(operand: &Value) -> Result<StringTest> {
    match operand {
        Value::String(text) => Ok(StringTest::Wildcard(Wildcard::parse(text)?)),
        _ => error("wildcard match pattern must be a string"),
    }
}

/// What `anything-but` excludes.
fn anything_but(operand: &Value) -> Result<Vec<Condition>> {
    match operand {
        Value::String(_) | Value::Number(_) => Ok(vec![condition(operand)?]),
        Value::Array(values) => {
            if values.is_empty() {
                return error("Empty arrays are not allowed");
            }
            if !values
                .iter()
                .all(|value| value.is_string() || value.is_number())
            {
                return error("Inside anything but list, start|null|boolean is not supported.");
            }
            if values.iter().any(Value::is_string) && values.iter().any(Value::is_number) {
                return error(
                    "Inside anything but list, either all values are number or string, mixed type is not supported",
                );
            }
            values.iter().map(condition).collect()
        }
        Value::Object(members) => {
            let (name, operand) = single(members)?;
            let several = match operand {
                Value::Array(values) if !values.is_empty() => values.as_slice(),
                Value::Object(_) | Value::Array(_) => {
                    return error(
                        "Value of anything-but must be an array or single string/number value.",
                    );
                }
                one => std::slice::from_ref(one),
            };
            several
                .iter()
                .map(|operand| excluded(name, operand).map(Condition::String))
                .collect()
        }
        _ => error("Value of anything-but must be an array or single string/number value."),
    }
}

fn excluded(name: &str, operand: &Value) -> Result<StringTest> {
    match (name, operand) {
        ("prefix" | "suffix", Value::String(text)) if text.is_empty() => {
            error("Null prefix/suffix not allowed")
        }
        ("prefix", Value::String(text)) => Ok(StringTest::Prefix(text.clone())),
        ("suffix", Value::String(text)) => Ok(StringTest::Suffix(text.clone())),
        ("prefix" | "suffix", _) => error("prefix/suffix match pattern must be a string"),
        ("equals-ignore-case", Value::String(text)) => Ok(StringTest::IgnoringCase(folded(text))),
        ("equals-ignore-case", _) => error(
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
        ),
        ("wildcard", operand) => wildcard(operand),
        (other, _) => error(format!("Unsupported anything-but pattern: {other}")),
    }
}

/// `["=", 5]`, or one or two bounds of which the lower comes first.
fn numeric(operand: &Value) -> Result<Condition> {
    let Value::Array(terms) = operand else {
        return error("Value of numeric must be an array.");
    };
    let number = |operator: &str, at: usize| {
        let value = terms.get(at).and_then(Value::as_f64);
        value.ok_or_else(|| PatternError::new(format!("Value of {operator} must be numeric")))
    };
    let end = |at: usize| {
        if terms.len() > at {
            return error("Too many elements in numeric expression");
        }
        Ok(())
    };
    let operator = match terms.first() {
        Some(Value::String(operator)) => operator.as_str(),
        Some(other) => return error(format!("Invalid member in numeric match: {other}")),
        None => return error("Invalid member in numeric match: ]"),
    };
    match operator {
        "=" => {
            let value = number(operator, 1)?;
            end(2)?;
            Ok(Condition::Number(value))
        }
        "<" | "<=" => {
            let value = number(operator, 1)?;
            end(2)?;
            let inclusive = operator == "<=";
            Ok(Condition::Range {
                bottom: None,
                top: Some(Bound { value, inclusive }),
            })
        }
        ">" | ">=" => {
            let bottom = Bound {
                value: number(operator, 1)?,
                inclusive: operator == ">=",
            };
            let top = match terms.get(2) {
                None => None,
                Some(Value::String(operator)) if operator == "<" || operator == "<=" => {
                    Some(Bound {
                        value: number(operator, 3)?,
                        inclusive: operator == "<=",
                    })
                }
                Some(Value::String(operator)) => {
                    return error(format!("Bad numeric range operator: {operator}"));
                }
                Some(other) => return error(format!("Bad value in numeric range: {other}")),
            };
            end(4)?;
            if top.is_some_and(|top| top.value <= bottom.value) {
                return error("Bottom must be less than top");
            }
            Ok(Condition::Range {
                bottom: Some(bottom),
                top,
            })
        }
        other => error(format!("Unrecognized numeric range operator: {other}")),
    }
}

fn cidr(text: &str) -> Result<Condition> {
    let mut parts = text.split('/');
    let (Some(address), Some(bits), None) = (parts.next(), parts.next(), parts.next()) else {
        return error("Malformed CIDR, one '/' required");
    };
    let Ok(bits) = bits.parse::<i64>() else {
        return error("Malformed CIDR, mask bits must be an integer");
    };
    let Ok(bits) = u32::try_from(bits) else {
        return error("Malformed CIDR, mask bits must not be negative");
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return error(format!("Nonstandard IP address: {address}"));
    };
    if address.is_ipv4() && bits >= 32 {
        return error("IPv4 mask bits must be < 32");
    }
    if bits >= 128 {
        return error("IPv6 mask bits must be < 128");
    }
    // Host bits are accepted and masked. `[E]`
    let network = masked(address, bits).unwrap_or(address);
    Ok(Condition::Cidr { network, bits })
}
