//! The access log: a line for each request that the gateway answers, the app's or its own.

use serde::Deserialize;

use crate::{
    error::{Failure, Result},
    values::gateway::Gateway,
};

/// What a line must contain (API Gateway developer guide, "Access logging for REST APIs"; API
/// reference of HTTP APIs, `AccessLogSettings`).
const IDS: [&str; 2] = ["$context.requestId", "$context.extendedRequestId"];
/// The longest template, in bytes (API Gateway developer guide, "Quotas": 3 KB).
const LONGEST: usize = 3072;
/// The formats that have names.
const NAMED: [&str; 2] = ["json", "clf"];
/// The start and the end of both APIs' JSON lines. The route is between them, because its variable
/// differs (API Gateway developer guide, "Customize HTTP API access logs" and "Variables for access
/// logging").
const JSON: [&str; 2] = [
    "{\"requestId\":\"$context.requestId\",\"time\":\"$context.requestTime\",\"ip\":\"$context.identity.sourceIp\",\
     \"method\":\"$context.httpMethod\",\"route\":\"",
    "\",\"path\":\"$context.path\",\"status\":\"$context.status\",\"length\":\"$context.responseLength\",\
     \"latency\":\"$context.responseLatency\",\"error\":\"$context.integrationErrorMessage\"}",
];
/// The Common Log Format, with the request's id at its end.
const CLF: &str = "$context.identity.sourceIp - - [$context.requestTime] \"$context.httpMethod $context.path \
                   $context.protocol\" $context.status $context.responseLength $context.requestId";

/// The settings of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessLog {
    /// `json`, `clf`, or a line with API Gateway's variables in it; JSON where nothing is said.
    format: Option<String>,
    /// Days that it is kept; as long as the other logs where nothing is said.
    pub(crate) retention: Option<u32>,
}

impl AccessLog {
    /// A line's template in the form of this gateway.
    pub(crate) fn template(&self, gateway: Gateway) -> String {
        match self.format.as_deref().unwrap_or("json") {
            "json" => {
                let [before, after] = JSON;
                let route = match gateway {
                    Gateway::RestApi => "$context.resourcePath",
                    Gateway::HttpApi | Gateway::FunctionUrl => "$context.routeKey",
                };
                format!("{before}{route}{after}")
            }
            "clf" => CLF.to_owned(),
            own => own.to_owned(),
        }
    }

    /// Refuses what API Gateway would; the retention is checked with the others.
    pub(super) fn check(&self) -> Result<()> {
        let Some(format) = self.format.as_deref() else {
            return Ok(());
        };
        if NAMED.contains(&format) {
            return Ok(());
        }
        if !format.contains("$context.") {
            let failure = Failure::input(format!(
                "not an access log format: `{}`",
                format.escape_debug()
            ));
            let near = NAMED
                .into_iter()
                .find(|known| strsim::damerau_levenshtein(&format.to_lowercase(), known) <= 1);
            return Err(match near {
                Some(known) => failure.hint(format!("did you mean `{known}`?")),
                None => failure.hint(
                    "write `json`, `clf`, or a line with variables such as `$context.requestId $context.status`",
                ),
            });
        }
        if format.chars().any(char::is_control) {
            return Err(Failure::input(
                "the access log format has more than one line, or control characters",
            )
            .because_of("API Gateway accepts one line"));
        }
        if !IDS.iter().any(|id| says(format, id)) {
            return Err(
                Failure::input("the access log format has no request id").hint(format!(
                    "API Gateway requires one: add `{}` or `{}`",
                    IDS[0], IDS[1]
                )),
            );
        }
        if format.len() > LONGEST {
            return Err(Failure::input(format!(
                "the access log format is too long: {} bytes",
                format.len()
            ))
            .because_of(format!("API Gateway accepts {LONGEST} bytes")));
        }
        Ok(())
    }
}

/// True if this variable is in the text, and not only one whose name starts with it.
fn says(text: &str, variable: &str) -> bool {
    text.match_indices(variable).any(|(at, _)| {
        let rest = text.get(at + variable.len()..).unwrap_or_default();
        !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::AccessLog;
    use crate::values::gateway::Gateway;

    fn log(format: &str) -> AccessLog {
        AccessLog {
            format: Some(format.to_owned()),
            retention: None,
        }
    }

    #[test]
    fn the_formats_with_names_are_taken_by_both_apis() {
        for gateway in [Gateway::HttpApi, Gateway::RestApi] {
            for known in [AccessLog::default(), log("json"), log("clf")] {
                known.check().unwrap();
                log(&known.template(gateway)).check().unwrap();
            }
            let line = AccessLog::default().template(gateway);
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(line.as_object().unwrap().len(), 10, "{line}");
        }
    }

    #[test]
    fn a_line_of_ones_own_has_a_request_id() {
        log("$context.requestId").check().unwrap();
        log("{\"id\":\"$context.extendedRequestId\"}")
            .check()
            .unwrap();
        for (format, told) in [
            ("jsn", "did you mean `json`?"),
            ("CLF", "did you mean `clf`?"),
            ("combined", "`$context.requestId $context.status`"),
            ("$context.status", "add `$context.requestId`"),
            ("$context.requestIdentity", "add `$context.requestId`"),
        ] {
            let failure = log(format).check().unwrap_err();
            let hint = failure.advice().unwrap_or_default();
            assert!(hint.contains(told), "{format}: {hint}");
        }
        for format in [
            "$context.requestId\n$context.status",
            &format!("$context.requestId {}", "x".repeat(3072)),
        ] {
            log(format).check().unwrap_err();
        }
    }
}
