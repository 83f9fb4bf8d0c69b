//! The AWS calls that a deployment needs: one small trait per service, with just the calls used.
//!
//! Two things implement the traits: [`Account`], the real account over aws-sdk-rust, and for tests `fake::Fake`, an
//! account in memory that is as strict as AWS. Nothing else in the CLI names an SDK type.

mod account;
pub(crate) mod apigateway;
mod error;
#[cfg(test)]
pub(crate) mod fake;
pub(crate) mod iam;
pub(crate) mod lambda;
pub(crate) mod logs;
#[cfg(test)]
mod moto;
pub(crate) mod sts;
pub(crate) mod tagging;

use std::collections::BTreeMap;

pub(crate) use self::{
    account::{Account, developer_environment},
    error::{Error, Kind, Operation},
};

/// An AWS call's result.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Tags of a resource, by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// All services together: what observing and applying take.
pub(crate) trait Aws:
    iam::Iam + lambda::Lambda + apigateway::ApiGateway + logs::Logs + sts::Sts + tagging::Tagging
{
    /// The region that the calls go to.
    fn region(&self) -> &str;
}
