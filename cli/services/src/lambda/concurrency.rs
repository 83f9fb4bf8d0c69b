//! Reserved concurrency: `PutFunctionConcurrency` and its siblings.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, FunctionName, Lambda, LambdaError, Request, lock};

/// How many instances a function may have, and how many it has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reserved {
    limit: Option<u32>,
    running: u32,
}

/// One of the instances that a function may have. It is free again when this is dropped.
pub(super) struct Slot<'a> {
    lambda: &'a Lambda,
    name: String,
}

impl<'a> Slot<'a> {
    /// Takes an instance, or returns `None` if all are in use.
    pub(super) fn take(lambda: &'a Lambda, name: &str) -> Option<Self> {
        let mut all = lock(&lambda.reserved);
        let reserved = all.entry(name.to_owned()).or_default();
        if reserved
            .limit
            .is_some_and(|limit| reserved.running >= limit)
        {
            return None;
        }
        reserved.running += 1;
        Some(Self {
            lambda,
            name: name.to_owned(),
        })
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(reserved) = lock(&self.lambda.reserved).get_mut(&self.name) {
            reserved.running = reserved.running.saturating_sub(1);
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    reserved_concurrent_executions: u32,
}

impl Lambda {
    /// The reserved concurrency of a function, if it is limited.
    pub(super) fn reserved(&self, name: &str) -> Option<u32> {
        lock(&self.reserved).get(name).and_then(|found| found.limit)
    }

    pub(super) fn put_concurrency(&self, request: &Request<'_>, name: &str) -> Answer {
        let name = self.known(request, "PutFunctionConcurrency", name)?;
        let input: Input = serde_json::from_slice(request.body)
            .map_err(|error| LambdaError::content(&error.to_string()))?;
        let limit = input.reserved_concurrent_executions;
        lock(&self.reserved).entry(name).or_default().limit = Some(limit);
        Ok((
            StatusCode::OK,
            json!({"ReservedConcurrentExecutions": limit}),
        ))
    }

    pub(super) fn get_concurrency(&self, request: &Request<'_>, name: &str) -> Answer {
        let name = self.known(request, "GetFunctionConcurrency", name)?;
        let document = match self.reserved(&name) {
            Some(limit) => json!({"ReservedConcurrentExecutions": limit}),
            None => json!({}),
        };
        Ok((StatusCode::OK, document))
    }

    pub(super) fn delete_concurrency(&self, request: &Request<'_>, name: &str) -> Answer {
        let name = self.known(request, "DeleteFunctionConcurrency", name)?;
        if let Some(reserved) = lock(&self.reserved).get_mut(&name) {
            reserved.limit = None;
        }
        Ok((StatusCode::NO_CONTENT, Value::Null))
    }

    /// The name of a function that is there, once the caller may do that to it.
    pub(super) fn known(
        &self,
        request: &Request<'_>,
        operation: &str,
        name: &str,
    ) -> Result<String, LambdaError> {
        let function = FunctionName::parse(name);
        let arn = self.arn(&function);
        self.admit(&request.caller, operation, &arn)?;
        match self.facts(&function.name) {
            Some(_) => Ok(function.name),
            None => Err(LambdaError::no_function(&arn)),
        }
    }
}
