//! A REST API's stage: read, and changed in API Gateway's language.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{Op, Stage as SdkStage};

use super::RestStage;
use crate::{aws::apigateway::AccessLog, values::gateway::Rate};

/// A change of a stage: what is set, and what is taken away.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StageChange {
    /// The deployment to serve.
    pub(crate) deployment: Option<String>,
    /// Variables to set, or to take away.
    pub(crate) variables: BTreeMap<String, Option<String>>,
    /// The common bucket, to set or to take away.
    pub(crate) throttle: Option<Option<Rate>>,
    /// Methods' own buckets, to set or to take away.
    pub(crate) methods: BTreeMap<String, Option<Rate>>,
    /// The access log, to set or to take away.
    pub(crate) log: Option<Option<AccessLog>>,
}

impl StageChange {
    /// The operations in API Gateway's language (developer guide, "Patch operations", `UpdateStage`).
    pub(in crate::aws) fn operations(&self) -> Vec<(Op, String, Option<String>)> {
        let mut all = Vec::new();
        if let Some(id) = &self.deployment {
            all.push((Op::Replace, "/deploymentId".to_owned(), Some(id.clone())));
        }
        for (name, value) in &self.variables {
            let op = value.as_ref().map_or(Op::Remove, |_| Op::Replace);
            all.push((op, format!("/variables/{name}"), value.clone()));
        }
        let mut bucket = |of: String, rate: &Option<Rate>| match rate {
            None => all.push((Op::Remove, of, None)),
            Some(Rate { rate, burst }) => {
                let set = [
                    ("rateLimit", rate.to_string()),
                    ("burstLimit", burst.to_string()),
                ];
                all.extend(set.map(|(what, value)| {
                    (Op::Replace, format!("{of}/throttling/{what}"), Some(value))
                }));
            }
        };
        if let Some(rate) = &self.throttle {
            bucket("/*/*".to_owned(), rate);
        }
        for (key, rate) in &self.methods {
            bucket(setting_path(key), rate);
        }
        match &self.log {
            None => {}
            Some(None) => all.push((Op::Remove, "/accessLogSettings".to_owned(), None)),
            Some(Some(log)) => {
                let set = [("destinationArn", &log.group), ("format", &log.format)];
                all.extend(set.map(|(what, value)| {
                    let path = format!("/accessLogSettings/{what}");
                    (Op::Replace, path, Some(value.clone()))
                }));
            }
        }
        all
    }
}

/// The path of a method's settings: `GET /a/{x}` is `/~1a~1{x}/GET`.
pub(super) fn setting_path(key: &str) -> String {
    let (method, path) = key.split_once(' ').unwrap_or(("ANY", key));
    format!("/{}/{method}", path.replace('/', "~1"))
}

/// The route key that settings are of; API Gateway leaves out the first slash of a path in its answers.
pub(super) fn setting_key(name: &str) -> Option<String> {
    let (path, method) = name.rsplit_once('/')?;
    let path = path.replace("~1", "/");
    Some(format!("{method} /{}", path.trim_start_matches('/')))
}

pub(super) fn stage(found: &SdkStage) -> RestStage {
    let rates: BTreeMap<String, Rate> = found
        .method_settings()
        .into_iter()
        .flatten()
        .filter_map(|(name, settings)| {
            let rate = settings.throttling_rate_limit();
            let burst = u32::try_from(settings.throttling_burst_limit()).ok()?;
            // For API Gateway, a negative number means no limit of its own.
            (rate >= 0.0).then(|| (name.clone(), Rate { rate, burst }))
        })
        .collect();
    RestStage {
        name: found.stage_name().unwrap_or_default().to_owned(),
        deployment: found.deployment_id().map(str::to_owned),
        variables: found
            .variables()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        throttle: rates.get("*/*").copied(),
        methods: rates
            .iter()
            .filter(|(name, _)| *name != "*/*")
            .filter_map(|(name, rate)| Some((setting_key(name)?, *rate)))
            .collect(),
        log: found.access_log_settings().and_then(|log| {
            Some(AccessLog {
                group: log.destination_arn()?.trim_end_matches(":*").to_owned(),
                format: log.format()?.to_owned(),
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{setting_key, setting_path};

    #[test]
    fn a_methods_settings_are_found_by_its_route() {
        for (key, path, answered) in [
            ("GET /", "/~1/GET", "/GET"),
            ("GET /a", "/~1a/GET", "a/GET"),
            ("ANY /a/{x}", "/~1a~1{x}/ANY", "~1a~1{x}/ANY"),
            ("PUT /a/{x+}", "/~1a~1{x+}/PUT", "a/{x+}/PUT"),
        ] {
            assert_eq!(setting_path(key), path);
            assert_eq!(setting_key(answered).as_deref(), Some(key));
            assert_eq!(setting_key(&path[1..]).as_deref(), Some(key));
        }
    }
}
