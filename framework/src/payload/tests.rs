//! Responses in both formats, to the byte where a gateway is particular.

use bytes::Bytes;
use http::{HeaderValue, header::HeaderName};
use serde_json::{Value, json};

use super::{Format, Payload};
use crate::response::Response;

fn response(headers: &[(&'static str, &[u8])], body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into());
    for &(name, value) in headers {
        let value = HeaderValue::from_bytes(value).unwrap();
        response
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
    response
}

fn json_of(format: Format, response: Response) -> Value {
    serde_json::to_value(Payload::new(format, response)).unwrap()
}

#[test]
fn little_is_written_that_need_not_be() {
    let empty = || Response::new(Bytes::new());
    for (format, expected) in [
        (
            Format::V2,
            r#"{"statusCode":200,"headers":{},"cookies":[],"body":""}"#,
        ),
        (
            Format::V1,
            r#"{"statusCode":200,"multiValueHeaders":{},"body":""}"#,
        ),
    ] {
        let written = serde_json::to_string(&Payload::new(format, empty())).unwrap();
        assert_eq!(written, expected);
    }
}

#[test]
fn repeats_are_lists_in_1_0_and_joined_in_2_0_where_they_may_be() {
    let headers: &[(&str, &[u8])] = &[
        ("vary", b"accept"),
        ("vary", b"origin"),
        ("location", b"/first"),
        ("location", b"/second"),
        ("set-cookie", b"a=1"),
        ("set-cookie", b"b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
        ("content-length", b"7"),
    ];
    let cookies = json!(["a=1", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT"]);
    assert_eq!(
        json_of(Format::V2, response(headers, "")),
        json!({
            "statusCode": 200,
            "headers": {"vary": "accept, origin", "location": "/second"},
            "cookies": cookies,
            "body": "",
        })
    );
    assert_eq!(
        json_of(Format::V1, response(headers, ""))["multiValueHeaders"],
        json!({
            "vary": ["accept", "origin"],
            "location": ["/first", "/second"],
            "set-cookie": cookies,
        })
    );
}

#[test]
fn a_body_without_a_type_gets_the_one_that_it_looks_like() {
    for (body, content_type) in [
        (&b"text"[..], json!("text/plain; charset=utf-8")),
        (&[0xff], json!("application/octet-stream")),
        (b"", Value::Null),
    ] {
        let payload = json_of(Format::V2, response(&[], body));
        assert_eq!(payload["headers"]["content-type"], content_type);
    }
}

#[test]
fn what_cannot_be_text_or_is_none_goes_in_base64() {
    let typed = |name, value: &'static str, body: &'static [u8]| {
        let payload = json_of(Format::V2, response(&[(name, value.as_bytes())], body));
        (payload["body"].clone(), payload["isBase64Encoded"].clone())
    };
    for (name, value, body, expected) in [
        ("content-type", "application/json", &b"{}"[..], None),
        ("content-type", "image/svg+xml", b"<svg/>", None),
        ("content-type", "application/x-protobuf", b"abc", None),
        ("content-type", "text/plain", b"\0", None),
        ("content-type", "text/plain", &[0xff], Some("/w==")),
        ("content-type", "Image/PNG", b"abc", Some("YWJj")),
        ("content-encoding", "gzip", b"abc", Some("YWJj")),
    ] {
        let (text, flag) = typed(name, value, body);
        match expected {
            Some(base64) => assert_eq!((text, flag), (json!(base64), json!(true)), "{value}"),
            None => {
                let body = std::str::from_utf8(body).unwrap();
                assert_eq!((text, flag), (json!(body), Value::Null), "{value}");
            }
        }
    }
}

#[test]
fn header_values_that_are_no_utf_8_keep_their_bytes_as_characters() {
    let payload = json_of(Format::V2, response(&[("x-name", b"M\xfcller")], ""));
    assert_eq!(payload["headers"]["x-name"], "Müller");
}

#[test]
fn the_limit_counts_bytes_of_json() {
    let excess = |body: String| Payload::new(Format::V2, response(&[], body)).excess();
    let around = r#"{"statusCode":200,"headers":{"content-type":"text/plain; charset=utf-8"},"cookies":[],"body":""}"#;
    let room = Payload::LIMIT - around.len();
    assert_eq!(excess("x".repeat(room)), None);
    assert_eq!(excess("x".repeat(room + 1)), Some(Payload::LIMIT + 1));
    // A quote takes two bytes, and a control character six.
    assert_eq!(
        excess("\"".repeat(room / 2 + 1)),
        Some(around.len() + room / 2 * 2 + 2)
    );
    assert!(excess("\0".repeat(room / 6 + 1)).is_some());
}
