//! Authorizers of REST APIs: who is asked, what is kept, what each answer means.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fw_gateway::{
    ApiIdentity, ApiKey, ApiKeySource, Arrival, HttpReply, HttpRequest, JwtAuthorizer, KeyError,
    Need, Pending, Principal, Received, Requirement, RestApi, RestApiConfig, RestAuthorizer,
    RestAuthorizerKind, RestMethod, RsaAlgorithm, Supplied, TokenKeys,
};
use serde_json::{Value, json};

const STAGE: &str = "dev";

fn arrival(at_ms: u64) -> Arrival {
    Arrival::new(1_744_668_836_000 + at_ms, [0x5a; Arrival::ENTROPY])
}

fn request(target: &str, headers: &[(&str, &str)]) -> HttpRequest {
    let mut request = HttpRequest::new("GET", format!("/{STAGE}{target}"));
    for (name, value) in headers {
        request.push_header(*name, value.as_bytes());
    }
    request
}

/// Two methods behind one requirement.
fn api(requirement: &Requirement, change: impl FnOnce(&mut RestApiConfig)) -> RestApi {
    let mut config = RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", STAGE));
    for (index, route) in ["GET /a", "GET /b/{id}"].iter().enumerate() {
        config.routes.push(route.parse().expect("a route"));
        let mut method = RestMethod::default();
        method.requirement = Some(requirement.clone());
        config.methods.insert(index, method);
    }
    change(&mut config);
    RestApi::new(config).expect("the configuration is right")
}

fn lambda() -> Requirement {
    Requirement::Lambda {
        authorizer: "auth".into(),
    }
}

fn with(authorizer: RestAuthorizer) -> RestApi {
    api(&lambda(), |config| config.authorizers.push(authorizer))
}

fn waits(received: Received) -> Box<Pending> {
    match received {
        Received::Authorize(pending) => pending,
        other => panic!("the authorizer is asked: {other:?}"),
    }
}

fn question(pending: &Pending) -> Value {
    let Need::Answer(question) = pending.need() else {
        panic!("an authorizer is asked: {:?}", pending.need())
    };
    serde_json::from_slice(&question.event).expect("an event is JSON")
}

fn answered(received: Received) -> HttpReply {
    match received {
        Received::Answer(reply) => reply,
        other => panic!("the gateway answers: {other:?}"),
    }
}

fn event(received: Received) -> Value {
    match received {
        Received::Invoke(invocation) => {
            serde_json::from_slice(&invocation.event).expect("an event is JSON")
        }
        other => panic!("the function is invoked: {other:?}"),
    }
}

fn policy(effect: &str, resource: &str) -> Vec<u8> {
    json!({
        "principalId": "user",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}],
        },
        "context": {"text": "t", "number": 1, "yes": true, "nothing": null, "principalId": "other"},
        "usageIdentifierKey": "0123456789abcdefghij",
    })
    .to_string()
    .into_bytes()
}

const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/dev/GET";

#[test]
fn a_token_is_asked_about_and_its_context_passed_on() {
    let api = with(RestAuthorizer::token("auth"));
    let pending = waits(api.receive(&request("/b/x%20y", &[("authorization", "t")]), &arrival(0)));
    assert_eq!(
        question(&pending),
        json!({"type": "TOKEN", "authorizationToken": "t", "methodArn": format!("{ARN}/b/x%20y")})
    );
    let event = event(api.resume(
        &pending,
        &Supplied::Answer(&policy("Allow", &format!("{ARN}/*"))),
    ));
    assert_eq!(
        event["requestContext"]["authorizer"],
        json!({"principalId": "user", "text": "t", "number": "1", "yes": "true"})
    );
}

#[test]
fn a_request_authorizer_sees_the_request_without_its_body() {
    let sources = ["$request.header.X-A", "$request.querystring.q"];
    let identity = sources.iter().map(|text| text.parse().expect("a source"));
    let api = with(RestAuthorizer::request("auth", identity.collect()));
    for (target, headers) in [
        ("/a", &[("x-a", "1")][..]),
        ("/a?q=1", &[][..]),
        ("/a?q=", &[("x-a", "1")][..]),
    ] {
        let reply = answered(api.receive(&request(target, headers), &arrival(0)));
        assert_eq!(
            (reply.status, &*reply.body, reply.header("x-amzn-errortype")),
            (
                401,
                &br#"{"message":"Unauthorized"}"#[..],
                Some("UnauthorizedException")
            ),
            "{target}"
        );
    }
    let mut sent = request("/b/7?q=1&q=2", &[("x-a", "1")]);
    sent.body = "secret".into();
    let asked = question(&waits(api.receive(&sent, &arrival(0))));
    assert_eq!(asked["type"], "REQUEST");
    assert_eq!(asked["methodArn"], format!("{ARN}/b/7"));
    assert_eq!(asked["resource"], "/b/{id}");
    assert_eq!(asked["headers"]["x-a"], "1");
    assert_eq!(asked["queryStringParameters"], json!({"q": "2"}));
    assert_eq!(
        asked["multiValueQueryStringParameters"],
        json!({"q": ["1", "2"]})
    );
    assert_eq!(asked["pathParameters"], json!({"id": "7"}));
    assert_eq!(asked["stageVariables"], json!({}));
    assert_eq!(asked["requestContext"]["stage"], STAGE);
    assert!(asked.get("body").is_none());
}

#[test]
fn each_answer_has_its_meaning() {
    let api = with(RestAuthorizer {
        ttl: 0,
        ..RestAuthorizer::token("auth")
    });
    let denied = |text: &str| {
        format!(r#"{{"Message":"User is not authorized to access this resource{text}"}}"#)
    };
    let broken = (
        500,
        r#"{"message":null}"#.to_owned(),
        "AuthorizerConfigurationException",
    );
    let table: [(Supplied<'_>, (u16, String, &str)); 7] = [
        (
            Supplied::Answer(&policy("Deny", ARN)),
            (403, denied(""), "AccessDeniedException"),
        ),
        (
            Supplied::Answer(&policy("Deny", "*")),
            (403, denied(" with an explicit deny"), "AccessDeniedException"),
        ),
        (Supplied::Answer(b"{}"), broken.clone()),
        (
            Supplied::Answer(
                br#"{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]},"context":{"a":[]}}"#,
            ),
            broken.clone(),
        ),
        (
            Supplied::FunctionError(br#"{"errorMessage":"Unauthorized"}"#),
            (401, r#"{"message":"Unauthorized"}"#.into(), "UnauthorizedException"),
        ),
        (
            Supplied::FunctionError(br#"{"errorMessage":"unauthorized"}"#),
            broken.clone(),
        ),
        (Supplied::FunctionError(b"no JSON"), broken.clone()),
    ];
    let sent = request("/a", &[("Authorization", "t")]);
    let pending = waits(api.receive(&sent, &arrival(0)));
    for (supplied, expected) in table {
        let reply = answered(api.resume(&pending, &supplied));
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        let error = reply.header("x-amzn-errortype").unwrap_or_default();
        assert_eq!((reply.status, body, error), expected, "{supplied:?}");
        assert!(reply.reason.is_some(), "the log is told why");
    }
    assert_eq!(api.refuse(&pending, "it took 10 s").status, 500);
    // What was not asked for is no answer.
    let principal = Principal::user("AKIA", "123456789012", "me", "AIDA");
    let reply = answered(api.resume(&pending, &Supplied::Principal(&principal)));
    assert_eq!(reply.status, 500);
}

#[test]
fn an_answer_is_kept_for_the_token_and_all_methods() {
    let api = with(RestAuthorizer::token("auth"));
    let ask = |target, token, at| {
        api.receive(&request(target, &[("Authorization", token)]), &arrival(at))
    };
    let pending = waits(ask("/a", "t", 0));
    let allowed = policy("Allow", &format!("{ARN}/a"));
    event(api.resume(&pending, &Supplied::Answer(&allowed)));
    event(ask("/a", "t", 1));
    // The policy of the one method is judged for the other.
    assert_eq!(answered(ask("/b/1", "t", 1)).status, 403);
    waits(ask("/a", "u", 1));
    event(ask("/a", "t", 299_999));
    waits(ask("/a", "t", 300_000));
    // A copy of the API shares the answers.
    let copy = api.clone();
    event(copy.receive(&request("/a", &[("Authorization", "t")]), &arrival(1)));
}

#[test]
fn a_token_that_does_not_validate_is_not_asked_about() {
    let validated = |text: &str| RestAuthorizer {
        kind: RestAuthorizerKind::Token {
            header: "X-Tok".into(),
            validation: Some(text.into()),
        },
        ..RestAuthorizer::token("auth")
    };
    let api = with(validated("a|b"));
    for (token, asked) in [
        ("a", true),
        ("b", true),
        ("ab", false),
        ("c", false),
        ("", false),
    ] {
        let received = api.receive(&request("/a", &[("x-tok", token)]), &arrival(0));
        if asked {
            waits(received);
        } else {
            assert_eq!(answered(received).status, 401, "{token}");
        }
    }
    let long = "a".repeat(1601);
    let api = with(RestAuthorizer::token("auth"));
    let received = api.receive(&request("/a", &[("authorization", &long)]), &arrival(0));
    assert_eq!(answered(received).status, 414);
}

#[test]
fn the_authorizer_may_name_the_api_key() {
    let api = |source| {
        api(&lambda(), |config| {
            config.authorizers.push(RestAuthorizer::token("auth"));
            config
                .api_keys
                .push(ApiKey::new("k", "0123456789abcdefghij"));
            config.api_key_source = source;
            for method in config.methods.values_mut() {
                method.api_key_required = true;
            }
        })
    };
    let sent = request("/a", &[("authorization", "t")]);
    for (source, passes) in [
        (ApiKeySource::Authorizer, true),
        (ApiKeySource::Header, false),
    ] {
        let api = api(source);
        let pending = waits(api.receive(&sent, &arrival(0)));
        let received = api.resume(&pending, &Supplied::Answer(&policy("Allow", "*")));
        if passes {
            let identity = &event(received)["requestContext"]["identity"];
            assert_eq!(identity["apiKeyId"], "k");
        } else {
            assert_eq!(&*answered(received).body, br#"{"message":"Forbidden"}"#);
        }
    }
}

#[test]
fn a_method_may_ask_for_a_signature() {
    let api = api(&Requirement::Iam, |_| {});
    let reply = answered(api.receive(&request("/a", &[]), &arrival(0)));
    assert_eq!(
        (reply.status, &*reply.body),
        (403, &br#"{"message":"Missing Authentication Token"}"#[..])
    );
    let signed = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20250414/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=00000000000000000000000000000000000000000000000000000000000000aa";
    let headers = [
        ("host", "localhost"),
        ("x-amz-date", "20250414T221356Z"),
        ("authorization", signed),
    ];
    let pending = waits(api.receive(&request("/a", &headers), &arrival(0)));
    assert_eq!(
        *pending.need(),
        Need::Credentials {
            access_key_id: "AKIAEXAMPLE".into()
        }
    );
    let reply = answered(api.resume(&pending, &Supplied::Credentials(&[])));
    assert_eq!(
        (reply.status, reply.header("x-amzn-errortype")),
        (403, Some("UnrecognizedClientException"))
    );
    let principal = Principal::user("AKIAEXAMPLE", "123456789012", "me", "AIDAEXAMPLE");
    let context = &event(api.resume(&pending, &Supplied::Principal(&principal)))["requestContext"];
    assert_eq!(
        context["identity"]["userArn"],
        "arn:aws:iam::123456789012:user/me"
    );
    assert!(context.get("authorizer").is_none());
}

/// Keys that have signed everything.
struct AnyKeys;

impl TokenKeys for AnyKeys {
    fn verify(&self, _: &str, _: RsaAlgorithm, _: &[u8], _: &[u8]) -> Result<(), KeyError> {
        Ok(())
    }
}

#[test]
fn a_user_pool_without_an_audience_lets_each_of_its_clients_pass() {
    let issuer = "https://pool";
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let status = |mut claims: Value| {
        claims["iss"] = json!(issuer);
        claims["exp"] = json!(2_000_000_000);
        let header = part(json!({"alg": "RS256", "kid": "k"}));
        let token = format!("{header}.{}.c2ln", part(claims));
        let pool = Requirement::Jwt {
            authorizer: "auth".into(),
            scopes: Vec::new(),
        };
        let api = api(&pool, |config| {
            let pool = JwtAuthorizer::new("auth", issuer, [""; 0]);
            config.authorizers.push(RestAuthorizer {
                kind: RestAuthorizerKind::UserPool(pool),
                ..RestAuthorizer::token("auth")
            });
        });
        let request = request("/a", &[("authorization", &token)]);
        let pending = waits(api.receive(&request, &arrival(0)));
        match api.resume(&pending, &Supplied::Keys(&AnyKeys)) {
            Received::Invoke(_) => 200,
            Received::Answer(reply) => reply.status,
            Received::Authorize(_) => panic!("nothing else is asked for"),
        }
    };
    assert_eq!(status(json!({"aud": "a"})), 200);
    assert_eq!(status(json!({"client_id": "a"})), 200);
    assert_eq!(status(json!({"aud": ["a", "b"]})), 200);
    assert_eq!(status(json!({})), 401);
}

#[test]
fn refuses_authorizers_that_aws_would_not_make() {
    let error = |requirement: &Requirement, authorizers: Vec<RestAuthorizer>| {
        let mut config = RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", STAGE));
        config.routes.push("GET /a".parse().expect("a route"));
        let mut method = RestMethod::default();
        method.requirement = Some(requirement.clone());
        config.methods.insert(0, method);
        config.authorizers = authorizers;
        RestApi::new(config).expect_err("it is wrong").to_string()
    };
    let token = || RestAuthorizer::token("auth");
    assert_eq!(
        error(&lambda(), vec![]),
        "the route `GET /a` names an authorizer that does not exist: `auth`"
    );
    let pool = RestAuthorizer {
        kind: RestAuthorizerKind::UserPool(JwtAuthorizer::new("auth", "https://pool", [""; 0])),
        ..token()
    };
    assert_eq!(
        error(&lambda(), vec![pool]),
        "the route `GET /a` names an authorizer that does not exist: `auth`"
    );
    assert_eq!(
        error(&lambda(), vec![token(), token()]),
        "the authorizer `auth` is there twice"
    );
    assert_eq!(
        error(
            &lambda(),
            vec![RestAuthorizer {
                ttl: 3601,
                ..token()
            }]
        ),
        "the authorizer `auth` caches answers for more than 3600 s"
    );
    let request = RestAuthorizer {
        ttl: 1,
        ..RestAuthorizer::request("auth", vec![])
    };
    assert_eq!(
        error(&lambda(), vec![request]),
        "the authorizer `auth` caches answers but has no identity source to distinguish callers"
    );
    let wild = RestAuthorizer {
        kind: RestAuthorizerKind::Token {
            header: "a".into(),
            validation: Some("(".into()),
        },
        ..token()
    };
    assert_eq!(
        error(&lambda(), vec![wild]),
        "the authorizer `auth` has a validation that cannot be used as a regular expression"
    );
}
