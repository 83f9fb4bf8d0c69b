//! The calls of each kind of deploy, and what stops one.

use super::{App, FIRST, delete, delete_with, hash, run};
use crate::{
    aws::{
        apigateway::ApiGateway as _,
        fake::{Fake, State},
        iam::Iam as _,
        logs::Logs as _,
    },
    deploy::kind::http_api::desired::Http,
    error::Exit,
    values::names::Tags,
};

async fn deployed() -> Fake {
    let aws = Fake::default();
    FIRST.deploy(&aws).await.unwrap();
    aws.forget();
    aws
}

#[test]
fn a_first_deploy_makes_everything_and_opens_the_api_last() {
    run(async {
        let aws = Fake::default();
        aws.role_lag.set(2);
        aws.function_lag.set(2);
        FIRST.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                // Three lanes, in turns.
                "CreateRole",
                "CreateLogGroup",
                "CreateApi",
                "PutRolePolicy",
                "PutRetentionPolicy",
                "CreateIntegration",
                "CreateRoute",
                "CreateRoute",
                // Twice refused: Lambda did not know the role yet.
                "CreateFunction",
                "CreateFunction",
                "CreateFunction",
                // Once refused: the version was not ready yet.
                "InvokeFunction",
                "InvokeFunction",
                "CreateAlias",
                "AddPermission",
                "CreateStage",
            ]
        );
        assert_eq!(aws.serves("GET /objects/{key}").unwrap(), hash("one"));
        assert_eq!(aws.serves("PUT /objects/{key}").unwrap(), hash("one"));
    });
}

#[test]
fn a_second_deploy_without_a_change_writes_nothing() {
    run(async {
        let aws = deployed().await;
        assert!(FIRST.deploy(&aws).await.unwrap().is_empty());
        assert_eq!(aws.writes(), [""; 0]);
        assert_eq!(aws.calls().len(), 17, "{:?}", aws.calls());
    });
}

#[test]
fn new_code_is_one_upload_one_version_one_flip() {
    run(async {
        let aws = deployed().await;
        aws.function_lag.set(2);
        let second = App {
            code: "two",
            ..FIRST
        };
        second.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "UpdateFunctionCode",
                // Once refused: the version was not ready yet.
                "InvokeFunction",
                "InvokeFunction",
                "UpdateAlias"
            ]
        );
        assert_eq!(aws.serves("GET /objects/{key}").unwrap(), hash("two"));
        aws.forget();
        assert!(second.deploy(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn new_code_is_live_two_calls_after_its_upload() {
    run(async {
        let aws = deployed().await;
        let second = App {
            code: "two",
            ..FIRST
        };
        second.deploy(&aws).await.unwrap();
        let calls = aws.calls();
        let upload = calls.iter().position(|call| *call == "UpdateFunctionCode");
        assert_eq!(
            calls[upload.unwrap()..],
            ["UpdateFunctionCode", "InvokeFunction", "UpdateAlias"]
        );
    });
}

#[test]
fn new_settings_are_published_and_flipped_too() {
    run(async {
        let aws = deployed().await;
        aws.function_lag.set(1);
        let second = App {
            settings: "memory = 256\nenvironment = { TOKEN = \"a-secret\" }\nlog_retention = 7",
            ..FIRST
        };
        let plan = second.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "PutRetentionPolicy",
                "UpdateFunctionConfiguration",
                "PublishVersion",
                "InvokeFunction",
                "UpdateAlias"
            ]
        );
        let reasons: Vec<_> = plan.steps.iter().map(|step| step.reason.as_str()).collect();
        assert_eq!(
            reasons[..2],
            [
                "30 days → 7 days",
                "memory: 128 MB → 256 MB, variable `TOKEN` added"
            ]
        );
        assert!(!reasons.concat().contains("a-secret"));
        assert!(second.deploy(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn routes_are_added_and_removed_after_the_flip() {
    run(async {
        let aws = deployed().await;
        let second = App {
            code: "two",
            routes: &[("GET", "/objects/{key}"), ("DELETE", "/objects/{key}")],
            ..FIRST
        };
        second.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "UpdateFunctionCode",
                "InvokeFunction",
                "UpdateAlias",
                "CreateRoute",
                "DeleteRoute"
            ]
        );
        assert!(aws.serves("DELETE /objects/{key}").is_some());
        assert!(aws.serves("PUT /objects/{key}").is_none());
    });
}

#[test]
fn permissions_are_given_before_the_flip_and_taken_after_it() {
    run(async {
        let aws = Fake::default();
        let first = App {
            settings: "policy = [{ actions = [\"s3:GetObject\"], resources = [\"*\"] }]",
            ..FIRST
        };
        first.deploy(&aws).await.unwrap();
        aws.forget();
        let second = App {
            code: "two",
            settings: "policy = [{ actions = [\"s3:PutObject\"], resources = [\"*\"] }]",
            ..FIRST
        };
        second.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "PutRolePolicy",
                "UpdateFunctionCode",
                "InvokeFunction",
                "UpdateAlias",
                "PutRolePolicy"
            ]
        );
        let policy = aws
            .role_policy(&App::names().role, "fw")
            .await
            .unwrap()
            .unwrap();
        let policy = policy.to_string();
        assert!(policy.contains("s3:PutObject") && !policy.contains("s3:GetObject"));
        assert!(!policy.contains("CreateLogGroup"), "{policy}");
    });
}

#[test]
fn cors_is_set_changed_and_removed() {
    run(async {
        let aws = deployed().await;
        let cors = App {
            settings: "cors = { allow_origins = [\"*\"], allow_headers = [\"Content-Type\"] }",
            ..FIRST
        };
        cors.deploy(&aws).await.unwrap();
        assert!(cors.deploy(&aws).await.unwrap().is_empty());
        let other = App {
            settings: "cors = { allow_origins = [\"https://a.example\"], max_age = 60 }",
            ..FIRST
        };
        let changed = other.deploy(&aws).await.unwrap();
        assert_eq!(
            changed.steps[0].reason,
            "origins: * → https://a.example, headers: content-type → authorization content-type x-amz-date x-amz-security-token x-api-key, max age: 0 s → 60 s"
        );
        FIRST.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            ["UpdateApi", "UpdateApi", "DeleteCorsConfiguration"]
        );
    });
}

#[test]
fn what_was_changed_by_hand_is_mended() {
    run(async {
        let aws = deployed().await;
        let before = aws.snapshot();
        {
            let mut state = aws.state.borrow_mut();
            let api = &mut state.apis[0];
            api.stages[0].auto = false;
            api.integrations[0].uri = "arn:elsewhere".to_owned();
            api.routes[0].integration = None;
            api.routes.remove(1);
            let names = App::names();
            state
                .functions
                .get_mut(&names.function)
                .unwrap()
                .grants
                .clear();
            state.roles.get_mut(&names.role).unwrap().trust = "nobody".into();
            state.groups.get_mut(&names.log_group).unwrap().retention = None;
        }
        FIRST.deploy(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), before);
        assert!(FIRST.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn an_api_deleted_by_hand_is_made_again_with_its_permission() {
    run(async {
        let aws = deployed().await;
        aws.state.borrow_mut().apis.clear();
        FIRST.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "CreateApi",
                "CreateIntegration",
                "CreateRoute",
                "CreateRoute",
                "RemovePermission",
                "AddPermission",
                "CreateStage"
            ]
        );
        assert!(aws.serves("GET /objects/{key}").is_some());
    });
}

#[test]
fn an_api_that_was_made_twice_is_deleted_while_it_takes_no_traffic() {
    run(async {
        let aws = deployed().await;
        let before = aws.snapshot();
        let names = App::names();
        aws.create_api(&names.function, None, &names.tags())
            .await
            .unwrap();
        FIRST.deploy(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), before);
        // Once both take traffic, nobody but the user knows which one counts.
        let spare = aws
            .create_api(&names.function, None, &names.tags())
            .await
            .unwrap();
        let stage = Http::default().stage;
        aws.create_stage(&spare.id, &stage, &names.tags())
            .await
            .unwrap();
        let failure = FIRST.deploy(&aws).await.unwrap_err();
        assert_eq!(
            failure.message(),
            format!("the deployment has 2 APIs: api1, {}", spare.id)
        );
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}

#[test]
fn somebody_elses_resources_stop_the_deploy_before_the_first_write() {
    run(async {
        let names = App::names();
        let other = Tags::from([
            ("fw:app".to_owned(), "s3test-dev".to_owned()),
            ("fw:stage".to_owned(), "x".to_owned()),
        ]);
        let aws = Fake::default();
        aws.create_log_group(&names.log_group, &other)
            .await
            .unwrap();
        aws.create_role(&names.role, &serde_json::Value::Null, None, &Tags::new())
            .await
            .unwrap();
        aws.forget();
        let failure = FIRST.deploy(&aws).await.unwrap_err();
        assert_eq!(aws.writes(), [""; 0]);
        assert_eq!(
            failure.causes(),
            [
                "the role `s3test-dev-eu-central-1` belongs to something other than `cargo fw`: it has no `fw:app` tag",
                "the log group `/aws/lambda/s3test-dev` belongs to app `s3test-dev`, stage `x`",
            ]
        );
        // Nor does `delete` touch them.
        assert!(delete(&aws).await.unwrap().is_empty());
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn a_denied_call_names_the_step_the_action_and_what_was_done() {
    run(async {
        let aws = Fake::default();
        aws.denied.set(Some("CreateFunction"));
        let failure = FIRST.deploy(&aws).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Denied);
        assert_eq!(failure.message(), "cannot create the function `s3test-dev`");
        assert_eq!(failure.causes()[1], "8 of 13 steps are done and are kept");
        let hint = failure.advice().unwrap();
        assert!(hint.contains("`lambda:CreateFunction`"), "{hint}");
        assert!(
            hint.ends_with(
                "run `cargo fw deploy` again after you fix this: it continues from here"
            )
        );
        aws.denied.set(None);
        FIRST.deploy(&aws).await.unwrap();
        assert!(aws.serves("GET /objects/{key}").is_some());
    });
}

#[test]
fn what_never_becomes_ready_ends_the_wait() {
    run(async {
        let aws = Fake::default();
        aws.role_lag.set(99);
        let failure = FIRST.deploy(&aws).await.unwrap_err();
        assert_eq!(failure.message(), "cannot create the function `s3test-dev`");
        let aws = Fake::default();
        aws.function_lag.set(99);
        let failure = FIRST.deploy(&aws).await.unwrap_err();
        assert_eq!(
            failure.message(),
            "cannot check the version of function `s3test-dev`"
        );
        assert!(failure.causes()[0].contains("still not ready"));
    });
}

#[test]
fn delete_leaves_nothing_and_may_be_repeated() {
    run(async {
        let aws = deployed().await;
        delete(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "DeleteApi",
                "DeleteFunction",
                "DeleteRolePolicy",
                "DeleteLogGroup",
                "DeleteRole"
            ]
        );
        assert_eq!(aws.snapshot(), State::default());
        assert!(delete(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn logs_outlive_what_wrote_them_and_belong_to_the_next_deploy() {
    run(async {
        let aws = deployed().await;
        let before = aws.snapshot();
        delete_with(&aws, false).await.unwrap();
        let groups = before.groups.clone();
        assert!(!groups.is_empty());
        let left = State {
            groups,
            ..State::default()
        };
        assert_eq!(aws.snapshot(), left);
        assert!(delete_with(&aws, false).await.unwrap().is_empty());

        aws.forget();
        FIRST.deploy(&aws).await.unwrap();
        assert!(!aws.writes().contains(&"CreateLogGroup"));
        assert!(FIRST.deploy(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn bad_names_and_routes_are_refused_before_any_call() {
    run(async {
        for (app, stage) in [("", "dev"), ("a b", "dev"), ("ä", "dev")] {
            super::Names::new(app, stage, Fake::REGION).unwrap_err();
        }
        let long = "a".repeat(64);
        let failure = super::Names::new(&long, "dev", Fake::REGION).unwrap_err();
        assert_eq!(failure.exit(), Exit::Input);
        let aws = Fake::default();
        for routes in [
            &[][..],
            &[("GET", "/a/{x}"), ("GET", "/a/{y}")],
            &[("GET", "/a"), ("GET", "/a")],
        ] {
            let app = App { routes, ..FIRST };
            assert_eq!(app.plan(&aws).await.unwrap_err().exit(), Exit::Input);
        }
        let app = App {
            routes: &[("GET", "/a/{x}"), ("GET", "/a/{x+}"), ("ANY", "$default")],
            ..FIRST
        };
        assert_eq!(app.plan(&aws).await.unwrap().steps.len(), 14);
    });
}
