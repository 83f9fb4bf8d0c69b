//! Two schemas of one place, compared as sets of values.

mod scalars;

use std::collections::HashSet;

use serde_json::Value;

use crate::{
    finding::{Report, Scope, Verdict},
    resolve::{flag, resolve, target, text},
    shape::{All, Kind, List, Object, Shape, Text, equal},
};

/// Whose values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// What clients send in a body: everything that was taken is taken still.
    Request,
    /// What clients send in a URL, header or cookie. There every value is a text.
    Parameter,
    /// What clients receive: nothing comes that could not come before.
    Response,
}

/// Compares two schemas, each of one document.
pub(crate) struct Comparison<'d> {
    pub(crate) before: &'d Value,
    pub(crate) after: &'d Value,
    direction: Direction,
    /// The pairs that are being compared, so that a type which contains itself ends.
    visited: HashSet<Pair>,
    /// The pairs without a difference, which need no second look: types that share types would be walked over and over.
    same: HashSet<Pair>,
}

/// How many values may lie within one another. Only a schema that grows with each level nests deeper.
const MAX_DEPTH: usize = 32;

/// Two lists of schemas, by where they lie in memory.
type Pair = (Vec<*const Value>, Vec<*const Value>);

impl<'d> Comparison<'d> {
    pub(crate) fn new(before: &'d Value, after: &'d Value, direction: Direction) -> Self {
        Self {
            before,
            after,
            direction,
            visited: HashSet::new(),
            same: HashSet::new(),
        }
    }

    /// Compares what all of `before` with what all of `after` allow.
    pub(crate) fn compare(&mut self, before: &All<'d>, after: &All<'d>, scope: &mut Scope<'_>) {
        let addresses = |document, schemas: &All<'d>| -> Vec<*const Value> {
            schemas
                .iter()
                .map(|schema| std::ptr::from_ref(resolve(document, schema)))
                .collect()
        };
        let pair = (addresses(self.before, before), addresses(self.after, after));
        if self.same.contains(&pair) || !self.visited.insert(pair.clone()) {
            return;
        }
        let findings = scope.report.findings.len();
        self.documentation(before, after, scope);
        let (old, new) = (Shape::of(self.before, before), Shape::of(self.after, after));
        if self.visited.len() < MAX_DEPTH {
            self.shapes(&old, &new, scope);
        } else if old != new {
            let message = "the schemas are nested too deeply to compare";
            scope.breaking("constraint-changed", message);
        }
        // Only what encloses this place is a circle; a sibling of the same type is compared at its own place.
        self.visited.remove(&pair);
        if scope.report.findings.len() == findings {
            self.same.insert(pair);
        }
    }

    fn is_response(&self) -> bool {
        self.direction == Direction::Response
    }

    /// What changes no value: texts, deprecation, defaults, names of types.
    fn documentation(&self, before: &All<'d>, after: &All<'d>, scope: &mut Scope<'_>) {
        let (Some(old), Some(new)) = (before.first(), after.first()) else {
            return;
        };
        if let (Some(one), Some(another)) = (old.get("$ref"), new.get("$ref"))
            && one != another
        {
            let short = |name: &Value| -> String {
                let name = name.as_str().unwrap_or_default();
                name.rsplit('/').next().unwrap_or_default().to_owned()
            };
            let message = format!("the type `{}` is now `{}`", short(one), short(another));
            scope.info("component-renamed", message);
        }
        let get = |document, schema: &'d Value, name: &str| {
            schema
                .get(name)
                .or_else(|| target(document, schema).and_then(|target| target.get(name)))
        };
        for (name, rule) in [
            ("description", "description-changed"),
            ("title", "description-changed"),
            ("deprecated", "value-deprecated"),
            ("default", "property-default-changed"),
        ] {
            if name == "default" && self.direction == Direction::Parameter {
                continue;
            }
            let (one, another) = (get(self.before, old, name), get(self.after, new, name));
            if one != another {
                scope.info(rule, changed(name, one, another));
            }
        }
        // 3.0 has one `example`, 3.1 a list.
        let examples = |document, schema: &'d Value| -> Vec<&'d Value> {
            let list = get(document, schema, "examples").and_then(Value::as_array);
            let one = get(document, schema, "example");
            one.into_iter().chain(list.into_iter().flatten()).collect()
        };
        let (one, another) = (examples(self.before, old), examples(self.after, new));
        if one != another {
            scope.info("example-changed", "the examples changed");
        }
    }

    fn shapes(&mut self, before: &Shape<'d>, after: &Shape<'d>, scope: &mut Scope<'_>) {
        let (small, large) = if self.is_response() {
            (after, before)
        } else {
            (before, after)
        };
        if large.is_anything() {
            return;
        }
        if let Some(constraint) = large
            .opaque
            .iter()
            .find(|constraint| !small.opaque.contains(constraint))
        {
            let message = format!("a constraint changed that cannot be compared: {constraint}");
            scope.breaking("constraint-changed", message);
        }
        for kind in &small.kinds {
            self.kind(kind, small, large, scope);
        }
    }

    /// Looks for a kind that takes all of `kind`'s values.
    fn kind(
        &mut self,
        kind: &Kind<'d>,
        small: &Shape<'d>,
        large: &Shape<'d>,
        scope: &mut Scope<'_>,
    ) {
        let candidates: Vec<&Kind<'d>> = large
            .kinds
            .iter()
            .filter(|other| self.comparable(kind, other))
            .collect();
        if candidates
            .iter()
            .any(|other| matches!((kind, other), (_, Kind::Constant(_, true))))
        {
            return;
        }
        match candidates[..] {
            [] if listed(kind, large) => {}
            [] => self.missing(kind, large, scope),
            [only] if family(small, kind) <= 1 => self.within(kind, only, scope),
            _ => {
                let mut closest: Option<Report> = None;
                for other in candidates {
                    let mut report = Report::default();
                    let mut attempt = Scope {
                        report: &mut report,
                        route: scope.route.clone(),
                        place: scope.place.clone(),
                        pointer: scope.pointer.clone(),
                    };
                    self.within(kind, other, &mut attempt);
                    if closest
                        .as_ref()
                        .is_none_or(|closest| distance(&report) < distance(closest))
                    {
                        closest = Some(report);
                    }
                }
                match closest {
                    Some(report) if report.verdict() < Verdict::Breaking => {
                        scope.report.findings.extend(report.findings);
                    }
                    _ => self.missing(kind, large, scope),
                }
            }
        }
    }

    /// True if the values of `other` may be values of `kind`.
    fn comparable(&self, kind: &Kind<'_>, other: &Kind<'_>) -> bool {
        match (kind, other) {
            (Kind::Null, Kind::Null)
            | (Kind::Boolean, Kind::Boolean)
            | (Kind::Number(_), Kind::Number(_))
            | (Kind::Text(_), Kind::Text(_))
            | (Kind::List(_), Kind::List(_))
            | (Kind::Object(_), Kind::Object(_)) => true,
            (Kind::Constant(_, _), Kind::Constant(_, true)) => kind.name() == other.name(),
            (Kind::Constant(value, _), other) => other.holds(value) || self.is_text_of(kind, other),
            (Kind::Text(_), Kind::Constant(_, true)) => kind.name() == other.name(),
            _ => self.is_text_of(kind, other),
        }
    }

    /// In a URL every number and every boolean is a text, and one value is a list of one.
    fn is_text_of(&self, kind: &Kind<'_>, other: &Kind<'_>) -> bool {
        self.direction == Direction::Parameter
            && matches!(
                (kind.name(), other),
                ("integer" | "number" | "boolean", Kind::Text(text)) if *text == Text::default()
            )
            || self.direction == Direction::Parameter
                && matches!(other, Kind::List(_))
                && !matches!(kind, Kind::Null | Kind::Object(_))
    }

    fn within(&mut self, kind: &Kind<'d>, other: &Kind<'d>, scope: &mut Scope<'_>) {
        match (kind, other) {
            (Kind::Number(small), Kind::Number(large)) => self.number(small, large, scope),
            (Kind::Text(small), Kind::Text(large)) => self.text(small, large, scope),
            // The lengths were held against the value; a pattern or a format was not.
            (Kind::Constant(Value::String(_), _), Kind::Text(large)) => {
                let open = Text {
                    patterns: large.patterns.clone(),
                    formats: large.formats.clone(),
                    ..Text::default()
                };
                self.text(&Text::default(), &open, scope);
            }
            (Kind::List(small), Kind::List(large)) => self.list(small, large, scope),
            (Kind::Object(small), Kind::Object(large)) => self.object(small, large, scope),
            // One value where a list is taken: it has to be a good element.
            (kind, Kind::List(list)) if self.direction == Direction::Parameter => {
                let mut element = Shape::of(self.after, &list.items);
                // A URL has no lists within lists.
                element.kinds.retain(|kind| !matches!(kind, Kind::List(_)));
                let single = Shape {
                    kinds: vec![kind.clone()],
                    opaque: Vec::new(),
                };
                if list.fewest > 1 {
                    let message = format!("at least {} values are now required", list.fewest);
                    scope.breaking("items-narrowed", message);
                }
                self.shapes(&single, &element, scope);
            }
            _ => {}
        }
    }

    /// No kind of the larger set takes these values.
    fn missing(&self, kind: &Kind<'_>, large: &Shape<'_>, scope: &mut Scope<'_>) {
        let name = kind.name();
        let known: Vec<&str> = large.kinds.iter().map(Kind::name).collect();
        let (rule, what): (&'static str, String) = match kind {
            Kind::Null => ("null", "null".to_owned()),
            Kind::Constant(value, _) if known.contains(&name) => {
                ("enum", format!("the value {value}"))
            }
            _ if known.contains(&name)
                && large
                    .kinds
                    .iter()
                    .any(|other| matches!(other, Kind::Constant(..))) =>
            {
                (
                    "enum",
                    format!("a value of type {name} that is not in the list"),
                )
            }
            _ if known.contains(&name) => ("variant", format!("a variant of type {name}")),
            _ => ("type", format!("a value of type {name}")),
        };
        if self.is_response() {
            let rule = match rule {
                "null" => "response-became-nullable",
                "enum" => "response-enum-value-added",
                "variant" => "response-variant-added",
                _ => "response-type-changed",
            };
            scope.breaking(rule, format!("{what} may now be sent"));
        } else {
            let rule = match rule {
                "null" => "request-null-refused",
                "enum" => "request-enum-value-removed",
                "variant" => "request-variant-removed",
                _ => "request-type-changed",
            };
            scope.breaking(rule, format!("{what} is now refused"));
        }
    }

    fn list(&mut self, small: &List<'d>, large: &List<'d>, scope: &mut Scope<'_>) {
        self.counts(
            ["element", "elements"],
            "items-changed",
            (small.fewest, large.fewest),
            (small.most, large.most),
            scope,
        );
        if large.unique && !small.unique {
            let message = if self.is_response() {
                "an element may now occur twice"
            } else {
                "every element must now be different"
            };
            scope.breaking("items-unique-changed", message);
        }
        let (before, after) = if self.is_response() {
            (large, small)
        } else {
            (small, large)
        };
        let longer = before.leading.len().max(after.leading.len());
        for at in 0..longer {
            let old = before.leading.get(at).unwrap_or(&before.items);
            let new = after.leading.get(at).unwrap_or(&after.items);
            self.compare(old, new, &mut scope.inside(&at.to_string()));
        }
        self.compare(&before.items, &after.items, &mut scope.inside("-"));
    }

    fn object(&mut self, small: &Object<'d>, large: &Object<'d>, scope: &mut Scope<'_>) {
        self.counts(
            ["property", "properties"],
            "properties-changed",
            (small.fewest, large.fewest),
            (small.most, large.most),
            scope,
        );
        let (before, after) = if self.is_response() {
            (large, small)
        } else {
            (small, large)
        };
        let names = before.properties.keys().chain(
            after
                .properties
                .keys()
                .filter(|name| !before.properties.contains_key(*name)),
        );
        let hidden = if self.is_response() {
            "writeOnly"
        } else {
            "readOnly"
        };
        for name in names {
            let old = self.visible(before.properties.get(name), self.before, hidden);
            let new = self.visible(after.properties.get(name), self.after, hidden);
            match (old, new) {
                (Some(old), Some(new)) => self.compare(old, new, &mut scope.inside(name)),
                (Some(old), None) => self.removed(name, old, before, after, scope),
                (None, Some(new)) => self.added(name, new, before, after, scope),
                (None, None) => {}
            }
        }
        self.required(before, after, scope);
        self.others(before, after, scope);
    }

    /// A property, unless it does not take part in this direction.
    fn visible<'o>(
        &self,
        property: Option<&'o All<'d>>,
        document: &'d Value,
        hidden: &str,
    ) -> Option<&'o All<'d>> {
        property.filter(|schemas| {
            !schemas
                .iter()
                .any(|schema| flag(schema, hidden) || flag(resolve(document, schema), hidden))
        })
    }

    fn removed(
        &mut self,
        name: &str,
        old: &All<'d>,
        before: &Object<'d>,
        after: &Object<'d>,
        scope: &mut Scope<'_>,
    ) {
        let mut place = scope.inside(name);
        if self.is_response() {
            if before.required.contains(name) {
                place.breaking(
                    "response-property-removed",
                    "the property is no longer sent",
                );
            } else {
                let message = "the property, which was optional, is no longer sent";
                place.info("response-optional-property-removed", message);
            }
        } else if after.closed {
            place.breaking("request-property-removed", "the property is now refused");
        } else if after.additional.is_empty() {
            place.info("request-property-ignored", "the property is no longer read");
        } else {
            self.compare(old, &after.additional.clone(), &mut place);
        }
    }

    fn added(
        &mut self,
        name: &str,
        new: &All<'d>,
        before: &Object<'d>,
        after: &Object<'d>,
        scope: &mut Scope<'_>,
    ) {
        let mut place = scope.inside(name);
        if !before.additional.is_empty() {
            self.compare(&before.additional.clone(), new, &mut place);
        }
        if self.is_response() {
            if before.closed {
                let message =
                    "the property is new, but the old document excluded additional properties";
                place.breaking("response-property-added-to-closed", message);
            }
        } else if after.required.contains(name) {
            place.breaking(
                "request-property-required",
                "the property is new and required",
            );
        }
    }

    /// Required names of properties that were there before.
    fn required(&self, before: &Object<'d>, after: &Object<'d>, scope: &mut Scope<'_>) {
        if self.is_response() {
            for name in before.required.difference(&after.required) {
                let removed =
                    before.properties.contains_key(name) && !after.properties.contains_key(name);
                if !removed {
                    let message = "the property may now be absent";
                    scope
                        .inside(name)
                        .breaking("response-property-became-optional", message);
                }
            }
        } else {
            for name in after.required.difference(&before.required) {
                let added =
                    after.properties.contains_key(name) && !before.properties.contains_key(name);
                let read_only = after.properties.get(name).is_some_and(|schemas| {
                    self.visible(Some(schemas), self.after, "readOnly")
                        .is_none()
                });
                if !added && !read_only {
                    let message = "the property is now required";
                    scope
                        .inside(name)
                        .breaking("request-property-became-required", message);
                }
            }
        }
    }

    /// Properties that the schema does not name.
    fn others(&mut self, before: &Object<'d>, after: &Object<'d>, scope: &mut Scope<'_>) {
        let (small, large) = if self.is_response() {
            (after, before)
        } else {
            (before, after)
        };
        if small.closed {
            return;
        }
        if large.closed {
            let message = if self.is_response() {
                "properties that the document does not name may now be sent"
            } else {
                "properties that the document does not name are now refused"
            };
            let rule = if self.is_response() {
                "response-became-open"
            } else {
                "request-became-closed"
            };
            scope.breaking(rule, message);
        } else if !large.additional.is_empty() {
            self.compare(
                &before.additional.clone(),
                &after.additional.clone(),
                &mut scope.inside("*"),
            );
        }
    }
}

/// True if an enum lists each of a few integers.
fn listed(kind: &Kind<'_>, large: &Shape<'_>) -> bool {
    let Kind::Number(number) = kind else {
        return false;
    };
    number.few().is_some_and(|values| {
        values.into_iter().all(|value| {
            large.kinds.iter().any(
                |other| matches!(other, Kind::Constant(Value::Number(it), _) if it.as_f64() == Some(value)),
            )
        })
    })
}

/// How far two kinds are apart: the findings that break, then all.
fn distance(report: &Report) -> (usize, usize) {
    let findings = report.findings.iter();
    let breaking = findings.filter(|finding| finding.verdict == Verdict::Breaking);
    (breaking.count(), report.findings.len())
}

/// How many kinds of the same type a shape has.
fn family(shape: &Shape<'_>, kind: &Kind<'_>) -> usize {
    let same = |other: &&Kind<'_>| std::mem::discriminant(*other) == std::mem::discriminant(kind);
    shape.kinds.iter().filter(same).count()
}

/// `the description changed`, or what came or went.
pub(crate) fn changed(name: &str, before: Option<&Value>, after: Option<&Value>) -> String {
    match (before, after) {
        (None, Some(Value::Bool(true))) => format!("it is now {name}"),
        (None, _) => format!("it now has a {name}"),
        (_, None) => format!("it no longer has a {name}"),
        (Some(before), Some(after)) if name == "default" => {
            format!("the {name} was {before} and is {after}")
        }
        _ => format!("the {name} changed"),
    }
}

/// The default of a parameter, which says what its absence means.
pub(crate) fn default<'v>(document: &'v Value, schema: &'v Value) -> Option<&'v Value> {
    schema
        .get("default")
        .or_else(|| resolve(document, schema).get("default"))
}

pub(crate) fn same_default(one: Option<&Value>, another: Option<&Value>) -> bool {
    match (one, another) {
        (Some(one), Some(another)) => equal(one, another),
        (None, None) => true,
        _ => false,
    }
}

/// The type's name for messages about a parameter.
pub(crate) fn place_of(parameter: &Value) -> String {
    format!(
        "{} parameter `{}`",
        text(parameter, "in"),
        text(parameter, "name")
    )
}
