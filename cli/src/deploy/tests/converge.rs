//! Interrupted at any mutating call, a deploy or a delete run again ends where an undisturbed one does, and no kept route
//! is ever without an answer.

use super::{App, FIRST, delete, hash, rest::forget_ids, run};
use crate::aws::fake::{Fake, Fault, State};

/// Code, settings and routes all change, each route and each permission in another way.
const SECOND: App = App {
    code: "two",
    routes: &[
        ("GET", "/objects/{key}"),
        ("DELETE", "/objects/{key}"),
        ("GET", "/objects"),
    ],
    guards: &[],
    settings: "tags = { team = \"shop\" }\nmemory = 256\nlog_retention = 7\nconcurrency = 5\nprovisioned_concurrency = 2\nephemeral_storage = 1024\npermissions_boundary = \"arn:aws:iam::1:policy/most\"\ntracing = \"active\"\nlayers = [\"arn:aws:lambda:r:1:layer:l:1\"]\ncors = { allow_origins = [\"*\"] }\npolicy = [{ actions = [\"s3:PutObject\"], resources = [\"*\"] }]",
    authorizers: &[],
    sources: &[],
};

/// What `FIRST` is before `SECOND`: with a permission to lose.
const BEFORE: App = App {
    settings: "policy = [{ actions = [\"s3:GetObject\"], resources = [\"*\"] }]",
    ..FIRST
};

/// Every way to fail one of so many calls.
fn faults(count: usize) -> impl Iterator<Item = Fault> {
    (0..count).flat_map(|nth| [Fault::Before(nth), Fault::After(nth)])
}

async fn account(apps: &[App]) -> State {
    let aws = Fake::default();
    for app in apps {
        app.deploy(&aws).await.unwrap();
    }
    aws.state.into_inner()
}

/// From that account to that app: undisturbed, and then with each mutating call lost before or after it arrives. The next deploy
/// ends where the undisturbed one did, but for what API Gateway chooses, and leaves nothing to do.
pub(super) async fn completed(before: &State, to: &App) {
    let undisturbed = Fake::holding(before.clone());
    to.deploy(&undisturbed).await.unwrap();
    assert!(to.plan(&undisturbed).await.unwrap().is_empty());
    for fault in faults(undisturbed.writes().len()) {
        let aws = Fake::holding(before.clone());
        aws.fault.set(Some(fault));
        to.deploy(&aws).await.unwrap_err();
        aws.fault.set(None);
        to.deploy(&aws).await.unwrap();
        assert_eq!(
            forget_ids(aws.snapshot()),
            forget_ids(undisturbed.snapshot()),
            "{fault:?} on the way to {to:?}"
        );
        assert!(to.plan(&aws).await.unwrap().is_empty(), "{fault:?}");
    }
}

/// The same from that account to nothing at all.
pub(super) async fn deleted(before: &State) {
    let undisturbed = Fake::holding(before.clone());
    delete(&undisturbed).await.unwrap();
    assert_eq!(undisturbed.snapshot(), State::default());
    for fault in faults(undisturbed.writes().len()) {
        let aws = Fake::holding(before.clone());
        aws.fault.set(Some(fault));
        delete(&aws).await.unwrap_err();
        aws.fault.set(None);
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default(), "{fault:?}");
    }
}

#[test]
fn an_interrupted_first_deploy_is_completed_by_the_next() {
    run(async {
        let undisturbed = Fake::default();
        FIRST.deploy(&undisturbed).await.unwrap();
        let count = undisturbed.writes().len();
        assert_eq!(count, 13);
        for fault in faults(count) {
            let aws = Fake::default();
            aws.fault.set(Some(fault));
            FIRST.deploy(&aws).await.unwrap_err();
            aws.fault.set(None);
            FIRST.deploy(&aws).await.unwrap();
            assert_same(&aws.snapshot(), &undisturbed.snapshot(), fault);
            assert!(FIRST.plan(&aws).await.unwrap().is_empty(), "{fault:?}");
        }
    });
}

#[test]
fn an_interrupted_change_is_completed_by_the_next_and_never_stops_the_traffic() {
    run(async {
        let before = account(&[BEFORE]).await;
        let undisturbed = Fake::holding(before.clone());
        SECOND.deploy(&undisturbed).await.unwrap();
        let writes = undisturbed.writes();
        assert_eq!(writes.len(), 18, "{writes:?}");
        let flip = writes
            .iter()
            .position(|call| *call == "UpdateAlias")
            .unwrap();
        for fault in faults(writes.len()) {
            let aws = Fake::holding(before.clone());
            aws.fault.set(Some(fault));
            let failure = SECOND.deploy(&aws).await.unwrap_err();
            aws.fault.set(None);
            let served = aws.serves("GET /objects/{key}");
            let moved = match fault {
                Fault::Before(nth) => nth > flip,
                Fault::After(nth) => nth >= flip,
            };
            let code = if moved { "two" } else { "one" };
            assert_eq!(served, Some(hash(code)), "{fault:?}");
            if !moved {
                // A deploy that fails before the traffic moves changes no request's answer.
                assert!(aws.serves("PUT /objects/{key}").is_some(), "{fault:?}");
                assert!(aws.serves("GET /objects").is_none(), "{fault:?}");
                // Tags answer no request.
                let apis = |account: &Fake| {
                    let mut apis = account.snapshot().apis;
                    apis.iter_mut().for_each(|one| one.api.tags.clear());
                    apis
                };
                assert_eq!(apis(&aws), apis(&Fake::holding(before.clone())));
                let role = &aws.snapshot().roles[&App::names().role];
                assert!(role.policies["fw"].to_string().contains("s3:GetObject"));
            }
            assert!(failure.advice().unwrap().contains("continues from here"));
            SECOND.deploy(&aws).await.unwrap();
            assert_same(&aws.snapshot(), &undisturbed.snapshot(), fault);
            assert!(SECOND.plan(&aws).await.unwrap().is_empty(), "{fault:?}");
        }
    });
}

#[test]
fn an_interrupted_delete_is_completed_by_the_next() {
    run(async {
        let before = account(&[BEFORE, SECOND]).await;
        let undisturbed = Fake::holding(before.clone());
        delete(&undisturbed).await.unwrap();
        let count = undisturbed.writes().len();
        assert_eq!(count, 5);
        for fault in faults(count) {
            let aws = Fake::holding(before.clone());
            aws.fault.set(Some(fault));
            delete(&aws).await.unwrap_err();
            aws.fault.set(None);
            delete(&aws).await.unwrap();
            assert_same(&aws.snapshot(), &State::default(), fault);
            assert!(delete(&aws).await.unwrap().is_empty(), "{fault:?}");
        }
    });
}

#[test]
fn two_interruptions_in_a_row_converge_too() {
    run(async {
        let before = account(&[BEFORE]).await;
        let undisturbed = Fake::holding(before.clone());
        SECOND.deploy(&undisturbed).await.unwrap();
        for first in faults(undisturbed.writes().len()) {
            for second in faults(4) {
                let aws = Fake::holding(before.clone());
                aws.fault.set(Some(first));
                SECOND.deploy(&aws).await.unwrap_err();
                aws.forget();
                aws.fault.set(Some(second));
                // The second run may have fewer steps left than the fault waits for.
                let _ = SECOND.deploy(&aws).await;
                aws.fault.set(None);
                SECOND.deploy(&aws).await.unwrap();
                assert_same(&aws.snapshot(), &undisturbed.snapshot(), first);
            }
        }
    });
}

/// Ids are chosen anew for what is made anew, so they are compared by what they stand for.
fn assert_same(one: &State, other: &State, fault: Fault) {
    assert_eq!(one, other, "after {fault:?}");
}
