//! Each value that a handler may return: status, headers and body; and what can never be sent.

use std::{borrow::Cow, collections::HashMap, convert::Infallible, time::Duration};

use bytes::Bytes;
use fw::{
    Error, IntoResponse, Json, Response, StatusCode,
    error::Failure,
    response::{Content, Html, NoContent, Redirect, SameSite, SetCookie},
};
use http::{HeaderName, HeaderValue};

/// Status, content type and body.
fn parts(response: &Response) -> (u16, Option<&str>, &str) {
    (
        response.status().as_u16(),
        response
            .headers()
            .get("content-type")
            .map(|value| value.to_str().unwrap()),
        std::str::from_utf8(response.body()).unwrap(),
    )
}

fn failure(response: &Response) -> String {
    response.extensions().get::<Failure>().unwrap().to_string()
}

fn cookie_of(cookie: SetCookie) -> Response {
    NoContent.with_cookie(cookie)
}

#[test]
fn each_value_has_its_response() {
    let text = Some("text/plain; charset=utf-8");
    let bytes = Some("application/octet-stream");
    let html = Some("text/html; charset=utf-8");
    let json = Some("application/json");
    let made: Result<&'static str, Infallible> = Ok("made");
    let nothing: Option<&'static str> = None;
    for (response, expected) in [
        ("hi".into_response(), (200, text, "hi")),
        ("hi".to_owned().into_response(), (200, text, "hi")),
        (Cow::Borrowed("hi").into_response(), (200, text, "hi")),
        (
            Cow::<str>::Owned("hi".to_owned()).into_response(),
            (200, text, "hi"),
        ),
        (
            Bytes::from_static(b"hi").into_response(),
            (200, bytes, "hi"),
        ),
        (b"hi".to_vec().into_response(), (200, bytes, "hi")),
        (b"hi".as_slice().into_response(), (200, bytes, "hi")),
        (Html("<p>").into_response(), (200, html, "<p>")),
        (Html("<p>".to_owned()).into_response(), (200, html, "<p>")),
        (
            Content::new("text/csv", "a,b").into_response(),
            (200, Some("text/csv"), "a,b"),
        ),
        (
            Content::new("image/x".to_owned(), vec![b'x']).into_response(),
            (200, Some("image/x"), "x"),
        ),
        (Json([1, 2]).into_response(), (200, json, "[1,2]")),
        (Json("ü").into_response(), (200, json, "\"ü\"")),
        (Json(()).into_response(), (200, json, "null")),
        (().into_response(), (204, None, "")),
        (NoContent.into_response(), (204, None, "")),
        (StatusCode::ACCEPTED.into_response(), (202, None, "")),
        (StatusCode::NOT_FOUND.into_response(), (404, None, "")),
        (
            (StatusCode::CREATED, "hi").into_response(),
            (201, text, "hi"),
        ),
        ((StatusCode::CREATED, ()).into_response(), (201, None, "")),
        (made.into_response(), (200, text, "made")),
        (Some("hi").into_response(), (200, text, "hi")),
        (
            Response::new("raw".into()).into_response(),
            (200, None, "raw"),
        ),
        (
            Err::<(), _>(StatusCode::GONE).into_response(),
            (410, None, ""),
        ),
        // A failure has no status of a success, whatever it is made of.
        (
            Err::<(), _>("disk on fire").into_response(),
            (500, text, "disk on fire"),
        ),
    ] {
        assert_eq!(parts(&response), expected);
    }
    let response = nothing.into_response();
    assert_eq!(response.status(), 404);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}

#[test]
fn redirects_have_a_status_and_a_location() {
    for (redirect, status) in [
        (Redirect::to("/a?b=c"), 302),
        (Redirect::see_other("/a?b=c"), 303),
        (Redirect::temporary("/a?b=c"), 307),
        (Redirect::permanent("/a?b=c".to_owned()), 308),
    ] {
        let response = redirect.into_response();
        assert_eq!(parts(&response), (status, None, ""));
        assert_eq!(response.headers()["location"], "/a?b=c");
    }
}

#[test]
fn headers_replace_or_add() {
    let response = "x"
        .with_header("content-type", "text/css")
        .with_header("ETag", "\"1\"")
        .with_header("etag", "\"2\"".to_owned())
        .with_header(HeaderName::from_static("age"), 7)
        .with_added_header("vary", "accept")
        .with_added_header("Vary", HeaderValue::from_static("origin"));
    assert_eq!(parts(&response), (200, Some("text/css"), "x"));
    let all = |name| response.headers().get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(all("etag"), ["\"2\""]);
    assert_eq!(all("age"), ["7"]);
    assert_eq!(all("vary"), ["accept", "origin"]);
}

#[test]
fn no_header_can_be_forged() {
    let values = [
        "a\r\nset-cookie: admin=1",
        "a\nb",
        "a\rb",
        "a\0b",
        "\x7f",
        "\u{1b}[31m",
        "ümlaut",
        "a\u{2028}b",
        "\r\n\r\n<script>",
    ];
    for value in values {
        let owned = value.to_owned();
        for response in [
            "secret".with_header("x-note", value),
            "secret".with_header("x-note", owned.clone()),
            "secret".with_added_header("x-note", owned.as_bytes()),
            Redirect::to(owned.clone()).into_response(),
            Content::new(owned.clone(), "secret").into_response(),
            Error::not_found("secret")
                .with_header("x-note", value)
                .into_response(),
            cookie_of(SetCookie::new("a", owned.clone())),
            cookie_of(SetCookie::new("a", "b").path(owned.clone())),
            cookie_of(SetCookie::new("a", "b").domain(owned.clone())),
            cookie_of(SetCookie::new(owned.clone(), "b")),
        ] {
            assert_eq!(response.status(), 500, "{value:?}");
            let names: Vec<_> = response.headers().keys().collect();
            assert_eq!(names, ["content-type"], "{value:?}");
            let body = String::from_utf8_lossy(response.body());
            assert!(
                !body.contains("secret") && !body.contains("admin"),
                "{body}"
            );
            let log = failure(&response);
            assert!(log.contains("cannot be sent"), "{log}");
            assert!(!log.contains(['\r', '\n', '\0']), "{log:?}");
        }
    }
    for name in ["", "x y", "x:y", "x\r\ny", "ü"] {
        let response = "secret".with_header(name, "value");
        assert_eq!(response.status(), 500, "{name:?}");
        assert!(failure(&response).contains("its name is not valid"));
    }
}

#[test]
fn a_value_that_cannot_be_serialised_is_a_500_and_nothing_else() {
    let unserialisable = HashMap::from([(vec![1], 1)]);
    let response = (StatusCode::CREATED, Json(unserialisable))
        .with_header("cache-control", "public, max-age=31536000")
        .with_added_header("vary", "accept")
        .with_cookie(SetCookie::new("session", "1"));
    assert_eq!(
        parts(&response),
        (
            500,
            Some("application/problem+json"),
            r#"{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"an unexpected error occurred","code":"internal"}"#
        )
    );
    assert_eq!(response.headers().len(), 1);
    assert_eq!(failure(&response), "key must be a string");
}

#[test]
fn an_error_keeps_its_status_and_takes_headers() {
    let answer: Result<&'static str, Error> = Err(Error::unauthorized("expired"));
    let response = (StatusCode::CREATED, answer)
        .with_cookie(SetCookie::removal("session").path("/"))
        .with_header("www-authenticate", "Basic");
    assert_eq!(response.status(), 401);
    assert_eq!(
        response.headers()["set-cookie"],
        "session=; Path=/; Max-Age=0"
    );
    assert_eq!(response.headers()["www-authenticate"], "Basic");
}

#[test]
fn several_cookies_are_several_headers() {
    let response = "x"
        .with_cookie(SetCookie::new("a", "1"))
        .with_cookie(
            SetCookie::new("b", "2")
                .domain("example.com")
                .path("/x")
                .max_age(Duration::from_millis(90_500))
                .http_only()
                .secure()
                .same_site(SameSite::Strict),
        )
        .with_cookie(SetCookie::new("c", "").secure().same_site(SameSite::None));
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(
        cookies,
        [
            "a=1",
            "b=2; Domain=example.com; Path=/x; Max-Age=90; HttpOnly; Secure; SameSite=Strict",
            "c=; Secure; SameSite=None",
        ]
    );
}

#[test]
fn a_cookie_is_what_the_rfc_allows() {
    let new = |name: &'static str, value: &'static str| SetCookie::new(name, value);
    for (cookie, valid) in [
        (new("a", "!#$%&'()*+-./:<=>?@[]^_`{|}~"), true),
        (new("__Host-a", "1").secure().path("/"), true),
        (new("__Secure-a", "1").secure(), true),
        (new("a", "1").path("/a b"), true),
        (new("", "1"), false),
        (new("a b", "1"), false),
        (new("a=b", "1"), false),
        (new("a;b", "1"), false),
        (new("a", "1 2"), false),
        (new("a", "1;Secure"), false),
        (new("a", "1,2"), false),
        (new("a", "\"1\""), false),
        (new("a", "\\"), false),
        (new("a", "ü"), false),
        (new("a", "1").path("/;Domain=evil"), false),
        (new("a", "1").domain(""), false),
        (new("a", "1").domain("a;b"), false),
        (new("a", "1").domain("a b"), false),
        (new("a", "1").same_site(SameSite::None), false),
        (new("__Secure-a", "1"), false),
        (new("__secure-a", "1"), false),
        (new("__Host-a", "1").secure(), false),
        (new("__Host-a", "1").secure().path("/x"), false),
        (new("__Host-a", "1").secure().path("/").domain("a.b"), false),
    ] {
        let shown = cookie.to_string();
        let header = HeaderValue::try_from(&cookie);
        assert_eq!(header.is_ok(), valid, "{shown}");
        assert_eq!(
            cookie_of(cookie).status(),
            if valid { 204 } else { 500 },
            "{shown}"
        );
    }
    let error = HeaderValue::try_from(&new("a\nb", "1")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cookie `a\\nb` cannot be sent: ")
    );
}
