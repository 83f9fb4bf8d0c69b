//! REST APIs on the account in memory, and each gateway in another's place.

use serde_json::json;

use super::{
    App, FIRST,
    converge::{completed, deleted},
    hash, run,
};
use crate::{
    aws::fake::{Fake, Fault, State},
    deploy::{approve::losses, change::Change as _},
};

const REST: App = App {
    settings: "gateway = \"rest-api\"",
    ..FIRST
};

/// All that a REST API has.
pub(super) const WHOLE: App = App {
    authorizers: &["door"],
    guards: &[
        (
            "GET /objects/{key}",
            r#"{ "type": "lambda", "name": "door" }"#,
        ),
        ("PUT /objects/{key}", r#"{ "type": "iam" }"#),
    ],
    settings: r#"
gateway = "rest-api"
stage_name = "v1"
stage_variables = { table = "notes" }
binary_media_types = ["image/*"]
request_validation = true
cors = { allow_origins = ["*"] }
[throttle]
rate = 100
burst = 200
[throttle.routes."GET /objects/{key}"]
rate = 5
burst = 10
[[api_keys]]
name = "acme"
value = "acme-secret-0123456789"
[[api_keys]]
name = "made"
enabled = false
[usage_plans.basic]
keys = ["acme", "made"]
rate = 10
burst = 20
quota = { limit = 1000, period = "month" }
[gateway_responses.ACCESS_DENIED]
status = 404
"#,
    ..FIRST
};

const URL: App = App {
    settings: "gateway = \"function-url\"",
    ..FIRST
};

async fn deployed(app: &App) -> State {
    let aws = Fake::default();
    app.deploy(&aws).await.unwrap();
    aws.state.into_inner()
}

#[test]
fn a_rest_api_is_imported_whole_and_opened_last() {
    run(async {
        let aws = Fake::default();
        REST.deploy(&aws).await.unwrap();
        let writes = aws.writes();
        assert_eq!(
            writes[writes.len() - 5..],
            [
                "CreateAlias",
                "AddPermission",
                "PutRestApi",
                "CreateDeployment",
                "CreateStage",
            ]
        );
        assert_eq!(
            aws.serves_by_rest("GET /objects/{key}").unwrap(),
            hash("one")
        );
        aws.forget();
        assert!(REST.deploy(&aws).await.unwrap().is_empty());
        assert_eq!(aws.writes(), [""; 0]);
        // New code is an upload, a version, a flip: the API stays as it is.
        let second = App {
            code: "two",
            ..REST
        };
        second.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes().last(), Some(&"UpdateAlias"));
        assert_eq!(
            aws.serves_by_rest("GET /objects/{key}").unwrap(),
            hash("two")
        );
    });
}

#[test]
fn routes_come_and_go_with_one_deployment_after_the_flip() {
    run(async {
        let aws = Fake::holding(deployed(&REST).await);
        let second = App {
            code: "two",
            routes: &[("GET", "/objects/{key}"), ("GET", "/more")],
            ..REST
        };
        let plan = second.deploy(&aws).await.unwrap();
        let writes = aws.writes();
        assert_eq!(
            writes[writes.len() - 4..],
            [
                "UpdateAlias",
                "PutRestApi",
                "CreateDeployment",
                "UpdateStage"
            ]
        );
        assert_eq!(losses(&plan), ["route `PUT /objects/{key}`"]);
        let mut reasons = plan.steps.iter().map(|planned| planned.reason.as_str());
        assert!(reasons.any(|reason| reason == "+ GET /more, - PUT /objects/{key}"));
        assert!(aws.serves_by_rest("GET /more").is_some());
        assert!(aws.serves_by_rest("PUT /objects/{key}").is_none());
    });
}

#[test]
fn the_document_says_all() {
    run(async {
        let aws = Fake::default();
        let plan = WHOLE.deploy(&aws).await.unwrap();
        assert!(!format!("{plan:?}").contains("acme-secret"), "{plan:?}");
        let state = aws.snapshot();
        let rest = &state.rests[0];
        let document = &rest.document;
        let path = &document["paths"]["/objects/{key}"];
        let uri = path["get"]["x-amazon-apigateway-integration"]["uri"]
            .as_str()
            .unwrap();
        assert!(
            uri.ends_with(":function:s3test-dev:live/invocations"),
            "{uri}"
        );
        assert_eq!(path["get"]["security"], json!([{ "door": [] }]));
        assert_eq!(path["put"]["security"], json!([{ "sigv4": [] }]));
        let door = &document["components"]["securitySchemes"]["door"];
        assert_eq!(door["x-amazon-apigateway-authtype"], "custom");
        let asks = &door["x-amazon-apigateway-authorizer"];
        assert_eq!(asks["type"], "request");
        assert!(
            asks["authorizerUri"]
                .as_str()
                .unwrap()
                .ends_with(":function:s3test-dev-door:live/invocations")
        );
        let preflight = &path["options"]["x-amazon-apigateway-integration"];
        assert_eq!(preflight["contentHandling"], "CONVERT_TO_TEXT");
        assert_eq!(
            preflight["responses"]["default"]["responseParameters"],
            json!({
                "method.response.header.Access-Control-Allow-Origin": "'*'",
                "method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS,PUT'",
                "method.response.header.Access-Control-Allow-Headers":
                    "'Authorization,Content-Type,X-Amz-Date,X-Amz-Security-Token,X-Api-Key'",
            })
        );
        let variables = &state.functions["s3test-dev"]
            .latest
            .configuration
            .environment;
        assert_eq!(variables["FW_CORS"], "Access-Control-Allow-Origin=*");
        assert_eq!(
            document["x-amazon-apigateway-binary-media-types"],
            json!(["image/*"])
        );
        let allowed = json!({ "gatewayresponse.header.Access-Control-Allow-Origin": "'*'" });
        assert_eq!(
            document["x-amazon-apigateway-gateway-responses"],
            json!({
                "ACCESS_DENIED": { "statusCode": "404", "responseParameters": allowed },
                "DEFAULT_4XX": { "responseParameters": allowed },
                "DEFAULT_5XX": { "responseParameters": allowed },
            })
        );
        let stage = &rest.stages[0];
        assert_eq!(stage.name, "v1");
        assert_eq!(stage.throttle.unwrap().burst, 200);
        assert_eq!(stage.methods["GET /objects/{key}"].burst, 10);
        assert_eq!(stage.variables["table"], "notes");
        let names: Vec<_> = state.keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["s3test-dev-acme", "s3test-dev-made"]);
        assert_eq!(state.keys[0].value.0, "acme-secret-0123456789");
        assert!(!state.keys[1].enabled);
        let (plan, keys) = &state.plans[0];
        assert_eq!(plan.name, "s3test-dev-basic");
        assert_eq!(plan.limits.quota, Some((1000, "MONTH".to_owned())));
        assert_eq!(plan.stages, [(rest.api.id.clone(), "v1".to_owned())]);
        assert_eq!(keys.len(), 2);
        let grants = &state.functions["s3test-dev-door"].grants["live"];
        assert!(grants[0].source.ends_with("/authorizers/*"));
        aws.forget();
        assert!(WHOLE.deploy(&aws).await.unwrap().is_empty());
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn what_was_changed_by_hand_is_mended() {
    run(async {
        let aws = Fake::holding(deployed(&WHOLE).await);
        let before = aws.snapshot();
        {
            let mut state = aws.state.borrow_mut();
            let rest = &mut state.rests[0];
            rest.document = json!({});
            rest.stages[0].throttle = None;
            rest.stages[0].methods.clear();
            rest.stages[0].variables.clear();
            state.keys[1].enabled = true;
            state.plans[0].0.limits.quota = None;
            state.plans[0].1.pop();
        }
        WHOLE.deploy(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), before);
        // A key whose value is another is made anew: a value cannot be changed.
        aws.state.borrow_mut().keys[0].value.0 = "another-0123456789012345".to_owned();
        aws.forget();
        WHOLE.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            // The old one is refused before the traffic moves, and deleted after it.
            [
                "CreateApiKey",
                "CreateUsagePlanKey",
                "UpdateApiKey",
                "DeleteApiKey"
            ]
        );
        assert!(WHOLE.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn an_interrupted_deploy_of_a_rest_api_is_completed_by_the_next() {
    run(async {
        let another = App {
            code: "two",
            routes: &[("GET", "/objects/{key}"), ("GET", "/more")],
            authorizers: &["door"],
            sources: &[],
            guards: &[("GET /more", r#"{ "type": "lambda", "name": "door" }"#)],
            settings: "gateway = \"rest-api\"\nstage_name = \"v2\"\n[[api_keys]]\nname = \"other\"\n[usage_plans.other]\nkeys = [\"other\"]",
        };
        let changes = [
            (None, WHOLE),
            (Some(REST), WHOLE),
            (Some(WHOLE), another),
            (Some(WHOLE), REST),
        ];
        for (from, to) in changes {
            let before = match &from {
                None => State::default(),
                Some(app) => deployed(app).await,
            };
            completed(&before, &to).await;
        }
    });
}

#[test]
fn an_interrupted_deletion_is_completed_by_the_next() {
    run(async {
        let before = deployed(&WHOLE).await;
        deleted(&before).await;
    });
}

#[test]
fn each_gateway_takes_each_others_place_and_converges() {
    run(async {
        for from in [FIRST, WHOLE, URL] {
            for to in [FIRST, WHOLE, URL] {
                if from.settings == to.settings {
                    continue;
                }
                let before = deployed(&from).await;
                let undisturbed = Fake::holding(before.clone());
                let plan = to.deploy(&undisturbed).await.unwrap();
                let steps = plan.steps.iter().map(|planned| planned.step.subject());
                let steps: Vec<String> = steps
                    .map(|(action, what)| format!("{} {}", action.verb(), what.kind))
                    .collect();
                // The new door is open before the old one closes.
                let opens = match to.settings {
                    URL_SETTINGS => "create URL of function",
                    _ => "create stage of the API",
                };
                let closes = match from.settings {
                    URL_SETTINGS => "delete URL of function",
                    "" => "delete API",
                    _ => "delete REST API",
                };
                let at = |text: &str| {
                    let found = steps.iter().position(|step| step == text);
                    found.unwrap_or_else(|| panic!("no {text} in {steps:?}"))
                };
                assert!(at(opens) < at(closes), "{steps:?}");
                assert!(!losses(&plan).is_empty());
                for nth in 0..undisturbed.writes().len() {
                    for fault in [Fault::Before(nth), Fault::After(nth)] {
                        let aws = Fake::holding(before.clone());
                        aws.fault.set(Some(fault));
                        to.deploy(&aws).await.unwrap_err();
                        aws.fault.set(None);
                        to.deploy(&aws).await.unwrap();
                        assert_eq!(
                            forget_ids(aws.snapshot()),
                            forget_ids(undisturbed.snapshot()),
                            "{fault:?}"
                        );
                        assert!(to.plan(&aws).await.unwrap().is_empty());
                    }
                }
            }
        }
    });
}

#[test]
fn the_tags_of_the_settings_come_and_go_at_the_api() {
    run(async {
        let aws = Fake::holding(deployed(&REST).await);
        let tagged = App {
            settings: "gateway = \"rest-api\"\ntags = { team = \"shop\" }",
            ..FIRST
        };
        tagged.deploy(&aws).await.unwrap();
        assert_eq!(aws.snapshot().rests[0].api.tags["team"], "shop");
        assert!(tagged.plan(&aws).await.unwrap().is_empty());
        REST.deploy(&aws).await.unwrap();
        assert_eq!(aws.snapshot().rests[0].api.tags, App::names().tags());
        assert!(REST.plan(&aws).await.unwrap().is_empty());
    });
}

const URL_SETTINGS: &str = URL.settings;

/// What API Gateway chooses, and the order in which things were made.
pub(super) fn forget_ids(mut state: State) -> State {
    for rest in &mut state.rests {
        let served: Vec<_> = rest
            .stages
            .iter_mut()
            .map(|stage| stage.deployment.take())
            .collect();
        rest.deployments
            .retain(|(held, _)| served.contains(&Some(held.id.clone())));
        for (held, _) in &mut rest.deployments {
            held.id.clear();
            held.created = 0;
        }
    }
    for key in &mut state.keys {
        if key.value.0.starts_with("made-") {
            key.value.0.clear();
        }
    }
    let ids: Vec<(String, String)> = state
        .keys
        .iter()
        .map(|key| (key.id.clone(), key.name.clone()))
        .collect();
    for (plan, keys) in &mut state.plans {
        plan.id.clear();
        for key in keys.iter_mut() {
            let named = ids.iter().find(|(id, _)| id == key);
            *key = named.map_or_else(String::new, |(_, name)| name.clone());
        }
        keys.sort_unstable();
    }
    for key in &mut state.keys {
        key.id.clear();
    }
    state.keys.sort_by(|one, other| one.name.cmp(&other.name));
    state
}
