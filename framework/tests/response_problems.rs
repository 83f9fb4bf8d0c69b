//! Errors as problem documents, to the byte; and all that is wrong with a request in one of them.

use std::{error::Error as StdError, fmt};

use fw::{
    Error, FromRequest, IntoResponse, Json, Method, Request, Response, StatusCode,
    error::{Failure, Problem, Problems},
    extract::{Bearer, Header, Query, UserAgent},
};
use serde::Deserialize;

fn body(response: &Response) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

#[test]
fn each_error_has_its_document() {
    for (error, expected) in [
        (Error::bad_request("d"), (400, "Bad Request", "bad_request")),
        (
            Error::unauthorized("d"),
            (401, "Unauthorized", "unauthorized"),
        ),
        (Error::forbidden("d"), (403, "Forbidden", "forbidden")),
        (Error::not_found("d"), (404, "Not Found", "not_found")),
        (Error::conflict("d"), (409, "Conflict", "conflict")),
        (Error::gone("d"), (410, "Gone", "gone")),
        (
            Error::payload_too_large("d"),
            (413, "Content Too Large", "payload_too_large"),
        ),
        (
            Error::unsupported_media_type("d"),
            (415, "Unsupported Media Type", "unsupported_media_type"),
        ),
        (
            Error::unprocessable("d"),
            (422, "Unprocessable Content", "unprocessable"),
        ),
        (
            Error::too_many_requests("d"),
            (429, "Too Many Requests", "too_many_requests"),
        ),
        (
            Error::unavailable("d"),
            (503, "Service Unavailable", "unavailable"),
        ),
        (
            Error::new(StatusCode::IM_A_TEAPOT, "d"),
            (418, "I'm a teapot", "client_error"),
        ),
        (
            Error::new(StatusCode::INSUFFICIENT_STORAGE, "d"),
            (507, "Insufficient Storage", "server_error"),
        ),
        (
            Error::new(StatusCode::from_u16(499).unwrap(), "d").with_code("gone_away"),
            (499, "Error", "gone_away"),
        ),
    ] {
        let (status, title, code) = expected;
        assert_eq!(error.code(), code);
        assert_eq!(error.detail(), "d");
        let response = error.into_response();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert_eq!(
            body(&response),
            format!(
                r#"{{"type":"about:blank","title":"{title}","status":{status},"detail":"d","code":"{code}"}}"#
            )
        );
    }
}

#[test]
fn errors_bring_their_headers() {
    let response = Error::method_not_allowed(["GET", "HEAD"]).into_response();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET, HEAD");
    assert!(body(&response).contains(r#""detail":"this path answers: GET, HEAD""#));
    let response = Error::method_not_allowed([""; 0]).into_response();
    assert_eq!(response.headers()["allow"], "");
    let response = Error::unavailable("later")
        .with_header("Retry-After", 30)
        .into_response();
    assert_eq!(response.headers()["retry-after"], "30");
    let response = Error::unauthorized("who").into_response();
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    // A header that contradicts the body is not taken.
    let response = Error::gone("x")
        .with_header("content-type", "text/html")
        .into_response();
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
}

#[test]
fn an_error_is_4xx_or_5xx() {
    for status in [100, 200, 204, 302, 399, 600, 999] {
        let error = Error::new(StatusCode::from_u16(status).unwrap(), "well done");
        assert_eq!(error.status(), 500);
        assert!(!error.detail().contains("well done"));
        assert!(
            format!("{error:#}").contains(&format!("{status}")),
            "{error:#}"
        );
    }
}

#[derive(Debug)]
struct Layer(&'static str, Option<Box<Layer>>);

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl StdError for Layer {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.1.as_ref().map(|inner| &**inner as _)
    }
}

#[test]
fn a_cause_is_logged_and_not_sent() {
    fn fails() -> fw::Result<()> {
        let secret = Layer("password `hunter2` refused", None);
        Err(Layer("no connection", Some(Box::new(secret))))?;
        Ok(())
    }
    let error = fails().unwrap_err();
    assert_eq!(error.causes().count(), 2);
    assert_eq!(error.find_cause::<Layer>().unwrap().0, "no connection");
    assert_eq!(error.to_string(), "an unexpected error occurred");
    assert_eq!(
        format!("{error:#}"),
        "an unexpected error occurred: no connection: password `hunter2` refused"
    );
    assert!(format!("{error:?}").contains("hunter2"));
    let response = error.into_response();
    assert_eq!(
        body(&response),
        r#"{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"an unexpected error occurred","code":"internal"}"#
    );
    assert!(!format!("{:?}", response.headers()).contains("hunter2"));
    let failure = response.extensions().get::<Failure>().unwrap();
    assert_eq!(
        failure.to_string(),
        "no connection: password `hunter2` refused"
    );
    assert_eq!(failure.detail(), "an unexpected error occurred");
}

#[test]
fn a_result_of_an_error_is_small() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<fw::Result<()>>(), size_of::<usize>());
    assert_eq!(size_of::<Problems>(), 2 * size_of::<usize>());
    fn sendable<T: Send + Sync + 'static>() {}
    sendable::<Error>();
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Page {
    page: u32,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only whether it can be read matters")]
struct Document {
    value: u8,
}

/// What the macros make of a handler that takes all of these.
fn answer(request: &Request<'_>) -> Response {
    let mut problems = Problems::new();
    let bearer = problems.keep(Bearer::from_request(request));
    let agent = problems.keep(Header::<UserAgent>::from_request(request));
    let page = problems.keep(Query::<Page>::from_request(request));
    let body = problems.keep(Json::<Document>::from_request(request));
    match (bearer, agent, page, body) {
        (Some(_), Some(_), Some(_), Some(_)) => "all read".into_response(),
        _ => problems.into_response(),
    }
}

fn post<'e>(target: &'e str, content_type: &'e str, body: &'e [u8]) -> Request<'e> {
    Request::new(Method::POST, target)
        .with_header("authorization", "Bearer x")
        .with_header("content-type", content_type)
        .with_body(body)
}

#[test]
fn all_problems_of_a_request_are_told_at_once() {
    let json = "application/json";
    let request = post("/?page=two", json, br#"{"value":"x"}"#);
    let response = answer(&request);
    assert_eq!(response.status(), 400);
    assert_eq!(
        body(&response),
        concat!(
            r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"3 problems, listed in `errors`","code":"bad_request","errors":["#,
            r#"{"in":"header","name":"user-agent","detail":"missing"},"#,
            r#"{"in":"query","name":"page","detail":"invalid digit found in string"},"#,
            r#"{"in":"body","pointer":"/value","detail":"invalid type: string \"x\", expected u8"}]}"#
        )
    );

    let request = post("/?page=2", json, b"{").with_header("user-agent", "x");
    let response = answer(&request);
    assert_eq!(response.status(), 400);
    assert_eq!(
        body(&response),
        concat!(
            r#"{"type":"about:blank","title":"Bad Request","status":400,"#,
            r#""detail":"body is not JSON: EOF while parsing an object at line 1 column 1","code":"bad_request","errors":["#,
            r#"{"in":"body","detail":"body is not JSON: EOF while parsing an object at line 1 column 1"}]}"#
        )
    );

    let request = post("/?page=2", json, b"{}").with_header("user-agent", "x");
    let response = answer(&request);
    assert_eq!(response.status(), 422);
    assert_eq!(
        body(&response),
        concat!(
            r#"{"type":"about:blank","title":"Unprocessable Content","status":422,"detail":"body: missing field `value`","#,
            r#""code":"unprocessable","errors":[{"in":"body","pointer":"","detail":"missing field `value`"}]}"#
        )
    );

    let request = post("/?page=2", json, br#"{"value":1}"#).with_header("user-agent", "x");
    assert_eq!(body(&answer(&request)), "all read");
}

#[test]
fn what_is_no_problem_of_a_parameter_is_answered_alone() {
    // The wrong content type, not the header and the query that are wrong as well and come first.
    let response = answer(&post("/?page=two", "text/plain", b"{}"));
    assert_eq!(response.status(), 415);
    assert_eq!(response.headers()["accept"], "application/json");
    assert!(!body(&response).contains("errors"));

    // Of two such, the first.
    let request = Request::new(Method::POST, "/?page=two").with_body(b"{}");
    assert_eq!(answer(&request).status(), 401);
}

#[test]
fn errors_of_ones_own_join_in() {
    let keep = |errors: Vec<Error>| {
        let mut problems = Problems::new();
        for error in errors {
            assert!(problems.keep(Err::<(), _>(error)).is_none());
        }
        problems.into_response()
    };
    let invalid = |pointer: &'static str| {
        Error::unprocessable("invalid")
            .with_code("invalid_order")
            .with_problem(Problem::pointer(pointer, "too small"))
    };
    let response = keep(vec![invalid("/a"), invalid("/b")]);
    assert_eq!(response.status(), 422);
    assert!(body(&response).contains(r#""code":"invalid_order""#));
    assert!(body(&response).contains(r#""pointer":"/b""#));

    let missing = Error::bad_request("no").with_problem(Problem::cookie("session", "missing"));
    let response = keep(vec![invalid("/a"), missing]);
    assert_eq!(response.status(), 400);
    assert!(body(&response).contains(r#""code":"bad_request""#));

    // Without a problem of a parameter, or with another status, it stands alone.
    let response = keep(vec![invalid("/a"), Error::bad_request("no such day")]);
    assert!(body(&response).contains("no such day"));
    let gone = Error::gone("gone").with_problem(Problem::path("key", "expired"));
    assert_eq!(keep(vec![invalid("/a"), gone]).status(), 410);

    // Nobody calls it without an error; if somebody does, it is no success.
    assert_eq!(Problems::new().into_response().status(), 500);
}
