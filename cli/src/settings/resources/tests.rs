use crate::{
    error::{Exit, Failure},
    settings::Settings,
    values::resources::ResourceKind,
};

fn read(text: &str, stage: &str) -> Result<Settings, Failure> {
    Settings::from_toml(text, stage, None, None)
}

const QUEUES: &str = r#"
[queues.orders]
visibility_timeout = 60
dead_letter = "failed"
[queues.failed]
retention = 1_209_600
[queues.steps]
fifo = true
content_based_deduplication = true
[stages.prod.queues.orders]
delay = 5
max_receives = 10
[stages.prod.queues.steps]
existing = "arn:aws:sqs:eu-central-1:123456789012:steps.fifo"
[stages.prod.queues.more]
"#;

#[test]
fn a_stages_keys_go_over_those_of_all_stages() {
    let dev = read(QUEUES, "dev").unwrap().resources;
    assert_eq!(dev.queues.len(), 3);
    assert_eq!(dev.queues["orders"].delay, None);
    assert_eq!(dev.queues["orders"].dead_letter.as_deref(), Some("failed"));
    let prod = read(QUEUES, "prod").unwrap().resources;
    let orders = &prod.queues["orders"];
    assert_eq!(
        (orders.visibility_timeout, orders.delay, orders.max_receives),
        (Some(60), Some(5), Some(10))
    );
    // What is there is used as it is, whatever the other stages create.
    let steps = &prod.queues["steps"];
    assert!(steps.is_fifo() && steps.fifo.is_none());
    assert!(prod.queues.contains_key("more") && !dev.queues.contains_key("more"));
}

#[test]
fn a_variable_leads_to_its_resource() {
    let settings = read(
        "[queues.late-orders]\n[topics.news]\n[buses.shop]\nexisting = \"arn:aws:events:eu-central-1:123456789012:event-bus/shop\"",
        "dev",
    )
    .unwrap();
    let of = |variable: &str| settings.resources.of_variable(variable);
    assert_eq!(
        of("FW_QUEUE_LATE_ORDERS"),
        Some((ResourceKind::Queue, "late-orders"))
    );
    assert_eq!(of("FW_TOPIC_NEWS"), Some((ResourceKind::Topic, "news")));
    assert_eq!(of("FW_BUS_SHOP"), Some((ResourceKind::Bus, "shop")));
    assert_eq!(of("FW_QUEUE_NEWS"), None);
}

#[test]
fn what_aws_would_refuse_is_refused_with_what_to_write() {
    for (text, what, hint) in [
        (
            "[queues.a]\nvisibilty_timeout = 1",
            "cannot understand the settings: fw.toml",
            "did you mean `visibility_timeout`?",
        ),
        (
            "[queues.\"a.b\"]",
            "not a valid name for a queue: `a.b`",
            "write `[queues.orders]`, for example",
        ),
        (
            "[queues.a-b]\n[queues.A_B]",
            "two queues have the same variable: `A_B` and `a-b`",
            "rename one of them",
        ),
        (
            "[queues.a]\nvisibility_timeout = 43201",
            "`queues.a.visibility_timeout` is out of range: 43201",
            "",
        ),
        (
            "[queues.a]\ndelay = 901",
            "`queues.a.delay` is out of range: 901",
            "",
        ),
        (
            "[queues.a]\nretention = 59",
            "`queues.a.retention` is out of range: 59",
            "",
        ),
        (
            "[queues.a]\ndead_letter = \"b\"\nmax_receives = 0\n[queues.b]",
            "`queues.a.max_receives` is out of range: 0",
            "",
        ),
        (
            "[queues.a]\nmax_receives = 2",
            "`queues.a` has `max_receives` but no `dead_letter`",
            "write `dead_letter = \"NAME\"`, a queue of the settings",
        ),
        (
            "[queues.orders]\ndead_letter = \"fialed\"\n[queues.failed]",
            "`queues.orders.dead_letter` is not a queue of the settings: `fialed`",
            "did you mean `failed`?",
        ),
        (
            "[queues.orders]\ndead_letter = \"nowhere\"",
            "`queues.orders.dead_letter` is not a queue of the settings: `nowhere`",
            "declare it: `[queues.nowhere]`",
        ),
        (
            "[queues.a]\nfifo = true\ndead_letter = \"b\"\n[queues.b]",
            "`queues.a.dead_letter` is another type of queue: `b`",
            "write `fifo = true` in `[queues.b]`",
        ),
        (
            "[queues.a]\ndead_letter = \"a\"",
            "dead-letter queues lead back to their source: a → a",
            "remove one `dead_letter`",
        ),
        (
            "[queues.a]\ndead_letter = \"b\"\n[queues.b]\ndead_letter = \"c\"\n[queues.c]\ndead_letter = \"b\"",
            "dead-letter queues lead back to their source: b → c → b",
            "remove one `dead_letter`",
        ),
        (
            "[queues.a]\ncontent_based_deduplication = true",
            "`queues.a` has `content_based_deduplication` without `fifo`",
            "write `fifo = true`, or remove `content_based_deduplication`",
        ),
        (
            "[queues.a]\nkms_key = \"alias/mine\"",
            "`queues.a.kms_key` is not the ARN of a key: `alias/mine`",
            "write `kms_key = \"arn:aws:kms:REGION:123456789012:key/ID\"`",
        ),
        (
            "[queues.a]\nexisting = \"arn:aws:sns:eu-central-1:123456789012:a\"",
            "`queues.a.existing` is not the ARN of a queue: `arn:aws:sns:eu-central-1:123456789012:a`",
            "write `existing = \"arn:aws:sqs:REGION:123456789012:NAME\"`",
        ),
        (
            "[queues.a]\ndelay = 1\nexisting = \"arn:aws:sqs:eu-central-1:123456789012:a\"",
            "`queues.a` has `existing` and `delay`",
            "remove `delay`, or `existing`",
        ),
        (
            "[topics.a]\nexisting = \"arn:aws:sqs:eu-central-1:123456789012:a\"",
            "`topics.a.existing` is not the ARN of a topic: `arn:aws:sqs:eu-central-1:123456789012:a`",
            "write `existing = \"arn:aws:sns:REGION:123456789012:NAME\"`",
        ),
        (
            "[queues.orders]\n[environment]\nFW_QUEUE_ORDERS = \"x\"",
            "`cargo fw` sets this variable itself: `FW_QUEUE_ORDERS`",
            "remove it: the variable is for the queue `orders` in the settings",
        ),
    ] {
        let failure = read(text, "dev").unwrap_err();
        assert_eq!(failure.exit(), Exit::Input, "{text}");
        assert_eq!(failure.message(), what, "{text}");
        assert_eq!(failure.advice().unwrap_or_default(), hint, "{text}");
    }
    // A queue that is there may get what nobody could handle.
    let existing = "[queues.a]\ndead_letter = \"b\"\n[queues.b]\nexisting = \"arn:aws:sqs:eu-central-1:123456789012:b\"";
    assert!(read(existing, "dev").is_ok());
}
