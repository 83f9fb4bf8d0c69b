//! One log line: for people, or as JSON.

use std::fmt::Write as _;

use anstyle::Style;
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{Entry, report::Report};
use crate::console::{BAD, DIM, HINT, WARN};

/// The fields of a framework's line that are shown in a place of their own.
const PLACED: [&str; 6] = [
    "timestamp",
    "level",
    "message",
    "requestId",
    "target",
    "xray_trace_id",
];

/// The line for people: time, level, message, fields; `None` for what only matters with `-v`.
///
/// `name` is written first, if there are several functions.
pub(crate) fn readable(entry: &Entry, name: Option<&str>, verbose: bool) -> Option<String> {
    let message = entry.event.message.trim_end();
    let noise = ["START RequestId:", "END RequestId:", "INIT_START "];
    if !verbose && (message.is_empty() || noise.iter().any(|word| message.starts_with(word))) {
        return None;
    }
    let mut line = format!("{DIM}{}{DIM:#} ", clock(entry.event.at));
    if let Some(name) = name {
        let _ = write!(line, "{HINT}{name}{HINT:#} ");
    }
    if let Some(report) = Report::read(message) {
        reported(&mut line, &report);
    } else if let Some(fields) = object(message) {
        if fields.contains_key("type") && fields.contains_key("record") && !verbose {
            // Other lines of the platform's: starts, extensions.
            return None;
        }
        structured(&mut line, &fields, verbose);
    } else {
        line.push_str(&visible(message));
    }
    Some(line)
}

/// The line as JSON: one object, with what the app wrote as it wrote it.
pub(crate) fn document(entry: &Entry) -> String {
    let message = entry.event.message.trim_end_matches(['\n', '\r']);
    let message = object(message).map_or_else(|| Value::from(message), Value::Object);
    json!({
        "schema": 1,
        "time": Timestamp::from_millisecond(entry.event.at).unwrap_or_default().to_string(),
        "function": entry.function,
        "stream": entry.event.stream,
        "message": message,
    })
    .to_string()
}

fn object(message: &str) -> Option<serde_json::Map<String, Value>> {
    message
        .starts_with('{')
        .then(|| serde_json::from_str(message).ok())
        .flatten()
}

fn reported(line: &mut String, report: &Report) {
    let Report {
        request_id,
        duration,
        init,
        memory,
        memory_limit,
        status,
    } = report;
    if let Some(status) = status {
        let _ = write!(line, "{BAD}{}{BAD:#} ", visible(status));
    }
    let _ = write!(line, "{DIM}{duration} ms");
    if let Some(init) = init {
        let _ = write!(line, ", cold start {init} ms");
    }
    let _ = write!(
        line,
        ", {memory} of {memory_limit} MB, request {}{DIM:#}",
        visible(request_id)
    );
}

fn structured(line: &mut String, fields: &serde_json::Map<String, Value>, verbose: bool) {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let level = text("level").unwrap_or_default();
    let style = match level {
        "ERROR" | "FATAL" => BAD,
        "WARN" => WARN,
        _ => Style::new(),
    };
    if !level.is_empty() {
        let _ = write!(line, "{style}{:5}{style:#} ", visible(level));
    }
    line.push_str(&visible(text("message").unwrap_or_default()));
    for (name, value) in fields {
        if PLACED.contains(&name.as_str()) {
            continue;
        }
        let value = match value {
            Value::String(text) => visible(text),
            other => visible(&other.to_string()),
        };
        let _ = write!(line, " {DIM}{}={DIM:#}{value}", visible(name));
    }
    if let Some(id) = text("requestId") {
        let _ = write!(line, " {DIM}request {}{DIM:#}", visible(id));
    }
    // A search for a trace starts with its id, and a reader has the request id. One id per line is
    // enough.
    if let Some(id) = text("xray_trace_id").filter(|_| verbose) {
        let _ = write!(line, " {DIM}trace {}{DIM:#}", visible(id));
    }
}

/// The time of day here, to the millisecond; with the date when that is another day than today.
fn clock(at: i64) -> String {
    let zone = TimeZone::system();
    let Ok(moment) = Timestamp::from_millisecond(at) else {
        return at.to_string();
    };
    let moment = moment.to_zoned(zone.clone());
    if moment.date() == Timestamp::now().to_zoned(zone).date() {
        moment.strftime("%H:%M:%S%.3f").to_string()
    } else {
        moment.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }
}

/// The text with control characters made visible: text from clients must not control the terminal.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Entry, document, readable};
    use crate::aws::logs::LogEvent;

    fn entry(message: &str) -> Entry {
        Entry {
            function: "notes-dev".to_owned(),
            event: LogEvent {
                id: "1".to_owned(),
                at: 0,
                stream: "s".to_owned(),
                message: message.to_owned(),
            },
        }
    }

    /// The part after the time, without colours.
    fn shown(message: &str, verbose: bool) -> Option<String> {
        let line = readable(&entry(message), None, verbose)?;
        let line = anstream::adapter::strip_str(&line).to_string();
        let (_, rest) = line.split_once(".000 ")?;
        Some(rest.to_owned())
    }

    #[test]
    fn people_read_the_message_first() {
        let json = r#"{"timestamp":"1970-01-01T00:00:00Z","level":"WARN","requestId":"8f","message":"slow","target":"notes","took":12,"key":"a b"}"#;
        assert_eq!(
            shown(json, false).unwrap(),
            "WARN  slow took=12 key=a b request 8f"
        );
        let traced =
            r#"{"level":"INFO","requestId":"8f","xray_trace_id":"1-2-3","message":"in a trace"}"#;
        assert_eq!(
            [false, true].map(|verbose| shown(traced, verbose).unwrap()),
            [
                "INFO  in a trace request 8f",
                "INFO  in a trace request 8f trace 1-2-3"
            ]
        );
        assert_eq!(shown("plain text\n", false).unwrap(), "plain text");
        assert_eq!(
            shown("REPORT RequestId: 8f\tDuration: 1.5 ms\tMemory Size: 128 MB\tMax Memory Used: 20 MB\tStatus: timeout", false).unwrap(),
            "timeout 1.5 ms, 20 of 128 MB, request 8f"
        );
        assert_eq!(
            readable(&entry("x"), Some("nightly"), false).map(|line| line.contains("nightly")),
            Some(true)
        );
    }

    #[test]
    fn what_the_platform_says_comes_with_v() {
        for line in [
            "START RequestId: 8f Version: 1\n",
            "END RequestId: 8f",
            "INIT_START Runtime Version: provided:al2023.v1",
            r#"{"time":"x","type":"platform.start","record":{"requestId":"8f"}}"#,
        ] {
            assert_eq!(shown(line, false), None, "{line}");
            assert!(shown(line, true).is_some(), "{line}");
        }
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        for line in [
            "a\u{1b}[2Jb",
            "{\"message\":\"a\\u001b[2Jb\",\"k\":\"\\u001b\"}",
        ] {
            let raw = readable(&entry(line), None, false).unwrap();
            assert!(!raw.contains("\u{1b}[2J"), "{raw:?}");
            assert!(raw.contains("a\\u{1b}[2Jb"), "{raw:?}");
        }
    }

    #[test]
    fn scripts_read_one_object_a_line() {
        let read = |message: &str| -> serde_json::Value {
            serde_json::from_str(&document(&entry(message))).unwrap()
        };
        let line = read("{\"level\":\"INFO\"}\n");
        assert_eq!(line["message"]["level"], "INFO");
        assert_eq!(line["time"], "1970-01-01T00:00:00Z");
        assert_eq!(read("two\nlines\n")["message"], "two\nlines");
        assert_eq!(read("{broken")["message"], "{broken");
    }
}
