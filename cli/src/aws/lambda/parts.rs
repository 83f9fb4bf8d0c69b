//! Between our words and the SDK's.

use aws_sdk_lambda::types::{
    AliasConfiguration, Architecture as SdkArchitecture, Cors as SdkCors, Environment,
    FunctionConfiguration, FunctionUrlAuthType, InvokeMode, LastUpdateStatus, Runtime,
    State as SdkState,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Alias, Allows, Canary, Configuration, Function, Grant, Readiness, UrlSettings};
use crate::{
    aws::error::{Error, Operation, Result},
    values::{gateway::Cors, lambda::Options, names::Tags},
};

/// A function, or a version of it, as listed.
pub(super) fn seen(found: &FunctionConfiguration, tags: Tags) -> Function {
    Function {
        sha256: found.code_sha256().unwrap_or_default().to_owned(),
        size: u64::try_from(found.code_size()).unwrap_or_default(),
        architecture: found
            .architectures()
            .first()
            .map_or("x86_64", SdkArchitecture::as_str)
            .to_owned(),
        configuration: configuration(found),
        reserved: None,
        readiness: readiness(found),
        tags,
    }
}

/// The version that an answer names.
pub(super) fn number_in(operation: Operation, version: Option<String>) -> Result<String> {
    version.ok_or_else(|| Error::answered(operation, "", "the response has no version"))
}

/// An alias as listed, with its name.
pub(super) fn named_alias(found: AliasConfiguration) -> Option<(String, Alias)> {
    let weights = found
        .routing_config
        .and_then(|routing| routing.additional_version_weights)
        .unwrap_or_default();
    // An alias has at most one additional version (Lambda API reference,
    // `AliasRoutingConfiguration`).
    let canary = weights.into_iter().next().map(|(version, weight)| Canary {
        version,
        percent: percent(weight),
    });
    let version = found.function_version?;
    Some((found.name?, Alias { version, canary }))
}

/// A weight, 0 to 1, in percent.
fn percent(weight: f64) -> u32 {
    (1..=100)
        .find(|percent| f64::from(*percent) / 100.0 + 0.005 > weight)
        .unwrap_or(100)
}

pub(super) fn auth_type(settings: &UrlSettings) -> FunctionUrlAuthType {
    match settings.iam {
        true => FunctionUrlAuthType::AwsIam,
        false => FunctionUrlAuthType::None,
    }
}

pub(super) fn invoke_mode(settings: &UrlSettings) -> InvokeMode {
    match settings.stream {
        true => InvokeMode::ResponseStream,
        false => InvokeMode::Buffered,
    }
}

pub(super) fn cors_to_sdk(cors: &Cors) -> SdkCors {
    let list = |values: &[String]| Some(values.to_vec()).filter(|values| !values.is_empty());
    SdkCors::builder()
        .set_allow_origins(list(&cors.allow_origins))
        .set_allow_methods(list(&cors.allow_methods))
        .set_allow_headers(list(&cors.allow_headers))
        .set_expose_headers(list(&cors.expose_headers))
        .set_max_age(cors.max_age.and_then(|age| i32::try_from(age).ok()))
        .allow_credentials(cors.allow_credentials)
        .build()
}

pub(super) fn cors_from_sdk(cors: &SdkCors) -> Cors {
    Cors {
        allow_origins: cors.allow_origins().to_vec(),
        allow_methods: cors.allow_methods().to_vec(),
        allow_headers: cors.allow_headers().to_vec(),
        expose_headers: cors.expose_headers().to_vec(),
        max_age: cors.max_age().and_then(|age| u32::try_from(age).ok()),
        allow_credentials: cors.allow_credentials().unwrap_or(false),
    }
}

/// The SDK's integers are signed; the settings' ranges fit.
pub(super) fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

pub(super) fn environment(configuration: &Configuration) -> Environment {
    Environment::builder()
        .set_variables(Some(
            configuration.environment.clone().into_iter().collect(),
        ))
        .build()
}

pub(super) fn configuration(found: &FunctionConfiguration) -> Configuration {
    let variables = found
        .environment()
        .and_then(|environment| environment.variables())
        .cloned()
        .unwrap_or_default();
    Configuration {
        role: found.role().unwrap_or_default().to_owned(),
        runtime: found.runtime().map_or("", Runtime::as_str).to_owned(),
        handler: found.handler().unwrap_or_default().to_owned(),
        memory: found
            .memory_size()
            .and_then(|size| u32::try_from(size).ok())
            .unwrap_or_default(),
        timeout: found
            .timeout()
            .and_then(|seconds| u32::try_from(seconds).ok())
            .unwrap_or_default(),
        environment: variables.into_iter().collect(),
        options: Options::seen(found),
    }
}

/// `State` and `LastUpdateStatus` together (Lambda developer guide, "Lambda function states").
pub(super) fn readiness(found: &FunctionConfiguration) -> Readiness {
    match (found.state(), found.last_update_status()) {
        (Some(SdkState::Failed), _) => {
            Readiness::Failed(found.state_reason().unwrap_or("no reason given").to_owned())
        }
        (Some(SdkState::Pending), _) | (_, Some(LastUpdateStatus::InProgress)) => {
            Readiness::Pending
        }
        (_, Some(LastUpdateStatus::Failed)) => Readiness::Failed(
            found
                .last_update_status_reason()
                .unwrap_or("no reason given")
                .to_owned(),
        ),
        // An idle function is `Inactive`; it can be changed, and wakes when it is invoked.
        _ => Readiness::Ready,
    }
}

/// The log in Lambda's answer: base64.
pub(super) fn decoded(log: &str) -> String {
    let bytes = STANDARD.decode(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The statements of a resource policy that let a service invoke.
pub(super) fn statements(policy: &str) -> Vec<Grant> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = policy["Statement"].as_array();
    list.into_iter()
        .flatten()
        .map(|statement| {
            let principal = &statement["Principal"];
            let everybody = *principal == "*" || principal["AWS"] == "*";
            Grant {
                id: text(&statement["Sid"]),
                principal: match everybody {
                    true => "*".to_owned(),
                    // A service, or an account, a role or a user.
                    false if principal["AWS"].is_string() => text(&principal["AWS"]),
                    false => text(&principal["Service"]),
                },
                source: text(&statement["Condition"]["ArnLike"]["AWS:SourceArn"]),
                account: statement["Condition"]["StringEquals"]["AWS:SourceAccount"]
                    .as_str()
                    .map(str::to_owned),
                allows: match everybody {
                    false => Allows::Service,
                    true if statement["Action"] == "lambda:InvokeFunctionUrl" => Allows::Url,
                    true => Allows::ThroughUrl,
                },
            }
        })
        .collect()
}
