//! What AWS refuses, in words that say what to do, and what passes by itself.

use super::{App, FIRST, run};
use crate::{aws::fake::Fake, error::Exit};

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
            assert!(causes.contains("no more of them"), "{causes}");
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
            causes.contains("the traffic still goes to the version before"),
            "{causes}"
        );
    });
}
