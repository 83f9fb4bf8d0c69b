//! API Gateway v1: the REST API, which is imported as one document, with its deployments and stages, keys and usage plans.

mod model;
mod stage;

use aws_sdk_apigateway::{
    primitives::{Blob, DateTime},
    types::{
        ApiStage, EndpointConfiguration, EndpointType, Op, PatchOperation, PutMode,
        QuotaPeriodType, QuotaSettings, ThrottleSettings,
    },
};
use serde_json::Value;

use self::stage::stage;
pub(crate) use self::{
    model::{ApiKey, Deployment, PlanLimits, RestApi, RestStage, Secret, UsagePlan},
    stage::StageChange,
};
use crate::{
    aws::{
        account::Account,
        error::{Error, Operation, Result},
    },
    values::{gateway::Rate, names::Tags},
};

pub(super) const GET_REST_APIS: Operation = Operation::new("apigateway", "GetRestApis");
pub(super) const GET_ACCOUNT: Operation = Operation::new("apigateway", "GetAccount");
pub(super) const GET_RESOURCES: Operation = Operation::new("apigateway", "GetResources");
pub(super) const GET_REST_STAGES: Operation = Operation::new("apigateway", "GetStages");
pub(super) const GET_EXPORT: Operation = Operation::new("apigateway", "GetExport");
pub(super) const GET_DEPLOYMENTS: Operation = Operation::new("apigateway", "GetDeployments");
pub(super) const GET_USAGE_PLANS: Operation = Operation::new("apigateway", "GetUsagePlans");
pub(super) const GET_PLAN_KEYS: Operation = Operation::new("apigateway", "GetUsagePlanKeys");
pub(super) const GET_API_KEYS: Operation = Operation::new("apigateway", "GetApiKeys");
pub(super) const CREATE_REST_API: Operation = Operation::new("apigateway", "CreateRestApi");
pub(crate) const PUT_REST_API: Operation = Operation::new("apigateway", "PutRestApi");
pub(super) const DELETE_REST_API: Operation = Operation::new("apigateway", "DeleteRestApi");
pub(super) const CREATE_DEPLOYMENT: Operation = Operation::new("apigateway", "CreateDeployment");
pub(super) const DELETE_DEPLOYMENT: Operation = Operation::new("apigateway", "DeleteDeployment");
pub(super) const CREATE_REST_STAGE: Operation = Operation::new("apigateway", "CreateStage");
pub(super) const UPDATE_REST_STAGE: Operation = Operation::new("apigateway", "UpdateStage");
pub(super) const DELETE_REST_STAGE: Operation = Operation::new("apigateway", "DeleteStage");
pub(super) const CREATE_API_KEY: Operation = Operation::new("apigateway", "CreateApiKey");
pub(super) const UPDATE_API_KEY: Operation = Operation::new("apigateway", "UpdateApiKey");
pub(super) const DELETE_API_KEY: Operation = Operation::new("apigateway", "DeleteApiKey");
pub(super) const CREATE_USAGE_PLAN: Operation = Operation::new("apigateway", "CreateUsagePlan");
pub(super) const UPDATE_USAGE_PLAN: Operation = Operation::new("apigateway", "UpdateUsagePlan");
pub(super) const DELETE_USAGE_PLAN: Operation = Operation::new("apigateway", "DeleteUsagePlan");
pub(super) const CREATE_PLAN_KEY: Operation = Operation::new("apigateway", "CreateUsagePlanKey");
pub(super) const DELETE_PLAN_KEY: Operation = Operation::new("apigateway", "DeleteUsagePlanKey");

/// The URL of an API's stage (API Gateway developer guide, "Invoke REST APIs in API Gateway").
pub(crate) fn url(api: &str, region: &str, stage: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://{api}.execute-api.{region}.amazonaws.com{china}/{stage}")
}

/// The most that one page of a list has (API Gateway API reference, `GetRestApis`, `limit`).
const PAGE: i32 = 500;

/// The calls used. Lists are read to their last page.
pub(crate) trait Rest {
    /// `GetRestApis`.
    async fn rest_apis(&self) -> Result<Vec<RestApi>>;
    /// `GetAccount`: the role with which the account's REST APIs write logs, if there is one.
    async fn logging_role(&self) -> Result<Option<String>>;
    /// `GetResources`: the route keys of the methods that lead to a function.
    async fn rest_routes(&self, api: &str) -> Result<Vec<String>>;
    /// `GetStages`.
    async fn rest_stages(&self, api: &str) -> Result<Vec<RestStage>>;
    /// `GetExport`: what a stage serves, as `OpenAPI` 3.0 with API Gateway's extensions.
    async fn rest_document(&self, api: &str, stage: &str) -> Result<Value>;
    /// `GetDeployments`.
    async fn deployments(&self, api: &str) -> Result<Vec<Deployment>>;
    /// `GetUsagePlans`.
    async fn usage_plans(&self) -> Result<Vec<UsagePlan>>;
    /// `GetUsagePlanKeys`: the ids of its keys.
    async fn plan_keys(&self, plan: &str) -> Result<Vec<String>>;
    /// `GetApiKeys`, with their values.
    async fn api_keys(&self) -> Result<Vec<ApiKey>>;
    /// `CreateRestApi`, a regional one. Gives its id.
    async fn create_rest_api(&self, name: &str, tags: &Tags) -> Result<String>;
    /// `PutRestApi`: what was in it before is gone.
    async fn put_rest_api(&self, api: &str, document: &str) -> Result<()>;
    /// `DeleteRestApi`, with everything in it.
    async fn delete_rest_api(&self, api: &str) -> Result<()>;
    /// `CreateDeployment`, which no stage serves yet. Gives its id.
    async fn create_deployment(&self, api: &str, description: &str) -> Result<String>;
    /// `DeleteDeployment`.
    async fn delete_deployment(&self, api: &str, id: &str) -> Result<()>;
    /// `CreateStage`, with its variables; the rest is a change of it.
    async fn create_rest_stage(
        &self,
        api: &str,
        stage: &RestStage,
        deployment: &str,
        tags: &Tags,
    ) -> Result<()>;
    /// `UpdateStage`.
    async fn update_rest_stage(&self, api: &str, stage: &str, change: &StageChange) -> Result<()>;
    /// `DeleteStage`.
    async fn delete_rest_stage(&self, api: &str, stage: &str) -> Result<()>;
    /// `CreateApiKey`. Gives its id.
    async fn create_api_key(
        &self,
        name: &str,
        value: Option<&Secret>,
        enabled: bool,
        tags: &Tags,
    ) -> Result<String>;
    /// `UpdateApiKey`: whether it is taken.
    async fn update_api_key(&self, id: &str, enabled: bool) -> Result<()>;
    /// `DeleteApiKey`.
    async fn delete_api_key(&self, id: &str) -> Result<()>;
    /// `CreateUsagePlan` for one stage. Gives its id.
    async fn create_usage_plan(
        &self,
        name: &str,
        limits: &PlanLimits,
        stage: (&str, &str),
        tags: &Tags,
    ) -> Result<String>;
    /// `UpdateUsagePlan`: its limits, old and new, and the stages that come and go.
    async fn update_usage_plan(
        &self,
        id: &str,
        limits: (&PlanLimits, &PlanLimits),
        added: &[(String, String)],
        removed: &[(String, String)],
    ) -> Result<()>;
    /// `DeleteUsagePlan`.
    async fn delete_usage_plan(&self, id: &str) -> Result<()>;
    /// `CreateUsagePlanKey`: puts a key under a plan.
    async fn create_plan_key(&self, plan: &str, key: &str) -> Result<()>;
    /// `DeleteUsagePlanKey`: removes a key from a plan.
    async fn delete_plan_key(&self, plan: &str, key: &str) -> Result<()>;
}

/// Reads a list to its last page.
macro_rules! pages {
    ($operation:expr, $request:expr, $next:ident => $more:expr) => {{
        let mut found = Vec::new();
        let mut $next: Option<String> = None;
        loop {
            let answer = $operation.sort($request.send().await)?;
            found.extend(answer.items().iter().map($more));
            $next = answer.position.filter(|position| !position.is_empty());
            if $next.is_none() {
                break found;
            }
        }
    }};
}

impl Rest for Account {
    async fn logging_role(&self) -> Result<Option<String>> {
        let answer = GET_ACCOUNT.sort(self.rest.get_account().send().await)?;
        let role = answer.cloudwatch_role_arn;
        Ok(role.filter(|role| !role.is_empty()))
    }

    async fn rest_apis(&self) -> Result<Vec<RestApi>> {
        Ok(pages!(
            GET_REST_APIS,
            self.rest.get_rest_apis().limit(PAGE).set_position(next),
            next => |api| RestApi {
                id: owned(api.id()),
                name: owned(api.name()),
                tags: tags(api.tags()),
            }
        ))
    }

    async fn rest_routes(&self, api: &str) -> Result<Vec<String>> {
        let found: Vec<Vec<String>> = pages!(
            GET_RESOURCES,
            self.rest
                .get_resources()
                .rest_api_id(api)
                .embed("methods")
                .limit(PAGE)
                .set_position(next),
            next => |resource| {
                let path = resource.path().unwrap_or_default();
                let methods = resource.resource_methods().into_iter().flatten();
                let led = methods.filter(|(_, method)| {
                    let integration = method.method_integration();
                    let kind = integration.and_then(|found| found.r#type());
                    kind.is_some_and(|kind| kind.as_str().eq_ignore_ascii_case("AWS_PROXY"))
                });
                led.map(|(name, _)| format!("{name} {path}")).collect()
            }
        );
        let mut all: Vec<String> = found.into_iter().flatten().collect();
        all.sort_unstable();
        Ok(all)
    }

    async fn rest_stages(&self, api: &str) -> Result<Vec<RestStage>> {
        let answer = self.rest.get_stages().rest_api_id(api).send().await;
        let answer = GET_REST_STAGES.sort(answer)?;
        Ok(answer.item().iter().map(stage).collect())
    }

    async fn rest_document(&self, api: &str, stage: &str) -> Result<Value> {
        let request = self
            .rest
            .get_export()
            .rest_api_id(api)
            .stage_name(stage)
            .export_type("oas30")
            .accepts("application/json")
            // API Gateway API reference, `GetExport`: both kinds of extensions may be asked for.
            .parameters("extensions", "integrations,authorizers");
        let answer = GET_EXPORT.sort(request.send().await)?;
        let body = answer.body.unwrap_or_else(|| Blob::new(""));
        let document = serde_json::from_slice(body.as_ref());
        document.map_err(|error| Error::answered(GET_EXPORT, "NotJson", error.to_string()))
    }

    async fn deployments(&self, api: &str) -> Result<Vec<Deployment>> {
        Ok(pages!(
            GET_DEPLOYMENTS,
            self.rest
                .get_deployments()
                .rest_api_id(api)
                .limit(PAGE)
                .set_position(next),
            next => |deployment| Deployment {
                id: owned(deployment.id()),
                description: owned(deployment.description()),
                created: deployment.created_date().map_or(0, DateTime::secs),
            }
        ))
    }

    async fn usage_plans(&self) -> Result<Vec<UsagePlan>> {
        Ok(pages!(
            GET_USAGE_PLANS,
            self.rest.get_usage_plans().limit(PAGE).set_position(next),
            next => |plan| UsagePlan {
                id: owned(plan.id()),
                name: owned(plan.name()),
                limits: PlanLimits {
                    throttle: plan.throttle().and_then(|throttle| {
                        let burst = u32::try_from(throttle.burst_limit()).ok()?;
                        Some(Rate { rate: throttle.rate_limit(), burst })
                    }),
                    quota: plan.quota().and_then(|quota| {
                        let limit = u32::try_from(quota.limit()).ok()?;
                        Some((limit, quota.period()?.as_str().to_owned()))
                    }),
                },
                stages: plan
                    .api_stages()
                    .iter()
                    .map(|stage| (owned(stage.api_id()), owned(stage.stage())))
                    .collect(),
                tags: tags(plan.tags()),
            }
        ))
    }

    async fn plan_keys(&self, plan: &str) -> Result<Vec<String>> {
        Ok(pages!(
            GET_PLAN_KEYS,
            self.rest
                .get_usage_plan_keys()
                .usage_plan_id(plan)
                .limit(PAGE)
                .set_position(next),
            next => |key| owned(key.id())
        ))
    }

    async fn api_keys(&self) -> Result<Vec<ApiKey>> {
        Ok(pages!(
            GET_API_KEYS,
            self.rest
                .get_api_keys()
                .include_values(true)
                .limit(PAGE)
                .set_position(next),
            next => |key| ApiKey {
                id: owned(key.id()),
                name: owned(key.name()),
                value: Secret(owned(key.value())),
                enabled: key.enabled(),
                tags: tags(key.tags()),
            }
        ))
    }

    async fn create_rest_api(&self, name: &str, tags: &Tags) -> Result<String> {
        let regional = EndpointConfiguration::builder().types(EndpointType::Regional);
        let request = self
            .rest
            .create_rest_api()
            .name(name)
            .endpoint_configuration(regional.build())
            .set_tags(Some(tags.clone().into_iter().collect()));
        let answer = CREATE_REST_API.sort(request.send().await)?;
        required(CREATE_REST_API, answer.id)
    }

    async fn put_rest_api(&self, api: &str, document: &str) -> Result<()> {
        let request = self
            .rest
            .put_rest_api()
            .rest_api_id(api)
            .mode(PutMode::Overwrite)
            .body(Blob::new(document));
        PUT_REST_API.sort(request.send().await).map(drop)
    }

    async fn delete_rest_api(&self, api: &str) -> Result<()> {
        let request = self.rest.delete_rest_api().rest_api_id(api);
        DELETE_REST_API.sort(request.send().await).map(drop)
    }

    async fn create_deployment(&self, api: &str, description: &str) -> Result<String> {
        let request = self.rest.create_deployment().rest_api_id(api);
        let answer = request.description(description).send().await;
        required(CREATE_DEPLOYMENT, CREATE_DEPLOYMENT.sort(answer)?.id)
    }

    async fn delete_deployment(&self, api: &str, id: &str) -> Result<()> {
        let request = self.rest.delete_deployment().rest_api_id(api);
        let answer = request.deployment_id(id).send().await;
        DELETE_DEPLOYMENT.sort(answer).map(drop)
    }

    async fn create_rest_stage(
        &self,
        api: &str,
        stage: &RestStage,
        deployment: &str,
        tags: &Tags,
    ) -> Result<()> {
        let variables = stage.variables.clone();
        let request = self
            .rest
            .create_stage()
            .rest_api_id(api)
            .stage_name(&stage.name)
            .deployment_id(deployment)
            .set_variables((!variables.is_empty()).then(|| variables.into_iter().collect()))
            .set_tags(Some(tags.clone().into_iter().collect()));
        CREATE_REST_STAGE.sort(request.send().await).map(drop)
    }

    async fn update_rest_stage(&self, api: &str, stage: &str, change: &StageChange) -> Result<()> {
        let operations = change.operations().into_iter().map(patch).collect();
        let request = self
            .rest
            .update_stage()
            .rest_api_id(api)
            .stage_name(stage)
            .set_patch_operations(Some(operations));
        UPDATE_REST_STAGE.sort(request.send().await).map(drop)
    }

    async fn delete_rest_stage(&self, api: &str, stage: &str) -> Result<()> {
        let request = self.rest.delete_stage().rest_api_id(api).stage_name(stage);
        DELETE_REST_STAGE.sort(request.send().await).map(drop)
    }

    async fn create_api_key(
        &self,
        name: &str,
        value: Option<&Secret>,
        enabled: bool,
        tags: &Tags,
    ) -> Result<String> {
        let request = self
            .rest
            .create_api_key()
            .name(name)
            .enabled(enabled)
            .set_value(value.map(|secret| secret.0.clone()))
            .set_tags(Some(tags.clone().into_iter().collect()));
        let answer = CREATE_API_KEY.sort(request.send().await)?;
        required(CREATE_API_KEY, answer.id)
    }

    async fn update_api_key(&self, id: &str, enabled: bool) -> Result<()> {
        let change = (
            Op::Replace,
            "/enabled".to_owned(),
            Some(enabled.to_string()),
        );
        let request = self.rest.update_api_key().api_key(id);
        let answer = request.patch_operations(patch(change)).send().await;
        UPDATE_API_KEY.sort(answer).map(drop)
    }

    async fn delete_api_key(&self, id: &str) -> Result<()> {
        let answer = self.rest.delete_api_key().api_key(id).send().await;
        DELETE_API_KEY.sort(answer).map(drop)
    }

    async fn create_usage_plan(
        &self,
        name: &str,
        limits: &PlanLimits,
        (api, stage): (&str, &str),
        tags: &Tags,
    ) -> Result<String> {
        let throttle = limits.throttle.map(|Rate { rate, burst }| {
            ThrottleSettings::builder()
                .rate_limit(rate)
                .burst_limit(i32::try_from(burst).unwrap_or(i32::MAX))
                .build()
        });
        let quota = limits.quota.as_ref().map(|(limit, period)| {
            QuotaSettings::builder()
                .limit(i32::try_from(*limit).unwrap_or(i32::MAX))
                .period(QuotaPeriodType::from(period.as_str()))
                .build()
        });
        let request = self
            .rest
            .create_usage_plan()
            .name(name)
            .api_stages(ApiStage::builder().api_id(api).stage(stage).build())
            .set_throttle(throttle)
            .set_quota(quota)
            .set_tags(Some(tags.clone().into_iter().collect()));
        let answer = CREATE_USAGE_PLAN.sort(request.send().await)?;
        required(CREATE_USAGE_PLAN, answer.id)
    }

    async fn update_usage_plan(
        &self,
        id: &str,
        (before, limits): (&PlanLimits, &PlanLimits),
        added: &[(String, String)],
        removed: &[(String, String)],
    ) -> Result<()> {
        let replace = |path: &str, value: String| (Op::Replace, path.to_owned(), Some(value));
        let mut all = Vec::new();
        match limits.throttle {
            now if now == before.throttle => {}
            None => all.push((Op::Remove, "/throttle".to_owned(), None)),
            Some(Rate { rate, burst }) => {
                all.push(replace("/throttle/rateLimit", rate.to_string()));
                all.push(replace("/throttle/burstLimit", burst.to_string()));
            }
        }
        match &limits.quota {
            now if *now == before.quota => {}
            None => all.push((Op::Remove, "/quota".to_owned(), None)),
            Some((limit, period)) => {
                all.push(replace("/quota/limit", limit.to_string()));
                all.push(replace("/quota/period", period.clone()));
            }
        }
        for (op, stages) in [(Op::Add, added), (Op::Remove, removed)] {
            all.extend(stages.iter().map(|(api, stage)| {
                let value = format!("{api}:{stage}");
                (op.clone(), "/apiStages".to_owned(), Some(value))
            }));
        }
        let request = self.rest.update_usage_plan().usage_plan_id(id);
        let operations = all.into_iter().map(patch).collect();
        let answer = request.set_patch_operations(Some(operations)).send().await;
        UPDATE_USAGE_PLAN.sort(answer).map(drop)
    }

    async fn delete_usage_plan(&self, id: &str) -> Result<()> {
        let answer = self.rest.delete_usage_plan().usage_plan_id(id).send().await;
        DELETE_USAGE_PLAN.sort(answer).map(drop)
    }

    async fn create_plan_key(&self, plan: &str, key: &str) -> Result<()> {
        let request = self.rest.create_usage_plan_key().usage_plan_id(plan);
        let answer = request.key_id(key).key_type("API_KEY").send().await;
        CREATE_PLAN_KEY.sort(answer).map(drop)
    }

    async fn delete_plan_key(&self, plan: &str, key: &str) -> Result<()> {
        let request = self.rest.delete_usage_plan_key().usage_plan_id(plan);
        let answer = request.key_id(key).send().await;
        DELETE_PLAN_KEY.sort(answer).map(drop)
    }
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn tags(found: Option<&std::collections::HashMap<String, String>>) -> Tags {
    let found = found.into_iter().flatten();
    found
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn patch((op, path, value): (Op, String, Option<String>)) -> PatchOperation {
    PatchOperation::builder()
        .op(op)
        .path(path)
        .set_value(value)
        .build()
}

fn required(operation: Operation, id: Option<String>) -> Result<String> {
    id.ok_or_else(|| Error::answered(operation, "", "the response has no id"))
}
