//! Models: what a REST API checks a body against, JSON Schema draft 4.
//!
//! A REST API's models are draft 4 (`[D]` developer guide, models-mappings-models). All of the draft's validation keywords are here,
//! and local references. What the draft does not know is refused when the API is configured, as a keyword that is passed over in
//! silence would let requests through that its author meant to stop. `format` is not checked; what AWS does with it is unverified.

mod compile;
#[cfg(test)]
mod tests;
mod violations;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde_json::{Map, Number, Value};

pub use self::violations::Violation;

/// A compiled JSON Schema, draft 4.
///
/// ```
/// use fw_gateway::Model;
/// use serde_json::json;
///
/// let model = Model::new(&json!({
///     "type": "object",
///     "properties": {"name": {"type": "string", "minLength": 1}},
///     "required": ["name"],
/// }))?;
/// assert!(model.allows(&json!({"name": "x", "more": 1})));
/// assert!(!model.allows(&json!({"name": ""})));
///
/// let error = Model::new(&json!({"properties": {"a": {"const": 1}}})).expect_err("no keyword of draft 4");
/// assert_eq!(error.to_string(), "JSON Schema draft 4 has no keyword `const`, at `#/properties/a`");
/// # Ok::<(), fw_gateway::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Model {
    /// Every schema and subschema; the first is the root.
    nodes: Vec<Node>,
}

/// Why a value is not a model: the problem and its place, as a JSON pointer in a URI fragment (RFC
/// 6901 §6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelError {
    what: String,
    place: String,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, at `#{}`", self.what, self.place)
    }
}

impl Error for ModelError {}

/// An index into [`Model::nodes`].
type Id = usize;

/// One schema.
#[derive(Debug, Clone, Default)]
struct Node {
    /// In draft 4, keywords next to `$ref` are ignored (JSON Reference §3).
    reference: Option<Id>,
    types: Option<Vec<Type>>,
    values: Option<Vec<Value>>,
    number: NumberRules,
    text: TextRules,
    array: ArrayRules,
    object: ObjectRules,
    all: Vec<Id>,
    any: Vec<Id>,
    one: Vec<Id>,
    not: Option<Id>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    Array,
    Object,
}

#[derive(Debug, Clone, Default)]
struct NumberRules {
    multiple_of: Option<Number>,
    /// The limit, and whether it is itself out of bounds.
    maximum: Option<(Number, bool)>,
    minimum: Option<(Number, bool)>,
}

#[derive(Debug, Clone, Default)]
struct TextRules {
    max: Option<usize>,
    min: usize,
    pattern: Option<Pattern>,
}

#[derive(Debug, Clone, Default)]
struct ArrayRules {
    items: Items,
    additional: Additional,
    max: Option<usize>,
    min: usize,
    unique: bool,
}

#[derive(Debug, Clone, Default)]
enum Items {
    #[default]
    Any,
    Each(Id),
    ByPlace(Vec<Id>),
}

/// The values of `additionalItems` and `additionalProperties`.
#[derive(Debug, Clone, Copy, Default)]
enum Additional {
    #[default]
    Allowed,
    Forbidden,
    Checked(Id),
}

#[derive(Debug, Clone, Default)]
struct ObjectRules {
    max: Option<usize>,
    min: usize,
    required: Vec<String>,
    properties: BTreeMap<String, Id>,
    patterns: Vec<(Pattern, Id)>,
    additional: Additional,
    dependencies: Vec<(String, Dependency)>,
}

#[derive(Debug, Clone)]
enum Dependency {
    Properties(Vec<String>),
    Schema(Id),
}

/// A regular expression. ECMA 262's look-arounds and back-references are not among what it knows; they are refused.
#[derive(Debug, Clone)]
pub(super) struct Pattern(#[cfg(feature = "models")] regex_lite::Regex);

impl Pattern {
    #[cfg(feature = "models")]
    pub(super) fn new(text: &str) -> Result<Self, String> {
        regex_lite::Regex::new(text)
            .map(Self)
            .map_err(|error| format!("the regular expression `{text}` cannot be used: {error}"))
    }

    #[cfg(not(feature = "models"))]
    pub(super) fn new(text: &str) -> Result<Self, String> {
        Err(format!(
            "the regular expression `{text}` needs the framework's feature `models`"
        ))
    }

    /// The expression as written.
    #[cfg(feature = "models")]
    fn text(&self) -> &str {
        self.0.as_str()
    }

    #[cfg(not(feature = "models"))]
    #[expect(
        clippy::unused_self,
        reason = "without the feature there is no value of this type"
    )]
    fn text(&self) -> &str {
        ""
    }

    #[cfg(feature = "models")]
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    #[cfg(not(feature = "models"))]
    #[expect(
        clippy::unused_self,
        reason = "without the feature there is no value of this type"
    )]
    pub(super) fn is_in(&self, _: &str) -> bool {
        false
    }
}

/// How many comparisons one body may cost. Otherwise many alternatives of a recursive schema could
/// take a time that doubles with each level of a body. A body that takes more is refused. Limit and
/// refusal are our own.
const BUDGET: u32 = 1_000_000;

impl Model {
    /// Compiles a schema.
    ///
    /// # Errors
    ///
    /// If it is not JSON Schema draft 4, refers to another document, or is endlessly recursive.
    pub fn new(schema: &Value) -> Result<Self, ModelError> {
        compile::compile(schema).map(|nodes| Self { nodes })
    }

    /// True if a body matches the schema.
    #[must_use]
    pub fn allows(&self, value: &Value) -> bool {
        let mut check = Check {
            nodes: &self.nodes,
            budget: BUDGET,
        };
        let allowed = check.holds(0, value);
        // Out of budget, inner checks fail; below a `not` that would turn into a pass.
        allowed && check.budget > 0
    }
}

struct Check<'m> {
    nodes: &'m [Node],
    budget: u32,
}

impl Check<'_> {
    /// Takes from the budget; nothing is left for the rest once it is empty.
    fn spend(&mut self) -> bool {
        self.budget = self.budget.saturating_sub(1);
        self.budget > 0
    }

    fn holds(&mut self, id: Id, value: &Value) -> bool {
        let nodes = self.nodes;
        let Some(node) = nodes.get(id).filter(|_| self.spend()) else {
            return false;
        };
        if let Some(target) = node.reference {
            return self.holds(target, value);
        }
        let of_type = |types: &Vec<Type>| types.iter().any(|kind| kind.is_of(value));
        node.types.as_ref().is_none_or(of_type)
            && node
                .values
                .as_ref()
                .is_none_or(|values| values.iter().any(|one| self.same(one, value)))
            && match value {
                Value::Number(number) => node.number.hold(number),
                Value::String(text) => node.text.hold(text),
                Value::Array(items) => self.array(&node.array, items),
                Value::Object(object) => self.object(&node.object, object, value),
                Value::Null | Value::Bool(_) => true,
            }
            && node.all.iter().all(|&id| self.holds(id, value))
            && (node.any.is_empty() || node.any.iter().any(|&id| self.holds(id, value)))
            && (node.one.is_empty()
                || node.one.iter().filter(|&&id| self.holds(id, value)).count() == 1)
            && node.not.is_none_or(|id| !self.holds(id, value))
    }

    fn array(&mut self, rules: &ArrayRules, items: &[Value]) -> bool {
        if items.len() < rules.min || rules.max.is_some_and(|max| items.len() > max) {
            return false;
        }
        let fit = match &rules.items {
            Items::Any => true,
            Items::Each(id) => items.iter().all(|item| self.holds(*id, item)),
            Items::ByPlace(ids) => {
                let rest = items.get(ids.len()..).unwrap_or_default();
                items
                    .iter()
                    .zip(ids)
                    .all(|(item, &id)| self.holds(id, item))
                    && match rules.additional {
                        Additional::Allowed => true,
                        Additional::Forbidden => rest.is_empty(),
                        Additional::Checked(id) => rest.iter().all(|item| self.holds(id, item)),
                    }
            }
        };
        fit && (!rules.unique
            || items.iter().enumerate().all(|(at, item)| {
                let before = items.get(..at).unwrap_or_default();
                before.iter().all(|other| !self.same(other, item))
            }))
    }

    /// `whole` is the object as a value, for the schemas that are asked about all of it.
    fn object(&mut self, rules: &ObjectRules, object: &Map<String, Value>, whole: &Value) -> bool {
        if object.len() < rules.min || rules.max.is_some_and(|max| object.len() > max) {
            return false;
        }
        let has = |names: &[String]| names.iter().all(|name| object.contains_key(name));
        if !has(&rules.required) {
            return false;
        }
        for (name, value) in object {
            let mut known = false;
            if let Some(&id) = rules.properties.get(name) {
                known = true;
                if !self.holds(id, value) {
                    return false;
                }
            }
            for (pattern, id) in &rules.patterns {
                if pattern.is_in(name) {
                    known = true;
                    if !self.holds(*id, value) {
                        return false;
                    }
                }
            }
            let fits = known
                || match rules.additional {
                    Additional::Allowed => true,
                    Additional::Forbidden => false,
                    Additional::Checked(id) => self.holds(id, value),
                };
            if !fits {
                return false;
            }
        }
        rules
            .dependencies
            .iter()
            .filter(|(name, _)| object.contains_key(name))
            .all(|(_, dependency)| match dependency {
                Dependency::Properties(names) => has(names),
                Dependency::Schema(id) => self.holds(*id, whole),
            })
    }

    /// Equality as JSON Schema defines it: by value, so `1` equals `1.0` (draft 4 §3.6).
    fn same(&mut self, a: &Value, b: &Value) -> bool {
        if !self.spend() {
            return false;
        }
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => order(a, b).is_eq(),
            (Value::Array(a), Value::Array(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same(a, b))
            }
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(name, a)| b.get(name).is_some_and(|b| self.same(a, b)))
            }
            _ => a == b,
        }
    }
}

impl Type {
    fn is_of(self, value: &Value) -> bool {
        match self {
            Self::Null => value.is_null(),
            Self::Boolean => value.is_boolean(),
            // Draft 4 §3.5: an integer has no fraction or exponent part, so 1.0 is not one.
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Text => value.is_string(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

impl NumberRules {
    fn hold(&self, number: &Number) -> bool {
        let below = |(limit, exclusive): &(Number, bool)| {
            let order = order(number, limit);
            order.is_lt() || order.is_eq() && !exclusive
        };
        let above = |(limit, exclusive): &(Number, bool)| {
            let order = order(number, limit);
            order.is_gt() || order.is_eq() && !exclusive
        };
        self.maximum.as_ref().is_none_or(below)
            && self.minimum.as_ref().is_none_or(above)
            && self
                .multiple_of
                .as_ref()
                .is_none_or(|divisor| is_multiple(number, divisor))
    }
}

impl TextRules {
    fn hold(&self, text: &str) -> bool {
        // Characters, not bytes (draft 4 §5.2).
        let length = text.chars().count();
        length >= self.min
            && self.max.is_none_or(|max| length <= max)
            && self
                .pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_in(text))
    }
}

/// A number as an integer, if it was written as one.
fn integer(number: &Number) -> Option<i128> {
    number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from))
}

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

/// Integers are compared exactly, all else as floating point.
fn order(a: &Number, b: &Number) -> std::cmp::Ordering {
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        // No JSON number is NaN, so there always is an order.
        _ => float(a)
            .partial_cmp(&float(b))
            .unwrap_or(std::cmp::Ordering::Less),
    }
}

fn is_multiple(number: &Number, divisor: &Number) -> bool {
    if let (Some(number), Some(divisor)) = (integer(number), integer(divisor)) {
        return number.checked_rem(divisor) == Some(0);
    }
    let quotient = float(number) / float(divisor);
    // 0.3 is a multiple of 0.1, though not of the binary fraction next to it.
    (quotient - quotient.round()).abs() <= quotient.abs() * 1e-12 + f64::EPSILON
}
