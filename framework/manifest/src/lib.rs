//! The manifest: an app's description of itself for the CLI.
//!
//! An app prints one manifest, as JSON on standard output, when it is started with [`MANIFEST_ENV`]
//! set. It then exits with 0, without having read credentials, opened connections or created its
//! state. The CLI learns everything from it.
//!
//! The CLI and the app may have different versions, so: `schema` comes first; readers default
//! missing keys; a reader refuses a `schema` newer than [`SCHEMA`], and within a schema it refuses
//! unknown keys. Otherwise a misspelt guard would be an open route. A new key is a new schema.

#[cfg(feature = "schema")]
mod api;
mod part;
mod source;
mod used;
mod write;

#[cfg(feature = "schema")]
pub use self::api::{
    ApiBody, ApiHeader, ApiParameter, ApiResponse, ManifestSchema, ManifestSchemas, RouteApi,
};
pub use self::{
    part::Part,
    source::{ManifestSource, SourceEvent},
    used::{ManifestUse, UseKind},
};
use serde::{Deserialize, Deserializer, Serialize};

/// The newest manifest schema that this version writes and reads: the one with [`ManifestUse`], and
/// with what routes take and answer.
pub const SCHEMA: u32 = 3;

/// The schema of an app with sources that uses nothing by a handle and does not describe its routes: an older CLI would deploy half of it.
pub const SCHEMA_WITH_SOURCES: u32 = 2;

/// The schema of an app without sources that uses nothing by a handle and does not describe its routes, so that an older CLI still reads it.
pub const SCHEMA_WITHOUT_SOURCES: u32 = 1;

/// The default timeout of a function in seconds, for the CLI and for tests.
pub const DEFAULT_TIMEOUT: u32 = 30;

/// The environment variable that asks an app for its manifest: any value except the empty one.
pub const MANIFEST_ENV: &str = "FW_MANIFEST";

/// The environment variable that says how the gateway reads the function's responses. `fw` sets it
/// to [`RESPONSE_STREAM`] for a function whose URL has this invoke mode, and to [`STREAM_ROUTES`] for one behind a REST API with
/// routes that stream, because no event says so. Otherwise it is not set.
pub const INVOKE_MODE_ENV: &str = "FW_INVOKE_MODE";

/// The environment variable with the CORS headers that the app adds to its answers, as `name=value; name=value`. `fw` sets it for a
/// REST API with `[cors]`, which answers only preflights and refusals by itself. Otherwise it is not set.
pub const CORS_ENV: &str = "FW_CORS";

/// The binary media types of a REST API for which none are set, for the CLI and for tests: all, so that bytes arrive as bytes.
pub const BINARY_MEDIA_TYPES: [&str; 1] = ["*/*"];

/// The value of [`INVOKE_MODE_ENV`] that asks for the streaming form: a prelude with status, headers and cookies, then the body.
pub const RESPONSE_STREAM: &str = "response-stream";

/// The value of [`INVOKE_MODE_ENV`] that asks for the streaming form of the routes with `stream` only.
pub const STREAM_ROUTES: &str = "stream-routes";

/// An app's description of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Manifest {
    /// The schema of this document: the oldest that has all of its keys, [`SCHEMA_WITHOUT_SOURCES`], [`SCHEMA_WITH_SOURCES`] or [`SCHEMA`].
    pub schema: u32,
    /// The version of the framework that wrote it, or what a bootstrap of another kind calls itself.
    #[serde(default)]
    pub framework: String,
    /// The app's name, as given to `App::new`: the start of each resource name in the account.
    pub app: String,
    /// True if the app streams its responses when [`INVOKE_MODE_ENV`] asks for it. An older
    /// framework leaves this out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub response_stream: bool,
    /// The routes, one entry per method and path, ordered by path and then by method.
    #[serde(default)]
    pub routes: Vec<ManifestRoute>,
    /// The Lambda authorizers, each a separate function from the same executable.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorizers: Vec<ManifestAuthorizer>,
    /// The functions that events invoke, each a separate function from the same executable, ordered
    /// by name. Since schema 2; add them with [`add_source`](Self::add_source).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<ManifestSource>,
    /// What the code sends to or reads by a handle, ordered by kind and name. Since schema 3; add them with [`add_use`](Self::add_use).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<ManifestUse>,
    /// The schemas that the routes refer to. Since schema 3; set them with [`describe`](Self::describe).
    #[cfg(feature = "schema")]
    #[serde(default, skip_serializing_if = "ManifestSchemas::is_empty")]
    pub schemas: ManifestSchemas,
}

impl Manifest {
    /// An empty manifest, of the schema of an app without sources.
    #[must_use]
    pub fn new(app: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA_WITHOUT_SOURCES,
            framework: concat!("fw ", env!("CARGO_PKG_VERSION")).to_owned(),
            app: app.into(),
            response_stream: true,
            routes: Vec::new(),
            authorizers: Vec::new(),
            sources: Vec::new(),
            uses: Vec::new(),
            #[cfg(feature = "schema")]
            schemas: ManifestSchemas::default(),
        }
    }

    /// Adds a use in its order, once, and sets the schema that has uses.
    pub fn add_use(&mut self, used: ManifestUse) {
        self.schema = SCHEMA;
        if let Err(at) = self.uses.binary_search(&used) {
            self.uses.insert(at, used);
        }
    }

    /// Sets the schemas that the routes refer to, and the schema that has them, if a route says what it takes and answers.
    #[cfg(feature = "schema")]
    pub fn describe(&mut self, schemas: ManifestSchemas) {
        if self.routes.iter().any(|route| route.api.is_some()) {
            self.schema = SCHEMA;
        }
        self.schemas = schemas;
    }

    /// Sets the routes, in their order, and the schema that has what they say.
    pub fn set_routes(&mut self, routes: Vec<ManifestRoute>) {
        if routes.iter().any(|route| route.no_cors || route.stream) {
            self.schema = SCHEMA;
        }
        self.routes = routes;
    }

    /// Adds a source in its order, and sets the schema that has sources.
    pub fn add_source(&mut self, source: ManifestSource) {
        self.schema = self.schema.max(SCHEMA_WITH_SOURCES);
        let at = self.sources.partition_point(|it| it.name <= source.name);
        self.sources.insert(at, source);
    }

    /// True if the app has an API: routes, or nothing at all. An app with only sources has no
    /// function for requests.
    #[must_use]
    pub fn has_api(&self) -> bool {
        !self.routes.is_empty() || self.sources.is_empty()
    }

    /// The app's functions: the API if it [has one](Self::has_api), then the authorizers and the sources, as they are listed.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        let api = self.has_api().then_some(Part::Api);
        let authorizers = self.authorizers.iter().map(ManifestAuthorizer::part);
        let sources = self.sources.iter().map(ManifestSource::part);
        api.into_iter().chain(authorizers).chain(sources)
    }
}

/// One route: one method on one path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestRoute {
    /// The HTTP method, upper case, or `ANY`.
    pub method: String,
    /// The path in the gateway's form: `/objects/{key}`, `/files/{path+}`; or `$default` (then `method` is `ANY`).
    pub path: String,
    /// The handler's path in the app, `module::function`.
    #[serde(default)]
    pub handler: String,
    /// The handler's place in the source.
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
    /// Who may call it; `None` means everyone.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    pub authorization: Option<Authorization>,
    /// True if the gateway requires an API key (REST APIs only).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub api_key: bool,
    /// The body that the handler reads, where the gateway may check it (REST APIs only).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<ManifestBody>,
    /// True if it is left out of the settings' `[cors]` (REST APIs only). Since schema 3.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_cors: bool,
    /// True if it answers with a stream. Since schema 3.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stream: bool,
    /// What it takes and answers, as far as the types say. Since schema 3.
    #[cfg(feature = "schema")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<RouteApi>,
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

/// Reads a present value: `null` is not the same as a missing key, which opens the route.
fn some<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Who may call a route; the gateway checks it before the function is invoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", try_from = "RawAuthorization")]
pub enum Authorization {
    /// Callers that sign their requests (`AWS_IAM`, Signature Version 4) and may invoke the API.
    Iam,
    /// Bearers of a JSON Web Token (RFC 7519).
    Jwt {
        /// The NAME of the settings' `[jwt.NAME]` with the issuer and the audience.
        name: String,
        /// Scopes, of which the token must have at least one. An empty list requires none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        scopes: Vec<String>,
    },
    /// Whom a Lambda authorizer of the app allows.
    Lambda {
        /// The name of the [`ManifestAuthorizer`].
        name: String,
    },
}

/// [`Authorization`] as written in the document. Serde's own reading of a tagged enum ignores
/// unknown keys of `iam`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAuthorization {
    #[serde(rename = "type")]
    kind: AuthorizationType,
    name: Option<String>,
    scopes: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum AuthorizationType {
    Iam,
    Jwt,
    Lambda,
}

impl TryFrom<RawAuthorization> for Authorization {
    type Error = &'static str;

    fn try_from(raw: RawAuthorization) -> Result<Self, Self::Error> {
        let RawAuthorization { kind, name, scopes } = raw;
        match (kind, name, scopes) {
            (AuthorizationType::Iam, None, None) => Ok(Self::Iam),
            (AuthorizationType::Jwt, Some(name), scopes) => Ok(Self::Jwt {
                name,
                scopes: scopes.unwrap_or_default(),
            }),
            (AuthorizationType::Lambda, Some(name), None) => Ok(Self::Lambda { name }),
            (AuthorizationType::Iam, ..) => {
                Err("an authorization of type `iam` has neither `name` nor `scopes`")
            }
            (_, None, _) => Err("an authorization of type `jwt` or `lambda` has a `name`"),
            (AuthorizationType::Lambda, ..) => {
                Err("an authorization of type `lambda` does not have `scopes`")
            }
        }
    }
}

/// A Lambda authorizer: a function that the gateway asks before it invokes a route's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestAuthorizer {
    /// The name that routes use, and the end of its function's name. Letters, digits, `-` and `_`.
    pub name: String,
    /// The function's path in the app, `module::function`.
    #[serde(default)]
    pub handler: String,
    /// Its place in the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Its input: the whole request, or only the token (REST APIs only).
    #[serde(default)]
    pub kind: AuthorizerKind,
    /// The identity sources, in the HTTP API's words (`$request.header.Authorization`,
    /// `$request.querystring.key`, `$context.…`, `$stageVariables.…`). A request without all of
    /// them is refused without a call; the values are the cache's key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<String>,
    /// How many seconds an answer is cached for the same identity: 0 to 3600; 0 caches none.
    #[serde(default)]
    pub ttl: u32,
    /// The version of the event from an HTTP API, `2.0` or `1.0`. REST APIs have their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_format: Option<String>,
    /// True if it answers an event of version 2.0 with `{"isAuthorized": …}` and not with an IAM
    /// policy.
    #[serde(default = "yes")]
    pub simple: bool,
}

impl ManifestAuthorizer {
    /// An authorizer with this name that gets the whole request, is invoked each time, and answers
    /// in the simple form.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            handler: String::new(),
            source: None,
            kind: AuthorizerKind::default(),
            identity: Vec::new(),
            ttl: 0,
            payload_format: None,
            simple: true,
        }
    }

    /// Which of the app's functions it is.
    #[must_use]
    pub fn part(&self) -> Part {
        Part::Authorizer(self.name.clone())
    }

    /// The value of `_HANDLER` in the environment of the authorizer's function; see [`Part::entry`].
    #[must_use]
    pub fn entry(&self) -> String {
        self.part().entry()
    }
}

fn yes() -> bool {
    true
}

/// The input of a Lambda authorizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthorizerKind {
    /// The request: headers, query, path parameters, context.
    #[default]
    Request,
    /// The value of one header.
    Token,
}

/// A body that a handler reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestBody {
    /// Its media type, such as `application/json`.
    pub content_type: String,
    /// True if a request without it is refused.
    pub required: bool,
    /// Its JSON Schema (draft 4, the one that REST APIs know), if the type has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<serde_json::Value>,
}

impl ManifestBody {
    /// A body of that media type, without a schema.
    #[must_use]
    pub fn new(content_type: impl Into<String>, required: bool) -> Self {
        Self {
            content_type: content_type.into(),
            required,
            schema: None,
        }
    }
}

/// A place in the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Source {
    /// The file, relative to the workspace's root as the compiler names it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Source {
    /// This line of this file.
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
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestParameter {
    /// The name in the path or in the query.
    pub name: String,
    /// Its place.
    #[serde(rename = "in")]
    pub place: Place,
    /// True if a request without it is refused.
    pub required: bool,
    /// True if it may be repeated (a `Vec<T>`).
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

/// The place of a parameter in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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

#[cfg(test)]
mod tests {
    use super::{
        Manifest, ManifestAuthorizer, ManifestRoute, ManifestSource, ManifestUse, Part, SCHEMA,
        SCHEMA_WITH_SOURCES, SourceEvent, UseKind,
    };

    #[test]
    fn uses_are_listed_once_and_in_order() {
        let mut manifest = Manifest::new("shop");
        for (kind, name) in [
            (UseKind::Topic, "news"),
            (UseKind::Queue, "b"),
            (UseKind::Queue, "a"),
            (UseKind::Queue, "b"),
        ] {
            manifest.add_use(ManifestUse::new(kind, name));
        }
        let listed: Vec<_> = manifest.uses.iter().map(ToString::to_string).collect();
        assert_eq!(listed, ["queue a", "queue b", "topic news"]);
        assert_eq!(manifest.schema, SCHEMA);
        let text = manifest.to_json();
        assert!(
            text.contains(r#""uses":[{"kind":"queue","name":"a"},"#),
            "{text}"
        );
        let read: Manifest = serde_json::from_str(&text).unwrap();
        assert_eq!(read, manifest);
        assert_eq!(text, serde_json::to_string(&manifest).unwrap());
    }

    #[test]
    fn an_app_has_an_api_unless_it_has_sources_alone() {
        let source = |name: &str| ManifestSource::new(name, SourceEvent::Function);
        let named = |name: &str| Part::Source(name.to_owned());
        let mut manifest = Manifest::new("x");
        assert_eq!(manifest.schema, 1);
        assert_eq!(manifest.parts().collect::<Vec<_>>(), [Part::Api]);
        manifest.add_source(source("b"));
        manifest.add_source(source("a"));
        assert_eq!(manifest.schema, SCHEMA_WITH_SOURCES);
        assert_eq!(
            manifest.parts().collect::<Vec<_>>(),
            [named("a"), named("b")]
        );
        manifest.routes.push(ManifestRoute::new("GET", "/"));
        manifest.authorizers.push(ManifestAuthorizer::new("door"));
        assert_eq!(
            manifest.parts().collect::<Vec<_>>(),
            [
                Part::Api,
                Part::Authorizer("door".to_owned()),
                named("a"),
                named("b")
            ]
        );
    }
}
