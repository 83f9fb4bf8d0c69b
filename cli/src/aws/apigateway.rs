//! API Gateway v2: the HTTP API with its integration, its routes, its authorizers and its stages.

mod parts;

use std::collections::HashMap;

use aws_sdk_apigatewayv2::types::{
    AuthorizationType, AuthorizerType, Cors as SdkCors, IntegrationType, ProtocolType,
    RouteSettings, builders::CorsBuilder,
};

pub(crate) use self::parts::{
    AccessLog, Authorizer, Checks, Guard, Stage, invocation, invoked, is_invocation,
    streamed_invocation,
};
use crate::{
    aws::{
        account::Account,
        error::{Error, Operation, Result},
    },
    values::{
        gateway::{Cors, PayloadFormat},
        names::Tags,
    },
};

pub(super) const GET_APIS: Operation = Operation::new("apigateway", "GetApis");
pub(super) const GET_INTEGRATIONS: Operation = Operation::new("apigateway", "GetIntegrations");
pub(super) const GET_ROUTES: Operation = Operation::new("apigateway", "GetRoutes");
pub(super) const GET_STAGES: Operation = Operation::new("apigateway", "GetStages");
pub(super) const GET_AUTHORIZERS: Operation = Operation::new("apigateway", "GetAuthorizers");
pub(super) const CREATE_API: Operation = Operation::new("apigateway", "CreateApi");
pub(super) const UPDATE_API: Operation = Operation::new("apigateway", "UpdateApi");
pub(super) const DELETE_CORS: Operation = Operation::new("apigateway", "DeleteCorsConfiguration");
pub(super) const DELETE_API: Operation = Operation::new("apigateway", "DeleteApi");
pub(super) const CREATE_INTEGRATION: Operation = Operation::new("apigateway", "CreateIntegration");
pub(super) const UPDATE_INTEGRATION: Operation = Operation::new("apigateway", "UpdateIntegration");
pub(super) const DELETE_INTEGRATION: Operation = Operation::new("apigateway", "DeleteIntegration");
pub(super) const CREATE_ROUTE: Operation = Operation::new("apigateway", "CreateRoute");
pub(super) const UPDATE_ROUTE: Operation = Operation::new("apigateway", "UpdateRoute");
pub(super) const DELETE_ROUTE: Operation = Operation::new("apigateway", "DeleteRoute");
pub(super) const CREATE_STAGE: Operation = Operation::new("apigateway", "CreateStage");
pub(super) const UPDATE_STAGE: Operation = Operation::new("apigateway", "UpdateStage");
pub(super) const DELETE_STAGE: Operation = Operation::new("apigateway", "DeleteStage");
pub(super) const DELETE_ROUTE_SETTINGS: Operation =
    Operation::new("apigateway", "DeleteRouteSettings");
pub(super) const DELETE_ACCESS_LOG: Operation =
    Operation::new("apigateway", "DeleteAccessLogSettings");
pub(super) const CREATE_AUTHORIZER: Operation = Operation::new("apigateway", "CreateAuthorizer");
pub(super) const UPDATE_AUTHORIZER: Operation = Operation::new("apigateway", "UpdateAuthorizer");
pub(super) const DELETE_AUTHORIZER: Operation = Operation::new("apigateway", "DeleteAuthorizer");

/// An API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Api {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// Its name, which need not be unique.
    pub(crate) name: String,
    /// Its URL, without a slash at the end.
    pub(crate) endpoint: String,
    /// Its CORS configuration.
    pub(crate) cors: Option<Cors>,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// The target of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Integration {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// The ARN of the function's alias.
    pub(crate) uri: String,
    /// The version of the function's events, where it is a Lambda proxy.
    pub(crate) format: Option<PayloadFormat>,
    /// For how many milliseconds the API waits for the answer.
    pub(crate) timeout: u32,
}

impl Integration {
    /// The maximum and default wait of an HTTP API, in milliseconds (API Gateway v2 API reference,
    /// `CreateIntegration`, `timeoutInMillis`).
    pub(crate) const TIMEOUT: u32 = 30_000;
}

/// A route of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// Method and path, or `$default`.
    pub(crate) key: String,
    /// The id of its integration, when it has one.
    pub(crate) integration: Option<String>,
    /// Who may call it; authorizers by their ids.
    pub(crate) guard: Guard<String>,
}

/// The calls used. Lists are read to their last page.
pub(crate) trait ApiGateway {
    /// `GetApis`.
    async fn apis(&self) -> Result<Vec<Api>>;
    /// `GetIntegrations`.
    async fn integrations(&self, api: &str) -> Result<Vec<Integration>>;
    /// `GetRoutes`.
    async fn routes(&self, api: &str) -> Result<Vec<Route>>;
    /// `GetStages`.
    async fn stages(&self, api: &str) -> Result<Vec<Stage>>;
    /// `GetAuthorizers`.
    async fn authorizers(&self, api: &str) -> Result<Vec<Authorizer>>;
    /// `CreateApi`.
    async fn create_api(&self, name: &str, cors: Option<&Cors>, tags: &Tags) -> Result<Api>;
    /// `UpdateApi`, the CORS configuration only.
    async fn set_cors(&self, api: &str, cors: &Cors) -> Result<()>;
    /// `DeleteCorsConfiguration`.
    async fn delete_cors(&self, api: &str) -> Result<()>;
    /// `DeleteApi`, with everything in it.
    async fn delete_api(&self, api: &str) -> Result<()>;
    /// `CreateIntegration`: a Lambda proxy. Gives its id.
    async fn create_integration(
        &self,
        api: &str,
        uri: &str,
        format: PayloadFormat,
        timeout: u32,
    ) -> Result<String>;
    /// `UpdateIntegration`.
    async fn update_integration(
        &self,
        api: &str,
        id: &str,
        uri: &str,
        format: PayloadFormat,
        timeout: u32,
    ) -> Result<()>;
    /// `DeleteIntegration`.
    async fn delete_integration(&self, api: &str, id: &str) -> Result<()>;
    /// `CreateRoute`.
    async fn create_route(
        &self,
        api: &str,
        key: &str,
        integration: &str,
        guard: &Guard<String>,
    ) -> Result<()>;
    /// `UpdateRoute`, its integration and its guard.
    async fn update_route(
        &self,
        api: &str,
        id: &str,
        integration: &str,
        guard: &Guard<String>,
    ) -> Result<()>;
    /// `DeleteRoute`.
    async fn delete_route(&self, api: &str, id: &str) -> Result<()>;
    /// `CreateStage`.
    async fn create_stage(&self, api: &str, stage: &Stage, tags: &Tags) -> Result<()>;
    /// `UpdateStage`; `gone` are the variables that it shall have no longer.
    async fn update_stage(&self, api: &str, stage: &Stage, gone: &[String]) -> Result<()>;
    /// `DeleteStage`.
    async fn delete_stage(&self, api: &str, stage: &str) -> Result<()>;
    /// `DeleteRouteSettings`: removes the route's own throttle.
    async fn delete_route_settings(&self, api: &str, stage: &str, key: &str) -> Result<()>;
    /// `DeleteAccessLogSettings`: requests are logged no longer.
    async fn delete_access_log(&self, api: &str, stage: &str) -> Result<()>;
    /// `CreateAuthorizer`. Gives its id.
    async fn create_authorizer(&self, api: &str, name: &str, checks: &Checks) -> Result<String>;
    /// `UpdateAuthorizer`.
    async fn update_authorizer(&self, api: &str, id: &str, checks: &Checks) -> Result<()>;
    /// `DeleteAuthorizer`.
    async fn delete_authorizer(&self, api: &str, id: &str) -> Result<()>;
}

/// A request with what an authorizer checks: making and changing one are two types of the SDK with the same methods.
macro_rules! checking {
    ($request:expr, $checks:expr) => {{
        let request = $request;
        match $checks {
            Checks::Jwt {
                issuer,
                audience,
                identity,
            } => request
                .authorizer_type(AuthorizerType::Jwt)
                .identity_source(identity)
                .jwt_configuration(parts::jwt(issuer, audience)),
            Checks::Function {
                function,
                identity,
                ttl,
                format,
                simple,
            } => request
                .authorizer_type(AuthorizerType::Request)
                .authorizer_uri(invocation(function))
                .set_identity_source(Some(identity.clone()))
                .authorizer_result_ttl_in_seconds(i32::try_from(*ttl).unwrap_or(i32::MAX))
                .authorizer_payload_format_version(format.as_str())
                .enable_simple_responses(*simple),
        }
    }};
}

impl ApiGateway for Account {
    async fn apis(&self) -> Result<Vec<Api>> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = self.apigateway.get_apis();
            let answer = GET_APIS.sort(request.set_next_token(next).send().await)?;
            found.extend(answer.items().iter().map(|api| {
                Api {
                    id: owned(api.api_id()),
                    name: owned(api.name()),
                    endpoint: owned(api.api_endpoint()),
                    cors: api.cors_configuration().map(from_sdk),
                    tags: api
                        .tags()
                        .cloned()
                        .unwrap_or_default()
                        .into_iter()
                        .collect(),
                }
            }));
            next = answer.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn integrations(&self, api: &str) -> Result<Vec<Integration>> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = self.apigateway.get_integrations().api_id(api);
            let request = request.set_next_token(next);
            let answer = GET_INTEGRATIONS.sort(request.send().await)?;
            found.extend(answer.items().iter().map(|integration| {
                Integration {
                    id: owned(integration.integration_id()),
                    uri: owned(integration.integration_uri()),
                    format: match integration.payload_format_version() {
                        _ if integration.integration_type() != Some(&IntegrationType::AwsProxy) => {
                            None
                        }
                        Some("2.0") => Some(PayloadFormat::V2),
                        Some("1.0") => Some(PayloadFormat::V1),
                        _ => None,
                    },
                    timeout: integration
                        .timeout_in_millis()
                        .and_then(|wait| u32::try_from(wait).ok())
                        .unwrap_or(Integration::TIMEOUT),
                }
            }));
            next = answer.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn routes(&self, api: &str) -> Result<Vec<Route>> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = self.apigateway.get_routes().api_id(api);
            let request = request.set_next_token(next);
            let answer = GET_ROUTES.sort(request.send().await)?;
            found.extend(answer.items().iter().map(|route| {
                let target = route.target().unwrap_or_default();
                Route {
                    id: owned(route.route_id()),
                    key: owned(route.route_key()),
                    integration: target.strip_prefix("integrations/").map(str::to_owned),
                    guard: parts::guard(
                        route.authorization_type(),
                        route.authorizer_id(),
                        route.authorization_scopes(),
                    ),
                }
            }));
            next = answer.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn stages(&self, api: &str) -> Result<Vec<Stage>> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = self.apigateway.get_stages().api_id(api);
            let request = request.set_next_token(next);
            let answer = GET_STAGES.sort(request.send().await)?;
            found.extend(answer.items().iter().map(parts::stage));
            next = answer.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn authorizers(&self, api: &str) -> Result<Vec<Authorizer>> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = self.apigateway.get_authorizers().api_id(api);
            let request = request.set_next_token(next);
            let answer = GET_AUTHORIZERS.sort(request.send().await)?;
            found.extend(answer.items().iter().map(parts::authorizer));
            next = answer.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn create_api(&self, name: &str, cors: Option<&Cors>, tags: &Tags) -> Result<Api> {
        let request = self
            .apigateway
            .create_api()
            .name(name)
            .protocol_type(ProtocolType::Http)
            .set_cors_configuration(cors.map(to_sdk))
            .set_tags(Some(tags.clone().into_iter().collect()));
        let answer = CREATE_API.sort(request.send().await)?;
        Ok(Api {
            id: required(CREATE_API, answer.api_id)?,
            name: name.to_owned(),
            endpoint: answer.api_endpoint.unwrap_or_default(),
            cors: cors.cloned(),
            tags: tags.clone(),
        })
    }

    async fn set_cors(&self, api: &str, cors: &Cors) -> Result<()> {
        let request = self.apigateway.update_api().api_id(api);
        let request = request.cors_configuration(to_sdk(cors));
        UPDATE_API.sort(request.send().await).map(drop)
    }

    async fn delete_cors(&self, api: &str) -> Result<()> {
        let request = self.apigateway.delete_cors_configuration().api_id(api);
        DELETE_CORS.sort(request.send().await).map(drop)
    }

    async fn delete_api(&self, api: &str) -> Result<()> {
        let request = self.apigateway.delete_api().api_id(api);
        DELETE_API.sort(request.send().await).map(drop)
    }

    async fn create_integration(
        &self,
        api: &str,
        uri: &str,
        format: PayloadFormat,
        timeout: u32,
    ) -> Result<String> {
        let request = self
            .apigateway
            .create_integration()
            .api_id(api)
            .integration_type(IntegrationType::AwsProxy)
            .integration_method("POST")
            .integration_uri(uri)
            .payload_format_version(format.as_str())
            .timeout_in_millis(milliseconds(timeout));
        let answer = CREATE_INTEGRATION.sort(request.send().await)?;
        required(CREATE_INTEGRATION, answer.integration_id)
    }

    async fn update_integration(
        &self,
        api: &str,
        id: &str,
        uri: &str,
        format: PayloadFormat,
        timeout: u32,
    ) -> Result<()> {
        let request = self
            .apigateway
            .update_integration()
            .api_id(api)
            .integration_id(id)
            .integration_type(IntegrationType::AwsProxy)
            .integration_method("POST")
            .integration_uri(uri)
            .payload_format_version(format.as_str())
            .timeout_in_millis(milliseconds(timeout));
        UPDATE_INTEGRATION.sort(request.send().await).map(drop)
    }

    async fn delete_integration(&self, api: &str, id: &str) -> Result<()> {
        let request = self.apigateway.delete_integration().api_id(api);
        let answer = request.integration_id(id).send().await;
        DELETE_INTEGRATION.sort(answer).map(drop)
    }

    async fn create_route(
        &self,
        api: &str,
        key: &str,
        integration: &str,
        guard: &Guard<String>,
    ) -> Result<()> {
        let scopes = guard.scopes();
        let request = self
            .apigateway
            .create_route()
            .api_id(api)
            .route_key(key)
            .authorization_type(AuthorizationType::from(guard.kind()))
            .set_authorizer_id(guard.authorizer().cloned())
            .set_authorization_scopes((!scopes.is_empty()).then_some(scopes))
            .target(format!("integrations/{integration}"));
        CREATE_ROUTE.sort(request.send().await).map(drop)
    }

    async fn update_route(
        &self,
        api: &str,
        id: &str,
        integration: &str,
        guard: &Guard<String>,
    ) -> Result<()> {
        let request = self
            .apigateway
            .update_route()
            .api_id(api)
            .route_id(id)
            .authorization_type(AuthorizationType::from(guard.kind()))
            .set_authorizer_id(guard.authorizer().cloned())
            // The empty list removes those that a route had.
            .set_authorization_scopes(Some(guard.scopes()))
            .target(format!("integrations/{integration}"));
        UPDATE_ROUTE.sort(request.send().await).map(drop)
    }

    async fn delete_route(&self, api: &str, id: &str) -> Result<()> {
        let request = self.apigateway.delete_route().api_id(api).route_id(id);
        DELETE_ROUTE.sort(request.send().await).map(drop)
    }

    async fn create_stage(&self, api: &str, stage: &Stage, tags: &Tags) -> Result<()> {
        let request = self
            .apigateway
            .create_stage()
            .api_id(api)
            .stage_name(&stage.name)
            .auto_deploy(stage.auto)
            .set_stage_variables(filled(stage.variables.clone()))
            .set_default_route_settings(stage.throttle.map(parts::bucket))
            .set_route_settings(buckets(stage))
            .set_access_log_settings(stage.log.as_ref().map(parts::access_log))
            .set_tags(Some(tags.clone().into_iter().collect()));
        CREATE_STAGE.sort(request.send().await).map(drop)
    }

    async fn update_stage(&self, api: &str, stage: &Stage, gone: &[String]) -> Result<()> {
        let mut variables = stage.variables.clone();
        // A variable is taken away by an empty value, which no variable has (as the AWS provider of Terraform does it).
        variables.extend(gone.iter().map(|name| (name.clone(), String::new())));
        let throttle = stage.throttle.unwrap_or(parts::UNLIMITED);
        let request = self
            .apigateway
            .update_stage()
            .api_id(api)
            .stage_name(&stage.name)
            .auto_deploy(stage.auto)
            .set_stage_variables(filled(variables))
            .default_route_settings(parts::bucket(throttle))
            .set_route_settings(buckets(stage))
            .set_access_log_settings(stage.log.as_ref().map(parts::access_log));
        UPDATE_STAGE.sort(request.send().await).map(drop)
    }

    async fn delete_stage(&self, api: &str, stage: &str) -> Result<()> {
        let request = self.apigateway.delete_stage().api_id(api).stage_name(stage);
        DELETE_STAGE.sort(request.send().await).map(drop)
    }

    async fn delete_route_settings(&self, api: &str, stage: &str, key: &str) -> Result<()> {
        let request = self.apigateway.delete_route_settings().api_id(api);
        let answer = request.stage_name(stage).route_key(key).send().await;
        DELETE_ROUTE_SETTINGS.sort(answer).map(drop)
    }

    async fn delete_access_log(&self, api: &str, stage: &str) -> Result<()> {
        let request = self.apigateway.delete_access_log_settings().api_id(api);
        let answer = request.stage_name(stage).send().await;
        DELETE_ACCESS_LOG.sort(answer).map(drop)
    }

    async fn create_authorizer(&self, api: &str, name: &str, checks: &Checks) -> Result<String> {
        let request = self.apigateway.create_authorizer().api_id(api).name(name);
        let request = checking!(request, checks);
        let answer = CREATE_AUTHORIZER.sort(request.send().await)?;
        required(CREATE_AUTHORIZER, answer.authorizer_id)
    }

    async fn update_authorizer(&self, api: &str, id: &str, checks: &Checks) -> Result<()> {
        let request = self.apigateway.update_authorizer();
        let request = checking!(request.api_id(api).authorizer_id(id), checks);
        UPDATE_AUTHORIZER.sort(request.send().await).map(drop)
    }

    async fn delete_authorizer(&self, api: &str, id: &str) -> Result<()> {
        let request = self.apigateway.delete_authorizer().api_id(api);
        let answer = request.authorizer_id(id).send().await;
        DELETE_AUTHORIZER.sort(answer).map(drop)
    }
}

/// The routes' own buckets, for the SDK.
fn buckets(stage: &Stage) -> Option<HashMap<String, RouteSettings>> {
    let all = stage.routes.iter();
    let all: HashMap<_, _> = all
        .map(|(key, rate)| (key.clone(), parts::bucket(*rate)))
        .collect();
    (!all.is_empty()).then_some(all)
}

/// A table for the SDK, unless it is empty.
fn filled(table: Tags) -> Option<HashMap<String, String>> {
    (!table.is_empty()).then(|| table.into_iter().collect())
}

/// A time for the SDK; the settings' check accepts no longer one.
fn milliseconds(time: u32) -> i32 {
    i32::try_from(time).unwrap_or(i32::MAX)
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn required(operation: Operation, id: Option<String>) -> Result<String> {
    id.ok_or_else(|| Error::answered(operation, "", "the response has no id"))
}

fn to_sdk(cors: &Cors) -> SdkCors {
    let list = |values: &[String]| Some(values.to_vec()).filter(|values| !values.is_empty());
    CorsBuilder::default()
        .set_allow_origins(list(&cors.allow_origins))
        .set_allow_methods(list(&cors.allow_methods))
        .set_allow_headers(list(&cors.allow_headers))
        .set_expose_headers(list(&cors.expose_headers))
        .set_max_age(cors.max_age.and_then(|age| i32::try_from(age).ok()))
        .allow_credentials(cors.allow_credentials)
        .build()
}

fn from_sdk(cors: &SdkCors) -> Cors {
    Cors {
        allow_origins: cors.allow_origins().to_vec(),
        allow_methods: cors.allow_methods().to_vec(),
        allow_headers: cors.allow_headers().to_vec(),
        expose_headers: cors.expose_headers().to_vec(),
        max_age: cors.max_age().and_then(|age| u32::try_from(age).ok()),
        allow_credentials: cors.allow_credentials().unwrap_or(false),
    }
}
