//! What AWS refuses, in words that say what to do, and what passes by itself.

use std::collections::BTreeSet;

use fw_manifest::SourceEvent;

use super::{App, FIRST, RETRY, console, delete, run};
use crate::{
    aws::{
        fake::{Fake, State},
        lambda::Alias,
    },
    deploy::{
        needed::needed_for,
        traffic::{Release, flip},
    },
    error::Exit,
    policy::ShownSource,
};

/// Each mutating call of a first deploy, once.
async fn calls() -> Vec<&'static str> {
    let aws = Fake::default();
    FIRST.deploy(&aws).await.unwrap();
    let mut calls = aws.writes();
    calls.sort_unstable();
    calls.dedup();
    calls
}

#[test]
fn a_denied_call_names_its_action_and_the_policy_that_allows_it() {
    run(async {
        for call in calls().await {
            let aws = Fake::default();
            aws.denied.set(Some(call));
            let failure = FIRST.deploy(&aws).await.unwrap_err();
            assert_eq!(failure.exit(), Exit::Denied, "{call}");
            let hint = failure.advice().unwrap();
            let (_, statement) = hint.split_once("`: {").unwrap();
            let (statement, _) = statement.split_once("}; then").unwrap();
            let statement = format!("{{{statement}}}");
            let statement: serde_json::Value = serde_json::from_str(&statement).unwrap();
            let action = match call {
                api if aws_of_api(api) => "apigateway:POST".to_owned(),
                call => call.to_owned(),
            };
            let allowed = statement["Action"].as_str().unwrap();
            assert!(allowed.ends_with(&action), "{hint}");
            assert_eq!(statement["Effect"], "Allow");
            assert_eq!(statement["Resource"], "*");
        }
    });
}

fn aws_of_api(call: &str) -> bool {
    [
        "CreateApi",
        "CreateIntegration",
        "CreateRoute",
        "CreateStage",
    ]
    .contains(&call)
}

#[test]
fn throttled_calls_are_made_again_and_not_for_ever() {
    run(async {
        for call in calls().await {
            for code in ["Throttling", "TooManyRequestsException"] {
                let aws = Fake::default();
                aws.refused.set(Some((call, code, 3)));
                FIRST.deploy(&aws).await.unwrap();
                assert_eq!(aws.refused.get(), Some((call, code, 0)));
                assert!(FIRST.plan(&aws).await.unwrap().is_empty());
            }
            let aws = Fake::default();
            aws.refused.set(Some((call, "ThrottlingException", 99)));
            let failure = FIRST.deploy(&aws).await.unwrap_err();
            assert_eq!(failure.exit(), Exit::Unavailable);
            assert!(failure.advice().unwrap().contains("wait a minute"));
        }
    });
}

#[test]
fn a_quota_is_told_as_one() {
    run(async {
        for (call, code, service) in [
            ("CreateRole", "LimitExceeded", "iam"),
            ("CreateLogGroup", "LimitExceededException", "logs"),
            ("CreateFunction", "CodeStorageExceededException", "lambda"),
            ("CreateApi", "LimitExceededException", "apigateway"),
        ] {
            let aws = Fake::default();
            aws.refused.set(Some((call, code, 1)));
            let failure = FIRST.deploy(&aws).await.unwrap_err();
            let causes = failure.causes().join("\n");
            assert!(causes.contains("cannot have more of them"), "{causes}");
            let hint = failure.advice().unwrap();
            assert!(hint.contains(&format!("`{service}`")), "{hint}");
            assert!(hint.contains("Service Quotas"), "{hint}");
            // Nothing else is wrong: with a place for it, the next deploy goes on.
            FIRST.deploy(&aws).await.unwrap();
        }
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        aws.refused.set(Some((
            "UpdateFunctionCode",
            "CodeStorageExceededException",
            1,
        )));
        let second = App {
            code: "two",
            ..FIRST
        };
        let failure = second.deploy(&aws).await.unwrap_err();
        let causes = failure.causes().join("\n");
        assert!(
            causes.contains("the traffic still goes to the previous version"),
            "{causes}"
        );
    });
}

/// Code, settings, routes and permissions change, and a version is pruned.
const CHANGED: App = App {
    code: "two",
    routes: &[("GET", "/objects/{key}"), ("GET", "/objects")],
    settings: "memory = 256\nlog_retention = 7\nkeep_versions = 2\npolicy = [{ actions = [\"s3:PutObject\"], resources = [\"*\"] }]",
    ..FIRST
};

/// An account with two versions, of which `CHANGED` prunes the first.
async fn before() -> State {
    let aws = Fake::default();
    for code in ["zero", "one"] {
        App { code, ..FIRST }.deploy(&aws).await.unwrap();
    }
    aws.state.into_inner()
}

/// What a refusal that passes says, and of which call.
const PASSING: [(&str, &str, &str); 8] = [
    (
        "CreateFunction",
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    (
        "CreateFunction",
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call CreateNetworkInterface on EC2",
    ),
    (
        "CreateFunction",
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call SendMessage on SQS",
    ),
    (
        "CreateFunction",
        "InvalidParameterValueException",
        "Lambda was unable to configure access to your environment variables because the KMS key is invalid for CreateGrant. \
         Please check your KMS key settings.",
    ),
    (
        "CreateLogGroup",
        "OperationAbortedException",
        "A conflicting operation is currently in progress against this resource. Please try again.",
    ),
    (
        "PutRolePolicy",
        "ConcurrentModification",
        "Wait a few minutes",
    ),
    ("PutRetentionPolicy", "OperationAbortedException", "aborted"),
    (
        "CreateRoute",
        "ConflictException",
        "Unable to complete operation due to concurrent modification. Please try again later.",
    ),
];

#[test]
fn what_passes_by_itself_is_waited_for() {
    run(async {
        for (call, code, said) in PASSING {
            let aws = Fake::default();
            aws.said.set(said);
            aws.refused.set(Some((call, code, 3)));
            FIRST.deploy(&aws).await.unwrap();
            assert_eq!(aws.refused.get(), Some((call, code, 0)), "{said}");
            // And not for ever.
            let aws = Fake::default();
            aws.said.set(said);
            aws.refused.set(Some((call, code, 99)));
            let failure = FIRST.deploy(&aws).await.unwrap_err();
            assert!(failure.causes()[0].contains(said), "{failure}");
            assert_eq!(aws.refused.get(), Some((call, code, 99 - 5)), "{said}");
        }
    });
}

#[test]
fn what_does_not_pass_is_told_at_once() {
    run(async {
        for (call, code, said) in [
            (
                "CreateFunction",
                "ResourceConflictException",
                "Function already exist: s3test-dev",
            ),
            (
                "CreateFunction",
                "InvalidParameterValueException",
                "Unzipped size must be smaller",
            ),
            (
                "DeleteFunction",
                "ResourceConflictException",
                "Unable to delete version because the following aliases reference it: [mine]",
            ),
        ] {
            let aws = match call {
                "DeleteFunction" => Fake::holding(before().await),
                _ => Fake::default(),
            };
            aws.said.set(said);
            aws.refused.set(Some((call, code, 99)));
            CHANGED.deploy(&aws).await.unwrap_err();
            assert_eq!(aws.refused.get(), Some((call, code, 98)), "{said}");
        }
    });
}

#[test]
fn a_version_that_has_an_alias_of_its_own_stays() {
    run(async {
        let aws = Fake::holding(before().await);
        let mine = Alias {
            version: "1".to_owned(),
            canary: None,
        };
        let function = App::names().function;
        let aliases = |change: &dyn Fn(&mut std::collections::BTreeMap<String, Alias>)| {
            change(
                &mut aws
                    .state
                    .borrow_mut()
                    .functions
                    .get_mut(&function)
                    .unwrap()
                    .aliases,
            );
        };
        aliases(&|all| drop(all.insert("mine".to_owned(), mine.clone())));
        CHANGED.deploy(&aws).await.unwrap();
        let kept = |aws: &Fake| {
            let state = aws.state.borrow();
            state.functions[&function]
                .versions
                .keys()
                .copied()
                .collect::<Vec<_>>()
        };
        assert_eq!(kept(&aws), [1, 2, 3]);
        assert!(CHANGED.plan(&aws).await.unwrap().is_empty());
        aliases(&|all| drop(all.remove("mine")));
        CHANGED.deploy(&aws).await.unwrap();
        assert_eq!(kept(&aws), [2, 3]);
    });
}

#[test]
fn a_throttled_call_of_a_change_or_a_deletion_is_made_again() {
    run(async {
        let before = before().await;
        let undisturbed = Fake::holding(before.clone());
        CHANGED.deploy(&undisturbed).await.unwrap();
        let mut changing = undisturbed.writes();
        delete(&undisturbed).await.unwrap();
        let mut deleting = undisturbed.writes().split_off(changing.len());
        assert!(
            changing.len() > 8 && deleting.len() > 3,
            "{changing:?} {deleting:?}"
        );
        for calls in [&mut changing, &mut deleting] {
            calls.sort_unstable();
            calls.dedup();
        }
        let code = "TooManyRequestsException";
        for call in changing {
            let aws = Fake::holding(before.clone());
            aws.refused.set(Some((call, code, 3)));
            CHANGED.deploy(&aws).await.unwrap();
            assert_eq!(aws.refused.get(), Some((call, code, 0)));
            assert!(CHANGED.plan(&aws).await.unwrap().is_empty(), "{call}");
        }
        for call in deleting {
            let aws = Fake::holding(before.clone());
            aws.refused.set(Some((call, code, 3)));
            delete(&aws).await.unwrap();
            assert_eq!(aws.refused.get(), Some((call, code, 0)));
            assert_eq!(aws.snapshot(), State::default(), "{call}");
        }
    });
}

#[test]
fn a_throttled_flip_is_made_again() {
    run(async {
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        let second = App {
            code: "two",
            ..FIRST
        };
        second.deploy(&aws).await.unwrap();
        let names = App::names();
        for code in ["TooManyRequestsException", "ResourceConflictException"] {
            let to = Some(if code.starts_with('T') { 1 } else { 2 });
            aws.refused.set(Some(("UpdateAlias", code, 3)));
            let release = Release::read(&aws, &names).await.unwrap();
            let flips = release.back(&names, to).unwrap();
            flip(&aws, &release, &flips, &console(), RETRY)
                .await
                .unwrap();
            assert_eq!(aws.refused.get(), Some(("UpdateAlias", code, 0)));
        }
        let served = aws.serves("GET /objects/{key}");
        assert_eq!(served, Some(super::hash("two")));
    });
}

#[test]
fn each_action_of_a_deploy_is_one_that_the_doctor_asks_for() {
    run(async {
        let names = App::names();
        for settings in [
            "",
            CHANGED.settings,
            "tags = { team = \"pay\" }\nconcurrency = 5\nprovisioned_concurrency = 2\ncors = { allow_origins = [\"*\"] }",
            "gateway = \"rest-api\"",
            "gateway = \"function-url\"",
        ] {
            let aws = Fake::default();
            let app = App {
                settings,
                sources: match settings.starts_with("tags") {
                    true => &["ship < orders"],
                    false => &[],
                },
                ..CHANGED
            };
            App {
                code: "one",
                ..app.clone()
            }
            .deploy_locked(&aws)
            .await
            .unwrap();
            app.deploy_locked(&aws).await.unwrap();
            App {
                code: "three",
                ..app.clone()
            }
            .deploy_locked(&aws)
            .await
            .unwrap();
            crate::logs_view::functions(&aws, &names).await.unwrap();
            delete(&aws).await.unwrap();
            let mut needed = crate::aws::needed();
            needed.extend(needed_for(&app.settings(), &shown(&app)));
            for action in aws.actions() {
                // The first is everybody's (STS API reference, `GetCallerIdentity`); denied, the second is no failure: it asks
                // for a bucket that only large zips have, whose size nobody knows beforehand.
                let free = ["sts:GetCallerIdentity", "s3:GetBucketTagging"].contains(&&*action);
                assert!(free || needed.contains(&action), "{action}: {settings}");
            }
        }
    });
}

#[test]
fn a_plan_needs_no_permission_to_write() {
    run(async {
        let rest = App {
            settings: "gateway = \"rest-api\"\ntags = { team = \"pay\" }",
            ..CHANGED
        };
        let url = App {
            settings: "gateway = \"function-url\"",
            ..CHANGED
        };
        let guarded = App {
            authorizers: &["door"],
            ..CHANGED
        };
        for after in [CHANGED, rest, url, guarded] {
            for before in [State::default(), before().await] {
                let aws = Fake::holding(before);
                aws.read_only.set(true);
                let there = aws.snapshot();
                assert!(!after.plan(&aws).await.unwrap().is_empty());
                assert_eq!(aws.writes(), [""; 0]);
                let reads = aws.calls().len();
                assert!(reads > 4, "{:?}", aws.calls());
                // And it is such an account: a deploy does not get past its first step.
                let failure = after.deploy(&aws).await.unwrap_err();
                assert_eq!(failure.exit(), Exit::Denied);
                assert_eq!(aws.snapshot(), there);
            }
        }
    });
}

/// The sources of an app, as its files would show them.
fn shown(app: &App) -> BTreeSet<ShownSource> {
    let sources = app.manifest().sources.into_iter();
    let reads = sources.filter_map(|source| match source.event {
        SourceEvent::Sqs { queue } => Some((source.name, queue)),
        _ => None,
    });
    reads
        .map(|(name, queue)| ShownSource {
            name,
            attribute: "on_sqs",
            first: Some(queue),
        })
        .collect()
}
