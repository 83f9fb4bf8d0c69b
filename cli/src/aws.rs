//! The AWS calls that a deployment needs: one small trait per service, with just the calls used.
//!
//! Two things implement the traits: [`Account`], the real account over aws-sdk-rust, and for tests `fake::Fake`, an
//! account in memory that is as strict as AWS. Nothing else in the CLI names an SDK type.

pub(crate) mod account;
pub(crate) mod apigateway;
pub(crate) mod asynchronous;
pub(crate) mod concurrency;
pub(crate) mod domains;
mod download;
pub(crate) mod error;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod iam;
pub(crate) mod json;
pub(crate) mod lambda;
pub(crate) mod logs;
pub(crate) mod mappings;
#[cfg(test)]
mod moto;
pub(crate) mod notifications;
pub(crate) mod objects;
pub(crate) mod options;
mod profile;
pub(crate) mod protocol;
mod query;
pub(crate) mod rest;
pub(crate) mod s3;
pub(crate) mod secrets;
mod signed;
pub(crate) mod sts;
pub(crate) mod survey;
pub(crate) mod tagging;
pub(crate) mod tags;

pub(crate) use self::{
    account::{Account, developer_environment},
    error::{Error, Kind, Operation, Result},
};

/// All services together: what observing and applying take.
pub(crate) trait Aws:
    iam::Iam
    + lambda::Lambda
    + concurrency::Concurrency
    + mappings::Mappings
    + notifications::BucketNotifications
    + asynchronous::InvokeConfigs
    + apigateway::ApiGateway
    + domains::Domains
    + rest::Rest
    + logs::Logs
    + sts::Sts
    + tagging::Tagging
    + tags::Tagger
    + s3::Buckets
    + json::Json
{
    /// The region that the calls go to.
    fn region(&self) -> &str;
}

impl Aws for Account {
    fn region(&self) -> &str {
        &self.region
    }
}

/// The IAM actions that a deploy and a delete need, each as a policy names it.
///
/// In addition to those of the calls: tags in a call also need the tagging action (IAM API
/// reference, `CreateRole`; Lambda API reference, `CreateFunction`; `CloudWatch` Logs API
/// reference, `CreateLogGroup`), and passing the role to the function needs `iam:PassRole` (IAM
/// user guide, "Granting a user permissions to pass a role to an AWS service").
pub(crate) fn needed() -> Vec<String> {
    let calls = [
        iam::CREATE_ROLE,
        iam::DELETE_ROLE,
        iam::DELETE_ROLE_POLICY,
        iam::GET_ROLE,
        iam::DETACH,
        iam::GET_ROLE_POLICY,
        iam::LIST_ATTACHED,
        iam::LIST_ROLE_POLICIES,
        iam::PUT_ROLE_POLICY,
        iam::UPDATE_TRUST,
        concurrency::GET_PROVISIONED,
        lambda::ADD_PERMISSION,
        lambda::CREATE_ALIAS,
        lambda::CREATE_FUNCTION,
        lambda::DELETE_FUNCTION,
        lambda::LIST_ALIASES,
        lambda::GET_FUNCTION,
        lambda::GET_POLICY,
        lambda::GET_URL,
        lambda::INVOKE,
        lambda::LIST_VERSIONS,
        lambda::PUBLISH_VERSION,
        lambda::REMOVE_PERMISSION,
        lambda::UPDATE_ALIAS,
        lambda::UPDATE_CODE,
        lambda::UPDATE_CONFIGURATION,
        logs::CREATE_LOG_GROUP,
        logs::DELETE_LOG_GROUP,
        logs::DESCRIBE_LOG_GROUPS,
        logs::LIST_TAGS,
        logs::PUT_RETENTION,
        apigateway::CREATE_API,
        apigateway::DELETE_API,
        apigateway::GET_APIS,
        apigateway::UPDATE_API,
        tagging::GET_RESOURCES,
    ];
    let more = [
        "iam:PassRole",
        "iam:TagRole",
        "lambda:ListTags",
        "lambda:TagResource",
        "logs:TagResource",
    ];
    let calls = calls.into_iter().map(Operation::action);
    calls.chain(more.map(str::to_owned)).collect()
}
