//! How asynchronous invocations are handled: set at the alias, with the rights that the destinations need.

use super::{App, FIRST, delete, run};
use crate::{
    aws::fake::{Fake, State},
    deploy::{change::Change as _, kind::invoke_config, report, step::Plan},
    values::asynchronous::Asynchronous,
};

pub(super) const SET: App = App {
    sources: &["log", "mail"],
    settings: r#"
[queues.failed]
kms_key = "arn:aws:kms:eu-central-1:123456789012:key/one"
[functions.mail]
retries = 0
max_event_age = 3600
on_success = "function:log"
on_failure = "queue:failed"
[functions.log]
retries = 1
"#,
    ..FIRST
};

/// The same in another way, and one that is as Lambda has it.
pub(super) const OTHER: App = App {
    settings: r#"
[functions.mail]
on_failure = "arn:aws:sns:eu-central-1:123456789012:theirs"
"#,
    ..SET
};

const FAILED: &str = "arn:aws:sqs:eu-central-1:123456789012:s3test-dev-failed";
const LOG: &str = "arn:aws:lambda:eu-central-1:123456789012:function:s3test-dev-log:live";

fn told(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    let steps = steps.filter(|planned| planned.step.subject().1.kind == invoke_config::KIND);
    steps
        .map(|planned| {
            let (action, resource) = planned.step.subject();
            format!("{} {resource}: {}", action.verb(), planned.reason)
        })
        .collect()
}

fn held(aws: &Fake, function: &str) -> Option<Asynchronous> {
    let state = aws.state.borrow();
    state.functions[&format!("s3test-dev-{function}")]
        .asynchronous
        .clone()
}

#[test]
fn what_is_set_of_events_is_set_at_the_alias() {
    run(async {
        let aws = Fake::default();
        let plan = SET.deploy(&aws).await.unwrap();
        assert_eq!(
            told(&plan),
            [
                "create asynchronous invocation of function `s3test-dev-log`: does not exist yet; retries 1".to_owned(),
                format!(
                    "create asynchronous invocation of function `s3test-dev-mail`: does not exist yet; retries 0, max_event_age 3600 s, \
                     on_success {LOG}, on_failure {FAILED}"
                ),
            ]
        );
        let mail = held(&aws, "mail").unwrap();
        assert_eq!((mail.retries, mail.max_event_age), (0, 3600));
        assert_eq!(mail.on_failure.as_deref(), Some(FAILED));
        // The role of each may do what its own destinations need.
        {
            let state = aws.state.borrow();
            let policy = |function: &str| {
                let role = format!("s3test-dev-{function}-eu-central-1");
                state.roles[&role].policies["fw"].to_string()
            };
            let mail = policy("mail");
            for allowed in [
                "sqs:SendMessage",
                FAILED,
                "lambda:InvokeFunction",
                LOG,
                "kms:GenerateDataKey",
            ] {
                assert!(mail.contains(allowed), "{allowed}: {mail}");
            }
            assert!(!policy("log").contains("sqs:"));
        }
        let plan = SET.deploy(&aws).await.unwrap();
        assert!(plan.is_empty(), "{:?}", report::lines(&plan));
    });
}

#[test]
fn what_changes_is_set_and_what_leaves_the_settings_is_left_to_lambda() {
    run(async {
        let aws = Fake::default();
        SET.deploy(&aws).await.unwrap();
        let plan = OTHER.deploy(&aws).await.unwrap();
        assert_eq!(
            told(&plan),
            [
                "delete asynchronous invocation of function `s3test-dev-log`: not in the settings"
                    .to_owned(),
                format!(
                    "update asynchronous invocation of function `s3test-dev-mail`: retries: 0 → 2, max_event_age: 3600 s → 21600 s, \
                     on_success: {LOG} → none, on_failure: {FAILED} → arn:aws:sns:eu-central-1:123456789012:theirs"
                ),
            ]
        );
        assert_eq!(held(&aws, "log"), None);
        // Drift.
        {
            let mut state = aws.state.borrow_mut();
            state
                .functions
                .get_mut("s3test-dev-mail")
                .unwrap()
                .asynchronous = None;
            let log = state.functions.get_mut("s3test-dev-log").unwrap();
            log.asynchronous = Some(Asynchronous::default());
        }
        assert_eq!(told(&OTHER.deploy(&aws).await.unwrap()).len(), 2);
        assert!(OTHER.deploy(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn an_app_without_sources_asks_for_none() {
    run(async {
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        FIRST.deploy(&aws).await.unwrap();
        assert!(!aws.calls().contains(&"GetFunctionEventInvokeConfig"));
    });
}

#[test]
fn what_lambda_does_not_know_yet_is_waited_for() {
    run(async {
        for said in [
            "The function's execution role does not have permissions to call SendMessage",
            "The destination ARN arn:aws:sqs:eu-central-1:123456789012:s3test-dev-failed is invalid.",
        ] {
            let aws = Fake::default();
            aws.said.set(said);
            let refused = (
                "PutFunctionEventInvokeConfig",
                "InvalidParameterValueException",
                3,
            );
            aws.refused.set(Some(refused));
            SET.deploy(&aws).await.unwrap();
            assert!(held(&aws, "mail").is_some());
        }
    });
}

#[test]
fn everything_of_it_goes_with_the_deployment() {
    run(async {
        let aws = Fake::default();
        SET.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}
