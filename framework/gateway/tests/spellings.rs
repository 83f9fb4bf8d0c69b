//! However a client spells a path: what a policy denies stays denied, what is guarded stays guarded, and a signature is good
//! for the path alone that was signed.

use fw_gateway::{
    ApiIdentity, Arrival, Authorizer, Credentials, Decision, FrontDoor, FunctionUrl,
    FunctionUrlConfig, HttpApi, HttpApiConfig, HttpApiRoute, HttpRequest, LambdaAuthorizer, Need,
    PayloadFormat, Policy, Principal, Received, Requirement, RestApi, RestApiConfig,
    RestAuthorizer, RestMethod, Supplied, TrailingSlash,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/";

/// When `fixtures/signed-requests.jsonl` were signed.
const NOW_MS: u64 = 1_700_000_000_000;

fn arrival() -> Arrival {
    Arrival::new(NOW_MS, [7; Arrival::ENTROPY])
}

fn lambda() -> Requirement {
    Requirement::Lambda {
        authorizer: "auth".into(),
    }
}

/// Front doors whose routes all ask one authorizer, in the stage `dev`.
fn guarded_by_policy(routes: &[&str]) -> Vec<FrontDoor> {
    let http = |trailing_slash| HttpApiConfig {
        routes: routes
            .iter()
            .map(|key| {
                let route: HttpApiRoute = key.parse().expect("a route");
                route.requiring(lambda())
            })
            .collect(),
        authorizers: vec![Authorizer::Lambda(LambdaAuthorizer {
            payload_format: PayloadFormat::V1,
            simple: false,
            ..LambdaAuthorizer::new("auth")
        })],
        trailing_slash,
        ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"))
    };
    let mut rest = RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"));
    for key in routes.iter().filter(|key| **key != "$default") {
        let mut method = RestMethod::default();
        method.requirement = Some(lambda());
        rest.methods.insert(rest.routes.len(), method);
        rest.routes.push(key.parse().expect("a route"));
    }
    rest.authorizers.push(RestAuthorizer {
        ttl: 0,
        ..RestAuthorizer::request("auth", Vec::new())
    });
    let http = |slash| HttpApi::new(http(slash)).expect("the configuration is right");
    vec![
        http(TrailingSlash::Distinct).into(),
        http(TrailingSlash::Ignored).into(),
        RestApi::new(rest)
            .expect("the configuration is right")
            .into(),
    ]
}

/// Whether the authorizer's answer with that policy lets a request through; nothing where no route has the path.
fn passes(door: &FrontDoor, method: &str, path: &str, statements: &Value) -> Option<bool> {
    let answer = json!({
        "principalId": "user",
        "policyDocument": {"Version": "2012-10-17", "Statement": statements},
    });
    let answer = answer.to_string();
    let request = HttpRequest::new(method, format!("/dev{path}"));
    let pending = match door.receive(&request, &arrival()) {
        Received::Authorize(pending) => pending,
        Received::Answer(_) => return None,
        Received::Invoke(_) => panic!("{path} is guarded"),
    };
    match door.resume(&pending, &Supplied::Answer(answer.as_bytes())) {
        Received::Invoke(_) => Some(true),
        Received::Answer(reply) => {
            assert_eq!(reply.status, 403, "{path}: {reply:?}");
            assert!(reply.reason.is_some(), "the log says why");
            Some(false)
        }
        Received::Authorize(_) => panic!("asked twice"),
    }
}

fn statement(effect: &str, key: &str, resource: &str) -> Value {
    json!({"Effect": effect, "Action": "execute-api:Invoke", key: format!("{ARN}{resource}")})
}

#[test]
fn a_denied_path_is_denied_in_every_spelling() {
    let routes = ["GET /p3/secret", "GET /p3/{x}", "GET /p3/{x}/{rest+}"];
    let policy = json!([
        statement("Allow", "Resource", "GET/p3/*"),
        statement("Deny", "Resource", "GET/p3/secret"),
    ]);
    for door in guarded_by_policy(&routes) {
        for path in [
            "/p3/secret",
            "/p3/%73ecret",
            "/p3/secre%74",
            "/p3/%73%65%63%72%65%74",
            "/p3/secret/",
            "/p3/%73ecret/",
            "/p3/x/../secret",
            "/p3/x/%2e%2E/secret",
            "/p3/x/.%2e/%73ecret",
            "/p3/./secret",
            "/p3/%2e/secret",
            "/p3//secret",
            "/p3/%2fsecret",
            "/p3/%2Fsecret",
            "/p3/secret/.",
            "/p3/secret/x/..",
            "/p3/%2573ecret",
        ] {
            assert_ne!(passes(&door, "GET", path, &policy), Some(true), "{path}");
        }
        for path in ["/p3/other", "/p3/a%20b", "/p3/x/..%2fy", "/p3/%E2%98%95"] {
            assert_eq!(passes(&door, "GET", path, &policy), Some(true), "{path}");
        }
    }
}

#[test]
fn what_a_policy_leaves_out_is_left_out_in_every_spelling() {
    let routes = ["GET /{rest+}"];
    let all_but = json!([statement("Allow", "NotResource", "GET/p3/secret")]);
    let below = json!([statement("Allow", "Resource", "GET/public/*")]);
    for door in guarded_by_policy(&routes) {
        assert_eq!(passes(&door, "GET", "/p3/other", &all_but), Some(true));
        for path in [
            "/p3/secret",
            "/p3/%73ecret",
            "/p3//secret",
            "/x/../p3/secret",
        ] {
            assert_eq!(passes(&door, "GET", path, &all_but), Some(false), "{path}");
        }
        assert_eq!(passes(&door, "GET", "/public/a%20b", &below), Some(true));
        for path in ["/public/../p3", "/public/%2e%2e/p3", "/public/..%2fp3"] {
            assert_eq!(passes(&door, "GET", path, &below), Some(false), "{path}");
        }
    }
}

#[test]
fn a_method_in_other_letters_is_denied_too() {
    let policy = json!([
        statement("Allow", "Resource", "*"),
        statement("Deny", "Resource", "DELETE/x"),
    ]);
    for door in guarded_by_policy(&["ANY /x"]) {
        for method in ["DELETE", "delete", "Delete"] {
            assert_ne!(passes(&door, method, "/x", &policy), Some(true), "{method}");
        }
        assert_eq!(passes(&door, "GET", "/x", &policy), Some(true));
    }
}

/// The authorizer of AWS's own examples allows the very ARN that it was asked about.
#[test]
fn the_arn_that_was_asked_about_is_allowed_as_it_is() {
    for door in guarded_by_policy(&["GET /{rest+}"]) {
        for path in ["/a%20b", "/caf%c3%a9", "/a/", "/a%2Fb", "/a+b%2B"] {
            let request = HttpRequest::new("GET", format!("/dev{path}"));
            let Received::Authorize(pending) = door.receive(&request, &arrival()) else {
                panic!("{path} is guarded")
            };
            let Need::Answer(question) = pending.need() else {
                panic!("an authorizer is asked")
            };
            let event: Value = serde_json::from_slice(&question.event).expect("JSON");
            let arn = event["methodArn"].as_str().expect("an ARN");
            assert_eq!(arn, format!("{ARN}GET{path}"));
            let allow = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn});
            assert_eq!(passes(&door, "GET", path, &allow), Some(true), "{path}");
            let deny = statement("Deny", "Resource", "GET/a*b*");
            let seen = passes(&door, "GET", path, &json!([allow, deny]));
            assert_eq!(seen, Some(!path.contains('b')), "{path}");
        }
    }
}

#[derive(Deserialize)]
struct Case {
    name: String,
    service: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

fn signed() -> impl Iterator<Item = Case> {
    include_str!("fixtures/signed-requests.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is a signed request"))
}

fn iam_doors() -> Vec<FrontDoor> {
    let routes = ["ANY /iam", "ANY /iam/{rest+}", "ANY /{rest+}"];
    let http = HttpApiConfig {
        routes: routes
            .iter()
            .map(|key| {
                let route: HttpApiRoute = key.parse().expect("a route");
                route.requiring(Requirement::Iam)
            })
            .collect(),
        ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
    };
    let url = FunctionUrlConfig {
        iam: true,
        ..FunctionUrlConfig::new(ApiIdentity::new("abc", "$default"))
    };
    vec![
        HttpApi::new(http).expect("it is right").into(),
        FunctionUrl::new(url).expect("it is right").into(),
    ]
}

fn iam_status(door: &FrontDoor, request: &HttpRequest) -> (u16, String) {
    let known = [Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        session_token: None,
        principal: Principal::user("AKIAIOSFODNN7EXAMPLE", "111122223333", "mary", "AIDA"),
    }];
    let received = match door.receive(request, &arrival()) {
        Received::Authorize(pending) => door.resume(&pending, &Supplied::Credentials(&known)),
        other => other,
    };
    match received {
        Received::Answer(reply) => (reply.status, reply.reason.unwrap_or_default()),
        _ => (200, String::new()),
    }
}

#[test]
fn a_signature_is_good_for_the_path_alone_that_was_signed() {
    let mut tried = 0;
    for case in signed().filter(|case| {
        !case
            .headers
            .iter()
            .any(|(name, _)| name == "X-Amz-Security-Token")
    }) {
        let door = usize::from(case.service == "lambda");
        let door = &iam_doors()[door];
        let mut request = HttpRequest::new(case.method.as_str(), case.target.as_str());
        request.headers.clone_from(&case.headers);
        request.body = case.body.clone().into();
        let (path, query) = case.target.split_once('?').unwrap_or((&case.target, ""));
        if query.contains("X-Amz-Security-Token") {
            continue;
        }
        let dotted = path.contains("/.");
        let expected = if dotted { 403 } else { 200 };
        assert_eq!(iam_status(door, &request).0, expected, "{}", case.name);
        for other in [
            format!("{path}/x/.."),
            format!("{path}/."),
            format!("/iam/..{path}"),
            format!("/x/..{path}"),
            format!("/x/%2e%2E{path}"),
            format!("/%2e{path}"),
            format!("/{path}"),
            path.replacen("/iam", "/iam/", 1) + "/..",
            path.replacen("/a", "//a", 1),
        ] {
            if other == path {
                continue;
            }
            let separator = if query.is_empty() { "" } else { "?" };
            request.target = format!("{other}{separator}{query}");
            let (status, reason) = iam_status(door, &request);
            assert_eq!(status, 403, "{}: {other}", case.name);
            assert!(!reason.is_empty(), "the log says why");
            tried += 1;
        }
    }
    assert!(tried > 20);
}

/// The path behind the stage counts, and one slash at its end is left.
#[test]
fn a_rest_api_refuses_signed_dot_segments() {
    let mut config = RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"));
    let mut method = RestMethod::default();
    method.requirement = Some(Requirement::Iam);
    config.routes.push("ANY /{rest+}".parse().expect("a route"));
    config.methods.insert(0, method);
    let door = RestApi::new(config).expect("the configuration is right");
    let header = "AWS4-HMAC-SHA256 Credential=AKID/20231114/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=00";
    for (path, good) in [
        ("/dev/i", true),
        ("/dev/i/", true),
        ("/dev/a%20b/...", true),
        ("/dev/ig/../i", false),
        ("/dev/ig/%2E%2e/i", false),
        ("/dev/i/.", false),
        ("/dev/ig//i", false),
    ] {
        let mut request = HttpRequest::new("GET", path);
        request.push_header("Authorization", header.as_bytes());
        request.push_header("X-Amz-Date", b"20231114T221320Z");
        match door.receive(&request, &arrival()) {
            Received::Authorize(_) => assert!(good, "{path}"),
            Received::Answer(reply) => {
                assert!(!good, "{path}: {reply:?}");
                assert_eq!(reply.status, 403);
            }
            Received::Invoke(_) => panic!("{path} is guarded"),
        }
    }
}

/// A path of plain segments, and another spelling of it.
fn spelled() -> impl Strategy<Value = (String, String)> {
    let segment = proptest::sample::select(vec!["p3", "secret", "a", "x.y", "b-c"]);
    let escaped = |segment: &'static str| {
        vec(0..4_u8, segment.len()).prop_map(move |how| {
            let bytes = segment.bytes().zip(how);
            let spell = bytes.map(|(byte, how)| match how {
                0 => format!("%{byte:02x}"),
                1 => format!("%{byte:02X}"),
                _ => char::from(byte).to_string(),
            });
            spell.collect::<String>()
        })
    };
    let before = proptest::sample::select(vec![
        "/",
        "/",
        "/",
        "//",
        "/./",
        "/%2e/",
        "/q/../",
        "/q/%2E./",
        "/%71/.%2e/",
        "/%2F",
    ]);
    let part = segment.prop_flat_map(move |segment| (Just(segment), escaped(segment)));
    let end = proptest::sample::select(vec!["", "", "/", "/.", "//", "/q/..", "%2f"]);
    (vec((before, part), 1..4), end).prop_map(|(parts, end)| {
        let mut plain = String::new();
        let mut other = String::new();
        for (before, (segment, escaped)) in parts {
            plain.push('/');
            plain.push_str(segment);
            other.push_str(before);
            other.push_str(&escaped);
        }
        other.push_str(end);
        (plain, other)
    })
}

fn statements() -> impl Strategy<Value = Value> {
    let resource = prop_oneof![
        "(GET|\\*)(/(p3|secret|a|x.y|b-c|\\*|\\?|s\\*t)){1,3}",
        Just("*".to_owned()),
    ];
    let one = (
        "(Allow|Deny|Allow)",
        "(Resource|NotResource|Resource)",
        resource,
    )
        .prop_map(|(effect, key, resource)| statement(&effect, &key, &resource));
    vec(one, 1..4).prop_map(Value::from)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_spelling_gets_what_the_plain_path_does_not((plain, other) in spelled(), statements in statements()) {
        let policy: Policy = serde_json::from_value(json!({"Statement": statements})).expect("a policy");
        let allowed = policy.decide("execute-api:Invoke", &format!("{ARN}GET{plain}")) == Decision::Allowed;
        let routes = ["GET /p3/secret", "GET /{x}", "GET /p3/{x}", "GET /{x}/{y}/{z+}"];
        for routes in [&routes[..], &["GET /{rest+}"], &["$default", "GET /p3/{rest+}"]] {
            for door in guarded_by_policy(routes) {
                // What is plain needs no second look.
                let seen = passes(&door, "GET", &plain, &statements);
                prop_assert!(seen.is_none() || seen == Some(allowed), "{plain}");
                let seen = passes(&door, "GET", &other, &statements);
                prop_assert!(allowed || seen != Some(true), "{other} is {plain}");
            }
        }
    }

    #[test]
    fn no_spelling_reaches_a_guarded_route_unguarded((plain, other) in spelled(), method in "(GET|get|POST)") {
        for guarded in ["ANY /p3/secret", "ANY /p3/{x}", "ANY /p3/{rest+}", "ANY /{x}/{y}", "ANY /{rest+}"] {
            let open = ["GET /a", "ANY /{x}/secret/{y}", "ANY /a/{rest+}"];
            let mut http = HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"));
            http.routes = open.iter().map(|key| key.parse().expect("a route")).collect();
            http.routes.push(guarded.parse::<HttpApiRoute>().expect("a route").requiring(Requirement::Iam));
            let http = HttpApi::new(http).expect("the configuration is right");
            for path in [&plain, &other] {
                let request = HttpRequest::new(method.as_str(), format!("/dev{path}"));
                if let Received::Invoke(invocation) = http.receive(&request, &arrival()) {
                    prop_assert!(invocation.route < open.len(), "{guarded} by {path}");
                }
            }
        }
    }

    #[test]
    fn no_path_breaks_the_spellings(path in "(/|%2[eEfF5]|%25|\\.|a|é|%ff|%|\\*){0,24}", statements in statements()) {
        for door in guarded_by_policy(&["GET /{rest+}", "$default"]) {
            let _ = passes(&door, "GET", &format!("/{path}"), &statements);
        }
    }
}
