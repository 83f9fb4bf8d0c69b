//! Requests made by hand, for the tests of extractors.

use std::{net::IpAddr, sync::Arc};

use super::Request;
use crate::context::LambdaContext;

impl<'e> Request<'e> {
    /// The same with one more cookie, `name=value`.
    #[must_use]
    pub fn with_cookie(mut self, cookie: &'e str) -> Self {
        self.cookies.push(cookie.into());
        self
    }

    /// The same on that stage.
    #[must_use]
    pub fn with_stage(mut self, stage: &'e str) -> Self {
        self.stage = stage.into();
        self
    }

    /// The same with one more stage variable.
    #[must_use]
    pub fn with_stage_variable(mut self, name: &'e str, value: &'e str) -> Self {
        self.stage_variables.push((name.into(), value.into()));
        self
    }

    /// The same from that address.
    #[must_use]
    pub fn with_source_ip(mut self, address: impl Into<IpAddr>) -> Self {
        self.source_ip = Some(address.into());
        self
    }

    /// The same with that id.
    #[must_use]
    pub fn with_request_id(mut self, id: &'e str) -> Self {
        self.request_id = id.into();
        self
    }

    /// The same from that event, a JSON text. Nothing else of the request follows it.
    #[must_use]
    pub fn with_event(mut self, event: &'e str) -> Self {
        self.event = event.into();
        self
    }

    /// The same in that invocation.
    #[must_use]
    pub fn with_lambda(mut self, context: LambdaContext) -> Self {
        self.lambda = Arc::new(context);
        self
    }

    /// The same with that value beside it, as middleware puts it.
    #[must_use]
    pub fn with_extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }
}
