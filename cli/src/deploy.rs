//! Deploying: observe → plan → check → apply.
//!
//! `model` is the desired state (pure), `observe` the actual state (read calls only), `plan` the
//! steps between (pure), `check` the conditions before the first write, and `apply` runs the steps.
//! `--plan` prints the plan that a deploy would run. There is no state file: a deployment is found
//! by deterministic names and by its tags.

pub(crate) mod access;
pub(crate) mod apply;
pub(crate) mod approve;
pub(crate) mod change;
pub(crate) mod check;
pub(crate) mod execute;
pub(crate) mod found;
pub(crate) mod health;
pub(crate) mod ids;
pub(crate) mod kind;
pub(crate) mod lock;
pub(crate) mod model;
pub(crate) mod names;
pub(crate) mod needed;
pub(crate) mod observe;
pub(crate) mod permissions;
pub(crate) mod phase;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod retry;
pub(crate) mod rollback;
pub(crate) mod run;
pub(crate) mod snapshot;
pub(crate) mod step;
pub(crate) mod tags;
#[cfg(test)]
mod tests;
pub(crate) mod together;
pub(crate) mod traffic;

use std::future::Future;

use crate::{
    aws::{self, Aws},
    error::{Context as _, Failure, Result},
};

/// Runs calls to AWS to their end, on this thread.
///
/// # Errors
///
/// The future's own error, or if the system provides no event loop.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop")?
        .block_on(future)
}

/// The account and region.
///
/// # Errors
///
/// If AWS cannot be reached or does not accept the credentials.
pub(crate) async fn place<A: Aws>(aws: &A) -> Result<names::AwsLocation> {
    let caller = aws
        .caller()
        .await
        .map_err(|error| error.into_failure("cannot check the AWS credentials"))?;
    Ok(names::AwsLocation::new(&caller, aws.region()))
}

/// The actual state of a deployment.
///
/// # Errors
///
/// If a read call fails: the failure names the missing action.
pub(crate) async fn observe<A: Aws>(aws: &A, names: &names::Names) -> Result<observe::Actual> {
    observe::observe(aws, names)
        .await
        .map_err(|error| unreadable(error, names))
}

fn unreadable(error: aws::Error, names: &names::Names) -> Failure {
    error.into_failure(format!("cannot read what is deployed: {}", names.function))
}
