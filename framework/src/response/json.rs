//! JSON, as a body in either direction.

use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;

use super::{IntoResponse, Response, body::with_type, broken};

/// A JSON body, of a response or, as an argument, of a request.
///
/// As a response it is `application/json`. A value that cannot be serialised (a map whose keys are no texts, a `Serialize` of
/// your own that fails) answers 500, with the cause in the log.
///
/// As an argument it reads the request's body:
///
/// - no body: 400;
/// - a content type other than `application/json` or `application/*+json`, or none: 415. Without a type the body is not taken
///   for JSON: a page of another origin can make a browser send such a request unasked;
/// - not JSON: 400, with line and column;
/// - JSON of another shape than `T`: 422, with a JSON pointer to the place;
/// - values that the schema of `T` does not allow (a type that derives `schemars::JsonSchema`, with the feature `schema`): 422, all of them in
///   one answer, each with its JSON pointer.
///
/// A struct is read from an object only, never from an array of its fields; and an integer also from `2.0`. Only in flattened fields, and in
/// untagged and internally tagged enums without a schema, `serde` takes an array for a nested struct all the same.
///
/// `Option<Json<T>>` is `None` when the body is empty.
///
/// ```
/// use fw::{FromRequest, Json, Method, Request};
///
/// let request = Request::new(Method::PUT, "/numbers")
///     .with_header("content-type", "application/json")
///     .with_body(b"[1, 2]");
/// let Json(numbers) = Json::<Vec<u8>>::from_request(&request).unwrap();
/// assert_eq!(numbers, [1, 2]);
///
/// let rejection = Json::<Vec<bool>>::from_request(&request).unwrap_err();
/// assert_eq!(rejection.status(), 422);
/// assert_eq!(rejection.to_string(), "body at `/0`: invalid type: integer `1`, expected a boolean");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => with_type(
                Bytes::from(body),
                HeaderValue::from_static("application/json"),
            ),
            Err(error) => broken(error),
        }
    }
}
