//! SQS: messages, the batches that they come in, and the answer that says which of them failed.
//!
//! `[R]` messaging-truth §5: the record, and that what is listed in `batchItemFailures` comes again while the rest is deleted. `[D]` §5, bug
//! report 24: what is not listed is deleted whatever its group, so after a failure the rest of its FIFO group is listed too.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    attribute::Attribute,
    delivery::{self, Delivery, FromEvent},
    failures, lanes,
    outcome::Failed,
    serve::{Call, Handle, failed},
};
use crate::{
    dispatch::{FunctionError, caught},
    error::Error,
    response::Json,
};

/// A message of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Record")]
#[non_exhaustive]
pub struct Message {
    /// Its id: a UUID. A message that comes again has the same.
    pub id: String,
    /// Its body.
    pub body: String,
    /// The sender's attributes, by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// How many times it has been received, this time included: 1 the first time.
    pub receive_count: u32,
    /// When it was sent, in milliseconds since 1970.
    pub sent_ms: u64,
    /// Its group, where it has one: messages of one group of a FIFO queue come in order.
    pub group: Option<String>,
    /// Its place in its group, of a FIFO queue: digits that grow.
    pub sequence_number: Option<String>,
    /// What deletes it, until its visibility timeout ends.
    pub receipt_handle: String,
    /// The queue's ARN.
    pub queue_arn: String,
}

impl Message {
    /// The attribute of that name, where it is a text or a number.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.text()
    }

    /// Whether its queue is a FIFO queue: their names end in `.fifo`.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.queue_arn.ends_with(".fifo")
    }
}

/// A message as it stands in the event. What is not named here is passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
    #[serde(default)]
    receipt_handle: String,
    #[serde(default)]
    attributes: System,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
    #[serde(default, rename = "eventSourceARN")]
    event_source_arn: String,
}

/// The attributes that SQS gives: all texts.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct System {
    #[serde(default)]
    approximate_receive_count: String,
    #[serde(default)]
    sent_timestamp: String,
    message_group_id: Option<String>,
    sequence_number: Option<String>,
}

impl From<Record> for Message {
    fn from(record: Record) -> Self {
        let system = record.attributes;
        Self {
            id: record.message_id,
            body: record.body,
            attributes: record.message_attributes,
            receive_count: system.approximate_receive_count.parse().unwrap_or(1),
            sent_ms: system.sent_timestamp.parse().unwrap_or(0),
            group: system.message_group_id,
            sequence_number: system.sequence_number,
            receipt_handle: record.receipt_handle,
            queue_arn: record.event_source_arn,
        }
    }
}

impl FromEvent<Self> for Message {
    fn from_event(delivery: &Delivery<'_, Self>) -> Result<Self, Error> {
        Ok(delivery.item.clone())
    }
}

/// The body.
impl FromEvent<Message> for String {
    fn from_event(delivery: &Delivery<'_, Message>) -> Result<Self, Error> {
        Ok(delivery.item.body.clone())
    }
}

/// The body as JSON.
impl<T: DeserializeOwned> FromEvent<Message> for Json<T> {
    fn from_event(delivery: &Delivery<'_, Message>) -> Result<Self, Error> {
        delivery::read("the message's body", &delivery.item.body).map(Self)
    }
}

/// The messages of one event.
#[derive(Debug)]
pub struct Messages {
    list: Vec<Message>,
    /// The indices of those that a [`Batch`] could not be given.
    unread: Mutex<Vec<usize>>,
}

impl Messages {
    /// The messages, in the batch's order.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        self.list.iter()
    }

    /// Their indices in groups: what has to run in order. A message of a standard queue is a group of its own, even where it has a group's
    /// name, which only makes the queue fair. `[R]` messaging-truth §1 row 9
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, message) in self.list.iter().enumerate() {
            match &message.group {
                Some(group) if message.is_fifo() => {
                    let at = *known.entry(group).or_insert(groups.len());
                    match groups.get_mut(at) {
                        Some(members) => members.push(index),
                        None => groups.push(vec![index]),
                    }
                }
                _ => groups.push(vec![index]),
            }
        }
        groups
    }

    /// The answer: which messages failed, and with each of them what follows it in its group.
    fn answer(&self, failed: &BTreeSet<&str>) -> Answer<'_> {
        let mut comes_again = BTreeSet::new();
        for group in self.groups() {
            let ids = group.iter().filter_map(|&index| self.list.get(index));
            let ids = ids.map(|message| &*message.id);
            comes_again.extend(ids.skip_while(|id| !failed.contains(id)));
        }
        let messages = self.list.iter().map(|message| &*message.id);
        Answer {
            batch_item_failures: messages
                .filter(|id| comes_again.contains(id))
                .map(|item_identifier| Item { item_identifier })
                .collect(),
        }
    }
}

/// All messages of one event, each as a `T`: [`Message`], `Json<Order>`, `String`.
///
/// A message that is not a `T` is not in it. It is logged, and comes again, as does what follows it in its FIFO group, which is not in it
/// either. Whatever else failed, the handler says with [`Failed`].
///
/// ```
/// use fw::{Json, Result, on_sqs, source::{Batch, Failed}};
///
/// #[on_sqs("orders")]
/// async fn store(orders: Batch<Json<Vec<u32>>>) -> Result<Failed> {
///     let mut failed = Failed::none();
///     for order in &orders {
///         if order.value.0.is_empty() {
///             failed.add(order);
///         }
///     }
///     Ok(failed)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Batch<T> {
    list: Vec<Received<T>>,
}

/// A message of a [`Batch`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received<T> {
    /// The message as it came.
    pub message: Message,
    /// What was read from it.
    pub value: T,
}

impl<T> Batch<T> {
    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether no message could be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The messages, in the event's order.
    pub fn iter(&self) -> std::slice::Iter<'_, Received<T>> {
        self.list.iter()
    }
}

impl<'b, T> IntoIterator for &'b Batch<T> {
    type Item = &'b Received<T>;
    type IntoIter = std::slice::Iter<'b, Received<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> IntoIterator for Batch<T> {
    type Item = Received<T>;
    type IntoIter = std::vec::IntoIter<Received<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<T: FromEvent<Message>> FromEvent<Messages> for Batch<T> {
    fn from_event(delivery: &Delivery<'_, Messages>) -> Result<Self, Error> {
        let messages = delivery.item;
        let mut list: Vec<Option<Received<T>>> = messages.list.iter().map(|_| None).collect();
        for group in messages.groups() {
            for index in group {
                let Some((item, slot)) = messages.list.get(index).zip(list.get_mut(index)) else {
                    continue;
                };
                let (event, lambda) = (delivery.event, delivery.lambda);
                let one = Delivery {
                    item,
                    event,
                    lambda,
                };
                match T::from_event(&one) {
                    Ok(value) => {
                        let message = item.clone();
                        *slot = Some(Received { message, value });
                    }
                    Err(error) => {
                        tracing::error!(message_id = item.id, "{error:#}");
                        failures::note(format_args!("message {index}: {error:#}"));
                        let mut unread = messages.unread.lock();
                        let unread = unread.as_mut().unwrap_or_else(|it| it.get_mut());
                        unread.push(index);
                        break;
                    }
                }
            }
        }
        Ok(Self {
            list: list.into_iter().flatten().collect(),
        })
    }
}

/// What Lambda reads: the messages that come again. An id that was not in the batch would bring back all of them. `[D]` esm-027–033
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'m> {
    batch_item_failures: Vec<Item<'m>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'m> {
    item_identifier: &'m str,
}

fn read(call: &Call<'_>) -> Result<Messages, FunctionError> {
    Ok(Messages {
        list: call.records()?,
        unread: Mutex::default(),
    })
}

fn written(answer: &Answer<'_>) -> Result<Box<RawValue>, FunctionError> {
    serde_json::value::to_raw_value(answer).map_err(|error| failed(&Error::internal(error)))
}

/// Calls the handler with each message. An answer always goes out, as an error would bring back what is done, too.
pub(super) async fn each<S: Sync>(
    call: Call<'_>,
    run: Handle<S, Message, ()>,
    state: &S,
) -> Result<Box<RawValue>, FunctionError> {
    let messages = read(&call)?;
    let one = async |index: usize| {
        let Some(item) = messages.list.get(index) else {
            return true;
        };
        let delivery = call.delivery(item);
        match caught(async { run(state, &delivery).await }).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::error!(
                    source = call.info.name,
                    message_id = item.id,
                    receive_count = item.receive_count,
                    "{error:#}"
                );
                failures::note(format_args!("message {index}: {error:#}"));
                false
            }
            // The panic hook tells of a panic, but not of the message.
            Err(_) => {
                tracing::error!(
                    source = call.info.name,
                    message_id = item.id,
                    receive_count = item.receive_count,
                    "the handler panicked"
                );
                failures::note(format_args!("message {index}: the handler panicked"));
                false
            }
        }
    };
    let failed = lanes::run(messages.groups(), one).await;
    let failed = failed
        .iter()
        .filter_map(|&index| messages.list.get(index))
        .map(|message| &*message.id)
        .collect();
    written(&messages.answer(&failed))
}

/// Calls the handler with all of them.
pub(super) async fn whole<S: Sync>(
    call: Call<'_>,
    run: Handle<S, Messages, Failed>,
    state: &S,
) -> Result<Box<RawValue>, FunctionError> {
    let messages = read(&call)?;
    let said = call.run(run, state, &messages).await?;
    let unread = messages
        .unread
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let unread = unread.iter().filter_map(|&index| messages.list.get(index));
    let failed = said
        .ids
        .iter()
        .map(String::as_str)
        .chain(unread.map(|message| &*message.id))
        .collect();
    written(&messages.answer(&failed))
}
