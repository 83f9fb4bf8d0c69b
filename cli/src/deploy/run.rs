//! The context of a running step: the account, and the results of earlier steps.

use std::{cell::RefCell, collections::BTreeMap};

use super::{
    ids::{ApiId, AuthorizerId, Handle, IntegrationId, Version},
    kind::rest_api::run as rest,
    retry::RetryPolicy,
};
use crate::{
    aws::{
        Aws,
        apigateway::Guard,
        error::{Error, Operation},
        lambda::Readiness,
    },
    console::Console,
    error::Failure,
};

/// The results of the steps, for later steps.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) api: Option<ApiId>,
    pub(crate) integration: Option<IntegrationId>,
    /// By function.
    pub(super) versions: BTreeMap<String, Version>,
    /// The authorizers' ids, by name.
    pub(crate) authorizers: BTreeMap<String, String>,
    /// The parts of a REST API.
    pub(crate) rest: rest::Made,
    pub(crate) endpoint: Option<String>,
}

/// Why a step failed.
pub(crate) enum Trouble {
    /// A call of AWS failed.
    Aws(Error),
    /// The new version does not work; how it was tried, what it answered, and its log.
    Sick(Failure),
}

impl Trouble {
    /// AWS's error.
    pub(super) fn aws(&self) -> Option<&Error> {
        match self {
            Self::Aws(error) => Some(error),
            Self::Sick(_) => None,
        }
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Aws(error)
    }
}

/// The context for running the steps.
pub(crate) struct Run<'a, A> {
    pub(crate) aws: &'a A,
    pub(crate) console: &'a Console,
    pub(super) retry: RetryPolicy,
    pub(crate) made: RefCell<Made>,
}

impl<A: Aws> Run<'_, A> {
    /// Waits until a function or a version of it can be used and changed.
    pub(crate) async fn ready(
        &self,
        operation: Operation,
        function: &str,
        version: Option<&str>,
    ) -> Result<(), Error> {
        let mut tried = 0;
        loop {
            let found = self.aws.function(function, version).await?;
            match found.map(|found| found.readiness) {
                Some(Readiness::Ready) => return Ok(()),
                Some(Readiness::Failed(reason)) => {
                    return Err(Error::answered(operation, "Failed", reason));
                }
                Some(Readiness::Pending) | None => {}
            }
            tried += 1;
            if tried >= self.retry.tries {
                let reason = "it is still not ready";
                return Err(Error::answered(operation, "Pending", reason));
            }
            let reason = "until Lambda is ready";
            self.retry.wait(self.console, reason, tried).await;
        }
    }

    /// The version, known or created by now.
    pub(crate) fn version(
        &self,
        function: &str,
        handle: &Handle<Version>,
    ) -> Result<Version, Error> {
        resolve(handle, self.made.borrow().versions.get(function))
    }

    pub(crate) fn api(&self, handle: &Handle<ApiId>) -> Result<ApiId, Error> {
        resolve(handle, self.made.borrow().api.as_ref())
    }

    pub(crate) fn integration(
        &self,
        handle: &Handle<IntegrationId>,
    ) -> Result<IntegrationId, Error> {
        resolve(handle, self.made.borrow().integration.as_ref())
    }

    /// A guard with its authorizer's id.
    pub(crate) fn guard(&self, guard: &Guard<AuthorizerId>) -> Result<Guard<String>, Error> {
        let all = self.made.borrow();
        guard.try_map(|AuthorizerId { name, id }| {
            let made = || all.authorizers.get(name);
            let id = id.as_ref().or_else(made).cloned();
            id.ok_or_else(|| unplanned("an earlier step should have created the authorizer"))
        })
    }

    pub(crate) fn published(&self, function: &str, version: String) {
        let mut made = self.made.borrow_mut();
        made.versions.insert(function.to_owned(), Version(version));
    }
}

fn resolve<T: Clone>(handle: &Handle<T>, made: Option<&T>) -> Result<T, Error> {
    match handle {
        Handle::Known(value) => Ok(value.clone()),
        Handle::Made => made
            .cloned()
            .ok_or_else(|| unplanned("an earlier step should have created it")),
    }
}

/// `check` refuses such a plan.
pub(super) fn unplanned(reason: &str) -> Error {
    Error::answered(Operation::new("fw", "Apply"), "Unplanned", reason)
}
