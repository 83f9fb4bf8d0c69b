//! A log line while it is built.

use std::{
    fmt::{self, Write as _},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tracing::{
    Metadata,
    field::{Field, Visit},
};

use super::Format;
use crate::{context::LambdaContext, escaped::Escaped};
use fw_gateway::civil;

/// The keys that a line has of itself; a field of such a name is written with an underscore after it.
const OURS: [&str; 7] = [
    "timestamp",
    "level",
    "requestId",
    "xray_trace_id",
    "message",
    "target",
    "spans",
];

/// The fields of an event or of a span, written already.
pub(super) struct Fields {
    format: Format,
    /// JSON: `,"name":value…`; text: ` name=value…`.
    written: String,
    message: String,
}

impl Fields {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            written: String::new(),
            message: String::new(),
        }
    }

    fn name(&mut self, field: &Field) {
        // A raw identifier, `r#type`, is a field of the name `type`.
        let name = field.name();
        let name = name.strip_prefix("r#").unwrap_or(name);
        match self.format {
            Format::Json => {
                self.written.push_str(",\"");
                escape(&mut self.written, name);
                if OURS.contains(&name) {
                    self.written.push('_');
                }
                self.written.push_str("\":");
            }
            Format::Text => {
                self.written.push(' ');
                escape(&mut self.written, name);
                self.written.push('=');
            }
        }
    }

    /// A number or a truth value, alike in both formats.
    fn bare(&mut self, field: &Field, value: impl fmt::Display) {
        self.name(field);
        // Writing to a String cannot fail.
        let _ = write!(self.written, "{value}");
    }

    fn quoted(&mut self, field: &Field, value: &str) {
        self.name(field);
        let unclear = |character: char| {
            character.is_whitespace() || character.is_control() || matches!(character, '"' | '=')
        };
        let quote = self.format == Format::Json || value.is_empty() || value.contains(unclear);
        if quote {
            self.written.push('"');
        }
        escape(&mut self.written, value);
        if quote {
            self.written.push('"');
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        } else {
            self.quoted(field, &format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.quoted(field, value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    // JSON's readers take numbers beyond 64 bits for floats; to write them in full would cost every app more code than this.
    fn record_i128(&mut self, field: &Field, value: i128) {
        match i64::try_from(value) {
            Ok(value) => self.record_i64(field, value),
            Err(_) => self.record_f64(field, value as f64),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.record_u64(field, value),
            Err(_) => self.record_f64(field, value as f64),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // serde_json's way of writing a float is linked already; the standard library's would add 13 KiB.
        match serde_json::to_string(&value) {
            Ok(number) if value.is_finite() => self.bare(field, number),
            _ if value.is_nan() => self.quoted(field, "NaN"),
            _ if value > 0.0 => self.quoted(field, "inf"),
            _ => self.quoted(field, "-inf"),
        }
    }

    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.quoted(field, &text);
    }
}

/// A line on the way.
pub(super) struct Line {
    format: Format,
    text: String,
    target: &'static str,
    spans: usize,
    invocation: Option<Arc<LambdaContext>>,
}

impl Line {
    /// Starts with the time and the level.
    pub(super) fn new(format: Format, metadata: &'static Metadata<'static>) -> Self {
        Self::at(format, metadata, SystemTime::now())
    }

    fn at(format: Format, metadata: &'static Metadata<'static>, now: SystemTime) -> Self {
        let time = Timestamp(now.duration_since(UNIX_EPOCH).unwrap_or_default());
        let level = metadata.level().as_str();
        let text = match format {
            Format::Json => format!("{{\"timestamp\":\"{time}\",\"level\":\"{level}\""),
            Format::Text => format!("{time} {level:5}"),
        };
        Self {
            format,
            text,
            target: metadata.target(),
            spans: 0,
            invocation: None,
        }
    }

    /// Adds the request id and the trace. In text they are at the end, where they do not disturb.
    pub(super) fn invocation(&mut self, invocation: Option<Arc<LambdaContext>>) {
        let Some(lambda) = invocation else { return };
        match self.format {
            Format::Json => self.ids(
                &lambda,
                [",\"requestId\":\"", "\",\"xray_trace_id\":\"", "\""],
            ),
            Format::Text => self.invocation = Some(lambda),
        }
    }

    /// Writes both ids, with the texts before each of them and after the last.
    fn ids(&mut self, lambda: &LambdaContext, [request, trace, end]: [&str; 3]) {
        self.text.push_str(request);
        escape(&mut self.text, &lambda.request_id);
        if let Some(root) = lambda.trace_root() {
            self.text.push_str(trace);
            escape(&mut self.text, root);
        }
        self.text.push_str(end);
    }

    pub(super) fn message_and_fields(&mut self, fields: &Fields) {
        match self.format {
            Format::Json => {
                self.text.push_str(",\"message\":\"");
                escape(&mut self.text, &fields.message);
                self.text.push_str("\",\"target\":\"");
                escape(&mut self.text, self.target);
                self.text.push('"');
            }
            Format::Text => {
                let _ = write!(self.text, " {}: ", self.target);
                escape(&mut self.text, &fields.message);
            }
        }
        self.text.push_str(&fields.written);
    }

    /// Adds a span that the event is in, the innermost first.
    pub(super) fn span(&mut self, name: &str, fields: &Fields) {
        let written = &fields.written;
        match self.format {
            Format::Json => {
                self.text.push_str(if self.spans == 0 {
                    ",\"spans\":[{\"name\":\""
                } else {
                    ",{\"name\":\""
                });
                escape(&mut self.text, name);
                let _ = write!(self.text, "\"{written}}}");
            }
            Format::Text => {
                let _ = write!(self.text, " in {name}{written}");
            }
        }
        self.spans += 1;
    }

    /// The whole line, with its end.
    pub(super) fn finish(mut self) -> String {
        match self.format {
            Format::Json => {
                self.text
                    .push_str(if self.spans == 0 { "}\n" } else { "]}\n" });
            }
            Format::Text => {
                if let Some(lambda) = self.invocation.take() {
                    self.ids(&lambda, [" request_id=", " xray_trace_id=", ""]);
                }
                self.text.push('\n');
            }
        }
        self.text
    }
}

fn escape(into: &mut String, text: &str) {
    // Writing to a String cannot fail.
    let _ = write!(into, "{}", Escaped(text));
}

/// A moment since 1970 as RFC 3339 writes it, in UTC with milliseconds.
struct Timestamp(Duration);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (year, month, day) = civil(seconds / 86_400);
        write!(
            f,
            "{year:04}-{:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
            month + 1,
            seconds / 3_600 % 24,
            seconds / 60 % 60,
            seconds % 60,
            self.0.subsec_millis()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_rfc_3339_has_them() {
        for (milliseconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (1_744_668_836_120, "2025-04-14T22:13:56.120Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(
                Timestamp(Duration::from_millis(milliseconds)).to_string(),
                text
            );
        }
    }
}
