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
    let segments = path.split('/').map(|segment| {
        let parts = parts(segment).into_iter().map(|part| match part {
            Part::Text(text) => text,
            Part::Name(name) if greedy(name) => "{+}",
            Part::Name(_) => "{}",
        });
        parts.collect::<String>()
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A piece of a segment: `report.` and `format` of `report.{format}`.
enum Part<'p> {
    Text(&'p str),
    Name(&'p str),
}

fn parts(segment: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = segment;
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, inner)| Some((before, inner.split_once('}')?)))
    {
        parts.extend([Part::Text(before), Part::Name(name)]);
        rest = after;
    }
    parts.push(Part::Text(rest));
    parts
}

fn names(path: &str) -> Vec<&str> {
    let parts = path.split('/').flat_map(parts);
    parts
        .filter_map(|part| match part {
            Part::Name(name) => Some(name),
            Part::Text(_) => None,
        })
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
        let found = match direction {
            Direction::Response => new.get(name),
            _ => covering(&new, name),
        };
        let Some(other) = found else {
            let narrowed = covered(&new, name);
            if direction == Direction::Response && !narrowed.is_empty() {
                for other in narrowed {
                    let mut comparison = Comparison::new(before.0, after.0, direction);
                    comparison.compare(&schema(media), &schema(other), place);
                }
                continue;
            }
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
        let mut comparison = Comparison::new(before.0, after.0, direction);
        comparison.compare(&schema(media), &schema(other), place);
        encoding(media, other, place);
    }
}

/// The schema of a media type.
fn schema(media: &Value) -> Vec<&Value> {
    media.get("schema").into_iter().collect()
}

/// The media type of this name, or the narrowest range that it is in: `application/*`, `*/*`.
fn covering<'m, 'd>(all: &'m BTreeMap<String, &'d Value>, name: &str) -> Option<&'m &'d Value> {
    let group = name.split('/').next().unwrap_or_default();
    all.get(name)
        .or_else(|| all.get(&format!("{group}/*")))
        .or_else(|| all.get("*/*"))
}

/// The media types in a range.
fn covered<'m, 'd>(all: &'m BTreeMap<String, &'d Value>, range: &str) -> Vec<&'m &'d Value> {
    let Some(start) = range.strip_suffix('*') else {
        return Vec::new();
    };
    let inside = |name: &String| range == "*/*" || name.starts_with(start);
    let all = all.iter().filter(|(name, _)| inside(name));
    all.map(|(_, media)| media).collect()
}

/// How the parts of a form are written.
fn encoding(old: &Value, new: &Value, place: &mut Scope<'_>) {
    for (part, before) in members(old, "encoding") {
        let after = new.get("encoding").and_then(|all| all.get(part));
        let differs = |name: &str| {
            let after = after.and_then(|after| after.get(name));
            before.get(name).is_some() && after.is_some() && before.get(name) != after
        };
        if ["contentType", "style", "explode"].into_iter().any(differs) {
            place
                .inside(part)
                .breaking("encoding-changed", "the part is written differently");
        }
    }
}

/// A media type without its parameters, in lower case.
fn bare(name: &str) -> String {
    let bare = name.split(';').next().unwrap_or_default();
    bare.trim().to_ascii_lowercase()
}

fn responses(before: (&Value, &Value), after: (&Value, &Value), scope: &mut Scope<'_>) {
    for (status, response) in members(before.1, "responses") {
        let place = format!("response {status}");
        let old = resolve(before.0, response);
        let Some(new) = answer(after.1, status) else {
            let narrowed = within(after.1, status);
            if !narrowed.is_empty() {
                for (_, new) in narrowed {
                    let bodies = ((before.0, old), (after.0, resolve(after.0, new)));
                    media(
                        bodies.0,
                        bodies.1,
                        Direction::Response,
                        &mut scope.at(&*place),
                    );
                    headers(bodies.0, bodies.1, &place, scope);
                }
                continue;
            }
            if success(status) || (status == "default" && !succeeds(before.1)) {
                let message = "the status is no longer sent";
                scope.at(place).breaking("response-status-removed", message);
            }
            continue;
        };
        let new = resolve(after.0, new);
        let same = after.1["responses"].get(status).is_some();
        if same && old.get("description") != new.get("description") {
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
            // The old document says of it what it says of all of its kind.
            if let (Some(old), Some(new)) =
                (answer(before.1, status), after.1["responses"].get(status))
            {
                let (old, new) = (resolve(before.0, old), resolve(after.0, new));
                let place = format!("response {status}");
                media(
                    (before.0, old),
                    (after.0, new),
                    Direction::Response,
                    &mut scope.at(&*place),
                );
                if success(status) {
                    continue;
                }
            }
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

/// What an operation says of a status: itself, its range, or the default.
fn answer<'d>(operation: &'d Value, status: &str) -> Option<&'d Value> {
    let all = operation.get("responses")?;
    let range = status.get(..1).map(|first| format!("{first}XX"));
    all.get(status).or_else(|| all.get(range?)).or_else(|| {
        // Beside named successes the default is for failures.
        let default = !success(status) || !succeeds(operation);
        all.get("default").filter(|_| default)
    })
}

fn success(status: &str) -> bool {
    status.starts_with('2') || status.starts_with('3')
}

/// The statuses in a range, `2XX`.
fn within<'d>(operation: &'d Value, range: &str) -> Vec<(&'d String, &'d Value)> {
    let Some(first) = range.strip_suffix("XX") else {
        return Vec::new();
    };
    let all = members(operation, "responses");
    all.filter(|(status, _)| status.starts_with(first) && !status.ends_with("XX"))
        .collect()
}

/// True if the document names a success.
fn succeeds(operation: &Value) -> bool {
    members(operation, "responses").any(|(status, _)| success(status))
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
