//! API keys, usage plans, limits, and gateway responses.

use super::*;

fn keyed(change: impl FnOnce(&mut RestApiConfig)) -> RestApi {
    let mut config = RestApiConfig {
        routes: vec!["GET /a".parse().expect("a route")],
        ..RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"))
    };
    let method = config.methods.entry(0).or_default();
    method.api_key_required = true;
    config.api_keys = vec![ApiKey::new("one", "0123456789abcdefghij")];
    change(&mut config);
    RestApi::new(config).expect("the configuration is right")
}

fn with_key(key: Option<&str>) -> HttpRequest {
    let mut request = HttpRequest::new("GET", "/dev/a");
    if let Some(key) = key {
        request.push_header("X-Api-Key", key.as_bytes());
    }
    request
}

#[test]
fn an_api_key_opens_what_its_plan_opens() {
    let good = Some("0123456789abcdefghij");
    let plain = keyed(|_| {});
    let disabled = keyed(|config| config.api_keys[0].enabled = false);
    let planned = keyed(|config| config.usage_plans.push(UsagePlan::new("p", ["one"])));
    let other = keyed(|config| {
        config.usage_plans.push(UsagePlan::new("p", [""; 0]));
    });
    let table = [
        (&plain, good, true),
        (&plain, Some("0123456789ABCDEFGHIJ"), false),
        (&plain, None, false),
        (&disabled, good, false),
        (&planned, good, true),
        (&other, good, false),
    ];
    for (api, key, open) in table {
        match receive(api, &with_key(key)) {
            Received::Invoke(invocation) => {
                assert!(open, "{key:?}");
                let event: Value =
                    serde_json::from_slice(&invocation.event).expect("an event is JSON");
                let identity = &event["requestContext"]["identity"];
                assert_eq!(
                    (identity["apiKey"].as_str(), identity["apiKeyId"].as_str()),
                    (good, Some("one"))
                );
            }
            Received::Answer(reply) => {
                assert!(!open, "{key:?}");
                assert_eq!(
                    (reply.status, &*reply.body, reply.header("x-amzn-errortype")),
                    (
                        403,
                        &br#"{"message":"Forbidden"}"#[..],
                        Some("ForbiddenException")
                    )
                );
                assert!(reply.reason.is_some(), "the log is told why");
            }
            Received::Authorize(_) => panic!("nobody asks who calls"),
        }
    }
}

#[test]
fn limits_answer_429() {
    let limited = keyed(|config| {
        config.throttle = Some(Throttle {
            rate: 0.0,
            burst: 2,
        });
        config.usage_plans.push(UsagePlan {
            quota: Some(Quota {
                limit: 1,
                period: QuotaPeriod::Day,
                offset: 0,
            }),
            ..UsagePlan::new("p", ["one"])
        });
    });
    let ask = || match receive(&limited, &with_key(Some("0123456789abcdefghij"))) {
        Received::Invoke(_) | Received::Authorize(_) => None,
        Received::Answer(reply) => {
            assert_eq!(reply.status, 429);
            Some(String::from_utf8_lossy(&reply.body).into_owned())
        }
    };
    assert_eq!(ask(), None);
    assert_eq!(ask().as_deref(), Some(r#"{"message":"Limit Exceeded"}"#));
    let throttled = keyed(|config| {
        let method = config.methods.entry(0).or_default();
        method.api_key_required = false;
        method.throttle = Some(Throttle {
            rate: 0.0,
            burst: 0,
        });
    });
    match receive(&throttled, &with_key(None)) {
        Received::Answer(reply) => assert_eq!(
            (reply.status, &*reply.body),
            (429, &br#"{"message":"Too Many Requests"}"#[..])
        ),
        _ => panic!("the bucket holds nothing"),
    }
}

#[test]
fn gateway_responses_change_the_gateways_own_answers() {
    let mut config = RestApiConfig {
        routes: vec!["GET /a/{id}".parse().expect("a route")],
        ..RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"))
    };
    let response = |status, header: &str, template: &str| GatewayResponse {
        status,
        headers: [
            ("Access-Control-Allow-Origin".to_owned(), header.to_owned()),
            ("X-Amzn-RequestId".to_owned(), "'mine'".to_owned()),
        ]
        .into(),
        templates: [("application/json".to_owned(), template.to_owned())].into(),
    };
    let responses = [
        (
            GatewayResponseType::MissingAuthenticationToken,
            response(
                Some(404),
                "'*'",
                r#"{"code":"$context.error.responseType","detail":$context.error.messageString}"#,
            ),
        ),
        (
            GatewayResponseType::Default5xx,
            response(
                None,
                "method.request.header.Origin",
                r"$context.stage $context.resourcePath ${method.request.path.id} $context.none",
            ),
        ),
    ];
    config.gateway_responses.extend(responses);
    let api = RestApi::new(config).expect("the configuration is right");

    let Received::Answer(reply) = receive(&api, &HttpRequest::new("GET", "/dev/b")) else {
        panic!("there is no such route")
    };
    assert_eq!(
        (
            reply.status,
            &*reply.body,
            reply.header("access-control-allow-origin"),
            reply.header("x-amzn-requestid"),
        ),
        (
            404,
            &br#"{"code":"MISSING_AUTHENTICATION_TOKEN","detail":"Missing Authentication Token"}"#
                [..],
            Some("*"),
            Some("5a5a5a5a-5a5a-4a5a-9a5a-5a5a5a5a5a5a")
        )
    );

    let mut request = HttpRequest::new("GET", "/dev/a/7");
    request.push_header("origin", b"https://a.example");
    let Received::Invoke(invocation) = receive(&api, &request) else {
        panic!("the route exists")
    };
    let reply = api.answer(&invocation, Outcome::FunctionError(b"{}"));
    assert_eq!(
        (
            reply.status,
            &*reply.body,
            reply.header("access-control-allow-origin")
        ),
        (502, &b"dev /a/{id} 7 null"[..], Some("https://a.example"))
    );
    let reply = api.answer(&invocation, Outcome::Payload(br#"{"statusCode":500}"#));
    assert_eq!(
        reply.header("access-control-allow-origin"),
        None,
        "what the function answers is its own"
    );
    // A client cannot write a header of the answer's.
    let mut request = HttpRequest::new("GET", "/dev/a/7");
    request.push_header("origin", b"x\r\ny: z");
    let Received::Invoke(invocation) = receive(&api, &request) else {
        panic!("the route exists")
    };
    let reply = api.answer(&invocation, Outcome::FunctionError(b"{}"));
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[test]
fn refuses_what_could_not_be_deployed() {
    let error = |change: &dyn Fn(&mut RestApiConfig)| {
        let mut config = RestApiConfig {
            routes: vec!["POST /a".parse().expect("a route")],
            ..RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"))
        };
        change(&mut config);
        RestApi::new(config).expect_err("it is wrong").to_string()
    };
    let response = |config: &mut RestApiConfig, change: &dyn Fn(&mut GatewayResponse)| {
        change(
            config
                .gateway_responses
                .entry(GatewayResponseType::Throttled)
                .or_default(),
        );
    };
    assert_eq!(
        error(&|config| response(config, &|response| response.status = Some(99))),
        "the gateway response `THROTTLED` cannot be sent: the status is not from 200 to 599: 99"
    );
    assert_eq!(
        error(&|config| response(config, &|response| {
            response.headers.insert("a b".into(), "'x'".into());
        })),
        "the gateway response `THROTTLED` cannot be sent: not a valid header name: `a b`"
    );
    assert_eq!(
        error(&|config| response(config, &|response| {
            response.headers.insert("a".into(), "x".into());
        })),
        "the gateway response `THROTTLED` cannot be sent: `a` is neither text in single quotes nor a mapping such as `method.request.header.Origin`: `x`"
    );
    assert_eq!(
        error(&|config| {
            let method = config.methods.entry(0).or_default();
            method.validation.body = true;
            let schema = json!({"type": "strnig"});
            method.models.insert("application/json".into(), schema);
        }),
        "the model of `POST /a` for `application/json` is not valid: unknown type in draft 4: \"strnig\", at `#/type`"
    );
    assert_eq!(
        error(&|config| {
            config.api_keys = vec![ApiKey::new("a", "1"), ApiKey::new("b", "1")];
        }),
        "two API keys have the same name or value; remove one: `b`"
    );
    assert_eq!(
        error(&|config| config.usage_plans.push(UsagePlan::new("p", ["a"]))),
        "the usage plan `p` names an API key that does not exist: `a`"
    );
}
