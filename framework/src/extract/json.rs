//! JSON bodies; the type and its documentation are in `response/json.rs`.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;
use serde_path_to_error::Segment;

use super::{
    FromRequest,
    content_type::is_json,
    shorten,
    strict::{self, Strict},
};
use crate::{
    rejection::{EmptyBody, JsonRejection, JsonShape, JsonSyntax, UnsupportedContentType},
    request::Request,
    response::Json,
};

/// The longest pointer in a response, in bytes: a client chooses its own keys, and must not choose
/// the response's size.
const LONGEST_POINTER: usize = 512;

impl<T: for<'de> Deserialize<'de>> FromRequest for Json<T> {
    type Rejection = JsonRejection;

    fn from_request(request: &Request<'_>) -> Result<Self, JsonRejection> {
        let body = request.body();
        // Before the type: a client that forgot the body has no type to send either.
        if body.is_empty() {
            return Err(EmptyBody {}.into());
        }
        let content_type = request.header("content-type");
        if !content_type.is_some_and(is_json) {
            return Err(UnsupportedContentType {
                found: content_type.map(str::to_owned),
                expected: "application/json",
            }
            .into());
        }
        #[cfg(feature = "schema")]
        if let Some(model) = request.extensions.get::<crate::schema::BodyModel>() {
            let problems = model.problems(body);
            let problems = problems.map_err(|error| reject::<T>(body, &error))?;
            if !problems.is_empty() {
                return Err(crate::rejection::InvalidBody { problems }.into());
            }
        }
        strict::from_slice(body)
            .map(Json)
            .map_err(|error| reject::<T>(body, &error))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.body().is_empty()
    }
}

#[cold]
fn reject<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> JsonRejection {
    let detail = without_position(error);
    if error.classify() != Category::Data {
        let (line, column) = (error.line(), error.column());
        return JsonSyntax {
            detail: shorten(detail),
            line,
            column,
        }
        .into();
    }
    JsonShape {
        detail: shorten(detail),
        pointer: pointer_to_error::<T>(body),
    }
    .into()
}

/// The error's text without the ` at line 1 column 2` that `serde_json` appends.
fn without_position(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if text.ends_with(&position) {
        text.truncate(text.len() - position.len());
    }
    text
}

/// The place where `body` stops being a `T`, as a JSON pointer.
///
/// It parses a second time: keeping track of the place would cost every good request something,
/// searching for it costs only the bad ones.
fn pointer_to_error<T: DeserializeOwned>(body: &[u8]) -> String {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let mut pointer = String::new();
    if let Err(error) = serde_path_to_error::deserialize::<_, T>(Strict(&mut deserializer)) {
        for segment in error.path() {
            let end = pointer.len();
            match segment {
                Segment::Seq { index } => {
                    pointer.push('/');
                    pointer.push_str(&index.to_string());
                }
                // An enum's variant is the only key of an object.
                Segment::Map { key } | Segment::Enum { variant: key } => {
                    pointer.push('/');
                    pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                }
                // Nothing below it can be named: its innermost known parent is used.
                Segment::Unknown => break,
            }
            if pointer.len() > LONGEST_POINTER {
                pointer.truncate(end);
                break;
            }
        }
    }
    pointer
}
