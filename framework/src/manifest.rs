//! The manifest: what an app tells the CLI about itself.
//!
//! An app prints one manifest, as JSON on standard output, when it is started with [`MANIFEST_ENV`] set; it then exits
//! with 0, having read no credentials, opened no connection and made no state. The CLI learns everything from it.
//!
//! The CLI and the app may be of different versions, so: `schema` comes first; readers ignore unknown fields and default
//! missing ones; a reader refuses a `schema` newer than [`SCHEMA`].

use serde::{Deserialize, Serialize};

/// The newest manifest schema that this version writes and reads.
pub const SCHEMA: u32 = 1;

/// The environment variable that asks an app for its manifest: any value but the empty one.
pub const MANIFEST_ENV: &str = "FW_MANIFEST";

/// All that an app tells about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The schema of this document; see [`SCHEMA`].
    pub schema: u32,
    /// The version of the framework that wrote it, or what a bootstrap of another kind calls itself.
    #[serde(default)]
    pub framework: String,
    /// The app's name, as given to `App::new`: the stem of everything's name in the account.
    pub app: String,
    /// The routes, one entry per method and path, ordered by path and then by method.
    #[serde(default)]
    pub routes: Vec<ManifestRoute>,
}

impl Manifest {
    /// An empty manifest of the current schema.
    #[must_use]
    pub fn new(app: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA,
            framework: concat!("fw ", env!("CARGO_PKG_VERSION")).to_owned(),
            app: app.into(),
            routes: Vec::new(),
        }
    }
}

/// One route: one method on one path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestRoute {
    /// The HTTP method, upper case, or `ANY`.
    pub method: String,
    /// The path in the gateway's form: `/objects/{key}`, `/files/{path+}`; or `$default` (then `method` is `ANY`).
    pub path: String,
    /// The handler's path in the app, `module::function`.
    #[serde(default)]
    pub handler: String,
    /// Where the handler stands in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The first paragraph of the handler's doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The rest of the handler's doc comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The parameters that the handler reads from path and query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<ManifestParameter>,
}

impl ManifestRoute {
    /// A route of that method and path, the rest empty.
    #[must_use]
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            ..Self::default()
        }
    }

    /// The gateway's route key: `GET /objects/{key}`, or `$default`.
    #[must_use]
    pub fn key(&self) -> String {
        if self.path == "$default" {
            self.path.clone()
        } else {
            format!("{} {}", self.method, self.path)
        }
    }
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Source {
    /// The file, relative to the workspace's root as the compiler names it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Source {
    /// That line of that file.
    #[must_use]
    pub fn new(file: impl Into<String>, line: u32) -> Self {
        Self {
            file: file.into(),
            line,
        }
    }
}

/// A parameter that a handler reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ManifestParameter {
    /// The name in the path or in the query.
    pub name: String,
    /// Where it stands.
    #[serde(rename = "in")]
    pub place: Place,
    /// Whether a request without it is refused.
    pub required: bool,
    /// Whether it may be repeated (a `Vec<T>`).
    #[serde(default)]
    pub multiple: bool,
}

impl ManifestParameter {
    /// A parameter of that name in that place.
    #[must_use]
    pub fn new(name: impl Into<String>, place: Place, required: bool, multiple: bool) -> Self {
        Self {
            name: name.into(),
            place,
            required,
            multiple,
        }
    }
}

/// Where a parameter of a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In the body, then named by a JSON pointer (RFC 6901).
    Body,
}

impl Place {
    /// The word for it: `path`, `query`, `header` or `body`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Body => "body",
        }
    }
}
