//! Tries a new version before it gets traffic: one invocation, through its own qualifier.
//!
//! Without a route in the settings the version gets an event that is not a request. An app written
//! with the framework answers with an error that says so, which shows that it starts, that its
//! state is created, and that it answers.

use std::fmt;

use bytes::Bytes;
use fw_gateway::{
    ApiIdentity, Arrival, HttpApi, HttpApiConfig, HttpRequest, Invocation, Outcome, Prelude,
    Received, RouteKey,
};
use serde_json::Value;

use crate::{
    aws::lambda::Invoked,
    error::{Failure, Result},
    settings::Settings,
};

/// The event for a version if the settings name no route.
const EVENT: &str = r#"{"fw":"health"}"#;
/// How many lines of the log are shown.
const TAIL: usize = 20;

/// How to try a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// With an event that is not a request: it must answer.
    BuiltIn,
    /// With a `GET` for this path: it must answer with a status below 400.
    Route {
        /// The path.
        path: String,
        /// The route that matches it.
        key: String,
    },
}

impl Health {
    /// The trial from the settings, for an app with these routes.
    ///
    /// # Errors
    ///
    /// If no route of the app matches the path; exit code 65.
    pub(crate) fn new(settings: &Settings, routes: &[String]) -> Result<Self> {
        let Some(path) = &settings.health else {
            return Ok(Self::BuiltIn);
        };
        let keys: Vec<RouteKey> = routes.iter().filter_map(|key| key.parse().ok()).collect();
        let door = door(keys.clone());
        let received = door
            .as_ref()
            .map(|door| door.receive(&request(path), &arrival()));
        match received {
            Some(Received::Invoke(invocation)) => Ok(Self::Route {
                path: path.clone(),
                key: keys
                    .get(invocation.route)
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            }),
            _ => Err(
                Failure::input(format!("no route matches the path of `health`: {path}"))
                    .because_of(
                        "the new version gets a `GET` request for this path before it gets traffic",
                    )
                    .hint("write a path that the app answers, or leave `health` out"),
            ),
        }
    }

    /// The event.
    pub(crate) fn event(&self) -> Bytes {
        self.invocation().map_or_else(
            || Bytes::from_static(EVENT.as_bytes()),
            |(_, invocation)| invocation.event,
        )
    }

    /// Checks that this is the answer of a working version.
    ///
    /// # Errors
    ///
    /// If it is not: its answer, and the end of its log.
    pub(crate) fn judge(&self, version: &str, answer: &Invoked) -> Result<()> {
        let Err(cause) = self.cause(answer) else {
            return Ok(());
        };
        let failure =
            Failure::new(format!("the new version does not work: {version}")).because_of(cause);
        let lines: Vec<&str> = answer.log.as_deref().unwrap_or_default().lines().collect();
        Err(match &lines[lines.len().saturating_sub(TAIL)..] {
            [] => failure,
            tail => failure.because_of(format!("its log ends with:\n{}", tail.join("\n"))),
        })
    }

    /// Why the answer is not one of a version that works.
    fn cause(&self, answer: &Invoked) -> Result<(), String> {
        let document: Value = serde_json::from_slice(&answer.payload).unwrap_or_default();
        if answer.failed {
            let text = |key: &str| document[key].as_str().unwrap_or_default();
            let (kind, message) = (text("errorType"), text("errorMessage"));
            // Lambda's text for a process that did not answer; gateway-truth §4.4. An error from
            // the app itself shows that it started and answered, and the built-in event requires no
            // more.
            let lambdas = ["Runtime.", "Sandbox.", "Extension.", "Function."];
            let unanswered =
                kind.is_empty() || lambdas.iter().any(|prefix| kind.starts_with(prefix));
            return match self {
                Self::BuiltIn if !unanswered => Ok(()),
                _ => Err(match (kind, message) {
                    ("", "") => {
                        format!("Lambda says: {}", String::from_utf8_lossy(&answer.payload))
                    }
                    ("", message) => format!("Lambda says: {message}"),
                    (kind, message) => format!("Lambda says: {kind}: {message}"),
                }),
            };
        }
        let (Self::Route { path, .. }, Some((door, invocation))) = (self, self.invocation()) else {
            return Ok(());
        };
        // A function behind a URL that streams answers with a prelude and the body, which are not JSON together.
        let (status, body) = match Prelude::read(&answer.payload) {
            Ok(Some((prelude, body))) => (prelude.status, answer.payload.slice(body..)),
            _ => {
                let reply = door.answer(&invocation, Outcome::Payload(&answer.payload));
                (reply.status, reply.body)
            }
        };
        if status < 400 {
            return Ok(());
        }
        let body = String::from_utf8_lossy(&body);
        Err(format!("it answered `GET {path}` with {status}: {body}"))
    }

    /// The gateway in front, and its invocation for the route.
    fn invocation(&self) -> Option<(HttpApi, Invocation)> {
        let Self::Route { path, key } = self else {
            return None;
        };
        let door = door(vec![key.parse().ok()?])?;
        match door.receive(&request(path), &arrival()) {
            Received::Invoke(invocation) => Some((door, invocation)),
            Received::Answer(_) | Received::Authorize(_) => None,
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("it is invoked once before it gets traffic"),
            Self::Route { path, .. } => {
                write!(f, "`GET {path}` is sent once before it gets traffic")
            }
        }
    }
}

fn door(routes: Vec<RouteKey>) -> Option<HttpApi> {
    let identity = ApiIdentity::new("health", "$default");
    HttpApi::new(HttpApiConfig {
        routes: routes.into_iter().map(Into::into).collect(),
        ..HttpApiConfig::new(identity)
    })
    .ok()
}

fn request(path: &str) -> HttpRequest {
    let mut request = HttpRequest::new("GET", path);
    request.push_header("user-agent", b"cargo-fw-health");
    request
}

fn arrival() -> Arrival {
    let mut entropy = [0; Arrival::ENTROPY];
    // These ids are not random, but only the tried version sees this event.
    let _ = getrandom::fill(&mut entropy);
    let now = jiff::Timestamp::now().as_millisecond();
    Arrival::new(u64::try_from(now).unwrap_or_default(), entropy)
}

#[cfg(test)]
mod tests {
    use super::Health;
    use crate::aws::lambda::Invoked;

    fn answer(payload: &str, failed: bool) -> Invoked {
        Invoked {
            payload: payload.to_owned().into(),
            failed,
            log: Some("START\nno database\nEND\n".to_owned()),
        }
    }

    fn route() -> Health {
        Health::Route {
            path: "/health".to_owned(),
            key: "GET /{any+}".to_owned(),
        }
    }

    #[test]
    fn the_built_in_event_wants_an_answer_whatever_it_says() {
        let health = Health::BuiltIn;
        health.judge("2", &answer("{}", false)).unwrap();
        // The framework's answer to an event that is not a request.
        let not_http = "{\"errorType\":\"fw.NotAnHttpEvent\",\"errorMessage\":\"x\"}";
        health.judge("2", &answer(not_http, true)).unwrap();
        for document in [
            "{\"errorType\":\"Runtime.ExitError\",\"errorMessage\":\"exit status: 3\"}",
            "{\"errorType\":\"Sandbox.Timedout\",\"errorMessage\":\"Task timed out\"}",
            "{\"errorMessage\":\"2026-01-01 Task timed out after 3.00 seconds\"}",
            "nonsense",
        ] {
            let failure = health.judge("2", &answer(document, true)).unwrap_err();
            assert_eq!(failure.message(), "the new version does not work: 2");
            assert!(failure.causes()[1].contains("no database"), "{failure}");
        }
    }

    #[test]
    fn a_route_wants_a_good_status() {
        let health = route();
        let event: serde_json::Value = serde_json::from_slice(&health.event()).unwrap();
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["rawPath"], "/health");
        assert_eq!(event["routeKey"], "GET /{any+}");
        for good in ["{\"statusCode\":204}", "{\"ok\":true}", "\"text\""] {
            health.judge("2", &answer(good, false)).unwrap();
        }
        let bad = health.judge(
            "2",
            &answer("{\"statusCode\":503,\"body\":\"no disk\"}", false),
        );
        let bad = bad.unwrap_err();
        assert_eq!(
            bad.causes()[0],
            "it answered `GET /health` with 503: no disk"
        );
        let not_http = "{\"errorType\":\"fw.NotAnHttpEvent\",\"errorMessage\":\"x\"}";
        health.judge("2", &answer(not_http, true)).unwrap_err();
        // The answer of a function behind a URL that streams.
        let streamed = |status| format!("{{\"statusCode\":{status}}}\0\0\0\0\0\0\0\0no disk");
        health.judge("2", &answer(&streamed(204), false)).unwrap();
        let bad = health.judge("2", &answer(&streamed(503), false));
        assert_eq!(
            bad.unwrap_err().causes()[0],
            "it answered `GET /health` with 503: no disk"
        );
    }
}
