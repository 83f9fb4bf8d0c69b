//! One deploy at a time, and a deploy that is killed anywhere.

use super::{App, FIRST, RETRY, console, delete_locked, run};
use crate::{
    aws::{
        fake::{Fake, Fault, Latency},
        logs::Logs as _,
    },
    deploy::{
        execute::{Executed, Execution},
        lock::{self, Lock},
        observe::Actual,
        step::Plan,
    },
    error::Exit,
};

const SECOND: App = App {
    code: "two",
    routes: &[("GET", "/objects/{key}"), ("GET", "/new")],
    guards: &[],
    settings: "memory = 256\nkeep_versions = 2",
    authorizers: &[],
    sources: &[],
};

#[test]
fn of_two_deploys_one_waits_its_turn_and_changes_nothing() {
    run(async {
        let aws = Fake::default();
        let names = App::names();
        let first = Lock::take(&aws, &names, "deploy").await.unwrap();
        aws.forget();
        let failure = FIRST.deploy_locked(&aws).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Unavailable);
        assert_eq!(
            failure.message(),
            "another deploy holds the lock of stage `dev`"
        );
        assert!(
            failure.causes()[0].starts_with(
                "`cargo fw deploy` by arn:aws:iam::123456789012:user/someone since 20"
            )
        );
        assert!(failure.advice().unwrap().contains("`cargo fw unlock`"));
        assert_eq!(
            aws.writes(),
            ["CreateLogGroup"],
            "the lock that was refused"
        );
        assert!(aws.state.borrow().roles.is_empty());
        first.release(&aws, async {}).await.unwrap();
        FIRST.deploy_locked(&aws).await.unwrap();
        assert!(lock::holder(&aws, &names).await.unwrap().is_none());
        // With nothing to do there is nothing to lock.
        aws.forget();
        FIRST.deploy_locked(&aws).await.unwrap();
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn a_lock_is_given_back_when_the_work_fails_and_never_somebody_elses() {
    run(async {
        let aws = Fake::default();
        let names = App::names();
        aws.denied.set(Some("CreateFunction"));
        FIRST.deploy_locked(&aws).await.unwrap_err();
        assert!(lock::holder(&aws, &names).await.unwrap().is_none());
        let old = Lock::take(&aws, &names, "deploy").await.unwrap();
        aws.delete_log_group(&lock::group(&names)).await.unwrap();
        let new = Lock::take(&aws, &names, "rollback").await.unwrap();
        old.release(&aws, async {}).await.unwrap();
        let holder = lock::holder(&aws, &names).await.unwrap().unwrap();
        assert_eq!(holder.doing, "rollback");
        new.release(&aws, async {}).await.unwrap();
        assert!(lock::holder(&aws, &names).await.unwrap().is_none());
    });
}

#[test]
fn a_lock_whose_answer_was_lost_is_held_all_the_same() {
    run(async {
        let aws = Fake::default();
        aws.fault.set(Some(Fault::After(0)));
        let lock = Lock::take(&aws, &App::names(), "deploy").await.unwrap();
        lock.release(&aws, async {}).await.unwrap();
        let aws = Fake::default();
        aws.fault.set(Some(Fault::Before(0)));
        Lock::take(&aws, &App::names(), "deploy").await.unwrap_err();
    });
}

/// Deploys from one account to another, killed at each mutating call in turn: after it, nothing else is called.
#[test]
fn a_deploy_that_is_killed_anywhere_is_unlocked_and_completed() {
    run(async {
        let empty = Fake::default();
        for code in ["zero", "half"] {
            App { code, ..FIRST }.deploy(&empty).await.unwrap();
        }
        FIRST.deploy(&empty).await.unwrap();
        let changed = empty.state.into_inner();
        for before in [Fake::default().state.into_inner(), changed] {
            let undisturbed = Fake::holding(before.clone());
            SECOND.deploy_locked(&undisturbed).await.unwrap();
            let writes = undisturbed.writes();
            assert_eq!(writes.first(), Some(&"CreateLogGroup"), "the lock");
            assert_eq!(writes.last(), Some(&"DeleteLogGroup"), "the lock");
            for (nth, write) in writes.iter().enumerate() {
                let aws = Fake::holding(before.clone());
                aws.killed.set(Some(nth));
                // Nobody sees how it ends; killed while it gives the lock back, it has done all of it.
                let _ = SECOND.deploy_locked(&aws).await;
                aws.killed.set(None);
                let names = App::names();
                if lock::holder(&aws, &names).await.unwrap().is_some() {
                    // Nobody else deploys before a person has looked.
                    let plan = SECOND.plan(&aws).await.unwrap();
                    if !plan.is_empty() {
                        let failure = SECOND.deploy_locked(&aws).await.unwrap_err();
                        assert_eq!(failure.exit(), Exit::Unavailable);
                    }
                    aws.delete_log_group(&lock::group(&names)).await.unwrap();
                }
                SECOND.deploy_locked(&aws).await.unwrap();
                assert_eq!(
                    aws.snapshot(),
                    undisturbed.snapshot(),
                    "killed at {nth}: {write}"
                );
                assert!(SECOND.plan(&aws).await.unwrap().is_empty());
            }
        }
    });
}

#[test]
fn a_delete_that_is_killed_anywhere_is_unlocked_and_completed() {
    run(async {
        let account = Fake::default();
        FIRST.deploy(&account).await.unwrap();
        let before = account.state.into_inner();
        let undisturbed = Fake::holding(before.clone());
        delete_locked(&undisturbed).await.unwrap();
        assert_eq!(undisturbed.snapshot(), Fake::default().snapshot());
        let names = App::names();
        for nth in 0..undisturbed.writes().len() {
            let aws = Fake::holding(before.clone());
            aws.killed.set(Some(nth));
            // Killed while it gives the lock back, it has done all of it.
            let _ = delete_locked(&aws).await;
            aws.killed.set(None);
            if lock::holder(&aws, &names).await.unwrap().is_some() {
                // Where all is done but for giving it back, nothing is left that would need it.
                if let Err(failure) = delete_locked(&aws).await {
                    assert_eq!(failure.exit(), Exit::Unavailable);
                }
                aws.delete_log_group(&lock::group(&names)).await.unwrap();
            }
            delete_locked(&aws).await.unwrap();
            assert_eq!(
                aws.snapshot(),
                Fake::default().snapshot(),
                "killed at {nth}"
            );
            // What is gone is gone: no write at all.
            aws.forget();
            assert!(delete_locked(&aws).await.unwrap().is_empty());
            assert_eq!(aws.writes(), [""; 0]);
        }
    });
}

/// A deletion and a deploy run at once, in many timings: all of it is there afterwards, or nothing.
#[test]
fn a_deletion_leaves_nothing_of_a_deploy_that_it_did_not_see() {
    run(async {
        let account = Fake::default();
        FIRST.deploy(&account).await.unwrap();
        let before = account.state.into_inner();
        let (mut deployed, mut deleted) = (0, 0);
        for seed in 0..60 {
            let aws = Fake::holding(before.clone());
            aws.clock.start(Latency::Uneven(seed));
            // The one begins while the other is at work, and sooner or later in it.
            let late = async {
                for _ in 0..seed % 12 {
                    let _ = lock::holder(&aws, &App::names()).await;
                }
                delete_locked(&aws).await
            };
            let (deploy, delete) = tokio::join!(SECOND.deploy_locked(&aws), late);
            let there = SECOND.plan(&aws).await.unwrap().is_empty();
            let gone = aws.snapshot() == Fake::default().snapshot();
            match (deploy, delete) {
                (Ok(_), Ok(_)) => assert!(there || gone, "{seed}"),
                (Ok(_), Err(_)) => assert!(there, "{seed}"),
                (Err(_), Ok(_)) => assert!(gone, "{seed}"),
                (Err(one), Err(two)) => panic!("{one}; {two}"),
            }
            deployed += u32::from(there);
            deleted += u32::from(gone);
        }
        assert!(deployed > 0 && deleted > 0, "{deployed} {deleted}");
    });
}

#[test]
fn a_lock_that_is_refused_while_nobody_holds_it_is_tried_again() {
    run(async {
        let aws = Fake::default();
        let names = App::names();
        let busy = |times| Some(("CreateLogGroup", "OperationAbortedException", times));
        aws.refused.set(busy(1));
        let lock = Lock::take(&aws, &names, "deploy").await.unwrap();
        lock.release(&aws, async {}).await.unwrap();
        aws.refused.set(busy(u32::MAX));
        let failure = Lock::take(&aws, &names, "deploy").await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Unavailable);
        assert!(failure.advice().unwrap().contains("`cargo fw unlock`"));
    });
}

#[test]
fn what_cannot_be_a_canary_takes_no_lock() {
    run(async {
        let aws = Fake::default();
        let mut desired = FIRST.desired(&aws).await.unwrap();
        desired.canary = Some(10);
        let console = console();
        let execution = Execution {
            console: &console,
            retry: RETRY,
            again: "cargo fw deploy --canary 10%",
        };
        let agree = async |_: &Actual, _: &Plan| Ok(());
        let note = async |_: &Executed| {};
        let failure = execution.run(&aws, &desired, |_| false, agree, note).await;
        assert!(failure.unwrap_err().advice().unwrap().contains("without"));
        assert_eq!(aws.writes(), [""; 0]);
    });
}
