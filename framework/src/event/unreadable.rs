//! Events that are no HTTP request: what they are, said so that a developer knows what was wired wrongly.

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
    // `lambda_runtime` logs errors in this form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the event is, by what AWS's other services put into theirs.
fn describe(event: &str) -> Option<String> {
    let quoted = |key| member(event, key).map(str::escape_debug);
    if let Some(source) = quoted("eventSource").or_else(|| quoted("EventSource")) {
        Some(format!("records of `{source}`"))
    } else if let (Some(what), Some(source)) = (quoted("detail-type"), quoted("source")) {
        Some(format!("`{what}` of `{source}`"))
    } else if event.contains("\"elb\"") {
        Some("a request of an Application Load Balancer".to_owned())
    } else if event.contains("\"connectionId\"") {
        Some("a message of a WebSocket API".to_owned())
    } else {
        None
    }
}

/// The first text that stands anywhere in the event under that key. It is only told, so a rough search will do.
fn member<'e>(event: &'e str, key: &str) -> Option<&'e str> {
    let (_, after) = event.split_once(&format!("\"{key}\""))?;
    let after = after.trim_start().strip_prefix(':')?.trim_start();
    let (value, _) = after.strip_prefix('"')?.split_once('"')?;
    Some(value)
}
