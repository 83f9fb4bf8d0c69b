//! The desired HTTP API, without its routes' keys: events, guards, authorizers, its stage.

use std::collections::BTreeMap;

use fw_manifest::{Authorization, Manifest, ManifestAuthorizer, ManifestRoute};
use serde::{Deserialize, Serialize};

use crate::{
    aws::apigateway::{AccessLog, Checks, Guard, Integration, Stage},
    deploy::names::{AwsLocation, Names},
    error::{Failure, Result},
    settings::{Settings, access::Throttle},
    values::gateway::{DEFAULT_API_STAGE, PayloadFormat, Rate},
};

/// The settings of an HTTP API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Http {
    /// The version of the function's events.
    pub(crate) format: PayloadFormat,
    /// For how many milliseconds it waits for the function.
    #[serde(default = "longest")]
    pub(crate) timeout: u32,
    /// Its only stage.
    pub(crate) stage: Stage,
    /// The authorizers that routes ask for, by name.
    pub(crate) authorizers: BTreeMap<String, Checks>,
    /// The guards of the routes that are not open, by route key.
    pub(crate) guards: BTreeMap<String, Guard<String>>,
}

/// The value for snapshots from before the setting.
fn longest() -> u32 {
    Integration::TIMEOUT
}

impl Default for Http {
    /// An API that everyone may call, with the stage `$default`.
    fn default() -> Self {
        Self {
            format: PayloadFormat::default(),
            timeout: longest(),
            stage: Stage {
                name: DEFAULT_API_STAGE.to_owned(),
                auto: true,
                variables: BTreeMap::new(),
                throttle: None,
                routes: BTreeMap::new(),
                log: None,
            },
            authorizers: BTreeMap::new(),
            guards: BTreeMap::new(),
        }
    }
}

impl Http {
    /// The HTTP API for the settings and the app.
    ///
    /// # Errors
    ///
    /// If a route needs an authorizer that does not exist; exit code 65.
    pub(crate) fn new(
        manifest: &Manifest,
        settings: &Settings,
        names: &Names,
        place: &AwsLocation,
    ) -> Result<Self> {
        let (door, access) = (&settings.gateway_settings, &settings.access);
        let mut authorizers = BTreeMap::new();
        let mut guards = BTreeMap::new();
        for route in &manifest.routes {
            let mut guard = guard(route);
            if let Guard::Jwt(name, _) = &mut guard {
                let jwt = access.jwt.get(name.as_str()).ok_or_else(|| {
                    Failure::input(format!(
                        "the settings do not say who issues the tokens `{name}`: `{}`",
                        route.key()
                    ))
                })?;
                let checks = Checks::Jwt {
                    issuer: jwt.issuer.clone(),
                    audience: jwt.audience.clone(),
                    identity: jwt.identity.clone(),
                };
                *name = jwt_name(name);
                authorizers.insert(name.clone(), checks);
            }
            if let Guard::Lambda(name) = &guard {
                let found = manifest.authorizers.iter().find(|one| one.name == *name);
                let found = found.ok_or_else(|| {
                    let key = route.key();
                    Failure::input(format!("the app has no authorizer `{name}`: `{key}`"))
                })?;
                let function = place.alias(&names.authorizer(name));
                authorizers.insert(name.clone(), function_checks(found, settings, function));
            }
            if guard != Guard::Open {
                guards.insert(route.key(), guard);
            }
        }
        Ok(Self {
            format: door.payload_format,
            timeout: door.integration_timeout.unwrap_or_else(longest),
            stage: Stage {
                name: door.stage_name.clone(),
                auto: true,
                variables: door.stage_variables.clone(),
                throttle: whole(&access.throttle),
                routes: access.throttle.routes.clone(),
                log: access_log(settings, names, place),
            },
            authorizers,
            guards,
        })
    }

    /// The functions of this deployment that serve as authorizers.
    pub(crate) fn functions(&self, place: &AwsLocation) -> impl Iterator<Item = String> {
        let prefix = place.alias("");
        let (before, after) = prefix
            .rsplit_once(':')
            .map(|(before, alias)| (before.to_owned(), format!(":{alias}")))
            .unwrap_or_default();
        self.authorizers.values().filter_map(move |checks| {
            let Checks::Function { function, .. } = checks else {
                return None;
            };
            let name = function.strip_prefix(&before)?.strip_suffix(&after)?;
            Some(name.to_owned())
        })
    }

    /// The guard of this route.
    pub(crate) fn guard(&self, key: &str) -> Guard<String> {
        self.guards.get(key).cloned().unwrap_or_default()
    }
}

/// The event and cache of a Lambda authorizer: the app's declaration, overridden by the settings.
fn function_checks(
    authorizer: &ManifestAuthorizer,
    settings: &Settings,
    function: String,
) -> Checks {
    let (ttl, identity) = asked(authorizer, settings);
    let format = match authorizer.payload_format.as_deref() {
        Some("1.0") => PayloadFormat::V1,
        _ => PayloadFormat::V2,
    };
    Checks::Function {
        function,
        identity,
        ttl,
        format,
        // Format 1.0 has no simple form.
        simple: authorizer.simple && format == PayloadFormat::V2,
    }
}

/// How long an authorizer's answers are cached, and by which identity.
pub(crate) fn asked(authorizer: &ManifestAuthorizer, settings: &Settings) -> (u32, Vec<String>) {
    let own = settings.access.authorizers.get(&authorizer.name);
    let ttl = own.and_then(|own| own.ttl).unwrap_or(authorizer.ttl);
    let identity = own.and_then(|own| own.identity.as_ref());
    (ttl, identity.unwrap_or(&authorizer.identity).clone())
}

/// The settings' names are apart from the app's authorizers', and the gateway's are not.
pub(crate) fn jwt_name(name: &str) -> String {
    format!("jwt-{name}")
}

/// Where and how requests are logged.
pub(crate) fn access_log(
    settings: &Settings,
    names: &Names,
    place: &AwsLocation,
) -> Option<AccessLog> {
    let log = settings.gateway_settings.access_log.as_ref()?;
    Some(AccessLog {
        group: place.log_group(&names.access_log()),
        format: log.template(settings.gateway),
    })
}

/// The throttle of all routes, if one is set; the settings' check requires both numbers or none.
pub(crate) fn whole(throttle: &Throttle) -> Option<Rate> {
    let (rate, burst) = (throttle.rate?, throttle.burst?);
    Some(Rate { rate, burst })
}

/// The guard of a route in the app.
pub(crate) fn guard(route: &ManifestRoute) -> Guard<String> {
    match &route.authorization {
        None => Guard::Open,
        Some(Authorization::Iam) => Guard::Iam,
        Some(Authorization::Jwt { name, scopes }) => {
            Guard::Jwt(name.clone(), scopes.iter().cloned().collect())
        }
        Some(Authorization::Lambda { name }) => Guard::Lambda(name.clone()),
    }
}
