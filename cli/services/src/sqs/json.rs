//! The JSON protocol of SQS (AWS JSON 1.0).

use std::sync::Arc;

use http::{Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Call, Sqs, SqsError};
use crate::ids;
use crate::reply::{self, Body};

const TYPE: &str = "application/x-amz-json-1.0";

/// Answers a call of an operation.
pub(crate) async fn answer(
    sqs: &Arc<Sqs>,
    call: &Call,
    operation: &str,
    body: &[u8],
) -> Response<Body> {
    match run(sqs, call, operation, body).await {
        Ok(output) => with_id(reply::reply(StatusCode::OK, TYPE, output)),
        Err(failure) => error(&failure),
    }
}

/// The answer for an error.
pub(crate) fn error(error: &SqsError) -> Response<Body> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    let document = json!({
        "__type": format!("com.amazonaws.sqs#{}", error.json_type),
        "message": error.message,
    });
    let mut response = with_id(reply::reply(status, TYPE, document.to_string()));
    if let Ok(value) = format!("{};{}", error.code, error.fault()).parse() {
        response.headers_mut().insert("x-amzn-query-error", value);
    }
    response
}

fn with_id(mut response: Response<Body>) -> Response<Body> {
    if let Ok(id) = ids::uuid().parse() {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// Runs an operation on a JSON document, and returns the output's document.
pub(super) async fn run(
    sqs: &Arc<Sqs>,
    call: &Call,
    operation: &str,
    body: &[u8],
) -> Result<Vec<u8>, SqsError> {
    // Receiving notes for itself whether it changed something.
    let only_reads = ["Get", "List", "Receive"];
    if !only_reads
        .iter()
        .any(|prefix| operation.starts_with(prefix))
    {
        sqs.touch();
    }
    match operation {
        "SendMessage" => write(&sqs.send_message(call, read(body)?)?),
        "ReceiveMessage" => write(&sqs.receive_message(call, read(body)?).await?),
        "DeleteMessage" => write(&sqs.delete_message(call, &read(body)?)?),
        "SendMessageBatch" => write(&sqs.send_message_batch(call, read(body)?)?),
        "DeleteMessageBatch" => write(&sqs.delete_message_batch(call, &read(body)?)?),
        "ChangeMessageVisibility" => write(&sqs.change_visibility(call, &read(body)?)?),
        "ChangeMessageVisibilityBatch" => write(&sqs.change_visibility_batch(call, &read(body)?)?),
        "CreateQueue" => write(&sqs.create_queue(call, read(body)?)?),
        "DeleteQueue" => write(&sqs.delete_queue(call, &read(body)?)?),
        "GetQueueUrl" => write(&sqs.get_queue_url(call, &read(body)?)?),
        "ListQueues" => write(&sqs.list_queues(call, &read(body)?)?),
        "GetQueueAttributes" => write(&sqs.get_queue_attributes(call, &read(body)?)?),
        "SetQueueAttributes" => write(&sqs.set_queue_attributes(call, &read(body)?)?),
        "PurgeQueue" => write(&sqs.purge_queue(call, &read(body)?)?),
        "ListQueueTags" => write(&sqs.list_queue_tags(call, &read(body)?)?),
        "TagQueue" => write(&sqs.tag_queue(call, read(body)?)?),
        "UntagQueue" => write(&sqs.untag_queue(call, &read(body)?)?),
        "AddPermission" => write(&sqs.add_permission(call, &read(body)?)?),
        "RemovePermission" => write(&sqs.remove_permission(call, &read(body)?)?),
        "ListDeadLetterSourceQueues" => write(&sqs.list_sources(call, &read(body)?)?),
        "StartMessageMoveTask" => write(&sqs.start_move(call, read(body)?)?),
        "CancelMessageMoveTask" => write(&sqs.cancel_move(call, &read(body)?)?),
        "ListMessageMoveTasks" => write(&sqs.list_moves(call, &read(body)?)?),
        _ => Err(SqsError::not_implemented(&format!("AmazonSQS.{operation}"))),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, SqsError> {
    let body = if body.is_empty() { b"{}" } else { body };
    // The text is unverified: AWS's names its own types.
    serde_json::from_slice(body).map_err(|error| SqsError::malformed(error.to_string()))
}

fn write<T: Serialize>(output: &T) -> Result<Vec<u8>, SqsError> {
    serde_json::to_vec(output).map_err(|error| SqsError::malformed(error.to_string()))
}
