//! Services that speak AWS JSON: each kind of resource answers for its own.

use serde_json::Value;

use super::Fake;
use crate::{
    aws::{
        error::{Operation, Result},
        json::Json,
    },
    deploy::kind::queue::fake as queue,
};

impl Json for Fake {
    async fn json(&self, operation: Operation, parameters: &Value) -> Result<Value> {
        self.later()
            .await
            .call(operation, |state| match operation.service {
                "sqs" => queue::answer(&mut state.queues, operation.name, parameters),
                other => Err(("UnknownOperationException", other.to_owned())),
            })
    }
}
