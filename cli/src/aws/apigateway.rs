//! API Gateway v2: the HTTP API with its integration, its routes and its stage.

use aws_sdk_apigatewayv2::types::{
    Cors as SdkCors, IntegrationType, ProtocolType, builders::CorsBuilder,
};

use super::{Account, Error, Operation, Result, Tags};
use crate::settings::Cors;

pub(super) const GET_APIS: Operation = Operation::new("apigateway", "GetApis");
pub(super) const GET_INTEGRATIONS: Operation = Operation::new("apigateway", "GetIntegrations");
pub(super) const GET_ROUTES: Operation = Operation::new("apigateway", "GetRoutes");
pub(super) const GET_STAGE: Operation = Operation::new("apigateway", "GetStage");
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

/// The stage that has no name in the path.
pub(crate) const DEFAULT_STAGE: &str = "$default";

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

/// What an API forwards to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Integration {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// The ARN of the function's alias.
    pub(crate) uri: String,
    /// Whether it is a Lambda proxy with payload format 2.0.
    pub(crate) proxy: bool,
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
}

/// The calls used. Lists are read to their last page.
pub(crate) trait ApiGateway {
    /// `GetApis`.
    async fn apis(&self) -> Result<Vec<Api>>;
    /// `GetIntegrations`.
    async fn integrations(&self, api: &str) -> Result<Vec<Integration>>;
    /// `GetRoutes`.
    async fn routes(&self, api: &str) -> Result<Vec<Route>>;
    /// `GetStage` of `$default`: whether it deploys by itself.
    async fn stage(&self, api: &str) -> Result<Option<bool>>;
    /// `CreateApi`.
    async fn create_api(&self, name: &str, cors: Option<&Cors>, tags: &Tags) -> Result<Api>;
    /// `UpdateApi`, the CORS configuration only.
    async fn set_cors(&self, api: &str, cors: &Cors) -> Result<()>;
    /// `DeleteCorsConfiguration`.
    async fn delete_cors(&self, api: &str) -> Result<()>;
    /// `DeleteApi`, with everything in it.
    async fn delete_api(&self, api: &str) -> Result<()>;
    /// `CreateIntegration`: a Lambda proxy with payload format 2.0. Gives its id.
    async fn create_integration(&self, api: &str, uri: &str) -> Result<String>;
    /// `UpdateIntegration`.
    async fn update_integration(&self, api: &str, id: &str, uri: &str) -> Result<()>;
    /// `DeleteIntegration`.
    async fn delete_integration(&self, api: &str, id: &str) -> Result<()>;
    /// `CreateRoute`.
    async fn create_route(&self, api: &str, key: &str, integration: &str) -> Result<()>;
    /// `UpdateRoute`, its integration only.
    async fn update_route(&self, api: &str, id: &str, integration: &str) -> Result<()>;
    /// `DeleteRoute`.
    async fn delete_route(&self, api: &str, id: &str) -> Result<()>;
    /// `CreateStage` of `$default`, deploying by itself.
    async fn create_stage(&self, api: &str, tags: &Tags) -> Result<()>;
    /// `UpdateStage` of `$default`, to deploy by itself.
    async fn update_stage(&self, api: &str) -> Result<()>;
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
            found.extend(answer.items().iter().map(|integration| Integration {
                id: owned(integration.integration_id()),
                uri: owned(integration.integration_uri()),
                proxy: integration.integration_type() == Some(&IntegrationType::AwsProxy)
                    && integration.payload_format_version() == Some("2.0"),
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
                }
            }));
            next = answer.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn stage(&self, api: &str) -> Result<Option<bool>> {
        let request = self.apigateway.get_stage().api_id(api);
        let answer = request.stage_name(DEFAULT_STAGE).send().await;
        let stage = GET_STAGE.sort_found(answer)?;
        Ok(stage.map(|stage| stage.auto_deploy().unwrap_or(false)))
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

    async fn create_integration(&self, api: &str, uri: &str) -> Result<String> {
        let request = self
            .apigateway
            .create_integration()
            .api_id(api)
            .integration_type(IntegrationType::AwsProxy)
            .integration_method("POST")
            .integration_uri(uri)
            .payload_format_version("2.0");
        let answer = CREATE_INTEGRATION.sort(request.send().await)?;
        required(CREATE_INTEGRATION, answer.integration_id)
    }

    async fn update_integration(&self, api: &str, id: &str, uri: &str) -> Result<()> {
        let request = self
            .apigateway
            .update_integration()
            .api_id(api)
            .integration_id(id)
            .integration_type(IntegrationType::AwsProxy)
            .integration_method("POST")
            .integration_uri(uri)
            .payload_format_version("2.0");
        UPDATE_INTEGRATION.sort(request.send().await).map(drop)
    }

    async fn delete_integration(&self, api: &str, id: &str) -> Result<()> {
        let request = self.apigateway.delete_integration().api_id(api);
        let answer = request.integration_id(id).send().await;
        DELETE_INTEGRATION.sort(answer).map(drop)
    }

    async fn create_route(&self, api: &str, key: &str, integration: &str) -> Result<()> {
        let request = self
            .apigateway
            .create_route()
            .api_id(api)
            .route_key(key)
            .target(format!("integrations/{integration}"));
        CREATE_ROUTE.sort(request.send().await).map(drop)
    }

    async fn update_route(&self, api: &str, id: &str, integration: &str) -> Result<()> {
        let request = self
            .apigateway
            .update_route()
            .api_id(api)
            .route_id(id)
            .target(format!("integrations/{integration}"));
        UPDATE_ROUTE.sort(request.send().await).map(drop)
    }

    async fn delete_route(&self, api: &str, id: &str) -> Result<()> {
        let request = self.apigateway.delete_route().api_id(api).route_id(id);
        DELETE_ROUTE.sort(request.send().await).map(drop)
    }

    async fn create_stage(&self, api: &str, tags: &Tags) -> Result<()> {
        let request = self
            .apigateway
            .create_stage()
            .api_id(api)
            .stage_name(DEFAULT_STAGE)
            .auto_deploy(true)
            .set_tags(Some(tags.clone().into_iter().collect()));
        CREATE_STAGE.sort(request.send().await).map(drop)
    }

    async fn update_stage(&self, api: &str) -> Result<()> {
        let request = self.apigateway.update_stage().api_id(api);
        let request = request.stage_name(DEFAULT_STAGE).auto_deploy(true);
        UPDATE_STAGE.sort(request.send().await).map(drop)
    }
}

fn owned(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn required(operation: Operation, id: Option<String>) -> Result<String> {
    id.ok_or_else(|| Error::answered(operation, "", "the answer has no id in it"))
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
