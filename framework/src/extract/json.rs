//! JSON bodies.

use serde::de::DeserializeOwned;

use crate::{error::Error, extract::FromRequest, request::Request, response::Json};

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Rejection = Error;

    fn from_request(request: &Request<'_>) -> Result<Self, Error> {
        serde_json::from_slice(request.body())
            .map(Json)
            .map_err(|error| Error::bad_request(error.to_string()))
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.body().is_empty()
    }
}
