//! The front door that the settings choose, with what the manifest's routes and authorizers ask of it.

use std::time::Duration;

use fw_gateway::{
    ApiIdentity, ApiKey, ApiKeySource, Authorizer, ConfigError, FrontDoor, FunctionUrl,
    FunctionUrlConfig, HttpApi, HttpApiConfig, HttpApiRoute, IdentitySource, JwtAuthorizer,
    LambdaAuthorizer, Quota, QuotaPeriod, RequestValidation, Requirement, RestApi, RestApiConfig,
    RestAuthorizer, RestMethod, RouteKey, Throttle, UsagePlan,
};
use fw_manifest::{Manifest, ManifestAuthorizer, ManifestRoute, Part};

use super::generation::Source;
use crate::{
    error::{Failure, Result},
    settings::{Settings, access, cors},
    values::{
        credentials,
        gateway::{Auth, Gateway, InvokeMode},
    },
};

/// The manifest's routes as the gateway knows them.
pub(super) fn routes(manifest: &Manifest) -> Result<Vec<RouteKey>> {
    let parse = |route: &ManifestRoute| {
        let key = route.key();
        key.parse::<RouteKey>().map_err(|error| {
            let place = route.source.as_ref().map_or_else(String::new, |source| {
                format!(" ({}:{})", source.file, source.line)
            });
            Failure::input(format!("the gateway cannot have this route{place}: {key}"))
                .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
        })
    };
    manifest.routes.iter().map(parse).collect()
}

/// The front door that the settings choose, with the manifest's routes.
pub(super) fn new(source: &Source<'_>, routes: Vec<RouteKey>) -> Result<FrontDoor> {
    let settings = source.settings;
    let identity = ApiIdentity {
        account_id: credentials::ACCOUNT.to_owned(),
        region: credentials::region(),
        domain_name: source
            .url
            .split_once("://")
            .map_or(source.url, |(_, host)| host)
            .to_owned(),
        stage_variables: settings.gateway_settings.stage_variables.clone(),
        ..ApiIdentity::new("local", &settings.gateway_settings.stage_name)
    };
    let cors = cors::model(source.manifest, settings);
    let made: Result<FrontDoor, ConfigError> = match settings.gateway {
        Gateway::HttpApi => HttpApi::new(HttpApiConfig {
            routes: http_api_routes(source, routes),
            authorizers: authorizers(source)?,
            throttle: common_throttle(settings),
            cors,
            integration_timeout: waits(settings).unwrap_or(HttpApi::INTEGRATION_TIMEOUT),
            payload_format: settings.gateway_settings.payload_format.into(),
            ..HttpApiConfig::new(identity)
        })
        .map(FrontDoor::from),
        Gateway::RestApi => RestApi::new(RestApiConfig {
            resource_cors: cors::of_paths(source.manifest, settings),
            integration_timeout: waits(settings).unwrap_or(RestApi::INTEGRATION_TIMEOUT),
            ..rest_api(source, routes, identity)?
        })
        .map(FrontDoor::from),
        // The app finds the route itself.
        Gateway::FunctionUrl => FunctionUrl::new(FunctionUrlConfig {
            cors,
            streaming: settings.gateway_settings.invoke_mode == InvokeMode::ResponseStream,
            iam: settings.gateway_settings.auth == Auth::Iam,
            reserved_concurrency: settings.of(&Part::Api).reserved,
            ..FunctionUrlConfig::new(identity)
        })
        .map(FrontDoor::from),
    };
    made.map_err(wrong)
}

/// For how long the API waits, where it is set.
fn waits(settings: &Settings) -> Option<Duration> {
    let milliseconds = settings.gateway_settings.integration_timeout?;
    Some(Duration::from_millis(milliseconds.into()))
}

/// Each route with what it asks of its callers.
fn http_api_routes(source: &Source<'_>, routes: Vec<RouteKey>) -> Vec<HttpApiRoute> {
    routes
        .into_iter()
        .zip(&source.manifest.routes)
        .map(|(key, route)| HttpApiRoute {
            throttle: own_throttle(source.settings, route),
            requirement: Requirement::of_route(route).map(|requirement| match requirement {
                Requirement::Jwt { authorizer, scopes } => Requirement::Jwt {
                    authorizer: jwt_name(&authorizer),
                    scopes,
                },
                other => other,
            }),
            key,
        })
        .collect()
}

/// The settings' names are apart from the app's authorizers', and the gateway's are not.
fn jwt_name(name: &str) -> String {
    format!("jwt.{name}")
}

/// The issuers of the settings, and the app's own authorizers.
fn authorizers(source: &Source<'_>) -> Result<Vec<Authorizer>> {
    let mut all = Vec::new();
    for (name, jwt) in &source.settings.access.jwt {
        all.push(Authorizer::Jwt(JwtAuthorizer {
            identity: identity_source(&jwt.identity)?,
            ..JwtAuthorizer::new(jwt_name(name), &jwt.issuer, &jwt.audience)
        }));
    }
    for authorizer in &source.manifest.authorizers {
        let set = set(authorizer, source.settings);
        let authorizer = LambdaAuthorizer::of_manifest(&set).map_err(wrong)?;
        all.push(Authorizer::Lambda(authorizer));
    }
    Ok(all)
}

/// A REST API without its CORS.
fn rest_api(
    source: &Source<'_>,
    routes: Vec<RouteKey>,
    identity: ApiIdentity,
) -> Result<RestApiConfig> {
    let settings = source.settings;
    let access = &settings.access;
    let validation = RequestValidation {
        parameters: access.request_validation,
        body: access.request_validation,
    };
    let method = |route: &ManifestRoute| {
        let mut method = RestMethod::of_route(route, validation);
        method.throttle = own_throttle(settings, route);
        method
    };
    Ok(RestApiConfig {
        methods: source
            .manifest
            .routes
            .iter()
            .map(method)
            .enumerate()
            .collect(),
        routes,
        binary_media_types: settings.gateway_settings.binary_media_types.clone(),
        authorizers: source
            .manifest
            .authorizers
            .iter()
            .map(|it| RestAuthorizer::of_manifest(&set(it, settings)).map_err(wrong))
            .collect::<Result<_>>()?,
        api_keys: access
            .api_keys
            .iter()
            .map(|key| ApiKey {
                enabled: key.enabled,
                ..ApiKey::new(
                    &key.name,
                    key.value
                        .clone()
                        .unwrap_or_else(|| source.credentials.api_key(&key.name)),
                )
            })
            .collect(),
        api_key_source: match access.api_key_source {
            access::ApiKeySource::Header => ApiKeySource::Header,
            access::ApiKeySource::Authorizer => ApiKeySource::Authorizer,
        },
        usage_plans: access.usage_plans.iter().map(usage_plan).collect(),
        throttle: common_throttle(settings),
        gateway_responses: cors::responses(settings)?,
        ..RestApiConfig::new(identity)
    })
}

fn usage_plan((name, plan): (&String, &access::UsagePlan)) -> UsagePlan {
    UsagePlan {
        throttle: throttle(plan.rate, plan.burst),
        quota: plan.quota.map(|quota| Quota {
            limit: quota.limit.into(),
            period: match quota.period {
                access::Period::Day => QuotaPeriod::Day,
                access::Period::Week => QuotaPeriod::Week,
                access::Period::Month => QuotaPeriod::Month,
            },
            offset: 0,
        }),
        ..UsagePlan::new(name, &plan.keys)
    }
}

/// An authorizer as the app declares it, overridden by the settings.
fn set(authorizer: &ManifestAuthorizer, settings: &Settings) -> ManifestAuthorizer {
    let mut authorizer = authorizer.clone();
    if let Some(own) = settings.access.authorizers.get(&authorizer.name) {
        authorizer.ttl = own.ttl.unwrap_or(authorizer.ttl);
        if let Some(identity) = &own.identity {
            authorizer.identity.clone_from(identity);
        }
    }
    authorizer
}

fn identity_source(text: &str) -> Result<IdentitySource> {
    text.parse().map_err(wrong)
}

fn wrong(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::input("this gateway configuration is not valid")
        .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>)
}

/// The throttle of all routes without their own.
fn common_throttle(settings: &Settings) -> Option<Throttle> {
    let common = &settings.access.throttle;
    throttle(common.rate, common.burst)
}

/// The throttle of one route.
fn own_throttle(settings: &Settings, route: &ManifestRoute) -> Option<Throttle> {
    let own = settings.access.throttle.routes.get(&route.key())?;
    throttle(Some(own.rate), Some(own.burst))
}

fn throttle(rate: Option<f64>, burst: Option<u32>) -> Option<Throttle> {
    Some(Throttle {
        rate: rate?,
        burst: burst?,
    })
}
