mod usage;

use serde_json::{Value, json};

use super::*;
use crate::{
    config::ApiIdentity,
    cors::CorsConfig,
    http::{HttpReply, HttpRequest, Outcome, Received},
    throttle::Throttle,
};

fn with_routes(routes: &[&str], cors: Option<CorsConfig>) -> Result<RestApi, ConfigError> {
    let routes = routes
        .iter()
        .map(|route| route.parse().expect(route))
        .collect();
    RestApi::new(RestApiConfig {
        routes,
        cors,
        ..RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"))
    })
}

fn cors(origins: &[&str]) -> Option<CorsConfig> {
    let allow_origins = origins.iter().map(ToString::to_string).collect();
    Some(CorsConfig {
        allow_origins,
        ..CorsConfig::default()
    })
}

fn receive(api: &RestApi, request: &HttpRequest) -> Received {
    api.receive(
        request,
        &Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY]),
    )
}

fn answer(api: &RestApi, outcome: Outcome<'_>) -> HttpReply {
    match receive(api, &HttpRequest::new("GET", "/dev/a")) {
        Received::Invoke(invocation) => api.answer(&invocation, outcome),
        other => panic!("the route exists: {other:?}"),
    }
}

#[test]
fn writes_the_whole_event() {
    let api = with_routes(&["PUT /a/{x+}"], None).expect("one route");
    let mut request = HttpRequest::new("PUT", "/dev/a/b%20c/?q=1;q=2");
    for (name, value) in [
        ("host", "localhost"),
        ("x-B", "1"),
        ("X-b", "2"),
        ("user-agent", "ua"),
        ("te", "gzip"),
    ] {
        request.push_header(name, value.as_bytes());
    }
    request.body = "é".into();
    let Received::Invoke(invocation) = receive(&api, &request) else {
        panic!("the route exists")
    };
    let event: Value = serde_json::from_slice(&invocation.event).expect("an event is JSON");
    let trace = "Root=1-67fd88a4-5a5a5a5a5a5a5a5a5a5a5a5a";
    let expected = json!({
        "resource": "/a/{x+}",
        "path": "/a/b%20c/",
        "httpMethod": "PUT",
        "headers": {
            "Host": "localhost",
            "User-Agent": "ua",
            "X-Amzn-Trace-Id": trace,
            "x-B": "2",
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https"
        },
        "multiValueHeaders": {
            "Host": ["localhost"],
            "User-Agent": ["ua"],
            "X-Amzn-Trace-Id": [trace],
            "x-B": ["1", "2"],
            "X-Forwarded-For": ["127.0.0.1"],
            "X-Forwarded-Port": ["443"],
            "X-Forwarded-Proto": ["https"]
        },
        "queryStringParameters": {"q": "2"},
        "multiValueQueryStringParameters": {"q": ["1", "2"]},
        "pathParameters": {"x": "b%20c"},
        "stageVariables": null,
        "requestContext": {
            "resourceId": event["requestContext"]["resourceId"],
            "resourcePath": "/a/{x+}",
            "httpMethod": "PUT",
            "extendedRequestId": "WlpaWlpaWlpaWlo=",
            "requestTime": "14/Apr/2025:22:13:56 +0000",
            "path": "/dev/a/b%20c/",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "dev",
            "domainPrefix": "a1b2c3d4e5",
            "requestTimeEpoch": 1_744_668_836_000_u64,
            "requestId": "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a",
            "identity": {
                "cognitoIdentityPoolId": null,
                "accountId": null,
                "cognitoIdentityId": null,
                "caller": null,
                "sourceIp": "127.0.0.1",
                "principalOrgId": null,
                "accessKey": null,
                "cognitoAuthenticationType": null,
                "cognitoAuthenticationProvider": null,
                "userArn": null,
                "userAgent": "ua",
                "user": null
            },
            "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
            "deploymentId": event["requestContext"]["deploymentId"],
            "apiId": "a1b2c3d4e5"
        },
        "body": "é",
        "isBase64Encoded": false
    });
    assert_eq!(event, expected);
    let id = event["requestContext"]["resourceId"]
        .as_str()
        .expect("an id");
    assert!(
        id.len() == 10
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
        "{id}"
    );
}

#[test]
fn writes_the_whole_answer() {
    let payload = br#"{
        "headers": {"x-one": "single", "server": "mine", "Date": "then"},
        "multiValueHeaders": {"X-One": ["a", "b"]},
        "body": "aGk=",
        "isBase64Encoded": true
    }"#;
    let reply = answer(
        &with_routes(&["GET /a"], None).expect("one route"),
        Outcome::Payload(payload),
    );
    let headers: Vec<(&str, &str)> = reply
        .headers
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let trace = "Root=1-67fd88a4-5a5a5a5a5a5a5a5a5a5a5a5a;Parent=5a5a5a5a5a5a5a5a;Sampled=0;Lineage=1:5a5a5a5a:0";
    let expected = [
        ("Date", "Mon, 14 Apr 2025 22:13:56 GMT"),
        ("Content-Type", "application/json"),
        ("Content-Length", "4"),
        ("Connection", "keep-alive"),
        ("x-amzn-RequestId", "5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a"),
        ("x-amz-apigw-id", "WlpaWlpaWlpaWlo="),
        ("X-Amzn-Trace-Id", trace),
        ("X-One", "a"),
        ("X-One", "b"),
        ("X-One", "single"),
        ("x-amzn-Remapped-server", "mine"),
        ("x-amzn-Remapped-Date", "then"),
    ];
    assert_eq!(
        (reply.status, &headers[..], &*reply.body),
        (200, &expected[..], &b"aGk="[..])
    );
}

#[test]
fn answers_for_what_goes_wrong() {
    let plain = with_routes(&["GET /a"], None).expect("one route");
    let mut binary = plain.clone();
    binary.config.binary_media_types.push("*/*".into());
    let internal = r#"{"message": "Internal server error"}"#;
    let table = [
        (&plain, Outcome::FunctionError(b"{}"), 502, internal),
        (&plain, Outcome::Payload(b"not JSON"), 502, internal),
        (&plain, Outcome::Payload(b"null"), 502, internal),
        (
            &plain,
            Outcome::Payload(br#"{"cookies":[]}"#),
            502,
            internal,
        ),
        (
            &plain,
            Outcome::Payload(br#"{"StatusCode":200}"#),
            502,
            internal,
        ),
        (&plain, Outcome::Payload(br#"{"body":{}}"#), 502, internal),
        (
            &binary,
            Outcome::Payload(br#"{"body":"!","isBase64Encoded":true}"#),
            500,
            internal,
        ),
        (&plain, Outcome::Throttled, 500, internal),
        (&plain, Outcome::NotPermitted, 500, internal),
        (
            &plain,
            Outcome::IntegrationTimeout,
            504,
            r#"{"message": "Endpoint request timed out"}"#,
        ),
        (
            &plain,
            Outcome::EventTooLarge,
            413,
            r#"{"message":"Request Too Long"}"#,
        ),
    ];
    for (api, outcome, status, body) in table {
        let reply = answer(api, outcome);
        assert_eq!(
            (reply.status, &*reply.body),
            (status, body.as_bytes()),
            "{outcome:?}"
        );
        assert!(
            reply.header("x-amzn-errortype").is_some() && reply.header("x-amzn-trace-id").is_none()
        );
    }
}

#[test]
fn a_header_can_replace_the_method() {
    let api = with_routes(&["PUT /a", "ANY /b"], None).expect("two routes");
    let table = [
        ("POST", "/dev/a", Some("PUT"), Some("PUT")),
        ("PUT", "/dev/a", None, Some("PUT")),
        ("PUT", "/dev/a", Some("GET"), None),
        ("TRACE", "/dev/b", None, None),
        ("GET", "/dev/b", Some("PURGE"), None),
    ];
    for (method, target, header, expected) in table {
        let mut request = HttpRequest::new(method, target);
        if let Some(header) = header {
            request.push_header("X-HTTP-Method-Override", header.as_bytes());
        }
        let method = match receive(&api, &request) {
            Received::Invoke(invocation) => {
                let event: Value =
                    serde_json::from_slice(&invocation.event).expect("an event is JSON");
                event["httpMethod"].as_str().map(str::to_owned)
            }
            Received::Answer(reply) => {
                assert_eq!(reply.status, 403);
                None
            }
            Received::Authorize(_) => panic!("nobody asks who calls"),
        };
        assert_eq!(
            method.as_deref(),
            expected,
            "{method:?} {target} {header:?}"
        );
    }
}

#[test]
fn the_mock_answers_where_there_is_no_options_method() {
    let api = with_routes(&["GET /a", "PUT /a", "OPTIONS /b", "ANY /c"], cors(&["*"]))
        .expect("the routes differ");
    for (target, mocked) in [("/dev/a", true), ("/dev/b", false), ("/dev/c", true)] {
        match receive(&api, &HttpRequest::new("OPTIONS", target)) {
            Received::Answer(reply) => {
                let origin = reply.header("access-control-allow-origin");
                assert_eq!(
                    (mocked, reply.status, origin),
                    (true, 200, Some("*")),
                    "{target}"
                );
            }
            _ => assert!(!mocked, "{target}"),
        }
    }
}

#[test]
fn refuses_a_wrong_configuration() {
    let error = |routes: &[&str], cors| {
        with_routes(routes, cors)
            .expect_err("it is wrong")
            .to_string()
    };
    assert_eq!(
        error(&["$default"], None),
        "a REST API has no `$default` route; use `ANY /{proxy+}` and `ANY /`"
    );
    assert_eq!(
        error(&["GET /ping"], None),
        "REST APIs reserve `/ping` and `/sping`; choose another path for: `GET /ping`"
    );
    assert_eq!(
        error(
            &["GET /a"],
            cors(&["https://a.example", "https://b.example"])
        ),
        "CORS of a REST API needs exactly one origin, because its answer is a fixed text; origins given: 2"
    );
    assert_eq!(
        error(&["GET /a", "GET /a"], None),
        "two routes answer the same requests; remove one: `GET /a`"
    );
    assert_eq!(
        error(&["GET /a/{id}", "PUT /a/{key}"], None),
        "a REST API has one variable name at each position of a path; use the same name in: `GET /a/{id}` and `PUT /a/{key}`"
    );
}

#[test]
fn a_variable_has_one_name_at_each_place() {
    let siblings = |routes: &[&str]| {
        let routes: Vec<RouteKey> = routes
            .iter()
            .map(|route| route.parse().expect(route))
            .collect();
        RestApi::siblings(&routes)
    };
    for routes in [
        ["GET /a/{id}", "PUT /a/{id}", "GET /a/{id}/b/{id2}"],
        ["GET /a/{id}", "GET /b/{key}", "GET /{all+}"],
        ["GET /a/{id}", "GET /a/b/{key}", "GET /{x}/{key}"],
        ["GET /ab/{x}", "PUT /a/{y}", "GET /"],
    ] {
        assert_eq!(siblings(&routes), None, "{routes:?}");
    }
    for (routes, both) in [
        (["GET /a/{id}/b", "GET /a", "PUT /a/{key}/c"], (0, 2)),
        (["GET /a", "GET /{a}/{b}", "GET /{a}/{c}/d"], (1, 2)),
        (["GET /a/{id}", "ANY /a/{proxy+}", "GET /a"], (0, 1)),
        (["GET /a/{x+}", "PUT /a/{y+}", "PUT /a/{z+}"], (0, 1)),
    ] {
        assert_eq!(siblings(&routes), Some(both), "{routes:?}");
    }
}

fn api(binary_media_types: &[&str]) -> RestApi {
    let config = RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"));
    let binary_media_types = binary_media_types.iter().map(ToString::to_string).collect();
    RestApi::new(RestApiConfig {
        binary_media_types,
        ..config
    })
    .expect("no routes, no conflict")
}

#[test]
fn the_first_media_type_decides() {
    let table: [(&[&str], Option<&str>, bool); 14] = [
        (&[], Some("image/png"), false),
        (&["image/png"], None, false),
        (&["image/png"], Some("IMAGE/png"), true),
        (&["image/png"], Some("image/png;q=0.1, text/html"), true),
        (&["image/png"], Some("text/html, image/png"), false),
        (&["image/png"], Some("image/*"), false),
        (&["image/png"], Some("*/*"), false),
        (&["application/*"], Some("application/whatever"), true),
        (&["application/*"], Some("application/*"), true),
        (&["application/*"], Some("application"), false),
        (&["*/test"], Some("image/test"), false),
        (&["*/test"], Some("*/test"), false),
        (&["*/*"], Some("text/html"), true),
        (&["*/*"], None, true),
    ];
    for (types, header, expected) in table {
        assert_eq!(
            api(types).is_binary(header),
            expected,
            "{types:?} {header:?}"
        );
    }
}

#[test]
fn finds_the_path_behind_the_stage() {
    let table = [
        ("/dev/a", "/dev/a", Some("/a")),
        ("//dev/a", "/dev/a", Some("/a")),
        ("/dev//a", "/dev//a", Some("/a")),
        ("/dev/a//b/", "/dev/a//b/", Some("/a//b/")),
        ("/dev", "/dev", Some("/")),
        ("/dev/", "/dev/", Some("/")),
        ("/device/a", "/device/a", None),
        ("/", "/", None),
        ("///", "/", None),
    ];
    for (path, full, behind) in table {
        assert_eq!(
            (collapse(path), behind_stage(collapse(path), "dev")),
            (full, behind),
            "{path}"
        );
    }
}
