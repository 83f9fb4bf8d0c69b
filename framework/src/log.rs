//! Logging: `tracing` events as lines on stderr, JSON for CloudWatch or text for people, each with the request id.
//!
//! | variable | meaning |
//! |---|---|
//! | `AWS_LAMBDA_LOG_FORMAT` | `Text` for text; anything else, or nothing, for JSON |
//! | `AWS_LAMBDA_LOG_LEVEL` | `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`: the level, of all targets |
//! | `RUST_LOG` | without the former: levels by target, as `info,my_app=debug`; nothing means `info` |
//!
//! The JSON has the keys of Lambda's own structured logs: `timestamp`, `level`, `requestId`, `message`, then `target`, the fields of
//! the event, and `spans`. Lambda collects stdout and stderr alike; stderr leaves stdout to the manifest. What an event says is escaped,
//! so that no client can make up a line.

mod line;

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    env,
    io::Write as _,
};

use tracing::{
    Event, Level, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

use self::line::{Fields, Line};
use crate::context;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Text,
}

/// Sends `tracing` events and panics to stderr, as the environment wants it. Where the program has a subscriber already, it stays.
pub(crate) fn install() {
    let format = match env::var("AWS_LAMBDA_LOG_FORMAT") {
        Ok(format) if format.eq_ignore_ascii_case("text") => Format::Text,
        _ => Format::Json,
    };
    let levels = levels(
        env::var("AWS_LAMBDA_LOG_LEVEL").ok().as_deref(),
        env::var("RUST_LOG").ok().as_deref(),
    );
    let subscriber = tracing_subscriber::registry()
        .with(Lines { format })
        .with(levels);
    // An error means that the app has installed its own before, which is its right.
    let _ = tracing::subscriber::set_global_default(subscriber);
    std::panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured)
            .then(|| tracing::field::display(backtrace));
        tracing::error!(
            location = panic.location().map(tracing::field::display),
            backtrace,
            "panicked: {}",
            message(panic.payload())
        );
    }));
}

/// What a panic said.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// The levels by target.
fn levels(lambda: Option<&str>, rust_log: Option<&str>) -> Targets {
    let level = lambda.and_then(|level| match level.to_ascii_uppercase().as_str() {
        "TRACE" => Some(LevelFilter::TRACE),
        "DEBUG" => Some(LevelFilter::DEBUG),
        "INFO" => Some(LevelFilter::INFO),
        "WARN" => Some(LevelFilter::WARN),
        "ERROR" | "FATAL" => Some(LevelFilter::ERROR),
        _ => None,
    });
    match (level, rust_log) {
        (Some(level), _) => Targets::new().with_default(level),
        (None, Some(targets)) if !targets.is_empty() => targets
            .parse()
            .unwrap_or_else(|_| Targets::new().with_default(Level::INFO)),
        (None, _) => Targets::new().with_default(Level::INFO),
    }
}

/// Writes each event as a line.
struct Lines {
    format: Format,
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Lines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::new(self.format);
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::new(self.format);
        event.record(&mut fields);
        let mut line = Line::new(self.format, event.metadata());
        line.request_id(context::current_request_id().as_deref());
        line.message_and_fields(&fields);
        for span in context.event_scope(event).into_iter().flatten() {
            line.span(span.name(), span.extensions().get::<Fields>());
        }
        // One call for a line, so that lines of several threads do not mix. Where stderr is closed there is nobody to tell.
        let _ = std::io::stderr().write_all(line.finish().as_bytes());
    }
}
