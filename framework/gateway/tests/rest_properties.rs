//! Whatever a client, a function, an authorizer or a schema says: a REST API answers, and nothing panics.

use fw_gateway::{
    ApiIdentity, ApiKey, Arrival, GatewayResponse, GatewayResponseType, HttpReply, HttpRequest,
    Integration, Model, Outcome, Quota, QuotaPeriod, Received, RequestValidation, Requirement,
    RestApi, RestApiConfig, RestAuthorizer, RestAuthorizerKind, RestMethod, Supplied, Throttle,
    UsagePlan,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// An API that uses all that there is.
fn api() -> RestApi {
    let mut config = RestApiConfig::new(ApiIdentity::new("a1b2c3d4e5", "dev"));
    let routes = [
        "GET /open/{id}",
        "POST /checked/{id}",
        "GET /key",
        "GET /token",
        "GET /request",
        "GET /iam",
        "ANY /rest/{path+}",
        "GET /mock",
    ];
    for (index, route) in routes.iter().enumerate() {
        config.routes.push(route.parse().expect("a route"));
        let mut method = RestMethod::default();
        match index {
            1 => {
                method.validation = RequestValidation {
                    parameters: true,
                    body: true,
                };
                for parameter in ["header.X-A", "path.id", "querystring.q"] {
                    method
                        .required
                        .push(parameter.parse().expect("a parameter"));
                }
                let schema = json!({"properties": {"a": {"$ref": "#"}}, "additionalProperties": {"pattern": "^a"}});
                method.models.insert("application/json".into(), schema);
            }
            2 => method.api_key_required = true,
            3 | 4 => {
                let authorizer = if index == 3 { "token" } else { "request" };
                method.requirement = Some(Requirement::Lambda {
                    authorizer: authorizer.into(),
                });
            }
            5 => method.requirement = Some(Requirement::Iam),
            7 => method.integration = Integration::Mock(204),
            _ => {}
        }
        config.methods.insert(index, method);
    }
    config.authorizers = vec![
        RestAuthorizer {
            kind: RestAuthorizerKind::Token {
                header: "Authorization".into(),
                validation: Some("[a-z]*".into()),
            },
            ..RestAuthorizer::token("token")
        },
        RestAuthorizer::request(
            "request",
            vec!["$request.querystring.q".parse().expect("a source")],
        ),
    ];
    config.api_keys = vec![ApiKey::new("k", "key")];
    config.usage_plans = vec![UsagePlan {
        throttle: Some(Throttle {
            rate: 1000.0,
            burst: 3,
        }),
        quota: Some(Quota {
            limit: 5,
            period: QuotaPeriod::Month,
            offset: 1,
        }),
        ..UsagePlan::new("p", ["k"])
    }];
    let response = GatewayResponse {
        status: None,
        headers: [(
            "X-Origin".to_owned(),
            "method.request.header.Origin".to_owned(),
        )]
        .into(),
        templates: [(
            "text/plain".to_owned(),
            "$context.error.messageString ${method.request.querystring.q} $context.path".to_owned(),
        )]
        .into(),
    };
    config.gateway_responses = [
        (GatewayResponseType::Default4xx, response.clone()),
        (GatewayResponseType::Default5xx, response),
    ]
    .into();
    RestApi::new(config).expect("the configuration is right")
}

/// What HTTP lets a server send.
fn is_sound(reply: &HttpReply) -> bool {
    (200..600).contains(&reply.status)
        && reply.headers.iter().all(|(name, value)| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b':')
                && !value
                    .bytes()
                    .any(|byte| byte == b'\r' || byte == b'\n' || byte == 0)
        })
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,20}",
        "\\PC{0,8}",
        Just("key".to_owned()),
        Just("application/json".to_owned()),
        Just("a\r\nb: c".to_owned()),
        Just("%2F%ff%zz+&;=".to_owned()),
    ]
}

fn target() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        Just("/dev/open/x".to_owned()),
        Just("/dev/checked/1?q=2".to_owned()),
        Just("/dev/key".to_owned()),
        Just("/dev/token".to_owned()),
        Just("/dev/request?q=1".to_owned()),
        Just("/dev/iam".to_owned()),
        Just("/dev/mock/".to_owned()),
        text().prop_map(|text| format!("/dev/rest/{text}")),
        text(),
    ];
    (path, text()).prop_map(|(path, query)| format!("{path}{query}"))
}

fn request() -> impl Strategy<Value = HttpRequest> {
    let names = prop_oneof![
        Just("Authorization"),
        Just("x-api-key"),
        Just("content-type"),
        Just("Accept"),
        Just("origin"),
        Just("X-A"),
        Just("X-HTTP-Method-Override"),
        Just("x-amzn-trace-id"),
    ];
    let headers = proptest::collection::vec((names, text()), 0..5);
    let method = prop_oneof![
        Just("GET"),
        Just("POST"),
        Just("OPTIONS"),
        Just(""),
        Just("é")
    ];
    let body = proptest::collection::vec(any::<u8>(), 0..40);
    (method, target(), headers, body, json_value()).prop_map(
        |(method, target, headers, body, value)| {
            let mut request = HttpRequest::new(method, target);
            for (name, value) in headers {
                request.push_header(name, value.as_bytes());
            }
            request.body = if body.len() % 2 == 0 {
                body.into()
            } else {
                value.to_string().into()
            };
            request
        },
    )
}

/// JSON whose keys are often keywords or keys that somebody reads.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        prop_oneof![
            text(),
            Just("#".to_owned()),
            Just("#/definitions/a".to_owned()),
            Just("object".to_owned()),
            Just("(".to_owned()),
        ]
        .prop_map(Value::from),
    ];
    let key = proptest::sample::select(vec![
        "$ref",
        "a",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "type",
        "enum",
        "properties",
        "items",
        "additionalItems",
        "additionalProperties",
        "patternProperties",
        "dependencies",
        "required",
        "minimum",
        "exclusiveMinimum",
        "multipleOf",
        "pattern",
        "maxLength",
        "uniqueItems",
        "definitions",
        "statusCode",
        "headers",
        "multiValueHeaders",
        "body",
        "isBase64Encoded",
        "principalId",
        "policyDocument",
        "Statement",
        "Effect",
        "context",
        "errorMessage",
    ]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..5).prop_map(|pairs| {
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_request_and_every_result_has_an_answer(
        request in request(),
        at in 0..4_000_000_000_000_u64,
        result in json_value(),
        said in json_value(),
    ) {
        let api = api();
        let result = result.to_string();
        let said = said.to_string();
        let allowed = json!({
            "principalId": "p",
            "context": {"a": said},
            "policyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        })
        .to_string();
        let mut waiting = vec![api.receive(&request, &Arrival::new(at, [7; Arrival::ENTROPY]))];
        while let Some(received) = waiting.pop() {
            match received {
                Received::Answer(reply) => prop_assert!(is_sound(&reply), "{reply:?}"),
                Received::Authorize(pending) => {
                    prop_assert!(is_sound(&api.refuse(&pending, "no reason")));
                    for supplied in [
                        Supplied::Answer(said.as_bytes()),
                        Supplied::FunctionError(said.as_bytes()),
                        Supplied::Credentials(&[]),
                        Supplied::Answer(allowed.as_bytes()),
                    ] {
                        let next = api.resume(&pending, &supplied);
                        prop_assert!(!matches!(next, Received::Authorize(_)), "it asks again");
                        waiting.push(next);
                    }
                }
                Received::Invoke(invocation) => {
                    let event: Result<Value, _> = serde_json::from_slice(&invocation.event);
                    prop_assert!(event.is_ok(), "an event is JSON");
                    for outcome in [
                        Outcome::Payload(result.as_bytes()),
                        Outcome::Payload(&request.body),
                        Outcome::FunctionError(result.as_bytes()),
                        Outcome::Throttled,
                        Outcome::IntegrationTimeout,
                        Outcome::EventTooLarge,
                        Outcome::NotPermitted,
                    ] {
                        let reply = api.answer(&invocation, outcome);
                        prop_assert!(is_sound(&reply), "{reply:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_schema_and_no_body_panics(schema in json_value(), values in proptest::collection::vec(json_value(), 0..4)) {
        // The schema itself, and below keys that take one.
        for schema in [schema.clone(), json!({"properties": {"a": schema}, "definitions": {"a": schema}})] {
            match Model::new(&schema) {
                Ok(model) => {
                    for value in &values {
                        // Twice the same: nothing is remembered.
                        prop_assert_eq!(model.allows(value), model.allows(value));
                    }
                }
                Err(error) => prop_assert!(error.to_string().contains("at `#")),
            }
        }
    }
}
