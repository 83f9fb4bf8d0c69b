//! Custom domains: a path leads to one stage that is there, and what leads somewhere cannot be deleted.

use super::{Fake, State, missing};
use crate::{
    aws::{
        domains::{
            CREATE_DOMAIN, CREATE_MAPPING, DELETE_DOMAIN, DELETE_MAPPING, DomainName, Domains,
            GET_DOMAIN, GET_MAPPINGS, Mapping, UPDATE_DOMAIN, UPDATE_MAPPING,
        },
        error::Result,
    },
    values::names::Tags,
};

const GONE: &str = "NotFoundException";
const CONFLICT: &str = "ConflictException";
const REFUSED: &str = "BadRequestException";

type Refused = (&'static str, String);

/// A domain with its mappings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FakeDomain {
    pub(crate) domain: DomainName,
    pub(crate) mappings: Vec<Mapping>,
}

fn known<'a>(state: &'a mut State, name: &str) -> Result<&'a mut FakeDomain, Refused> {
    let found = state
        .domains
        .iter_mut()
        .find(|held| held.domain.name == name);
    found.ok_or_else(|| missing(GONE, name))
}

/// Whether that stage is there.
fn staged(state: &State, api: &str, stage: &str) -> Result<(), Refused> {
    let http = state.apis.iter().filter(|held| held.api.id == api);
    let rest = state.rests.iter().filter(|held| held.api.id == api);
    let mut all = http
        .flat_map(|held| held.stages.iter().map(|one| &one.name))
        .chain(rest.flat_map(|held| held.stages.iter().map(|one| &one.name)));
    match all.any(|name| name == stage) {
        true => Ok(()),
        false => Err(missing(GONE, &format!("stage {stage} of {api}"))),
    }
}

/// What a mapping leads to is in use: an API, or one stage of it.
pub(super) fn mapped(state: &State, api: &str, stage: Option<&str>) -> Result<(), Refused> {
    let mut all = state.domains.iter().flat_map(|held| &held.mappings);
    let leads = |one: &Mapping| one.api == api && stage.is_none_or(|stage| one.stage == stage);
    match all.find(|one| leads(one)) {
        Some(one) => Err((REFUSED, format!("a mapping leads to {api}: {}", one.key))),
        None => Ok(()),
    }
}

impl Domains for Fake {
    async fn domain(&self, name: &str) -> Result<Option<DomainName>> {
        self.later().await.call(GET_DOMAIN, |state| {
            Ok(known(state, name).ok().map(|held| held.domain.clone()))
        })
    }

    async fn mappings(&self, domain: &str) -> Result<Vec<Mapping>> {
        self.later().await.call(GET_MAPPINGS, |state| {
            let found = known(state, domain).map(|held| held.mappings.clone());
            Ok(found.unwrap_or_default())
        })
    }

    async fn create_domain(&self, name: &str, certificate: &str, tags: &Tags) -> Result<String> {
        self.later().await.call(CREATE_DOMAIN, |state| {
            if known(state, name).is_ok() {
                return Err((CONFLICT, format!("{name} already exists")));
            }
            let target = format!("d-{name}.execute-api.{}.amazonaws.com", Self::REGION);
            state.domains.push(FakeDomain {
                domain: DomainName {
                    name: name.to_owned(),
                    certificate: certificate.to_owned(),
                    target: target.clone(),
                    levels: true,
                    tags: tags.clone(),
                },
                mappings: Vec::new(),
            });
            Ok(target)
        })
    }

    async fn update_domain(&self, name: &str, certificate: &str) -> Result<()> {
        self.later().await.call(UPDATE_DOMAIN, |state| {
            certificate.clone_into(&mut known(state, name)?.domain.certificate);
            Ok(())
        })
    }

    async fn delete_domain(&self, name: &str) -> Result<()> {
        self.later().await.call(DELETE_DOMAIN, |state| {
            if !known(state, name)?.mappings.is_empty() {
                return Err((REFUSED, format!("{name} has mappings")));
            }
            state.domains.retain(|held| held.domain.name != name);
            Ok(())
        })
    }

    async fn create_mapping(&self, domain: &str, key: &str, api: &str, stage: &str) -> Result<()> {
        self.later().await.call(CREATE_MAPPING, |state| {
            staged(state, api, stage)?;
            let found = known(state, domain)?;
            if found.mappings.iter().any(|held| held.key == key) {
                return Err((
                    CONFLICT,
                    format!("{domain} has a mapping of this path: {key}"),
                ));
            }
            if key.contains('/') && !found.domain.levels {
                return Err((REFUSED, format!("{domain} takes one level: {key}")));
            }
            found.mappings.push(Mapping {
                id: self.id("mapping"),
                api: api.to_owned(),
                stage: stage.to_owned(),
                key: key.to_owned(),
            });
            Ok(())
        })
    }

    async fn update_mapping(&self, domain: &str, id: &str, api: &str, stage: &str) -> Result<()> {
        self.later().await.call(UPDATE_MAPPING, |state| {
            staged(state, api, stage)?;
            let mut all = known(state, domain)?.mappings.iter_mut();
            let held = all.find(|held| held.id == id);
            let held = held.ok_or_else(|| missing(GONE, id))?;
            api.clone_into(&mut held.api);
            stage.clone_into(&mut held.stage);
            Ok(())
        })
    }

    async fn delete_mapping(&self, domain: &str, id: &str) -> Result<()> {
        self.later().await.call(DELETE_MAPPING, |state| {
            let found = known(state, domain)?;
            let before = found.mappings.len();
            found.mappings.retain(|held| held.id != id);
            match found.mappings.len() == before {
                true => Err(missing(GONE, id)),
                false => Ok(()),
            }
        })
    }
}
