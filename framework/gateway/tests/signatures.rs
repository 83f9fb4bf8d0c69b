//! Signature Version 4 at the front doors, held against requests that another signer made.

use fw_gateway::{
    ApiIdentity, Arrival, Credentials, FrontDoor, FunctionUrl, FunctionUrlConfig, HttpApi,
    HttpApiConfig, HttpApiRoute, HttpReply, HttpRequest, Need, PayloadFormat, Principal, Received,
    Requirement, Signed, SigningScope, Supplied,
};
use serde::Deserialize;
use serde_json::{Value, json};

/// See `fixtures/README.md`.
const SIGNED: &str = include_str!("fixtures/signed-requests.jsonl");

/// When they were signed: 2023-11-14T22:13:20Z.
const NOW_MS: u64 = 1_700_000_000_000;

/// The example credentials of AWS's documentation.
const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

#[derive(Deserialize)]
struct Case {
    name: String,
    service: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    session_token: Option<String>,
}

impl Case {
    fn request(&self) -> HttpRequest {
        let mut request = HttpRequest::new(self.method.as_str(), self.target.as_str());
        request.headers.clone_from(&self.headers);
        request.body = self.body.clone().into();
        request
    }

    fn credentials(&self) -> Credentials {
        Credentials {
            session_token: self.session_token.clone(),
            ..credentials()
        }
    }

    fn door(&self) -> FrontDoor {
        if self.service == "lambda" {
            url(|_| {})
        } else {
            api(PayloadFormat::V2)
        }
    }
}

fn cases() -> impl Iterator<Item = Case> {
    SIGNED
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is a signed request"))
}

/// The first case, which is signed for an HTTP API.
fn plain() -> Case {
    cases().next().expect("there is a first case")
}

fn credentials() -> Credentials {
    Credentials {
        access_key_id: ACCESS_KEY.into(),
        secret_access_key: SECRET_KEY.into(),
        session_token: None,
        principal: Principal::user(ACCESS_KEY, "111122223333", "mary", "AIDAEXAMPLE"),
    }
}

fn api(payload_format: PayloadFormat) -> FrontDoor {
    let route = |key: &str| {
        let route = key.parse::<HttpApiRoute>().expect(key);
        route.requiring(Requirement::Iam)
    };
    HttpApi::new(HttpApiConfig {
        routes: vec![route("ANY /iam"), route("ANY /iam/{rest+}")],
        payload_format,
        ..HttpApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "$default"))
    })
    .expect("the configuration is right")
    .into()
}

fn url(change: impl FnOnce(&mut FunctionUrlConfig)) -> FrontDoor {
    let mut config = FunctionUrlConfig {
        iam: true,
        ..FunctionUrlConfig::new(ApiIdentity::new("abc", "$default"))
    };
    change(&mut config);
    FunctionUrl::new(config)
        .expect("the configuration is right")
        .into()
}

fn send(
    door: &FrontDoor,
    request: &HttpRequest,
    known: &[Credentials],
    now_ms: u64,
) -> Result<Value, HttpReply> {
    let arrival = Arrival::new(now_ms, [7; Arrival::ENTROPY]);
    let received = match door.receive(request, &arrival) {
        Received::Authorize(pending) => {
            let Need::Credentials { access_key_id } = pending.need() else {
                panic!("{:?}", pending.need())
            };
            assert_eq!(access_key_id, ACCESS_KEY);
            door.resume(&pending, &Supplied::Credentials(known))
        }
        other => other,
    };
    match received {
        Received::Invoke(invocation) => {
            Ok(serde_json::from_slice(&invocation.event).expect("an event is JSON"))
        }
        Received::Answer(reply) => {
            assert!(reply.reason.is_some(), "the log is told");
            Err(reply)
        }
        Received::Authorize(pending) => panic!("asked twice: {:?}", pending.need()),
    }
}

/// Their signer left dot segments out of what it signed, as Signature Version 4 says.
fn is_dotted(case: &Case) -> bool {
    case.target.contains("/./")
}

#[test]
fn a_signature_of_dot_segments_is_right_and_refused_all_the_same() {
    let case = cases().find(is_dotted).expect("it is there");
    let request = case.request();
    let signed = Signed::read(&request).expect("it is signed");
    let scope = SigningScope {
        region: "us-east-1",
        service: "execute-api",
    };
    let known = [case.credentials()];
    let seen = signed.check(&request, &known, scope, NOW_MS);
    assert!(seen.is_ok(), "{seen:?}");
    let reply = send(&case.door(), &request, &[case.credentials()], NOW_MS)
        .expect_err("it would be good for another route");
    assert_eq!(
        (reply.status, &*reply.body),
        (403, &br#"{"message":"Forbidden"}"#[..])
    );
}

#[test]
fn takes_what_another_signer_signed() {
    for case in cases().filter(|case| !is_dotted(case)) {
        let seen = send(&case.door(), &case.request(), &[case.credentials()], NOW_MS);
        let event = seen.unwrap_or_else(|reply| panic!("{}: {:?}", case.name, reply.reason));
        let expected = json!({"iam": {
            "accessKey": ACCESS_KEY,
            "accountId": "111122223333",
            "callerId": "AIDAEXAMPLE",
            "cognitoIdentity": null,
            "principalOrgId": null,
            "userArn": "arn:aws:iam::111122223333:user/mary",
            "userId": "AIDAEXAMPLE"
        }});
        assert_eq!(
            event["requestContext"]["authorizer"], expected,
            "{}",
            case.name
        );
        let account = if case.service == "lambda" {
            "111122223333"
        } else {
            "123456789012"
        };
        assert_eq!(
            event["requestContext"]["accountId"], account,
            "{}",
            case.name
        );
    }
}

#[test]
fn takes_the_published_example() {
    // "get-vanilla" of AWS's Signature Version 4 test suite.
    let mut request = HttpRequest::new("GET", "/");
    request.push_header("Host", b"example.amazonaws.com");
    request.push_header("X-Amz-Date", b"20150830T123600Z");
    request.push_header("Authorization", b"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    let known = Credentials {
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
        ..credentials()
    };
    let signed = Signed::read(&request).expect("it is signed");
    let scope = SigningScope {
        region: "us-east-1",
        service: "service",
    };
    let seen = signed.check(
        &request,
        std::slice::from_ref(&known),
        scope,
        1_440_938_160_000,
    );
    assert!(seen.is_ok(), "{seen:?}");
}

#[test]
fn whatever_was_changed_is_refused() {
    for case in cases() {
        let door = case.door();
        let good = case.request();
        let mut changed: Vec<(&str, HttpRequest)> = Vec::new();
        let mut change = |what: &'static str, change: &dyn Fn(&mut HttpRequest)| {
            let mut request = good.clone();
            change(&mut request);
            changed.push((what, request));
        };
        change("method", &|request| request.method = "DELETE".into());
        change("path", &|request| {
            request.target = request.target.replacen("/", "/iam/z", 1);
        });
        change("query", &|request| {
            let separator = if request.target.contains('?') {
                '&'
            } else {
                '?'
            };
            request.target.push(separator);
            request.target.push_str("zz=1");
        });
        change("body", &|request| {
            request.body = [&request.body[..], b"!"].concat().into();
        });
        change("host", &|request| {
            request.headers[0].1 = "evil.example".into();
        });
        for (what, request) in changed {
            let seen = send(&door, &request, &[case.credentials()], NOW_MS);
            let status = seen.map_or_else(|reply| reply.status, |_| 200);
            // A path that has no route is not found before anyone asks who calls.
            assert!(
                status == 403 || status == 404,
                "{}, {what}: {status}",
                case.name
            );
        }
        let other = Credentials {
            secret_access_key: "other".into(),
            ..case.credentials()
        };
        let token = Credentials {
            session_token: Some("other".into()),
            ..case.credentials()
        };
        let key = Credentials {
            access_key_id: "other".into(),
            ..case.credentials()
        };
        for known in [vec![other], vec![token], vec![key], vec![]] {
            let seen = send(&door, &good, &known, NOW_MS);
            assert!(
                seen.is_err_and(|reply| reply.status == 403),
                "{}: {known:?}",
                case.name
            );
        }
    }
}

#[test]
fn a_signature_has_its_time() {
    let presigned = cases()
        .find(|case| case.name == "presigned")
        .expect("it is there");
    let minute = 60_000;
    let table = [
        (&plain(), 5 * minute, true),
        (&plain(), 5 * minute + 1000, false),
        (&presigned, 5 * minute, true),
        (&presigned, 5 * minute + 1000, false),
    ];
    for (case, late, expected) in table {
        let seen = send(
            &case.door(),
            &case.request(),
            &[credentials()],
            NOW_MS + late,
        );
        assert_eq!(seen.is_ok(), expected, "{} {late}", case.name);
    }
    let early = send(
        &plain().door(),
        &plain().request(),
        &[credentials()],
        NOW_MS - 6 * minute,
    );
    let reason = early
        .expect_err("it is from the future")
        .reason
        .unwrap_or_default();
    assert_eq!(
        reason,
        "Signature not yet current: 20231114T221320Z is still later than 20231114T221220Z (20231114T220720Z + 5 min.)"
    );
}

#[test]
fn what_is_no_signature_is_refused() {
    let with = |authorization: &str| {
        let mut request = plain().request();
        for (name, value) in &mut request.headers {
            if name == "Authorization" {
                *value = authorization.into();
            }
        }
        request
    };
    let scope = "20231114/us-east-1/execute-api/aws4_request";
    let mut bad = vec![HttpRequest::new("GET", "/iam")];
    bad.extend([
        with(""),
        with("Bearer x"),
        with("AWS4-HMAC-SHA256"),
        with("AWS4-HMAC-SHA256 Credential=x"),
        with(&format!("AWS4-HMAC-SHA256 Credential=/{scope}, SignedHeaders=host, Signature=00")),
        with(&format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders=x-amz-date, Signature=00")),
        with(&format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders=host, Signature=")),
        with(&format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders=host, Signature=é")),
        with(&format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20231114/eu-west-1/execute-api/aws4_request, SignedHeaders=host, Signature=00")),
        HttpRequest::new("GET", "/iam?X-Amz-Algorithm=AWS4-HMAC-SHA256"),
        HttpRequest::new("GET", "/iam?X-Amz-Signature=00"),
    ]);
    for request in bad {
        let reply = send(&api(PayloadFormat::V2), &request, &[credentials()], NOW_MS)
            .expect_err("it is not signed");
        let seen = (reply.status, &*reply.body);
        assert_eq!(
            seen,
            (403, &br#"{"message":"Forbidden"}"#[..]),
            "{request:?}"
        );
        let mut request = request;
        request.target = request.target.replacen("/iam", "/", 1);
        let reply = send(&url(|_| {}), &request, &[credentials()], NOW_MS).expect_err("nor this");
        assert_eq!(reply.status, 403);
        assert!(reply.header("x-amzn-errortype").is_some(), "{request:?}");
    }
}

#[test]
fn a_url_says_what_is_wrong_with_a_signature() {
    let case = cases()
        .find(|case| case.service == "lambda")
        .expect("it is there");
    let told = |request: &HttpRequest, known: &[Credentials], now_ms| {
        let reply = send(&case.door(), request, known, now_ms).expect_err("it is wrong");
        let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        let message = body.get("message").or_else(|| body.get("Message"));
        let message = message.and_then(Value::as_str).unwrap_or_default();
        let start: String = message.split(' ').take(3).collect::<Vec<_>>().join(" ");
        (reply.header("x-amzn-errortype").map(str::to_owned), start)
    };
    let mut changed = case.request();
    changed.body = "x".into();
    let table = [
        (
            HttpRequest::new("GET", "/"),
            NOW_MS,
            "AccessDeniedException",
            "Forbidden. For troubleshooting",
        ),
        (
            changed,
            NOW_MS,
            "InvalidSignatureException",
            "The request signature",
        ),
        (
            case.request(),
            NOW_MS + 3_600_000,
            "InvalidSignatureException",
            "Signature expired: 20231114T221320Z",
        ),
    ];
    for (request, now_ms, kind, start) in table {
        let seen = told(&request, &[credentials()], now_ms);
        assert_eq!(seen, (Some(kind.to_owned()), start.to_owned()));
    }
    let nobody = told(&case.request(), &[], NOW_MS);
    assert_eq!(nobody.0.as_deref(), Some("UnrecognizedClientException"));
}

#[test]
fn a_format_1_event_names_the_caller_in_the_identity() {
    let event = send(
        &api(PayloadFormat::V1),
        &plain().request(),
        &[credentials()],
        NOW_MS,
    )
    .expect("it is signed");
    let context = &event["requestContext"];
    assert_eq!(
        context["identity"]["userArn"],
        "arn:aws:iam::111122223333:user/mary"
    );
    assert_eq!(context["identity"]["accessKey"], ACCESS_KEY);
    assert_eq!(context.get("authorizer"), None);
}

#[test]
fn a_test_may_vouch_for_a_caller() {
    let mut request = plain().request();
    request.target = "/iam/unsigned".into();
    let door = api(PayloadFormat::V2);
    let arrival = Arrival::new(NOW_MS, [7; Arrival::ENTROPY]);
    let Received::Authorize(pending) = door.receive(&request, &arrival) else {
        panic!("credentials are needed")
    };
    let principal = credentials().principal;
    let resumed = door.resume(&pending, &Supplied::Principal(&principal));
    assert!(matches!(resumed, Received::Invoke(_)), "{resumed:?}");
    assert!(!format!("{pending:?} {:?}", credentials()).contains(SECRET_KEY));
}

#[test]
fn a_url_takes_ten_times_its_reserved_concurrency() {
    let door = url(|config| {
        config.iam = false;
        config.reserved_concurrency = Some(2);
    });
    let status = |now_ms| {
        let arrival = Arrival::new(now_ms, [7; Arrival::ENTROPY]);
        match door.receive(&HttpRequest::new("GET", "/"), &arrival) {
            Received::Answer(reply) => reply.status,
            _ => 200,
        }
    };
    let passed = |at: u64| (0..50).filter(|_| status(NOW_MS + at) == 200).count();
    assert_eq!((passed(0), passed(100), passed(5_000)), (20, 2, 20));
    assert_eq!(status(NOW_MS + 5_000), 429);
}
