//! REST APIs: what a stage serves is what was deployed, and what is in use cannot be deleted.

use serde_json::{Value, json};

use super::{Fake, FakeRest, State, missing};
use super::{apigateway::writable, domains::mapped};
use crate::{
    aws::{
        error::Result,
        rest::{
            ApiKey, CREATE_API_KEY, CREATE_DEPLOYMENT, CREATE_PLAN_KEY, CREATE_REST_API,
            CREATE_REST_STAGE, CREATE_USAGE_PLAN, DELETE_API_KEY, DELETE_DEPLOYMENT,
            DELETE_PLAN_KEY, DELETE_REST_API, DELETE_REST_STAGE, DELETE_USAGE_PLAN, Deployment,
            GET_ACCOUNT, GET_API_KEYS, GET_DEPLOYMENTS, GET_EXPORT, GET_PLAN_KEYS, GET_RESOURCES,
            GET_REST_APIS, GET_REST_STAGES, GET_USAGE_PLANS, PUT_REST_API, PlanLimits, Rest,
            RestApi, RestStage, Secret, StageChange, UPDATE_API_KEY, UPDATE_REST_STAGE,
            UPDATE_USAGE_PLAN, UsagePlan,
        },
    },
    deploy::model::openapi::keys,
    values::names::Tags,
};

const GONE: &str = "NotFoundException";
const CONFLICT: &str = "ConflictException";
const REFUSED: &str = "BadRequestException";

type Refused = (&'static str, String);

fn known<'a>(state: &'a mut State, id: &str) -> Result<&'a mut FakeRest, Refused> {
    let found = state.rests.iter_mut().find(|held| held.api.id == id);
    found.ok_or_else(|| missing(GONE, id))
}

fn plan<'a>(state: &'a mut State, id: &str) -> Result<&'a mut (UsagePlan, Vec<String>), Refused> {
    let found = state.plans.iter_mut().find(|(held, _)| held.id == id);
    found.ok_or_else(|| missing(GONE, id))
}

fn stage<'a>(rest: &'a mut FakeRest, name: &str) -> Result<&'a mut RestStage, Refused> {
    let found = rest.stages.iter_mut().find(|held| held.name == name);
    found.ok_or_else(|| missing(GONE, name))
}

/// Whether a usage plan is for that API, and that stage where one is named.
fn planned(state: &State, api: &str, stage: Option<&str>) -> Result<(), Refused> {
    let is_of = |held: &(String, String)| held.0 == api && stage.is_none_or(|name| held.1 == name);
    match state
        .plans
        .iter()
        .any(|(plan, _)| plan.stages.iter().any(is_of))
    {
        true => Err((REFUSED, format!("{api} is in a usage plan"))),
        false => Ok(()),
    }
}

/// What API Gateway would not import.
fn importable(document: &Value) -> Result<(), Refused> {
    let refuse = |why: String| Err((REFUSED, why));
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, said) in methods.as_object().into_iter().flatten() {
            let integration = &said["x-amazon-apigateway-integration"];
            if integration["type"] == "aws_proxy" && !integration["uri"].is_string() {
                return refuse(format!("{method} {path} leads nowhere"));
            }
            let asked = said["security"].as_array().into_iter().flatten();
            for scheme in asked
                .filter_map(Value::as_object)
                .flat_map(|one| one.keys())
            {
                if document["components"]["securitySchemes"][scheme].is_null() {
                    return refuse(format!("{method} {path} asks for an unknown {scheme}"));
                }
            }
            let model = &said["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            if let Some(name) = model.as_str().and_then(|name| name.rsplit('/').next())
                && document["components"]["schemas"][name].is_null()
            {
                return refuse(format!("{method} {path} has no model {name}"));
            }
        }
    }
    Ok(())
}

impl Rest for Fake {
    async fn logging_role(&self) -> Result<Option<String>> {
        self.later().await.call(GET_ACCOUNT, |_| {
            let role = "arn:aws:iam::123456789012:role/logs".to_owned();
            Ok((!self.unlogged.get()).then_some(role))
        })
    }

    async fn rest_apis(&self) -> Result<Vec<RestApi>> {
        self.call(GET_REST_APIS, |state| {
            Ok(state.rests.iter().map(|held| held.api.clone()).collect())
        })
    }

    async fn rest_routes(&self, api: &str) -> Result<Vec<String>> {
        self.call(GET_RESOURCES, |state| {
            Ok(keys(&known(state, api)?.document).into_iter().collect())
        })
    }

    async fn rest_stages(&self, api: &str) -> Result<Vec<RestStage>> {
        self.call(GET_REST_STAGES, |state| {
            Ok(known(state, api)?.stages.clone())
        })
    }

    async fn rest_document(&self, api: &str, name: &str) -> Result<Value> {
        self.call(GET_EXPORT, |state| {
            let found = known(state, api)?;
            let served = stage(found, name)?.deployment.clone();
            let mut all = found.deployments.iter();
            let held = all.find(|(held, _)| Some(&held.id) == served.as_ref());
            let (_, document) = held.ok_or_else(|| missing(GONE, name))?;
            Ok(document.clone())
        })
    }

    async fn deployments(&self, api: &str) -> Result<Vec<Deployment>> {
        self.call(GET_DEPLOYMENTS, |state| {
            let all = known(state, api)?.deployments.iter();
            Ok(all.map(|(held, _)| held.clone()).collect())
        })
    }

    async fn usage_plans(&self) -> Result<Vec<UsagePlan>> {
        self.call(GET_USAGE_PLANS, |state| {
            Ok(state.plans.iter().map(|(held, _)| held.clone()).collect())
        })
    }

    async fn plan_keys(&self, id: &str) -> Result<Vec<String>> {
        self.call(GET_PLAN_KEYS, |state| Ok(plan(state, id)?.1.clone()))
    }

    async fn api_keys(&self) -> Result<Vec<ApiKey>> {
        self.call(GET_API_KEYS, |state| Ok(state.keys.clone()))
    }

    async fn create_rest_api(&self, name: &str, tags: &Tags) -> Result<String> {
        self.call(CREATE_REST_API, |state| {
            let id = self.id("rest");
            state.rests.push(FakeRest {
                api: RestApi {
                    id: id.clone(),
                    name: name.to_owned(),
                    tags: tags.clone(),
                },
                document: json!({}),
                deployments: Vec::new(),
                stages: Vec::new(),
            });
            Ok(id)
        })
    }

    async fn put_rest_api(&self, api: &str, document: &str) -> Result<()> {
        self.call(PUT_REST_API, |state| {
            let document = serde_json::from_str(document);
            let document = document.map_err(|error| (REFUSED, error.to_string()))?;
            importable(&document)?;
            known(state, api)?.document = document;
            Ok(())
        })
    }

    async fn delete_rest_api(&self, api: &str) -> Result<()> {
        self.call(DELETE_REST_API, |state| {
            mapped(state, api, None)?;
            known(state, api)?;
            planned(state, api, None)?;
            state.rests.retain(|held| held.api.id != api);
            Ok(())
        })
    }

    async fn create_deployment(&self, api: &str, description: &str) -> Result<String> {
        self.call(CREATE_DEPLOYMENT, |state| {
            let found = known(state, api)?;
            if keys(&found.document).is_empty() {
                return Err((REFUSED, "the REST API has no methods".to_owned()));
            }
            let id = self.id("deployment");
            let deployment = Deployment {
                id: id.clone(),
                description: description.to_owned(),
                created: self.next_id.get().into(),
            };
            found.deployments.push((deployment, found.document.clone()));
            Ok(id)
        })
    }

    async fn delete_deployment(&self, api: &str, id: &str) -> Result<()> {
        self.call(DELETE_DEPLOYMENT, |state| {
            let found = known(state, api)?;
            if !found.deployments.iter().any(|(held, _)| held.id == id) {
                return Err(missing(GONE, id));
            }
            let mut stages = found.stages.iter();
            if stages.any(|stage| stage.deployment.as_deref() == Some(id)) {
                return Err((REFUSED, format!("{id} is served by a stage")));
            }
            found.deployments.retain(|(held, _)| held.id != id);
            Ok(())
        })
    }

    async fn create_rest_stage(
        &self,
        api: &str,
        wanted: &RestStage,
        deployment: &str,
        _tags: &Tags,
    ) -> Result<()> {
        self.call(CREATE_REST_STAGE, |state| {
            let found = known(state, api)?;
            if stage(found, &wanted.name).is_ok() {
                return Err((CONFLICT, "stage already exists".to_owned()));
            }
            let mut all = found.deployments.iter();
            if !all.any(|(held, _)| held.id == deployment) {
                return Err(missing(GONE, deployment));
            }
            found.stages.push(RestStage {
                name: wanted.name.clone(),
                deployment: Some(deployment.to_owned()),
                variables: wanted.variables.clone(),
                throttle: None,
                methods: std::collections::BTreeMap::new(),
                log: None,
            });
            Ok(())
        })
    }

    async fn update_rest_stage(&self, api: &str, name: &str, change: &StageChange) -> Result<()> {
        self.call(UPDATE_REST_STAGE, |state| {
            let log = change.log.as_ref().and_then(Option::as_ref);
            let there = log.is_none_or(|log| writable(state, log));
            let found = known(state, api)?;
            if let Some(id) = &change.deployment
                && !found.deployments.iter().any(|(held, _)| held.id == *id)
            {
                return Err(missing(GONE, id));
            }
            if let Some(Some(log)) = &change.log {
                if self.unlogged.get() {
                    let told = "CloudWatch Logs role ARN must be set in account settings to enable logging";
                    return Err((REFUSED, told.to_owned()));
                }
                if !there {
                    return Err(missing(REFUSED, &log.group));
                }
            }
            let methods = keys(&found.document);
            let held = stage(found, name)?;
            for (key, rate) in &change.methods {
                match rate {
                    Some(_) if !methods.contains(key) => return Err(missing(GONE, key)),
                    Some(rate) => drop(held.methods.insert(key.clone(), *rate)),
                    None => drop(held.methods.remove(key)),
                }
            }
            for (key, value) in &change.variables {
                match value {
                    Some(value) => drop(held.variables.insert(key.clone(), value.clone())),
                    None => drop(held.variables.remove(key)),
                }
            }
            if let Some(throttle) = change.throttle {
                held.throttle = throttle;
            }
            if let Some(log) = &change.log {
                held.log.clone_from(log);
            }
            if change.deployment.is_some() {
                held.deployment.clone_from(&change.deployment);
            }
            Ok(())
        })
    }

    async fn delete_rest_stage(&self, api: &str, name: &str) -> Result<()> {
        self.call(DELETE_REST_STAGE, |state| {
            mapped(state, api, Some(name))?;
            stage(known(state, api)?, name)?;
            planned(state, api, Some(name))?;
            known(state, api)?.stages.retain(|held| held.name != name);
            Ok(())
        })
    }

    async fn create_api_key(
        &self,
        name: &str,
        value: Option<&Secret>,
        enabled: bool,
        tags: &Tags,
    ) -> Result<String> {
        self.call(CREATE_API_KEY, |state| {
            if state.keys.iter().any(|held| Some(&held.value) == value) {
                return Err((CONFLICT, "API Key already exists".to_owned()));
            }
            let id = self.id("key");
            state.keys.push(ApiKey {
                value: value
                    .cloned()
                    .unwrap_or_else(|| Secret(format!("made-{id}"))),
                id: id.clone(),
                name: name.to_owned(),
                enabled,
                tags: tags.clone(),
            });
            Ok(id)
        })
    }

    async fn update_api_key(&self, id: &str, enabled: bool) -> Result<()> {
        self.call(UPDATE_API_KEY, |state| {
            let found = state.keys.iter_mut().find(|held| held.id == id);
            found.ok_or_else(|| missing(GONE, id))?.enabled = enabled;
            Ok(())
        })
    }

    async fn delete_api_key(&self, id: &str) -> Result<()> {
        self.call(DELETE_API_KEY, |state| {
            if !state.keys.iter().any(|held| held.id == id) {
                return Err(missing(GONE, id));
            }
            state.keys.retain(|held| held.id != id);
            for (_, held) in &mut state.plans {
                held.retain(|key| key != id);
            }
            Ok(())
        })
    }

    async fn create_usage_plan(
        &self,
        name: &str,
        limits: &PlanLimits,
        (api, of): (&str, &str),
        tags: &Tags,
    ) -> Result<String> {
        self.call(CREATE_USAGE_PLAN, |state| {
            stage(known(state, api)?, of)?;
            let id = self.id("plan");
            let plan = UsagePlan {
                id: id.clone(),
                name: name.to_owned(),
                limits: limits.clone(),
                stages: vec![(api.to_owned(), of.to_owned())],
                tags: tags.clone(),
            };
            state.plans.push((plan, Vec::new()));
            Ok(id)
        })
    }

    async fn update_usage_plan(
        &self,
        id: &str,
        (before, limits): (&PlanLimits, &PlanLimits),
        added: &[(String, String)],
        removed: &[(String, String)],
    ) -> Result<()> {
        self.call(UPDATE_USAGE_PLAN, |state| {
            for (api, name) in added {
                stage(known(state, api)?, name)?;
            }
            let (held, _) = plan(state, id)?;
            if held.limits != *before {
                return Err((REFUSED, format!("{id} has other limits")));
            }
            held.limits = limits.clone();
            held.stages.retain(|stage| !removed.contains(stage));
            held.stages.extend(added.iter().cloned());
            Ok(())
        })
    }

    async fn delete_usage_plan(&self, id: &str) -> Result<()> {
        self.call(DELETE_USAGE_PLAN, |state| {
            if !plan(state, id)?.0.stages.is_empty() {
                return Err((REFUSED, format!("{id} is for a stage")));
            }
            state.plans.retain(|(held, _)| held.id != id);
            Ok(())
        })
    }

    async fn create_plan_key(&self, id: &str, key: &str) -> Result<()> {
        self.call(CREATE_PLAN_KEY, |state| {
            if !state.keys.iter().any(|held| held.id == key) {
                return Err(missing(GONE, key));
            }
            let (_, held) = plan(state, id)?;
            if held.iter().any(|held| held == key) {
                return Err((CONFLICT, format!("{key} is in the plan already")));
            }
            held.push(key.to_owned());
            Ok(())
        })
    }

    async fn delete_plan_key(&self, id: &str, key: &str) -> Result<()> {
        self.call(DELETE_PLAN_KEY, |state| {
            let (_, held) = plan(state, id)?;
            if !held.iter().any(|held| held == key) {
                return Err(missing(GONE, key));
            }
            held.retain(|held| held != key);
            Ok(())
        })
    }
}
