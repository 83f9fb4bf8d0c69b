//! The gateway's own log: its group, the stages that write to it, and what is left of it.

use super::{
    App, FIRST,
    converge::{completed, deleted},
    delete, delete_with, run,
};
use crate::{
    aws::{
        fake::{Fake, State},
        logs::{LogGroup, Logs as _},
    },
    deploy::approve::losses,
    error::Exit,
    values::names::Tags,
};

const GROUP: &str = "/aws/apigateway/s3test-dev";

const LOGGED: App = App {
    settings: "log_retention = 7\n[access_log]",
    ..FIRST
};

const OTHERWISE: App = App {
    settings: "log_retention = 7\n[access_log]\nformat = \"clf\"\nretention = 90",
    ..FIRST
};

const REST: App = App {
    settings: "gateway = \"rest-api\"",
    ..FIRST
};

const REST_LOGGED: App = App {
    settings: "gateway = \"rest-api\"\n[access_log]\nformat = \"$context.requestId $context.status\"",
    ..FIRST
};

async fn deployed(app: &App) -> State {
    let aws = Fake::default();
    app.deploy(&aws).await.unwrap();
    aws.state.into_inner()
}

#[test]
fn the_group_is_there_before_the_stage_that_writes_to_it() {
    run(async {
        for (app, role) in [(LOGGED, 0), (REST_LOGGED, 1)] {
            let aws = Fake::default();
            app.deploy(&aws).await.unwrap();
            let state = aws.snapshot();
            let group = &state.groups[GROUP];
            assert_eq!(group.tags["fw:app"], "s3test");
            let log = match state.apis.first() {
                Some(api) => api.stages[0].log.clone(),
                None => state.rests[0].stages[0].log.clone(),
            };
            let log = log.unwrap();
            assert!(log.group.ends_with(":log-group:/aws/apigateway/s3test-dev"));
            assert!(log.format.contains("$context.requestId"));
            aws.forget();
            assert!(app.deploy(&aws).await.unwrap().is_empty());
            assert_eq!(aws.writes(), [""; 0]);
            // The group, its tags, and for a REST API the account's role: nobody else makes these calls.
            let calls = aws.calls();
            let without = Fake::default();
            let plain = App {
                settings: if role == 0 { "" } else { REST.settings },
                ..FIRST
            };
            plain.deploy(&without).await.unwrap();
            without.forget();
            plain.deploy(&without).await.unwrap();
            assert_eq!(calls.len(), without.calls().len() + 2 + role);
        }
    });
}

#[test]
fn what_is_logged_and_for_how_long_changes_by_a_call_each() {
    run(async {
        let aws = Fake::default();
        let plain = App {
            settings: "log_retention = 7",
            ..FIRST
        };
        plain.deploy(&aws).await.unwrap();
        aws.forget();
        let plan = LOGGED.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            ["CreateLogGroup", "PutRetentionPolicy", "UpdateStage"]
        );
        assert_eq!(
            plan.steps[2].reason,
            "access log: none → /aws/apigateway/s3test-dev"
        );
        aws.forget();
        let plan = OTHERWISE.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["PutRetentionPolicy", "UpdateStage"]);
        let reasons: Vec<_> = plan.steps.iter().map(|step| step.reason.as_str()).collect();
        assert_eq!(
            reasons,
            ["7 days → 90 days", "its access log's format differs"]
        );
        // What was logged stays when nothing more is: it may be all that tells what went wrong.
        aws.forget();
        let plan = plain.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["DeleteAccessLogSettings"]);
        assert!(losses(&plan).is_empty());
        assert!(aws.snapshot().groups.contains_key(GROUP));
        aws.forget();
        assert!(plain.deploy(&aws).await.unwrap().is_empty());
        // Nobody speaks of it any more, so nobody looks for it.
        let looks = aws.calls();
        let looks = looks.iter().filter(|call| **call == "DescribeLogGroups");
        assert_eq!(looks.count(), 1);
        // And it is taken up again.
        aws.forget();
        LOGGED.deploy(&aws).await.unwrap();
        assert_eq!(aws.writes(), ["PutRetentionPolicy", "UpdateStage"]);
    });
}

#[test]
fn what_was_changed_by_hand_is_mended() {
    run(async {
        for app in [LOGGED, REST_LOGGED] {
            let aws = Fake::holding(deployed(&app).await);
            let before = aws.snapshot();
            {
                let mut state = aws.state.borrow_mut();
                let group = state.groups.get_mut(GROUP).unwrap();
                group.retention = None;
                for api in &mut state.apis {
                    api.stages[0].log.as_mut().unwrap().format = "$context.requestId".to_owned();
                }
                for rest in &mut state.rests {
                    rest.stages[0].log = None;
                }
            }
            app.deploy(&aws).await.unwrap();
            assert_eq!(aws.snapshot(), before);
            // Without its group the stage writes nowhere.
            aws.delete_log_group(GROUP).await.unwrap();
            app.deploy(&aws).await.unwrap();
            assert_eq!(aws.snapshot(), before);
            assert!(app.plan(&aws).await.unwrap().is_empty());
        }
    });
}

#[test]
fn a_group_that_is_not_ours_stops_the_deploy() {
    run(async {
        let aws = Fake::default();
        aws.state.borrow_mut().groups.insert(
            GROUP.to_owned(),
            LogGroup {
                retention: None,
                tags: Tags::new(),
            },
        );
        let failure = LOGGED.deploy(&aws).await.unwrap_err();
        let told = failure.causes().join("\n");
        assert!(
            told.contains("the log group `/aws/apigateway/s3test-dev`"),
            "{told}"
        );
        assert_eq!(aws.writes(), [""; 0]);
        // Who writes no access log does not mind.
        FIRST.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert!(aws.snapshot().groups.contains_key(GROUP));
    });
}

#[test]
fn an_account_without_a_role_for_logs_stops_the_deploy() {
    run(async {
        let aws = Fake::default();
        aws.unlogged.set(true);
        let failure = REST_LOGGED.deploy(&aws).await.unwrap_err();
        assert!(failure.message().contains("`[access_log]`"), "{failure}");
        let hint = failure.advice().unwrap();
        assert!(
            hint.contains("AmazonAPIGatewayPushToCloudWatchLogs"),
            "{hint}"
        );
        assert_eq!(aws.writes(), [""; 0]);
        assert_ne!(failure.exit(), Exit::Success);
        // An HTTP API does not need it.
        LOGGED.deploy(&aws).await.unwrap();
    });
}

#[test]
fn an_interrupted_change_of_the_log_is_completed_by_the_next() {
    run(async {
        let changes = [
            (None, LOGGED),
            (None, REST_LOGGED),
            (Some(FIRST), OTHERWISE),
            (Some(OTHERWISE), FIRST),
            (Some(REST), REST_LOGGED),
            (Some(REST_LOGGED), REST),
            (Some(LOGGED), REST_LOGGED),
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
fn the_log_goes_with_the_deployment_only_where_that_is_asked() {
    run(async {
        for app in [LOGGED, REST_LOGGED] {
            let before = deployed(&app).await;
            let aws = Fake::holding(before.clone());
            delete_with(&aws, false).await.unwrap();
            assert!(aws.snapshot().groups.contains_key(GROUP));
            deleted(&before).await;
        }
    });
}
