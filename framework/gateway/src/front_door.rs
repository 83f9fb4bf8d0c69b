//! One type for whichever front door the settings choose.

use std::time::Duration;

use crate::{
    authorize::{Pending, Supplied},
    function_url::FunctionUrl,
    http::{Arrival, HttpReply, HttpRequest, Invocation, Outcome, Received, Unreadable},
    http_api::HttpApi,
    rest_api::RestApi,
    stream::Prelude,
};

/// The product that stands in front of the function.
#[derive(Debug, Clone)]
pub enum FrontDoor {
    /// API Gateway v2, the default.
    HttpApi(HttpApi),
    /// API Gateway v1.
    RestApi(RestApi),
    /// Lambda's own HTTP endpoint.
    FunctionUrl(FunctionUrl),
}

impl FrontDoor {
    /// The largest body that the front door takes, in bytes: a server need not read more than one byte beyond it before it
    /// lets [`FrontDoor::receive`] refuse.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        match self {
            Self::HttpApi(_) => HttpApi::BODY_LIMIT,
            Self::RestApi(_) => RestApi::BODY_LIMIT,
            Self::FunctionUrl(_) => FunctionUrl::BODY_LIMIT,
        }
    }

    /// How long the front door waits for the function before the outcome is [`Outcome::IntegrationTimeout`]. A function URL
    /// waits as long as the function may run.
    #[must_use]
    pub fn integration_timeout(&self) -> Option<Duration> {
        match self {
            Self::HttpApi(door) => Some(door.integration_timeout()),
            Self::RestApi(door) => Some(door.integration_timeout()),
            Self::FunctionUrl(_) => None,
        }
    }

    /// Takes a request to the function's event, or to the front door's own answer.
    #[must_use]
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        match self {
            Self::HttpApi(door) => door.receive(request, arrival),
            Self::RestApi(door) => door.receive(request, arrival),
            Self::FunctionUrl(door) => door.receive(request, arrival),
        }
    }

    /// Goes on with what another configuration of the same API remembers: what is left of throttles that are still the same, what
    /// has been used of quotas, and authorizers' answers where the authorizers are the same. A deployment on AWS keeps these
    /// as well, as far as is known (unverified). Between different products nothing is taken over.
    pub fn take_over(&mut self, former: &Self) {
        match (self, former) {
            (Self::HttpApi(door), Self::HttpApi(former)) => door.take_over(former),
            (Self::RestApi(door), Self::RestApi(former)) => door.take_over(former),
            (Self::FunctionUrl(door), Self::FunctionUrl(former)) => door.take_over(former),
            _ => {}
        }
    }

    /// Answers what is no request. Status and text are unverified for each front door, after RFC 9110 §15.5.1 and RFC 6585 §5.
    #[must_use]
    pub fn unreadable(&self, why: Unreadable, arrival: &Arrival) -> HttpReply {
        match self {
            Self::HttpApi(door) => door.unreadable(why, arrival),
            Self::RestApi(door) => door.unreadable(why, arrival),
            Self::FunctionUrl(door) => door.unreadable(why, arrival),
        }
    }

    /// Goes on with a request that waited, now that the front door is told what it needed: to the function's event, or to
    /// the front door's own answer.
    #[must_use]
    pub fn resume(&self, pending: &Pending, supplied: &Supplied<'_>) -> Received {
        match self {
            Self::HttpApi(door) => door.resume(pending, supplied),
            Self::RestApi(door) => door.resume(pending, supplied),
            Self::FunctionUrl(door) => door.resume(pending, supplied),
        }
    }

    /// Answers a request that waited for what cannot be had: the issuer does not tell its keys, the authorizer failed or took
    /// too long. The reason is for the log.
    #[must_use]
    pub fn refuse(&self, pending: &Pending, reason: &str) -> HttpReply {
        match self {
            Self::HttpApi(door) => door.refuse(pending, reason),
            Self::RestApi(door) => door.refuse(pending, reason),
            Self::FunctionUrl(door) => door.refuse(pending, reason),
        }
    }

    /// What the answer to a streaming function starts with, before any of its body: see [`FunctionUrl::stream`]. Nothing where
    /// the front door waits for the whole result, and takes it by [`FrontDoor::answer`].
    #[must_use]
    pub fn stream(&self, invocation: &Invocation, prelude: Option<&Prelude>) -> Option<HttpReply> {
        match self {
            Self::HttpApi(_) | Self::RestApi(_) => None,
            Self::FunctionUrl(door) => door.stream(invocation, prelude),
        }
    }

    /// Takes what became of an invocation to what the client sees.
    #[must_use]
    pub fn answer(&self, invocation: &Invocation, outcome: Outcome<'_>) -> HttpReply {
        match self {
            Self::HttpApi(door) => door.answer(invocation, outcome),
            Self::RestApi(door) => door.answer(invocation, outcome),
            Self::FunctionUrl(door) => door.answer(invocation, outcome),
        }
    }
}

impl From<HttpApi> for FrontDoor {
    fn from(door: HttpApi) -> Self {
        Self::HttpApi(door)
    }
}

impl From<RestApi> for FrontDoor {
    fn from(door: RestApi) -> Self {
        Self::RestApi(door)
    }
}

impl From<FunctionUrl> for FrontDoor {
    fn from(door: FunctionUrl) -> Self {
        Self::FunctionUrl(door)
    }
}
