//! The steps on a custom domain and its mappings: as in the parent, each is one mutating call.

use crate::{
    aws::{Aws, error::Error},
    deploy::{
        change::{Action, Change, Output, Resource, lost},
        ids::{ApiId, Handle},
        kind::rest_api::step::Named,
        phase::Lane,
        retry::just_made,
        run::{Run, Trouble},
    },
    values::names::Tags,
};

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
    /// Deletes a domain without mappings.
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
    /// The API that it leads to, where it does.
    pub(crate) fn led(&self) -> Option<&Led> {
        match self {
            Self::CreateMapping { api, .. } | Self::UpdateMapping { api, .. } => Some(api),
            Self::Create { .. }
            | Self::Update { .. }
            | Self::Delete { .. }
            | Self::DeleteMapping { .. } => None,
        }
    }
}

impl Change for DomainStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        use Action::{Create, Delete, Update};
        let (action, kind, name) = match self {
            Self::Create { name, .. } => (Create, DOMAIN, name),
            Self::Update { name, .. } => (Update, DOMAIN, name),
            Self::Delete { name } => (Delete, DOMAIN, name),
            Self::CreateMapping { url, .. } => (Create, MAPPING, url),
            Self::UpdateMapping { url, .. } => (Update, MAPPING, url),
            Self::DeleteMapping { url, .. } => (Delete, MAPPING, url),
        };
        (action, Resource { kind, name })
    }

    /// A mapping leads to a stage, which is of the API's lane.
    fn lane(&self) -> Lane<'_> {
        Lane::Api
    }

    fn needs(&self) -> Vec<Output<'_>> {
        match self.led() {
            Some(Led::Http(Handle::Made)) => vec![Output::Api],
            Some(Led::Rest(Named { name, id: None })) => vec![Output::Rest("api", name)],
            Some(Led::Http(Handle::Known(_)) | Led::Rest(Named { id: Some(_), .. })) | None => {
                Vec::new()
            }
        }
    }

    fn makes(&self) -> Option<Output<'_>> {
        None
    }

    fn prepares(&self) -> bool {
        false
    }

    fn loses(&self) -> Vec<String> {
        match self {
            Self::Delete { .. } | Self::DeleteMapping { .. } => lost(self),
            Self::Create { .. }
            | Self::Update { .. }
            | Self::CreateMapping { .. }
            | Self::UpdateMapping { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        self.led().and_then(|_| just_made(error))
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        let api = match self.led() {
            None => String::new(),
            Some(Led::Http(api)) => run.api(api)?.0,
            Some(Led::Rest(named)) => run.made.borrow().rest.id("api", named)?.to_owned(),
        };
        match self {
            Self::Create {
                name,
                certificate,
                tags,
            } => {
                let target = aws.create_domain(name, certificate, tags).await?;
                let todo = format_args!(
                    "`{name}` must point to `{target}`: create a CNAME or an alias record"
                );
                run.console.status("DNS", todo);
            }
            Self::Update { name, certificate } => aws.update_domain(name, certificate).await?,
            Self::Delete { name } => aws.delete_domain(name).await?,
            Self::CreateMapping {
                domain, key, stage, ..
            } => aws.create_mapping(domain, key, &api, stage).await?,
            Self::UpdateMapping {
                domain, id, stage, ..
            } => aws.update_mapping(domain, id, &api, stage).await?,
            Self::DeleteMapping { domain, id, .. } => aws.delete_mapping(domain, id).await?,
        }
        Ok(())
    }
}

/// The name of a custom domain in messages.
pub(crate) const DOMAIN: &str = "domain";
/// The name of a mapping in messages.
pub(crate) const MAPPING: &str = "mapping";
