//! The way of requests through an HTTP API, without who may call.

use serde_json::{Value, json};

use super::*;

fn api(stage: &str, routes: &[&str], change: impl FnOnce(&mut HttpApiConfig)) -> HttpApi {
    let mut config = HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", stage));
    config.routes = routes
        .iter()
        .map(|route| route.parse().expect(route))
        .collect();
    change(&mut config);
    HttpApi::new(config).expect("the configuration is right")
}

fn cors() -> CorsConfig {
    CorsConfig {
        allow_origins: vec!["https://a.example".into()],
        ..CorsConfig::default()
    }
}

fn arrival() -> Arrival {
    Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY])
}

fn get(target: &str, headers: &[(&str, &str)]) -> HttpRequest {
    let mut request = HttpRequest::new("GET", target);
    request.headers.extend(
        headers
            .iter()
            .map(|&(name, value)| (name.into(), value.into())),
    );
    request
}

/// The status of the API's own answer, or the event.
fn receive(api: &HttpApi, request: &HttpRequest) -> Result<Value, u16> {
    match api.receive(request, &arrival()) {
        Received::Invoke(invocation) => {
            Ok(serde_json::from_slice(&invocation.event).expect("an event is JSON"))
        }
        Received::Answer(reply) => Err(reply.status),
        Received::Authorize(pending) => panic!("nothing is needed: {:?}", pending.need()),
    }
}

fn answer(api: &HttpApi, outcome: Outcome<'_>) -> HttpReply {
    let request = get("/a", &[("origin", "https://a.example")]);
    let Received::Invoke(invocation) = api.receive(&request, &arrival()) else {
        panic!("the route exists")
    };
    api.answer(&invocation, outcome)
}

#[test]
fn writes_the_whole_event() {
    let api = api("$default", &["PUT /a/{x}"], |config| {
        config
            .identity
            .stage_variables
            .insert("table".into(), "t1".into());
    });
    let mut request = get(
        "/a/b%20c?q=1&q=2",
        &[
            ("Host", "localhost"),
            ("COOKIE", "k=v; l=w"),
            ("cookie", "m=x"),
        ],
    );
    request.method = "PUT".into();
    request.body = "{}".into();
    request
        .headers
        .push(("content-type".into(), "application/json".into()));
    let expected = json!({
        "version": "2.0",
        "routeKey": "PUT /a/{x}",
        "rawPath": "/a/b c",
        "rawQueryString": "q=1&q=2",
        "cookies": ["k=v", "l=w", "m=x"],
        "headers": {
            "content-length": "2",
            "content-type": "application/json",
            "host": "localhost",
            "x-amzn-trace-id": "Root=1-67fd88a4-5a5a5a5a5a5a5a5a5a5a5a5a",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https"
        },
        "queryStringParameters": {"q": "1,2"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": "PUT",
                "path": "/a/b c",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": ""
            },
            "requestId": "WlpaWlpaWlpaWlo=",
            "routeKey": "PUT /a/{x}",
            "stage": "$default",
            "time": "14/Apr/2025:22:13:56 +0000",
            "timeEpoch": 1_744_668_836_000_u64
        },
        "pathParameters": {"x": "b c"},
        "stageVariables": {"table": "t1"},
        "body": "{}",
        "isBase64Encoded": false
    });
    assert_eq!(receive(&api, &request), Ok(expected));
}

#[test]
fn a_named_stage_is_the_first_segment() {
    let named = api("prod", &["GET /a", "GET /"], |_| {});
    let path = |target| receive(&named, &get(target, &[])).map(|event| event["rawPath"].clone());
    assert_eq!(path("/prod/a"), Ok("/prod/a".into()));
    assert_eq!(path("/prod"), Ok("/prod".into()));
    for target in ["/a", "/", "/production/a", "/dev/a"] {
        assert_eq!(path(target), Err(404), "{target}");
    }
}

#[test]
fn a_trailing_slash_is_a_setting() {
    let routes = &["GET /a", "GET /{x}/b", "GET /c/{rest+}"];
    let distinct = api("$default", routes, |_| {});
    let ignored = api("$default", routes, |config| {
        config.trailing_slash = TrailingSlash::Ignored;
    });
    for (target, key) in [("/a/", "GET /a"), ("/z/b/", "GET /{x}/b")] {
        assert_eq!(receive(&distinct, &get(target, &[])), Err(404), "{target}");
        let event = receive(&ignored, &get(target, &[])).expect("the slash is ignored");
        assert_eq!(
            (&event["routeKey"], &event["rawPath"]),
            (&json!(key), &json!(target))
        );
    }
    for api in [distinct, ignored] {
        let event = receive(&api, &get("/c/d/", &[])).expect("a greedy variable takes the slash");
        assert_eq!(event["pathParameters"], json!({"rest": "d/"}));
    }
}

#[test]
fn refuses_what_is_too_large() {
    let api = api("$default", &["GET /a"], |_| {});
    let sized = |head: usize, body: usize, content_type: &str| {
        let mut request = get(
            "/a",
            &[("content-type", content_type), ("x", &"y".repeat(head))],
        );
        request.body = vec![b'a'; body].into();
        receive(&api, &request).map(|_| ())
    };
    assert_eq!(sized(10_000, 0, "text/plain"), Ok(()));
    assert_eq!(sized(10_240, 0, "text/plain"), Err(431));
    assert_eq!(sized(0, HttpApi::BODY_LIMIT + 1, "text/plain"), Err(413));
    // What counts for Lambda is the event: base64 is a third longer.
    assert_eq!(sized(0, 6_000_000, "text/plain"), Ok(()));
    assert_eq!(sized(0, 6_000_000, "image/png"), Err(413));
}

#[test]
fn answers_for_what_goes_wrong() {
    let api = api("$default", &["GET /a"], |_| {});
    let table = [
        (
            Outcome::FunctionError(b"{}"),
            500,
            r#"{"message":"Internal Server Error"}"#,
        ),
        (
            Outcome::NotPermitted,
            500,
            r#"{"message":"Internal Server Error"}"#,
        ),
        (
            Outcome::Payload(b"not JSON"),
            500,
            r#"{"message":"Internal Server Error"}"#,
        ),
        (
            Outcome::Payload(br#"{"statusCode":0}"#),
            500,
            r#"{"message":"Internal Server Error"}"#,
        ),
        (
            Outcome::Payload(br#"{"statusCode":200,"body":{}}"#),
            500,
            r#"{"message":"Internal Server Error"}"#,
        ),
        (
            Outcome::IntegrationTimeout,
            503,
            r#"{"message":"Service Unavailable"}"#,
        ),
        (
            Outcome::EventTooLarge,
            413,
            r#"{"message":"Request Entity Too Large"}"#,
        ),
        (
            Outcome::Throttled,
            429,
            r#"{"message":"Too Many Requests"}"#,
        ),
    ];
    for (outcome, status, body) in table {
        let reply = answer(&api, outcome);
        assert_eq!(
            (reply.status, &*reply.body),
            (status, body.as_bytes()),
            "{outcome:?}"
        );
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("apigw-requestid"), Some("WlpaWlpaWlpaWlo="));
    }
}

#[test]
fn tells_the_log_what_is_malformed() {
    let v2 = api("$default", &["GET /a"], |_| {});
    let v1 = api("$default", &["GET /a"], |config| {
        config.payload_format = PayloadFormat::V1;
    });
    let table = [
        (&v2, "not JSON", "it is not JSON"),
        (
            &v2,
            r#"{"statusCode":"x"}"#,
            "its `statusCode` is not a whole number from 200 to 599",
        ),
        (
            &v2,
            r#"{"statusCode":200,"headers":[]}"#,
            "its `headers` are not an object",
        ),
        (
            &v2,
            r#"{"statusCode":200,"headers":{"a":{}}}"#,
            "one of its headers has a list or an object as its value",
        ),
        (
            &v2,
            r#"{"statusCode":200,"cookies":"a=b"}"#,
            "its `cookies` are not a list of texts",
        ),
        (
            &v2,
            r#"{"statusCode":200,"body":{}}"#,
            "its `body` is not a text",
        ),
        (
            &v2,
            r#"{"statusCode":200,"body":"!","isBase64Encoded":true}"#,
            "its `body` is not base64, but `isBase64Encoded` is true",
        ),
        (&v1, r#"{"body":"x"}"#, "it has no `statusCode`"),
        (
            &v1,
            "1",
            "in format 1.0 it must be an object with a `statusCode`",
        ),
    ];
    for (api, payload, problem) in table {
        let reply = answer(api, Outcome::Payload(payload.as_bytes()));
        let reason = format!("the function's result is malformed: {problem}");
        assert_eq!(
            (reply.status, reply.reason),
            (500, Some(reason)),
            "{payload}"
        );
    }
}

#[test]
fn writes_the_whole_answer() {
    let payload = br#"{
        "statusCode": 201,
        "headers": {"x-API-key": "k", "Content-Type": "text/html", "set-cookie": "c=3", "Content-Length": "99", "n": 1},
        "cookies": ["a=1; Path=/", "b=2"],
        "body": "aGk=",
        "isBase64Encoded": true
    }"#;
    let reply = answer(
        &api("$default", &["GET /a"], |_| {}),
        Outcome::Payload(payload),
    );
    let headers: Vec<(&str, &str)> = reply
        .headers
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let expected = [
        ("Date", "Mon, 14 Apr 2025 22:13:56 GMT"),
        ("Content-Type", "text/html"),
        ("Content-Length", "2"),
        ("Connection", "keep-alive"),
        ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie", "b=2"),
        ("X-Api-Key", "k"),
        ("Set-Cookie", "c=3"),
        ("N", "1"),
        ("Apigw-Requestid", "WlpaWlpaWlpaWlo="),
    ];
    assert_eq!(
        (reply.status, &headers[..], &*reply.body),
        (201, &expected[..], &b"hi"[..])
    );
}

#[test]
fn a_status_without_content_has_neither_length_nor_type() {
    let api = api("$default", &["GET /a"], |_| {});
    let reply = answer(&api, Outcome::Payload(br#"{"statusCode":204,"body":"x"}"#));
    assert_eq!(
        (
            reply.header("content-length"),
            reply.header("content-type"),
            reply.body.len()
        ),
        (None, None, 0)
    );
}

#[test]
fn configured_cors_replaces_the_handlers() {
    let payload = br#"{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"*","access-control-x":"y","x":"z"}}"#;
    let named = |reply: &HttpReply| -> Vec<(String, String)> {
        let own = |name: &str| name.starts_with("Access-") || name == "X";
        reply
            .headers
            .iter()
            .filter(|(name, _)| own(name))
            .cloned()
            .collect()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let with = api("$default", &["GET /a"], |config| config.cors = Some(cors()));
    let expected = vec![
        pair("X", "z"),
        pair("Access-Control-Allow-Origin", "https://a.example"),
    ];
    assert_eq!(named(&answer(&with, Outcome::Payload(payload))), expected);
    let without = api("$default", &["GET /a"], |_| {});
    let expected = vec![
        pair("Access-Control-Allow-Origin", "*"),
        pair("Access-Control-X", "y"),
        pair("X", "z"),
    ];
    assert_eq!(
        named(&answer(&without, Outcome::Payload(payload))),
        expected
    );
}

#[test]
fn only_a_preflight_is_answered_as_one() {
    let api = api("$default", &["OPTIONS /a"], |config| {
        config.cors = Some(cors());
    });
    let ask = ("Access-Control-Request-Method", "PUT");
    let origin = |origin| ("Origin", origin);
    let table = [
        (vec![origin("https://a.example"), ask], Err(204)),
        (vec![origin("https://evil.example"), ask], Err(204)),
        (vec![origin("https://a.example")], Ok(())),
        (vec![ask], Ok(())),
    ];
    for (headers, expected) in table {
        let request = HttpRequest {
            method: "OPTIONS".into(),
            ..get("/a", &headers)
        };
        assert_eq!(receive(&api, &request).map(|_| ()), expected, "{headers:?}");
    }
}

#[test]
fn refuses_a_wrong_configuration() {
    let error = |routes: &[&str], cors| {
        let routes = routes
            .iter()
            .map(|route| route.parse().expect(route))
            .collect();
        let config = HttpApiConfig {
            routes,
            cors,
            ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
        };
        HttpApi::new(config)
            .expect_err("the configuration is wrong")
            .to_string()
    };
    assert_eq!(
        error(&["$default", "$default"], None),
        "two routes answer the same requests; remove one: `$default`"
    );
    assert_eq!(
        error(&["GET /a", "GET /a"], None),
        "two routes answer the same requests; remove one: `GET /a`"
    );
    let any = CorsConfig {
        allow_origins: vec!["*".into()],
        allow_credentials: true,
        ..CorsConfig::default()
    };
    assert_eq!(
        error(&[], Some(any)),
        "CORS cannot allow credentials from every origin; name the origins instead of `*`"
    );
}
