//! What a handler's arguments are read from.

use serde::de::DeserializeOwned;

use crate::{
    context::LambdaContext,
    error::Error,
    extract::{Event, strict},
};

/// One thing that a handler is called with: an `E`, such as a [`Message`](super::Message), with the invocation that brought it.
#[derive(Debug)]
pub struct Delivery<'e, E> {
    pub(crate) item: &'e E,
    pub(crate) event: &'e str,
    pub(crate) lambda: &'e LambdaContext,
}

impl<E> Delivery<'_, E> {
    /// The thing itself.
    #[must_use]
    pub fn item(&self) -> &E {
        self.item
    }

    /// The whole event, as Lambda delivered it: JSON. For a message it is the batch that the message came in.
    #[must_use]
    pub fn event(&self) -> &str {
        self.event
    }

    /// The context of the invocation.
    #[must_use]
    pub fn lambda(&self) -> &LambdaContext {
        self.lambda
    }
}

/// An argument that is read from an `E`: a [`Message`](super::Message), say. Implement it for a type of your own to take it as an argument.
///
/// ```
/// use fw::{Error, source::{Delivery, FromEvent, Message}};
///
/// /// The tenant that a message is for.
/// struct Tenant(String);
///
/// impl FromEvent<Message> for Tenant {
///     fn from_event(delivery: &Delivery<'_, Message>) -> Result<Self, Error> {
///         let tenant = delivery.item().attribute("tenant");
///         let tenant = tenant.ok_or_else(|| Error::unprocessable("the message has no tenant"))?;
///         Ok(Self(tenant.to_owned()))
///     }
/// }
/// ```
pub trait FromEvent<E>: Sized {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// Why it cannot be read. The handler does not run, and the message, or the invocation, fails with it.
    fn from_event(delivery: &Delivery<'_, E>) -> Result<Self, Error>;
}

impl<E> FromEvent<E> for LambdaContext {
    fn from_event(delivery: &Delivery<'_, E>) -> Result<Self, Error> {
        Ok(delivery.lambda.clone())
    }
}

/// The whole event as a type of your own, or as a `serde_json::Value`.
impl<E, T: DeserializeOwned> FromEvent<E> for Event<T> {
    fn from_event(delivery: &Delivery<'_, E>) -> Result<Self, Error> {
        let read = serde_json::from_str(delivery.event);
        read.map(Event).map_err(Error::internal)
    }
}

/// A text that is JSON, as a `T`. `what` is the text, in the error.
///
/// # Errors
///
/// 400 where it is not JSON, 422 where it is not a `T`.
pub(super) fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    strict::from_slice(text.as_bytes()).map_err(|error| {
        if error.is_data() {
            Error::unprocessable(format!("{what} is not as expected: {error}"))
        } else {
            Error::bad_request(format!("{what} is not JSON: {error}"))
        }
    })
}
