//! The actual state of a deployment's REST APIs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    aws::{
        Aws,
        error::Result,
        rest::{ApiKey, Deployment, RestApi, RestStage, UsagePlan, url},
    },
    deploy::{found::owner, names::Names, together::all},
    values::names::Tags,
};

/// A REST API with all that is in it and around it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeRest {
    /// The API itself.
    pub(crate) api: RestApi,
    /// The route keys of its methods that lead to a function, as they are before they are deployed.
    pub(crate) routes: Vec<String>,
    /// The deployments that stages can serve.
    pub(crate) deployments: Vec<Deployment>,
    /// Its stages, by name: one, unless its name is being changed.
    pub(crate) stages: Vec<RestStage>,
    /// Its URL, once it has a stage.
    pub(crate) url: Option<String>,
    /// The documents that its stages serve, by their names, if they are not the desired document.
    pub(crate) served: BTreeMap<String, Value>,
}

impl WholeRest {
    /// An API without any parts.
    pub(crate) const NONE: Self = Self {
        api: RestApi {
            id: String::new(),
            name: String::new(),
            tags: Tags::new(),
        },
        routes: Vec::new(),
        deployments: Vec::new(),
        stages: Vec::new(),
        url: None,
        served: BTreeMap::new(),
    };

    /// True if it gets traffic.
    pub(crate) fn is_open(&self) -> bool {
        !self.stages.is_empty()
    }

    /// Its stage with this name.
    pub(crate) fn stage(&self, name: &str) -> Option<&RestStage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

/// The deployment's REST APIs, and the keys and usage plans that come with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rests {
    /// The APIs with the deployment's tags, those with a stage first: one, unless something went wrong.
    pub(crate) apis: Vec<WholeRest>,
    /// The owners of APIs with the name but without the tags.
    pub(crate) foreign: Vec<String>,
    /// The deployment's keys.
    pub(crate) keys: Vec<ApiKey>,
    /// The deployment's usage plans, with the ids of their keys.
    pub(crate) plans: Vec<(UsagePlan, Vec<String>)>,
}

/// Reads them: one call if there is none. Keys and plans are read only if the deployment has an
/// API: they are created after it and removed before it.
pub(crate) async fn rests<A: Aws>(aws: &A, names: &Names) -> Result<Rests> {
    let apis = aws.rest_apis().await?;
    let (ours, others): (Vec<RestApi>, Vec<RestApi>) =
        apis.into_iter().partition(|api| names.own(&api.tags));
    let mut found = Rests {
        foreign: others
            .iter()
            .filter(|api| api.name == names.function)
            .map(|api| owner(&api.tags))
            .collect(),
        ..Rests::default()
    };
    if ours.is_empty() {
        return Ok(found);
    }
    let (mut keys, mut plans) = tokio::try_join!(aws.api_keys(), aws.usage_plans())?;
    keys.retain(|key| names.own(&key.tags));
    plans.retain(|plan| names.own(&plan.tags));
    for plan in plans {
        let held = aws.plan_keys(&plan.id).await?;
        found.plans.push((plan, held));
    }
    found.keys = keys;
    for api in ours {
        let (routes, mut deployments, mut stages) = tokio::try_join!(
            aws.rest_routes(&api.id),
            aws.deployments(&api.id),
            aws.rest_stages(&api.id),
        )?;
        // The newest first.
        deployments.sort_by_key(|deployment| std::cmp::Reverse(deployment.created));
        stages.sort_by(|one, other| one.name.cmp(&other.name));
        let other = stages.iter().filter(|stage| {
            let mut all = deployments.iter();
            let held = all.find(|held| Some(&held.id) == stage.deployment.as_ref());
            let wanted = names.sought.document.as_deref();
            wanted.is_some_and(|wanted| held.is_none_or(|held| held.description != wanted))
        });
        let served = all(other.map(|stage| async {
            let document = aws.rest_document(&api.id, &stage.name).await?;
            Ok((stage.name.clone(), document))
        }))
        .await?
        .into_iter()
        .collect();
        let first = stages.first();
        let url = first.map(|stage| url(&api.id, aws.region(), &stage.name));
        found.apis.push(WholeRest {
            api,
            routes,
            deployments,
            stages,
            url,
            served,
        });
    }
    let order = |whole: &WholeRest| (!whole.is_open(), whole.api.id.clone());
    found.apis.sort_by_key(order);
    Ok(found)
}
