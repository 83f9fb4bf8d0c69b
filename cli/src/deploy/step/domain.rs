//! The steps on a custom domain and its mappings: as in the parent, each is one mutating call.

use super::{Action, ApiId, Handle, rest::Named};
use crate::values::names::Tags;

/// The API that a mapping leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Led {
    /// An HTTP API.
    Http(Handle<ApiId>),
    /// A REST API.
    Rest(Named),
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DomainStep {
    /// Makes the domain, which leads nowhere yet.
    Create {
        name: String,
        certificate: String,
        tags: Tags,
    },
    /// Sets the domain's certificate.
    Update { name: String, certificate: String },
    /// Removes a domain that leads nowhere any more.
    Delete { name: String },
    /// Leads a path of the domain to the stage.
    CreateMapping {
        domain: String,
        key: String,
        api: Led,
        stage: String,
        url: String,
    },
    /// Leads a path of the domain to another stage or API.
    UpdateMapping {
        domain: String,
        id: String,
        api: Led,
        stage: String,
        url: String,
    },
    /// Leads a path of the domain nowhere.
    DeleteMapping {
        domain: String,
        id: String,
        url: String,
    },
}

impl DomainStep {
    /// What it does, and to what: the kind and the name.
    pub(super) fn subject(&self) -> (Action, &'static str, &str) {
        use Action::{Create, Delete, Update};
        match self {
            Self::Create { name, .. } => (Create, DOMAIN, name),
            Self::Update { name, .. } => (Update, DOMAIN, name),
            Self::Delete { name } => (Delete, DOMAIN, name),
            Self::CreateMapping { url, .. } => (Create, MAPPING, url),
            Self::UpdateMapping { url, .. } => (Update, MAPPING, url),
            Self::DeleteMapping { url, .. } => (Delete, MAPPING, url),
        }
    }

    /// The API that it leads to, where it does.
    pub(crate) fn led(&self) -> Option<&Led> {
        match self {
            Self::CreateMapping { api, .. } | Self::UpdateMapping { api, .. } => Some(api),
            _ => None,
        }
    }
}

/// What a custom domain is called.
pub(crate) const DOMAIN: &str = "domain";
/// What a mapping is called.
pub(crate) const MAPPING: &str = "mapping";
