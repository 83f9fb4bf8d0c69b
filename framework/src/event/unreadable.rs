//! Events that are no HTTP request: what they are, said so that a developer knows what was wired wrongly.

use std::fmt;

use serde::{Deserialize, de::IgnoredAny};

use super::json::Text;

/// An event that is no HTTP request. Its text goes into Lambda's error document and into the log.
pub(crate) struct NotHttp {
    what: String,
}

impl NotHttp {
    /// What Lambda's error document says as `errorType`.
    pub(crate) const TYPE: &'static str = "fw.NotAnHttpEvent";

    /// Looks into an event that could not be read, or that misses what makes an HTTP request.
    pub(super) fn new(event: &str, error: Option<&serde_json::Error>) -> Self {
        let what = match (describe(event), error) {
            (Some(what), _) => what,
            (None, Some(error)) => error.to_string(),
            (None, None) => "there is no `requestContext.http` and no `httpMethod`".to_owned(),
        };
        Self { what }
    }
}

impl fmt::Display for NotHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this function takes events of an HTTP API, a REST API or a function URL only; what arrived is another: {}",
            self.what
        )
    }
}

impl fmt::Debug for NotHttp {
    // `lambda_runtime` logs errors in this form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What AWS's other services put into their events.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'e"))]
struct Clues<'e> {
    #[serde(rename = "Records")]
    records: Vec<Record<'e>>,
    source: Text<'e>,
    #[serde(rename = "detail-type")]
    detail_type: Text<'e>,
    #[serde(rename = "requestContext")]
    context: Option<ContextClues>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'e"))]
struct Record<'e> {
    #[serde(rename = "eventSource", alias = "EventSource")]
    source: Text<'e>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextClues {
    elb: Option<IgnoredAny>,
    connection_id: Option<IgnoredAny>,
}

fn describe(event: &str) -> Option<String> {
    let clues: Clues<'_> = serde_json::from_str(event).ok()?;
    if let Some(record) = clues.records.first() {
        return Some(format!("records of `{}`", record.source.0.escape_debug()));
    }
    if !clues.detail_type.0.is_empty() {
        return Some(format!(
            "`{}` of `{}`",
            clues.detail_type.0.escape_debug(),
            clues.source.0.escape_debug()
        ));
    }
    let context = clues.context?;
    if context.elb.is_some() {
        Some("a request of an Application Load Balancer".to_owned())
    } else if context.connection_id.is_some() {
        Some("a message of a WebSocket API".to_owned())
    } else {
        None
    }
}
