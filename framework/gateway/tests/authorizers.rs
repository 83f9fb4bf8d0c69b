//! Who may call: the whole way through the front doors, with keys, signatures and authorizers of a test.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fw_gateway::{
    ApiIdentity, Arrival, Authorizer, CorsConfig, FrontDoor, HttpApi, HttpApiConfig, HttpApiRoute,
    HttpReply, HttpRequest, JwkSet, JwtAuthorizer, LambdaAuthorizer, Need, PayloadFormat, Received,
    Requirement, Supplied, Throttle,
};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

/// Made for these tests alone; see `fixtures/README.md`.
const TEST_KEY: &[u8] = include_bytes!("fixtures/test-only-rsa.pk8");
const TEST_KEYS: &[u8] = include_bytes!("fixtures/test-only-jwks.json");

const NOW_MS: u64 = 1_700_000_000_000;

fn arrival() -> Arrival {
    Arrival::new(NOW_MS, [7; Arrival::ENTROPY])
}

fn api(change: impl FnOnce(&mut HttpApiConfig)) -> HttpApi {
    let jwt = Requirement::Jwt {
        authorizer: "jwt".into(),
        scopes: vec![],
    };
    let scoped = Requirement::Jwt {
        authorizer: "jwt".into(),
        scopes: vec!["write".into(), "admin".into()],
    };
    let lambda = |name: &str| Requirement::Lambda {
        authorizer: name.into(),
    };
    let route = |key: &str| key.parse::<HttpApiRoute>().expect(key);
    let header = || vec!["$request.header.Authorization".parse().expect("a source")];
    let mut config = HttpApiConfig {
        routes: vec![
            route("GET /open"),
            route("GET /jwt").requiring(jwt),
            route("GET /scoped").requiring(scoped),
            route("GET /simple/{id}").requiring(lambda("simple")),
            route("GET /other").requiring(lambda("simple")),
            route("GET /policy/{rest+}").requiring(lambda("policy")),
        ],
        authorizers: vec![
            Authorizer::Jwt(JwtAuthorizer::new("jwt", "https://issuer.example", ["app"])),
            Authorizer::Lambda(LambdaAuthorizer {
                identity: header(),
                ttl: 60,
                ..LambdaAuthorizer::new("simple")
            }),
            Authorizer::Lambda(LambdaAuthorizer {
                identity: header(),
                payload_format: PayloadFormat::V1,
                simple: false,
                ..LambdaAuthorizer::new("policy")
            }),
        ],
        ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
    };
    change(&mut config);
    HttpApi::new(config).expect("the configuration is right")
}

fn get(target: &str, authorization: Option<&str>) -> HttpRequest {
    let mut request = HttpRequest::new("GET", target);
    if let Some(value) = authorization {
        request.push_header("Authorization", value.as_bytes());
    }
    request
}

fn token(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = RsaKeyPair::from_pkcs8(TEST_KEY).expect("a key");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        message.as_bytes(),
        &mut signature,
    )
    .expect("a signature");
    format!("Bearer {message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn rs256() -> Value {
    json!({"alg": "RS256", "kid": "test-only"})
}

fn claims() -> Value {
    json!({"iss": "https://issuer.example", "aud": "app", "sub": "u1", "exp": NOW_MS / 1000 + 60, "scope": "read write"})
}

/// The event, or the refusal.
fn with_keys(api: &HttpApi, request: &HttpRequest) -> Result<Value, HttpReply> {
    let keys = JwkSet::parse(TEST_KEYS).expect("keys");
    let received = match api.receive(request, &arrival()) {
        Received::Authorize(pending) => {
            let needed = Need::Keys {
                issuer: "https://issuer.example".into(),
                key_id: "test-only".into(),
            };
            assert_eq!(*pending.need(), needed);
            api.resume(&pending, &Supplied::Keys(&keys))
        }
        other => other,
    };
    event(received)
}

fn event(received: Received) -> Result<Value, HttpReply> {
    match received {
        Received::Invoke(invocation) => {
            Ok(serde_json::from_slice(&invocation.event).expect("an event is JSON"))
        }
        Received::Answer(reply) => Err(reply),
        Received::Authorize(pending) => panic!("asked twice: {:?}", pending.need()),
    }
}

fn refusal(reply: &HttpReply) -> (u16, &str, Option<&str>) {
    let body = std::str::from_utf8(&reply.body).expect("text");
    (reply.status, body, reply.header("www-authenticate"))
}

#[test]
fn a_signed_token_lets_its_bearer_pass() {
    let request = get("/jwt", Some(&token(&rs256(), &claims())));
    let event = with_keys(&api(|_| {}), &request).expect("the token is good");
    let expected = json!({"jwt": {"scopes": null, "claims": {
        "iss": "https://issuer.example", "aud": "app", "sub": "u1", "exp": "1700000060", "scope": "read write"
    }}});
    assert_eq!(event["requestContext"]["authorizer"], expected);
    let request = get("/scoped", Some(&token(&rs256(), &claims())));
    let event = with_keys(&api(|_| {}), &request).expect("one scope is enough");
    assert_eq!(
        event["requestContext"]["authorizer"]["jwt"]["scopes"],
        json!(["read", "write"])
    );
}

#[test]
fn a_format_1_event_has_the_claims_without_their_kind() {
    let api = api(|config| config.payload_format = PayloadFormat::V1);
    let request = get("/jwt", Some(&token(&rs256(), &claims())));
    let event = with_keys(&api, &request).expect("the token is good");
    assert_eq!(event["requestContext"]["authorizer"]["claims"]["sub"], "u1");
}

#[test]
fn no_forged_token_lets_anyone_pass() {
    let api = api(|_| {});
    let good = token(&rs256(), &claims());
    let unauthorized = |authorization: Option<&str>| {
        let reply = with_keys(&api, &get("/jwt", authorization)).expect_err("it is forged");
        assert_eq!(
            (reply.status, &*reply.body),
            (401, &br#"{"message":"Unauthorized"}"#[..])
        );
        assert!(reply.reason.is_some(), "the log is told");
        reply
            .header("www-authenticate")
            .expect("a challenge")
            .to_owned()
    };
    assert_eq!(unauthorized(None), "Bearer");
    let parts: Vec<&str> = good.split('.').collect();
    let [header, _, signature] = parts.as_slice() else {
        panic!("a token has three parts")
    };
    let other = URL_SAFE_NO_PAD.encode(
        json!({"iss": "https://issuer.example", "aud": "app", "sub": "root", "exp": NOW_MS})
            .to_string(),
    );
    let none = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "kid": "test-only"}).to_string());
    let mut last = signature.chars().collect::<Vec<_>>();
    last[0] = if last[0] == 'A' { 'B' } else { 'A' };
    let changed: String = last.into_iter().collect();
    for forged in [
        format!("{header}.{other}.{signature}"),
        format!("{header}.{other}."),
        format!("Bearer {none}.{other}."),
        format!("Bearer {none}.{other}.{signature}"),
        format!("{}.{}.{changed}", parts[0], parts[1]),
        "Bearer x".to_owned(),
    ] {
        let told = unauthorized(Some(&forged));
        assert!(
            told.starts_with(r#"Bearer scope="" error="invalid_token""#),
            "{forged}: {told}"
        );
    }
    // The public key as an HMAC secret.
    let hs256 = URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "kid": "test-only"}).to_string());
    let message = format!("{hs256}.{other}");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, TEST_KEYS);
    let tag = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes()));
    unauthorized(Some(&format!("Bearer {message}.{tag}")));
}

#[test]
fn each_refusal_says_what_a_gateway_says() {
    let api = api(|_| {});
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        token(&rs256(), &claims)
    };
    let reply = with_keys(&api, &get("/jwt", Some(&with("aud", json!("other")))))
        .expect_err("another audience");
    let audience = r#"Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience""#;
    assert_eq!(
        refusal(&reply),
        (401, r#"{"message":"Unauthorized"}"#, Some(audience))
    );
    let reply = with_keys(&api, &get("/scoped", Some(&with("scope", json!("read")))))
        .expect_err("no scope");
    let (status, body, challenge) = refusal(&reply);
    assert_eq!((status, body), (403, r#"{"message":"Forbidden"}"#));
    assert!(challenge.is_some_and(|challenge| challenge.contains("insufficient_scope")));
    let Received::Authorize(pending) =
        api.receive(&get("/jwt", Some(&with("sub", json!("u")))), &arrival())
    else {
        panic!("keys are needed")
    };
    let reply = api.refuse(&pending, "nobody answers");
    assert_eq!(reply.status, 401);
    assert!(
        reply
            .reason
            .is_some_and(|reason| reason.contains("nobody answers"))
    );
}

#[test]
fn an_authorizer_is_asked_and_its_answer_kept() {
    let api = api(|_| {});
    let ask = |target: &str, now_ms| {
        api.receive(
            &get(target, Some("t")),
            &Arrival::new(now_ms, [7; Arrival::ENTROPY]),
        )
    };
    let Received::Authorize(pending) = ask("/simple/a%20b?x=1", NOW_MS) else {
        panic!("the authorizer is asked")
    };
    let Need::Answer(question) = pending.need() else {
        panic!("{:?}", pending.need())
    };
    assert_eq!((question.authorizer, question.name.as_str()), (1, "simple"));
    let asked: Value = serde_json::from_slice(&question.event).expect("JSON");
    let expected = [
        ("/version", json!("2.0")),
        ("/type", json!("REQUEST")),
        ("/routeKey", json!("GET /simple/{id}")),
        (
            "/routeArn",
            json!(
                "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/$default/GET/simple/a%20b"
            ),
        ),
        ("/identitySource", json!(["t"])),
        ("/rawPath", json!("/simple/a b")),
        ("/pathParameters", json!({"id": "a b"})),
        ("/queryStringParameters", json!({"x": "1"})),
        ("/headers/authorization", json!("t")),
        ("/requestContext/http/method", json!("GET")),
    ];
    for (pointer, expected) in expected {
        assert_eq!(asked.pointer(pointer), Some(&expected), "{pointer}");
    }
    assert_eq!(asked.get("body"), None);
    let answer = br#"{"isAuthorized": true, "context": {"k": "v", "n": 1, "l": [true]}}"#;
    let seen = event(api.resume(&pending, &Supplied::Answer(answer))).expect("allowed");
    let context = json!({"lambda": {"k": "v", "n": 1, "l": [true]}});
    assert_eq!(seen["requestContext"]["authorizer"], context);

    let seen = event(ask("/other", NOW_MS + 59_999)).expect("kept for all its routes");
    assert_eq!(seen["requestContext"]["authorizer"], context);
    assert!(matches!(
        ask("/other", NOW_MS + 60_000),
        Received::Authorize(_)
    ));
    let other = api.receive(&get("/other", Some("u")), &arrival());
    assert!(matches!(other, Received::Authorize(_)), "another caller");
}

#[test]
fn an_authorizer_may_refuse_or_fail() {
    let answered = |target: &str, answer: &[u8]| {
        let api = api(|_| {});
        let Received::Authorize(pending) = api.receive(&get(target, Some("t")), &arrival()) else {
            panic!("the authorizer is asked")
        };
        event(api.resume(&pending, &Supplied::Answer(answer))).map_err(|reply| {
            assert!(reply.reason.is_some(), "the log is told");
            reply.status
        })
    };
    let policy = |effect: &str, resource: &str| {
        json!({"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
        ]}, "context": {"k": 1}})
        .to_string()
    };
    let arn = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/$default/GET/policy/a/b";
    let table = [
        (
            "/simple/1",
            r#"{"isAuthorized": false}"#.to_owned(),
            Err(403),
        ),
        ("/simple/1", "{}".into(), Err(500)),
        ("/simple/1", "null".into(), Err(500)),
        ("/simple/1", policy("Allow", "*"), Err(500)),
        ("/policy/a/b", policy("Allow", arn), Ok(())),
        (
            "/policy/a/b",
            policy("Allow", "arn:aws:execute-api:*/GET/policy/*"),
            Ok(()),
        ),
        ("/policy/a/b", policy("Allow", "*/GET/other"), Err(403)),
        ("/policy/a/b", policy("Deny", "*"), Err(403)),
        ("/policy/a/b", r#"{"isAuthorized": true}"#.into(), Err(500)),
        ("/policy/a/b", "not JSON".into(), Err(500)),
    ];
    for (target, answer, expected) in table {
        let got = answered(target, answer.as_bytes()).map(|_| ());
        assert_eq!(got, expected, "{target} {answer}");
    }
    let api = api(|_| {});
    let reply = event(api.receive(&get("/simple/1", None), &arrival())).expect_err("unasked");
    assert_eq!(
        refusal(&reply),
        (401, r#"{"message":"Unauthorized"}"#, None)
    );
    let Received::Authorize(pending) = api.receive(&get("/simple/1", Some("t")), &arrival()) else {
        panic!("the authorizer is asked")
    };
    let reply = api.refuse(&pending, "it timed out");
    assert_eq!(
        refusal(&reply),
        (500, r#"{"message":"Internal Server Error"}"#, None)
    );
}

#[test]
fn what_was_not_needed_lets_nobody_pass() {
    let api = api(|_| {});
    let keys = JwkSet::parse(TEST_KEYS).expect("keys");
    let Received::Authorize(pending) = api.receive(&get("/simple/1", Some("t")), &arrival()) else {
        panic!("the authorizer is asked")
    };
    let reply = event(api.resume(&pending, &Supplied::Keys(&keys))).expect_err("no answer");
    assert_eq!(reply.status, 500);
    let open = HttpApi::new(HttpApiConfig {
        routes: vec!["GET /simple/{id}".parse().expect("a route")],
        ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
    })
    .expect("the configuration is right");
    let answer = Supplied::Answer(br#"{"isAuthorized": true}"#);
    let reply = event(open.resume(&pending, &answer)).expect_err("another API's request");
    assert_eq!(reply.status, 500);
}

#[test]
fn a_wrong_authorizer_is_refused_at_the_start() {
    let error = |change: fn(&mut HttpApiConfig)| {
        let mut config = HttpApiConfig {
            routes: vec!["GET /a".parse().expect("a route")],
            ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
        };
        change(&mut config);
        HttpApi::new(config).expect_err("it is wrong").to_string()
    };
    let lambda = |change: fn(&mut LambdaAuthorizer)| {
        let mut authorizer = LambdaAuthorizer::new("fn");
        change(&mut authorizer);
        Authorizer::Lambda(authorizer)
    };
    assert_eq!(
        error(|config| {
            let requirement = Requirement::Lambda {
                authorizer: "fn".into(),
            };
            config.routes[0].requirement = Some(requirement);
            let jwt = JwtAuthorizer::new("fn", "i", ["a"]);
            config.authorizers.push(Authorizer::Jwt(jwt));
        }),
        "the route `GET /a` names an authorizer that does not exist: `fn`"
    );
    let with = |authorizer: Authorizer| {
        let config = HttpApiConfig {
            authorizers: vec![authorizer],
            ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
        };
        HttpApi::new(config).expect_err("it is wrong").to_string()
    };
    let nobody: [&str; 0] = [];
    let table = [
        (
            lambda(|fun| fun.ttl = 3601),
            "caches answers for more than 3600 s",
        ),
        (
            lambda(|fun| fun.ttl = 1),
            "caches answers but has no identity source to distinguish callers",
        ),
        (
            lambda(|fun| fun.payload_format = PayloadFormat::V1),
            "has simple answers, which format 1.0 does not have",
        ),
        (
            Authorizer::Jwt(JwtAuthorizer::new("fn", "", ["a"])),
            "has no issuer",
        ),
        (
            Authorizer::Jwt(JwtAuthorizer::new("fn", "i", nobody)),
            "has no audience, so no token could be valid",
        ),
    ];
    for (authorizer, problem) in table {
        assert_eq!(with(authorizer), format!("the authorizer `fn` {problem}"));
    }
}

#[test]
fn a_preflight_needs_nobody_and_a_refusal_can_be_read_by_scripts() {
    // [D] gateway-truth §1.7: before any authorizer.
    let api = api(|config| {
        config.routes[1].key = "ANY /jwt".parse().expect("a route");
        config.cors = Some(CorsConfig {
            allow_origins: vec!["https://a.example".into()],
            allow_methods: vec!["GET".into()],
            ..CorsConfig::default()
        });
    });
    let mut request = get("/jwt", None);
    request.push_header("Origin", b"https://a.example");
    let refused = event(api.receive(&request, &arrival())).expect_err("there is no token");
    let allowed = refused.header("access-control-allow-origin");
    assert_eq!((refused.status, allowed), (401, Some("https://a.example")));
    request.method = "OPTIONS".into();
    request.push_header("Access-Control-Request-Method", b"GET");
    let preflight = event(api.receive(&request, &arrival())).expect_err("the API answers");
    assert_eq!((preflight.status, preflight.body.len()), (204, 0));
}

#[test]
fn a_throttled_route_answers_429() {
    let door = FrontDoor::from(api(|config| {
        config.throttle = Some(Throttle {
            rate: 1.0,
            burst: 2,
        });
        config.routes[1].throttle = Some(Throttle {
            rate: 0.0,
            burst: 0,
        });
    }));
    let status = |target: &str, now_ms: u64| {
        let arrival = Arrival::new(now_ms, [7; Arrival::ENTROPY]);
        event(door.receive(&get(target, None), &arrival)).map_or_else(|reply| reply.status, |_| 200)
    };
    let seen: Vec<u16> = [0, 0, 0, 1000, 1000]
        .iter()
        .map(|at| status("/open", NOW_MS + at))
        .collect();
    assert_eq!(seen, [200, 200, 429, 200, 429]);
    assert_eq!(status("/jwt", NOW_MS), 429, "a limit of its own");
    let Err(reply) = event(door.receive(&get("/jwt", None), &arrival())) else {
        panic!("it is throttled")
    };
    assert_eq!(&*reply.body, br#"{"message":"Too Many Requests"}"#);
}
