//! The events of a mapping: records of received messages.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Serialize;

use crate::sqs::{Taken, md5_of_attributes, system_attributes};

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: &'a str,
    receipt_handle: &'a str,
    body: &'a str,
    attributes: BTreeMap<&'static str, String>,
    message_attributes: BTreeMap<&'a str, Attribute<'a>>,
    /// Without attributes it is absent, and null if the mapping has a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<Option<String>>,
    md5_of_body: &'a str,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    aws_region: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attribute<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<String>,
    string_list_values: [(); 0],
    binary_list_values: [(); 0],
    data_type: &'a str,
}

/// The event for a batch.
pub(super) fn event(batch: &[Taken], queue: &str, region: &str, has_window: bool) -> Bytes {
    let records = batch
        .iter()
        .map(|taken| record(taken, queue, region, has_window))
        .collect();
    serde_json::to_vec(&Event { records }).map_or_else(|_| Bytes::new(), Bytes::from)
}

fn record<'a>(taken: &'a Taken, queue: &'a str, region: &'a str, has_window: bool) -> Record<'a> {
    let content = &taken.held.content;
    let digest = md5_of_attributes(
        content
            .attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value)),
    );
    let message_attributes = content
        .attributes
        .iter()
        .map(|(name, value)| {
            let attribute = Attribute {
                string_value: value.string_value.as_deref(),
                binary_value: value
                    .binary_value
                    .as_ref()
                    .map(|bytes| BASE64_STANDARD.encode(bytes)),
                string_list_values: [],
                binary_list_values: [],
                data_type: &value.data_type,
            };
            (name.as_str(), attribute)
        })
        .collect();
    Record {
        message_id: &content.id,
        receipt_handle: &taken.handle,
        body: &content.body,
        attributes: system_attributes(taken),
        message_attributes,
        md5_of_message_attributes: (digest.is_some() || has_window).then_some(digest),
        md5_of_body: &content.body_md5,
        event_source: "aws:sqs",
        event_source_arn: queue,
        aws_region: region,
    }
}

/// Splits a batch into parts whose bodies have at most that many bytes, or one message.
pub(super) fn parts(batch: Vec<Taken>, most: usize) -> Vec<Vec<Taken>> {
    let mut parts: Vec<Vec<Taken>> = Vec::new();
    let mut bytes = 0;
    for message in batch {
        let size = message.held.content.body.len();
        match parts.last_mut() {
            Some(part) if bytes + size <= most => part.push(message),
            _ => {
                parts.push(vec![message]);
                bytes = 0;
            }
        }
        bytes += size;
    }
    parts
}
