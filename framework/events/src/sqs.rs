//! SQS: the batches of an event source mapping. `[R]` evt-sqs-001 to -003, messaging-truth §5

use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use crate::Place;

/// A message that a mapping has received.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Its id: a UUID.
    pub id: &'a str,
    /// Its body.
    pub body: &'a str,
    /// The receipt handle, which deletes it.
    pub receipt_handle: &'a str,
    /// How many times it has been received, at least 1.
    pub receive_count: u32,
    /// The time when it was sent, in milliseconds since 1970.
    pub sent_ms: u64,
    /// The time of its first receive.
    pub first_received_ms: u64,
    /// Text attributes: name, data type and value.
    pub attributes: &'a [(&'a str, &'a str, &'a str)],
    /// The attributes of a message of a FIFO queue.
    pub fifo: Option<Fifo<'a>>,
}

/// The attributes of a message of a FIFO queue.
#[derive(Clone, Copy, Debug)]
pub struct Fifo<'a> {
    /// Its group.
    pub group: &'a str,
    /// The id by which it is sent once.
    pub deduplication_id: &'a str,
    /// Digits that grow.
    pub sequence_number: &'a str,
}

/// The event for messages of that queue, as a mapping without a batching window sends it.
#[must_use]
pub fn batch(place: Place<'_>, queue: &str, messages: &[Message<'_>]) -> Value {
    let arn = place.arn("sqs", queue);
    let records: Vec<Value> = messages
        .iter()
        .map(|message| record(place, &arn, message))
        .collect();
    json!({ "Records": records })
}

fn record(place: Place<'_>, arn: &str, message: &Message<'_>) -> Value {
    let mut attributes = json!({
        "ApproximateReceiveCount": message.receive_count.to_string(),
        "SentTimestamp": message.sent_ms.to_string(),
        "SenderId": place.account,
        "ApproximateFirstReceiveTimestamp": message.first_received_ms.to_string(),
    });
    if let Some(fifo) = &message.fifo {
        attributes["MessageGroupId"] = fifo.group.into();
        attributes["MessageDeduplicationId"] = fifo.deduplication_id.into();
        attributes["SequenceNumber"] = fifo.sequence_number.into();
    }
    let mut own = json!({});
    for (name, data_type, value) in message.attributes {
        own[name] = json!({
            "stringValue": value,
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": data_type,
        });
    }
    let mut record = json!({
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes,
        "messageAttributes": own,
        "md5OfBody": md5(message.body.as_bytes()),
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": place.region,
    });
    if !message.attributes.is_empty() {
        record["md5OfMessageAttributes"] = md5_of_attributes(message.attributes).into();
    }
    record
}

fn md5(bytes: &[u8]) -> String {
    let digest = Md5::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest of text attributes: sorted by name; name, data type and value each behind its length, the value behind a 1 also.
/// `[R]` messaging-truth §2.4
fn md5_of_attributes(attributes: &[(&str, &str, &str)]) -> String {
    let mut sorted = attributes.to_vec();
    sorted.sort_unstable();
    let mut bytes = Vec::new();
    let mut push = |text: &str, kind: Option<u8>| {
        bytes.extend(kind);
        // An attribute is far shorter than 4 GiB.
        bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(text.as_bytes());
    };
    for (name, data_type, value) in sorted {
        push(name, None);
        push(data_type, None);
        push(value, Some(1));
    }
    md5(&bytes)
}

#[cfg(test)]
mod tests {
    use super::{Message, batch};
    use crate::Place;

    /// `[R]` evt-sqs-001, evt-sqs-003
    #[test]
    fn the_digests_are_those_that_were_recorded() {
        let place = Place {
            region: "us-east-1",
            account: "123456789012",
        };
        let message = Message {
            id: "m",
            body: r#"{"foo": "bar"}"#,
            receipt_handle: "h",
            receive_count: 1,
            sent_ms: 1,
            first_received_ms: 2,
            attributes: &[],
            fifo: None,
        };
        let with = Message {
            attributes: &[
                ("Title", "String", "The Whistler"),
                ("Author", "String", "John Grisham"),
                ("WeeksOn", "Number", "6"),
            ],
            ..message
        };
        let event = batch(place, "orders", &[message, with]);
        let first = &event["Records"][0];
        assert_eq!(first["md5OfBody"], "94232c5b8fc9272f6f73a1e36eb68fcf");
        assert!(first.get("md5OfMessageAttributes").is_none());
        assert_eq!(
            event["Records"][1]["md5OfMessageAttributes"],
            "d25a6aea97eb8f585bfa92d314504a92"
        );
    }
}
