//! One type for whichever front door the settings choose.

use super::{
    Arrival, FunctionUrl, HttpApi, HttpReply, HttpRequest, Invocation, Outcome, Received, RestApi,
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
    /// Takes a request to the function's event, or to the front door's own answer.
    #[must_use]
    pub fn receive(&self, request: &HttpRequest, arrival: &Arrival) -> Received {
        match self {
            Self::HttpApi(door) => door.receive(request, arrival),
            Self::RestApi(door) => door.receive(request, arrival),
            Self::FunctionUrl(door) => door.receive(request, arrival),
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
