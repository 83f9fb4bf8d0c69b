//! EventBridge: events of a bus.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::delivery::{self, Delivery, FromEvent};
use crate::{error::Error, response::Json};

/// An event of a bus, with its detail as a `T`. `[R]` eventbridge-truth §2
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BusEvent<T> {
    /// Its id: a UUID. An event that comes again has the same.
    #[serde(default)]
    pub id: String,
    /// Who sent it: `shop.orders`, `aws.s3`.
    pub source: String,
    /// What it is: `Order Placed`.
    pub detail_type: String,
    /// The account that it is of.
    #[serde(default)]
    pub account: String,
    /// When it happened, in UTC and whole seconds: `2027-01-01T09:00:00Z`.
    #[serde(default)]
    pub time: String,
    /// The region that it is of.
    #[serde(default)]
    pub region: String,
    /// The ARNs of what it is about.
    #[serde(default)]
    pub resources: Vec<String>,
    /// What it says.
    pub detail: T,
}

impl<T: DeserializeOwned> FromEvent<BusEvent<Box<RawValue>>> for BusEvent<T> {
    fn from_event(delivery: &Delivery<'_, BusEvent<Box<RawValue>>>) -> Result<Self, Error> {
        let event = delivery.item.clone();
        Ok(Self {
            id: event.id,
            source: event.source,
            detail_type: event.detail_type,
            account: event.account,
            time: event.time,
            region: event.region,
            resources: event.resources,
            detail: delivery::read("the event's detail", event.detail.get())?,
        })
    }
}

/// The detail.
impl<T: DeserializeOwned> FromEvent<BusEvent<Box<RawValue>>> for Json<T> {
    fn from_event(delivery: &Delivery<'_, BusEvent<Box<RawValue>>>) -> Result<Self, Error> {
        delivery::read("the event's detail", delivery.item.detail.get()).map(Self)
    }
}
