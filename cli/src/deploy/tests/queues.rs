//! Queues of the settings: created before the traffic moves, put right, and deleted with a word.

use fw_manifest::{ManifestSource, SourceEvent};

use super::{App, FIRST, delete, run};
use crate::{
    aws::fake::{Fake, State},
    deploy::{
        approve::losses,
        change::Change as _,
        check,
        kind::queue::fake::{FakeQueue, arn},
        model::Desired,
        report,
        step::Plan,
    },
    error::Exit,
    values::names::Tags,
};

pub(super) const QUEUES: App = App {
    settings: r#"
[queues.orders]
visibility_timeout = 60
dead_letter = "failed"
[queues.failed]
retention = 1_209_600
[queues.steps]
fifo = true
content_based_deduplication = true
kms_key = "arn:aws:kms:eu-central-1:123456789012:key/one"
"#,
    ..FIRST
};

/// The same, each in another way.
pub(super) const OTHER: App = App {
    settings: r#"
[queues.orders]
delay = 5
max_receives = 10
dead_letter = "more"
[queues.more]
[queues.steps]
fifo = true
"#,
    ..FIRST
};

fn queue<T>(aws: &Fake, name: &str, see: impl FnOnce(&mut FakeQueue) -> T) -> T {
    see(aws.state.borrow_mut().queues.get_mut(name).unwrap())
}

fn attribute(aws: &Fake, name: &str, key: &str) -> String {
    queue(aws, name, |held| held.attributes.get(key).cloned()).unwrap_or_default()
}

fn of_queues(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    let steps = steps.filter(|planned| planned.step.subject().1.kind.contains("queue"));
    steps
        .map(|planned| {
            let (action, resource) = planned.step.subject();
            format!("{} {resource}: {}", action.verb(), planned.reason)
        })
        .collect()
}

#[test]
fn queues_are_created_before_the_code_that_uses_them() {
    run(async {
        let aws = Fake::default();
        let plan = QUEUES.deploy(&aws).await.unwrap();
        assert_eq!(
            of_queues(&plan),
            [
                "create queue `s3test-dev-failed`: does not exist yet",
                "create queue `s3test-dev-steps.fifo`: does not exist yet",
                "create queue `s3test-dev-orders`: does not exist yet",
            ]
        );
        let writes = aws.writes();
        let at = |name: &str| writes.iter().position(|call| *call == name).unwrap();
        assert!(
            at("CreateLogGroup") < at("CreateQueue") && at("CreateQueue") < at("CreateFunction")
        );
        assert_eq!(
            attribute(&aws, "s3test-dev-orders", "VisibilityTimeout"),
            "60"
        );
        let policy = attribute(&aws, "s3test-dev-orders", "RedrivePolicy");
        assert!(
            policy.contains(&arn("s3test-dev-failed")) && policy.contains('3'),
            "{policy}"
        );
        let own = queue(&aws, "s3test-dev-failed", |held| held.tags.clone());
        assert_eq!(own, App::names().tags());
        let state = aws.state.borrow();
        let function = &state.functions["s3test-dev"]
            .latest
            .configuration
            .environment;
        assert_eq!(
            function["FW_QUEUE_ORDERS"],
            "https://sqs.eu-central-1.amazonaws.com/123456789012/s3test-dev-orders"
        );
        assert!(function["FW_QUEUE_STEPS"].ends_with("/s3test-dev-steps.fifo"));
    });
}

/// A queue that a function reads is there with defaults where no table declares it, and hides a message for longer than that function
/// may take.
#[test]
fn a_queue_that_is_read_is_declared_by_that() {
    let desired = |settings: &'static str| {
        let app = App { settings, ..FIRST };
        let mut manifest = app.manifest();
        let event = SourceEvent::Sqs {
            queue: "orders".to_owned(),
        };
        manifest.add_source(ManifestSource::new("worker", event));
        let place = crate::deploy::snapshot::nowhere();
        Desired::new(&manifest, &app.settings(), app.code(), place)
    };
    let hidden = |settings| {
        let desired = desired(settings).unwrap();
        let orders = desired.queues.iter().find(|one| one.key == "orders");
        orders.unwrap().attributes.visibility_timeout
    };
    assert_eq!(hidden("timeout = 10"), 60);
    assert_eq!(hidden("[functions.worker]\ntimeout = 20"), 120);
    assert_eq!(
        hidden("timeout = 10\n[queues.orders]\nvisibility_timeout = 10"),
        10
    );
    let found = desired("timeout = 10\n[queues.orders]\nvisibility_timeout = 9");
    let failure = found.unwrap_err();
    assert_eq!(failure.exit(), Exit::Input);
    assert_eq!(
        failure.advice(),
        Some("write `visibility_timeout = 60`, six times the timeout, or leave it out")
    );
    // Two names with one variable, of which a table declares the other one.
    assert!(desired("[queues.ORDERS]").is_err());
}

#[test]
fn a_second_deploy_finds_nothing_to_do_and_an_app_without_queues_asks_for_none() {
    run(async {
        let aws = Fake::default();
        QUEUES.deploy(&aws).await.unwrap();
        aws.forget();
        let plan = QUEUES.deploy(&aws).await.unwrap();
        assert!(plan.is_empty(), "{:?}", report::lines(&plan));
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        FIRST.deploy(&aws).await.unwrap();
        assert!(
            !aws.actions()
                .iter()
                .any(|action| action.starts_with("sqs:"))
        );
    });
}

#[test]
fn drift_is_put_right() {
    run(async {
        let aws = Fake::default();
        QUEUES.deploy(&aws).await.unwrap();
        queue(&aws, "s3test-dev-orders", |held| {
            let changed = [
                ("VisibilityTimeout", "5"),
                ("SqsManagedSseEnabled", "false"),
            ];
            let changed = changed.map(|(key, value)| (key.to_owned(), value.to_owned()));
            held.attributes.extend(changed);
            held.attributes.remove("RedrivePolicy");
            held.attributes
                .insert("ReceiveMessageWaitTimeSeconds".to_owned(), "20".to_owned());
        });
        queue(&aws, "s3test-dev-steps.fifo", |held| {
            let off = "false".to_owned();
            held.attributes
                .insert("ContentBasedDeduplication".to_owned(), off);
            held.tags.insert("cost".to_owned(), "7".to_owned());
        });
        let plan = QUEUES.deploy(&aws).await.unwrap();
        assert_eq!(
            of_queues(&plan),
            [
                "update attributes of queue `s3test-dev-steps.fifo`: content-based deduplication: false → true",
                "update attributes of queue `s3test-dev-orders`: visibility timeout: 5 s → 60 s, dead letters: none → \
                 `s3test-dev-failed` after 3, encryption: none → SQS's own key",
            ]
        );
        // What the settings say nothing of stays, and others' tags too.
        assert_eq!(
            attribute(&aws, "s3test-dev-orders", "ReceiveMessageWaitTimeSeconds"),
            "20"
        );
        assert!(queue(&aws, "s3test-dev-steps.fifo", |held| held
            .tags
            .contains_key("cost")));
        assert!(QUEUES.deploy(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn a_key_that_leaves_the_settings_leaves_the_queue_encrypted() {
    const WITHOUT: App = App {
        settings: "[queues.steps]\nfifo = true",
        ..FIRST
    };
    run(async {
        let aws = Fake::default();
        QUEUES.deploy(&aws).await.unwrap();
        WITHOUT.deploy(&aws).await.unwrap();
        let name = "s3test-dev-steps.fifo";
        assert_eq!(attribute(&aws, name, "KmsMasterKeyId"), "");
        assert_eq!(attribute(&aws, name, "SqsManagedSseEnabled"), "true");
    });
}

#[test]
fn somebody_elses_queue_stops_the_deploy_before_it_writes() {
    run(async {
        for tags in [
            Tags::new(),
            Tags::from([(
                "aws:cloudformation:stack-name".to_owned(),
                "shop".to_owned(),
            )]),
        ] {
            let aws = Fake::default();
            let foreign = FakeQueue {
                tags,
                ..FakeQueue::default()
            };
            let name = "s3test-dev-orders".to_owned();
            aws.state.borrow_mut().queues.insert(name, foreign);
            let failure = QUEUES.deploy(&aws).await.unwrap_err();
            let why = failure.causes().join("; ");
            assert!(
                why.contains("the queue `s3test-dev-orders` belongs to"),
                "{why}"
            );
            assert_eq!(aws.writes(), [""; 0]);
        }
        // Another stage's has a name that begins alike, and is left alone.
        let aws = Fake::default();
        let other = "s3test-dev-x-orders".to_owned();
        aws.state
            .borrow_mut()
            .queues
            .insert(other, FakeQueue::default());
        QUEUES.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert_eq!(aws.state.borrow().queues.len(), 1);
    });
}

#[test]
fn a_queue_that_leaves_the_settings_is_deleted_once_somebody_agrees() {
    run(async {
        let aws = Fake::default();
        QUEUES.deploy(&aws).await.unwrap();
        queue(&aws, "s3test-dev-orders", |held| held.messages = 7);
        let plan = FIRST.plan(&aws).await.unwrap();
        assert_eq!(
            losses(&plan),
            [
                "queue `s3test-dev-failed`",
                "queue `s3test-dev-orders` with the messages in it",
                "queue `s3test-dev-steps.fifo`",
            ]
        );
        let lines = report::lines(&plan).join("\n");
        assert!(
            lines.contains("not in the settings; the messages in it are lost"),
            "{lines}"
        );
        FIRST.deploy(&aws).await.unwrap();
        assert!(aws.state.borrow().queues.is_empty());
        // Nothing is left that looks for queues.
        aws.forget();
        assert!(FIRST.deploy(&aws).await.unwrap().is_empty());
        assert!(
            !aws.actions()
                .iter()
                .any(|action| action.starts_with("sqs:"))
        );
    });
}

/// A deploy that was interrupted before there was a function, and then settings without queues.
#[test]
fn a_queue_is_found_before_there_is_a_function() {
    run(async {
        let aws = Fake::default();
        aws.denied.set(Some("CreateFunction"));
        QUEUES.deploy(&aws).await.unwrap_err();
        assert_eq!(aws.state.borrow().queues.len(), 3);
        aws.denied.set(None);
        FIRST.deploy(&aws).await.unwrap();
        assert!(aws.state.borrow().queues.is_empty());
    });
}

#[test]
fn a_name_that_was_given_up_is_waited_for() {
    run(async {
        let aws = Fake::default();
        aws.refused
            .set(Some(("CreateQueue", "QueueDeletedRecently", 3)));
        QUEUES.deploy(&aws).await.unwrap();
        assert_eq!(aws.state.borrow().queues.len(), 3);
    });
}

#[test]
fn a_deploy_never_deletes_a_queue_of_the_settings() {
    run(async {
        let aws = Fake::default();
        QUEUES.deploy(&aws).await.unwrap();
        let desired = QUEUES.desired(&aws).await.unwrap();
        let actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
        let deletion = crate::deploy::plan::deletion(&desired.names, &actual, false);
        let mut wrong = Plan::default();
        let queues = deletion.steps.into_iter();
        wrong.steps = queues
            .filter(|planned| planned.step.subject().1.kind == "queue")
            .collect();
        let failure = check::plan(&desired, &actual, &wrong).unwrap_err();
        let why = failure.causes().join("; ");
        assert!(
            why.contains("a deploy would delete the queue `s3test-dev-"),
            "{why}"
        );
    });
}

#[test]
fn everything_of_them_goes_with_the_deployment() {
    run(async {
        let aws = Fake::default();
        QUEUES.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}
