//! API Gateway's data of REST APIs, their stages, keys and usage plans.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    aws::apigateway::AccessLog,
    values::{gateway::Rate, names::Tags},
};

/// A REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RestApi {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// Its name, which need not be unique.
    pub(crate) name: String,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// A snapshot of an API, for stages to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deployment {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// Its description: the digest of its document.
    pub(crate) description: String,
    /// When it was created, in seconds since 1970.
    pub(crate) created: i64,
}

/// A stage of a REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RestStage {
    /// Its name, the first segment of every path.
    pub(crate) name: String,
    /// The id of the deployment that it serves.
    #[serde(skip)]
    pub(crate) deployment: Option<String>,
    /// What every event carries.
    pub(crate) variables: BTreeMap<String, String>,
    /// The throttle of each method without its own.
    pub(crate) throttle: Option<Rate>,
    /// The methods' own buckets, by route key.
    pub(crate) methods: BTreeMap<String, Rate>,
    /// Where and how requests are logged.
    pub(crate) log: Option<AccessLog>,
}

/// A value that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A key that callers send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiKey {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// The value that callers send.
    pub(crate) value: Secret,
    /// True if it is enabled.
    pub(crate) enabled: bool,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// The limits of some keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PlanLimits {
    /// Each key's bucket.
    pub(crate) throttle: Option<Rate>,
    /// The quota and its period: `DAY`, `WEEK`, `MONTH`.
    pub(crate) quota: Option<(u32, String)>,
}

/// A usage plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UsagePlan {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its limits.
    pub(crate) limits: PlanLimits,
    /// The stages that it is for: API and stage.
    pub(crate) stages: Vec<(String, String)>,
    /// Its tags.
    pub(crate) tags: Tags,
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret("x".to_owned())), "Secret(…)");
    }
}
