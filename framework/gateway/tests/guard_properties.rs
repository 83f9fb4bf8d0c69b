//! What no token, no signature, no policy and no authorizer may do: panic, or let a request through that nobody vouched for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fw_gateway::{
    ApiIdentity, Arrival, Authorizer, Credentials, Decision, FrontDoor, FunctionUrl,
    FunctionUrlConfig, HttpApi, HttpApiConfig, HttpApiRoute, HttpRequest, JwkSet, JwtAuthorizer,
    LambdaAuthorizer, Need, PayloadFormat, Policy, Prelude, Principal, Received, Requirement,
    Signed, SigningScope, Supplied, Token,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

const KEYS: &[u8] = include_bytes!("fixtures/test-only-jwks.json");

fn arrival() -> Arrival {
    Arrival::new(1_700_000_000_000, [0xa5; Arrival::ENTROPY])
}

fn doors() -> Vec<FrontDoor> {
    let requirements = [
        Requirement::Iam,
        Requirement::Jwt {
            authorizer: "jwt".into(),
            scopes: vec!["a".into()],
        },
        Requirement::Lambda {
            authorizer: "simple".into(),
        },
        Requirement::Lambda {
            authorizer: "policy".into(),
        },
    ];
    let header = || vec!["$request.header.Authorization".parse().expect("a source")];
    let config = |requirement: Requirement| HttpApiConfig {
        routes: vec![HttpApiRoute::from(fw_gateway::RouteKey::Default).requiring(requirement)],
        authorizers: vec![
            Authorizer::Jwt(JwtAuthorizer::new("jwt", "issuer", ["app"])),
            Authorizer::Lambda(LambdaAuthorizer {
                identity: header(),
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
    let apis = requirements.into_iter().map(|requirement| {
        HttpApi::new(config(requirement))
            .expect("it is right")
            .into()
    });
    let url = FunctionUrl::new(FunctionUrlConfig {
        iam: true,
        ..FunctionUrlConfig::new(ApiIdentity::new("abc", "$default"))
    });
    apis.chain([url.expect("it is right").into()]).collect()
}

fn credentials() -> Credentials {
    Credentials {
        access_key_id: "AKID".into(),
        secret_access_key: "secret".into(),
        session_token: None,
        principal: Principal::user("AKID", "123456789012", "mary", "AIDA"),
    }
}

fn base64url(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Tokens of every degree of being one.
fn any_token() -> impl Strategy<Value = String> {
    let header = prop_oneof![
        Just(json!({"alg": "RS256", "kid": "test-only"}).to_string()),
        Just(json!({"alg": "none", "kid": "test-only"}).to_string()),
        Just(json!({"alg": "HS256", "kid": "test-only"}).to_string()),
        any_json().prop_map(|json| json.to_string()),
        ".{0,12}",
    ];
    let claims = prop_oneof![
        Just(
            json!({"iss": "issuer", "aud": "app", "exp": 9_999_999_999_u64, "scope": "a"})
                .to_string()
        ),
        any_json().prop_map(|json| json.to_string()),
        ".{0,12}",
    ];
    let signed =
        (header, claims, vec(any::<u8>(), 0..300)).prop_map(|(header, claims, signature)| {
            format!(
                "{}.{}.{}",
                base64url(header),
                base64url(claims),
                base64url(signature)
            )
        });
    prop_oneof![
        signed.clone(),
        signed.prop_map(|token| format!("Bearer {token}")),
        "[A-Za-z0-9_.=-]{0,40}",
        ".{0,20}"
    ]
}

fn any_signature() -> impl Strategy<Value = String> {
    let scope = "AKID/20231114/us-east-1/(execute-api|lambda)/aws4_request";
    let likely = format!(
        "AWS4-HMAC-SHA256 Credential={scope}, ?SignedHeaders=(host|host;x-amz-date|host;;a), ?Signature=[0-9a-f]{{64}}"
    );
    let near =
        "AWS4-HMAC-SHA256 ((Credential|SignedHeaders|Signature)=[A-Z/a-z0-9;]{0,30},? ?){0,4}";
    prop_oneof![
        proptest::string::string_regex(&likely).expect("a pattern"),
        near,
        ".{0,30}"
    ]
}

fn any_request() -> impl Strategy<Value = HttpRequest> {
    let target = prop_oneof![
        "/[a-z%/.]{0,12}",
        "/\\?(X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature|Security-Token)=[A-Za-z0-9%/;+-]{0,24}&){0,8}",
        ".{0,16}"
    ];
    let authorization = prop_oneof![any_token(), any_signature()];
    let date = prop_oneof![
        Just("20231114T221320Z".to_owned()),
        "[0-9]{8}T[0-9]{6}Z",
        ".{0,18}"
    ];
    (
        target,
        proptest::option::of(authorization),
        proptest::option::of(date),
        vec(any::<u8>(), 0..16),
    )
        .prop_map(|(target, authorization, date, body)| {
            let mut request = HttpRequest::new("GET", target);
            request.push_header("host", b"localhost");
            if let Some(value) = authorization {
                request.push_header("Authorization", value.as_bytes());
            }
            if let Some(value) = date {
                request.push_header("X-Amz-Date", value.as_bytes());
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
        ".{0,8}".prop_map(Value::from),
        "(Allow|Deny|execute-api:Invoke|\\*|arn:aws:\\*|\\?|s3:\\*)".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = "(Effect|Action|NotAction|Resource|NotResource|Condition|Statement|Sid|principalId|policyDocument|context|isAuthorized|alg|kid|iss|aud|exp|nbf|iat|scope|scp|x)";
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name, inner), 0..5).prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn any_statement() -> impl Strategy<Value = Value> {
    let pattern = || "[ab*?]{0,6}";
    let patterns = || vec(pattern(), 0..3);
    ("(Allow|Deny)", patterns(), any::<bool>()).prop_map(|(effect, patterns, negated)| {
        let key = if negated { "NotResource" } else { "Resource" };
        json!({"Effect": effect, "Action": "execute-api:Invoke", key: patterns})
    })
}

/// Wildcards the slow and plain way.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            matches(rest, text) || !text.is_empty() && matches(pattern, &text[1..])
        }
        ([b'?', rest @ ..], [_, after @ ..]) => matches(rest, after),
        ([first, rest @ ..], [found, after @ ..]) => first == found && matches(rest, after),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_passes_who_is_not_vouched_for(request in any_request(), answer in any_json()) {
        let keys = JwkSet::parse(KEYS).expect("keys");
        let known = [credentials()];
        let answer = answer.to_string();
        for door in doors() {
            let received = match door.receive(&request, &arrival()) {
                Received::Authorize(pending) => match pending.need() {
                    Need::Keys { .. } => door.resume(&pending, &Supplied::Keys(&keys)),
                    Need::Credentials { .. } => door.resume(&pending, &Supplied::Credentials(&known)),
                    Need::Answer(question) => {
                        let event: Value = serde_json::from_slice(&question.event).expect("JSON");
                        prop_assert!(event["type"] == "REQUEST");
                        let received = door.resume(&pending, &Supplied::Answer(answer.as_bytes()));
                        // Only an authorizer's own word lets it pass.
                        if let Received::Invoke(_) = received {
                            prop_assert!(answer.contains("isAuthorized") || answer.contains("Allow"));
                            continue;
                        }
                        received
                    }
                },
                other => other,
            };
            match received {
                Received::Answer(reply) => {
                    prop_assert!((400..=500).contains(&reply.status), "{reply:?}");
                    let all_sendable = reply.headers.iter().all(|(name, value)| {
                        http::HeaderName::try_from(name).is_ok()
                            && http::HeaderValue::try_from(value).is_ok()
                    });
                    prop_assert!(all_sendable);
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn no_text_breaks_the_token_parser(text in any_token()) {
        if let Ok(token) = Token::read(&text) {
            let keys = JwkSet::parse(KEYS).expect("keys");
            prop_assert!(token.check(&keys, "issuer", &["app".to_owned()], 0).is_err());
            prop_assert!(token.scopes().iter().all(|scope| !scope.contains(' ')));
            let _ = token.claims();
        }
    }

    #[test]
    fn no_document_breaks_the_key_set(json in any_json(), n in ".{0,8}", e in "[A-Za-z0-9_-]{0,8}") {
        let _ = JwkSet::parse(json.to_string().as_bytes());
        let set = json!({"keys": [{"kty": "RSA", "kid": "test-only", "n": n, "e": e}, json]});
        if let Ok(set) = JwkSet::parse(set.to_string().as_bytes()) {
            let text = format!("{}.{}.{}", base64url(r#"{"alg":"RS256","kid":"test-only"}"#), base64url("{}"), base64url("x"));
            let token = Token::read(&text).expect("a token");
            prop_assert!(token.check(&set, "issuer", &[], 0).is_err());
        }
    }

    #[test]
    fn no_request_breaks_the_signature(request in any_request(), now_ms in any::<u64>()) {
        if let Ok(signed) = Signed::read(&request) {
            let scope = SigningScope { region: "us-east-1", service: "execute-api" };
            prop_assert!(signed.check(&request, &[credentials()], scope, now_ms).is_err());
        }
    }

    #[test]
    fn no_document_breaks_a_policy(json in any_json(), action in ".{0,8}", arn in ".{0,8}") {
        if let Ok(policy) = serde_json::from_value::<Policy>(json.clone()) {
            let decision = policy.decide(&action, &arn);
            prop_assert!(decision != Decision::Allowed || json.to_string().contains("Allow"));
        }
    }

    #[test]
    fn a_policy_decides_as_a_plain_search_does(statements in vec(any_statement(), 0..5), text in "[ab]{0,8}") {
        let policy: Policy = serde_json::from_value(json!({"Statement": statements})).expect("a policy");
        let names = |statement: &Value| {
            let any = |key: &str| statement[key].as_array().map(|patterns| {
                patterns.iter().filter_map(Value::as_str).any(|pattern| matches(pattern.as_bytes(), text.as_bytes()))
            });
            any("Resource").unwrap_or_else(|| any("NotResource") == Some(false))
        };
        let some = |effect: &str| statements.iter().any(|statement| statement["Effect"] == effect && names(statement));
        let expected = if some("Deny") {
            Decision::ExplicitlyDenied
        } else if some("Allow") {
            Decision::Allowed
        } else {
            Decision::Denied
        };
        prop_assert_eq!(policy.decide("execute-api:Invoke", &text), expected);
    }

    #[test]
    fn no_stream_breaks_the_prelude(start in vec(any::<u8>(), 0..64), json in any_json(), body in vec(any::<u8>(), 0..16)) {
        let _ = Prelude::read(&start);
        let mut stream = json.to_string().into_bytes();
        stream.extend([0; 8]);
        let length = stream.len();
        stream.extend(&body);
        if let Ok(found) = Prelude::read(&stream) {
            prop_assert_eq!(found.map(|(_, at)| at), Some(length));
        }
    }
}
