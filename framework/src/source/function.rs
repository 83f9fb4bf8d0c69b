//! Functions that are called directly, by `Invoke`: typed input, typed output.

use serde::de::DeserializeOwned;

use super::delivery::{self, Delivery, FromEvent};
use crate::{error::Error, response::Json};

/// What a caller sends: any JSON. A handler reads it as `Json<T>`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Input {}

impl<T: DeserializeOwned> FromEvent<Input> for Json<T> {
    fn from_event(delivery: &Delivery<'_, Input>) -> Result<Self, Error> {
        delivery::read("the input", delivery.event).map(Self)
    }
}
