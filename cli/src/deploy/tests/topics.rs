//! Topics of the settings and of functions: created before the traffic moves, subscribed after it, put right, and taken away.

use super::{App, FIRST, delete, run};
use crate::{
    aws::fake::{Fake, State},
    deploy::{
        approve::losses,
        change::Change as _,
        kind::topic::fake::{FakeSubscription, FakeTopic, arn},
        report,
        step::Plan,
    },
    values::names::Tags,
};

const MAIL: &str = r#"mail {"type":"sns","topic":"news"}"#;
const TELL: &str = r#"tell {"type":"sns","topic":"theirs"}"#;

pub(super) const TOPICS: App = App {
    sources: &[MAIL],
    settings: r#"
[queues.late]
[queues.steps]
fifo = true
[topics.news]
kms_key = "arn:aws:kms:eu-central-1:123456789012:key/one"
[topics.news.functions.mail]
filter = { kind = ["urgent"] }
dead_letter = "late"
[topics.news.queues.late]
raw = true
[topics.moves]
fifo = true
content_based_deduplication = true
[topics.moves.queues.steps]
"#,
    ..FIRST
};

/// The same, each in another way.
pub(super) const OTHER: App = App {
    sources: &[MAIL],
    settings: r#"
[queues.late]
[topics.news.functions.mail]
filter = { kind = { of = [1] } }
filter_scope = "body"
[topics.more.queues.late]
"#,
    ..FIRST
};

const THEIRS: &str = "arn:aws:sns:eu-central-1:210987654321:theirs";

const EXISTING: App = App {
    sources: &[TELL],
    settings: "[topics.theirs]\nexisting = \"arn:aws:sns:eu-central-1:210987654321:theirs\"\n\
               [topics.theirs.queues.late]\n[queues.late]",
    ..FIRST
};

fn subscription<T>(aws: &Fake, to: &str, see: impl FnOnce(&mut FakeSubscription) -> T) -> T {
    let mut state = aws.state.borrow_mut();
    let mut all = state.topics.subscriptions.values_mut();
    see(all.find(|one| one.endpoint.contains(to)).unwrap())
}

fn attribute(aws: &Fake, to: &str, key: &str) -> String {
    subscription(aws, to, |held| held.attributes.get(key).cloned()).unwrap_or_default()
}

fn of_topics(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    let steps = steps.filter(|planned| {
        let kind = planned.step.subject().1.kind;
        kind.contains("topic") || kind.contains("subscription")
    });
    steps
        .map(|planned| {
            let (action, resource) = planned.step.subject();
            format!("{} {resource}: {}", action.verb(), planned.reason)
        })
        .collect()
}

#[test]
fn topics_come_before_the_code_and_subscriptions_after_the_traffic() {
    run(async {
        let aws = Fake::default();
        let plan = TOPICS.deploy(&aws).await.unwrap();
        assert_eq!(
            of_topics(&plan),
            [
                "create topic `s3test-dev-moves.fifo`: does not exist yet",
                "create topic `s3test-dev-news`: does not exist yet",
                "create subscription `s3test-dev-news → s3test-dev-mail`: does not exist yet",
                "create subscription `s3test-dev-moves.fifo → s3test-dev-steps.fifo`: does not exist yet",
                "create subscription `s3test-dev-news → s3test-dev-late`: does not exist yet",
            ]
        );
        let writes = aws.writes();
        let at = |name: &str| writes.iter().position(|call| *call == name).unwrap();
        assert!(
            at("CreateLogGroup") < at("CreateTopic") && at("CreateTopic") < at("CreateFunction")
        );
        assert!(at("CreateAlias") < at("Subscribe") && at("AddPermission") < at("Subscribe"));
        assert_eq!(
            attribute(&aws, ":function:s3test-dev-mail:live", "FilterPolicy"),
            r#"{"kind":["urgent"]}"#
        );
        let redrive = attribute(&aws, "s3test-dev-mail", "RedrivePolicy");
        assert!(redrive.contains(":s3test-dev-late"), "{redrive}");
        assert_eq!(
            attribute(&aws, "s3test-dev-late", "RawMessageDelivery"),
            "true"
        );
        let state = aws.state.borrow();
        let topic = &state.topics.topics[&arn("s3test-dev-moves.fifo")];
        assert_eq!(topic.attributes["ContentBasedDeduplication"], "true");
        assert_eq!(topic.tags, App::names().tags());
        // SNS may send to the queue, for its messages and for dead letters.
        let policy = &state.queues["s3test-dev-late"].attributes["Policy"];
        assert!(
            policy.contains("arn:aws:sns:eu-central-1:123456789012:s3test-dev-*"),
            "{policy}"
        );
        let function = &state.functions["s3test-dev"]
            .latest
            .configuration
            .environment;
        assert_eq!(function["FW_TOPIC_NEWS"], arn("s3test-dev-news"));
        assert_eq!(
            state.functions["s3test-dev"].tags["fw:kinds"],
            "queue topic"
        );
    });
}

#[test]
fn a_second_deploy_finds_nothing_to_do_and_an_app_without_topics_asks_for_none() {
    run(async {
        for app in [TOPICS, OTHER, EXISTING] {
            let aws = Fake::default();
            app.deploy(&aws).await.unwrap();
            let plan = app.deploy(&aws).await.unwrap();
            assert!(plan.is_empty(), "{:?}", report::lines(&plan));
            FIRST.deploy(&aws).await.unwrap();
            aws.forget();
            FIRST.deploy(&aws).await.unwrap();
            let actions = aws.actions();
            let mut all = actions.iter();
            assert!(!all.any(|action| action.starts_with("sns:")), "{actions:?}");
        }
    });
}

#[test]
fn drift_is_put_right_and_what_others_did_stays() {
    run(async {
        let aws = Fake::default();
        TOPICS.deploy(&aws).await.unwrap();
        {
            let mut state = aws.state.borrow_mut();
            let topic = state
                .topics
                .topics
                .get_mut(&arn("s3test-dev-news"))
                .unwrap();
            topic.attributes.remove("KmsMasterKeyId");
            topic.tags.insert("cost".to_owned(), "7".to_owned());
            let other = FakeSubscription {
                topic: arn("s3test-dev-news"),
                protocol: "sqs".to_owned(),
                endpoint: "arn:aws:sqs:eu-central-1:123456789012:s3test-dev-x-theirs".to_owned(),
                ..FakeSubscription::default()
            };
            state
                .topics
                .subscriptions
                .insert("theirs".to_owned(), other);
            let late = state.queues.get_mut("s3test-dev-late").unwrap();
            let theirs =
                r#"{"Statement":{"Sid":"mine","Effect":"Deny","Principal":"*","Action":"sqs:*"}}"#;
            late.attributes
                .insert("Policy".to_owned(), theirs.to_owned());
        }
        subscription(&aws, "s3test-dev-mail", |held| {
            held.attributes.remove("FilterPolicy");
            held.attributes.remove("RedrivePolicy");
        });
        let plan = TOPICS.deploy(&aws).await.unwrap();
        assert_eq!(
            of_topics(&plan),
            [
                "update attributes of topic `s3test-dev-news`: encryption: none → arn:aws:kms:eu-central-1:123456789012:key/one",
                "update attributes of subscription `s3test-dev-news → s3test-dev-mail`: filter: none → {\"kind\":[\"urgent\"]}, \
                 dead letters: none → `s3test-dev-late`",
                "update attributes of subscription `s3test-dev-news → s3test-dev-mail`: filter: none → {\"kind\":[\"urgent\"]}, \
                 dead letters: none → `s3test-dev-late`",
            ]
        );
        assert!(TOPICS.deploy(&aws).await.unwrap().is_empty());
        let state = aws.state.borrow();
        assert!(state.topics.subscriptions.contains_key("theirs"));
        assert!(
            state.topics.topics[&arn("s3test-dev-news")]
                .tags
                .contains_key("cost")
        );
        let policy = &state.queues["s3test-dev-late"].attributes["Policy"];
        assert!(
            policy.contains("\"mine\"") && policy.contains("fw-sns"),
            "{policy}"
        );
    });
}

#[test]
fn somebody_elses_topic_stops_the_deploy_before_it_writes() {
    run(async {
        let aws = Fake::default();
        let foreign = FakeTopic {
            tags: Tags::new(),
            ..FakeTopic::default()
        };
        let name = arn("s3test-dev-news");
        aws.state.borrow_mut().topics.topics.insert(name, foreign);
        let failure = TOPICS.deploy(&aws).await.unwrap_err();
        let why = failure.causes().join("; ");
        assert!(
            why.contains("the topic `s3test-dev-news` belongs to"),
            "{why}"
        );
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn what_leaves_the_app_is_taken_away_once_somebody_agrees() {
    run(async {
        let aws = Fake::default();
        TOPICS.deploy(&aws).await.unwrap();
        let plan = FIRST.plan(&aws).await.unwrap();
        let lost = losses(&plan);
        for wanted in [
            "topic `s3test-dev-news`",
            "subscription `s3test-dev-news → s3test-dev-mail`",
        ] {
            assert!(lost.iter().any(|one| one == wanted), "{lost:?}");
        }
        FIRST.deploy(&aws).await.unwrap();
        let writes = aws.writes();
        let at = |name: &str| writes.iter().position(|call| *call == name).unwrap();
        assert!(at("Unsubscribe") < at("DeleteFunction"), "{writes:?}");
        let state = aws.state.borrow();
        assert!(state.topics.topics.is_empty() && state.topics.subscriptions.is_empty());
    });
}

/// A topic that is there is never changed: only what leads from it to the deployment comes and goes, also where the settings name
/// another one.
#[test]
fn a_topic_that_is_there_is_used_and_left() {
    const ELSEWHERE: App = App {
        settings: "[topics.theirs]\nexisting = \"arn:aws:sns:eu-central-1:210987654321:other\"\n[queues.late]",
        ..EXISTING
    };
    run(async {
        let aws = Fake::default();
        EXISTING.deploy(&aws).await.unwrap();
        {
            let state = aws.state.borrow();
            assert!(state.topics.topics.is_empty());
            let all = state.topics.subscriptions.values();
            let all: Vec<_> = all
                .map(|one| (one.topic.as_str(), one.protocol.as_str()))
                .collect();
            assert_eq!(all, [(THEIRS, "lambda"), (THEIRS, "sqs")]);
            assert!(state.queues["s3test-dev-late"].attributes["Policy"].contains(THEIRS));
        }
        let plan = ELSEWHERE.deploy(&aws).await.unwrap();
        assert_eq!(
            of_topics(&plan),
            [
                "create subscription `other → s3test-dev-tell`: does not exist yet",
                "delete subscription `theirs → s3test-dev-tell`: neither the app nor the settings have it",
                "delete subscription `theirs → s3test-dev-late`: neither the app nor the settings have it",
            ]
        );
        {
            let state = aws.state.borrow();
            let grants = &state.functions["s3test-dev-tell"].grants["live"];
            assert_eq!(grants.len(), 1);
            assert!(grants[0].source.ends_with(":other"));
            assert!(
                !state.queues["s3test-dev-late"]
                    .attributes
                    .contains_key("Policy")
            );
        }
        assert!(ELSEWHERE.plan(&aws).await.unwrap().is_empty());
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}

#[test]
fn everything_of_them_goes_with_the_deployment() {
    run(async {
        let aws = Fake::default();
        TOPICS.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}
