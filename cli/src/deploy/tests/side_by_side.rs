//! What is independent runs side by side: how long that takes in virtual time, and what becomes of a failure or a kill amid it.

use super::{App, FIRST, console, run};
use crate::{
    aws::{
        fake::{Fake, Fault, Latency},
        lambda::Lambda as _,
    },
    deploy::{apply::apply, execute::Executed},
    error::Failure,
};

const GUARDED: App = App {
    authorizers: &["door", "admin"],
    ..FIRST
};

/// Code, settings, routes, permissions and authorizers change.
const CHANGED: App = App {
    code: "two",
    routes: &[
        ("GET", "/objects/{key}"),
        ("DELETE", "/objects/{key}"),
        ("GET", "/objects"),
    ],
    authorizers: &["admin", "late"],
    sources: &[],
    guards: &[],
    settings: "memory = 256\nlog_retention = 7\ncors = { allow_origins = [\"*\"] }\npolicy = [{ actions = [\"s3:PutObject\"], resources = [\"*\"] }]",
};

async fn deployed(app: &App) -> Fake {
    let aws = Fake::default();
    app.deploy(&aws).await.unwrap();
    aws.forget();
    aws
}

#[test]
fn a_first_deploy_takes_as_long_as_its_longest_chain() {
    run(async {
        let aws = Fake::default();
        let plan = GUARDED.plan(&aws).await.unwrap();
        aws.forget();
        aws.clock.start(Latency::Even);
        apply(&aws, &plan, &console(), super::RETRY, "cargo fw deploy")
            .await
            .unwrap();
        // 27 calls one after the other; the API's four and an authorizer's log group and role, then the main function's four, then the
        // stage.
        assert_eq!((aws.writes().len(), aws.clock.now()), (27, 9));
        assert!(GUARDED.plan(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn a_deploy_without_a_change_is_three_round_trips_of_reads() {
    run(async {
        for (app, calls) in [(FIRST, 17), (GUARDED, 35)] {
            let aws = deployed(&app).await;
            aws.clock.start(Latency::Even);
            assert!(app.deploy_locked(&aws).await.unwrap().is_empty());
            assert_eq!(aws.writes(), [""; 0]);
            assert_eq!(aws.calls().len(), calls, "{:?}", aws.calls());
            // The first is who is calling, which is asked before the build.
            assert_eq!(aws.clock.now(), 1 + 3);
        }
    });
}

#[test]
fn new_code_is_live_and_the_lock_given_back_within_six_round_trips_of_the_upload() {
    run(async {
        // Who did it is written down while the lock is looked at, and takes no time of its own.
        for (app, round_trips) in [(FIRST, 5), (GUARDED, 6)] {
            let aws = deployed(&app).await;
            aws.clock.start(Latency::Even);
            let app = App { code: "two", ..app };
            let note = async |_: &Executed| drop(aws.functions().await.unwrap());
            app.deploy_noted(&aws, note).await.unwrap();
            assert!(aws.calls().contains(&"ListFunctions"));
            let first = aws.first("UpdateFunctionCode").unwrap();
            assert_eq!(1 + aws.clock.now() - first, round_trips);
        }
        let aws = deployed(&FIRST).await;
        App {
            code: "two",
            ..FIRST
        }
        .deploy_locked(&aws)
        .await
        .unwrap();
        assert_eq!(aws.calls().len(), 24, "{:?}", aws.calls());
    });
}

#[test]
fn a_first_deploy_asks_no_more_than_it_must() {
    run(async {
        let aws = Fake::default();
        FIRST.deploy_locked(&aws).await.unwrap();
        assert_eq!(aws.calls().len(), 23, "{:?}", aws.calls());
    });
}

#[test]
fn a_failure_lets_what_runs_end_and_begins_nothing() {
    run(async {
        let aws = Fake::default();
        aws.clock.start(Latency::Even);
        aws.denied.set(Some("PutRetentionPolicy"));
        let failure = FIRST.deploy(&aws).await.unwrap_err();
        let mut writes = aws.writes();
        writes.sort_unstable();
        assert_eq!(
            writes,
            [
                "CreateApi",
                "CreateIntegration",
                "CreateLogGroup",
                "CreateRole",
                "PutRetentionPolicy",
                "PutRolePolicy"
            ]
        );
        assert!(
            failure
                .causes()
                .contains(&"5 of 13 steps are done and are kept".to_owned()),
            "{failure}"
        );
    });
}

#[test]
fn all_that_fail_side_by_side_are_told() {
    run(async {
        let aws = Fake::default();
        aws.clock.start(Latency::Even);
        aws.denied.set(Some("CreateFunction"));
        let failure: Failure = GUARDED.deploy(&aws).await.unwrap_err();
        assert_eq!(
            failure.message(),
            "cannot create the function `s3test-dev-door`"
        );
        let causes = failure.causes().join("\n");
        for other in ["s3test-dev-admin", "s3test-dev"] {
            let told = format!("cannot create the function `{other}`: lambda answered");
            assert!(causes.contains(&told), "{causes}");
        }
        let hint = failure.advice().unwrap();
        assert!(hint.contains("`lambda:CreateFunction`"), "{hint}");
    });
}

/// Whatever else is under way when the process is killed or a call fails, the next deploy ends where an undisturbed one does.
#[test]
fn interrupted_anywhere_amid_others_a_deploy_converges() {
    run(async {
        let empty = Fake::default().state.into_inner();
        let before = deployed(&GUARDED).await.state.into_inner();
        for before in [empty, before] {
            let undisturbed = Fake::holding(before.clone());
            CHANGED.deploy(&undisturbed).await.unwrap();
            for nth in 0..undisturbed.writes().len() {
                for seed in 0..4 {
                    let disturbed = [
                        (Some(nth), None),
                        (None, Some(Fault::Before(nth))),
                        (None, Some(Fault::After(nth))),
                    ];
                    for (killed, fault) in disturbed {
                        let aws = Fake::holding(before.clone());
                        aws.clock.start(Latency::Uneven(seed));
                        aws.killed.set(killed);
                        aws.fault.set(fault);
                        CHANGED.deploy(&aws).await.unwrap_err();
                        aws.killed.set(None);
                        aws.fault.set(None);
                        let what = format!("{killed:?} {fault:?} {seed}");
                        CHANGED.deploy(&aws).await.unwrap();
                        assert_eq!(aws.snapshot(), undisturbed.snapshot(), "{what}");
                        assert!(CHANGED.plan(&aws).await.unwrap().is_empty(), "{what}");
                    }
                }
            }
        }
    });
}

/// Two deploys run at once, in many timings: one of them makes the account its own, and the other has changed nothing.
#[test]
fn of_two_deploys_at_once_one_changes_nothing() {
    run(async {
        let other = App {
            code: "three",
            settings: "memory = 512",
            ..FIRST
        };
        let before = deployed(&FIRST).await.state.into_inner();
        let mut both = 0;
        for seed in 0..40 {
            let aws = Fake::holding(before.clone());
            aws.clock.start(Latency::Uneven(seed));
            let (one, two) = tokio::join!(CHANGED.deploy_locked(&aws), other.deploy_locked(&aws));
            // Each alone, or one after the other.
            let wanted = match (&one, &two) {
                (Ok(_), Err(_)) => vec![CHANGED],
                (Err(_), Ok(_)) => vec![other.clone()],
                (Ok(_), Ok(_)) => {
                    both += 1;
                    let one = CHANGED.plan(&aws).await.unwrap().is_empty();
                    let two = other.plan(&aws).await.unwrap().is_empty();
                    assert!(one != two, "the later one's is there: {seed}");
                    continue;
                }
                (Err(one), Err(two)) => panic!("{one}; {two}"),
            };
            for failure in [one.err(), two.err()].into_iter().flatten() {
                let told = failure.to_string();
                assert!(told.contains("holds the lock"), "{told}");
            }
            for app in wanted {
                assert!(app.plan(&aws).await.unwrap().is_empty(), "{seed}");
            }
        }
        assert!(both < 40, "they never met");
    });
}
