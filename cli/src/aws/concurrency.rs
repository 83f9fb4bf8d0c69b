//! Lambda: how many invocations are kept for a function, and how many processes are kept awake for its alias.

use crate::aws::{
    account::Account,
    error::{Kind, Operation, Result},
};

pub(crate) const PUT_RESERVED: Operation = Operation::new("lambda", "PutFunctionConcurrency");
pub(crate) const DELETE_RESERVED: Operation = Operation::new("lambda", "DeleteFunctionConcurrency");
pub(super) const GET_PROVISIONED: Operation =
    Operation::new("lambda", "GetProvisionedConcurrencyConfig");
pub(crate) const PUT_PROVISIONED: Operation =
    Operation::new("lambda", "PutProvisionedConcurrencyConfig");
pub(crate) const DELETE_PROVISIONED: Operation =
    Operation::new("lambda", "DeleteProvisionedConcurrencyConfig");

/// The calls used.
pub(crate) trait Concurrency {
    /// `PutFunctionConcurrency`, or `DeleteFunctionConcurrency` for none.
    async fn reserve(&self, name: &str, most: Option<u32>) -> Result<()>;
    /// `GetProvisionedConcurrencyConfig` of an alias: what was asked for.
    async fn provisioned(&self, name: &str, alias: &str) -> Result<Option<u32>>;
    /// `PutProvisionedConcurrencyConfig`, or `DeleteProvisionedConcurrencyConfig` for none.
    async fn provision(&self, name: &str, alias: &str, count: Option<u32>) -> Result<()>;
}

impl Concurrency for Account {
    async fn reserve(&self, name: &str, most: Option<u32>) -> Result<()> {
        let Some(most) = most else {
            let request = self.lambda.delete_function_concurrency();
            let answer = request.function_name(name).send().await;
            return DELETE_RESERVED.sort(answer).map(drop);
        };
        let request = self
            .lambda
            .put_function_concurrency()
            .function_name(name)
            .reserved_concurrent_executions(number(most));
        PUT_RESERVED.sort(request.send().await).map(drop)
    }

    async fn provisioned(&self, name: &str, alias: &str) -> Result<Option<u32>> {
        let request = self
            .lambda
            .get_provisioned_concurrency_config()
            .function_name(name)
            .qualifier(alias);
        let answer = request.send().await;
        // Neither function nor alias nor configuration: 404, under several codes.
        if let Err(error) = &answer
            && error
                .raw_response()
                .is_some_and(|raw| raw.status().as_u16() == 404)
        {
            return Ok(None);
        }
        let answer = GET_PROVISIONED.sort(answer)?;
        let count = answer.requested_provisioned_concurrent_executions;
        Ok(count.and_then(|count| u32::try_from(count).ok()))
    }

    async fn provision(&self, name: &str, alias: &str, count: Option<u32>) -> Result<()> {
        let Some(count) = count else {
            let request = self
                .lambda
                .delete_provisioned_concurrency_config()
                .function_name(name)
                .qualifier(alias);
            return match DELETE_PROVISIONED.sort(request.send().await) {
                Err(error) if error.kind != Kind::NotFound => Err(error),
                _ => Ok(()),
            };
        };
        let request = self
            .lambda
            .put_provisioned_concurrency_config()
            .function_name(name)
            .qualifier(alias)
            .provisioned_concurrent_executions(number(count));
        PUT_PROVISIONED.sort(request.send().await).map(drop)
    }
}

/// The SDK's integers are signed; the settings' ranges fit.
fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
