//! All that is wrong with a value, each with its place: for an answer to the client. [`Model::allows`] ends at the first mistake.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{
    Additional, ArrayRules, BUDGET, Check, Dependency, Id, Items, Model, NumberRules, ObjectRules,
    TextRules, Type, order,
};

/// One problem of a value, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The place, as a JSON pointer (RFC 6901); empty for the whole value.
    pub pointer: String,
    /// The problem, for the client. It repeats nothing of the value except names of its members.
    pub detail: String,
}

/// The maximum number of listed problems: a client chooses its number of mistakes, and must not
/// choose the answer's size.
const MOST: usize = 50;

/// The longest pointer, in bytes. Deeper places are shown as their innermost parent within it.
const LONGEST_POINTER: usize = 512;

/// The longest list of allowed values, in bytes.
const LONGEST_LIST: usize = 300;

/// The longest name of a member that is repeated, in bytes.
const LONGEST_NAME: usize = 100;

impl Model {
    /// All problems of a value, in the schema's order; empty if it matches the schema. At most 50
    /// are listed.
    ///
    /// Two things differ from [`allows`](Self::allows), which behaves as a REST API. A number with
    /// a zero fraction (`2.0`) is an integer, as in later drafts of JSON Schema. And a value that
    /// takes too many comparisons has a violation that says so.
    ///
    /// ```
    /// use fw_gateway::Model;
    /// use serde_json::json;
    ///
    /// let model = Model::new(&json!({
    ///     "properties": {"count": {"type": "integer", "minimum": 1}},
    ///     "required": ["name"],
    /// }))?;
    /// let found = model.violations(&json!({"count": 0}));
    /// assert_eq!((&*found[0].pointer, &*found[0].detail), ("", "missing field `name`"));
    /// assert_eq!((&*found[1].pointer, &*found[1].detail), ("/count", "must be at least 1"));
    /// # Ok::<(), fw_gateway::ModelError>(())
    /// ```
    #[must_use]
    pub fn violations(&self, value: &Value) -> Vec<Violation> {
        let mut search = Search {
            check: Check {
                nodes: &self.nodes,
                budget: BUDGET,
            },
            pointer: String::new(),
            found: Vec::new(),
        };
        search.visit(0, value);
        if search.check.budget == 0 {
            search.pointer.clear();
            search.add("takes too long to check");
        }
        let violations = search.found.into_iter().map(|found| Violation {
            pointer: found.pointer,
            detail: found.detail,
        });
        violations.collect()
    }
}

struct Search<'m> {
    check: Check<'m>,
    pointer: String,
    found: Vec<Found<'m>>,
}

struct Found<'m> {
    pointer: String,
    detail: String,
    kind: Kind<'m>,
}

/// The relevant part of a violation if one of several schemas should match.
#[derive(Clone, Copy)]
enum Kind<'m> {
    /// The value is of another type.
    Type(&'m [Type]),
    /// It is not one of these values.
    Values(&'m [Value]),
    /// It lacks a member, or has one too many.
    Members,
    /// It is out of bounds.
    Bounds,
}

impl<'m> Search<'m> {
    fn add(&mut self, detail: impl Into<String>) {
        self.add_of(Kind::Bounds, detail);
    }

    fn add_of(&mut self, kind: Kind<'m>, detail: impl Into<String>) {
        if self.found.len() < MOST {
            self.found.push(Found {
                pointer: self.pointer.clone(),
                detail: detail.into(),
                kind,
            });
        }
    }

    /// Looks at a part of the value.
    fn part(&mut self, name: &str, id: Id, value: &Value) {
        self.at(name, |search| search.visit(id, value));
    }

    fn at(&mut self, name: &str, look: impl FnOnce(&mut Self)) {
        let end = self.pointer.len();
        self.pointer.push('/');
        self.pointer
            .push_str(&name.replace('~', "~0").replace('/', "~1"));
        if self.pointer.len() > LONGEST_POINTER {
            self.pointer.truncate(end);
        }
        look(self);
        self.pointer.truncate(end);
    }

    /// What another schema reports at this place.
    fn aside(&mut self, id: Id, value: &Value) -> Vec<Found<'m>> {
        let found = std::mem::take(&mut self.found);
        self.visit(id, value);
        std::mem::replace(&mut self.found, found)
    }

    fn visit(&mut self, id: Id, value: &Value) {
        if self.found.len() >= MOST || !self.check.spend() {
            return;
        }
        let nodes = self.check.nodes;
        let Some(node) = nodes.get(id) else {
            return;
        };
        if let Some(target) = node.reference {
            return self.visit(target, value);
        }
        if let Some(types) = &node.types
            && !types.iter().any(|kind| is_of(*kind, value))
        {
            return self.add_of(Kind::Type(types), format!("must be {}", names(types)));
        }
        if let Some(values) = &node.values
            && !values.iter().any(|one| self.check.same(one, value))
        {
            return self.add_of(Kind::Values(values), one_of(values));
        }
        match value {
            Value::Number(number) => self.number(&node.number, number),
            Value::String(text) => self.text(&node.text, text),
            Value::Array(items) => self.array(&node.array, items),
            Value::Object(object) => self.object(&node.object, object, value),
            Value::Null | Value::Bool(_) => {}
        }
        for &id in &node.all {
            self.visit(id, value);
        }
        self.alternatives(&node.any, value, false);
        self.alternatives(&node.one, value, true);
        if let Some(id) = node.not
            && self.aside(id, value).is_empty()
        {
            self.add("is not allowed");
        }
    }

    fn number(&mut self, rules: &NumberRules, number: &serde_json::Number) {
        if let Some((limit, exclusive)) = &rules.minimum {
            let order = order(number, limit);
            if order.is_lt() || order.is_eq() && *exclusive {
                let words = if *exclusive {
                    "greater than"
                } else {
                    "at least"
                };
                self.add(format!("must be {words} {limit}"));
            }
        }
        if let Some((limit, exclusive)) = &rules.maximum {
            let order = order(number, limit);
            if order.is_gt() || order.is_eq() && *exclusive {
                let words = if *exclusive { "less than" } else { "at most" };
                self.add(format!("must be {words} {limit}"));
            }
        }
        if let Some(divisor) = &rules.multiple_of
            && !super::is_multiple(number, divisor)
        {
            self.add(format!("must be a multiple of {divisor}"));
        }
    }

    fn text(&mut self, rules: &TextRules, text: &str) {
        if rules.min > 0 || rules.max.is_some() {
            let length = text.chars().count();
            self.length(length, rules.min, rules.max, ["character", "characters"]);
        }
        if let Some(pattern) = &rules.pattern
            && !pattern.is_in(text)
        {
            self.add(format!("must match `{}`", pattern.text()));
        }
    }

    fn length(&mut self, length: usize, min: usize, max: Option<usize>, what: [&str; 2]) {
        let counted = |count: usize| format!("{count} {}", what[usize::from(count != 1)]);
        if length < min {
            self.add(format!("must have at least {}", counted(min)));
        }
        if let Some(max) = max.filter(|max| length > *max) {
            self.add(format!("must have at most {}", counted(max)));
        }
    }

    fn array(&mut self, rules: &ArrayRules, items: &[Value]) {
        self.length(items.len(), rules.min, rules.max, ["item", "items"]);
        let visit_from = |search: &mut Self, from: usize, id: Id| {
            for (at, item) in items.iter().enumerate().skip(from) {
                search.part(&at.to_string(), id, item);
            }
        };
        match &rules.items {
            Items::Any => {}
            Items::Each(id) => visit_from(self, 0, *id),
            Items::ByPlace(ids) => {
                for ((at, item), &id) in items.iter().enumerate().zip(ids) {
                    self.part(&at.to_string(), id, item);
                }
                match rules.additional {
                    Additional::Allowed => {}
                    Additional::Forbidden => {
                        self.length(items.len(), 0, Some(ids.len()), ["item", "items"]);
                    }
                    Additional::Checked(id) => visit_from(self, ids.len(), id),
                }
            }
        }
        if !rules.unique {
            return;
        }
        for (at, item) in items.iter().enumerate() {
            let before = items.get(..at).unwrap_or_default();
            if let Some(first) = before.iter().position(|other| self.check.same(other, item)) {
                self.at(&at.to_string(), |search| {
                    search.add(format!("repeats item {first}"));
                });
            }
        }
    }

    fn object(&mut self, rules: &ObjectRules, object: &Map<String, Value>, whole: &Value) {
        self.missing(&rules.required, object);
        self.length(object.len(), rules.min, rules.max, ["field", "fields"]);
        // By name: whether a `Map` keeps the body's order depends on a feature that any crate of the build may switch on,
        // and one answer must not depend on that.
        let mut members: Vec<_> = object.iter().collect();
        members.sort_unstable_by_key(|&(name, _)| name);
        for (name, value) in members {
            let mut known = false;
            if let Some(&id) = rules.properties.get(name) {
                known = true;
                self.part(name, id, value);
            }
            for (pattern, id) in &rules.patterns {
                if pattern.is_in(name) {
                    known = true;
                    self.part(name, *id, value);
                }
            }
            match rules.additional {
                Additional::Checked(id) if !known => self.part(name, id, value),
                Additional::Forbidden if !known => {
                    let name = cut(name, LONGEST_NAME);
                    self.add_of(Kind::Members, format!("unknown field `{}`", escaped(&name)));
                }
                _ => {}
            }
        }
        for (name, dependency) in &rules.dependencies {
            if object.contains_key(name) {
                match dependency {
                    Dependency::Properties(names) => self.missing(names, object),
                    Dependency::Schema(id) => self.visit(*id, whole),
                }
            }
        }
    }

    fn missing(&mut self, names: &[String], object: &Map<String, Value>) {
        for name in names {
            if !object.contains_key(name) {
                self.add_of(Kind::Members, format!("missing field `{name}`"));
            }
        }
    }

    /// Several schemas of which one should match: reports the problems of the one that was meant.
    fn alternatives(&mut self, ids: &[Id], value: &Value, exactly_one: bool) {
        let mut branches = Vec::with_capacity(ids.len());
        let mut fit = 0;
        for &id in ids {
            let found = self.aside(id, value);
            if found.is_empty() {
                fit += 1;
                if !exactly_one {
                    return;
                }
            }
            branches.push(found);
        }
        match fit {
            0 => self.nearest(branches),
            1 => {}
            fit => self.add(format!("fits {fit} of {} alternatives", ids.len())),
        }
    }

    fn nearest(&mut self, branches: Vec<Vec<Found<'m>>>) {
        let Some(first) = branches.first() else {
            return;
        };
        // All ask for another type, or for other values, of one place: what they allow together.
        if let Some(types) = in_common(first, &branches, &self.pointer, |kind| match kind {
            Kind::Type(types) => Some(types),
            _ => None,
        }) {
            return self.add(format!("must be {}", names(&types)));
        }
        let places = first.iter().map(|found| &found.pointer);
        for place in places {
            let values = in_common(first, &branches, place, |kind| match kind {
                Kind::Values(values) => Some(values),
                _ => None,
            });
            if let Some(values) = values {
                self.found.push(Found {
                    pointer: place.clone(),
                    detail: one_of(&values),
                    kind: Kind::Bounds,
                });
                return;
            }
        }
        // Fewer mistakes that suggest another alternative mean a better match.
        let far = |branch: &Vec<Found<'_>>| {
            let count = |is: fn(&Found<'_>, &str) -> bool| {
                branch
                    .iter()
                    .filter(|found| is(found, &self.pointer))
                    .count()
            };
            (
                count(|found, here| found.pointer == here && matches!(found.kind, Kind::Type(_))),
                count(|found, _| matches!(found.kind, Kind::Values(_))),
                count(|found, _| !matches!(found.kind, Kind::Bounds)),
                branch.len(),
            )
        };
        if let Some(nearest) = branches.into_iter().min_by_key(far) {
            let room = MOST.saturating_sub(self.found.len());
            self.found.extend(nearest.into_iter().take(room));
        }
    }
}

/// What all branches report about a place, together; `None` if one of them reports nothing of this
/// kind there.
fn in_common<'m, T: Clone + 'm>(
    first: &[Found<'m>],
    branches: &[Vec<Found<'m>>],
    place: &str,
    of: impl Fn(Kind<'m>) -> Option<&'m [T]>,
) -> Option<Vec<T>> {
    let find = |branch: &[Found<'m>]| {
        let mut there = branch.iter().filter(|found| found.pointer == place);
        there.find_map(|found| of(found.kind))
    };
    find(first)?;
    let all: Option<Vec<&[T]>> = branches.iter().map(|branch| find(branch)).collect();
    Some(all?.concat())
}

fn is_of(kind: Type, value: &Value) -> bool {
    /// Up to this value a float represents every integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let integral = |float: f64| float.fract() == 0.0 && float.abs() <= EXACT;
    kind.is_of(value) || matches!(kind, Type::Integer) && value.as_f64().is_some_and(integral)
}

fn names(types: &[Type]) -> String {
    let mut names: Vec<&str> = Vec::with_capacity(types.len());
    for kind in types {
        let name = match kind {
            Type::Null => "null",
            Type::Boolean => "a boolean",
            Type::Integer => "an integer",
            Type::Number => "a number",
            Type::Text => "a string",
            Type::Array => "an array",
            Type::Object => "an object",
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" or ")
}

fn one_of(values: &[Value]) -> String {
    if let [value] = values {
        return format!("must be {}", cut(&value.to_string(), LONGEST_LIST));
    }
    let mut text = String::new();
    for value in values {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}{value}");
    }
    format!("must be one of: {}", cut(&text, LONGEST_LIST))
}

fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(longest)])
}

/// A name of the client's, without control characters.
fn escaped(name: &str) -> String {
    name.chars()
        .flat_map(|char| match char {
            char if char.is_control() => char.escape_default().collect::<Vec<_>>(),
            char => vec![char],
        })
        .collect()
}

#[cfg(test)]
#[path = "violations/tests.rs"]
mod tests;
