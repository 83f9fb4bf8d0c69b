//! What must hold for every request, result and route, whatever bytes they are made of.

use std::collections::HashSet;

use fw_gateway::{
    ApiIdentity, Arrival, CorsConfig, FrontDoor, FunctionUrl, FunctionUrlConfig, HttpApi,
    HttpApiConfig, HttpApiRoute, HttpReply, HttpRequest, Invocation, Matcher, Outcome, PathPattern,
    PayloadFormat, Received, RestApi, RestApiConfig, RouteKey, Segment,
};
use http::{HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

fn arrival() -> Arrival {
    Arrival::new(1_744_668_836_000, [0x5a; Arrival::ENTROPY])
}

fn doors() -> Vec<FrontDoor> {
    let routes = || -> Vec<RouteKey> {
        ["GET /a", "ANY /a/{x}", "PUT /{x}/b/{y}", "ANY /c/{rest+}"]
            .iter()
            .filter_map(|key| key.parse().ok())
            .collect()
    };
    let with_default = || {
        routes()
            .into_iter()
            .chain([RouteKey::Default])
            .map(HttpApiRoute::from)
            .collect()
    };
    let identity = |stage| ApiIdentity::new("a1b2c3d4e5", stage);
    let one = || vec!["https://a.example".to_owned()];
    let cors = || CorsConfig {
        allow_origins: one(),
        allow_credentials: true,
        ..CorsConfig::default()
    };
    let binary_media_types = vec!["*/*".to_owned()];
    let http = HttpApiConfig {
        routes: with_default(),
        ..HttpApiConfig::new(identity("$default"))
    };
    let http_v1 = HttpApiConfig {
        payload_format: PayloadFormat::V1,
        ..http.clone()
    };
    let http_staged = HttpApiConfig {
        routes: routes().into_iter().map(HttpApiRoute::from).collect(),
        cors: Some(cors()),
        ..HttpApiConfig::new(identity("a"))
    };
    let rest = RestApiConfig {
        routes: routes(),
        binary_media_types,
        cors: Some(cors()),
        ..RestApiConfig::new(identity("a"))
    };
    let url = FunctionUrlConfig {
        cors: Some(cors()),
        ..FunctionUrlConfig::new(identity("$default"))
    };
    vec![
        HttpApi::new(http).expect("the routes differ").into(),
        HttpApi::new(http_v1).expect("the routes differ").into(),
        HttpApi::new(http_staged).expect("the routes differ").into(),
        RestApi::new(rest).expect("the routes differ").into(),
        FunctionUrl::new(url).expect("the origins are named").into(),
        FunctionUrl::new(FunctionUrlConfig {
            streaming: true,
            ..FunctionUrlConfig::new(identity("$default"))
        })
        .expect("no CORS")
        .into(),
    ]
}

/// One invocation for each front door.
fn invocations() -> Vec<(FrontDoor, Invocation)> {
    let invoke = |door: FrontDoor| {
        ["/a/a", "/a"].iter().find_map(|target| {
            let mut request = HttpRequest::new("GET", *target);
            request.push_header("origin", b"https://a.example");
            match door.receive(&request, &arrival()) {
                Received::Invoke(invocation) => Some((door.clone(), invocation)),
                Received::Answer(_) | Received::Authorize(_) => None,
            }
        })
    };
    let invocations: Vec<_> = doors().into_iter().filter_map(invoke).collect();
    assert_eq!(invocations.len(), doors().len());
    invocations
}

/// A server can send the reply as it is, and it does not contradict itself.
fn check_reply(reply: &HttpReply) {
    assert!((200..600).contains(&reply.status), "{reply:?}");
    let mut once = HashSet::new();
    for (name, value) in &reply.headers {
        let header = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
        assert!(
            HeaderValue::from_bytes(value.as_bytes()).is_ok(),
            "{name}: {value:?}"
        );
        if [
            "content-length",
            "content-type",
            "connection",
            "date",
            "transfer-encoding",
        ]
        .contains(&header.as_str())
        {
            assert!(once.insert(header), "{name} twice: {reply:?}");
        }
    }
    assert_eq!(reply.header("transfer-encoding"), None);
    // HTTP has no content for these two, and no length for the first (RFC 9110 §8.6).
    assert!(
        ![204, 304].contains(&reply.status) || reply.body.is_empty(),
        "{reply:?}"
    );
    match reply.header("content-length") {
        Some(length) => assert!(
            reply.status != 204 && length == reply.body.len().to_string(),
            "{reply:?}"
        ),
        None => assert!([204, 304].contains(&reply.status), "{reply:?}"),
    }
}

/// The event is an object, and says what came in.
fn check_event(invocation: &Invocation, request: &HttpRequest) {
    let event: Value = serde_json::from_slice(&invocation.event).expect("an event is JSON");
    let headers = event["headers"].as_object().expect("there are headers");
    assert!(headers.values().all(Value::is_string));
    let context = &event["requestContext"];
    let method = context["http"]["method"]
        .as_str()
        .or(event["httpMethod"].as_str());
    assert!(method.is_some());
    let (body, encoded) = (event["body"].as_str(), event["isBase64Encoded"].as_bool());
    match (body, encoded) {
        (None, Some(false)) => assert!(request.body.is_empty()),
        (Some(text), Some(false)) => assert_eq!(text.as_bytes(), request.body),
        (Some(text), Some(true)) => {
            use base64::Engine as _;
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(text)
                .expect("base64");
            assert_eq!(bytes, request.body);
        }
        (_, None) => panic!("isBase64Encoded is missing"),
        (None, Some(true)) => panic!("there is no body to encode"),
    }
}

fn any_target() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[ac/.%?&=+;#]{0,8}",
        "%[0-9a-fA-F]{2}",
        ".{0,4}",
        Just("/a/".to_owned()),
        Just("/c/".to_owned())
    ];
    vec(part, 0..8).prop_map(|parts| parts.concat())
}

fn any_header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let name = prop_oneof![
        "[a-zA-Z-]{1,8}",
        proptest::sample::select(vec![
            "Host",
            "cookie",
            "Content-Type",
            "content-length",
            "X-Amzn-Trace-Id",
            "x-forwarded-for",
            "Origin",
            "accept",
            "X-HTTP-Method-Override",
            "access-control-request-method",
            "user-agent",
        ])
        .prop_map(str::to_owned),
    ];
    let value = prop_oneof![
        vec(any::<u8>(), 0..24),
        "(Root=[^;]{0,6}|Parent=.|;|, |a=b|text/plain|application/json|GET|https://a.example){0,4}"
            .prop_map(String::into_bytes),
    ];
    (name, value)
}

fn any_request() -> impl Strategy<Value = HttpRequest> {
    let method = prop_oneof!["(GET|PUT|OPTIONS|ANY|HEAD)", "[A-Za-z]{0,6}", ".{0,6}"];
    (
        method,
        any_target(),
        vec(any_header(), 0..8),
        vec(any::<u8>(), 0..64),
    )
        .prop_map(|(method, target, headers, body)| {
            let mut request = HttpRequest::new(method, target);
            for (name, value) in headers {
                request.push_header(name, &value);
            }
            request.body = body.into();
            request
        })
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (100..700).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[A-Za-z0-9+/=]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let name = prop_oneof![
            ".{0,6}",
            "(content-type|Content-Length|set-cookie|X-A|x-a|date|connection|access-control-x)"
        ];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name, inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Results that look like responses, with each part likely and each part wrong now and then.
fn any_result() -> impl Strategy<Value = Value> {
    let keys = vec![
        "statusCode",
        "headers",
        "multiValueHeaders",
        "cookies",
        "body",
        "isBase64Encoded",
        "other",
    ];
    let usual = vec![
        json!(200),
        json!("404"),
        json!(204),
        json!({"x-a": "b", "Content-Type": "text/html"}),
        json!({"x-a": ["b", true]}),
        json!(["a=b", "c=d"]),
        json!("aGk="),
        json!(true),
        json!({"x\r\ny": "z"}),
        json!({"x": "a\r\nb: c"}),
        json!({"": "a"}),
    ];
    let value = prop_oneof![3 => proptest::sample::select(usual), 1 => any_json()];
    vec((proptest::sample::select(keys), value), 0..7).prop_map(|entries| {
        Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_answered_or_makes_an_event(request in any_request()) {
        for door in doors() {
            match door.receive(&request, &arrival()) {
                Received::Invoke(invocation) => check_event(&invocation, &request),
                Received::Answer(reply) => check_reply(&reply),
                Received::Authorize(_) => panic!("no route asks for anything"),
            }
        }
    }

    #[test]
    fn every_payload_makes_a_reply(payload in vec(any::<u8>(), 0..64)) {
        for (door, invocation) in invocations() {
            check_reply(&door.answer(&invocation, Outcome::Payload(&payload)));
            check_reply(&door.answer(&invocation, Outcome::FunctionError(&payload)));
        }
    }

    #[test]
    fn every_result_makes_a_reply(result in prop_oneof![any_json(), any_result()], spaced in any::<bool>()) {
        let payload = if spaced { serde_json::to_vec_pretty(&result) } else { serde_json::to_vec(&result) };
        let payload = payload.expect("it is JSON");
        for (door, invocation) in invocations() {
            check_reply(&door.answer(&invocation, Outcome::Payload(&payload)));
        }
    }

    #[test]
    fn data_without_a_status_comes_back_as_it_was(result in any_json()) {
        prop_assume!(result.get("statusCode").is_none_or(Value::is_null) && !result.is_string());
        let payload = serde_json::to_vec_pretty(&result).expect("it is JSON");
        let (door, invocation) = invocations().swap_remove(0);
        let reply = door.answer(&invocation, Outcome::Payload(&payload));
        prop_assert_eq!(reply.body, serde_json::to_vec(&result).expect("it is JSON"));
    }

    #[test]
    fn a_variable_is_what_the_client_encoded(value in ".{1,12}", all in any::<bool>()) {
        prop_assume!(!value.contains('\0'));
        let encoded = if all {
            value.bytes().map(|byte| format!("%{byte:02x}")).collect()
        } else {
            utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string()
        };
        let mut doors = doors();
        let Received::Invoke(invocation) = doors.swap_remove(0).receive(&HttpRequest::new("GET", format!("/a/{encoded}")), &arrival()) else {
            panic!("the route exists")
        };
        let event: Value = serde_json::from_slice(&invocation.event).expect("an event is JSON");
        prop_assert_eq!(&event["pathParameters"]["x"], &Value::from(value));
    }

    #[test]
    fn a_query_is_what_the_client_encoded(name in "[^\0]{1,8}", value in "[^\0]{0,8}") {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let target = format!("/a?{}={}", encode(&name), encode(&value));
        for door in doors() {
            let Received::Invoke(invocation) = door.receive(&HttpRequest::new("GET", &target), &arrival()) else {
                continue;
            };
            let event: Value = serde_json::from_slice(&invocation.event).expect("an event is JSON");
            prop_assert_eq!(&event["queryStringParameters"], &json!({name.as_str(): value.as_str()}));
        }
    }

    #[test]
    fn the_pattern_parser_takes_any_text(text in prop_oneof![".{0,24}", "(GET|ANY|get)? ?(/|[{}+a%. ]|\\$default){0,12}"]) {
        if let Ok(key) = text.parse::<RouteKey>() {
            prop_assert_eq!(key.to_string().parse::<RouteKey>().ok(), Some(key));
        }
    }

    #[test]
    fn the_matcher_agrees_with_a_plain_search(
        routes in vec(("(GET|PUT|ANY)", "(/[ab]|/\\{v\\}){0,4}(/\\{w\\+\\})?"), 0..12),
        method in "(GET|PUT)",
        path in "(/[abc]?){0,5}",
    ) {
        let mut matcher = Matcher::default();
        let mut kept: Vec<(usize, String, PathPattern)> = Vec::new();
        for (index, (method, path)) in routes.iter().enumerate() {
            // Each variable needs a name of its own.
            let mut names = 'a'..='z';
            let path: String = path.chars().map(|c| if c == 'v' { names.next().unwrap_or('z') } else { c }).collect();
            let path: PathPattern = if path.is_empty() { "/".parse() } else { path.parse() }.expect("a path");
            if matcher.insert(index, method, &path).is_ok() {
                kept.push((index, method.clone(), path));
            }
        }
        let found = matcher.find(&method, &path);
        let best = plain_search(&kept, &method, &path);
        prop_assert_eq!(found.as_ref().map(|found| found.index), best);
        if let Some(found) = found {
            let (_, _, pattern) = kept.iter().find(|(index, _, _)| *index == found.index).expect("a kept route");
            let mut values = found.params.iter();
            let filled: String = pattern.segments().iter().map(|segment| match segment {
                Segment::Literal(text) => format!("/{text}"),
                Segment::Variable(name) | Segment::Greedy(name) => match values.next() {
                    Some((own, value)) if own == name => format!("/{value}"),
                    other => panic!("{name} is {other:?}"),
                },
            }).collect();
            prop_assert_eq!(filled.trim_start_matches('/'), path.trim_start_matches('/'));
            prop_assert_eq!(values.next(), None);
        }
        let allowed: Vec<&str> = matcher.allowed_methods(&path);
        prop_assert_eq!(best.is_some(), allowed.contains(&method.as_str()) || allowed.contains(&"ANY"));
    }
}

/// The matcher's rules, route by route.
fn plain_search(
    routes: &[(usize, String, PathPattern)],
    method: &str,
    path: &str,
) -> Option<usize> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let parts: Vec<&str> = if path.is_empty() {
        Vec::new()
    } else {
        path.split('/').collect()
    };
    let rank = |pattern: &PathPattern| -> Option<(bool, Vec<u8>)> {
        let mut ranks = Vec::new();
        for (at, segment) in pattern.segments().iter().enumerate() {
            match (segment, parts.get(at)) {
                (Segment::Literal(text), Some(part)) if text == part => ranks.push(2),
                (Segment::Variable(_), Some(part)) if !part.is_empty() => ranks.push(1),
                (Segment::Greedy(_), Some(part)) if !part.is_empty() || at + 1 < parts.len() => {
                    return Some((false, ranks));
                }
                _ => return None,
            }
        }
        (ranks.len() == parts.len()).then_some((true, ranks))
    };
    let candidates = routes
        .iter()
        .filter(|(_, own, _)| own == method || own == "ANY");
    let ranked = candidates
        .filter_map(|(index, own, pattern)| Some((rank(pattern)?, own == method, *index)));
    ranked.max().map(|(_, _, index)| index)
}
