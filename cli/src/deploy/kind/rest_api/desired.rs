//! The desired REST API: its document, its stage, its keys and usage plans.

use std::collections::BTreeMap;

use fw_manifest::{Authorization, Manifest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    aws::rest::{PlanLimits, RestStage, Secret},
    deploy::{
        kind::http_api::desired::{access_log, asked, whole},
        model::openapi,
        names::{AwsLocation, Names},
    },
    error::Result,
    settings::{Settings, access::Period},
    values::gateway::Rate,
};

/// The settings of a REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rest {
    /// The document to import.
    pub(crate) document: Value,
    /// Its only stage.
    pub(crate) stage: RestStage,
    /// The functions that serve as authorizers.
    pub(crate) asked: Vec<String>,
    /// Its keys, by their names in the account.
    pub(crate) keys: BTreeMap<String, Key>,
    /// Its usage plans, by their names in the account.
    pub(crate) plans: BTreeMap<String, Plan>,
}

/// A key that callers send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    /// Its value, if it is set; otherwise API Gateway generates one.
    #[serde(skip)]
    pub(crate) value: Option<Secret>,
    /// True if it is enabled.
    pub(crate) enabled: bool,
}

/// The limits for some keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The limits.
    pub(crate) limits: PlanLimits,
    /// The keys' names in the account.
    pub(crate) keys: Vec<String>,
}

impl Rest {
    /// The REST API for the settings and the app.
    ///
    /// # Errors
    ///
    /// If a REST API does not support something; exit code 65.
    pub(crate) fn new(
        manifest: &Manifest,
        settings: &Settings,
        names: &Names,
        place: &AwsLocation,
    ) -> Result<Self> {
        let access = &settings.access;
        let is_asked = |name: &str| {
            manifest.routes.iter().any(|route| {
                let by = route.authorization.as_ref();
                matches!(by, Some(Authorization::Lambda { name: asked }) if asked == name)
            })
        };
        let callers = manifest.authorizers.iter();
        let callers: Vec<openapi::Caller<'_>> = callers
            .filter(|one| is_asked(&one.name))
            .map(|one| {
                let (ttl, identity) = asked(one, settings);
                openapi::Caller {
                    name: &one.name,
                    kind: one.kind,
                    identity,
                    ttl,
                    function: place.alias(&names.authorizer(&one.name)),
                }
            })
            .collect();
        let alias = place.alias(&names.function);
        // Keys and plans belong to the account, so their names contain the deployment's.
        let named = |name: &str| format!("{}-{name}", names.function);
        let document = openapi::document(manifest, settings, &names.function, &alias, &callers)?;
        Ok(Self {
            asked: callers
                .iter()
                .map(|caller| names.authorizer(caller.name))
                .collect(),
            stage: RestStage {
                name: settings.gateway_settings.stage_name.clone(),
                deployment: None,
                variables: settings.gateway_settings.stage_variables.clone(),
                throttle: whole(&access.throttle),
                methods: access.throttle.routes.clone(),
                log: access_log(settings, names, place),
            },
            keys: access
                .api_keys
                .iter()
                .map(|key| {
                    let kept = Key {
                        value: key.value.clone().map(Secret),
                        enabled: key.enabled,
                    };
                    (named(&key.name), kept)
                })
                .collect(),
            plans: access
                .usage_plans
                .iter()
                .map(|(name, plan)| {
                    let quota = plan.quota.map(|quota| {
                        let period = match quota.period {
                            Period::Day => "DAY",
                            Period::Week => "WEEK",
                            Period::Month => "MONTH",
                        };
                        (quota.limit, period.to_owned())
                    });
                    let limits = PlanLimits {
                        throttle: plan
                            .rate
                            .zip(plan.burst)
                            .map(|(rate, burst)| Rate { rate, burst }),
                        quota,
                    };
                    let keys = plan.keys.iter().map(|name| named(name)).collect();
                    (named(name), Plan { limits, keys })
                })
                .collect(),
            document,
        })
    }

    /// The identity of its document.
    pub(crate) fn digest(&self) -> String {
        openapi::digest(&self.document)
    }
}
