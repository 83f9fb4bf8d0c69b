//! The client's address.

use std::net::IpAddr;

use super::FromRequest;
use crate::{rejection::UnknownSourceIp, request::Request};

/// The address that the gateway saw the client at. Unlike `X-Forwarded-For`, no client can choose it; a proxy or content delivery
/// network before the gateway shows its own.
///
/// An event without one, as when a function is invoked by hand, answers 500; take `Option<SourceIp>` where that is expected.
///
/// ```
/// use std::net::Ipv4Addr;
/// use fw::{FromRequest, Method, Request, extract::SourceIp};
///
/// let request = Request::new(Method::GET, "/").with_source_ip(Ipv4Addr::LOCALHOST);
/// let SourceIp(address) = SourceIp::from_request(&request).unwrap();
/// assert!(address.is_loopback());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceIp(pub IpAddr);

impl FromRequest for SourceIp {
    type Rejection = UnknownSourceIp;

    fn from_request(request: &Request<'_>) -> Result<Self, UnknownSourceIp> {
        request.source_ip().map(Self).ok_or(UnknownSourceIp {})
    }

    fn is_absent(request: &Request<'_>) -> bool {
        request.source_ip().is_none()
    }
}
