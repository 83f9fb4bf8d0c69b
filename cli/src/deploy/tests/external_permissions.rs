//! Power that somebody gave outside `cargo fw`: seen, told, asked about and taken back; and no obstacle to a deletion.

use serde_json::json;

use super::{App, FIRST, delete, run};
use crate::{
    aws::{
        fake::{Fake, Fault, State},
        lambda::{Allows, Grant},
    },
    deploy::{approve, change::Change as _},
};

const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

const GUARDED: App = App {
    authorizers: &["door"],
    ..FIRST
};

/// What a deploy of the app made.
async fn deployed(app: &App) -> State {
    let aws = Fake::default();
    app.deploy(&aws).await.unwrap();
    aws.snapshot()
}

/// The same account after somebody was in the console.
fn opened(mut state: State) -> State {
    for role in state.roles.values_mut() {
        let all = json!({ "Statement": [{ "Effect": "Allow", "Action": "*", "Resource": "*" }] });
        role.policies.insert("mine".to_owned(), all);
        role.attached.insert(ADMINISTRATOR.to_owned());
    }
    for function in state.functions.values_mut() {
        for alias in ["live", "mine"] {
            let grants = function.grants.entry(alias.to_owned()).or_default();
            grants.push(Grant {
                id: "open".to_owned(),
                principal: "*".to_owned(),
                source: String::new(),
                account: None,
                allows: Allows::ThroughUrl,
            });
        }
    }
    state
}

/// Without what is on another alias than ours, which stays.
fn ours(mut state: State) -> State {
    for function in state.functions.values_mut() {
        function.grants.remove("mine");
    }
    state
}

#[test]
fn power_from_outside_is_shown_asked_about_and_taken_back() {
    run(async {
        for app in [FIRST, GUARDED] {
            let before = deployed(&app).await;
            let aws = Fake::holding(opened(before.clone()));
            let plan = app.plan(&aws).await.unwrap();
            let told: Vec<String> = plan
                .steps
                .iter()
                .map(|planned| format!("{}: {}", planned.step.subject().1, planned.reason))
                .collect();
            let functions = 1 + app.authorizers.len();
            assert_eq!(told.len(), 3 * functions, "{told:?}");
            for part in [
                "policy attached to the role `arn:aws:iam::aws:policy/AdministratorAccess`: it was added",
                "inline policy of the role `mine`: it was added to the role outside `cargo fw`",
                "permission `open`: it lets everybody call `s3test-dev`, and was added outside `cargo fw`",
            ] {
                assert!(
                    told.iter().any(|told| told.starts_with(part)),
                    "{part}: {told:?}"
                );
            }
            // Somebody may have meant it.
            assert_eq!(approve::losses(&plan).len(), 3 * functions);
            app.deploy(&aws).await.unwrap();
            assert_eq!(ours(aws.snapshot()), before);
            assert!(
                aws.snapshot()
                    .functions
                    .values()
                    .all(|one| one.grants["mine"].len() == 1)
            );
            assert!(app.plan(&aws).await.unwrap().is_empty());
        }
    });
}

#[test]
fn interrupted_it_is_taken_back_by_the_next_deploy() {
    run(async {
        let before = deployed(&GUARDED).await;
        let undisturbed = Fake::holding(opened(before.clone()));
        GUARDED.deploy(&undisturbed).await.unwrap();
        for nth in 0..undisturbed.writes().len() {
            for fault in [Fault::Before(nth), Fault::After(nth)] {
                let aws = Fake::holding(opened(before.clone()));
                aws.fault.set(Some(fault));
                GUARDED.deploy(&aws).await.unwrap_err();
                aws.fault.set(None);
                GUARDED.deploy(&aws).await.unwrap();
                assert_eq!(ours(aws.snapshot()), before, "{fault:?}");
            }
        }
    });
}

#[test]
fn a_deletion_takes_with_it_what_hangs_on_a_role() {
    run(async {
        let before = opened(deployed(&GUARDED).await);
        let undisturbed = Fake::holding(before.clone());
        delete(&undisturbed).await.unwrap();
        assert_eq!(undisturbed.snapshot(), State::default());
        for nth in 0..undisturbed.writes().len() {
            for fault in [Fault::Before(nth), Fault::After(nth)] {
                let aws = Fake::holding(before.clone());
                aws.fault.set(Some(fault));
                delete(&aws).await.unwrap_err();
                aws.fault.set(None);
                delete(&aws).await.unwrap();
                assert_eq!(aws.snapshot(), State::default(), "{fault:?}");
            }
        }
    });
}
