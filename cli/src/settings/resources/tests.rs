use crate::{
    error::{Exit, Failure},
    settings::{Settings, resources::FilterScope},
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
            "[topics.a]\ncontent_based_deduplication = true",
            "`topics.a` has `content_based_deduplication` without `fifo`",
            "write `fifo = true`, or remove `content_based_deduplication`",
        ),
        (
            "[topics.a]\nfifo = true\nexisting = \"arn:aws:sns:eu-central-1:123456789012:a\"",
            "`topics.a` has `existing` and `fifo`",
            "remove `fifo`, or `existing`",
        ),
        (
            "[topics.a]\nkms_key = \"alias/mine\"",
            "`topics.a.kms_key` is not the ARN of a key: `alias/mine`",
            "write `kms_key = \"arn:aws:kms:REGION:123456789012:key/ID\"`",
        ),
        (
            "[topics.a.queues.orders]",
            "`[topics.a.queues.orders]` is not a queue of the settings: `orders`",
            "declare it: `[queues.orders]`",
        ),
        (
            "[topics.a.queues.b]\n[queues.b]\nexisting = \"arn:aws:sqs:eu-central-1:123456789012:b\"",
            "`[topics.a.queues.b]` is a queue that is there already: `b`",
            "subscribe it where it is managed, or take a queue of the deployment's own",
        ),
        (
            "[topics.a.queues.b]\n[queues.b]\nfifo = true",
            "`[topics.a.queues.b]` is a FIFO queue, and the topic keeps no order",
            "write `fifo = true` in the topic's table, or remove it in `[queues.b]`",
        ),
        (
            "[topics.a.functions.mail]\nfilter = { kind = \"urgent\" }",
            "`topics.a.functions.mail.filter` is not a filter policy",
            "write it as `{ kind = [\"urgent\"] }`: lists of values for the message's attributes",
        ),
        (
            "[topics.a.functions.mail]\nfilter = { a = { b = [1] } }",
            "`topics.a.functions.mail.filter` is not a filter policy",
            "write it as `{ kind = [\"urgent\"] }`: lists of values for the message's attributes",
        ),
        (
            "[topics.a.functions.mail]\nfilter_scope = \"body\"",
            "`topics.a.functions.mail` has `filter_scope` and no `filter`",
            "write `filter = { kind = [\"urgent\"] }`, or remove `filter_scope`",
        ),
        (
            "[topics.a.functions.mail]\ndead_letter = \"late\"",
            "`topics.a.functions.mail.dead_letter` is not a queue of the settings: `late`",
            "declare it: `[queues.late]`",
        ),
        (
            "[topics.a.functions.mail]\ndead_letter = \"late\"\n[queues.late]\nfifo = true",
            "`topics.a.functions.mail.dead_letter` is another type of queue: `late`",
            "write `fifo = false` in `[queues.late]`",
        ),
        (
            "[rules.a]\nmax_age = 59",
            "`rules.a.max_age` is out of range: 59",
            "",
        ),
        (
            "[schedules.a]\nwindow = 1441",
            "`schedules.a.window` is out of range: 1441",
            "",
        ),
        (
            "[schedules.a]\nretries = 186",
            "`schedules.a.retries` is out of range: 186",
            "",
        ),
        (
            "[rules.a]\ndead_letter = \"b\"\n[queues.b]\nfifo = true",
            "`rules.a.dead_letter` is a FIFO queue: `b`",
            "write `fifo = false` in `[queues.b]`",
        ),
        (
            "[rules.a]\ninput_path = \"$.detail\"\ninput_template = \"x\"",
            "`rules.a` has `input_path` and `input_template`",
            "remove one of them",
        ),
        (
            "[rules.a]\ninput_template = '{\"a\": <what>}'",
            "`rules.a.input_template` has a part that no path leads to: `<what>`",
            "write `input_paths = { what = \"$.detail\" }`, say",
        ),
        (
            "[rules.a]\ninput_paths = { what = \"$.detail\" }",
            "`rules.a` has `input_paths` and no `input_template`",
            "write `input_template`, with `<name>` for each part of the event",
        ),
        (
            "keep_warm = \"at(2027-01-01T00:00:00)\"",
            "`keep_warm` is not a time that comes again: `at(2027-01-01T00:00:00)`",
            "write `rate(5 minutes)`, say",
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

const TOPICS: &str = r#"
[queues.late]
[topics.news]
kms_key = "arn:aws:kms:eu-central-1:123456789012:key/one"
[topics.news.functions.mail]
filter = { kind = ["urgent", { prefix = "x" }], size = [{ numeric = [">", 1.5] }] }
[topics.news.queues.late]
raw = true
[stages.prod.topics.news]
existing = "arn:aws:sns:eu-central-1:123456789012:news"
[stages.prod.topics.news.functions.mail]
filter = '{ "kind": [null] }'
filter_scope = "body"
dead_letter = "late"
"#;

#[test]
fn a_topic_has_subscribers_with_filters() {
    let dev = read(TOPICS, "dev").unwrap().resources;
    let news = &dev.topics["news"];
    let mail = news.functions["mail"].subscribed();
    let wanted = serde_json::json!({ "kind": ["urgent", { "prefix": "x" }], "size": [{ "numeric": [">", 1.5] }] });
    assert_eq!(mail.filter, Some(&wanted));
    assert_eq!(mail.scope, FilterScope::Attributes);
    assert!(news.queues["late"].subscribed().raw);
    // What is there is used as it is, and the subscribers are the app's all the same.
    let prod = read(TOPICS, "prod").unwrap().resources;
    let news = &prod.topics["news"];
    assert!(news.kms_key.is_none() && news.queues.contains_key("late"));
    let mail = news.functions["mail"].subscribed();
    // A text can say `null`, which a table cannot.
    assert_eq!(mail.filter, Some(&serde_json::json!({ "kind": [null] })));
    assert_eq!(mail.scope, FilterScope::Body);
    assert_eq!(mail.dead_letter, Some("late"));
    for wrong in [
        "filter = 3",
        "filter = \"[]\"",
        "filter = \"{\"",
        "filter = []",
    ] {
        let text = format!("[topics.news.functions.mail]\n{wrong}");
        assert!(read(&text, "dev").is_err(), "{wrong}");
    }
}

#[test]
fn a_table_has_keys_indexes_a_stream_and_a_time_to_live() {
    let text = r#"
[tables.orders]
partition_key = "customer"
sort_key = { name = "at", type = "number" }
stream = "new-and-old-images"
ttl = "until"
[tables.orders.indexes.by-state]
partition_key = "state"
projection = ["total"]
[tables.orders.indexes.by-total]
sort_key = { name = "total", type = "number" }
projection = "keys-only"
[stages.prod.tables.orders]
existing = "arn:aws:dynamodb:eu-west-1:123456789012:table/shop-orders"
"#;
    let dev = read(text, "dev").unwrap().resources;
    let orders = &dev.tables["orders"];
    let keys: Vec<_> = orders
        .keys()
        .map(|key| (key.name(), key.letter()))
        .collect();
    assert_eq!(
        keys,
        [
            ("customer", "S"),
            ("at", "N"),
            ("state", "S"),
            ("total", "N")
        ]
    );
    assert_eq!(orders.existing_name(), None);
    let prod = read(text, "prod").unwrap().resources;
    assert_eq!(prod.tables["orders"].existing_name(), Some("shop-orders"));
}

#[test]
fn a_table_that_dynamodb_would_refuse_is_refused() {
    for (text, what) in [
        ("[tables.orders]", "`tables.orders` has no `partition_key`"),
        (
            "[tables.orders]\nexisting = \"orders\"",
            "`tables.orders.existing` is not the ARN of a table: `orders`",
        ),
        (
            "[tables.orders]\npartition_key = \"id\"\n[tables.orders.indexes.by]\nprojection = \"all\"",
            "`tables.orders.indexes.by` has no key",
        ),
        (
            "[tables.orders]\npartition_key = \"id\"\n[tables.orders.indexes.by]\nsort_key = \"at\"",
            "`tables.orders.indexes.by` has no `partition_key`",
        ),
        (
            "[tables.orders]\npartition_key = \"id\"\nsort_key = { name = \"id\", type = \"number\" }",
            "`tables.orders` has two types for the attribute `id`",
        ),
        (
            "[tables.a-b]\npartition_key = \"id\"\n[tables.a_b]\npartition_key = \"id\"",
            "two tables have the same variable: `a-b` and `a_b`",
        ),
        (
            "[tables.\"a b\"]\npartition_key = \"id\"",
            "not a valid name for a table: `a b`",
        ),
    ] {
        let failure = read(text, "dev").unwrap_err();
        assert_eq!(failure.exit(), Exit::Input, "{text}");
        assert_eq!(failure.message(), what, "{text}");
        assert!(failure.advice().is_some(), "{text}");
    }
    for wrong in ["partition_key = 1", "stream = \"all\"", "billing = \"x\""] {
        assert!(
            read(&format!("[tables.orders]\n{wrong}"), "dev").is_err(),
            "{wrong}"
        );
    }
}
