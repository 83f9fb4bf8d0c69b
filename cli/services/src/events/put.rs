//! `PutEvents`.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::buses::name_of;
use super::event::{self, Event};
use super::{Events, EventsError};
use crate::access::Caller;

/// The most entries of a request.
const MOST_ENTRIES: usize = 10;
/// The most bytes of all entries. Recorded in January 2025, and documented.
const LARGEST: usize = 256 * 1024;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(super) struct PutInput {
    entries: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Entry {
    /// Seconds since the epoch.
    time: Option<f64>,
    source: Option<String>,
    resources: Option<Vec<String>>,
    detail_type: Option<String>,
    detail: Option<String>,
    event_bus_name: Option<String>,
    trace_header: Option<String>,
}

impl Entry {
    /// The size that the limit counts: 14 for a time, and the bytes of the texts (user guide, "Calculating event entry size").
    fn size(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let resources = self.resources.iter().flatten();
        self.time.map_or(0, |_| 14)
            + length(&self.source)
            + length(&self.detail_type)
            + length(&self.detail)
            + resources.map(String::len).sum::<usize>()
    }

    /// What is wrong with the entry alone: a code and a text.
    fn fault(&self) -> Option<(&'static str, String)> {
        let is_empty = |text: &Option<String>| text.as_deref().unwrap_or_default().is_empty();
        let required = |name: &str| {
            let text =
                format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
            Some(("InvalidArgument", text))
        };
        if is_empty(&self.source) {
            return required("Source");
        }
        if is_empty(&self.detail_type) {
            return required("DetailType");
        }
        if is_empty(&self.detail) {
            return required("Detail");
        }
        if self
            .source
            .as_deref()
            .is_some_and(|source| source.starts_with("aws."))
        {
            // The API reference has the code. The text is unverified.
            let text = "Not authorized for the source.".into();
            return Some(("NotAuthorizedForSourceException", text));
        }
        let is_object = self.detail.as_deref().is_some_and(event::is_object);
        (!is_object).then(|| ("MalformedDetail", "Detail is malformed.".into()))
    }

    /// The entry in the words of AWS's validator.
    fn shown(&self) -> String {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".into());
        format!(
            "PutEventsRequestEntry(time={}, source={}, resources={}, detailType={}, detail={}, eventBusName={}, traceHeader={}, kmsKeyIdentifier=null, internalMetadata=null)",
            self.time
                .map_or_else(|| "null".into(), |time| time.to_string()),
            text(&self.source),
            self.resources
                .as_ref()
                .map_or_else(|| "null".into(), |all| format!("[{}]", all.join(", "))),
            text(&self.detail_type),
            text(&self.detail),
            text(&self.event_bus_name),
            text(&self.trace_header),
        )
    }
}

impl Events {
    pub(super) fn put_events(
        self: &Arc<Self>,
        caller: &Caller,
        input: PutInput,
    ) -> Result<Value, EventsError> {
        let entries = input.entries;
        if entries.is_empty() {
            let constraint = "have length greater than or equal to 1";
            return Err(EventsError::constraint("[]", "entries", constraint));
        }
        if entries.len() > MOST_ENTRIES {
            let shown: Vec<_> = entries.iter().map(Entry::shown).collect();
            let shown = format!("[{}]", shown.join(", "));
            let constraint = "have length less than or equal to 10";
            return Err(EventsError::constraint(&shown, "entries", constraint));
        }
        if entries.iter().map(Entry::size).sum::<usize>() > LARGEST {
            return Err(EventsError::validation(
                "Total size of the entries in the request is over the limit.",
            ));
        }
        for entry in &entries {
            let bus = name_of(entry.event_bus_name.as_deref());
            self.admit(caller, "PutEvents", &self.bus_arn(bus))?;
            self.state().bus(bus)?;
        }
        let mut failed = 0;
        let mut results = Vec::new();
        for entry in entries {
            if let Some((code, message)) = entry.fault() {
                failed += 1;
                results.push(json!({"ErrorCode": code, "ErrorMessage": message}));
                continue;
            }
            let bus = name_of(entry.event_bus_name.as_deref()).to_owned();
            let time_ms = entry.time.map(|seconds| seconds * 1000.0);
            let mut event = Event::new(
                (&self.place.account, &self.place.region),
                entry.source.unwrap_or_default(),
                entry.detail_type.unwrap_or_default(),
                entry.resources.unwrap_or_default(),
                // Times outside of four-digit years have no form.
                time_ms.map_or(self.now(), |time| {
                    time.clamp(0.0, 253_402_300_799_000.0) as u64
                }),
                &entry.detail.unwrap_or_default(),
            );
            event.trace = entry.trace_header;
            results.push(json!({"EventId": event.id}));
            self.publish(&bus, &event, 0);
        }
        Ok(json!({"FailedEntryCount": failed, "Entries": results}))
    }
}
