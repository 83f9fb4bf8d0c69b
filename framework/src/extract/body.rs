//! The raw body: bytes or text, of any content type.

use std::convert::Infallible;

use bytes::Bytes;

use super::FromRequest;
use crate::{rejection::InvalidUtf8, request::Request};

/// The body, whole, which may be empty. `Option<Bytes>` is `None` when it is.
impl FromRequest for Bytes {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        Ok(Self::copy_from_slice(request.body()))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.body().is_empty()
    }
}

/// As [`Bytes`].
impl FromRequest for Vec<u8> {
    type Rejection = Infallible;

    fn from_request(request: &Request<'_>) -> Result<Self, Infallible> {
        Ok(request.body().to_vec())
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.body().is_empty()
    }
}

/// The body as text. What is not UTF-8 answers 400. `Option<String>` is `None` when the body is empty.
impl FromRequest for String {
    type Rejection = InvalidUtf8;

    fn from_request(request: &Request<'_>) -> Result<Self, InvalidUtf8> {
        std::str::from_utf8(request.body())
            .map(str::to_owned)
            .map_err(|error| InvalidUtf8 {
                offset: error.valid_up_to(),
            })
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.body().is_empty()
    }
}
