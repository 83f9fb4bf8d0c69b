//! What is known of a source at compile time, and what the macros make beside its function.

use crate::entry::Entry;
use fw_manifest::{Manifest, ManifestSource, Source, SourceEvent};

/// What is known of a source at compile time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// Its name: the function's.
    pub name: &'static str,
    /// The function's path, `module::function`.
    pub handler: &'static str,
    /// The file that it stands in, as the compiler names it.
    pub file: &'static str,
    /// The line of the function's name, from 1.
    pub line: u32,
    /// The first paragraph of its doc comment.
    pub summary: &'static str,
    /// The rest of its doc comment.
    pub description: &'static str,
    /// What invokes it.
    pub event: EventInfo,
}

/// What invokes a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventInfo {
    /// Messages of that queue.
    Sqs(&'static str),
    /// Notifications of that topic.
    Sns(&'static str),
    /// What happens to the objects of a bucket.
    S3 {
        /// The bucket.
        bucket: &'static str,
        /// The events, in S3's words.
        events: &'static [&'static str],
        /// With what their keys begin.
        prefix: &'static str,
        /// With what they end.
        suffix: &'static str,
    },
    /// Events of a bus.
    Bus {
        /// The bus; the account's default one where there is none.
        bus: Option<&'static str>,
        /// The pattern: an object in JSON.
        pattern: &'static str,
    },
    /// A time.
    Schedule {
        /// The expression.
        expression: &'static str,
        /// The time zone, UTC where there is none.
        timezone: Option<&'static str>,
    },
    /// A direct call.
    Function,
}

impl SourceInfo {
    /// What stands in for one whose attribute has a mistake, so that the mistake is told alone.
    #[doc(hidden)]
    pub const NONE: Self = Self {
        name: "",
        handler: "",
        file: "",
        line: 0,
        summary: "",
        description: "",
        event: EventInfo::Function,
    };

    /// Adds to the manifest what it says of it.
    pub(crate) fn manifest(&self, manifest: &mut Manifest) {
        let mut source = ManifestSource::new(self.name, self.event.manifest());
        self.handler.clone_into(&mut source.handler);
        source.source = Some(Source::new(self.file, self.line));
        self.summary.clone_into(&mut source.summary);
        self.description.clone_into(&mut source.description);
        manifest.add_source(source);
    }
}

impl EventInfo {
    fn manifest(&self) -> SourceEvent {
        match *self {
            Self::Sqs(queue) => SourceEvent::Sqs {
                queue: queue.to_owned(),
            },
            Self::Sns(topic) => SourceEvent::Sns {
                topic: topic.to_owned(),
            },
            Self::S3 {
                bucket,
                events,
                prefix,
                suffix,
            } => SourceEvent::S3 {
                bucket: bucket.to_owned(),
                events: events.iter().map(|&event| event.to_owned()).collect(),
                prefix: prefix.to_owned(),
                suffix: suffix.to_owned(),
            },
            Self::Bus { bus, pattern } => SourceEvent::Event {
                bus: bus.map(str::to_owned),
                // The macro has checked it.
                pattern: serde_json::from_str(pattern).unwrap_or_default(),
            },
            Self::Schedule {
                expression,
                timezone,
            } => SourceEvent::Schedule {
                expression: expression.to_owned(),
                timezone: timezone.map(str::to_owned),
            },
            Self::Function => SourceEvent::Function,
        }
    }

    /// What the source takes, in a message.
    pub(super) fn takes(&self) -> &'static str {
        match self {
            Self::Sqs(_) => "messages of a queue",
            Self::Sns(_) => "notifications of a topic",
            Self::S3 { .. } => "events of a bucket",
            Self::Bus { .. } => "events of a bus",
            Self::Schedule { .. } => "events of a schedule",
            Self::Function => "its callers' input",
        }
    }
}

/// What the attribute of a source makes beside its function: a type that carries the source.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source",
    label = "not a source",
    note = "put `#[on_sqs(\"queue\")]`, `#[schedule(\"rate(1 day)\")]` or another of the source attributes on the function"
)]
pub trait SourceDecl {
    /// What is known of it at compile time.
    const INFO: SourceInfo;
}

/// A source that an app of state `S` can have: a stateless one, or one of that very state.
#[diagnostic::on_unimplemented(
    message = "this source does not belong to an app with the state `{S}`",
    label = "its handler takes another state",
    note = "a handler's `&T` argument is the app's state, so `T` must be `{S}`"
)]
pub trait IntoSource<S>: SourceDecl {
    /// The source.
    fn into_source() -> Entry<S>;
}

/// What stands in for the source of a function that has none, so that this is told alone.
#[derive(Debug)]
pub enum NotASource {}

impl NotASource {
    /// By what it is known.
    const HANDLER: &'static str = "not a source";

    /// Whether that is what is known of it.
    pub(crate) const fn is(info: &SourceInfo) -> bool {
        crate::route::same_bytes(info.handler.as_bytes(), Self::HANDLER.as_bytes())
    }
}

impl SourceDecl for NotASource {
    const INFO: SourceInfo = SourceInfo {
        handler: Self::HANDLER,
        ..SourceInfo::NONE
    };
}

impl<S: Sync> IntoSource<S> for NotASource {
    fn into_source() -> Entry<S> {
        Entry::function(&Self::INFO, |_, _| {
            Box::pin(async { crate::source::IntoOutput::into_output(()) })
        })
    }
}
