//! The events of queues, topics, buckets, buses and schedules. Ids and times are new in each event;
//! everything else comes from the user.

use jiff::Timestamp;
use serde_json::{Map, Value};

use fw_events::{Fifo, Message, Notification, Place};
use fw_gateway::Arrival;

use super::input;
use crate::{
    args,
    error::{Context as _, Exit, Failure, Result},
    local::server::arrival,
    values::credentials::{ACCOUNT, REGION},
};

/// The account and the region of all these events, independent of the developer's, so that a script
/// gets the same everywhere.
const PLACE: Place<'static> = Place {
    region: REGION,
    account: ACCOUNT,
};

/// The most bytes of a message: of SQS, and of a topic with the largest `MaximumMessageSize`. `[R]` messaging-truth §1 row 3
const LARGEST_MESSAGE: usize = 1_048_576;

/// The most messages that a mapping without a batching window has in a batch. `[D]` Lambda developer guide, "Using Lambda with Amazon SQS"
const MOST_MESSAGES: usize = 10;

/// The most attributes of a message. `[D]` SQS developer guide, "Amazon SQS message metadata"
const MOST_ATTRIBUTES: usize = 10;

/// The most bytes of a detail. The total of a call of `PutEvents` is recorded at that; whether it has been raised is unverified.
/// `[R]` eventbridge-truth §4
const LARGEST_DETAIL: usize = 256 * 1024;

/// The entity tag of an object without content, because no argument has the content.
const ETAG: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// A batch of messages.
///
/// # Errors
///
/// Exit code 64 for a group without a FIFO queue and the reverse, too many messages, or attributes
/// that a message cannot have; 65 for a body that no queue accepts.
pub(super) fn sqs(args: &args::QueueEvent) -> Result<Value> {
    let is_fifo = args.queue.ends_with(".fifo");
    if is_fifo != args.group.is_some() {
        let hint = match is_fifo {
            true => "add a group: `--group customer-1`".to_owned(),
            false => format!("write `{}.fifo`", args.queue),
        };
        let message = match is_fifo {
            true => "a message to a FIFO queue has a group",
            false => {
                "only the messages of a FIFO queue have a group, and its name ends with `.fifo`"
            }
        };
        return Err(usage(message).hint(hint));
    }
    if args.bodies.len() > MOST_MESSAGES {
        return Err(usage(format!(
            "a batch has at most {MOST_MESSAGES} messages, not {}",
            args.bodies.len()
        )));
    }
    let attributes = attributes(&args.attributes)?;
    if attributes.len() > MOST_ATTRIBUTES {
        return Err(usage(format!(
            "a message has at most {MOST_ATTRIBUTES} attributes, not {}",
            attributes.len()
        )));
    }
    let bodies = input::texts(&args.bodies, LARGEST_MESSAGE)?;
    if let Some(character) = bodies.iter().flat_map(|body| body.chars()).find(is_refused) {
        return Err(Failure::input(format!(
            "SQS does not accept this character in a body: `{}`",
            character.escape_unicode()
        ))
        .hint("encode the body as Base64, as your sending program does"));
    }
    let now = arrival();
    let ids: Vec<[String; 3]> = (1..=bodies.len())
        .map(|number| [id(), id(), format!("{number:020}")])
        .collect();
    let messages: Vec<Message<'_>> = bodies
        .iter()
        .zip(&ids)
        .map(|(body, [id, receipt_handle, sequence_number])| Message {
            id,
            body,
            receipt_handle,
            receive_count: 1,
            sent_ms: now.epoch_ms,
            first_received_ms: now.epoch_ms,
            attributes: &attributes,
            fifo: args.group.as_deref().map(|group| Fifo {
                group,
                deduplication_id: id,
                sequence_number,
            }),
        })
        .collect();
    Ok(fw_events::batch(PLACE, &args.queue, &messages))
}

/// A notification.
///
/// # Errors
///
/// Exit code 64 for attributes that a message cannot have; 65 for a message that no topic accepts.
pub(super) fn sns(args: &args::TopicEvent) -> Result<Value> {
    let now = arrival();
    let notification = Notification {
        id: &id(),
        message: &input::text(&args.message, LARGEST_MESSAGE)?,
        subject: args.subject.as_deref(),
        time: &milliseconds(&now),
        attributes: &attributes(&args.attributes)?,
    };
    Ok(notification.event(PLACE, &args.topic))
}

/// A change of an object.
pub(super) fn s3(args: &args::ObjectEvent) -> Value {
    let now = arrival();
    let object = fw_events::ObjectEvent {
        name: match args.removed {
            true => "ObjectRemoved:Delete",
            false => "ObjectCreated:Put",
        },
        bucket: &args.bucket,
        key: &args.key,
        content: (!args.removed).then_some((args.size, ETAG)),
        sequencer: &format!("{:018X}", now.epoch_ms),
        time: &milliseconds(&now),
        request_id: &id(),
    };
    object.event(PLACE)
}

/// An event of a bus.
///
/// # Errors
///
/// Exit code 65 for a detail that cannot be read, or is not a JSON object.
pub(super) fn eventbridge(args: &args::BusEvent) -> Result<Value> {
    let detail = input::text(&args.detail, LARGEST_DETAIL)?;
    let detail = serde_json::from_str::<Map<String, Value>>(&detail)
        .context("the detail is not a JSON object")
        .map_err(|failure| failure.exiting(Exit::Input).hint("write `'{\"id\": 7}'`"))?;
    let event = fw_events::BusEvent {
        id: &id(),
        source: &args.source,
        detail_type: &args.detail_type,
        time: &seconds(now(&arrival())),
        detail: &Value::Object(detail),
    };
    Ok(event.event(PLACE))
}

/// The input of a schedule that `fw` creates.
pub(super) fn schedule(args: &args::ScheduleEvent) -> Value {
    let time = args.time.unwrap_or_else(|| now(&arrival()));
    fw_events::schedule(PLACE, &args.name, &id(), &seconds(time))
}

/// Text attributes, sorted by name.
fn attributes(given: &[(String, String)]) -> Result<Vec<(&str, &str, &str)>> {
    let mut attributes: Vec<_> = given
        .iter()
        .map(|(name, value)| (name.as_str(), "String", value.as_str()))
        .collect();
    attributes.sort_unstable();
    let twice = attributes.windows(2).find(|pair| pair[0].0 == pair[1].0);
    match twice {
        Some(pair) => Err(usage(format!(
            "an attribute may appear only once in a message: `{}`",
            pair[0].0
        ))),
        None => Ok(attributes),
    }
}

/// True if a message cannot contain the character. `[D]` SQS API reference, `SendMessage`
fn is_refused(character: &char) -> bool {
    matches!(character, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// A new UUID.
fn id() -> String {
    arrival().request_id
}

fn now(arrival: &Arrival) -> Timestamp {
    let epoch_ms = i64::try_from(arrival.epoch_ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(epoch_ms).unwrap_or(Timestamp::MAX)
}

/// `2027-01-01T09:00:00.000Z`.
fn milliseconds(arrival: &Arrival) -> String {
    now(arrival).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// `2027-01-01T09:00:00Z`.
fn seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(message).exiting(Exit::Usage)
}
