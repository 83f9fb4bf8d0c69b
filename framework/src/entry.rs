//! Entries: the functions of an app that are not its API: authorizers and sources.
//!
//! Each is a separate Lambda function from the same executable. All of its code is reached only
//! through the function pointers of an [`Entry`], so an app without entries does not contain it.

use std::fmt;

use serde_json::value::RawValue;

use crate::{
    app::AppError,
    auth::{AuthorizerInfo, Decide},
    context::LambdaContext,
    dispatch::FunctionError,
    route::BoxFuture,
    source::{
        self, BusEvent, Failed, Handle, Input, Message, Messages, Notification, ObjectEvent, Run,
        Schedule, SourceInfo,
    },
};
use fw_manifest::{Manifest, Part, Source};

/// From event to answer.
type Answering<'r> = BoxFuture<'r, Result<Box<RawValue>, FunctionError>>;

/// An entry of an app with the state `S`.
pub struct Entry<S> {
    pub(crate) kind: Kind<S>,
    /// Sorts out which entries an app has, each once.
    pub(crate) collect: fn(Vec<Self>) -> Result<Vec<Self>, AppError>,
}

/// The kind of an entry: the facts known at compile time, its function with the extraction, and how
/// it is served.
pub(crate) enum Kind<S> {
    Authorizer {
        info: &'static AuthorizerInfo,
        decide: Decide<S>,
        serve: for<'r> fn(
            &'static AuthorizerInfo,
            Decide<S>,
            &'r S,
            &'r str,
            LambdaContext,
        ) -> Answering<'r>,
        /// Adds the entry's description to the manifest.
        manifest: fn(&AuthorizerInfo, &mut Manifest),
    },
    Source {
        info: &'static SourceInfo,
        run: Run<S>,
        serve:
            for<'r> fn(&'static SourceInfo, Run<S>, &'r S, &'r str, LambdaContext) -> Answering<'r>,
        manifest: fn(&SourceInfo, &mut Manifest),
    },
}

// Derived, these would ask for an app's state to be `Clone` and `Debug`.
impl<S> Clone for Kind<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Kind<S> {}

impl<S> Clone for Entry<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Entry<S> {}

impl<S> fmt::Debug for Entry<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.part()).finish()
    }
}

impl<S> Entry<S> {
    /// Which of the app's functions it is.
    pub(crate) fn part(&self) -> Part {
        match self.kind {
            Kind::Authorizer { info, .. } => Part::Authorizer(info.name.to_owned()),
            Kind::Source { info, .. } => Part::Source(info.name.to_owned()),
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Authorizer { info, .. } => info.name,
            Kind::Source { info, .. } => info.name,
        }
    }

    /// Its function's path, `module::function`, and its place.
    fn handler(&self) -> (String, Source) {
        let (handler, file, line) = match self.kind {
            Kind::Authorizer { info, .. } => (info.handler, info.file, info.line),
            Kind::Source { info, .. } => (info.handler, info.file, info.line),
        };
        (handler.to_owned(), Source::new(file, line))
    }

    /// True if both belong to one authorizer, which several routes may name. A source is in a list
    /// only once.
    fn is(&self, other: &Self) -> bool {
        match (self.kind, other.kind) {
            (Kind::Authorizer { info: one, .. }, Kind::Authorizer { info: other, .. }) => {
                one == other
            }
            _ => false,
        }
    }

    /// Adds the entry's description to the manifest.
    pub(crate) fn describe(&self, to: &mut Manifest) {
        match self.kind {
            Kind::Authorizer { info, manifest, .. } => manifest(info, to),
            Kind::Source { info, manifest, .. } => manifest(info, to),
        }
    }

    /// The answer to an event.
    ///
    /// # Errors
    ///
    /// If the event is of another kind, or the function fails.
    pub(crate) async fn answer(
        &self,
        state: &S,
        event: &str,
        lambda: LambdaContext,
    ) -> Result<Box<RawValue>, FunctionError> {
        match self.kind {
            Kind::Authorizer {
                info,
                decide,
                serve,
                ..
            } => serve(info, decide, state, event, lambda).await,
            Kind::Source {
                info, run, serve, ..
            } => serve(info, run, state, event, lambda).await,
        }
    }
}

/// A constructor for each attribute of a source, as the macros call it.
macro_rules! sources {
    ($($(#[$doc:meta])* $name:ident: $variant:ident($item:ty) -> $answer:ty;)*) => {
        impl<S: Sync> Entry<S> {
            $(
                $(#[$doc])*
                #[doc(hidden)]
                #[must_use]
                pub const fn $name(info: &'static SourceInfo, run: Handle<S, $item, $answer>) -> Self {
                    Self::source(info, Run::$variant(run))
                }
            )*
        }
    };
}

sources! {
    /// The entry of a queue's handler.
    sqs: Message(Message) -> ();
    /// The entry of a queue's handler that takes whole batches.
    sqs_batch: Batch(Messages) -> Failed;
    /// The entry of a topic's handler.
    sns: Notification(Notification) -> ();
    /// The entry of a bucket's handler.
    s3: Object(ObjectEvent) -> ();
    /// The entry of a bus's handler.
    bus: Bus(BusEvent<Box<RawValue>>) -> ();
    /// The entry of a schedule's handler.
    schedule: Schedule(Schedule) -> ();
    /// The entry of a function that is called directly.
    function: Input(Input) -> Box<RawValue>;
}

impl<S: Sync> Entry<S> {
    const fn source(info: &'static SourceInfo, run: Run<S>) -> Self {
        Self {
            kind: Kind::Source {
                info,
                run,
                serve: |info, run, state, event, lambda| {
                    Box::pin(source::serve(info, run, state, event, lambda))
                },
                manifest: SourceInfo::manifest,
            },
            collect,
        }
    }
}

/// The entries, each once.
///
/// # Errors
///
/// If two functions have the same name: it is the end of a function's name in the account.
pub(crate) fn collect<S>(entries: Vec<Entry<S>>) -> Result<Vec<Entry<S>>, AppError> {
    let mut known: Vec<Entry<S>> = Vec::new();
    for entry in entries {
        match known.iter().find(|it| it.name() == entry.name()) {
            None => known.push(entry),
            Some(first) if first.is(&entry) => {}
            Some(first) => {
                return Err(AppError::Functions {
                    name: entry.name().to_owned(),
                    handlers: Box::new([first.handler(), entry.handler()]),
                });
            }
        }
    }
    Ok(known)
}
