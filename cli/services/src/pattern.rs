//! Patterns over JSON documents: the filters of subscriptions and of event source mappings.
//!
//! A pattern is an object. Its keys name members of the document, its lists hold alternatives, its nested objects look into
//! nested ones.

use std::net::IpAddr;

use serde_json::{Map, Value};

/// The deepest nesting of a pattern, and of what it looks into.
const DEEPEST: usize = 32;

/// A checked pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pattern(Object);

/// Rules that must all match.
#[derive(Clone, Debug, Default, PartialEq)]
struct Object {
    members: Vec<(String, Rule)>,
    /// Of each of these lists, one must match.
    alternatives: Vec<Vec<Object>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    Nested(Object),
    /// One of the tests must match.
    Tests(Vec<Test>),
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    AnythingBut(Vec<Value>),
    AnythingButPrefix(Vec<String>),
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
    Cidr(IpAddr, u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    /// Checks a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in AWS's words as far as they are recorded.
    pub(crate) fn parse(pattern: &Value) -> Result<Self, String> {
        match pattern {
            Value::Object(members) => Ok(Self(object(members, DEEPEST)?)),
            _ => Err("Filter is not an object".into()),
        }
    }

    /// Whether the document matches.
    pub(crate) fn matches(&self, document: &Value) -> bool {
        self.0.matches(Some(document))
    }

    /// Whether a member looks into nested objects.
    pub(crate) fn is_nested(&self) -> bool {
        fn nested(object: &Object) -> bool {
            object
                .members
                .iter()
                .any(|(_, rule)| matches!(rule, Rule::Nested(_)))
                || object.alternatives.iter().flatten().any(nested)
        }
        nested(&self.0)
    }

    /// How many members with tests the pattern has.
    pub(crate) fn keys(&self) -> usize {
        fn count(object: &Object) -> usize {
            let members = object.members.iter().map(|(_, rule)| match rule {
                Rule::Nested(object) => count(object),
                Rule::Tests(_) => 1,
            });
            members.sum::<usize>()
                + object
                    .alternatives
                    .iter()
                    .flatten()
                    .map(count)
                    .sum::<usize>()
        }
        count(&self.0)
    }

    /// The product of the lengths of all lists, each times the depth of its key.
    pub(crate) fn combinations(&self) -> u64 {
        fn product(object: &Object, depth: u64) -> u64 {
            let members = object.members.iter().map(|(_, rule)| match rule {
                Rule::Nested(object) => product(object, depth + 1),
                Rule::Tests(tests) => tests.len() as u64 * depth,
            });
            let members = members.fold(1, u64::saturating_mul);
            object
                .alternatives
                .iter()
                .map(|list| {
                    list.iter()
                        .map(|one| product(one, depth))
                        .fold(0, u64::saturating_add)
                })
                .fold(members, u64::saturating_mul)
        }
        product(&self.0, 1)
    }
}

fn object(members: &Map<String, Value>, depth: usize) -> Result<Object, String> {
    if members.is_empty() {
        return Err("Empty objects are not allowed".into());
    }
    if depth == 0 {
        return Err("Filter policy is nested too deeply".into());
    }
    let mut found = Object::default();
    for (name, value) in members {
        match value {
            // It is an operator if it is a list of objects, and a name otherwise.
            Value::Array(list) if name == "$or" && list.iter().all(Value::is_object) => {
                if list.is_empty() {
                    return Err("Empty arrays are not allowed".into());
                }
                let alternatives = list
                    .iter()
                    .filter_map(Value::as_object)
                    .map(|alternative| object(alternative, depth - 1))
                    .collect::<Result<_, _>>()?;
                found.alternatives.push(alternatives);
            }
            Value::Array(list) if list.is_empty() => {
                return Err("Empty arrays are not allowed".into());
            }
            Value::Array(list) => {
                let tests = list.iter().map(test).collect::<Result<_, _>>()?;
                found.members.push((name.clone(), Rule::Tests(tests)));
            }
            Value::Object(nested) => {
                let nested = object(nested, depth - 1)?;
                found.members.push((name.clone(), Rule::Nested(nested)));
            }
            _ => return Err(format!("\"{name}\" must be an object or an array")),
        }
    }
    Ok(found)
}

fn test(value: &Value) -> Result<Test, String> {
    let operators = match value {
        Value::Object(operators) => operators,
        Value::Array(_) => {
            return Err("Match value must be String, number, true, false, or null".into());
        }
        scalar => return Ok(Test::Equals(scalar.clone())),
    };
    let mut operators = operators.iter();
    let (Some((operator, operand)), None) = (operators.next(), operators.next()) else {
        return Err("Only one key allowed in match expression".into());
    };
    let text = || match operand {
        Value::String(text) => Ok(text.clone()),
        _ => Err(format!("{operator} match pattern must be a string")),
    };
    match operator.as_str() {
        "prefix" => Ok(Test::Prefix(text()?)),
        "suffix" => Ok(Test::Suffix(text()?)),
        "equals-ignore-case" => Ok(Test::EqualsIgnoreCase(text()?)),
        "exists" => match operand {
            Value::Bool(exists) => Ok(Test::Exists(*exists)),
            _ => Err("exists match pattern must be either true or false.".into()),
        },
        "numeric" => numeric(operand),
        "cidr" => cidr(&text()?),
        "anything-but" => anything_but(operand),
        other => Err(format!("Unrecognized match type {other}")),
    }
}

fn anything_but(operand: &Value) -> Result<Test, String> {
    let is_plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    match operand {
        Value::Object(operators) => match operators.iter().next() {
            Some((name, Value::String(prefix))) if name == "prefix" && operators.len() == 1 => {
                Ok(Test::AnythingButPrefix(vec![prefix.clone()]))
            }
            Some((name, _)) => Err(format!("Unsupported anything-but pattern: {name}")),
            None => Err("Empty objects are not allowed".into()),
        },
        Value::Array(list) if list.is_empty() => Err("Empty arrays are not allowed".into()),
        Value::Array(list) if list.iter().all(is_plain) => Ok(Test::AnythingBut(list.clone())),
        value if is_plain(value) => Ok(Test::AnythingBut(vec![value.clone()])),
        _ => Err("Inside anything-but list, either all values are number or string".into()),
    }
}

fn numeric(operand: &Value) -> Result<Test, String> {
    let Value::Array(terms) = operand else {
        return Err("Value of numeric must be an array.".into());
    };
    let mut comparisons = Vec::new();
    let mut rest = terms.iter();
    loop {
        let Some(operator) = rest.next() else {
            if comparisons.is_empty() {
                return Err("Invalid member in numeric match: ]".into());
            }
            break;
        };
        let (comparison, name) = match operator.as_str() {
            Some("=") => (Comparison::Equal, "equals"),
            Some("<") => (Comparison::Less, "<"),
            Some("<=") => (Comparison::LessOrEqual, "<="),
            Some(">") => (Comparison::Greater, ">"),
            Some(">=") => (Comparison::GreaterOrEqual, ">="),
            Some(other) => return Err(format!("Unrecognized numeric range operator: {other}")),
            None => return Err(format!("Invalid member in numeric match: {operator}")),
        };
        let is_upper = matches!(comparison, Comparison::Less | Comparison::LessOrEqual);
        match comparisons.first() {
            None => {}
            Some((Comparison::Equal, _)) => {
                return Err("Too many elements in numeric expression".into());
            }
            Some((first, _)) => {
                if comparisons.len() == 2 {
                    return Err("Too many terms in numeric range expression".into());
                }
                let first_is_lower =
                    matches!(first, Comparison::Greater | Comparison::GreaterOrEqual);
                if !first_is_lower || !is_upper {
                    return Err("Too many elements in numeric expression".into());
                }
            }
        }
        let number = rest
            .next()
            .and_then(Value::as_f64)
            .ok_or_else(|| format!("Value of {name} must be numeric"))?;
        if let Some((_, bottom)) = comparisons.first()
            && comparisons.len() == 1
            && *bottom >= number
        {
            return Err("Bottom must be less than top".into());
        }
        comparisons.push((comparison, number));
    }
    Ok(Test::Numeric(comparisons))
}

fn cidr(text: &str) -> Result<Test, String> {
    let Some((address, bits)) = text.split_once('/') else {
        return Err("Malformed CIDR, one '/' required".into());
    };
    let address: IpAddr = address
        .parse()
        .map_err(|_| format!("Nonstandard IP address: {address}"))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits
        .parse()
        .ok()
        .filter(|bits| *bits <= most)
        .ok_or("Malformed CIDR, mask bits must be an integer")?;
    Ok(Test::Cidr(address, bits))
}

impl Object {
    fn matches(&self, document: Option<&Value>) -> bool {
        self.members
            .iter()
            .all(|(name, rule)| any_at(document, name, &mut |value| rule.matches(value)))
            && self
                .alternatives
                .iter()
                .all(|list| list.iter().any(|one| one.matches(document)))
    }
}

/// Whether the member of that name passes: in an object, in one object of a list, or deeper for a name with full stops. A member
/// that is not there is tested as `None`.
fn any_at(
    document: Option<&Value>,
    name: &str,
    test: &mut dyn FnMut(Option<&Value>) -> bool,
) -> bool {
    let mut found = false;
    let passes = any_there(document, name, DEEPEST, &mut found, test);
    passes || (!found && test(None))
}

fn any_there(
    document: Option<&Value>,
    name: &str,
    depth: usize,
    found: &mut bool,
    test: &mut dyn FnMut(Option<&Value>) -> bool,
) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match document {
        Some(Value::Array(items)) => items
            .iter()
            .any(|item| any_there(Some(item), name, depth, found, test)),
        Some(Value::Object(members)) => {
            if let Some(value) = members.get(name) {
                *found = true;
                if test(Some(value)) {
                    return true;
                }
            }
            name.match_indices('.').any(|(at, _)| {
                members.get(&name[..at]).is_some_and(|inner| {
                    any_there(Some(inner), &name[at + 1..], depth, found, test)
                })
            })
        }
        _ => false,
    }
}

impl Rule {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Nested(object) => match value {
                // One item of a list must pass as a whole.
                Some(Value::Array(items)) if !items.is_empty() => {
                    items.iter().any(|item| self.matches(Some(item)))
                }
                other => object.matches(other),
            },
            Self::Tests(tests) => tests.iter().any(|test| test.matches(value)),
        }
    }
}

impl Test {
    fn matches(&self, value: Option<&Value>) -> bool {
        // Objects are looked into, they are not values.
        let value = value.filter(|value| !value.is_object());
        match (self, value) {
            (Self::Exists(exists), value) => *exists == value.is_some(),
            (_, None) => false,
            (_, Some(Value::Array(items))) => items.iter().any(|item| self.matches(Some(item))),
            (_, Some(value)) => self.matches_scalar(value),
        }
    }

    fn matches_scalar(&self, value: &Value) -> bool {
        match self {
            Self::Equals(expected) => equal(expected, value),
            Self::EqualsIgnoreCase(expected) => value
                .as_str()
                .is_some_and(|text| text.to_lowercase() == expected.to_lowercase()),
            Self::Prefix(prefix) => value.as_str().is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => value.as_str().is_some_and(|text| text.ends_with(suffix)),
            Self::AnythingBut(values) => !values.iter().any(|other| equal(other, value)),
            Self::AnythingButPrefix(prefixes) => value
                .as_str()
                .is_some_and(|text| !prefixes.iter().any(|prefix| text.starts_with(prefix))),
            Self::Numeric(comparisons) => value.as_f64().is_some_and(|number| {
                comparisons
                    .iter()
                    .all(|(comparison, other)| match comparison {
                        Comparison::Equal => number == *other,
                        Comparison::Less => number < *other,
                        Comparison::LessOrEqual => number <= *other,
                        Comparison::Greater => number > *other,
                        Comparison::GreaterOrEqual => number >= *other,
                    })
            }),
            Self::Cidr(network, bits) => value
                .as_str()
                .and_then(|text| text.parse().ok())
                .is_some_and(|address| lies_in(address, *network, *bits)),
            Self::Exists(exists) => *exists,
        }
    }
}

fn equal(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

fn lies_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(address) & mask == u32::from(network) & mask
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(address) & mask == u128::from(network) & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[allow(clippy::needless_pass_by_value)] // So that tests read as a table.
    fn matches(pattern: Value, document: Value) -> bool {
        Pattern::parse(&pattern).unwrap().matches(&document)
    }

    #[test]
    fn values_match_by_type_and_operator() {
        assert!(matches(json!({"a": [1, "x"]}), json!({"a": 1.0})));
        assert!(!matches(json!({"a": ["1"]}), json!({"a": 1})));
        assert!(matches(json!({"a": [null]}), json!({"a": null})));
        assert!(!matches(json!({"a": [null]}), json!({})));
        assert!(!matches(json!({"a": [{"anything-but": "x"}]}), json!({})));
        assert!(matches(
            json!({"a": [{"anything-but": ["x"]}]}),
            json!({"a": "y"})
        ));
        assert!(matches(
            json!({"a": [{"numeric": [">=", 1, "<", 2]}]}),
            json!({"a": 1})
        ));
        assert!(!matches(
            json!({"a": [{"numeric": [">", 1]}]}),
            json!({"a": "5"})
        ));
        assert!(matches(json!({"a": [{"prefix": ""}]}), json!({"a": "x"})));
        assert!(matches(
            json!({"a": [{"cidr": "10.0.0.0/0"}]}),
            json!({"a": "1.2.3.4"})
        ));
    }

    #[test]
    fn lists_and_nested_members_are_looked_into() {
        let s3 = json!({"Records": {"s3": {"object": {"key": [{"prefix": "in/"}]}}}});
        let event = |key: &str| json!({"Records": [{"s3": {"object": {"key": key}}}]});
        assert!(matches(s3.clone(), event("in/a")));
        assert!(!matches(s3, event("out/a")));
        assert!(matches(json!({"a": ["x"]}), json!({"a": ["y", "x"]})));
        assert!(matches(json!({"a": {"b": [{"exists": false}]}}), json!({})));
        assert!(!matches(
            json!({"a": {"b": [{"exists": true}]}}),
            json!({"a": {"c": 1}})
        ));
        assert!(matches(json!({"a.b.c": ["x"]}), json!({"a": {"b.c": "x"}})));
        assert!(matches(
            json!({"$or": [{"a": ["x"]}, {"b": ["y"]}]}),
            json!({"b": "y"})
        ));
        assert!(!matches(
            json!({"$or": [{"a": ["x"]}, {"b": ["y"]}]}),
            json!({"b": "x"})
        ));
    }

    #[test]
    fn depth_is_bounded() {
        let mut deep = json!(["x"]);
        for _ in 0..100 {
            deep = json!({"a": deep});
        }
        assert!(Pattern::parse(&deep).is_err());
        assert!(!matches(json!({"a": ["y"]}), deep));
    }
}
