//! From an event to the handler, and from what it returns to Lambda's answer.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{
    built_in,
    bus::BusEvent,
    delivery::Delivery,
    failures,
    function::Input,
    info::SourceInfo,
    outcome::Failed,
    records,
    s3::{self, ObjectEvent},
    schedule::Schedule,
    sns::Notification,
    sqs::{self, Message, Messages},
};
use crate::{
    context::{self, LambdaContext},
    dispatch::{FunctionError, caught},
    error::Error,
    route::BoxFuture,
};

/// A handler behind its extraction.
pub type Handle<S, E, T> =
    for<'r> fn(&'r S, &'r Delivery<'r, E>) -> BoxFuture<'r, Result<T, Error>>;

/// A handler, by what it is called with.
pub enum Run<S> {
    /// Each message of a batch.
    Message(Handle<S, Message, ()>),
    /// A batch.
    Batch(Handle<S, Messages, Failed>),
    /// Each notification.
    Notification(Handle<S, Notification, ()>),
    /// What happened to each object.
    Object(Handle<S, ObjectEvent, ()>),
    /// An event of a bus.
    Bus(Handle<S, BusEvent<Box<RawValue>>, ()>),
    /// A time.
    Schedule(Handle<S, Schedule, ()>),
    /// What a caller sends.
    Input(Handle<S, Input, Box<RawValue>>),
}

// Derived, these would ask for an app's state to be `Clone` and `Debug`.
impl<S> Clone for Run<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Run<S> {}

impl<S> fmt::Debug for Run<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message(_) => "Message",
            Self::Batch(_) => "Batch",
            Self::Notification(_) => "Notification",
            Self::Object(_) => "Object",
            Self::Bus(_) => "Bus",
            Self::Schedule(_) => "Schedule",
            Self::Input(_) => "Input",
        })
    }
}

/// The answer to an event.
///
/// # Errors
///
/// When the event is of another kind, or the handler fails and Lambda has no better way to hear of it.
pub(crate) async fn serve<S: Sync>(
    info: &'static SourceInfo,
    run: Run<S>,
    state: &S,
    event: &str,
    lambda: LambdaContext,
) -> Result<Box<RawValue>, FunctionError> {
    let lambda = context::enter(lambda);
    context::enter_handler(info.handler);
    if built_in::is(event) {
        return nothing();
    }
    let call = Call {
        info,
        event,
        lambda: &lambda,
    };
    match run {
        Run::Message(run) => return sqs::each(call, run, state).await,
        Run::Batch(run) => return sqs::whole(call, run, state).await,
        Run::Input(run) => return call.run(run, state, &Input {}).await,
        Run::Notification(run) => {
            let records = call.records()?;
            call.each(run, state, &records).await?;
        }
        Run::Object(run) => {
            let records = match call.records() {
                Err(_) if s3::is_test(event) => Vec::new(),
                records => records?,
            };
            call.each(run, state, &records).await?;
        }
        Run::Bus(run) => call.run(run, state, &call.read()?).await?,
        Run::Schedule(run) => call.run(run, state, &call.read()?).await?,
    }
    nothing()
}

/// An answer that says nothing: nobody reads it.
///
/// # Errors
///
/// None: the signature is that of its callers.
pub(crate) fn nothing() -> Result<Box<RawValue>, FunctionError> {
    serde_json::value::to_raw_value(&()).map_err(|error| failed(&Error::internal(error)))
}

/// An invocation of a source.
#[derive(Clone, Copy)]
pub(super) struct Call<'c> {
    pub(super) info: &'static SourceInfo,
    pub(super) event: &'c str,
    lambda: &'c LambdaContext,
}

impl<'c> Call<'c> {
    /// What the handler's arguments are read from.
    pub(super) fn delivery<'d, E>(&self, item: &'d E) -> Delivery<'d, E>
    where
        'c: 'd,
    {
        Delivery {
            item,
            event: self.event,
            lambda: self.lambda,
        }
    }

    /// Calls the handler. What goes wrong is logged here, once.
    pub(super) async fn run<S: Sync, E, T>(
        self,
        run: Handle<S, E, T>,
        state: &S,
        item: &E,
    ) -> Result<T, FunctionError> {
        let delivery = self.delivery(item);
        match caught(async { run(state, &delivery).await }).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => {
                tracing::error!(source = self.info.name, "{error:#}");
                context::note_logged();
                failures::note(format_args!("{error:#}"));
                Err(failed(&error))
            }
            // The panic hook tells of a panic.
            Err(_) => {
                context::note_logged();
                Err(failed(&Error::internal("a panic")))
            }
        }
    }

    /// Calls the handler with each of them, in their order and whatever went wrong before.
    ///
    /// # Errors
    ///
    /// The first failure.
    async fn each<S: Sync, E>(
        self,
        run: Handle<S, E, ()>,
        state: &S,
        items: &[E],
    ) -> Result<(), FunctionError> {
        let mut done = Ok(());
        for item in items {
            let ran = self.run(run, state, item).await;
            done = done.and(ran);
        }
        done
    }

    /// The event's records.
    pub(super) fn records<R: DeserializeOwned>(&self) -> Result<Vec<R>, FunctionError> {
        records::read(self.event).map_err(|error| not_its_event(self.info, &error))
    }

    /// The event, read.
    fn read<E: DeserializeOwned>(&self) -> Result<E, FunctionError> {
        serde_json::from_str(self.event).map_err(|error| not_its_event(self.info, &error))
    }
}

/// The failure that Lambda is told, in its error document: the error's code and its public text.
pub(super) fn failed(error: &Error) -> FunctionError {
    FunctionError {
        kind: error.code().to_owned().into(),
        message: error.detail().to_owned(),
    }
}

/// The failure where the event is of another kind.
pub(super) fn not_its_event(info: &SourceInfo, reason: &dyn fmt::Display) -> FunctionError {
    FunctionError {
        kind: "fw.NotItsEvent".into(),
        message: format!(
            "this function is the source `{}` and takes {}, but got something else: {reason}",
            info.name,
            info.event.takes()
        ),
    }
}
