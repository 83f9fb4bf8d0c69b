//! Services that are called by documents: each kind of resource answers for its own.

use serde_json::Value;

use super::Fake;
use crate::{
    aws::{
        error::{Operation, Result},
        json::Json,
    },
    deploy::kind::{
        bus::fake as bus, queue::fake as queue, schedule::fake as schedule, topic::fake as topic,
    },
};

impl Json for Fake {
    async fn json(&self, operation: Operation, parameters: &Value) -> Result<Value> {
        self.later()
            .await
            .call(operation, |state| match operation.service {
                "sqs" => queue::answer(&mut state.queues, operation.name, parameters),
                "sns" => topic::answer(&mut state.topics, operation.name, parameters),
                "events" => bus::answer(&mut state.buses, operation.name, parameters),
                "scheduler" => schedule::answer(&mut state.schedules, operation.name, parameters),
                other => Err(("UnknownOperationException", other.to_owned())),
            })
    }
}
