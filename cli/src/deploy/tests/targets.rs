//! Buses, rules and schedules: there before the functions' traffic where code needs them, leading to functions after it, put right, and
//! taken away.

use serde_json::json;

use super::{App, FIRST, delete, run};
use crate::{
    aws::fake::{Fake, State},
    deploy::{approve::losses, change::Change as _, report, step::Plan},
    values::names::Tags,
};

const PAID: &str = r#"paid {"type":"event","bus":"shop","pattern":{"source":["bank"],"detail":{"total":[{"numeric":[">",100]}]}}}"#;
const SEEN: &str = r#"seen {"type":"event","pattern":{"source":["bank"]}}"#;
const NIGHTLY: &str =
    r#"nightly {"type":"schedule","expression":"cron(0 2 * * ? *)","timezone":"Europe/Berlin"}"#;

pub(super) const TARGETS: App = App {
    sources: &[PAID, SEEN, NIGHTLY],
    settings: r#"
keep_warm = "rate(5 minutes)"
[queues.late]
[rules.paid]
input_template = '{"sum": <sum>}'
input_paths = { sum = "$.detail.total" }
dead_letter = "late"
max_age = 3600
retries = 3
[schedules.nightly]
window = 15
dead_letter = "late"
"#,
    ..FIRST
};

/// The same, each in another way.
pub(super) const OTHER: App = App {
    sources: &[
        r#"paid {"type":"event","pattern":{"source":["bank"]}}"#,
        r#"seen {"type":"event","pattern":{"source":["shop"]}}"#,
        r#"nightly {"type":"schedule","expression":"rate(1 day)"}"#,
    ],
    settings: "[rules.seen]\nenabled = false\n[schedules.nightly]\nenabled = false\n\
               [functions.seen]\nkeep_warm = \"rate(10 minutes)\"\n[buses.more]",
    ..FIRST
};

const FAR: App = App {
    sources: &[r#"heard {"type":"event","bus":"far","pattern":{"source":["bank"]}}"#],
    settings: "[buses.far]\nexisting = \"arn:aws:events:eu-central-1:123456789012:event-bus/far\"",
    ..FIRST
};

fn of_targets(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    let steps = steps.filter(|planned| {
        let resource = planned.step.subject().1;
        let kinds = ["bus", "rule", "schedule"];
        kinds.iter().any(|kind| resource.kind.contains(kind))
            || resource.name.contains(".scheduler")
    });
    steps
        .map(|planned| {
            let (action, resource) = planned.step.subject();
            format!("{} {resource}: {}", action.verb(), planned.reason)
        })
        .collect()
}

fn rule(bus: &str, name: &str) -> (String, String) {
    (bus.to_owned(), name.to_owned())
}

#[test]
fn buses_come_before_the_code_and_rules_and_schedules_after_the_traffic() {
    run(async {
        let aws = Fake::default();
        let plan = TARGETS.deploy(&aws).await.unwrap();
        assert_eq!(
            of_targets(&plan),
            [
                "create bus `s3test-dev-shop`: does not exist yet",
                "create schedule group `s3test-dev`: does not exist yet",
                "create role `s3test-dev.scheduler-eu-central-1`: does not exist yet",
                "create policy of role `s3test-dev.scheduler-eu-central-1`: does not exist yet",
                "create rule `s3test-dev-shop/s3test-dev-paid`: does not exist yet",
                "update target of rule `s3test-dev-shop/s3test-dev-paid`: where it leads",
                "create rule `s3test-dev-seen`: does not exist yet",
                "update target of rule `s3test-dev-seen`: where it leads",
                "create schedule `nightly`: does not exist yet",
                "create schedule `keep-warm.app`: does not exist yet",
            ]
        );
        let writes = aws.writes();
        let at = |name: &str| writes.iter().position(|call| *call == name).unwrap();
        assert!(at("CreateEventBus") < at("CreateFunction") && at("CreateAlias") < at("PutRule"));
        let state = aws.state.borrow();
        let paid = &state.buses.rules[&rule("s3test-dev-shop", "s3test-dev-paid")];
        assert_eq!(paid.tags, App::names().tags());
        assert_eq!(
            paid.targets["fw"],
            json!({
                "Id": "fw",
                "Arn": "arn:aws:lambda:eu-central-1:123456789012:function:s3test-dev-paid:live",
                "InputTransformer": { "InputTemplate": "{\"sum\": <sum>}", "InputPathsMap": { "sum": "$.detail.total" } },
                "DeadLetterConfig": { "Arn": "arn:aws:sqs:eu-central-1:123456789012:s3test-dev-late" },
                "RetryPolicy": { "MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 3 },
            })
        );
        // One permission for each function, and the queue takes what rules of the deployment send.
        let grants = &state.functions["s3test-dev-paid"].grants["live"];
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0].id, "fw-events");
        let policy = &state.queues["s3test-dev-late"].attributes["Policy"];
        assert!(policy.contains(":rule/s3test-dev-*"), "{policy}");
        let nightly = &state.schedules.schedules[&rule("s3test-dev", "nightly")];
        assert_eq!(
            nightly["FlexibleTimeWindow"],
            json!({ "Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15 })
        );
        assert_eq!(nightly["ScheduleExpressionTimezone"], "Europe/Berlin");
        let warm = &state.schedules.schedules[&rule("s3test-dev", "keep-warm.app")]["Target"];
        assert_eq!(warm["Input"], r#"{"fw":"warm"}"#);
        let role = &state.roles["s3test-dev.scheduler-eu-central-1"];
        let statements = &role.policies["fw"]["Statement"];
        assert_eq!(statements[0]["Action"], json!(["lambda:InvokeFunction"]));
        assert_eq!(statements[1]["Action"], json!(["sqs:SendMessage"]));
        assert_eq!(
            state.functions["s3test-dev"].tags["fw:kinds"],
            "bus queue rule schedule"
        );
        let environment = &state.functions["s3test-dev"]
            .latest
            .configuration
            .environment;
        assert!(environment["FW_BUS_SHOP"].ends_with(":event-bus/s3test-dev-shop"));
    });
}

#[test]
fn a_second_deploy_finds_nothing_to_do_and_an_app_without_them_asks_for_none() {
    run(async {
        for app in [TARGETS, OTHER, FAR] {
            let aws = Fake::default();
            app.deploy(&aws).await.unwrap();
            let plan = app.deploy(&aws).await.unwrap();
            assert!(plan.is_empty(), "{:?}", report::lines(&plan));
            FIRST.deploy(&aws).await.unwrap();
            aws.forget();
            FIRST.deploy(&aws).await.unwrap();
            let actions = aws.actions();
            let asks =
                |action: &String| action.starts_with("events:") || action.starts_with("scheduler:");
            assert!(!actions.iter().any(asks), "{actions:?}");
        }
    });
}

#[test]
fn drift_is_put_right() {
    run(async {
        let aws = Fake::default();
        TARGETS.deploy(&aws).await.unwrap();
        {
            let mut state = aws.state.borrow_mut();
            let seen = rule("default", "s3test-dev-seen");
            let seen = state.buses.rules.get_mut(&seen).unwrap();
            seen.state = "DISABLED".to_owned();
            seen.pattern = r#"{"source":["other"]}"#.to_owned();
            seen.targets.clear();
            seen.tags.remove("fw:stage");
            seen.tags.insert("fw:stage".to_owned(), "dev".to_owned());
            let nightly = rule("s3test-dev", "nightly");
            let nightly = state.schedules.schedules.get_mut(&nightly).unwrap();
            nightly["State"] = "DISABLED".into();
            let other = rule("s3test-dev", "other");
            state.schedules.schedules.insert(other, json!({}));
            let role = state.roles.get_mut("s3test-dev.scheduler-eu-central-1");
            let role = role.unwrap();
            role.policies.insert("mine".to_owned(), json!({}));
        }
        let plan = TARGETS.deploy(&aws).await.unwrap();
        assert_eq!(
            of_targets(&plan),
            [
                "update rule `s3test-dev-seen`: pattern: {\"source\":[\"other\"]} → {\"source\":[\"bank\"]}, state: disabled → enabled",
                "update target of rule `s3test-dev-seen`: it leads nowhere",
                "update schedule `nightly`: state: DISABLED → ENABLED",
                "delete schedule `other`: the app no longer has it",
            ]
        );
        assert!(TARGETS.deploy(&aws).await.unwrap().is_empty());
        let state = aws.state.borrow();
        let role = &state.roles["s3test-dev.scheduler-eu-central-1"];
        assert!(!role.policies.contains_key("mine"));
    });
}

#[test]
fn somebody_elses_bus_or_group_stops_the_deploy_before_it_writes() {
    run(async {
        let aws = Fake::default();
        {
            let mut state = aws.state.borrow_mut();
            let bus = "s3test-dev-shop".to_owned();
            state.buses.buses.insert(bus, Tags::new());
            let group = "s3test-dev".to_owned();
            state.schedules.groups.insert(group, Tags::new());
        }
        let failure = TARGETS.deploy(&aws).await.unwrap_err();
        let why = failure.causes().join("; ");
        assert!(
            why.contains("the bus `s3test-dev-shop` belongs to"),
            "{why}"
        );
        assert!(
            why.contains("the schedule group `s3test-dev` belongs to"),
            "{why}"
        );
        assert_eq!(aws.writes(), [""; 0]);
    });
}

#[test]
fn what_leaves_the_app_is_taken_away_once_somebody_agrees() {
    run(async {
        let aws = Fake::default();
        TARGETS.deploy(&aws).await.unwrap();
        let lost = losses(&FIRST.plan(&aws).await.unwrap());
        for wanted in [
            "bus `s3test-dev-shop`",
            "rule `s3test-dev-shop/s3test-dev-paid`",
            "schedule `nightly`",
        ] {
            assert!(lost.iter().any(|one| one == wanted), "{lost:?}");
        }
        FIRST.deploy(&aws).await.unwrap();
        let writes = aws.writes();
        let at = |name: &str| writes.iter().position(|call| *call == name).unwrap();
        assert!(
            at("DeleteRule") < at("DeleteFunction") && at("DeleteSchedule") < at("DeleteFunction")
        );
        let state = aws.state.borrow();
        assert!(state.buses.buses.is_empty() && state.buses.rules.is_empty());
        assert!(state.schedules.groups.is_empty());
        assert!(
            !state
                .roles
                .contains_key("s3test-dev.scheduler-eu-central-1")
        );
    });
}

/// A bus that is there is never changed: only rules of the deployment's come and go on it, also where the source is another one.
#[test]
fn a_bus_that_is_there_is_used_and_left() {
    const BACK: App = App {
        sources: &[r#"heard {"type":"event","pattern":{"source":["bank"]}}"#],
        ..FIRST
    };
    run(async {
        let aws = Fake::default();
        FAR.deploy(&aws).await.unwrap();
        {
            let state = aws.state.borrow();
            assert!(state.buses.buses.is_empty());
            assert!(
                state
                    .buses
                    .rules
                    .contains_key(&rule("far", "s3test-dev-heard"))
            );
            let grants = &state.functions["s3test-dev-heard"].grants["live"];
            assert!(grants[0].source.ends_with(":rule/far/s3test-dev-*"));
        }
        BACK.deploy(&aws).await.unwrap();
        {
            let state = aws.state.borrow();
            let rules: Vec<_> = state.buses.rules.keys().cloned().collect();
            assert_eq!(rules, [rule("default", "s3test-dev-heard")]);
            assert_eq!(state.functions["s3test-dev-heard"].grants["live"].len(), 1);
        }
        assert!(BACK.plan(&aws).await.unwrap().is_empty());
        FAR.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}

#[test]
fn everything_of_them_goes_with_the_deployment() {
    run(async {
        let aws = Fake::default();
        TARGETS.deploy(&aws).await.unwrap();
        delete(&aws).await.unwrap();
        assert_eq!(aws.snapshot(), State::default());
    });
}
