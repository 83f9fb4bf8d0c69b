//! One type for any front door that the settings choose.

use std::time::Duration;

use crate::{
    authorize::{Pending, Supplied},
    function_url::FunctionUrl,
    http::{Arrival, HttpReply, HttpRequest, Invocation, Outcome, Received, Unreadable},
    http_api::HttpApi,
    rest_api::RestApi,
    stream::Prelude,
};

/// How often a front door may need something for one request: today's need something once.
const MOST_QUESTIONS: usize = 8;

/// The product in front of the function.
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
    /// The largest body that the front door accepts, in bytes: a server need not read more than one
    /// byte beyond it before it calls [`FrontDoor::receive`].
    #[must_use]
    pub fn body_limit(&self) -> usize {
        match self {
            Self::HttpApi(_) => HttpApi::BODY_LIMIT,
            Self::RestApi(_) => RestApi::BODY_LIMIT,
            Self::FunctionUrl(_) => FunctionUrl::BODY_LIMIT,
        }
    }

    /// How long the front door waits for the function before the outcome is
    /// [`Outcome::IntegrationTimeout`]. A function URL waits until the function's timeout.
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

    /// Answers input that is not a request. Status and text are unverified for each front door,
    /// after RFC 9110 §15.5.1 and RFC 6585 §5.
    #[must_use]
    pub fn unreadable(&self, why: Unreadable, arrival: &Arrival) -> HttpReply {
        match self {
            Self::HttpApi(door) => door.unreadable(why, arrival),
            Self::RestApi(door) => door.unreadable(why, arrival),
            Self::FunctionUrl(door) => door.unreadable(why, arrival),
        }
    }

    /// Continues a waiting request with what the front door needed: to the function's event, or to
    /// the front door's own answer.
    #[must_use]
    pub fn resume(&self, pending: &Pending, supplied: &Supplied<'_>) -> Received {
        match self {
            Self::HttpApi(door) => door.resume(pending, supplied),
            Self::RestApi(door) => door.resume(pending, supplied),
            Self::FunctionUrl(door) => door.resume(pending, supplied),
        }
    }

    /// Takes a request all the way to the function's event, or to the front door's own answer.
    /// `supply` is called with each pending request and calls [`FrontDoor::resume`] or
    /// [`FrontDoor::refuse`].
    ///
    /// ```
    /// # use fw_gateway::{ApiIdentity, Arrival, FrontDoor, HttpApi, HttpApiConfig, HttpApiRoute, HttpRequest, Received, Requirement};
    /// # let route: HttpApiRoute = "GET /private".parse()?;
    /// # let mut config = HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"));
    /// # config.routes.push(route.requiring(Requirement::Iam));
    /// # let door: FrontDoor = HttpApi::new(config)?.into();
    /// # let arrival = Arrival::new(1_700_000_000_000, [7; Arrival::ENTROPY]);
    /// # let request = HttpRequest::new("GET", "/private");
    /// let entered = async {
    ///     let supply = async |pending: Box<_>| Received::Answer(door.refuse(&pending, "nobody has credentials"));
    ///     door.enter(&request, &arrival, supply).await
    /// };
    /// # let waker = std::task::Waker::noop();
    /// # let entered = std::pin::pin!(entered).poll(&mut std::task::Context::from_waker(waker));
    /// # assert!(matches!(entered, std::task::Poll::Ready(Err(reply)) if reply.status == 403));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The front door's own answer: no route, a refusal, a preflight. Also when `supply` leads to question after question.
    pub async fn enter<F>(
        &self,
        request: &HttpRequest,
        arrival: &Arrival,
        supply: impl Fn(Box<Pending>) -> F,
    ) -> Result<Invocation, HttpReply>
    where
        // By `AsyncFn` the future would not be `Send` where the closure borrows: rust-lang/rust issue 110338.
        F: Future<Output = Received>,
    {
        let mut received = self.receive(request, arrival);
        // Each answer leads on or ends it; the bound is for a model that would ask for ever.
        for _ in 0..MOST_QUESTIONS {
            received = match received {
                Received::Authorize(pending) => supply(pending).await,
                Received::Invoke(invocation) => return Ok(invocation),
                Received::Answer(reply) => return Err(reply),
            };
        }
        match received {
            Received::Invoke(invocation) => Ok(invocation),
            Received::Answer(reply) => Err(reply),
            Received::Authorize(pending) => {
                Err(self.refuse(&pending, "the gateway model does not reach an end"))
            }
        }
    }

    /// Answers a waiting request if what it needs is not available: the issuer does not return its
    /// keys, the authorizer failed or took too long. The reason is for the log.
    #[must_use]
    pub fn refuse(&self, pending: &Pending, reason: &str) -> HttpReply {
        match self {
            Self::HttpApi(door) => door.refuse(pending, reason),
            Self::RestApi(door) => door.refuse(pending, reason),
            Self::FunctionUrl(door) => door.refuse(pending, reason),
        }
    }

    /// True if the function's answer is passed on as it comes: everything behind a URL that streams, and the methods of a REST
    /// API that do.
    #[must_use]
    pub fn streams(&self, invocation: &Invocation) -> bool {
        match self {
            Self::HttpApi(_) => false,
            Self::RestApi(door) => door.streams(invocation),
            Self::FunctionUrl(door) => door.stream(invocation, None).is_some(),
        }
    }

    /// The start of the answer for a streaming function, before its body: see
    /// [`FunctionUrl::stream`] and [`RestApi::stream`]. `None` if the front door waits for the whole result, which goes to
    /// [`FrontDoor::answer`].
    #[must_use]
    pub fn stream(&self, invocation: &Invocation, prelude: Option<&Prelude>) -> Option<HttpReply> {
        match self {
            Self::HttpApi(_) => None,
            Self::RestApi(door) => door.stream(invocation, prelude),
            Self::FunctionUrl(door) => door.stream(invocation, prelude),
        }
    }

    /// Converts the outcome of an invocation to the client's response.
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::authorize::Requirement;
    use crate::config::ApiIdentity;
    use crate::http_api::{HttpApiConfig, HttpApiRoute};

    #[test]
    fn questions_without_end_are_refused() {
        let route: HttpApiRoute = "GET /".parse().expect("a route");
        let mut config = HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"));
        config.routes.push(route.requiring(Requirement::Iam));
        let door: FrontDoor = HttpApi::new(config).expect("it is right").into();
        let mut request = HttpRequest::new("GET", "/");
        let scope = "AKID/20231114/us-east-1/execute-api/aws4_request";
        let signed =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00");
        request.push_header("Authorization", signed.as_bytes());
        request.push_header("X-Amz-Date", b"20231114T221320Z");
        let arrival = Arrival::new(1_700_000_000_000, [7; Arrival::ENTROPY]);

        let asked = Cell::new(0);
        let supply = async |pending: Box<Pending>| {
            asked.set(asked.get() + 1);
            Received::Authorize(pending)
        };
        let entered = pin!(door.enter(&request, &arrival, supply));
        let entered = entered.poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Err(reply)) = entered else {
            panic!("it is refused: {entered:?}")
        };
        assert_eq!((reply.status, asked.get()), (403, MOST_QUESTIONS));
    }
}
