//! Messages to a queue of SQS.

use std::{borrow::Cow, marker::PhantomData, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Handle, ResourceError, UseKind, awaited,
    call::{Call, Service},
    handle,
};

/// A queue that takes messages of type `T`, as JSON.
///
/// A message is sent by awaiting it: `ORDERS.send(&order).await?`, `ORDERS.send(&order).group("eu").await?`.
pub struct Queue<T: ?Sized> {
    handle: Handle,
    of: PhantomData<fn(&T)>,
}

handle!(<T> Queue Queue);

impl<T: ?Sized> Queue<T> {
    /// The queue of that logical name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            handle: Handle::new(UseKind::Queue, name),
            of: PhantomData,
        }
    }

    /// A message with a text as it is, for receivers that do not read JSON.
    pub fn send_text<'h>(&'h self, text: impl Into<String>) -> SendMessage<'h> {
        self.message(Ok(text.into()))
    }

    fn message(&self, body: Result<String, serde_json::Error>) -> SendMessage<'_> {
        SendMessage {
            handle: &self.handle,
            body,
            delay: None,
            group: None,
            deduplication: None,
        }
    }
}

impl<T: Serialize + ?Sized> Queue<T> {
    /// A message with the value as JSON.
    pub fn send(&self, value: &T) -> SendMessage<'_> {
        self.message(serde_json::to_string(value))
    }
}

/// A message on its way to a queue.
///
/// # Errors
///
/// Awaited, it fails when the value cannot be written as JSON, the queue is not listed or not there, or SQS refuses the message. Without a
/// [`group`](Self::group) SQS refuses it for a FIFO queue.
#[derive(Debug)]
#[must_use = "a message is sent by awaiting it"]
pub struct SendMessage<'h> {
    handle: &'h Handle,
    body: Result<String, serde_json::Error>,
    delay: Option<Duration>,
    group: Option<Cow<'h, str>>,
    deduplication: Option<Cow<'h, str>>,
}

awaited!(SendMessage);

impl<'h> SendMessage<'h> {
    /// How long nobody receives it, in whole seconds up to 15 minutes; otherwise as the queue says.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// The group of a FIFO queue whose order it keeps.
    pub fn group(mut self, group: impl Into<Cow<'h, str>>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// The id by which a FIFO queue drops a message that it has got in the last five minutes.
    pub fn deduplication(mut self, id: impl Into<Cow<'h, str>>) -> Self {
        self.deduplication = Some(id.into());
        self
    }

    async fn go(self) -> Result<(), ResourceError> {
        let body = self
            .body
            .map_err(|error| self.handle.error(error.to_string()))?;
        #[cfg(feature = "test")]
        if let Some(sent) = super::sink::of(self.handle)? {
            sent.message(body, self.delay, self.group.as_deref());
            return Ok(());
        }
        let mut input = Map::new();
        input.insert("QueueUrl".to_owned(), self.handle.place()?.into());
        input.insert("MessageBody".to_owned(), body.into());
        let delay = self.delay.map(|delay| Value::from(delay.as_secs()));
        let text = |text: Option<Cow<'_, str>>| text.map(|text| Value::from(text.into_owned()));
        let further = [
            ("DelaySeconds", delay),
            ("MessageGroupId", text(self.group)),
            ("MessageDeduplicationId", text(self.deduplication)),
        ];
        for (name, value) in further {
            input.extend(value.map(|value| (name.to_owned(), value)));
        }
        let call = Call::json(Service::Sqs, "AmazonSQS.SendMessage", &Value::Object(input));
        call.send(self.handle).await.map(drop)
    }
}
