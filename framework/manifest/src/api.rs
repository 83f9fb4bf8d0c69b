//! What a route takes and answers, as far as its types say: what a document of the API is made from.
//!
//! An app has this with the framework's feature `schema`. Schemas are JSON Schema 2020-12, with references of the form `#/$defs/NAME` to
//! [`ManifestSchemas`]: those of a request to what is read, those of a response to what is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Place;

/// What a route takes and answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RouteApi {
    /// Whether clients should stop calling it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// The parameters that have a schema, of path, query and headers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<ApiParameter>,
    /// The bodies that it reads, one for each media type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bodies: Vec<ApiBody>,
    /// The answers, of the route's own function. What a gateway answers by itself is not listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<ApiResponse>,
}

/// A parameter of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ApiParameter {
    /// The name in the path, the query or the header's.
    pub name: String,
    /// Where it stands.
    #[serde(rename = "in")]
    pub place: Place,
    /// Whether a request without it is refused.
    pub required: bool,
    /// Its schema; of a parameter that may be repeated, a list's.
    pub schema: Value,
}

impl ApiParameter {
    /// A parameter of that name in that place.
    #[must_use]
    pub fn new(name: impl Into<String>, place: Place, required: bool, schema: Value) -> Self {
        Self {
            name: name.into(),
            place,
            required,
            schema,
        }
    }
}

/// A body of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ApiBody {
    /// Its media type, without parameters.
    pub content_type: String,
    /// Whether a request without it is refused.
    pub required: bool,
    /// Its schema, where the type has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
}

impl ApiBody {
    /// A body of that media type.
    #[must_use]
    pub fn new(content_type: impl Into<String>, required: bool, schema: Option<Value>) -> Self {
        Self {
            content_type: content_type.into(),
            required,
            schema,
        }
    }
}

/// An answer of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ApiResponse {
    /// The status, `201`, or a class of them, `4XX`.
    pub status: String,
    /// What it means; empty where the status says all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The media type of its body, without parameters; none where it has no body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The schema of its body, where the type has one. A problem document (`application/problem+json`) needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// Headers that are always sent with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<ApiHeader>,
}

impl ApiResponse {
    /// An answer of that status without a body.
    #[must_use]
    pub fn new(status: impl Into<String>) -> Self {
        Self {
            status: status.into(),
            ..Self::default()
        }
    }
}

/// A header of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ApiHeader {
    /// Its name, lower case.
    pub name: String,
    /// What it says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Its schema.
    pub schema: Value,
}

impl ApiHeader {
    /// A header of that name.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>, schema: Value) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            schema,
        }
    }
}

/// The schemas that routes refer to, by name. A type that is both read and written stands in both lists, and the two may differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestSchemas {
    /// As a request is read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub request: BTreeMap<String, ManifestSchema>,
    /// As a response is written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub response: BTreeMap<String, ManifestSchema>,
}

impl ManifestSchemas {
    /// True if no route refers to a schema.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.request.is_empty() && self.response.is_empty()
    }
}

/// A schema with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ManifestSchema {
    /// The type that it is of, with its module and its own types: `shop::Page<shop::Order>`. Empty where that is not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The schema.
    pub schema: Value,
}

impl ManifestSchema {
    /// The schema of that type.
    #[must_use]
    pub fn new(id: impl Into<String>, schema: Value) -> Self {
        Self {
            id: id.into(),
            schema,
        }
    }
}
