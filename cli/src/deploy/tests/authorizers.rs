//! An app with authorizers: a function for each, made, changed, moved, pruned and deleted beside the main one.

use super::{App, FIRST, console, delete, hash, run};
use crate::{
    aws::{
        fake::{Fake, Fault, State},
        lambda::Invoked,
        logs::Logs as _,
    },
    deploy::{
        apply::apply,
        approve::losses,
        change::Change as _,
        check,
        names::Names,
        plan::plan,
        step::Plan,
        traffic::{Release, flip},
    },
    error::{Exit, Result},
};

const MAIN: &str = "s3test-dev";
const DOOR: &str = "s3test-dev-door";
const ADMIN: &str = "s3test-dev-admin";

const GUARDED: App = App {
    authorizers: &["door", "admin"],
    settings: "timeout = 10\n[authorizers.door]\nmemory = 512\ntimeout = 3",
    ..FIRST
};

const CODES: [&str; 4] = ["one", "two", "three", "four"];

fn coded(code: &'static str) -> App {
    App { code, ..GUARDED }
}

async fn deployed(count: usize) -> Fake {
    let aws = Fake::default();
    for code in &CODES[..count] {
        coded(code).deploy(&aws).await.unwrap();
    }
    aws.forget();
    aws
}

/// The code that a function's traffic goes to, and the canary's with its part.
fn live(aws: &Fake, function: &str) -> (String, Option<(String, u32)>) {
    let state = aws.state.borrow();
    let found = &state.functions[function];
    let alias = &found.aliases["live"];
    let code = |version: &str| found.versions[&version.parse().unwrap()].sha256.clone();
    let canary = alias.canary.as_ref();
    (
        code(&alias.version),
        canary.map(|one| (code(&one.version), one.percent)),
    )
}

fn assert_live(aws: &Fake, code: &str) {
    for function in [MAIN, DOOR, ADMIN] {
        assert_eq!(live(aws, function), (hash(code), None), "{function}");
    }
}

#[test]
fn each_authorizer_has_a_function_of_its_own() {
    run(async {
        let aws = Fake::default();
        GUARDED.deploy(&aws).await.unwrap();
        let desired = GUARDED.desired(&aws).await.unwrap();
        let state = aws.snapshot();
        let door = &state.functions[DOOR];
        assert_eq!(door.latest.configuration.handler, "authorizer.door");
        assert_eq!(
            (
                door.latest.configuration.memory,
                door.latest.configuration.timeout
            ),
            (512, 3)
        );
        let admin = &state.functions[ADMIN];
        assert_eq!(
            (
                admin.latest.configuration.memory,
                admin.latest.configuration.timeout
            ),
            (128, 10)
        );
        assert_eq!(
            state.functions[MAIN].latest.configuration.handler,
            "bootstrap"
        );
        assert_eq!(state.functions.len(), 3);
        for function in [MAIN, DOOR, ADMIN] {
            let group = &state.groups[&Names::log_group_of(function)];
            assert_eq!(group.retention, Some(30));
            assert!(desired.names.own(&group.tags));
            assert!(desired.names.own(&state.functions[function].tags));
            let role = desired.names.role_of(function);
            let policy = state.roles[&role].policies["fw"].to_string();
            assert!(
                policy.contains(&format!("/aws/lambda/{function}:*")),
                "{policy}"
            );
        }
        assert_live(&aws, "one");
        assert_eq!(aws.invoked.borrow().len(), 3, "each was tried");
        assert!(GUARDED.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn new_code_is_one_upload_for_each_and_the_aliases_move_together_at_the_end() {
    run(async {
        let aws = deployed(1).await;
        let plan = coded("two").deploy(&aws).await.unwrap();
        let mut writes = aws.writes();
        let moves = writes.split_off(writes.len() - 3);
        assert_eq!(moves, ["UpdateAlias"; 3]);
        writes.sort_unstable();
        let mut each = ["InvokeFunction", "UpdateFunctionCode"].repeat(3);
        each.sort_unstable();
        assert_eq!(writes, each);
        let moved: Vec<_> = plan.steps[6..]
            .iter()
            .map(|planned| planned.step.subject().1.name.to_owned())
            .collect();
        assert_eq!(moved, [DOOR, ADMIN, MAIN], "who is asked first moves first");
        assert_live(&aws, "two");
    });
}

#[test]
fn settings_of_one_authorizer_touch_no_other_function() {
    run(async {
        let aws = deployed(1).await;
        let other = App {
            settings: "timeout = 10\n[authorizers.door]\nmemory = 256\ntimeout = 3",
            ..GUARDED
        };
        let plan = other.deploy(&aws).await.unwrap();
        assert_eq!(
            aws.writes(),
            [
                "UpdateFunctionConfiguration",
                "PublishVersion",
                "InvokeFunction",
                "UpdateAlias"
            ]
        );
        assert_eq!(plan.steps[0].reason, "memory: 512 MB → 256 MB");
        assert_eq!(plan.steps[0].step.subject().1.name, DOOR);
        assert!(other.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn an_authorizer_that_goes_is_deleted_after_the_traffic_moved_and_its_logs_stay() {
    run(async {
        let aws = deployed(1).await;
        let fewer = App {
            code: "two",
            authorizers: &["door"],
            ..GUARDED
        };
        let plan = fewer.deploy(&aws).await.unwrap();
        assert_eq!(losses(&plan), ["function `s3test-dev-admin`"]);
        assert!(
            aws.writes()
                .ends_with(&["DeleteFunction", "DeleteRolePolicy", "DeleteRole"])
        );
        let state = aws.snapshot();
        assert!(!state.functions.contains_key(ADMIN));
        assert!(state.groups.contains_key(&Names::log_group_of(ADMIN)));
        assert!(fewer.plan(&aws).await.unwrap().is_empty());
        // It comes back with the log group that is there.
        aws.forget();
        App {
            code: "two",
            ..GUARDED
        }
        .deploy(&aws)
        .await
        .unwrap();
        assert!(!aws.writes().contains(&"CreateLogGroup"));
        assert_live(&aws, "two");
        fewer.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}

#[test]
fn an_authorizer_that_does_not_work_moves_no_traffic_at_all() {
    run(async {
        let aws = deployed(1).await;
        aws.answer.replace(Some(Invoked {
            payload: "{\"errorType\":\"Runtime.ExitError\"}".into(),
            failed: true,
            ..Invoked::default()
        }));
        let failure = coded("two").deploy(&aws).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Failure);
        assert_live(&aws, "one");
        assert!(!aws.writes().contains(&"UpdateAlias"));
        aws.answer.replace(None);
        coded("two").deploy(&aws).await.unwrap();
        assert_live(&aws, "two");
    });
}

#[test]
fn interrupted_anywhere_a_change_of_authorizers_converges() {
    run(async {
        let before = [Fake::default().state.into_inner(), {
            let aws = deployed(1).await;
            aws.state.into_inner()
        }];
        let after = App {
            code: "two",
            authorizers: &["admin", "late"],
            settings: "memory = 256",
            ..FIRST
        };
        for before in before {
            let undisturbed = Fake::holding(before.clone());
            after.deploy(&undisturbed).await.unwrap();
            for nth in 0..undisturbed.writes().len() {
                for fault in [Fault::Before(nth), Fault::After(nth)] {
                    let aws = Fake::holding(before.clone());
                    aws.fault.set(Some(fault));
                    after.deploy(&aws).await.unwrap_err();
                    aws.fault.set(None);
                    after.deploy(&aws).await.unwrap();
                    assert_eq!(aws.snapshot(), undisturbed.snapshot(), "{fault:?}");
                    assert!(after.plan(&aws).await.unwrap().is_empty());
                    aws.fault.set(Some(fault));
                    let _ = delete(&aws).await;
                    aws.fault.set(None);
                    delete(&aws).await.unwrap();
                    assert_eq!(aws.snapshot(), State::default(), "{fault:?}");
                }
            }
        }
    });
}

async fn canary(aws: &Fake, app: &App, percent: u32) -> Result<Plan> {
    let mut desired = app.desired(aws).await?;
    desired.canary = Some(percent);
    let actual = crate::deploy::observe(aws, &desired.names).await?;
    check::canary(&desired, &actual)?;
    let plan = plan(&desired, &actual);
    check::plan(&desired, &actual, &plan)?;
    apply(aws, &plan, &console(), super::RETRY, "cargo fw deploy").await?;
    Ok(plan)
}

#[test]
fn canary_promote_and_rollback_are_of_all_functions() {
    run(async {
        let aws = deployed(1).await;
        let names = App::names();
        canary(&aws, &coded("two"), 10).await.unwrap();
        for function in [MAIN, DOOR, ADMIN] {
            assert_eq!(live(&aws, function), (hash("one"), Some((hash("two"), 10))));
        }
        assert!(canary(&aws, &coded("two"), 10).await.unwrap().is_empty());
        let release = Release::read(&aws, &names).await.unwrap();
        let flips = release.forward(&names).unwrap();
        flip(&aws, &release, &flips, &console(), super::RETRY)
            .await
            .unwrap();
        assert_live(&aws, "two");
        assert!(coded("two").plan(&aws).await.unwrap().is_empty());

        canary(&aws, &coded("three"), 20).await.unwrap();
        let release = Release::read(&aws, &names).await.unwrap();
        let flips = release.back(&names, None).unwrap();
        flip(&aws, &release, &flips, &console(), super::RETRY)
            .await
            .unwrap();
        assert_live(&aws, "two");

        let release = Release::read(&aws, &names).await.unwrap();
        aws.forget();
        let flips = release.back(&names, None).unwrap();
        flip(&aws, &release, &flips, &console(), super::RETRY)
            .await
            .unwrap();
        assert_live(&aws, "one");
        assert_eq!(aws.writes(), ["UpdateAlias"; 3]);
        let release = Release::read(&aws, &names).await.unwrap();
        let flips = release.back(&names, Some(1)).unwrap();
        assert!(flips.is_empty(), "{flips:?}");
    });
}

#[test]
fn old_versions_of_each_function_are_pruned() {
    run(async {
        let aws = deployed(4).await;
        let fewer = App {
            settings: "timeout = 10\nkeep_versions = 2\n[authorizers.door]\nmemory = 512\ntimeout = 3",
            ..coded("four")
        };
        fewer.deploy(&aws).await.unwrap();
        for function in [MAIN, DOOR, ADMIN] {
            let state = aws.state.borrow();
            let kept: Vec<u32> = state.functions[function].versions.keys().copied().collect();
            assert_eq!(kept, [3, 4], "{function}");
        }
        assert!(fewer.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn another_stages_function_is_nobodys_authorizer() {
    run(async {
        let aws = deployed(1).await;
        let other = Names::new("s3test", "dev-x", Fake::REGION).unwrap();
        aws.create_log_group(&other.log_group, &other.tags())
            .await
            .unwrap();
        assert!(GUARDED.plan(&aws).await.unwrap().is_empty());
        // It is in the way where an authorizer would have its name.
        let clash = App {
            authorizers: &["door", "admin", "x"],
            ..GUARDED
        };
        let failure = clash.deploy(&aws).await.unwrap_err();
        assert_eq!(
            failure.causes(),
            ["the log group `/aws/lambda/s3test-dev-x` belongs to app `s3test`, stage `dev-x`"]
        );
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot().groups.len(), 1);
        let twice = App {
            authorizers: &["door", "door"],
            settings: "",
            ..GUARDED
        };
        assert_eq!(twice.plan(&aws).await.unwrap_err().exit(), Exit::Input);
    });
}
