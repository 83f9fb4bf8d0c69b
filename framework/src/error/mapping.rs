//! Answers by error type: what [`App::map_error`](crate::App::map_error) and [`App::errors`](crate::App::errors) collect.
//!
//! `?` turns a standard error into a 500 and keeps the error as the cause. An app's map is asked once the handler has answered: it looks
//! for a mapped type among the causes of such a 500, the outermost first, and answers in its place.

use std::{
    any::{TypeId, type_name},
    error::Error as StdError,
    fmt,
    sync::Arc,
};

use bytes::Bytes;
use http::StatusCode;

use super::{BoxError, Failure};
use crate::response::{IntoResponse, Response};

/// The answers of an app's error types.
#[derive(Default)]
pub(crate) struct ErrorMap {
    entries: Vec<Entry>,
}

struct Entry {
    id: TypeId,
    name: &'static str,
    answer: Answer,
}

/// Returns the answer if the error is of the mapped type.
type MapError = dyn Fn(&(dyn StdError + 'static)) -> Option<Response> + Send + Sync;

enum Answer {
    /// From a reference, so also for an error inside another one.
    Borrowed(Box<MapError>),
    /// The error's own response, which consumes the error.
    Own {
        is_of_type: fn(&(dyn StdError + 'static)) -> bool,
        answer: fn(BoxError) -> Result<Response, BoxError>,
    },
}

impl ErrorMap {
    /// Adds an answer for the errors of type `E`. Returns the type's name if it has an answer already, which stays.
    pub(crate) fn map<E, R>(
        &mut self,
        map: impl Fn(&E) -> R + Send + Sync + 'static,
    ) -> Result<(), &'static str>
    where
        E: StdError + 'static,
        R: IntoResponse,
    {
        self.add::<E>(Answer::Borrowed(Box::new(move |error| {
            let error = error.downcast_ref::<E>()?;
            Some(map(error).into_response())
        })))
    }

    /// Answers the errors of type `E` with their own responses. Returns the type's name if it has an answer already, which stays.
    pub(crate) fn own<E>(&mut self) -> Result<(), &'static str>
    where
        E: StdError + IntoResponse + Send + Sync + 'static,
    {
        self.add::<E>(Answer::Own {
            is_of_type: |error| error.is::<E>(),
            answer: |error| error.downcast::<E>().map(|error| error.into_response()),
        })
    }

    fn add<E: 'static>(&mut self, answer: Answer) -> Result<(), &'static str> {
        let (id, name) = (TypeId::of::<E>(), type_name::<E>());
        if self.entries.iter().any(|entry| entry.id == id) {
            return Err(name);
        }
        self.entries.push(Entry { id, name, answer });
        Ok(())
    }

    /// The response, or if it is the 500 of a mapped error, that error's answer.
    pub(crate) fn apply(&self, mut response: Response) -> Response {
        if self.entries.is_empty() || response.status() != StatusCode::INTERNAL_SERVER_ERROR {
            return response;
        }
        let Some(mut failure) = response.extensions_mut().remove::<Failure>() else {
            return response;
        };
        if let Some(answer) = self.answer(&mut failure) {
            return answer;
        }
        response.extensions_mut().insert(failure);
        response
    }

    fn answer(&self, failure: &mut Failure) -> Option<Response> {
        if !failure.unforeseen {
            return None;
        }
        let mut own = None;
        let found = failure.causes().enumerate().find_map(|(depth, cause)| {
            self.entries.iter().find_map(|entry| match &entry.answer {
                Answer::Borrowed(answer) => Some(Ok(answer(cause)?)),
                Answer::Own { is_of_type, answer } if is_of_type(cause) => {
                    own.get_or_insert((depth, entry.name));
                    (depth == 0).then_some(Err(*answer))
                }
                Answer::Own { .. } => None,
            })
        });
        match found {
            Some(Ok(answer)) => Some(answered(answer, failure.cause.take())),
            Some(Err(answer)) => match Arc::try_unwrap(failure.cause.take()?) {
                Ok(cause) => match answer(cause) {
                    Ok(answer) => Some(answered(answer, None)),
                    Err(cause) => {
                        failure.cause = Some(Arc::new(cause));
                        None
                    }
                },
                // Middleware or the handler has kept a copy of the failure, and so the error.
                Err(shared) => {
                    failure.cause = Some(shared);
                    None
                }
            },
            None => {
                if let Some((_, name)) = own {
                    failure.hint = Some(format!(
                        "`{name}` is inside another error, where `App::errors` cannot take its own answer: map the outer error, or use `App::map_error(|error: &{name}| …)`"
                    ));
                }
                None
            }
        }
    }
}

/// The answer of a mapped error. A 5xx keeps the error as its cause, for the log.
fn answered(mut answer: Response, cause: Option<Arc<BoxError>>) -> Response {
    // A returned error never gets the status of a success.
    if answer.status().is_success() {
        *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    let server_error = answer.status().is_server_error();
    let extensions = answer.extensions_mut();
    match extensions.get_mut::<Failure>() {
        Some(failure) => {
            failure.unforeseen = false;
            failure.hint = None;
            if server_error && failure.cause.is_none() {
                failure.cause = cause;
            }
        }
        None if server_error && cause.is_some() => {
            extensions.insert(Failure {
                detail: "the error of a handler".into(),
                cause,
                body: Bytes::new(),
                broken: false,
                unforeseen: false,
                hint: None,
            });
        }
        None => {}
    }
    answer
}

impl fmt::Debug for ErrorMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries.iter().map(|entry| entry.name);
        f.debug_list().entries(names).finish()
    }
}
