//! What the app has sent by its handles: shown, and delivered to the app's own sources.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Client, Invocations};
pub use crate::resource::sink::Sent;
use fw_manifest::{SourceEvent, UseKind};

impl Client {
    /// What the app has sent by its [handles](crate::resource), and nobody has [taken](Self::take_sent) or [delivered](Self::deliver).
    ///
    /// Nothing of it leaves the test. A bucket's objects stay readable for the app.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.outbox.open().sent.clone()
    }

    /// The same, and forgets it.
    pub fn take_sent(&self) -> Vec<Sent> {
        std::mem::take(&mut self.outbox.open().sent)
    }

    /// Delivers what the app has sent to those of its sources that take it, and forgets it. What their handlers send waits for the next
    /// call. Each message is a batch of its own, delays are left out, and what no source takes goes nowhere.
    ///
    /// # Panics
    ///
    /// In an async test.
    #[track_caller]
    pub fn deliver(&self) -> Invocations {
        let mut all = Vec::new();
        for sent in self.take_sent() {
            all.extend(self.deliver_one(&sent).0);
        }
        Invocations(all)
    }

    #[track_caller]
    fn deliver_one(&self, sent: &Sent) -> Invocations {
        let taken = self
            .manifest
            .sources
            .iter()
            .any(|source| match (&source.event, sent.kind) {
                (SourceEvent::Sqs { queue: name }, UseKind::Queue)
                | (SourceEvent::Sns { topic: name }, UseKind::Topic)
                | (SourceEvent::S3 { bucket: name, .. }, UseKind::Bucket)
                | (
                    SourceEvent::Event {
                        bus: Some(name), ..
                    },
                    UseKind::Bus,
                ) => *name == sent.name,
                _ => false,
            });
        if !taken {
            return Invocations(Vec::new());
        }
        match (sent.kind, &sent.key, &sent.event) {
            (UseKind::Topic, ..) => self
                .sns(&sent.name)
                .publish(sent.subject.as_deref(), &sent.text()),
            (UseKind::Bucket, Some(key), _) => {
                let size = u64::try_from(sent.body.len()).unwrap_or(u64::MAX);
                self.s3(&sent.name).created(key, size)
            }
            (UseKind::Bus, _, Some((source, detail_type))) => {
                self.event_on(&sent.name, source, detail_type, &sent.json::<Value>())
            }
            _ => {
                let queue = self.sqs(&sent.name).text(sent.text());
                match &sent.group {
                    Some(group) => queue.in_group(group).deliver(),
                    None => queue.deliver(),
                }
            }
        }
    }
}

impl Sent {
    /// What it was sent to: `queue orders`.
    #[must_use]
    pub fn to(&self) -> String {
        format!("{} {}", self.kind.word(), self.name)
    }

    /// The message, the event's detail, or the object.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The same, read as JSON.
    ///
    /// # Panics
    ///
    /// When it is not such a value.
    #[track_caller]
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!(
                "what was sent to the {} is something else: {error}: {}",
                self.to(),
                self.text()
            ),
        }
    }

    /// The delay of a message.
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        self.delay
    }

    /// The group of a message.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// The subject of what was published.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The key of an object.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The detail type of an event.
    #[must_use]
    pub fn detail_type(&self) -> Option<&str> {
        self.event.as_ref().map(|(_, detail_type)| &**detail_type)
    }
}
