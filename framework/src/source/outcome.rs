//! What a handler may return. Lambda reads more into an answer than is meant by it, so each kind of source has the answers that it
//! cannot misread, and any other type does not compile.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::value::RawValue;

use super::sqs::Received;
use crate::{error::Error, response::Json};

/// What the handler of an event returns: nothing, or why it failed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what the handler of an event returns",
    label = "nothing reads this answer",
    note = "return nothing, or `fw::Result<()>`: after an `Err` the event or message is delivered again"
)]
pub trait IntoDone {
    /// Whether it is done.
    ///
    /// # Errors
    ///
    /// What the handler failed with.
    fn into_done(self) -> Result<(), Error>;
}

impl IntoDone for () {
    fn into_done(self) -> Result<(), Error> {
        Ok(())
    }
}

impl<T: IntoDone, E: Into<Error>> IntoDone for Result<T, E> {
    fn into_done(self) -> Result<(), Error> {
        self.map_err(Into::into)?.into_done()
    }
}

/// The messages of a [`Batch`](super::Batch) that failed: they come again, and the others are done.
///
/// In a FIFO queue the messages after one of these in the same group come again as well, whether or not they were handled, as their order
/// would be lost otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "return it, or the messages count as done"]
pub struct Failed {
    pub(crate) ids: BTreeSet<String>,
}

impl Failed {
    /// Nothing has failed.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a message that failed.
    pub fn add<T>(&mut self, message: &Received<T>) {
        self.ids.insert(message.message.id.clone());
    }
}

/// What the handler of a whole batch returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which messages of a batch failed",
    label = "not what the handler of a `Batch` returns",
    note = "return `Failed`, or `fw::Result<Failed>`: after an `Err` the whole batch is delivered again"
)]
pub trait IntoFailed {
    /// The messages that failed.
    ///
    /// # Errors
    ///
    /// What the handler failed with: all messages failed.
    fn into_failed(self) -> Result<Failed, Error>;
}

impl IntoFailed for Failed {
    fn into_failed(self) -> Result<Failed, Error> {
        Ok(self)
    }
}

impl<T: IntoFailed, E: Into<Error>> IntoFailed for Result<T, E> {
    fn into_failed(self) -> Result<Failed, Error> {
        self.map_err(Into::into)?.into_failed()
    }
}

/// What a function that is called directly returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a `#[function]` returns",
    label = "not JSON",
    note = "return `Json<T>`, nothing, or a `fw::Result` of one of them"
)]
pub trait IntoOutput {
    /// The answer, as JSON.
    ///
    /// # Errors
    ///
    /// What the function failed with.
    fn into_output(self) -> Result<Box<RawValue>, Error>;
}

/// `null`.
impl IntoOutput for () {
    fn into_output(self) -> Result<Box<RawValue>, Error> {
        json(&())
    }
}

impl<T: Serialize> IntoOutput for Json<T> {
    fn into_output(self) -> Result<Box<RawValue>, Error> {
        json(&self.0)
    }
}

impl<T: IntoOutput, E: Into<Error>> IntoOutput for Result<T, E> {
    fn into_output(self) -> Result<Box<RawValue>, Error> {
        self.map_err(Into::into)?.into_output()
    }
}

fn json<T: Serialize>(value: &T) -> Result<Box<RawValue>, Error> {
    serde_json::value::to_raw_value(value).map_err(Error::internal)
}
