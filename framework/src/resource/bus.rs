//! Events to a bus of EventBridge.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Handle, ResourceError, UseKind, awaited,
    call::{Call, Service},
    handle,
};

/// A bus that takes events.
///
/// An event is put by awaiting it: `TRADE.put("shop", "Order Paid", &order).await?`.
pub struct Bus {
    handle: Handle,
}

handle!(Bus Bus);

impl Bus {
    /// The bus of that logical name.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self {
            handle: Handle::new(UseKind::Bus, name),
        }
    }

    /// An event of that source and detail type; the detail is an object in JSON.
    pub fn put<'h, T: Serialize + ?Sized>(
        &'h self,
        source: &'h str,
        detail_type: &'h str,
        detail: &T,
    ) -> PutEvent<'h> {
        PutEvent {
            handle: &self.handle,
            source,
            detail_type,
            detail: serde_json::to_string(detail),
        }
    }
}

/// An event on its way to a bus.
///
/// # Errors
///
/// Awaited, it fails when the detail cannot be written as JSON or is not an object, the bus is not listed or not there, or EventBridge refuses
/// the event.
#[derive(Debug)]
#[must_use = "an event is put by awaiting it"]
pub struct PutEvent<'h> {
    handle: &'h Handle,
    source: &'h str,
    detail_type: &'h str,
    detail: Result<String, serde_json::Error>,
}

awaited!(PutEvent);

impl PutEvent<'_> {
    async fn go(self) -> Result<(), ResourceError> {
        let handle = self.handle;
        let detail = self
            .detail
            .map_err(|error| handle.error(error.to_string()))?;
        if !detail.starts_with('{') {
            return Err(handle.error("the detail of an event is an object".to_owned()));
        }
        #[cfg(feature = "test")]
        if let Some(sent) = super::sink::of(handle)? {
            sent.event(self.source, self.detail_type, detail);
            return Ok(());
        }
        let input = json!({ "Entries": [{
            "EventBusName": handle.place()?,
            "Source": self.source,
            "DetailType": self.detail_type,
            "Detail": detail,
        }] });
        let answer = Call::json(Service::EventBridge, "AWSEvents.PutEvents", &input)
            .send(handle)
            .await?;
        // A refused entry is told in an answer of 200 (EventBridge API reference, `PutEvents`).
        let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let entry = &answer["Entries"][0];
        match entry["ErrorCode"].as_str() {
            None => Ok(()),
            Some(code) => Err(ResourceError {
                code: code.to_owned(),
                ..handle.error(format!(
                    "{code}: {}",
                    entry["ErrorMessage"].as_str().unwrap_or_default()
                ))
            }),
        }
    }
}
