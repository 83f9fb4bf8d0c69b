//! Event source mappings: Lambda takes messages from a queue for the alias of the function that reads it.

use super::{App, FIRST, delete, run};
use crate::{
    aws::fake::{Fake, State},
    deploy::{
        change::Change as _,
        check,
        kind::{
            mapping::{self, fake::FakeMapping},
            queue::fake::FakeQueue,
        },
        report,
        step::Plan,
    },
    values::mapping::{Pollers, Polling},
};

pub(super) const READS: App = App {
    sources: &["ship < orders", "step < steps"],
    settings: r#"
timeout = 10
[queues.orders]
dead_letter = "failed"
[queues.failed]
[queues.steps]
fifo = true
[functions.ship]
batch_size = 100
batch_window = 5
filters = [{ body = { kind = ["order"] } }]
max_concurrency = 2
"#,
    ..FIRST
};

/// The same, each in another way, and one function more.
pub(super) const OTHER: App = App {
    code: "two",
    sources: &["log < orders", "ship < orders", "step < more"],
    settings: r#"
timeout = 12
[queues.orders]
[functions.ship]
pollers = { min = 2, max = 20 }
"#,
    ..FIRST
};

const QUEUE: &str = "arn:aws:sqs:eu-central-1:123456789012:s3test-dev-orders";

fn of_mappings(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    let steps = steps.filter(|planned| planned.step.subject().1.kind.contains(mapping::KIND));
    steps
        .map(|planned| {
            let (action, resource) = planned.step.subject();
            format!("{} {resource}: {}", action.verb(), planned.reason)
        })
        .collect()
}

fn held<T>(aws: &Fake, function: &str, see: impl FnOnce(&mut FakeMapping) -> T) -> T {
    let mut state = aws.state.borrow_mut();
    let mut all = state.mappings.iter_mut();
    let end = format!(":function:s3test-dev-{function}:live");
    see(all.find(|one| one.alias.ends_with(&end)).unwrap())
}

#[test]
fn a_function_that_reads_a_queue_is_invoked_with_its_messages() {
    run(async {
        let aws = Fake::default();
        let plan = READS.deploy(&aws).await.unwrap();
        assert_eq!(
            of_mappings(&plan),
            [
                "create event source mapping `s3test-dev-orders → s3test-dev-ship`: does not exist yet",
                "create event source mapping `s3test-dev-steps.fifo → s3test-dev-step`: does not exist yet",
            ]
        );
        let writes = aws.writes();
        let last = |name: &str| writes.iter().rposition(|call| *call == name).unwrap();
        let first = |name: &str| writes.iter().position(|call| *call == name).unwrap();
        // Queue, role and alias are there before.
        let created = first("CreateEventSourceMapping");
        for before in ["CreateQueue", "PutRolePolicy", "CreateAlias"] {
            assert!(last(before) < created, "{before}: {writes:?}");
        }
        let polling = held(&aws, "ship", |one| one.mapping.polling.clone());
        assert_eq!(
            polling,
            Polling {
                batch_size: 100,
                batch_window: 5,
                filters: vec![r#"{"body":{"kind":["order"]}}"#.to_owned()],
                max_concurrency: Some(2),
                pollers: None,
            }
        );
        held(&aws, "ship", |one| {
            assert_eq!(one.mapping.queue, QUEUE);
            assert!(one.mapping.reports);
            assert_eq!(one.tags, App::names().tags());
        });
        let polling = held(&aws, "step", |one| one.mapping.polling.clone());
        assert_eq!(polling, Polling::default());
        // Messages stay hidden for six times the timeout.
        let state = aws.state.borrow();
        assert_eq!(
            state.queues["s3test-dev-orders"].attributes["VisibilityTimeout"],
            "60"
        );
    });
}

#[test]
fn each_role_may_read_the_queue_of_its_function_alone() {
    run(async {
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        let state = aws.state.borrow();
        for (role, queue) in [
            ("s3test-dev-eu-central-1", None),
            ("s3test-dev-ship-eu-central-1", Some("s3test-dev-orders")),
            (
                "s3test-dev-step-eu-central-1",
                Some("s3test-dev-steps.fifo"),
            ),
        ] {
            let policy = &state.roles[role].policies["fw"];
            let text = policy.to_string();
            let statements = policy["Statement"].as_array().unwrap();
            let mut reading = statements.iter().filter(|one| one["Sid"] == "Source");
            match queue {
                None => assert!(!text.contains("sqs:"), "{text}"),
                Some(queue) => {
                    let statement = reading.next().unwrap();
                    let arn = format!("arn:aws:sqs:eu-central-1:123456789012:{queue}");
                    assert_eq!(statement["Resource"], serde_json::json!([arn]));
                    assert_eq!(
                        statement["Action"],
                        serde_json::json!([
                            "sqs:DeleteMessage",
                            "sqs:GetQueueAttributes",
                            "sqs:ReceiveMessage"
                        ])
                    );
                }
            }
        }
    });
}

#[test]
fn a_queue_with_a_key_is_read_with_the_right_to_decrypt() {
    const KEYED: App = App {
        sources: &["ship < orders"],
        settings: "[queues.orders]\nkms_key = \"arn:aws:kms:eu-central-1:123456789012:key/one\"",
        ..FIRST
    };
    run(async {
        let aws = Fake::default();
        KEYED.deploy(&aws).await.unwrap();
        let state = aws.state.borrow();
        let policy = state.roles["s3test-dev-ship-eu-central-1"].policies["fw"].to_string();
        assert!(policy.contains("kms:Decrypt"), "{policy}");
        assert!(!policy.contains("GenerateDataKey"), "{policy}");
    });
}

#[test]
fn a_second_deploy_finds_nothing_to_do_and_other_apps_ask_for_none() {
    run(async {
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        let plan = READS.deploy(&aws).await.unwrap();
        assert!(plan.is_empty(), "{:?}", report::lines(&plan));
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        FIRST.deploy(&aws).await.unwrap();
        assert!(!aws.calls().contains(&"ListEventSourceMappings"));
    });
}

#[test]
fn what_changes_is_set_and_nothing_else() {
    run(async {
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        let plan = OTHER.deploy(&aws).await.unwrap();
        assert_eq!(
            of_mappings(&plan),
            [
                "create event source mapping `s3test-dev-orders → s3test-dev-log`: does not exist yet",
                "update event source mapping `s3test-dev-orders → s3test-dev-ship`: batch_size: 100 → 10, batch_window: 5 s → 0 s, \
                 filters: {\"body\":{\"kind\":[\"order\"]}} → none, max_concurrency: 2 → none, pollers: none → 2 to 20",
                "create event source mapping `s3test-dev-more → s3test-dev-step`: does not exist yet",
                "delete event source mapping `s3test-dev-steps.fifo → s3test-dev-step`: the app no longer reads this queue with it",
            ]
        );
        let polling = held(&aws, "ship", |one| one.mapping.polling.clone());
        let pollers = Some(Pollers { min: 2, max: 20 });
        assert_eq!(
            polling,
            Polling {
                pollers,
                ..Polling::default()
            }
        );
        assert!(OTHER.deploy(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn drift_is_put_right() {
    run(async {
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        held(&aws, "ship", |one| {
            one.mapping.polling.batch_size = 7;
            one.mapping.enabled = false;
            one.mapping.reports = false;
            // The same pattern, written otherwise.
            one.mapping.polling.filters =
                vec!["{ \"body\": { \"kind\": [\"order\"] } }".to_owned()];
        });
        let plan = READS.deploy(&aws).await.unwrap();
        assert_eq!(
            of_mappings(&plan),
            [
                "update event source mapping `s3test-dev-orders → s3test-dev-ship`: batch_size: 7 → 100, reports on single messages: off \
                 → on, enabled: no → yes",
            ]
        );
        assert!(READS.deploy(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn tags_of_the_settings_are_on_it() {
    const TAGGED: App = App {
        settings: "tags = { team = \"shop\" }\n[queues.orders]",
        sources: &["ship < orders"],
        ..FIRST
    };
    const PLAIN: App = App {
        settings: "[queues.orders]",
        ..TAGGED
    };
    run(async {
        let aws = Fake::default();
        PLAIN.deploy(&aws).await.unwrap();
        TAGGED.deploy(&aws).await.unwrap();
        assert_eq!(held(&aws, "ship", |one| one.tags["team"].clone()), "shop");
        PLAIN.deploy(&aws).await.unwrap();
        assert!(!held(&aws, "ship", |one| one.tags.contains_key("team")));
    });
}

#[test]
fn somebody_elses_mapping_is_left_alone_unless_it_is_in_the_way() {
    run(async {
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        // Another queue's, made by hand.
        let mut other = held(&aws, "ship", |one| one.clone());
        other.mapping.queue = QUEUE.replace("orders", "theirs");
        other.mapping.id = "other".to_owned();
        other.mapping.arn = "other".to_owned();
        other.tags.clear();
        aws.state.borrow_mut().mappings.push(other);
        assert!(READS.deploy(&aws).await.unwrap().is_empty());
        delete(&aws).await.unwrap();
        assert_eq!(aws.state.borrow().mappings.len(), 1);

        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        held(&aws, "ship", |one| one.tags.clear());
        aws.forget();
        let failure = READS.deploy(&aws).await.unwrap_err();
        let why = failure.causes().join("; ");
        assert!(
            why.contains(
                "the event source mapping `s3test-dev-orders → s3test-dev-ship` belongs to"
            ),
            "{why}"
        );
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn a_queue_that_is_there_hides_messages_long_enough_or_nothing_is_changed() {
    const THEIRS: App = App {
        sources: &["ship < shared"],
        settings: "timeout = 10\n[queues.shared]\nexisting = \"arn:aws:sqs:eu-central-1:123456789012:shared\"",
        ..FIRST
    };
    run(async {
        let aws = Fake::default();
        let shared = |hidden: &str| {
            let attributes = [("VisibilityTimeout".to_owned(), hidden.to_owned())];
            let queue = FakeQueue {
                attributes: attributes.into(),
                ..FakeQueue::default()
            };
            aws.state
                .borrow_mut()
                .queues
                .insert("shared".to_owned(), queue);
        };
        shared("9");
        let failure = THEIRS.deploy(&aws).await.unwrap_err();
        assert!(
            failure.message().contains("`shared` hides messages"),
            "{failure}"
        );
        assert_eq!(aws.writes(), [""; 0]);
        shared("10");
        THEIRS.deploy(&aws).await.unwrap();
        assert!(THEIRS.deploy(&aws).await.unwrap().is_empty());
        // It is not changed, even if the deployment is deleted.
        delete(&aws).await.unwrap();
        assert_eq!(aws.state.borrow().queues.len(), 1);
        assert!(!aws.writes().contains(&"SetQueueAttributes"));
    });
}

#[test]
fn what_lambda_does_not_know_yet_is_waited_for() {
    run(async {
        for (call, code, said) in [
            (
                "CreateEventSourceMapping",
                "InvalidParameterValueException",
                "The provided execution role does not have permissions to call ReceiveMessage on SQS",
            ),
            (
                "CreateEventSourceMapping",
                "InvalidParameterValueException",
                "SQS Error Code: AWS.SimpleQueueService.NonExistentQueue",
            ),
            (
                "CreateEventSourceMapping",
                "ResourceConflictException",
                "An event source mapping already exists",
            ),
            ("UpdateEventSourceMapping", "ResourceInUseException", ""),
        ] {
            let aws = Fake::default();
            if call.starts_with("Update") {
                READS.deploy(&aws).await.unwrap();
            }
            aws.said.set(said);
            aws.refused.set(Some((call, code, 3)));
            let to = if call.starts_with("Update") {
                OTHER
            } else {
                READS
            };
            to.deploy(&aws).await.unwrap();
            assert!(to.deploy(&aws).await.unwrap().is_empty(), "{said}");
        }
    });
}

#[test]
fn a_canary_waits_with_what_only_the_new_version_needs() {
    run(async {
        let aws = Fake::default();
        FIRST.deploy(&aws).await.unwrap();
        let mut desired = App {
            code: "two",
            ..READS
        }
        .desired(&aws)
        .await
        .unwrap();
        desired.canary = Some(10);
        let actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
        let plan = crate::deploy::plan::plan(&desired, &actual);
        check::plan(&desired, &actual, &plan).unwrap();
        assert_eq!(of_mappings(&plan), [""; 0]);
    });
}

#[test]
fn a_function_that_goes_takes_its_mapping_with_it() {
    run(async {
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        let plan = FIRST.deploy(&aws).await.unwrap();
        assert_eq!(of_mappings(&plan).len(), 2);
        let writes = aws.writes();
        let at = |name: &str| writes.iter().rposition(|call| *call == name).unwrap();
        assert!(at("DeleteEventSourceMapping") < at("DeleteFunction"));
        assert!(at("DeleteEventSourceMapping") < at("DeleteQueue"));
        assert!(aws.state.borrow().mappings.is_empty());
        // A source that no longer reads a queue keeps its function.
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        let called = App {
            sources: &["ship", "step"],
            settings: "timeout = 10",
            ..READS
        };
        called.deploy(&aws).await.unwrap();
        assert!(aws.state.borrow().mappings.is_empty());
        assert!(called.deploy(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn a_mapping_that_outlived_its_function_is_found() {
    run(async {
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        aws.state.borrow_mut().functions.remove("s3test-dev-ship");
        READS.deploy(&aws).await.unwrap();
        assert_eq!(aws.state.borrow().mappings.len(), 2);
        assert!(READS.deploy(&aws).await.unwrap().is_empty());
    });
}

#[test]
fn a_deploy_never_deletes_a_mapping_of_the_app() {
    run(async {
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        let desired = READS.desired(&aws).await.unwrap();
        let actual = crate::deploy::observe(&aws, &desired.names).await.unwrap();
        let deletion = crate::deploy::plan::deletion(&desired.names, &actual, false);
        let mut wrong = Plan::default();
        let steps = deletion.steps.into_iter();
        wrong.steps = steps
            .filter(|planned| planned.step.subject().1.kind == mapping::KIND)
            .collect();
        assert_eq!(wrong.steps.len(), 2);
        let failure = check::plan(&desired, &actual, &wrong).unwrap_err();
        let why = failure.causes().join("; ");
        assert!(
            why.contains("a deploy would delete the event source mapping"),
            "{why}"
        );
    });
}

#[test]
fn everything_of_them_goes_with_the_deployment() {
    run(async {
        let aws = Fake::default();
        READS.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}
