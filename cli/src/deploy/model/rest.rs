//! What a REST API should be: its document, its stage, its keys and usage plans.

use std::collections::BTreeMap;

use fw_manifest::{Authorization, Manifest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Names, Place,
    http::{access_log, asked, whole},
    openapi,
};
use crate::{
    aws::rest::{PlanLimits, RestStage, Secret},
    error::Result,
    settings::{Settings, access::Period},
    values::gateway::Rate,
};

/// What is set of a REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rest {
    /// What it imports.
    pub(crate) document: Value,
    /// Its one stage.
    pub(crate) stage: RestStage,
    /// The functions that it asks who may call.
    pub(crate) asked: Vec<String>,
    /// Its keys, by the name that they have in the account.
    pub(crate) keys: BTreeMap<String, Key>,
    /// Its usage plans, by the name that they have in the account.
    pub(crate) plans: BTreeMap<String, Plan>,
}

/// A key that callers send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    /// Its value, where it is set; API Gateway makes one where it is not.
    #[serde(skip)]
    pub(crate) value: Option<Secret>,
    /// Whether it is taken.
    pub(crate) enabled: bool,
}

/// How much the holders of some keys may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// How much.
    pub(crate) limits: PlanLimits,
    /// The keys' names in the account.
    pub(crate) keys: Vec<String>,
}

impl Rest {
    /// What the settings and the app say.
    ///
    /// # Errors
    ///
    /// When a REST API cannot have what is asked for; exit code 65.
    pub(crate) fn new(
        manifest: &Manifest,
        settings: &Settings,
        names: &Names,
        place: &Place,
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
        // Keys and plans are the account's, so that their names carry the deployment's.
        let named = |name: &str| format!("{}-{name}", names.function);
        let document = openapi::document(manifest, settings, &names.function, &alias, &callers)?;
        Ok(Self {
            asked: callers
                .iter()
                .map(|caller| names.authorizer(caller.name))
                .collect(),
            stage: RestStage {
                name: settings.door.stage_name.clone(),
                deployment: None,
                variables: settings.door.stage_variables.clone(),
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

    /// What tells its document from another.
    pub(crate) fn digest(&self) -> String {
        openapi::digest(&self.document)
    }
}
