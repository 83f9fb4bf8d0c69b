//! The parameters of an operation: path, query, header, cookie.

use serde_json::Value;

use crate::{
    finding::Scope,
    resolve::{flag, list, members, resolve, text},
    schema::{Comparison, Direction, changed, default, place_of, same_default},
    shape::{Kind, Shape},
};

/// The parameters of an operation and of its path, resolved. The operation's own count more.
fn all<'d>(document: &'d Value, path: &'d Value, operation: &'d Value) -> Vec<&'d Value> {
    let mut found: Vec<&Value> = Vec::new();
    for parameter in list(operation, "parameters")
        .iter()
        .chain(list(path, "parameters"))
    {
        let parameter = resolve(document, parameter);
        if !found.iter().any(|other| same(other, parameter)) {
            found.push(parameter);
        }
    }
    found
}

fn same(one: &Value, another: &Value) -> bool {
    let (name, other) = (text(one, "name"), text(another, "name"));
    text(one, "in") == text(another, "in")
        && (name == other || (text(one, "in") == "header" && name.eq_ignore_ascii_case(other)))
}

/// One side of the comparison.
pub(crate) struct Side<'d> {
    pub(crate) document: &'d Value,
    pub(crate) path: &'d Value,
    pub(crate) operation: &'d Value,
    /// The names of the path's parameters, in order: they are matched by their place, as a name is not sent.
    pub(crate) names: Vec<&'d str>,
}

pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, scope: &mut Scope<'_>) {
    let old = all(before.document, before.path, before.operation);
    let new = all(after.document, after.path, after.operation);
    let partner =
        |parameter: &Value, from: &Side<'_>, to: &Side<'_>, among: &[&'_ Value]| -> Option<usize> {
            if text(parameter, "in") == "path" {
                let at = from
                    .names
                    .iter()
                    .position(|name| *name == text(parameter, "name"))?;
                let name = to.names.get(at)?;
                return among
                    .iter()
                    .position(|other| text(other, "in") == "path" && text(other, "name") == *name);
            }
            among.iter().position(|other| same(other, parameter))
        };
    for parameter in &old {
        match partner(parameter, before, after, &new) {
            Some(at) => pair(
                (before.document, parameter),
                (after.document, new[at]),
                scope,
            ),
            None => {
                let mut place = scope.at(place_of(parameter));
                place.info("parameter-removed", "the parameter is no longer read");
            }
        }
    }
    for parameter in &new {
        if partner(parameter, after, before, &old).is_none()
            && flag(parameter, "required")
            && text(parameter, "in") != "path"
        {
            let mut place = scope.at(place_of(parameter));
            place.breaking(
                "parameter-required-added",
                "the parameter is new and required",
            );
        }
    }
}

fn pair(before: (&Value, &Value), after: (&Value, &Value), scope: &mut Scope<'_>) {
    let (old, new) = (before.1, after.1);
    let mut place = scope.at(place_of(old));
    let optional = !flag(old, "required") && text(old, "in") != "path";
    if optional && flag(new, "required") {
        place.breaking("parameter-became-required", "the parameter is now required");
    }
    if flag(old, "allowEmptyValue") && !flag(new, "allowEmptyValue") {
        place.breaking("parameter-empty-refused", "an empty value is now refused");
    }
    for (name, rule) in [
        ("deprecated", "parameter-deprecated"),
        ("description", "description-changed"),
        ("example", "example-changed"),
        ("examples", "example-changed"),
    ] {
        if old.get(name) != new.get(name) {
            place.info(rule, changed(name, old.get(name), new.get(name)));
        }
    }
    let (old_schema, new_schema) = (schema(old), schema(new));
    let (one, another) = (default(before.0, old_schema), default(after.0, new_schema));
    if !same_default(one, another) {
        let message = changed("default", one, another);
        if optional {
            place.breaking("parameter-default-changed", message);
        } else {
            place.info("parameter-default-changed", message);
        }
    }
    serialisation(before, after, &mut place);
    Comparison::new(before.0, after.0, Direction::Parameter).compare(
        &vec![old_schema],
        &vec![new_schema],
        &mut place,
    );
}

/// The schema of a parameter, which may stand in its one media type.
fn schema(parameter: &Value) -> &Value {
    parameter
        .get("schema")
        .or_else(|| members(parameter, "content").find_map(|(_, media)| media.get("schema")))
        .unwrap_or(&Value::Bool(true))
}

/// How a list or an object is written. For a single value it makes no difference.
fn serialisation(before: (&Value, &Value), after: (&Value, &Value), scope: &mut Scope<'_>) {
    let compound = |(document, parameter): (&Value, &Value)| {
        let shape = Shape::of(document, &[schema(parameter)]);
        !shape.is_anything()
            && shape
                .kinds
                .iter()
                .any(|kind| matches!(kind, Kind::List(_) | Kind::Object(_)))
    };
    let form = |parameter: &Value| -> (String, bool) {
        let style = match text(parameter, "style") {
            "" if matches!(text(parameter, "in"), "query" | "cookie") => "form",
            "" => "simple",
            style => style,
        };
        let exploded = parameter.get("explode").and_then(Value::as_bool);
        (style.to_owned(), exploded.unwrap_or(style == "form"))
    };
    let media = |parameter: &Value| {
        members(parameter, "content")
            .next()
            .map(|(name, _)| name.clone())
    };
    // A single value becomes a list of one only where a list is written as repeated values or as one text.
    let differs = form(before.1) != form(after.1) && compound(before) && compound(after);
    if differs || media(before.1) != media(after.1) {
        scope.breaking(
            "parameter-style-changed",
            "the values are serialised differently",
        );
    }
}
