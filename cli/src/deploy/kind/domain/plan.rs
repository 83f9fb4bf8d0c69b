//! The custom domain: what leads to the API from outside.
//!
//! An existing domain without the deployment's tags is shared: it is used as it is, and only the
//! mapping belongs to the deployment. The main function's tag `fw:domain` names the domains that a
//! deploy has mapped, from before the mapping is created until after it is deleted, so that a
//! domain that the settings no longer have is found without a call.

use std::collections::BTreeSet;

use super::{
    found::WholeDomain,
    step::{DomainStep, Led},
};
use crate::{
    aws::{
        domains::Mapping,
        tags::{Taggable, TaggedKind},
    },
    deploy::{
        change::MISSING,
        ids::{ApiId, Handle},
        kind::{rest_api::step::Named, tag::step::TagStep},
        model::Desired,
        names::{Names, TAG_DOMAIN},
        observe::Actual,
        step::{Plan, Step},
        tags::taggable,
    },
    settings::domain::url,
    values::names::Tags,
};

/// Notes the domain at the function, before any part of it is created.
pub(crate) fn note(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let (Some(domain), Some((resource, noted))) = (&desired.domain, noted(desired, actual)) else {
        return;
    };
    if !noted.contains(&domain.name) {
        let mut all = noted;
        all.push(domain.name.clone());
        let tags = Tags::from([(TAG_DOMAIN.to_owned(), all.join(" "))]);
        let reason = format!("so that `{}` is found again", domain.name);
        plan.push(Step::Tag(TagStep::Tag { resource, tags }), reason);
    }
}

/// Forgets the domains without mappings.
pub(crate) fn forget(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let Some((resource, noted)) = noted(desired, actual) else {
        return;
    };
    let domain = desired.domain.as_ref();
    if noted
        .iter()
        .all(|name| domain.is_some_and(|domain| domain.name == *name))
    {
        return;
    }
    let step = match domain {
        None => TagStep::Untag {
            resource,
            keys: vec![TAG_DOMAIN.to_owned()],
        },
        Some(domain) => TagStep::Tag {
            resource,
            tags: Tags::from([(TAG_DOMAIN.to_owned(), domain.name.clone())]),
        },
    };
    plan.push(Step::Tag(step), "no other domain leads here");
}

/// The main function and its noted domains; `None` without a function.
fn noted(desired: &Desired, actual: &Actual) -> Option<(Taggable, Vec<String>)> {
    let name = &desired.names.function;
    let function = actual.function(name).function.ours()?;
    let resource = taggable(TaggedKind::Function, name, &desired.place);
    Some((resource, Names::domains(&function.tags).collect()))
}

/// The domain, and what leads from it to the stage that is open by now.
pub(crate) fn open(plan: &mut Plan, desired: &Desired, actual: &Actual, api: Led, stage: &str) {
    let Some(domain) = &desired.domain else {
        return;
    };
    let name = domain.name.clone();
    let whole = actual.domain(&name);
    let found = whole.and_then(|whole| whole.found.as_ref());
    match (found, &domain.certificate) {
        (None, Some(certificate)) => {
            let step = DomainStep::Create {
                name: name.clone(),
                certificate: certificate.clone(),
                tags: desired.names.tags(),
            };
            push(plan, step, MISSING);
        }
        (Some(found), Some(certificate))
            if desired.names.own(&found.tags) && found.certificate != *certificate =>
        {
            let step = DomainStep::Update {
                name: name.clone(),
                certificate: certificate.clone(),
            };
            push(
                plan,
                step,
                format!("certificate: {} → {certificate}", found.certificate),
            );
        }
        _ => {}
    }
    let shared = found.is_some_and(|found| !desired.names.own(&found.tags));
    let mapping = whole.and_then(|whole| whole.mapping(domain.key()));
    let known = match &api {
        Led::Http(Handle::Known(ApiId(id))) | Led::Rest(Named { id: Some(id), .. }) => Some(id),
        Led::Http(Handle::Made) | Led::Rest(_) => None,
    };
    match mapping {
        None => {
            let step = DomainStep::CreateMapping {
                domain: name,
                key: domain.key().to_owned(),
                api,
                stage: stage.to_owned(),
                url: domain.url(),
            };
            let reason = match shared {
                true => "the domain is shared and is not changed",
                false => MISSING,
            };
            push(plan, step, reason);
        }
        Some(mapping) if Some(&mapping.api) != known || mapping.stage != stage => {
            let reason = match Some(&mapping.api) == known {
                true => format!("it leads to the stage `{}`", mapping.stage),
                false => format!("it leads to the API `{}`", mapping.api),
            };
            let step = DomainStep::UpdateMapping {
                domain: name,
                id: mapping.id.clone(),
                api,
                stage: stage.to_owned(),
                url: domain.url(),
            };
            push(plan, step, reason);
        }
        Some(_) => {}
    }
}

/// Takes away what leads here from elsewhere, before the APIs go that it leads to; `wanted` is the domain and the path that
/// stay.
pub(crate) fn close(plan: &mut Plan, names: &Names, actual: &Actual, wanted: Option<(&str, &str)>) {
    let ours: BTreeSet<&str> = actual.api_ids().collect();
    for whole in &actual.domains {
        let stays = |mapping: &Mapping| wanted == Some((whole.name.as_str(), mapping.key.as_str()));
        let (gone, left): (Vec<_>, Vec<_>) = whole
            .mappings
            .iter()
            .partition(|mapping| ours.contains(mapping.api.as_str()) && !stays(mapping));
        for mapping in gone {
            let url = url(&whole.name, &mapping.key);
            let step = DomainStep::DeleteMapping {
                domain: whole.name.clone(),
                id: mapping.id.clone(),
                url,
            };
            push(plan, step, "not in the settings");
        }
        let kept = wanted.is_some_and(|(name, _)| name == whole.name);
        if owned(names, whole) && left.is_empty() && !kept {
            let name = whole.name.clone();
            push(
                plan,
                DomainStep::Delete { name },
                "it has no mappings any more",
            );
        }
    }
}

/// True if a domain exists and is the deployment's own.
fn owned(names: &Names, whole: &WholeDomain) -> bool {
    let found = whole.found.as_ref();
    found.is_some_and(|found| names.own(&found.tags))
}

fn push(plan: &mut Plan, step: DomainStep, reason: impl Into<String>) {
    plan.push(Step::Domain(Box::new(step)), reason);
}
