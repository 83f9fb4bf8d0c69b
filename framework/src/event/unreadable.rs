//! Events that are not an HTTP request: what they are, so that a developer sees the wrong
//! connection.

use crate::escaped::Escaped;
use std::fmt;

/// An event that is not an HTTP request. Its text goes into Lambda's error document and into the
/// log.
pub(crate) struct NotHttp {
    what: String,
}

impl NotHttp {
    /// The `errorType` in Lambda's error document.
    pub(crate) const TYPE: &'static str = "fw.NotAnHttpEvent";

    /// Examines an event that could not be read for this reason, unless its kind is known.
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
            "this function takes only events of an HTTP API, a REST API or a function URL, but got something else: {}",
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

/// The kind of the event, by the fields of AWS's other services.
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

/// The first text anywhere in the event under this key. It is only for the message, so a rough
/// search is enough.
fn member<'e>(event: &'e str, key: &str) -> Option<&'e str> {
    let value = after(event, &format!("\"{key}\""))?.trim_start();
    let value = value.strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some(value.split_once('"')?.0)
}

/// The rest after the first occurrence of this text.
fn after<'e>(event: &'e str, text: &str) -> Option<&'e str> {
    let mut windows = event.as_bytes().windows(text.len());
    let at = windows.position(|window| window == text.as_bytes())?;
    event.get(at + text.len()..)
}
