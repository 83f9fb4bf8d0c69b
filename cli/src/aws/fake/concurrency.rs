//! Lambda's concurrency: no more is provisioned than is reserved, and only for an alias that is there.

use super::{Fake, missing};
use crate::aws::{
    concurrency::{
        Concurrency, DELETE_PROVISIONED, DELETE_RESERVED, GET_PROVISIONED, PUT_PROVISIONED,
        PUT_RESERVED,
    },
    error::Result,
};

const GONE: &str = "ResourceNotFoundException";
const REFUSED: &str = "InvalidParameterValueException";

impl Concurrency for Fake {
    async fn reserve(&self, name: &str, most: Option<u32>) -> Result<()> {
        let operation = most.map_or(DELETE_RESERVED, |_| PUT_RESERVED);
        self.later().await.call(operation, |state| {
            let found = state.functions.get_mut(name);
            let found = found.ok_or_else(|| missing(GONE, name))?;
            if most.is_some() && most < found.provisioned {
                return Err((REFUSED, "less than what is provisioned".to_owned()));
            }
            found.reserved = most;
            Ok(())
        })
    }

    async fn provisioned(&self, name: &str, _alias: &str) -> Result<Option<u32>> {
        self.later().await.call(GET_PROVISIONED, |state| {
            let found = state.functions.get(name);
            Ok(found.and_then(|found| found.provisioned))
        })
    }

    async fn provision(&self, name: &str, alias: &str, count: Option<u32>) -> Result<()> {
        let operation = count.map_or(DELETE_PROVISIONED, |_| PUT_PROVISIONED);
        self.later().await.call(operation, |state| {
            let found = state.functions.get_mut(name);
            let found = found.ok_or_else(|| missing(GONE, name))?;
            if !found.aliases.contains_key(alias) {
                return Err(missing(GONE, alias));
            }
            if found.reserved.is_some() && count > found.reserved {
                return Err((REFUSED, "more than what is reserved".to_owned()));
            }
            found.provisioned = count;
            Ok(())
        })
    }
}
