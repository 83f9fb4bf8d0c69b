//! Requests built by hand, for tests of extractors.

use std::{net::IpAddr, sync::Arc};

use super::Request;
use crate::context::LambdaContext;

impl<'e> Request<'e> {
    /// Adds a cookie, `name=value`.
    #[must_use]
    pub fn with_cookie(mut self, cookie: &'e str) -> Self {
        self.cookies.push(cookie.into());
        self
    }

    /// Sets the stage.
    #[must_use]
    pub fn with_stage(mut self, stage: &'e str) -> Self {
        self.stage = stage.into();
        self
    }

    /// Adds a stage variable.
    #[must_use]
    pub fn with_stage_variable(mut self, name: &'e str, value: &'e str) -> Self {
        self.stage_variables.push((name.into(), value.into()));
        self
    }

    /// Sets the source address.
    #[must_use]
    pub fn with_source_ip(mut self, address: impl Into<IpAddr>) -> Self {
        self.source_ip = Some(address.into());
        self
    }

    /// Sets the request id.
    #[must_use]
    pub fn with_request_id(mut self, id: &'e str) -> Self {
        self.request_id = id.into();
        self
    }

    /// Sets the event, a JSON text. Nothing else of the request depends on it.
    #[must_use]
    pub fn with_event(mut self, event: &'e str) -> Self {
        self.event = event.into();
        self
    }

    /// Sets the invocation's context.
    #[must_use]
    pub fn with_lambda(mut self, context: LambdaContext) -> Self {
        self.lambda = Arc::new(context);
        self
    }

    /// Adds a value, as middleware does.
    #[must_use]
    pub fn with_extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
        self
    }
}
