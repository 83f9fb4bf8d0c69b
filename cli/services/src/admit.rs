//! The one gate that every request passes before anything reads it.
//!
//! A page in the developer's browser can send requests to this machine, also under a name of its own that leads here ("DNS
//! rebinding"). Such requests bear the page's name as their host or as their origin, so both are checked.

use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::json;

use crate::reply::{self, Body};

/// Lets a request in, or answers it.
///
/// # Errors
/// 403 with `host_not_allowed` or `origin_not_allowed`.
pub(crate) fn admit(request: &Parts, allowed_hosts: &[String]) -> Result<(), Box<Response<Body>>> {
    let host = request
        .headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    if !is_local(host) && !is_named(host, allowed_hosts) {
        return Err(refused("host_not_allowed", "Host", host));
    }
    if let Some(origin) = request.headers.get(ORIGIN) {
        let origin = origin.to_str().unwrap_or_default();
        let authority = origin.split_once("://").map_or("", |(_, host)| host);
        if !is_local(authority) && !is_named(authority, allowed_hosts) {
            return Err(refused("origin_not_allowed", "Origin", origin));
        }
    }
    Ok(())
}

fn refused(code: &str, header: &str, value: &str) -> Box<Response<Body>> {
    let document = json!({
        "title": "Forbidden",
        "status": 403,
        "detail": format!("The {header} `{value}` is not a name of this machine."),
        "code": code,
    });
    Box::new(reply::json(StatusCode::FORBIDDEN, &document))
}

/// True for this machine's names for itself, with or without a port.
fn is_local(host: &str) -> bool {
    let name = name_of(host);
    if let Ok(address) = name.parse::<IpAddr>() {
        return address.is_loopback();
    }
    let name = name.to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

fn is_named(host: &str, allowed: &[String]) -> bool {
    let name = name_of(host);
    allowed
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(name))
}

/// A host without its port and brackets.
fn name_of(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(host: &str, origin: Option<&str>) -> bool {
        let mut request = http::Request::builder().header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        admit(&parts, &["host.docker.internal".into()]).is_ok()
    }

    #[test]
    fn names_of_this_machine_pass() {
        for host in [
            "localhost:4566",
            "127.0.0.1:4566",
            "127.9.9.9",
            "[::1]:4566",
            "sqs.us-east-1.localhost:4566",
            "host.docker.internal:4566",
        ] {
            assert!(admitted(host, None), "{host}");
        }
    }

    #[test]
    fn other_names_and_origins_are_refused() {
        for host in [
            "evil.example:4566",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            "xlocalhost",
        ] {
            assert!(!admitted(host, None), "{host}");
        }
        assert!(!admitted("localhost:4566", Some("https://evil.example")));
        assert!(!admitted("localhost:4566", Some("null")));
        assert!(admitted("localhost:4566", Some("http://localhost:3000")));
    }
}
