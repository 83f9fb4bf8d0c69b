//! Who may call: the schemes, and what each operation asks for.

use fw_manifest::{Authorization, Manifest, ManifestAuthorizer, ManifestRoute};
use serde_json::{Map, Value, json};

use crate::Info;

/// The scheme of requests that are signed.
const SIGNED: &str = "sigv4";
/// The scheme of requests with an API key.
const KEYED: &str = "api_key";

/// What an operation asks for. An empty list says that everybody may call it.
pub(crate) fn requirements(route: &ManifestRoute, manifest: &Manifest, info: &Info) -> Value {
    let mut asked = Map::new();
    match &route.authorization {
        None => {}
        Some(Authorization::Iam) => {
            asked.insert(SIGNED.to_owned(), json!([]));
        }
        Some(Authorization::Jwt { name, scopes }) => {
            // A scheme that lists no scopes takes none (Spectral, `oas3-operation-security-defined`).
            let scopes = if info.issuers.contains_key(name) {
                json!(scopes)
            } else {
                json!([])
            };
            asked.insert(name.clone(), scopes);
        }
        Some(Authorization::Lambda { name }) => {
            let found = manifest.authorizers.iter().find(|one| one.name == *name);
            for (scheme, _) in identities(name, found) {
                asked.insert(scheme, json!([]));
            }
        }
    }
    if route.api_key {
        asked.insert(KEYED.to_owned(), json!([]));
    }
    if asked.is_empty() {
        json!([])
    } else {
        json!([asked])
    }
}

/// The schemes that the operations ask for.
pub(crate) fn schemes(manifest: &Manifest, info: &Info) -> Map<String, Value> {
    let mut schemes = std::collections::BTreeMap::new();
    for route in &manifest.routes {
        match &route.authorization {
            None => {}
            Some(Authorization::Iam) => {
                schemes.insert(
                    SIGNED.to_owned(),
                    json!({
                        "type": "apiKey",
                        "name": "Authorization",
                        "in": "header",
                        "description": "The request is signed with Signature Version 4 of AWS.",
                        "x-amazon-apigateway-authtype": "awsSigv4",
                    }),
                );
            }
            Some(Authorization::Jwt { name, .. }) => {
                let scopes = scopes(manifest, name);
                let scheme = match info.issuers.get(name) {
                    // A scheme of OpenID Connect lists no scopes, so that a tool could not check those that operations ask for.
                    Some(issuer) if !scopes.is_empty() => json!({
                        "type": "oauth2",
                        "description": format!(
                            "A JSON Web Token of {issuer}. Where tokens are issued stands in {}",
                            discovery(issuer)
                        ),
                        "flows": { "clientCredentials": { "tokenUrl": issuer, "scopes": scopes } },
                    }),
                    Some(issuer) => json!({
                        "type": "openIdConnect",
                        "openIdConnectUrl": discovery(issuer),
                    }),
                    None => json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" }),
                };
                schemes.insert(name.clone(), scheme);
            }
            Some(Authorization::Lambda { name }) => {
                let found = manifest.authorizers.iter().find(|one| one.name == *name);
                schemes.extend(identities(name, found));
            }
        }
        if route.api_key {
            schemes.insert(
                KEYED.to_owned(),
                json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }),
            );
        }
    }
    schemes.into_iter().collect()
}

/// Where an issuer says what it is (`OpenID` Connect Discovery 1.0, 4).
fn discovery(issuer: &str) -> String {
    let issuer = issuer.trim_end_matches('/');
    format!("{issuer}/.well-known/openid-configuration")
}

/// The scopes that routes ask for in tokens of an issuer, each with what it is for.
fn scopes(manifest: &Manifest, name: &str) -> Map<String, Value> {
    let routes = manifest.routes.iter();
    let asked = routes.filter_map(|route| match &route.authorization {
        Some(Authorization::Jwt {
            name: known,
            scopes,
        }) if known == name => Some(scopes),
        _ => None,
    });
    let scopes: std::collections::BTreeSet<&String> = asked.flatten().collect();
    let scopes = scopes.into_iter();
    scopes
        .map(|scope| (scope.clone(), scope.clone().into()))
        .collect()
}

/// A scheme for each thing that identifies a caller to an authorizer: a header or a parameter of the query.
fn identities(name: &str, authorizer: Option<&ManifestAuthorizer>) -> Vec<(String, Value)> {
    let identity = authorizer.iter().flat_map(|found| &found.identity);
    let places: Vec<(&str, &str)> = identity
        .filter_map(|source| {
            let (_, rest) = source.split_once("request.")?;
            if let Some(header) = rest.strip_prefix("header.") {
                return Some(("header", header));
            }
            rest.strip_prefix("querystring.")
                .map(|parameter| ("query", parameter))
        })
        .collect();
    let places = if places.is_empty() {
        vec![("header", "Authorization")]
    } else {
        places
    };
    let places = places.into_iter().enumerate();
    places
        .map(|(number, (place, parameter))| {
            let scheme = match number {
                0 => name.to_owned(),
                number => format!("{name}_{}", number + 1),
            };
            let value = json!({
                "type": "apiKey",
                "name": parameter,
                "in": place,
                "description": format!("The authorizer `{name}` decides."),
            });
            (scheme, value)
        })
        .collect()
}
