//! Logging: `tracing` events as lines on stderr, JSON for `CloudWatch` or text for people, each with the request id.
//!
//! | variable | meaning |
//! |---|---|
//! | `AWS_LAMBDA_LOG_FORMAT` | `Text` for text; anything else, or nothing, for JSON |
//! | `AWS_LAMBDA_LOG_LEVEL` | `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`: the level, of all targets |
//! | `RUST_LOG` | without the former: levels by target, as `info,my_app=debug`; nothing means `info` |
//!
//! The JSON has the keys of Lambda's own structured logs: `timestamp`, `level`, `requestId`,
//! `message`, then `target`, the fields of the event, and `spans`. If the invocation is traced,
//! `xray_trace_id` follows the `requestId`, with the name that Powertools for AWS Lambda uses
//! ("Standard structured keys" of its Logger); Lambda's own lines have no key for it. Lambda
//! collects stdout and stderr alike; stderr leaves stdout to the manifest. Texts are escaped, so
//! that no client can forge a line.
//!
//! The subscriber is our own: tracing-subscriber's registry with one layer does the same with 60
//! KiB more in every function. An app that needs other layers installs its subscriber before
//! `App::run`, and this one is not used.

mod levels;
mod line;
mod spans;

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    env,
    io::Write as _,
};

use tracing::{
    Event, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_core::span::Current;

use self::{
    levels::Levels,
    line::{Fields, Line},
    spans::Spans,
};
use crate::context;

/// The format of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Json,
    Text,
}

/// Sends `tracing` events and panics to stderr, in the format from the environment. A subscriber
/// that the program has already installed stays.
pub(crate) fn install() {
    let format = match env::var("AWS_LAMBDA_LOG_FORMAT") {
        Ok(format) if format.eq_ignore_ascii_case("text") => Format::Text,
        _ => Format::Json,
    };
    let levels = Levels::new(
        env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref(),
        env::var("RUST_LOG").ok().as_deref(),
    );
    // An error means that the app has installed its own before, which is its right.
    let _ = tracing::subscriber::set_global_default(Logger {
        format,
        levels,
        spans: Spans::default(),
    });
    std::panic::set_hook(Box::new(move |panic| {
        let backtrace = Backtrace::capture();
        let captured = backtrace.status() == BacktraceStatus::Captured;
        // In text, the frames follow the line; JSON is one line.
        let in_line = captured && format == Format::Json;
        tracing::error!(
            handler = context::current_handler(),
            location = panic.location().map(tracing::field::display),
            backtrace = in_line.then(|| tracing::field::display(&backtrace)),
            "panicked: {}",
            message(panic.payload())
        );
        if captured && !in_line {
            let _ = write!(std::io::stderr(), "{backtrace}");
        }
    }));
}

/// The message of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// Writes each event as a line.
struct Logger {
    format: Format,
    levels: Levels,
    spans: Spans,
}

impl Subscriber for Logger {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // The levels never change, so each place in the code asks once, and what is off costs next to nothing.
        if self.enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.levels.enable(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.levels.most())
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::new(self.format);
        attributes.record(&mut fields);
        self.spans.open(attributes, fields)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        self.spans.change(id, |fields| values.record(fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::new(self.format);
        event.record(&mut fields);
        let mut line = Line::new(self.format, event.metadata());
        line.invocation(context::current());
        line.message_and_fields(&fields);
        self.spans
            .around(event, |name, fields| line.span(name, fields));
        // One call for a line, so that lines of several threads do not mix. If stderr is closed,
        // nothing can be reported.
        let _ = std::io::stderr().write_all(line.finish().as_bytes());
    }

    fn enter(&self, id: &Id) {
        spans::enter(id);
    }

    fn exit(&self, id: &Id) {
        spans::exit(id);
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.spans.keep(id);
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        self.spans.close(&id)
    }

    fn current_span(&self) -> Current {
        self.spans.current()
    }
}
