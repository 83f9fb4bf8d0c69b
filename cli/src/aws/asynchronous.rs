//! Lambda: how asynchronous invocations of a function's alias are handled.

use aws_sdk_lambda::types::{DestinationConfig, OnFailure, OnSuccess};

use crate::{
    aws::{
        account::Account,
        error::{Operation, Result},
    },
    values::asynchronous::Asynchronous,
};

pub(crate) const DELETE: Operation = Operation::new("lambda", "DeleteFunctionEventInvokeConfig");
pub(crate) const GET: Operation = Operation::new("lambda", "GetFunctionEventInvokeConfig");
pub(crate) const PUT: Operation = Operation::new("lambda", "PutFunctionEventInvokeConfig");

/// The calls used.
pub(crate) trait InvokeConfigs {
    /// `GetFunctionEventInvokeConfig`; `None` where Lambda's defaults hold.
    async fn invoke_config(&self, name: &str, alias: &str) -> Result<Option<Asynchronous>>;
    /// `PutFunctionEventInvokeConfig`, in place of what there was (asy-017).
    async fn put_invoke_config(&self, name: &str, alias: &str, config: &Asynchronous)
    -> Result<()>;
    /// `DeleteFunctionEventInvokeConfig`.
    async fn delete_invoke_config(&self, name: &str, alias: &str) -> Result<()>;
}

impl InvokeConfigs for Account {
    async fn invoke_config(&self, name: &str, alias: &str) -> Result<Option<Asynchronous>> {
        let request = self.lambda.get_function_event_invoke_config();
        let request = request.function_name(name).qualifier(alias);
        let Some(found) = GET.sort_found(request.send().await)? else {
            return Ok(None);
        };
        let defaults = Asynchronous::default();
        let natural = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
        let to = found.destination_config();
        let success = to.and_then(DestinationConfig::on_success);
        let failure = to.and_then(DestinationConfig::on_failure);
        Ok(Some(Asynchronous {
            retries: natural(found.maximum_retry_attempts()).unwrap_or(defaults.retries),
            max_event_age: natural(found.maximum_event_age_in_seconds())
                .unwrap_or(defaults.max_event_age),
            on_success: success.and_then(|to| to.destination()).map(str::to_owned),
            on_failure: failure.and_then(|to| to.destination()).map(str::to_owned),
        }))
    }

    async fn put_invoke_config(
        &self,
        name: &str,
        alias: &str,
        config: &Asynchronous,
    ) -> Result<()> {
        let success = config.on_success.as_ref();
        let success = success.map(|arn| OnSuccess::builder().destination(arn).build());
        let failure = config.on_failure.as_ref();
        let failure = failure.map(|arn| OnFailure::builder().destination(arn).build());
        let to = DestinationConfig::builder()
            .set_on_success(success)
            .set_on_failure(failure)
            .build();
        let request = self
            .lambda
            .put_function_event_invoke_config()
            .function_name(name)
            .qualifier(alias)
            .maximum_retry_attempts(number(config.retries))
            .maximum_event_age_in_seconds(number(config.max_event_age))
            .destination_config(to);
        PUT.sort(request.send().await).map(drop)
    }

    async fn delete_invoke_config(&self, name: &str, alias: &str) -> Result<()> {
        let request = self.lambda.delete_function_event_invoke_config();
        let request = request.function_name(name).qualifier(alias);
        DELETE.sort(request.send().await).map(drop)
    }
}

/// The SDK's integers are signed; the settings' ranges fit.
fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
