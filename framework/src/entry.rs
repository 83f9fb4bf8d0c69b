//! Entries: the functions of an app that are not its API. An authorizer is one.
//!
//! Each is a Lambda function of its own, from the same executable. All of its code is reached through the function pointers of an
//! [`Entry`] alone, so an app that has none does not carry it.

use std::fmt;

use serde_json::value::RawValue;

use crate::{
    app::AppError,
    auth::{AuthorizerInfo, Decide},
    context::LambdaContext,
    dispatch::FunctionError,
    route::BoxFuture,
};
use fw_manifest::{Manifest, Part, Source};

/// From event to answer.
pub(crate) type Serve<S> = for<'r> fn(
    &'r Entry<S>,
    &'r S,
    &'r str,
    LambdaContext,
) -> BoxFuture<'r, Result<Box<RawValue>, FunctionError>>;

/// An entry of an app whose state is `S`.
pub struct Entry<S> {
    pub(crate) kind: Kind<S>,
    pub(crate) serve: Serve<S>,
    /// Sorts out which entries an app has, each once.
    pub(crate) collect: fn(Vec<Self>) -> Result<Vec<Self>, AppError>,
    /// Adds to the manifest what it says of the entry.
    pub(crate) manifest: fn(&Self, &mut Manifest),
}

/// What an entry is, with what is known of it at compile time and its function behind the extraction.
pub(crate) enum Kind<S> {
    Authorizer(&'static AuthorizerInfo, Decide<S>),
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
            Kind::Authorizer(info, _) => Part::Authorizer(info.name.to_owned()),
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Authorizer(info, _) => info.name,
        }
    }

    /// Its function's path, `module::function`, and where that stands.
    fn handler(&self) -> (String, Source) {
        match self.kind {
            Kind::Authorizer(info, _) => {
                (info.handler.to_owned(), Source::new(info.file, info.line))
            }
        }
    }

    /// Whether both are one function's.
    fn is(&self, other: &Self) -> bool {
        match (self.kind, other.kind) {
            (Kind::Authorizer(one, _), Kind::Authorizer(other, _)) => one == other,
        }
    }

    /// The answer to an event.
    ///
    /// # Errors
    ///
    /// When the event is of another kind, or the function fails.
    pub(crate) async fn answer(
        &self,
        state: &S,
        event: &str,
        lambda: LambdaContext,
    ) -> Result<Box<RawValue>, FunctionError> {
        (self.serve)(self, state, event, lambda).await
    }
}

/// The entries, each once.
///
/// # Errors
///
/// When two functions have one name: it is that of a function in the account.
pub(crate) fn collect<S>(entries: Vec<Entry<S>>) -> Result<Vec<Entry<S>>, AppError> {
    let mut known: Vec<Entry<S>> = Vec::new();
    for entry in entries {
        match known.iter().find(|it| it.part() == entry.part()) {
            None => known.push(entry),
            Some(first) if first.is(&entry) => {}
            Some(first) => {
                return Err(AppError::Authorizers {
                    name: entry.name().to_owned(),
                    handlers: Box::new([first.handler(), entry.handler()]),
                });
            }
        }
    }
    Ok(known)
}
