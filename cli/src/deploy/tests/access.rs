//! Who may call an HTTP API: guards, authorizers, throttles, and the stage that they are of.

use super::{App, FIRST, run};
use crate::{
    aws::{
        apigateway::{ApiGateway as _, Checks, Guard},
        fake::{Fake, Fault},
    },
    deploy::approve::losses,
};

const USERS: &str = "[jwt.users]\nissuer = \"https://issuer.example.org/\"\naudience = \"notes\"\n";

/// A route for tokens with a scope, and one for signed requests.
pub(super) const GUARDED: App = App {
    guards: &[
        (
            "GET /objects/{key}",
            r#"{ "type": "jwt", "name": "users", "scopes": ["notes:read"] }"#,
        ),
        ("PUT /objects/{key}", r#"{ "type": "iam" }"#),
    ],
    settings: USERS,
    ..FIRST
};

/// Everything that is set of a stage.
pub(super) const SHAPED: App = App {
    settings: r#"
payload_format = "1.0"
integration_timeout = 5000
stage_name = "v1"
stage_variables = { table = "notes", other = "x" }
[throttle]
rate = 100
burst = 200
[throttle.routes."GET /objects/{key}"]
rate = 5
burst = 10
[access_log]
retention = 7
"#,
    ..FIRST
};

/// A route that a function guards.
const ASKED: App = App {
    authorizers: &["door"],
    guards: &[(
        "GET /objects/{key}",
        r#"{ "type": "lambda", "name": "door" }"#,
    )],
    settings: "[authorizers.door]\nttl = 60\nidentity = [\"$request.header.x-key\"]",
    ..FIRST
};

#[test]
fn an_authorizer_is_asked_through_its_alias() {
    run(async {
        let aws = Fake::default();
        ASKED.deploy(&aws).await.unwrap();
        let state = aws.snapshot();
        let api = &state.apis[0];
        let Checks::Function {
            function,
            identity,
            ttl,
            format,
            simple,
        } = &api.authorizers[0].checks
        else {
            panic!("a function");
        };
        assert!(function.ends_with(":function:s3test-dev-door:live"));
        assert_eq!(identity, &["$request.header.x-key"]);
        assert_eq!((*ttl, format.as_str(), *simple), (60, "2.0", true));
        let grants = &state.functions["s3test-dev-door"].grants["live"];
        assert_eq!(grants.len(), 1);
        assert!(
            grants[0]
                .source
                .ends_with(&format!(":{}/authorizers/*", api.api.id))
        );
        assert_eq!(api.routes[0].guard, Guard::Lambda("door".to_owned()));
        aws.forget();
        assert!(ASKED.deploy(&aws).await.unwrap().is_empty());
        assert_eq!(aws.writes(), [""; 0]);
        // Without an API nobody asks it.
        let url = App {
            guards: &[],
            settings: "gateway = \"function-url\"",
            ..ASKED
        };
        url.deploy(&aws).await.unwrap();
        assert!(url.plan(&aws).await.unwrap().is_empty());
        let state = aws.snapshot();
        assert!(state.functions["s3test-dev-door"].grants.is_empty());
    });
}

#[test]
fn a_guarded_route_is_never_open() {
    run(async {
        let aws = Fake::default();
        GUARDED.deploy(&aws).await.unwrap();
        let writes = aws.writes();
        let of_api = ["CreateAuthorizer", "CreateRoute", "CreateStage"];
        let of_api: Vec<_> = writes
            .into_iter()
            .filter(|call| of_api.contains(call))
            .collect();
        assert_eq!(
            of_api,
            [
                "CreateAuthorizer",
                "CreateRoute",
                "CreateRoute",
                "CreateStage"
            ]
        );
        let api = aws.state.borrow().apis[0].clone();
        let users = &api.authorizers[0];
        assert_eq!(users.name, "jwt-users");
        let guards: Vec<_> = api.routes.iter().map(|route| route.guard.clone()).collect();
        let scopes = ["notes:read".to_owned()].into();
        assert_eq!(guards, [Guard::Jwt(users.id.clone(), scopes), Guard::Iam]);
        aws.forget();
        assert!(GUARDED.deploy(&aws).await.unwrap().is_empty());
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn what_is_asked_of_callers_changes_route_by_route() {
    run(async {
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        aws.forget();
        let plan = GUARDED.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            ["CreateAuthorizer", "UpdateRoute", "UpdateRoute"]
        );
        let reasons: Vec<_> = plan.steps.iter().map(|step| step.reason.as_str()).collect();
        assert_eq!(
            reasons,
            [
                "does not exist yet",
                "who may call it: everybody → jwt users: notes:read",
                "who may call it: everybody → iam"
            ]
        );
        aws.forget();
        let elsewhere = App {
            settings: "[jwt.users]\nissuer = \"https://elsewhere.example.org/\"\naudience = [\"notes\", \"more\"]\n",
            ..GUARDED
        };
        let plan = elsewhere.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["UpdateAuthorizer"]);
        assert_eq!(
            plan.steps[0].reason,
            "issuer: https://issuer.example.org/ → https://elsewhere.example.org/, audience: notes → notes, more"
        );
        aws.forget();
        FIRST.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            ["UpdateRoute", "UpdateRoute", "DeleteAuthorizer"]
        );
        assert!(FIRST.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn guards_that_were_changed_by_hand_are_mended() {
    run(async {
        let aws = Fake::default();
        GUARDED.deploy(&aws).await.unwrap();
        let before = aws.snapshot();
        {
            let api = &mut aws.state.borrow_mut().apis[0];
            api.routes[0].guard = Guard::Open;
            api.routes[1].guard = Guard::Open;
            api.authorizers.clear();
        }
        GUARDED.deploy(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), before);
    });
}

#[test]
fn a_stage_is_shaped_and_unshaped() {
    run(async {
        let aws = Fake::default();
        SHAPED.deploy(&aws).await.unwrap();
        assert!(SHAPED.plan(&aws).await.unwrap().is_empty());
        let api = aws.state.borrow().apis[0].clone();
        assert_eq!(api.stages.len(), 1);
        assert_eq!(api.stages[0].name, "v1");
        assert_eq!(api.integrations[0].format.unwrap().as_str(), "1.0");
        aws.forget();
        let plain = App {
            settings: "payload_format = \"1.0\"\nintegration_timeout = 5000\nstage_name = \"v1\"\nstage_variables = { table = \"more\" }",
            ..FIRST
        };
        let plan = plain.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "DeleteRouteSettings",
                "DeleteAccessLogSettings",
                "UpdateStage"
            ]
        );
        assert_eq!(
            plan.steps[2].reason,
            "variable `other` removed, variable `table` changed, throttle: 100/s, 200 at once → the account's"
        );
        assert!(plain.plan(&aws).await.unwrap().is_empty());
        assert!(losses(&plan).is_empty());
    });
}

#[test]
fn the_api_waits_as_long_as_it_is_told() {
    run(async {
        let slow = App {
            settings: "integration_timeout = 29000",
            ..FIRST
        };
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        aws.forget();
        let plan = slow.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["UpdateIntegration"]);
        assert_eq!(
            plan.steps[0].reason,
            "integration_timeout: 30000 ms → 29000 ms"
        );
        // By hand, and mended.
        aws.state.borrow_mut().apis[0].integrations[0].timeout = 50;
        let plan = slow.deploy(&aws).await.unwrap();
        assert_eq!(
            plan.steps[0].reason,
            "integration_timeout: 50 ms → 29000 ms"
        );
        assert!(slow.plan(&aws).await.unwrap().is_empty());
        aws.forget();
        let plan = FIRST.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["UpdateIntegration"]);
        assert!(losses(&plan).is_empty());
        assert_eq!(aws.snapshot().apis[0].integrations[0].timeout, 30_000);
    });
}

#[test]
fn a_throttled_route_may_go_with_its_throttle() {
    run(async {
        let aws = Fake::default();
        SHAPED.deploy(&aws).await.unwrap();
        let without = App {
            routes: &[("PUT", "/objects/{key}"), ("GET", "/more")],
            settings: "payload_format = \"1.0\"\nintegration_timeout = 5000\nstage_name = \"v1\"\nthrottle = { routes = { \"GET /more\" = { rate = 1, burst = 1 } } }",
            ..FIRST
        };
        without.deploy(&aws).await.unwrap();
        assert!(without.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn another_stage_name_is_a_replacement_that_converges() {
    run(async {
        let changes = [
            (FIRST, SHAPED),
            (SHAPED, FIRST),
            (GUARDED, SHAPED),
            (ASKED, SHAPED),
        ];
        for (from, to) in changes {
            let aws = Fake::default();
            from.deploy(&aws).await.unwrap();
            let before = aws.state.into_inner();
            let undisturbed = Fake::holding(before.clone());
            let plan = to.deploy(&undisturbed).await.unwrap();
            let lost = losses(&plan);
            assert!(lost[0].starts_with("stage of the API `"), "{lost:?}");
            let writes = undisturbed.writes();
            // The new door is open before the old one closes.
            let at = |name: &str| writes.iter().position(|call| *call == name).unwrap();
            assert!(at("CreateStage") < at("DeleteStage"), "{writes:?}");
            for nth in 0..writes.len() {
                for fault in [Fault::Before(nth), Fault::After(nth)] {
                    let aws = Fake::holding(before.clone());
                    aws.fault.set(Some(fault));
                    to.deploy(&aws).await.unwrap_err();
                    aws.fault.set(None);
                    to.deploy(&aws).await.unwrap();
                    assert_eq!(aws.snapshot(), undisturbed.snapshot(), "{fault:?}");
                    assert!(to.plan(&aws).await.unwrap().is_empty());
                }
            }
        }
    });
}

#[test]
fn the_url_ends_in_the_stages_name() {
    run(async {
        let aws = Fake::default();
        let plan = SHAPED.plan(&aws).await.unwrap();
        let console = super::console();
        let url = super::apply(&aws, &plan, &console, super::RETRY, "cargo fw deploy")
            .await
            .unwrap()
            .endpoint;
        let endpoint = aws.apis().await.unwrap()[0].endpoint.clone();
        assert_eq!(url, Some(format!("{endpoint}/v1")));
        let actual = super::super::observe(&aws, &App::names()).await.unwrap();
        assert_eq!(actual.url(), url.as_deref());
        let found = crate::deploy::observe::url(&aws, &App::names()).await;
        assert_eq!(found.unwrap(), url);
    });
}

#[test]
fn an_interrupted_change_of_guards_converges() {
    run(async {
        for to in [GUARDED, ASKED] {
            let aws = Fake::default();
            FIRST.deploy(&aws).await.unwrap();
            let before = aws.state.into_inner();
            let undisturbed = Fake::holding(before.clone());
            to.deploy(&undisturbed).await.unwrap();
            for nth in 0..undisturbed.writes().len() {
                for fault in [Fault::Before(nth), Fault::After(nth)] {
                    let aws = Fake::holding(before.clone());
                    aws.fault.set(Some(fault));
                    to.deploy(&aws).await.unwrap_err();
                    aws.fault.set(None);
                    to.deploy(&aws).await.unwrap();
                    assert_eq!(aws.snapshot(), undisturbed.snapshot(), "{fault:?}");
                    assert!(to.plan(&aws).await.unwrap().is_empty());
                }
            }
        }
    });
}

#[test]
fn a_route_without_its_issuer_stops_the_deploy() {
    run(async {
        let aws = Fake::default();
        let app = App {
            settings: "",
            ..GUARDED
        };
        let failure = app.plan(&aws).await.unwrap_err();
        assert_eq!(failure.exit(), crate::error::Exit::Input);
        assert!(failure.message().contains("`users`"), "{failure}");
        assert_eq!(aws.writes(), [""; 0]);
    });
}
