//! Bodies that `garde` checks.

use std::borrow::Cow;

use garde::{Validate, error::Path};
use serde::Deserialize;
use serde_json::Value;

use super::FromRequest;
use crate::{
    error::Problem,
    rejection::{InvalidBody, JsonRejection},
    request::Request,
    response::Json,
};

/// A body whose values `garde::Validate` has checked: `Valid<Json<T>>`. It needs the feature
/// `garde`.
///
/// It reads what the inner extractor reads, and fails in the same way. Values that the check
/// refuses are a 422: all of them in one response, each with its JSON pointer. The context of the
/// check is its `Default`.
///
/// The pointer has the body's own names where they differ from Rust's by case, `_` and `-` only, as with `rename_all`. A field that `rename`
/// calls something else is shown by its name in Rust.
///
/// `#[garde(length(…))]` of a text counts bytes; JSON Schema counts characters. Write `#[garde(length(chars, max = 3))]`.
///
/// ```
/// use fw::{FromRequest, Json, Method, Request, extract::Valid};
/// use garde::Validate;
///
/// #[derive(serde::Deserialize, Validate)]
/// #[serde(rename_all = "camelCase")]
/// struct Order {
///     #[garde(length(chars, min = 1, max = 40))]
///     item_name: String,
///     #[garde(range(min = 1))]
///     count: u32,
/// }
///
/// let request = Request::new(Method::POST, "/orders")
///     .with_header("content-type", "application/json")
///     .with_body(br#"{"itemName": "", "count": 0}"#);
/// let rejection = Valid::<Json<Order>>::from_request(&request).err().unwrap();
/// assert_eq!(rejection.status(), 422);
/// assert_eq!(rejection.to_string(), "body at `/count`: lower than 1; body at `/itemName`: length is lower than 1");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Valid<T>(pub T);

/// The maximum number of listed problems: a client chooses its number of mistakes, and must not
/// choose the response's size.
const MOST: usize = 50;

impl<T> FromRequest for Valid<Json<T>>
where
    T: for<'de> Deserialize<'de> + Validate<Context: Default>,
{
    type Rejection = JsonRejection;

    fn from_request(request: &Request<'_>) -> Result<Self, JsonRejection> {
        let Json(value) = Json::<T>::from_request(request)?;
        match value.validate() {
            Ok(()) => Ok(Self(Json(value))),
            Err(report) => {
                let body = serde_json::from_slice(request.body()).unwrap_or_default();
                let problems = report.iter().take(MOST).map(|(path, error)| {
                    Problem::pointer(pointer(path, &body), error.message().to_owned())
                });
                let problems = problems.collect();
                Err(InvalidBody { problems }.into())
            }
        }
    }

    fn is_absent(request: &Request<'_>) -> bool {
        Json::<T>::is_absent(request)
    }
}

/// The place in the body that a path of `garde` means.
///
/// `garde` names fields as Rust does. `serde` may have other names for them, which the body shows: `item_name` is the body's `itemName`.
fn pointer(path: &Path, body: &Value) -> String {
    // A list of kinds and names; a path that cannot be written becomes the whole body.
    let parts = serde_json::to_value(path).unwrap_or_default();
    let mut pointer = String::new();
    let mut here = Some(body);
    for part in parts.as_array().into_iter().flatten() {
        let (Some("key" | "index"), Some(name)) = (part[0].as_str(), part[1].as_str()) else {
            continue;
        };
        let name = match here {
            Some(Value::Object(object)) if !object.contains_key(name) => {
                let same = object.keys().find(|key| bare(key) == bare(name));
                same.map_or(Cow::Borrowed(name), |key| Cow::Borrowed(key.as_str()))
            }
            _ => Cow::Borrowed(name),
        };
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        here = here.and_then(|here| match here {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            here => here.get(&*name),
        });
    }
    pointer
}

/// A field's name without what the conventions of naming differ in.
fn bare(name: &str) -> String {
    let letters = name.chars().filter(|char| !matches!(char, '_' | '-'));
    letters.flat_map(char::to_lowercase).collect()
}
