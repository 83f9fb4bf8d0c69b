//! Messages to a topic of SNS.

use std::{borrow::Cow, marker::PhantomData};

use serde::Serialize;

use super::{
    Handle, ResourceError, UseKind, awaited,
    call::{Call, Service},
    handle,
};

/// A topic that takes messages of type `T`, as JSON.
///
/// A message is published by awaiting it: `ALERTS.publish(&alert).await?`.
pub struct Topic<T: ?Sized> {
    handle: Handle,
    of: PhantomData<fn(&T)>,
}

handle!(<T> Topic Topic);

impl<T: ?Sized> Topic<T> {
    /// The topic of that logical name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            handle: Handle::new(UseKind::Topic, name),
            of: PhantomData,
        }
    }

    /// A message with a text as it is: what a person reads in an e-mail.
    pub fn publish_text<'h>(&'h self, text: impl Into<String>) -> Publish<'h> {
        self.publication(Ok(text.into()))
    }

    fn publication(&self, body: Result<String, serde_json::Error>) -> Publish<'_> {
        Publish {
            handle: &self.handle,
            body,
            subject: None,
            group: None,
            deduplication: None,
        }
    }
}

impl<T: Serialize + ?Sized> Topic<T> {
    /// A message with the value as JSON.
    pub fn publish(&self, value: &T) -> Publish<'_> {
        self.publication(serde_json::to_string(value))
    }
}

/// A message on its way to a topic.
///
/// # Errors
///
/// Awaited, it fails when the value cannot be written as JSON, the topic is not listed or not there, or SNS refuses the message.
#[derive(Debug)]
#[must_use = "a message is published by awaiting it"]
pub struct Publish<'h> {
    handle: &'h Handle,
    body: Result<String, serde_json::Error>,
    subject: Option<Cow<'h, str>>,
    group: Option<Cow<'h, str>>,
    deduplication: Option<Cow<'h, str>>,
}

awaited!(Publish);

impl<'h> Publish<'h> {
    /// The subject of an e-mail; other receivers get it beside the message.
    pub fn subject(mut self, subject: impl Into<Cow<'h, str>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// The group of a FIFO topic whose order it keeps.
    pub fn group(mut self, group: impl Into<Cow<'h, str>>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// The id by which a FIFO topic drops a message that it has got in the last five minutes.
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
            sent.publication(body, self.subject.as_deref());
            return Ok(());
        }
        let topic = self.handle.place()?;
        let fields = [
            ("Action", Some("Publish")),
            ("Version", Some("2010-03-31")),
            ("TopicArn", Some(&*topic)),
            ("Message", Some(&*body)),
            ("Subject", self.subject.as_deref()),
            ("MessageGroupId", self.group.as_deref()),
            ("MessageDeduplicationId", self.deduplication.as_deref()),
        ];
        let fields = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        Call::form(Service::Sns, fields)
            .send(self.handle)
            .await
            .map(drop)
    }
}
