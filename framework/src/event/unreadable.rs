//! Events that are no HTTP request: what they are, said so that a developer knows what was wired wrongly.

use crate::escaped::Escaped;
use std::fmt;

/// An event that is no HTTP request. Its text goes into Lambda's error document and into the log.
pub(crate) struct NotHttp {
    what: String,
}

impl NotHttp {
    /// What Lambda's error document says as `errorType`.
    pub(crate) const TYPE: &'static str = "fw.NotAnHttpEvent";

    /// Looks into an event that could not be read for that reason, unless it can be told what it is.
    pub(super) fn new(event: &str, reason: impl FnOnce() -> String) -> Self {
        Self {
            what: describe(event).unwrap_or_else(reason),
        }
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
    // Tests show errors in this form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the event is, by what AWS's other services put into theirs.
fn describe(event: &str) -> Option<String> {
    let quoted = |key| member(event, key).map(Escaped);
    if let Some(source) = quoted("eventSource").or_else(|| quoted("EventSource")) {
        Some(format!("records of `{source}`"))
    } else if let (Some(what), Some(source)) = (quoted("detail-type"), quoted("source")) {
        Some(format!("`{what}` of `{source}`"))
    } else if after(event, "\"elb\"").is_some() {
        Some("a request of an Application Load Balancer".to_owned())
    } else if after(event, "\"connectionId\"").is_some() {
        Some("a message of a WebSocket API".to_owned())
    } else {
        None
    }
}

/// The first text that stands anywhere in the event under that key. It is only told, so a rough search will do.
fn member<'e>(event: &'e str, key: &str) -> Option<&'e str> {
    let value = after(event, &format!("\"{key}\""))?.trim_start();
    let value = value.strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some(value.split_once('"')?.0)
}

/// What comes after the first place where that text stands.
fn after<'e>(event: &'e str, text: &str) -> Option<&'e str> {
    let mut windows = event.as_bytes().windows(text.len());
    let at = windows.position(|window| window == text.as_bytes())?;
    event.get(at + text.len()..)
}
