//! Who may call an operation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{finding::Scope, resolve::resolve};

/// One way in: every scheme of it with the scopes that it asks for. A scheme is known by its definition, not its name.
type Way = BTreeMap<String, BTreeSet<String>>;

/// The ways in; one of them is enough. Public operations have one that asks for nothing.
fn ways(document: &Value, operation: &Value) -> Vec<Way> {
    let requirements = operation
        .get("security")
        .or_else(|| document.get("security"))
        .and_then(Value::as_array);
    let mut ways: Vec<Way> = requirements
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .map(|requirement| {
            requirement
                .iter()
                .map(|(name, scopes)| {
                    let scopes = scopes.as_array().into_iter().flatten();
                    let scopes = scopes
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect();
                    (definition(document, name), scopes)
                })
                .collect()
        })
        .collect();
    if ways.is_empty() {
        ways.push(Way::new());
    }
    ways
}

/// What a scheme asks of a client, without its texts.
fn definition(document: &Value, name: &str) -> String {
    let schemes = &document["components"]["securitySchemes"];
    let scheme = resolve(document, &schemes[name]);
    if scheme.is_null() {
        return json!({ "name": name }).to_string();
    }
    let mut parts = BTreeMap::new();
    for part in ["type", "in", "name", "scheme", "openIdConnectUrl"] {
        if let Some(value) = scheme.get(part) {
            let value = value.as_str().unwrap_or_default();
            // Header names and schemes have no case.
            parts.insert(part, value.to_ascii_lowercase());
        }
    }
    if let Some(flows) = scheme.get("flows").and_then(Value::as_object) {
        for (flow, details) in flows {
            for part in ["authorizationUrl", "tokenUrl"] {
                if let Some(url) = details.get(part).and_then(Value::as_str) {
                    let key: &'static str = if part == "tokenUrl" {
                        "token"
                    } else {
                        "authorization"
                    };
                    parts.insert(key, format!("{flow} {url}"));
                }
            }
        }
    }
    format!("{parts:?}")
}

/// True if whoever passes by `had` passes by `has`, too.
fn passes(had: &Way, has: &Way) -> bool {
    has.iter()
        .all(|(scheme, scopes)| had.get(scheme).is_some_and(|held| scopes.is_subset(held)))
}

pub(crate) fn compare(before: (&Value, &Value), after: (&Value, &Value), scope: &mut Scope<'_>) {
    let (old, new) = (ways(before.0, before.1), ways(after.0, after.1));
    let public = |ways: &[Way]| ways.iter().any(Way::is_empty);
    if public(&new) {
        if !public(&old) {
            scope.info("security-removed", "everyone may now call the operation");
        }
    } else if public(&old) {
        scope.breaking(
            "security-added",
            "the operation was public and is now guarded",
        );
    } else if !old.iter().all(|had| new.iter().any(|has| passes(had, has))) {
        let message = "credentials that were sufficient are no longer sufficient";
        scope.breaking("security-tightened", message);
    }
}
