//! How a new version is tried before it takes traffic: one invocation, through its own qualifier.
//!
//! Without a route named in the settings the version gets an event that is no request. An app made with the framework
//! answers that it is none, which shows that it starts, that its state is made, and that it answers.

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

/// What a version is sent when the settings name no route.
const EVENT: &str = r#"{"fw":"health"}"#;
/// How many lines of the log are shown.
const TAIL: usize = 20;

/// How a version is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// By an event that is no request: it has to answer at all.
    BuiltIn,
    /// By a `GET` of that path: it has to answer with a status below 400.
    Route {
        /// The path.
        path: String,
        /// The route that takes it.
        key: String,
    },
}

impl Health {
    /// What the settings say, for an app with those routes.
    ///
    /// # Errors
    ///
    /// When no route of the app takes the path; exit code 65.
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
                Failure::input(format!("`health` names a path that no route takes: {path}"))
                    .because_of("the new version is asked with `GET` before it takes traffic")
                    .hint("name a path that the app answers, or leave `health` out"),
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

    /// Whether that is the answer of a version that works.
    ///
    /// # Errors
    ///
    /// When it is not: what it answered, and the end of its log.
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
            // Lambda's own words for a process that did not answer; gateway-truth §4.4. What the app itself reports
            // shows that it started and answered, and the built-in event asks for no more.
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
            Self::BuiltIn => f.write_str("it is called once before it takes traffic"),
            Self::Route { path, .. } => {
                write!(f, "`GET {path}` is called once before it takes traffic")
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
    // Ids that are not random are still ids: this event is seen by nobody but the version that is tried.
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
        // What the framework says of an event that is no request.
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
        // What a function behind a URL that streams answers.
        let streamed = |status| format!("{{\"statusCode\":{status}}}\0\0\0\0\0\0\0\0no disk");
        health.judge("2", &answer(&streamed(204), false)).unwrap();
        let bad = health.judge("2", &answer(&streamed(503), false));
        assert_eq!(
            bad.unwrap_err().causes()[0],
            "it answered `GET /health` with 503: no disk"
        );
    }
}
