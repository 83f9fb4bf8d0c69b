//! Events for the app's sources: each goes to the matching handlers, as the document that AWS would
//! send.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use super::{BLOCKS, Client, arrival, assert_not_async, block_on, context, posted};
use crate::source::collect;
use fw_events::{BusEvent, Fifo, Message, Notification, ObjectEvent, Place};
use fw_grammar::pattern::Pattern;
use fw_manifest::{ManifestSource, SourceEvent};

/// The account and region of a test's events.
const PLACE: Place<'static> = Place {
    region: "us-east-1",
    account: "123456789012",
};

/// The MD5 of nothing in particular: an object's tag.
const ETAG: &str = "d41d8cd98f00b204e9800998ecf8427e";

impl Client {
    /// A queue of the app's, by its logical name.
    ///
    /// # Panics
    ///
    /// If no source of the app takes its messages.
    #[track_caller]
    pub fn sqs(&self, queue: &str) -> Queue<'_> {
        self.asks("queue", queue, |event| match event {
            SourceEvent::Sqs { queue: it } => Some(it),
            _ => None,
        });
        Queue {
            client: self,
            queue: queue.to_owned(),
            fifo: false,
            messages: Vec::new(),
        }
    }

    /// A topic of the app's, by its logical name.
    ///
    /// # Panics
    ///
    /// If no source of the app takes its notifications.
    #[track_caller]
    #[must_use]
    pub fn sns(&self, topic: &str) -> Topic<'_> {
        self.asks("topic", topic, |event| match event {
            SourceEvent::Sns { topic: it } => Some(it),
            _ => None,
        });
        Topic {
            client: self,
            topic: topic.to_owned(),
        }
    }

    /// A bucket of the app's, by its logical name.
    ///
    /// # Panics
    ///
    /// If no source of the app takes its events.
    #[track_caller]
    #[must_use]
    pub fn s3(&self, bucket: &str) -> Bucket<'_> {
        self.asks("bucket", bucket, |event| match event {
            SourceEvent::S3 { bucket: it, .. } => Some(it),
            _ => None,
        });
        Bucket {
            client: self,
            bucket: bucket.to_owned(),
        }
    }

    /// Puts an event on the account's default bus. Each source whose pattern matches gets it; there
    /// may be none.
    ///
    /// # Panics
    ///
    /// If the detail is not a JSON object, and in an async test.
    #[track_caller]
    pub fn event<T: Serialize + ?Sized>(
        &self,
        source: &str,
        detail_type: &str,
        detail: &T,
    ) -> Invocations {
        self.publish_event(None, source, detail_type, detail)
    }

    /// Puts an event on one of the app's buses, by its logical name; otherwise as
    /// [`event`](Self::event).
    ///
    /// # Panics
    ///
    /// As [`event`](Self::event).
    #[track_caller]
    pub fn event_on<T: Serialize + ?Sized>(
        &self,
        bus: &str,
        source: &str,
        detail_type: &str,
        detail: &T,
    ) -> Invocations {
        self.publish_event(Some(bus), source, detail_type, detail)
    }

    #[track_caller]
    fn publish_event<T: Serialize + ?Sized>(
        &self,
        on: Option<&str>,
        source: &str,
        detail_type: &str,
        detail: &T,
    ) -> Invocations {
        let detail = value(detail);
        assert!(
            detail.is_object(),
            "an event's detail must be a JSON object, not: {detail}"
        );
        let now = arrival();
        let event = BusEvent {
            id: &now.request_id,
            source,
            detail_type,
            time: &time(now.epoch_ms, false),
            detail: &detail,
        };
        let event = event.event(PLACE);
        let matching = |it: &SourceEvent| match it {
            SourceEvent::Event { bus, pattern } if bus.as_deref() == on => {
                let pattern = Pattern::from_value(&Value::Object(pattern.clone()));
                pattern.is_ok_and(|pattern| pattern.matches(&event))
            }
            _ => false,
        };
        self.invoke_all(&event, matching)
    }

    /// Fires the schedule of that name: the function's.
    ///
    /// # Panics
    ///
    /// If the app has no schedule with this name, and in an async test.
    #[track_caller]
    pub fn fire(&self, name: &str) -> Invocations {
        let source = self.named(name, "schedule", |event| {
            matches!(event, SourceEvent::Schedule { .. })
        });
        let now = arrival();
        let time = time(now.epoch_ms, false);
        let event = fw_events::schedule(PLACE, name, &now.request_id, &time);
        Invocations(vec![self.invoke_source(source, &event)])
    }

    /// Calls the `#[function]` of that name.
    ///
    /// # Errors
    ///
    /// The function's error, as its caller reads it.
    ///
    /// # Panics
    ///
    /// If the app has no function with this name, and in an async test.
    #[track_caller]
    pub fn call<T: Serialize + ?Sized>(&self, name: &str, input: &T) -> Result<Value, CallError> {
        let source = self.named(name, "function", |event| {
            matches!(event, SourceEvent::Function)
        });
        self.invoke_source(source, &value(input)).result
    }

    /// Invokes each source that takes the event.
    #[track_caller]
    fn invoke_all(&self, event: &Value, takes: impl Fn(&SourceEvent) -> bool) -> Invocations {
        // Here and not in the closure, which does not know the caller's line.
        assert_not_async(BLOCKS);
        let sources = self.manifest.sources.iter();
        let sources = sources.filter(|source| takes(&source.event));
        Invocations(
            sources
                .map(|source| self.invoke_source(source, event))
                .collect(),
        )
    }

    #[track_caller]
    fn invoke_source(&self, source: &ManifestSource, event: &Value) -> Invocation {
        assert_not_async(BLOCKS);
        let now = arrival();
        let context = context(now.request_id.clone(), None, &now);
        let event = Bytes::from(event.to_string());
        let app = (self.app)(source.part(), event, context, Vec::new());
        let (answer, reasons) = collect(|| block_on(app, BLOCKS));
        let document = |bytes: Vec<u8>| serde_json::from_slice(&bytes).unwrap_or_default();
        Invocation {
            handler: source.name.clone(),
            result: posted(answer).map(document).map_err(|error| {
                let error: Value = document(error);
                let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
                CallError {
                    kind: text("errorType"),
                    message: text("errorMessage"),
                }
            }),
            reasons,
        }
    }

    /// Checks that a source asks for the queue, topic or bucket of that name.
    #[track_caller]
    fn asks(&self, kind: &str, name: &str, of: impl Fn(&SourceEvent) -> Option<&String>) {
        let known = self.manifest.sources.iter();
        let known = known.filter_map(|source| of(&source.event));
        let known: Vec<&str> = known.map(String::as_str).collect();
        assert!(
            known.contains(&name),
            "no source of the app takes this event of the {kind} `{name}`: {}",
            listed(kind, &known)
        );
    }

    #[track_caller]
    fn named(&self, name: &str, kind: &str, is: impl Fn(&SourceEvent) -> bool) -> &ManifestSource {
        let known = self.manifest.sources.iter();
        let known: Vec<&ManifestSource> = known.filter(|source| is(&source.event)).collect();
        match known.iter().find(|source| source.name == name) {
            Some(source) => source,
            None => {
                let known: Vec<&str> = known.iter().map(|source| source.name.as_str()).collect();
                panic!("no {kind} `{name}`: {}", listed(kind, &known));
            }
        }
    }
}

/// The app's names of this kind, so that a misspelt name is shown next to the right one.
fn listed(kind: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return format!("the app has no {kind}, is its handler in `App::on(sources![…])`?");
    }
    format!("the app has the {kind}s `{}`", known.join("`, `"))
}

/// A queue of the app's.
#[derive(Clone, Debug)]
#[must_use = "a message is delivered by `send` or `deliver`"]
pub struct Queue<'c> {
    client: &'c Client,
    queue: String,
    fifo: bool,
    /// The body of each, and its group.
    messages: Vec<(String, String)>,
}

impl Queue<'_> {
    /// Makes it a FIFO queue. Its messages are in the group `default`, unless you set another with
    /// [`in_group`](Self::in_group).
    pub fn fifo(mut self) -> Self {
        self.fifo = true;
        self
    }

    /// Adds a message: the value as JSON.
    #[track_caller]
    pub fn message<T: Serialize + ?Sized>(self, body: &T) -> Self {
        let body = value(body).to_string();
        self.text(body)
    }

    /// Adds a message with this text.
    pub fn text(mut self, body: impl Into<String>) -> Self {
        self.messages.push((body.into(), "default".to_owned()));
        self
    }

    /// Puts the last message into that group of a FIFO queue.
    pub fn in_group(mut self, group: &str) -> Self {
        self.fifo = true;
        if let Some((_, last)) = self.messages.last_mut() {
            group.clone_into(last);
        }
        self
    }

    /// Adds a message with the value as JSON, and delivers all added messages.
    ///
    /// # Panics
    ///
    /// In an async test.
    #[track_caller]
    pub fn send<T: Serialize + ?Sized>(self, body: &T) -> Invocations {
        self.message(body).deliver()
    }

    /// Delivers the messages in one batch, to each source of the queue: a test's queue has no other consumers.
    ///
    /// # Panics
    ///
    /// In an async test.
    #[track_caller]
    pub fn deliver(self) -> Invocations {
        let now = arrival();
        let numbers: Vec<(String, String)> = (0..self.messages.len())
            .map(|number| (arrival().request_id, format!("{number:020}")))
            .collect();
        let messages = self.messages.iter().zip(&numbers);
        let messages: Vec<Message<'_>> = messages
            .map(|((body, group), (id, number))| Message {
                id,
                body,
                receipt_handle: id,
                receive_count: 1,
                sent_ms: now.epoch_ms,
                first_received_ms: now.epoch_ms,
                attributes: &[],
                fifo: self.fifo.then_some(Fifo {
                    group,
                    deduplication_id: id,
                    sequence_number: number,
                }),
            })
            .collect();
        let end = if self.fifo { ".fifo" } else { "" };
        let event = fw_events::batch(PLACE, &format!("{}{end}", self.queue), &messages);
        let mut invocations = self.client.invoke_all(
            &event,
            |it| matches!(it, SourceEvent::Sqs { queue } if *queue == self.queue),
        );
        for invocation in &mut invocations.0 {
            if let Ok(answer) = &mut invocation.result {
                number_failures(answer, &messages);
            }
        }
        invocations
    }
}

/// Writes the messages' numbers in the place of their ids, which no test knows.
fn number_failures(answer: &mut Value, messages: &[Message<'_>]) {
    let failures = answer["batchItemFailures"].as_array_mut();
    for failure in failures.into_iter().flatten() {
        let id = &mut failure["itemIdentifier"];
        let number = messages.iter().position(|it| id.as_str() == Some(it.id));
        if let Some(number) = number {
            *id = number.into();
        }
    }
}

/// A topic of the app's.
#[derive(Clone, Debug)]
pub struct Topic<'c> {
    client: &'c Client,
    topic: String,
}

impl Topic<'_> {
    /// Publishes a notification: the value as JSON.
    ///
    /// # Panics
    ///
    /// In an async test.
    #[track_caller]
    pub fn send<T: Serialize + ?Sized>(&self, message: &T) -> Invocations {
        self.publish(None, &value(message).to_string())
    }

    /// Publishes a notification with this text, and a subject if there is one.
    ///
    /// # Panics
    ///
    /// In an async test.
    #[track_caller]
    pub fn publish(&self, subject: Option<&str>, message: &str) -> Invocations {
        let now = arrival();
        let notification = Notification {
            id: &now.request_id,
            message,
            subject,
            time: &time(now.epoch_ms, true),
            attributes: &[],
        };
        self.client.invoke_all(
            &notification.event(PLACE, &self.topic),
            |it| matches!(it, SourceEvent::Sns { topic } if *topic == self.topic),
        )
    }
}

/// A bucket of the app's.
#[derive(Clone, Debug)]
pub struct Bucket<'c> {
    client: &'c Client,
    bucket: String,
}

impl Bucket<'_> {
    /// Reports that an object with this key (not encoded) and size was put.
    ///
    /// # Panics
    ///
    /// In an async test.
    #[track_caller]
    pub fn created(&self, key: &str, size: u64) -> Invocations {
        self.happened("ObjectCreated:Put", key, Some((size, ETAG)))
    }

    /// Says that the object of that key was deleted.
    ///
    /// # Panics
    ///
    /// In an async test.
    #[track_caller]
    pub fn removed(&self, key: &str) -> Invocations {
        self.happened("ObjectRemoved:Delete", key, None)
    }

    #[track_caller]
    fn happened(&self, name: &str, key: &str, content: Option<(u64, &str)>) -> Invocations {
        let now = arrival();
        let event = ObjectEvent {
            name,
            bucket: &self.bucket,
            key,
            content,
            sequencer: &format!("{:018X}", now.epoch_ms),
            time: &time(now.epoch_ms, true),
            request_id: &now.request_id,
        };
        let takes = |it: &SourceEvent| match it {
            SourceEvent::S3 {
                bucket,
                events,
                prefix,
                suffix,
            } => {
                let of = |event: &String| {
                    let event = event.strip_prefix("s3:").unwrap_or(event);
                    name.starts_with(event.trim_end_matches('*'))
                };
                *bucket == self.bucket
                    && events.iter().any(of)
                    && key.starts_with(prefix.as_str())
                    && key.ends_with(suffix.as_str())
            }
            _ => false,
        };
        self.client.invoke_all(&event.event(PLACE), takes)
    }
}

/// The result of an event: an invocation for each source that took it.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "ask whether it is done: `.done()`"]
pub struct Invocations(pub(super) Vec<Invocation>);

/// An invocation of a source.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Invocation {
    /// The source's name.
    pub handler: String,
    /// The answer, or the failure. In the answer of a queue's handler the ids are the numbers of
    /// the messages, from 0.
    pub result: Result<Value, CallError>,
    /// Why it failed, or why each of its messages did: the text of the log, including the causes
    /// that no caller sees.
    pub reasons: Vec<String>,
}

impl Invocations {
    /// The invocations, ordered by the source's name.
    pub fn iter(&self) -> impl Iterator<Item = &Invocation> {
        self.0.iter()
    }

    /// True if no source took the event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of the sources that took it.
    pub fn handlers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|it| &*it.handler)
    }

    /// The messages of a queue that come again, by their number in the batch, from 0.
    #[must_use]
    pub fn come_again(&self) -> Vec<u64> {
        let answers = self.0.iter().filter_map(|it| it.result.as_ref().ok());
        let failures = answers.filter_map(|answer| answer["batchItemFailures"].as_array());
        let numbers = failures
            .flatten()
            .map(|it| it["itemIdentifier"].as_u64().unwrap_or(u64::MAX));
        numbers.collect()
    }

    /// Asserts that something took the event, and that nothing failed.
    ///
    /// # Panics
    ///
    /// Otherwise.
    #[track_caller]
    pub fn done(&self) {
        assert!(!self.0.is_empty(), "no source took the event");
        for invocation in &self.0 {
            if let Err(error) = &invocation.result {
                panic!("`{}` failed: {error}{}", invocation.handler, self.reasons());
            }
        }
        let again = self.come_again();
        assert!(
            again.is_empty(),
            "these messages are delivered again: {again:?}{}",
            self.reasons()
        );
    }

    /// Why something failed, a line each.
    fn reasons(&self) -> String {
        let reasons = self.0.iter().flat_map(|it| &it.reasons);
        reasons.map(|reason| format!("\n  {reason}")).collect()
    }
}

/// A function's error, as its caller reads it: Lambda's error document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallError {
    /// The `errorType`: the error's code.
    pub kind: String,
    /// The `errorMessage`: its public text.
    pub message: String,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for CallError {}

/// The value as JSON.
#[track_caller]
fn value<T: Serialize + ?Sized>(value: &T) -> Value {
    match serde_json::to_value(value) {
        Ok(value) => value,
        Err(error) => panic!("it cannot be written as JSON: {error}"),
    }
}

/// A time in UTC: `2027-01-01T09:00:00Z`, or with milliseconds.
fn time(epoch_ms: u64, milliseconds: bool) -> String {
    let (seconds, rest) = (epoch_ms / 1000, epoch_ms % 1000);
    let (year, month, day) = fw_gateway::civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let fraction = if milliseconds {
        format!(".{rest:03}")
    } else {
        String::new()
    };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}
