//! The four front doors' events, events that are none, and whatever else JSON can be.

use std::{borrow::Cow, sync::Arc};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Arrival, Refusal, read};
use crate::{App, context::LambdaContext, payload::Format, service::Body};

const HTTP_API: &str = include_str!("../../tests/events/http_api.json");
const HTTP_API_V1: &str = include_str!("../../tests/events/http_api_v1.json");
const REST_API: &str = include_str!("../../tests/events/rest_api.json");
const FUNCTION_URL: &str = include_str!("../../tests/events/function_url.json");

fn arrive(event: &str) -> Arrival<'_> {
    read(event, Arc::default()).expect("an HTTP event")
}

/// An event with some of its members changed, by JSON pointers to existing parents.
fn changed(event: &str, changes: &[(&str, Value)]) -> String {
    let mut event: Value = serde_json::from_str(event).unwrap();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    event.to_string()
}

fn why_not(event: &str) -> String {
    match read(event, Arc::default()) {
        Err(Refusal::NotHttp(error)) => error.to_string(),
        other => panic!("expected no HTTP event, but: {other:?}"),
    }
}

#[test]
fn the_same_request_is_the_same_through_every_front_door() {
    for (event, format, route, path, stage) in [
        (
            HTTP_API,
            Format::V2,
            Some("/capture/{value}"),
            "/capture/space value",
            "$default",
        ),
        (
            HTTP_API_V1,
            Format::V1,
            Some("/capture/{value}"),
            "/capture/space%20value",
            "$default",
        ),
        (
            REST_API,
            Format::V1,
            Some("/capture/{value}"),
            "/capture/space%20value",
            "live",
        ),
        (
            FUNCTION_URL,
            Format::V2,
            None,
            "/capture/space%20value",
            "$default",
        ),
    ] {
        let arrival = arrive(event);
        let request = &arrival.request;
        assert_eq!((arrival.format, arrival.route.as_deref()), (format, route));
        assert_eq!((request.path(), request.stage()), (path, stage));

        assert_eq!(request.method(), "POST");
        let expected = route.is_some().then_some("space value");
        assert_eq!(request.path_param("value"), expected);
        for (name, values) in [
            ("repeat", &["one", "two"][..]),
            ("literalPlus", &["a b"]),
            ("encodedPlus", &["a+b"]),
            ("empty", &[""]),
            ("missing", &[]),
        ] {
            assert_eq!(request.query_values(name).collect::<Vec<_>>(), values);
        }
        assert_eq!(request.cookies().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(request.header("Content-Type"), Some("application/json"));
        assert_eq!(request.body(), "{\"hello\":\"wörld\"}".as_bytes());
        assert_eq!(request.source_ip().unwrap().to_string(), "203.0.113.7");
        assert_eq!(request.event(), event);
    }
}

#[test]
fn repeated_headers_are_kept_where_the_gateway_keeps_them() {
    for event in [HTTP_API_V1, REST_API] {
        let probes: Vec<_> = arrive(event)
            .request
            .headers()
            .get_all("x-probe")
            .iter()
            .cloned()
            .collect();
        assert_eq!(probes, ["first", "second"]);
    }
    for event in [HTTP_API, FUNCTION_URL] {
        assert_eq!(
            arrive(event).request.header("x-probe"),
            Some("first,second")
        );
    }
}

#[test]
fn a_query_that_only_arrives_decoded_is_encoded_again() {
    let raw = "repeat=one&repeat=two&literalPlus=a%20b&encodedPlus=a%2Bb&empty=";
    let mut pairs: Vec<_> = raw.split('&').collect();
    pairs.sort_unstable();
    for event in [HTTP_API_V1, REST_API] {
        let arrival = arrive(event);
        let mut again: Vec<_> = arrival.request.raw_query().split('&').collect();
        again.sort_unstable();
        assert_eq!(again, pairs);
    }
}

#[test]
fn parameters_are_decoded_exactly_once() {
    // What a client sent as `/capture/100%2525`, that is the value `100%25`.
    let sent = [("/pathParameters/value", json!("100%25"))];
    for event in [HTTP_API, HTTP_API_V1] {
        let event = changed(event, &sent);
        assert_eq!(arrive(&event).request.path_param("value"), Some("100%25"));
    }
    let event = changed(REST_API, &[("/pathParameters/value", json!("100%2525"))]);
    assert_eq!(arrive(&event).request.path_param("value"), Some("100%25"));
}

#[test]
fn the_path_for_our_own_matching_is_encoded_and_has_no_stage() {
    let path = |event: &str, raw: &str, decoded: &str, stage: &str| {
        let event = changed(
            event,
            &[
                ("/rawPath", json!(raw)),
                ("/requestContext/http/path", json!(decoded)),
                ("/requestContext/stage", json!(stage)),
            ],
        );
        arrive(&event).request.encoded_path.into_owned()
    };
    for (raw, decoded, stage, expected) in [
        // An HTTP API: decoded both.
        ("/a b", "/a b", "$default", "/a b"),
        ("/100%", "/100%", "$default", "/100%25"),
        ("/prod/a", "/prod/a", "prod", "/a"),
        ("/prod", "/prod", "prod", ""),
        ("/production/a", "/production/a", "prod", "/production/a"),
        // A function URL: the raw path is raw.
        ("/a%20b", "/a b", "$default", "/a%20b"),
        ("/100%25", "/100%", "$default", "/100%25"),
        // What has no stage in its path may have a segment of that name.
        ("/$default/a", "/$default/a", "$default", "/$default/a"),
    ] {
        assert_eq!(path(HTTP_API, raw, decoded, stage), expected, "{raw}");
    }
}

#[test]
fn only_an_http_api_has_its_stage_in_the_path_of_format_1_0() {
    let path = |event: &str, path: &str, stage: &str| {
        let changes = [
            ("/path", json!(path)),
            ("/requestContext/stage", json!(stage)),
        ];
        let event = changed(event, &changes);
        arrive(&event).request.encoded_path.into_owned()
    };
    for (event, sent, stage, expected) in [
        (HTTP_API_V1, "/prod/a%20b", "prod", "/a%20b"),
        (HTTP_API_V1, "/prod/a", "$default", "/prod/a"),
        // Its path is the one behind the stage, so this is a segment of that name.
        (REST_API, "/prod/a%20b", "prod", "/prod/a%20b"),
    ] {
        assert_eq!(path(event, sent, stage), expected, "{sent} {stage}");
    }
}

#[test]
fn bodies_in_base64_are_decoded_and_what_is_none_is_refused() {
    for event in [HTTP_API, REST_API] {
        let coded = |body: &str| {
            changed(
                event,
                &[("/body", json!(body)), ("/isBase64Encoded", json!(true))],
            )
        };
        assert_eq!(arrive(&coded("AP8=")).request.body(), [0, 0xff]);
        assert_eq!(arrive(&coded("")).request.body(), b"");
        let refused = coded("no base64!");
        let refused = read(&refused, Arc::default());
        assert!(matches!(refused, Err(Refusal::BadBody(_))));
    }
}

#[test]
fn null_is_as_good_as_absent() {
    for event in [HTTP_API, HTTP_API_V1, REST_API, FUNCTION_URL] {
        let mut event: Value = serde_json::from_str(event).unwrap();
        for name in [
            "body",
            "cookies",
            "headers",
            "multiValueHeaders",
            "pathParameters",
            "stageVariables",
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "isBase64Encoded",
        ] {
            event[name] = Value::Null;
        }
        let event = event.to_string();
        let arrival = arrive(&event);
        assert!(arrival.request.headers().is_empty());
        assert_eq!(arrival.request.body(), b"");
    }
}

#[test]
fn texts_without_escapes_are_borrowed() {
    let arrival = arrive(HTTP_API);
    let request = &arrival.request;
    assert!(matches!(request.path, Cow::Borrowed(_)));
    assert!(matches!(request.raw_query, Cow::Borrowed(_)));
    assert!(matches!(arrival.route, Some(Cow::Borrowed(_))));
    for (name, value) in &request.headers {
        assert!(matches!(
            (name, value),
            (Cow::Borrowed(_), Cow::Borrowed(_))
        ));
    }
    assert!(
        matches!(request.body, Cow::Owned(_)),
        "it has quotes to unescape"
    );
}

#[test]
fn what_is_no_http_request_is_told_by_name() {
    for (event, what) in [
        (
            include_str!("../../tests/events/sqs.json"),
            "something else: records of `aws:sqs`",
        ),
        (
            include_str!("../../tests/events/schedule.json"),
            "something else: `Scheduled Event` of `aws.events`",
        ),
        (
            r#"{"requestContext":{"elb":{"targetGroupArn":"x"}},"httpMethod":"GET","path":"/"}"#,
            "a request of an Application Load Balancer",
        ),
        (
            r#"{"requestContext":{"connectionId":"x","eventType":"CONNECT"},"isBase64Encoded":false}"#,
            "a message of a WebSocket API",
        ),
        (
            "{}",
            "it has neither `requestContext.http` nor `httpMethod`",
        ),
        (
            r#"{"version":"2.0"}"#,
            "it has neither `requestContext.http` nor `httpMethod`",
        ),
        (
            r#"{"version":"3.0","httpMethod":"GET","path":"/"}"#,
            "unknown version: `3.0`",
        ),
        ("[]", "invalid type: sequence, expected an object"),
        ("17", "invalid type: integer `17`, expected an object"),
        (
            r#"{"httpMethod":7}"#,
            "invalid type: integer `7`, expected a string at line 1 column 15",
        ),
    ] {
        let told = why_not(event);
        assert!(told.contains(what), "{told}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(
            &[
                "2.0",
                "1.0",
                "GET",
                "/a%zz",
                "$default",
                "GET /a/{b}",
                "/{x+}",
                "=="
            ][..]
        )
        .prop_map(Value::from),
    ];
    let key = prop_oneof![prop::sample::select(KEYS).prop_map(str::to_owned), ".{0,6}",];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Every key that the reader knows.
const KEYS: &[&str] = &[
    "version",
    "headers",
    "pathParameters",
    "stageVariables",
    "requestContext",
    "body",
    "isBase64Encoded",
    "routeKey",
    "rawPath",
    "rawQueryString",
    "cookies",
    "resource",
    "path",
    "httpMethod",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "stage",
    "requestId",
    "http",
    "identity",
    "elb",
    "method",
    "sourceIp",
    "Records",
    "eventSource",
    "source",
    "detail-type",
];

/// Every place of an event, as a JSON pointer.
fn places(event: &Value, here: &str, into: &mut Vec<String>) {
    into.push(here.to_owned());
    match event {
        Value::Object(members) => {
            for (key, member) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(member, &format!("{here}/{key}"), into);
            }
        }
        Value::Array(members) => {
            for (index, member) in members.iter().enumerate() {
                places(member, &format!("{here}/{index}"), into);
            }
        }
        _ => {}
    }
}

/// Has an app answer, one without routes or one with a service under every path, so that a panic anywhere on the way fails the test.
/// The answer is a payload, or an error that says something.
fn answer(event: &str, app: App) {
    let (_, assembly) = app.into_parts().expect("a well-formed app");
    let app = assembly.with_state(());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    match runtime.block_on(app.answer(None, event, LambdaContext::default())) {
        Ok(payload) => {
            let payload = serde_json::to_value(payload).unwrap();
            let status = payload["statusCode"].as_u64();
            assert!(
                matches!(status, Some(200 | 400 | 404)),
                "{event}: {payload}"
            );
        }
        Err(error) => assert!(!error.message.is_empty()),
    }
}

fn answer_all(event: &str) {
    answer(event, App::stateless("none"));
    let service = tower::service_fn(async |request: http::Request<Body>| {
        let body = format!("{request:?}");
        Ok::<_, std::convert::Infallible>(http::Response::new(Body::from(body)))
    });
    let app = App::stateless("all").mount_service("/", service);
    answer(event, app.layer(tower::layer::util::Identity::new()));
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused(event in any_json()) {
        answer_all(&event.to_string());
    }

    #[test]
    fn any_text_is_read_or_refused(event in ".{0,80}") {
        answer_all(&event);
    }

    #[test]
    fn an_event_with_anything_anywhere_is_read_or_refused(
        event in prop::sample::select(&[HTTP_API, HTTP_API_V1, REST_API, FUNCTION_URL][..]),
        place in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        let mut event: Value = serde_json::from_str(event).unwrap();
        let mut all = Vec::new();
        places(&event, "", &mut all);
        *event.pointer_mut(&all[place.index(all.len())]).unwrap() = value;
        answer_all(&event.to_string());
    }
}
