//! A schema as the set of values that it allows, whatever it is spelt like.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::read::{items, number, object, text};
use crate::resolve::{flag, list, target};

/// A union of kinds of values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shape<'d> {
    pub(crate) kinds: Vec<Kind<'d>>,
    /// Constraints that are not understood as sets: `not`, `if`, … Equal ones are equal.
    pub(crate) opaque: Vec<&'d Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind<'d> {
    Null,
    Boolean,
    /// One value, of an enum or a `const`. `true`: the enum says that it may grow.
    Constant(&'d Value, bool),
    Number(Number),
    Text(Text),
    List(List<'d>),
    Object(Object<'d>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Number {
    pub(crate) integer: bool,
    /// `float` is narrower than `double`, and that one than a number without a format.
    pub(crate) float: Option<&'static str>,
    pub(crate) least: Option<Bound>,
    pub(crate) greatest: Option<Bound>,
    pub(crate) multiple_of: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) value: f64,
    pub(crate) exclusive: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) shortest: u64,
    pub(crate) longest: Option<u64>,
    pub(crate) patterns: BTreeSet<String>,
    pub(crate) formats: BTreeSet<String>,
}

/// Schemas that a value has to fulfil all at once.
pub(crate) type All<'d> = Vec<&'d Value>;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct List<'d> {
    pub(crate) items: All<'d>,
    pub(crate) leading: Vec<All<'d>>,
    pub(crate) fewest: u64,
    pub(crate) most: Option<u64>,
    pub(crate) unique: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object<'d> {
    pub(crate) properties: BTreeMap<&'d str, All<'d>>,
    pub(crate) required: BTreeSet<&'d str>,
    /// Nothing but the properties.
    pub(crate) closed: bool,
    /// What every other property has to be.
    pub(crate) additional: All<'d>,
    pub(crate) fewest: u64,
    pub(crate) most: Option<u64>,
}

/// Keywords that are compared as they stand.
const OPAQUE: [&str; 11] = [
    "not",
    "if",
    "then",
    "else",
    "patternProperties",
    "propertyNames",
    "dependentSchemas",
    "dependentRequired",
    "contains",
    "minContains",
    "unevaluatedItems",
];

/// Formats of which each text is also of the other format.
const WIDER: [(&str, &str); 7] = [
    ("uri", "uri-reference"),
    ("uri", "iri"),
    ("uri", "iri-reference"),
    ("uri-reference", "iri-reference"),
    ("iri", "iri-reference"),
    ("email", "idn-email"),
    ("hostname", "idn-hostname"),
];

/// How many integers an enum may list instead of bounds.
const FEW: f64 = 256.0;

/// How deep references, `allOf` and unions may nest within one schema.
const MAX_DEPTH: usize = 32;

impl<'d> Shape<'d> {
    /// The set of values that fulfil all of these schemas.
    pub(crate) fn of(document: &'d Value, schemas: &[&'d Value]) -> Self {
        schemas.iter().fold(Self::anything(), |shape, schema| {
            shape.intersect(Self::expand(document, schema, &mut Vec::new()))
        })
    }

    pub(crate) fn anything() -> Self {
        Self {
            kinds: vec![
                Kind::Null,
                Kind::Boolean,
                Kind::Number(Number::default()),
                Kind::Text(Text::default()),
                Kind::List(List::default()),
                Kind::Object(Object::default()),
            ],
            opaque: Vec::new(),
        }
    }

    fn nothing() -> Self {
        Self {
            kinds: Vec::new(),
            opaque: Vec::new(),
        }
    }

    pub(crate) fn is_anything(&self) -> bool {
        *self == Self::anything()
    }

    /// `path` has the schemas that are being expanded: one that consists of itself says nothing.
    fn expand(document: &'d Value, schema: &'d Value, path: &mut Vec<&'d Value>) -> Self {
        match schema {
            Value::Bool(false) => return Self::nothing(),
            Value::Object(_)
                if path.len() < MAX_DEPTH
                    && !path.iter().any(|held| std::ptr::eq(*held, schema)) => {}
            _ => return Self::anything(),
        }
        path.push(schema);
        let mut shape = Self::of_keywords(schema);
        if let Some(target) = target(document, schema) {
            shape = shape.intersect(Self::expand(document, target, path));
        }
        for part in list(schema, "allOf") {
            shape = shape.intersect(Self::expand(document, part, path));
        }
        for name in ["anyOf", "oneOf"] {
            let branches = list(schema, name);
            if !branches.is_empty() {
                let union = branches.iter().fold(Self::nothing(), |mut union, branch| {
                    let branch = Self::expand(document, branch, path);
                    union.add(branch);
                    union
                });
                shape = shape.intersect(union);
            }
        }
        // What no part of the schema names is refused.
        if schema.get("unevaluatedProperties") == Some(&Value::Bool(false)) {
            for kind in &mut shape.kinds {
                if let Kind::Object(object) = kind {
                    object.closed |= object.additional.is_empty();
                }
            }
        } else if let Some(other @ Value::Object(_)) = schema.get("unevaluatedProperties") {
            shape.opaque.push(other);
        }
        shape.join_booleans();
        // 3.0's word for a null beside the type.
        if flag(schema, "nullable") && !shape.kinds.contains(&Kind::Null) {
            shape.kinds.push(Kind::Null);
        }
        path.pop();
        shape
    }

    /// The keywords that stand beside one another in one schema.
    fn of_keywords(schema: &'d Value) -> Self {
        let named: Vec<&str> = match schema.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => vec!["null", "boolean", "number", "string", "array", "object"],
        };
        let integer_only = !named.contains(&"number");
        let mut kinds = Vec::new();
        for name in &named {
            kinds.push(match *name {
                "null" => Kind::Null,
                "boolean" => Kind::Boolean,
                "number" => Kind::Number(number(schema, false)),
                "integer" if integer_only => Kind::Number(number(schema, true)),
                "string" => Kind::Text(text(schema)),
                "array" => Kind::List(items(schema)),
                "object" => Kind::Object(object(schema)),
                _ => continue,
            });
        }
        let mut shape = Self {
            kinds,
            // `true` is the same as nothing.
            opaque: OPAQUE
                .iter()
                .filter_map(|name| schema.get(name))
                .filter(|constraint| **constraint != Value::Bool(true))
                .collect(),
        };
        let open = flag(schema, "x-open") || flag(schema, "x-extensible-enum");
        let constants: Vec<&Value> = match (schema.get("const"), schema.get("enum")) {
            (Some(one), _) => vec![one],
            (None, Some(Value::Array(several))) => several.iter().collect(),
            _ => return shape,
        };
        let constants = constants
            .into_iter()
            .filter(|value| shape.kinds.iter().any(|kind| kind.holds(value)))
            .map(|value| Kind::constant(value, open))
            .collect();
        shape.kinds = constants;
        shape
    }

    /// `true` and `false` are all booleans.
    fn join_booleans(&mut self) {
        let is = |kind: &Kind<'_>, value: bool| matches!(kind, Kind::Constant(Value::Bool(it), false) if *it == value);
        let both = [true, false]
            .into_iter()
            .all(|value| self.kinds.iter().any(|kind| is(kind, value)));
        if both || self.kinds.contains(&Kind::Boolean) {
            self.kinds
                .retain(|kind| !is(kind, true) && !is(kind, false));
            if both && !self.kinds.contains(&Kind::Boolean) {
                self.kinds.push(Kind::Boolean);
            }
        }
    }

    fn add(&mut self, other: Self) {
        for kind in other.kinds {
            if !self.kinds.contains(&kind) {
                self.kinds.push(kind);
            }
        }
        self.opaque.extend(other.opaque);
    }

    fn intersect(self, other: Self) -> Self {
        if other.is_anything() {
            return self;
        }
        if self.is_anything() {
            return other;
        }
        let mut kinds = Vec::new();
        for one in &self.kinds {
            for another in &other.kinds {
                if let Some(both) = one.intersect(another)
                    && !kinds.contains(&both)
                {
                    kinds.push(both);
                }
            }
        }
        let mut opaque = self.opaque;
        for constraint in other.opaque {
            if !opaque.contains(&constraint) {
                opaque.push(constraint);
            }
        }
        Self { kinds, opaque }
    }
}

impl<'d> Kind<'d> {
    fn constant(value: &'d Value, open: bool) -> Self {
        if value.is_null() {
            Self::Null
        } else {
            Self::Constant(value, open)
        }
    }

    /// The type's name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean | Self::Constant(Value::Bool(_), _) => "boolean",
            Self::Number(number) if number.integer => "integer",
            Self::Number(_) | Self::Constant(Value::Number(_), _) => "number",
            Self::Text(_) | Self::Constant(Value::String(_), _) => "string",
            Self::List(_) | Self::Constant(Value::Array(_), _) => "array",
            Self::Object(_) | Self::Constant(Value::Object(_), _) => "object",
            Self::Constant(Value::Null, _) => "null",
        }
    }

    /// True if a value is of this kind. What a pattern or a format says of a text is not known, so such a text is held.
    pub(crate) fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, Value::Null) | (Self::Boolean, Value::Bool(_)) => true,
            (Self::Constant(constant, _), value) => equal(constant, value),
            (Self::Number(number), Value::Number(value)) => number.holds(value.as_f64()),
            (Self::Text(text), Value::String(value)) => {
                let length = value.chars().count() as u64;
                length >= text.shortest && text.longest.is_none_or(|longest| length <= longest)
            }
            (Self::List(list), Value::Array(values)) => {
                let length = values.len() as u64;
                length >= list.fewest && list.most.is_none_or(|most| length <= most)
            }
            (Self::Object(object), Value::Object(values)) => object
                .required
                .iter()
                .all(|name| values.contains_key(*name)),
            _ => false,
        }
    }

    fn intersect(&self, other: &Self) -> Option<Self> {
        Some(match (self, other) {
            (Self::Null, Self::Null) => Self::Null,
            (Self::Boolean, Self::Boolean) => Self::Boolean,
            (Self::Constant(value, open), kind) | (kind, Self::Constant(value, open)) => {
                if !kind.holds(value) {
                    return None;
                }
                Self::Constant(value, *open)
            }
            (Self::Number(one), Self::Number(another)) => Self::Number(one.intersect(another)),
            (Self::Text(one), Self::Text(another)) => Self::Text(one.intersect(another)),
            (Self::List(one), Self::List(another)) => Self::List(one.intersect(another)),
            (Self::Object(one), Self::Object(another)) => Self::Object(one.intersect(another)),
            _ => return None,
        })
    }
}

/// Equal as JSON: numbers by value.
pub(crate) fn equal(one: &Value, another: &Value) -> bool {
    match (one, another) {
        (Value::Number(one), Value::Number(another)) => one.as_f64() == another.as_f64(),
        _ => one == another,
    }
}

/// Adds schemas that are not there yet. A type that contains itself by `allOf` would otherwise gather them without end.
fn join<'d>(all: &mut All<'d>, more: &All<'d>) {
    for schema in more {
        if !all.iter().any(|held| std::ptr::eq(*held, *schema)) {
            all.push(schema);
        }
    }
}

fn smaller<T: PartialOrd>(one: Option<T>, another: Option<T>) -> Option<T> {
    match (one, another) {
        (Some(one), Some(another)) => Some(if another < one { another } else { one }),
        (one, another) => one.or(another),
    }
}

impl Bound {
    /// True if this bound, as a lower one, leaves out all that `other` leaves out.
    pub(crate) fn is_above(self, other: Self) -> bool {
        self.value > other.value
            || (self.value == other.value && (self.exclusive || !other.exclusive))
    }

    /// The same as an upper bound.
    pub(crate) fn is_below(self, other: Self) -> bool {
        self.value < other.value
            || (self.value == other.value && (self.exclusive || !other.exclusive))
    }
}

impl Number {
    /// All of its values, if they are a few integers.
    pub(crate) fn few(&self) -> Option<Vec<f64>> {
        let (least, greatest) = (self.least?.value.ceil(), self.greatest?.value.floor());
        if !self.integer || !(0.0..FEW).contains(&(greatest - least)) {
            return None;
        }
        let mut all = Vec::new();
        let mut next = least;
        while next <= greatest {
            if self.holds(Some(next)) {
                all.push(next);
            }
            next += 1.0;
        }
        Some(all)
    }

    fn holds(&self, value: Option<f64>) -> bool {
        let Some(value) = value else { return false };
        let point = Bound {
            value,
            exclusive: false,
        };
        (!self.integer || value.fract() == 0.0)
            && self
                .multiple_of
                .is_none_or(|step| step == 0.0 || (value / step).fract() == 0.0)
            && self.least.is_none_or(|least| point.is_above(least))
            && self
                .greatest
                .is_none_or(|greatest| point.is_below(greatest))
    }

    fn intersect(&self, other: &Self) -> Self {
        let tighter =
            |one: Option<Bound>, another: Option<Bound>, is: fn(Bound, Bound) -> bool| match (
                one, another,
            ) {
                (Some(one), Some(another)) => Some(if is(one, another) { one } else { another }),
                (one, another) => one.or(another),
            };
        Self {
            integer: self.integer || other.integer,
            float: self.float.or(other.float),
            least: tighter(self.least, other.least, Bound::is_above),
            greatest: tighter(self.greatest, other.greatest, Bound::is_below),
            multiple_of: self.multiple_of.or(other.multiple_of),
        }
    }
}

impl Text {
    /// A format of `other` that these texts need not have.
    pub(crate) fn format_missing<'o>(&self, other: &'o Self) -> Option<&'o String> {
        let mut missing = other.formats.iter().filter(|wider| {
            !self.formats.iter().any(|format| {
                format == *wider || WIDER.contains(&(format.as_str(), wider.as_str()))
            })
        });
        missing.next()
    }

    fn intersect(&self, other: &Self) -> Self {
        Self {
            shortest: self.shortest.max(other.shortest),
            longest: smaller(self.longest, other.longest),
            patterns: &self.patterns | &other.patterns,
            formats: &self.formats | &other.formats,
        }
    }
}

impl List<'_> {
    fn intersect(&self, other: &Self) -> Self {
        let mut items = self.items.clone();
        join(&mut items, &other.items);
        let longer = self.leading.len().max(other.leading.len());
        let leading = (0..longer)
            .map(|at| {
                let mut all = self.leading.get(at).unwrap_or(&self.items).clone();
                join(&mut all, other.leading.get(at).unwrap_or(&other.items));
                all
            })
            .collect();
        Self {
            items,
            leading,
            fewest: self.fewest.max(other.fewest),
            most: smaller(self.most, other.most),
            unique: self.unique || other.unique,
        }
    }
}

impl Object<'_> {
    fn intersect(&self, other: &Self) -> Self {
        let mut properties = self.properties.clone();
        for (name, schemas) in &other.properties {
            join(properties.entry(name).or_default(), schemas);
        }
        let mut additional = self.additional.clone();
        join(&mut additional, &other.additional);
        Self {
            properties,
            required: &self.required | &other.required,
            closed: self.closed || other.closed,
            additional,
            fewest: self.fewest.max(other.fewest),
            most: smaller(self.most, other.most),
        }
    }
}
