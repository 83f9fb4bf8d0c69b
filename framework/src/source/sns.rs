//! SNS: notifications of a topic.

use std::collections::BTreeMap;

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    attribute::Attribute,
    delivery::{self, Delivery, FromEvent},
};
use crate::{error::Error, response::Json};

/// A notification of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Record")]
#[non_exhaustive]
pub struct Notification {
    /// Its id: a UUID. A notification that comes again has the same.
    pub id: String,
    /// What it says.
    pub message: String,
    /// Its subject, where it has one.
    pub subject: Option<String>,
    /// The sender's attributes, by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// When it was published, in UTC and milliseconds: `2027-01-01T09:00:00.000Z`.
    pub time: String,
    /// The topic's ARN.
    pub topic_arn: String,
}

impl Notification {
    /// The attribute of that name, where it is a text or a number.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.text()
    }
}

/// A notification as it stands in the event. `[R]` messaging-truth §1 row 22, §3.3
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    sns: Sns,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Sns {
    #[serde(default)]
    message_id: String,
    message: String,
    subject: Option<String>,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
    #[serde(default)]
    timestamp: String,
    #[serde(default)]
    topic_arn: String,
}

impl From<Record> for Notification {
    fn from(Record { sns }: Record) -> Self {
        Self {
            id: sns.message_id,
            message: sns.message,
            subject: sns.subject,
            attributes: sns.message_attributes,
            time: sns.timestamp,
            topic_arn: sns.topic_arn,
        }
    }
}

impl FromEvent<Self> for Notification {
    fn from_event(delivery: &Delivery<'_, Self>) -> Result<Self, Error> {
        Ok(delivery.item.clone())
    }
}

/// What it says.
impl FromEvent<Notification> for String {
    fn from_event(delivery: &Delivery<'_, Notification>) -> Result<Self, Error> {
        Ok(delivery.item.message.clone())
    }
}

/// What it says, as JSON.
impl<T: DeserializeOwned> FromEvent<Notification> for Json<T> {
    fn from_event(delivery: &Delivery<'_, Notification>) -> Result<Self, Error> {
        delivery::read("the notification's message", &delivery.item.message).map(Self)
    }
}
