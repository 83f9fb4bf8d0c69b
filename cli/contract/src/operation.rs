//! Documents and their operations.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    finding::{Report, Scope},
    parameter::{self, Side},
    resolve::{flag, members, resolve, text},
    schema::{Comparison, Direction, changed},
    security,
};

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// An operation and where it stands.
struct Operation<'d> {
    method: &'static str,
    /// The path as the document writes it.
    path: &'d str,
    item: &'d Value,
    value: &'d Value,
}

impl Operation<'_> {
    fn route(&self) -> String {
        format!("{} {}", self.method.to_ascii_uppercase(), self.path)
    }
}

/// A path without the names of its parameters, by which two documents' paths are the same; a parameter that takes several
/// segments is marked apart.
fn shape(path: &str, item: &Value, operation: &Value, document: &Value) -> String {
    let greedy = |name: &str| {
        name.ends_with('+')
            || [operation, item].iter().any(|holder| {
                crate::resolve::list(holder, "parameters")
                    .iter()
                    .map(|parameter| resolve(document, parameter))
                    .any(|parameter| {
                        text(parameter, "name") == name
                            && text(parameter, "in") == "path"
                            && flag(parameter, "x-greedy")
                    })
            })
    };
    let segments = path.split('/').map(|segment| match braces(segment) {
        Some((before, name, after)) if greedy(name) => format!("{before}{{+}}{after}"),
        Some((before, _, after)) => format!("{before}{{}}{after}"),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A segment's text before, in and after its braces.
fn braces(segment: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = segment.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

fn names(path: &str) -> Vec<&str> {
    path.split('/')
        .filter_map(braces)
        .map(|(_, name, _)| name)
        .collect()
}

type Operations<'d> = BTreeMap<(String, &'static str), Operation<'d>>;

fn operations(document: &Value) -> Operations<'_> {
    let mut all = BTreeMap::new();
    for (path, item) in members(document, "paths") {
        let item = resolve(document, item);
        for method in METHODS {
            if let Some(value) = item.get(method) {
                let operation = Operation {
                    method,
                    path,
                    item,
                    value,
                };
                all.insert((shape(path, item, value, document), method), operation);
            }
        }
    }
    all
}

pub(crate) fn compare(before: &Value, after: &Value, today: &str, report: &mut Report) {
    for name in ["servers", "tags"] {
        if before.get(name) != after.get(name) {
            let rule = if name == "servers" {
                "server-changed"
            } else {
                "documentation-changed"
            };
            Scope::new(report, "").info(rule, changed(name, before.get(name), after.get(name)));
        }
    }
    for name in ["title", "description"] {
        let (one, another) = (before["info"].get(name), after["info"].get(name));
        if one != another {
            Scope::new(report, "").info("documentation-changed", changed(name, one, another));
        }
    }
    let new = operations(after);
    for ((shape, method), old) in &operations(before) {
        let mut scope = Scope::new(report, &old.route());
        // A parameter that takes several segments takes one, too.
        let found = new.get(&(shape.clone(), *method)).or_else(|| {
            new.iter()
                .find(|((other, its_method), _)| its_method == method && widens(shape, other))
                .map(|(_, operation)| operation)
        });
        match found {
            Some(new) => operation((before, old), (after, new), &mut scope),
            None => removed(old, today, &mut scope),
        }
    }
}

/// True if `other` is the same path with single parameters become greedy ones.
fn widens(shape: &str, other: &str) -> bool {
    let (one, another): (Vec<&str>, Vec<&str>) =
        (shape.split('/').collect(), other.split('/').collect());
    one.len() == another.len()
        && one
            .iter()
            .zip(&another)
            .all(|(one, another)| one == another || (*one == "{}" && *another == "{+}"))
}

fn removed(operation: &Operation<'_>, today: &str, scope: &mut Scope<'_>) {
    let sunset = match text(operation.value, "x-sunset") {
        "" => text(operation.item, "x-sunset"),
        sunset => sunset,
    };
    if flag(operation.value, "deprecated") && !sunset.is_empty() && sunset <= today {
        let message = format!("the operation was removed, as announced for {sunset}");
        scope.info("operation-removed-after-sunset", message);
    } else {
        scope.breaking("operation-removed", "the operation was removed");
    }
}

fn operation(
    before: (&Value, &Operation<'_>),
    after: (&Value, &Operation<'_>),
    scope: &mut Scope<'_>,
) {
    let (old, new) = (before.1.value, after.1.value);
    for (name, rule) in [
        ("deprecated", "operation-deprecated"),
        ("operationId", "operation-id-changed"),
        ("summary", "documentation-changed"),
        ("description", "documentation-changed"),
        ("tags", "documentation-changed"),
        ("externalDocs", "documentation-changed"),
        ("x-sunset", "sunset-changed"),
        ("servers", "server-changed"),
    ] {
        if old.get(name) != new.get(name) {
            scope.info(rule, changed(name, old.get(name), new.get(name)));
        }
    }
    parameter::compare(&side(before), &side(after), scope);
    body((before.0, old), (after.0, new), scope);
    responses((before.0, old), (after.0, new), scope);
    security::compare((before.0, old), (after.0, new), scope);
}

fn side<'d>((document, operation): (&'d Value, &Operation<'d>)) -> Side<'d> {
    Side {
        document,
        path: operation.item,
        operation: operation.value,
        names: names(operation.path),
    }
}

/// A member of an operation, resolved.
fn member<'d>((document, value): (&'d Value, &'d Value), name: &str) -> Option<&'d Value> {
    value.get(name).map(|member| resolve(document, member))
}

fn body(before: (&Value, &Value), after: (&Value, &Value), scope: &mut Scope<'_>) {
    let mut place = scope.at("request body");
    match (member(before, "requestBody"), member(after, "requestBody")) {
        (None, Some(new)) if flag(new, "required") => {
            place.breaking("request-body-required-added", "a body is new and required");
        }
        (Some(_), None) => place.info("request-body-removed", "the body is no longer read"),
        (Some(old), Some(new)) => {
            if !flag(old, "required") && flag(new, "required") {
                place.breaking("request-body-became-required", "the body is now required");
            }
            let texts = (old.get("description"), new.get("description"));
            if texts.0 != texts.1 {
                place.info(
                    "description-changed",
                    changed("description", texts.0, texts.1),
                );
            }
            media(
                (before.0, old),
                (after.0, new),
                Direction::Request,
                &mut place,
            );
        }
        _ => {}
    }
}

/// The bodies by media type.
fn media(
    before: (&Value, &Value),
    after: (&Value, &Value),
    direction: Direction,
    place: &mut Scope<'_>,
) {
    let types = |body| -> BTreeMap<String, &Value> {
        members(body, "content")
            .map(|(name, media)| (bare(name), media))
            .collect()
    };
    let (old, new) = (types(before.1), types(after.1));
    for (name, media) in &old {
        let Some(other) = new.get(name) else {
            let (rule, message) = match direction {
                Direction::Response if new.is_empty() => (
                    "response-body-removed",
                    "the body is no longer sent".to_owned(),
                ),
                Direction::Response => (
                    "response-media-type-removed",
                    format!("`{name}` is no longer sent"),
                ),
                _ => (
                    "request-media-type-removed",
                    format!("`{name}` is now refused"),
                ),
            };
            place.breaking(rule, message);
            continue;
        };
        Comparison::new(before.0, after.0, direction).compare(
            &media.get("schema").into_iter().collect(),
            &other.get("schema").into_iter().collect(),
            place,
        );
    }
}

/// A media type without its parameters, in lower case.
fn bare(name: &str) -> String {
    let bare = name.split(';').next().unwrap_or_default();
    bare.trim().to_ascii_lowercase()
}

fn responses(before: (&Value, &Value), after: (&Value, &Value), scope: &mut Scope<'_>) {
    let success = |status: &str| status.starts_with('2') || status.starts_with('3');
    for (status, response) in members(before.1, "responses") {
        let place = format!("response {status}");
        let old = resolve(before.0, response);
        let Some(new) = after.1.get("responses").and_then(|all| all.get(status)) else {
            if success(status) {
                let message = "the status is no longer sent";
                scope.at(place).breaking("response-status-removed", message);
            }
            continue;
        };
        let new = resolve(after.0, new);
        if old.get("description") != new.get("description") {
            let message = changed(
                "description",
                old.get("description"),
                new.get("description"),
            );
            scope.at(&*place).info("description-changed", message);
        }
        media(
            (before.0, old),
            (after.0, new),
            Direction::Response,
            &mut scope.at(&*place),
        );
        headers((before.0, old), (after.0, new), &place, scope);
    }
    for (status, _) in members(after.1, "responses") {
        let known = before.1.get("responses").and_then(|all| all.get(status));
        if known.is_none() {
            let message = if success(status) {
                "the status is new: a client that knows only the old one may take it for a failure"
            } else {
                "the status is new"
            };
            scope
                .at(format!("response {status}"))
                .info("response-status-added", message);
        }
    }
}

fn headers(before: (&Value, &Value), after: (&Value, &Value), place: &str, scope: &mut Scope<'_>) {
    for (name, header) in members(before.1, "headers") {
        let old = resolve(before.0, header);
        let mut place = scope.at(format!("{place}: header `{name}`"));
        let found = members(after.1, "headers").find(|(other, _)| other.eq_ignore_ascii_case(name));
        let Some((_, header)) = found else {
            if flag(old, "required") {
                place.breaking("response-header-removed", "the header is no longer sent");
            } else {
                let message = "the header, which was optional, is no longer sent";
                place.info("response-header-removed", message);
            }
            continue;
        };
        let new = resolve(after.0, header);
        if flag(old, "required") && !flag(new, "required") {
            place.breaking(
                "response-header-became-optional",
                "the header may now be absent",
            );
        }
        Comparison::new(before.0, after.0, Direction::Response).compare(
            &old.get("schema").into_iter().collect(),
            &new.get("schema").into_iter().collect(),
            &mut place,
        );
    }
}
