//! The `OpenAPI` document of an app, made from its manifest.
//!
//! It is pure: the same manifest makes the same bytes. Paths, methods and schemas are in a fixed order, so routes may be listed in any, and
//! the name of a schema follows from its type alone, so a new type renames no other.
//!
//! ```
//! use fw_manifest::{Manifest, ManifestRoute};
//! use fw_openapi::{Info, Version, document};
//!
//! let mut manifest = Manifest::new("notes");
//! manifest.routes.push(ManifestRoute::new("GET", "/notes/{id}"));
//! let document = document(&manifest, &Info::new("notes", "1.0.0"), Version::V3_1)?;
//! assert_eq!(document["openapi"], "3.1.1");
//! assert_eq!(document["paths"]["/notes/{id}"]["get"]["parameters"][0]["in"], "path");
//! # Ok::<(), fw_openapi::Fault>(())
//! ```

mod answers;
mod client;
mod downgrade;
mod fault;
mod names;
mod operation;
mod page;
mod rewrite;
mod security;
mod types;
mod variants;

use std::collections::{BTreeMap, BTreeSet};

use fw_manifest::{Manifest, ManifestRoute};
use serde_json::{Map, Value, json};

pub use self::{
    client::{ClientFile, rust, typescript},
    fault::Fault,
    page::page,
};
use self::{names::Names, rewrite::Direction};

/// Which document is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// `OpenAPI` 3.1.1: all that the types say.
    #[default]
    V3_1,
    /// `OpenAPI` 3.0.3, for tools that do not read 3.1 yet.
    V3_0,
    /// `OpenAPI` 3.0.3 without the keywords that API Gateway's import refuses.
    Aws,
}

/// What a document says of the API as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// An SPDX expression, `MIT OR Apache-2.0`.
    pub license: String,
    /// Where it is served: URLs, or paths relative to where the document is. None is `/`.
    pub servers: Vec<String>,
    /// The issuers of tokens, by the name that routes have for them.
    pub issuers: BTreeMap<String, String>,
}

impl Info {
    /// An API of that title and version.
    #[must_use]
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            version: version.into(),
            ..Self::default()
        }
    }
}

/// Makes the document.
///
/// Routes that a document cannot have are left out: `$default`, and all methods of a mounted service, of which nothing is known.
/// [`left_out`] lists them.
///
/// # Errors
///
/// When two types have one name, and so clients could not tell them apart.
pub fn document(manifest: &Manifest, info: &Info, version: Version) -> Result<Value, Fault> {
    let names = Names::of(&manifest.schemas)?;
    let routes: Vec<&ManifestRoute> = manifest.routes.iter().filter(|it| is_told(it)).collect();
    let ids = operation::ids(&routes);
    let mut shared = answers::Shared::default();
    let mut paths: BTreeMap<String, BTreeMap<usize, (&str, Value)>> = BTreeMap::new();
    let mut tags = BTreeSet::new();
    for route in &routes {
        for (order, method) in operation::methods(&route.method) {
            let id = ids.get(&(route.path.as_str(), route.method.as_str()));
            let id = operation::id_of(id.map_or("", String::as_str), &route.method, method);
            let tag = operation::tag(route, &manifest.app);
            let operation = operation::of(route, manifest, info, &names, &mut shared, &id, &tag);
            tags.insert(tag);
            paths
                .entry(operation::path(&route.path))
                .or_default()
                .insert(order, (method, operation));
        }
    }
    let paths: Map<String, Value> = paths
        .into_iter()
        .map(|(path, methods)| {
            let methods = methods.into_values();
            let methods: Map<String, Value> = methods
                .map(|(method, operation)| (method.to_owned(), operation))
                .collect();
            (path, methods.into())
        })
        .collect();
    let mut components = Map::new();
    let schemas = schemas(manifest, &names, &shared)?;
    if !schemas.is_empty() {
        components.insert("schemas".to_owned(), schemas.into());
    }
    if !shared.responses.is_empty() {
        let responses: Map<String, Value> = shared.responses.into_iter().collect();
        components.insert("responses".to_owned(), responses.into());
    }
    let schemes = security::schemes(manifest, info);
    if !schemes.is_empty() {
        components.insert("securitySchemes".to_owned(), schemes.into());
    }
    let mut document = json!({
        "openapi": "3.1.1",
        "info": head(info),
        "servers": servers(info),
        "tags": tags.iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
        "paths": paths,
    });
    if !components.is_empty() {
        document["components"] = components.into();
    }
    match version {
        Version::V3_1 => {}
        Version::V3_0 => downgrade::to_3_0(&mut document),
        Version::Aws => {
            downgrade::to_3_0(&mut document);
            downgrade::to_aws(&mut document);
        }
    }
    Ok(document)
}

/// The routes that no document has, by their keys: `$default`, and services that are mounted under a path.
#[must_use]
pub fn left_out(manifest: &Manifest) -> Vec<String> {
    let routes = manifest.routes.iter();
    routes
        .filter(|route| !is_told(route))
        .map(ManifestRoute::key)
        .collect()
}

/// The routes whose JSON, read or written, has no schema, by their keys: the type does not derive `schemars::JsonSchema`.
#[must_use]
pub fn untyped(manifest: &Manifest) -> Vec<String> {
    let json = |content_type: &str| content_type == "application/json";
    let routes = manifest.routes.iter().filter(|route| {
        route.api.as_ref().is_some_and(|api| {
            api.bodies
                .iter()
                .any(|body| json(&body.content_type) && body.schema.is_none())
                || api.responses.iter().any(|response| {
                    response.content_type.as_deref().is_some_and(json) && response.schema.is_none()
                })
        })
    });
    routes.map(ManifestRoute::key).collect()
}

fn is_told(route: &ManifestRoute) -> bool {
    route.path != "$default" && !(route.method == "ANY" && route.api.is_none() && is_service(route))
}

/// True for a tower service, which answers all methods of a path and all under it.
fn is_service(route: &ManifestRoute) -> bool {
    route.handler == "a tower service"
}

fn head(info: &Info) -> Value {
    let mut head = json!({ "title": info.title });
    head["description"] = if info.description.is_empty() {
        format!("The API of `{}`.", info.title).into()
    } else {
        info.description.clone().into()
    };
    if !info.license.is_empty() {
        head["license"] = json!({ "name": info.license, "identifier": info.license });
    }
    head["version"] = info.version.clone().into();
    head
}

fn servers(info: &Info) -> Vec<Value> {
    if info.servers.is_empty() {
        return vec![json!({ "url": "/" })];
    }
    let servers = info.servers.iter();
    servers.map(|url| json!({ "url": url })).collect()
}

/// The schemas of all types, and of what every API answers.
fn schemas(
    manifest: &Manifest,
    names: &Names,
    shared: &answers::Shared,
) -> Result<Map<String, Value>, Fault> {
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    for (direction, schemas) in [
        (Direction::Response, &manifest.schemas.response),
        (Direction::Request, &manifest.schemas.request),
    ] {
        for (key, found) in schemas {
            let schema = rewrite::schema(&found.schema, direction, names);
            all.insert(names.get(direction, key).to_owned(), schema);
        }
    }
    variants::hoist(&mut all);
    for (name, schema) in shared.schemas() {
        if all.contains_key(name) {
            return Err(Fault::reserved(name));
        }
        all.insert(name.to_owned(), schema);
    }
    Ok(all.into_iter().collect())
}
