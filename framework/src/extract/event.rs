//! The event that brought the request.

use std::any::type_name;

use serde::Deserialize;

use super::FromRequest;
use crate::{rejection::UnexpectedEvent, request::Request};

/// The event as Lambda delivered it, read into your own type: for values that have no extractor.
///
/// `Event<Box<serde_json::value::RawValue>>` is its JSON text, `Event<serde_json::Value>` all of it
/// as a tree. The gateway creates the event, not the client, so an event that is not a `T` is a
/// 500, with the place in the log.
///
/// ```
/// use fw::{FromRequest, Method, Request, extract::Event};
///
/// #[derive(serde::Deserialize)]
/// struct Version {
///     version: String,
/// }
///
/// let request = Request::new(Method::GET, "/").with_event(r#"{"version": "2.0", "rawPath": "/"}"#);
/// let Event(event) = Event::<Version>::from_request(&request).unwrap();
/// assert_eq!(event.version, "2.0");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event<T>(pub T);

impl<T: for<'de> Deserialize<'de>> FromRequest for Event<T> {
    type Rejection = UnexpectedEvent;

    fn from_request(request: &Request<'_>) -> Result<Self, UnexpectedEvent> {
        serde_json::from_str(request.event())
            .map(Event)
            .map_err(|error| UnexpectedEvent {
                detail: error.to_string(),
                expected: type_name::<T>(),
            })
    }
}
