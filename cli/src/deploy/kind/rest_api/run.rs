//! Runs the steps on a REST API.

use std::collections::BTreeMap;

use super::step::{Named, RestStep};
use crate::{
    aws::{Aws, error::Error, lambda::Grant, rest::StageChange},
    deploy::{
        names::{REST_ASK_GRANT, REST_GRANT},
        run::unplanned,
    },
    values::lambda::ALIAS,
};

/// The results of the steps, for later steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    /// Ids, by kind and name.
    ids: BTreeMap<(&'static str, String), String>,
}

impl Made {
    /// Adds what another has.
    pub(crate) fn extend(&mut self, other: Self) {
        self.ids.extend(other.ids);
    }

    fn keep(&mut self, step: &RestStep, id: String) {
        if let Some((kind, name)) = step.output() {
            self.ids.insert((kind, name.to_owned()), id);
        }
    }

    pub(crate) fn id<'a>(&'a self, kind: &'static str, named: &'a Named) -> Result<&'a str, Error> {
        named
            .id
            .as_deref()
            .or_else(|| self.made(kind, &named.name))
            .ok_or_else(|| unplanned("an earlier step should have created it"))
    }

    fn made(&self, kind: &'static str, name: &str) -> Option<&str> {
        let key = (kind, name.to_owned());
        self.ids.get(&key).map(String::as_str)
    }

    fn deployment(&self, digest: &str) -> Result<&str, Error> {
        let made = self.made("deployment", digest);
        made.ok_or_else(|| unplanned("an earlier step should have created the deployment"))
    }
}

/// Runs a step; returns the API's URL if the step opens it.
pub(crate) async fn call<A: Aws>(
    aws: &A,
    step: &RestStep,
    made: &mut Made,
) -> Result<Option<String>, Error> {
    match step {
        RestStep::CreateApi { name, tags } => {
            let id = aws.create_rest_api(name, tags).await?;
            made.keep(step, id);
        }
        RestStep::AddPermission {
            function,
            api,
            place,
            asks,
        } => {
            let api = made.id("api", api)?;
            let grant = match asks {
                true => Grant::of_api(REST_ASK_GRANT, place.asking(api)),
                false => Grant::of_api(REST_GRANT, place.api(api)),
            };
            aws.add_permission(function, ALIAS, &grant).await?;
        }
        RestStep::PutApi { api, document, .. } => {
            let document = document.to_string();
            aws.put_rest_api(made.id("api", api)?, &document).await?;
        }
        RestStep::CreateDeployment { api, digest } => {
            let id = aws.create_deployment(made.id("api", api)?, digest).await?;
            made.keep(step, id);
        }
        RestStep::DeleteDeployment { api, deployment } => {
            let id = made.id("deployment", deployment)?;
            aws.delete_deployment(api, id).await?;
        }
        RestStep::CreateStage {
            api,
            stage,
            deployment,
            tags,
            place,
        } => {
            let api = made.id("api", api)?;
            let deployment = made.id("deployment", deployment)?;
            aws.create_rest_stage(api, stage, deployment, tags).await?;
            return Ok(Some(crate::aws::rest::url(api, &place.region, &stage.name)));
        }
        RestStep::UpdateStage {
            api,
            stage,
            change,
            deploys,
        } => {
            let api = made.id("api", api)?;
            let change = match deploys {
                Some(digest) => &StageChange {
                    deployment: Some(made.deployment(digest)?.to_owned()),
                    ..change.clone()
                },
                None => change,
            };
            aws.update_rest_stage(api, stage, change).await?;
        }
        RestStep::DeleteStage { api, stage } => aws.delete_rest_stage(api, stage).await?,
        RestStep::DeleteApi { api, .. } => aws.delete_rest_api(api).await?,
        RestStep::CreateKey {
            name,
            value,
            enabled,
            tags,
        } => {
            let id = aws
                .create_api_key(name, value.as_ref(), *enabled, tags)
                .await?;
            made.keep(step, id);
        }
        RestStep::UpdateKey { id, enabled, .. } => aws.update_api_key(id, *enabled).await?,
        RestStep::DeleteKey { id, .. } => aws.delete_api_key(id).await?,
        RestStep::CreatePlan {
            name,
            limits,
            api,
            stage,
            tags,
        } => {
            let of = (made.id("api", api)?, stage.as_str());
            let id = aws.create_usage_plan(name, limits, of, tags).await?;
            made.keep(step, id);
        }
        RestStep::UpdatePlan {
            id,
            before,
            limits,
            added,
            removed,
            ..
        } => {
            let added = match added {
                None => Vec::new(),
                Some((api, stage)) => vec![(made.id("api", api)?.to_owned(), stage.clone())],
            };
            aws.update_usage_plan(id, (before, limits), &added, removed)
                .await?;
        }
        RestStep::DeletePlan { id, .. } => aws.delete_usage_plan(id).await?,
        RestStep::AddPlanKey { plan, key } => {
            let (plan, key) = (made.id("plan", plan)?, made.id("key", key)?);
            aws.create_plan_key(plan, key).await?;
        }
        RestStep::RemovePlanKey { plan, key, .. } => aws.delete_plan_key(plan, key).await?,
    }
    Ok(None)
}
