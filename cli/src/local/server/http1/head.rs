//! A request's head (RFC 9112 §2 to §6), if it is unambiguous.

use std::net::IpAddr;

use fw_gateway::{HttpRequest, Unreadable};

use crate::local::fields::{number, token, tokens};

/// The longest head that is read. The gateways take 10,240 bytes (`[D]` gateway-truth §1.8, §2.7) and see for themselves up to here.
pub(super) const LONGEST_HEAD: usize = 64 * 1024;
/// How many fields are parsed without another allocation.
pub(super) const FEW_FIELDS: usize = 64;

/// Why no further request comes.
pub(super) enum Over {
    /// The client has left, is idle for too long, or the server ends.
    Closed,
    /// The input is not a request.
    Refused(Unreadable, String),
}

pub(super) fn malformed(reason: impl Into<String>) -> Over {
    Over::Refused(Unreadable::Malformed, reason.into())
}

/// A request's head.
pub(super) struct Head {
    pub(super) request: HttpRequest,
    pub(super) form: Form,
    pub(super) length: Length,
    pub(super) expects_continue: bool,
    pub(super) keeps_open: bool,
}

/// The parts of a request that decide how its answer is written.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub(super) is_head: bool,
    pub(super) is_1_1: bool,
}

impl Form {
    pub(super) const REFUSED: Self = Self {
        is_head: false,
        is_1_1: true,
    };
}

/// How a body is delimited (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    Known(u64),
    Chunked,
}

pub(super) fn too_large() -> Over {
    Over::Refused(
        Unreadable::HeadTooLarge,
        format!("request line and headers have more than {LONGEST_HEAD} bytes"),
    )
}

/// True if these bytes may start a request.
pub(super) fn begin_parse(bytes: &[u8]) -> Result<(), Over> {
    let mut fields = [httparse::EMPTY_HEADER; FEW_FIELDS];
    match httparse::Request::new(&mut fields).parse(bytes) {
        Ok(_) | Err(httparse::Error::TooManyHeaders) => Ok(()),
        // The first byte of a TLS record that starts a handshake (RFC 8446 §5.1).
        Err(_) if bytes.first() == Some(&0x16) => Err(malformed(
            "the client speaks TLS; use an address that starts with `http://`",
        )),
        Err(error) => Err(malformed(error.to_string())),
    }
}

/// Reads a whole head.
pub(super) fn parse(bytes: &[u8], peer: IpAddr) -> Result<Head, Over> {
    let mut few = [httparse::EMPTY_HEADER; FEW_FIELDS];
    let mut request = httparse::Request::new(&mut few);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => return read(&request, peer),
        Err(httparse::Error::TooManyHeaders) => {}
        Ok(httparse::Status::Partial) => return Err(malformed("the request head is incomplete")),
        Err(error) => return Err(malformed(error.to_string())),
    }
    let most = bytes.iter().filter(|byte| **byte == b'\n').count();
    let mut many = vec![httparse::EMPTY_HEADER; most];
    let mut request = httparse::Request::new(&mut many);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => read(&request, peer),
        Ok(httparse::Status::Partial) => Err(malformed("the request head is incomplete")),
        Err(error) => Err(malformed(error.to_string())),
    }
}

/// The content of the head, if it is unambiguous.
pub(super) fn read(parsed: &httparse::Request<'_, '_>, peer: IpAddr) -> Result<Head, Over> {
    let method = parsed.method.unwrap_or_default();
    let target = parsed.path.unwrap_or_default();
    let is_1_1 = parsed.version == Some(1);
    if method == "CONNECT" {
        // The server is not a proxy (RFC 9110 §9.3.6). AWS's answer is unverified.
        return Err(malformed(
            "`CONNECT` asks for a proxy, but this server is not a proxy",
        ));
    }
    let is_origin = target.starts_with('/');
    if !is_origin && authority_of(target).is_none() && !(target == "*" && method == "OPTIONS") {
        return Err(malformed("the target is neither a path nor a URL"));
    }
    let mut request = HttpRequest {
        source_ip: peer,
        ..HttpRequest::new(method, target)
    };
    request.headers.reserve(parsed.headers.len());
    let (mut length, mut chunked, mut hosts) = (None, false, 0);
    let (mut closes, mut keeps, mut expects_continue) = (false, false, false);
    for field in parsed.headers.iter() {
        let (name, value) = (field.name, field.value);
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        // Most names differ in length.
        match name.len() {
            4 if is("host") => hosts += 1,
            6 if is("expect") => expects_continue |= is_1_1 && token(value, "100-continue"),
            10 if is("connection") => {
                closes |= tokens(value).any(|one| token(one, "close"));
                keeps |= tokens(value).any(|one| token(one, "keep-alive"));
            }
            14 if is("content-length") => {
                let before = length;
                for one in tokens(value) {
                    let one =
                        number(one).ok_or_else(|| malformed("`Content-Length` is not a number"))?;
                    if length.is_some_and(|length| length != one) {
                        return Err(malformed("there is more than one `Content-Length`"));
                    }
                    length = Some(one);
                }
                // Of equal values one is passed on (RFC 9110 §8.6).
                if let (None, Some(length)) = (before, length) {
                    request.push_header(name, length.to_string().as_bytes());
                }
                continue;
            }
            17 if is("transfer-encoding") => {
                if chunked || !is_1_1 || !token(value, "chunked") {
                    return Err(malformed("the transfer coding is not a single `chunked`"));
                }
                chunked = true;
            }
            _ => {}
        }
        request.push_header(name, value);
    }
    // RFC 9112 §3.2
    if hosts > 1 || (hosts == 0 && is_1_1) {
        return Err(malformed("there is not exactly one `Host`"));
    }
    let length = match (length, chunked) {
        // This is how requests are smuggled (RFC 9112 §6.1).
        (Some(_), true) => return Err(malformed("there are both a length and a transfer coding")),
        (None, true) => Length::Chunked,
        (length, false) => Length::Known(length.unwrap_or(0)),
    };
    Ok(Head {
        form: Form {
            is_head: method == "HEAD",
            is_1_1,
        },
        request,
        length,
        expects_continue,
        keeps_open: !closes && (is_1_1 || keeps),
    })
}

/// The authority of a target in absolute form (RFC 9112 §3.2.2).
pub(super) fn authority_of(target: &str) -> Option<&str> {
    if target.starts_with('/') {
        return None;
    }
    let (scheme, rest) = target.split_once("://")?;
    let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end).filter(|_| is_http)
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use proptest::prelude::*;

    use super::*;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_bytes_are_a_head_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = begin_parse(&bytes);
            let _ = parse(&bytes, PEER);
        }

        /// The gateway gets exactly what the client wrote.
        #[test]
        fn a_head_is_as_the_client_wrote_it(
            method in "[A-Z]{1,8}",
            target in "/[!-~]{0,40}",
            fields in proptest::collection::vec(("X-[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}", "[!-~]([ -~]{0,20}[!-~])?"), 0..80),
        ) {
            prop_assume!(method != "CONNECT");
            let mut head = format!("{method} {target} HTTP/1.1\r\nhOst: localhost\r\n");
            for (name, value) in &fields {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("\r\n");
            let Ok(read) = parse(head.as_bytes(), PEER) else {
                return Err(TestCaseError::fail(head));
            };
            prop_assert_eq!(read.request.method, method);
            prop_assert_eq!(read.request.target, target);
            let mut expected = vec![("hOst".to_owned(), "localhost".to_owned())];
            expected.extend(fields);
            prop_assert_eq!(read.request.headers, expected);
            prop_assert_eq!(read.length, Length::Known(0));
            prop_assert!(read.keeps_open);
        }
    }
}
