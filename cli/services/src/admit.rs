//! The one gate that every request passes before anything reads it.
//!
//! [`fw_port_guard`] says who may call: a page of another site may not, not even by a name of its own that leads here ("DNS
//! rebinding"), and on loopback no other user of the machine. Signatures are not checked, so nothing else keeps them out.

use std::net::SocketAddr;

use fw_port_guard::{Hosts, PortGuard, Refusal};
use http::{Response, StatusCode};
use serde_json::json;

use crate::reply::{self, Body};

/// The guard of an endpoint that listens there, and answers to those names in addition to this machine's own.
pub(crate) fn guard(address: SocketAddr, allowed_hosts: &[String]) -> PortGuard {
    PortGuard::endpoint(Hosts::new(address.ip(), allowed_hosts))
}

/// The answer to a request that is not let in: 403 with `host_not_allowed`, `origin_not_allowed` or `page_not_allowed`.
pub(crate) fn refused(refusal: &Refusal) -> Response<Body> {
    let (code, detail) = match refusal {
        Refusal::Host(host) => (
            "host_not_allowed",
            format!("The host `{host}` is not a name of this machine."),
        ),
        Refusal::NoHost => (
            "host_not_allowed",
            "The request does not name a host.".to_owned(),
        ),
        Refusal::Origin(origin) => (
            "origin_not_allowed",
            format!("The origin `{origin}` is not a name of this machine."),
        ),
        Refusal::Page => (
            "page_not_allowed",
            "The request comes from a page of another site.".to_owned(),
        ),
    };
    let document = json!({
        "title": "Forbidden",
        "status": 403,
        "detail": detail,
        "code": code,
    });
    reply::json(StatusCode::FORBIDDEN, &document)
}
