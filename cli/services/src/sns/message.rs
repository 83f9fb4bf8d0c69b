//! A message to publish, checked.

use serde_json::Value;

use super::attributes::{self, AttributeMap};
use super::topic::Topic;
use super::{Call, SnsError};
use crate::form::Node;
use crate::targets::Parcel;

/// A message that may go to every subscription of its topic.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    /// The message of all protocols without one of their own.
    pub(super) default: String,
    /// The texts by protocol of `MessageStructure=json`.
    by_protocol: Option<serde_json::Map<String, Value>>,
    pub(super) subject: Option<String>,
    pub(super) attributes: AttributeMap,
    pub(super) group: Option<String>,
    pub(super) deduplication_id: Option<String>,
    pub(super) trace: Option<String>,
    pub(super) size: usize,
}

impl Message {
    /// A message of another service.
    pub(super) fn of_service(parcel: Parcel) -> Self {
        Self {
            size: parcel.body.len() + attributes::size(&parcel.attributes),
            default: parcel.body,
            attributes: parcel.attributes,
            subject: parcel.subject.map(ToOwned::to_owned),
            trace: parcel.trace,
            ..Self::default()
        }
    }

    /// Reads the parameters of `Publish`, or of an entry of a batch.
    ///
    /// # Errors
    /// `InvalidParameter`, `ParameterValueInvalid` or `ValidationError`, 400.
    pub(super) fn read(call: &Call, parameters: &Node) -> Result<Self, SnsError> {
        let text = parameters.text("Message").unwrap_or_default();
        if text.is_empty() {
            return Err(SnsError::parameter("Empty message"));
        }
        let subject = parameters.text("Subject");
        if let Some(subject) = subject {
            // 1 to 100 characters without line breaks, as the API reference says.
            let count = subject.chars().count();
            if !(1..=100).contains(&count) || subject.chars().any(char::is_control) {
                return Err(SnsError::parameter("Subject"));
            }
        }
        let attributes = attributes::read(parameters.child("MessageAttributes"))?;
        let owned = |name: &str| parameters.text(name).map(ToOwned::to_owned);
        let mut message = Self {
            size: text.len() + attributes::size(&attributes),
            default: text.to_owned(),
            by_protocol: None,
            subject: subject.map(ToOwned::to_owned),
            attributes,
            group: owned("MessageGroupId"),
            deduplication_id: owned("MessageDeduplicationId"),
            trace: call.trace.clone(),
        };
        match parameters.text("MessageStructure") {
            None | Some("") => {}
            Some("json") => message.structure()?,
            Some(_) => return Err(SnsError::parameter("MessageStructure")),
        }
        Ok(message)
    }

    /// Reads the text as a message by protocol.
    fn structure(&mut self) -> Result<(), SnsError> {
        let refused = |reason: &str| SnsError::parameter(format!("Message Structure - {reason}"));
        let by_protocol: serde_json::Map<String, Value> = serde_json::from_str(&self.default)
            .map_err(|_| refused("JSON message body failed to parse"))?;
        let default = by_protocol
            .get("default")
            .and_then(Value::as_str)
            .ok_or_else(|| refused("No default entry in JSON message body"))?;
        self.default = default.to_owned();
        self.by_protocol = Some(by_protocol);
        Ok(())
    }

    /// The text for a protocol.
    pub(super) fn text(&self, protocol: &str) -> &str {
        self.by_protocol
            .as_ref()
            .and_then(|all| all.get(protocol)?.as_str())
            .unwrap_or(&self.default)
    }

    /// Checks the message against its topic.
    ///
    /// # Errors
    /// `InvalidParameter`, 400.
    pub(super) fn check(&self, topic: &Topic) -> Result<(), SnsError> {
        if self.size > topic.largest() {
            return Err(SnsError::parameter("Message too long"));
        }
        if topic.is_fifo {
            if self.group.as_deref().is_none_or(str::is_empty) {
                return Err(SnsError::parameter(
                    "The MessageGroupId parameter is required for FIFO topics",
                ));
            }
            if self.deduplication_id.is_none() && !topic.by_content {
                return Err(SnsError::parameter(
                    "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
                ));
            }
        } else if self.deduplication_id.is_some() {
            return Err(SnsError::parameter(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            ));
        }
        for (parameter, id) in [
            ("MessageGroupId", &self.group),
            ("MessageDeduplicationId", &self.deduplication_id),
        ] {
            let has_form = |id: &String| {
                (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
            };
            if id.as_ref().is_some_and(|id| !has_form(id)) {
                return Err(SnsError::parameter(parameter));
            }
        }
        Ok(())
    }
}
