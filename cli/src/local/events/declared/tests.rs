//! What sources and settings declare, and the names and variables of it.

use super::*;

fn app() -> (Manifest, Settings) {
    let manifest = json!({ "schema": 2, "app": "shop", "routes": [], "sources": [
        { "name": "ship", "event": { "type": "sqs", "queue": "late-orders" } },
        { "name": "pack", "event": { "type": "sqs", "queue": "late-orders" } },
        { "name": "mail", "event": { "type": "sns", "topic": "alerts" } },
        { "name": "thumb", "event": { "type": "s3", "bucket": "uploads", "events": ["s3:ObjectCreated:*"], "suffix": ".png" } },
        { "name": "paid", "event": { "type": "event", "bus": "trade", "pattern": { "source": ["bank"] } } },
        { "name": "nightly", "event": { "type": "schedule", "expression": "cron(0 2 * * ? *)", "timezone": "Europe/Berlin" } },
        { "name": "report", "event": { "type": "function" } },
    ] });
    let folder = tempfile::tempdir().unwrap();
    let text = "timeout = 5\n[functions.pack]\ntimeout = 20\n";
    std::fs::write(folder.path().join("fw.toml"), text).unwrap();
    let settings = Settings::load(folder.path(), "dev").unwrap();
    (serde_json::from_value(manifest).unwrap(), settings)
}

#[test]
fn each_source_is_fed_by_a_resource_of_its_stage() {
    let (manifest, settings) = app();
    let all = declarations(&manifest, &settings);
    let queue = &all.queues["shop-dev-late-orders"];
    assert_eq!(queue["VisibilityTimeout"], "120", "of the slower function");
    let functions: Vec<_> = all.mappings.iter().map(|one| &one.function).collect();
    assert_eq!(functions, ["shop-dev-ship", "shop-dev-pack"]);
    assert!(all.topics.contains_key("shop-dev-alerts"));
    assert!(
        all.subscriptions[0]
            .endpoint
            .ends_with(":function:shop-dev-mail")
    );
    assert_eq!(buckets(&all).collect::<Vec<_>>(), ["shop-dev-uploads"]);
    assert_eq!(
        all.buckets["shop-dev-uploads"].targets[0].suffix.as_deref(),
        Some(".png")
    );
    assert_eq!(all.rules[0].bus, "shop-dev-trade");
    assert_eq!(
        all.rules[0].pattern.as_deref(),
        Some(r#"{"source":["bank"]}"#)
    );
    let schedule = &all.schedules[0];
    assert_eq!(schedule.name, "shop-dev-nightly");
    assert_eq!(
        schedule.settings["ScheduleExpressionTimezone"],
        "Europe/Berlin"
    );
}

#[test]
fn functions_are_invoked_as_their_tables_say() {
    let (manifest, _) = app();
    let folder = tempfile::tempdir().unwrap();
    let text = "[functions.ship]\nbatch_size = 50\nbatch_window = 2\nmax_concurrency = 3\n\
                filters = [{ body = { kind = [\"order\"] } }]\n\
                [functions.mail]\nretries = 1\non_success = \"function:report\"\non_failure = \"queue:failed\"\n[queues.failed]";
    std::fs::write(folder.path().join("fw.toml"), text).unwrap();
    let settings = Settings::load(folder.path(), "dev").unwrap();
    let all = declarations(&manifest, &settings);
    assert_eq!(
        all.mappings[0].settings,
        json!({
            "BatchSize": 50,
            "MaximumBatchingWindowInSeconds": 2,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": { "Filters": [{ "Pattern": r#"{"body":{"kind":["order"]}}"# }] },
            "ScalingConfig": { "MaximumConcurrency": 3 },
        })
    );
    assert_eq!(all.mappings[1].settings["BatchSize"], 10);
    let arn = |service: &str, resource: &str| {
        format!(
            "arn:aws:{service}:{}:{ACCOUNT}:{resource}",
            credentials::region()
        )
    };
    assert_eq!(
        all.invoke_configs["shop-dev-mail"],
        json!({
            "MaximumRetryAttempts": 1,
            "MaximumEventAgeInSeconds": 21600,
            "DestinationConfig": {
                "OnSuccess": { "Destination": arn("lambda", "function:shop-dev-report") },
                "OnFailure": { "Destination": arn("sqs", "shop-dev-failed") },
            },
        })
    );
    assert_eq!(all.invoke_configs.len(), 1);
}

#[test]
fn the_code_finds_each_by_a_variable() {
    let (manifest, settings) = app();
    let all = variables(&manifest, &settings, "http://127.0.0.1:9");
    assert_eq!(
        all["FW_QUEUE_LATE_ORDERS"],
        "http://127.0.0.1:9/123456789012/shop-dev-late-orders"
    );
    assert!(all["FW_TOPIC_ALERTS"].ends_with(":123456789012:shop-dev-alerts"));
    assert!(all["FW_BUS_TRADE"].ends_with(":event-bus/shop-dev-trade"));
    assert_eq!(all["FW_BUCKET_UPLOADS"], "shop-dev-uploads");
    assert_eq!(all.len(), 4);
    let in_policy = &named_resources(&manifest, &settings)["FW_QUEUE_LATE_ORDERS"];
    assert!(in_policy.starts_with("https://sqs."), "{in_policy}");
    assert!(in_policy.ends_with("/123456789012/shop-dev-late-orders"));
}

#[test]
fn the_apps_own_names_are_shown_as_the_app_writes_them() {
    let (manifest, settings) = app();
    let names = LocalNames::new(&manifest.app, &settings);
    assert_eq!(names.logical("shop-dev-late-orders"), "late-orders");
    for other in ["shop-dev-", "shop-dev", "shop-prod-x", "shop-development"] {
        assert_eq!(names.logical(other), other);
    }
}

#[tokio::test]
async fn a_topic_leads_on_as_its_table_says() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[queues.late]\n[queues.steps]\nfifo = true\n\
                [topics.alerts.functions.mail]\nfilter = { kind = [\"urgent\"] }\ndead_letter = \"late\"\n\
                [topics.alerts.queues.late]\nraw = true\n\
                [topics.moves]\nfifo = true\ncontent_based_deduplication = true\n\
                [topics.moves.queues.steps]\nfilter = { kind = { of = [1] } }\nfilter_scope = \"body\"\n";
    std::fs::write(folder.path().join("fw.toml"), text).unwrap();
    let settings = Settings::load(folder.path(), "dev").unwrap();
    let (manifest, _) = app();
    let all = declarations(&manifest, &settings);
    let one = |topic: &str, protocol: &str| {
        let mut all = all.subscriptions.iter();
        let found = all.find(|one| one.topic == topic && one.protocol == protocol);
        &found.unwrap().attributes
    };
    let mail = one("shop-dev-alerts", "lambda");
    assert_eq!(mail["FilterPolicy"], r#"{"kind":["urgent"]}"#);
    assert!(
        mail["RedrivePolicy"].contains(":shop-dev-late\""),
        "{mail:?}"
    );
    assert!(!mail.contains_key("FilterPolicyScope"));
    assert_eq!(one("shop-dev-alerts", "sqs")["RawMessageDelivery"], "true");
    let steps = one("shop-dev-moves.fifo", "sqs");
    assert_eq!(steps["FilterPolicyScope"], "MessageBody");
    let moves = &all.topics["shop-dev-moves.fifo"];
    assert_eq!(
        (&*moves["FifoTopic"], &*moves["ContentBasedDeduplication"]),
        ("true", "true")
    );
    let options = fw_services::Options::default();
    let services = fw_services::Services::start(options).await.unwrap();
    // The services take all of it.
    let topics = Declarations {
        queues: all.queues.clone(),
        topics: all.topics.clone(),
        subscriptions: all.subscriptions.clone(),
        ..Declarations::default()
    };
    services.declare(&topics).unwrap();
    services.shutdown().await.unwrap();
    // Without the functions, queues get the messages all the same.
    let without = passive(all).subscriptions;
    let protocols: Vec<&str> = without.iter().map(|one| one.protocol.as_str()).collect();
    assert_eq!(protocols, ["sqs", "sqs"]);
}

#[test]
fn what_the_settings_declare_is_there_as_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[queues.steps]\nfifo = true\ndead_letter = \"failed\"\nmax_receives = 4\ndelay = 3\n\
                [queues.failed]\nfifo = true\nretention = 1209600\n\
                [queues.shared]\nexisting = \"arn:aws:sqs:eu-west-1:210987654321:theirs\"\n\
                [topics.news]\n[buses.trade]\n";
    std::fs::write(folder.path().join("fw.toml"), text).unwrap();
    let settings = Settings::load(folder.path(), "dev").unwrap();
    let manifest = Manifest::new("shop");
    assert!(wants_services(&manifest, &settings));
    let all = declarations(&manifest, &settings);
    let steps = &all.queues["shop-dev-steps.fifo"];
    assert_eq!(
        (&*steps["FifoQueue"], &*steps["DelaySeconds"]),
        ("true", "3")
    );
    let redrive: Value = serde_json::from_str(&steps["RedrivePolicy"]).unwrap();
    assert_eq!(redrive["maxReceiveCount"], 4);
    let dead = redrive["deadLetterTargetArn"].as_str().unwrap();
    assert!(
        dead.ends_with(":123456789012:shop-dev-failed.fifo"),
        "{dead}"
    );
    assert_eq!(
        all.queues["shop-dev-failed.fifo"]["MessageRetentionPeriod"],
        "1209600"
    );
    assert!(all.queues["theirs"].is_empty());
    assert!(all.topics.contains_key("shop-dev-news"));
    assert!(all.buses.contains("shop-dev-trade"));
    let variables = variables(&manifest, &settings, "http://127.0.0.1:9");
    assert_eq!(
        variables["FW_QUEUE_STEPS"],
        "http://127.0.0.1:9/123456789012/shop-dev-steps.fifo"
    );
    let names = LocalNames::new("shop", &settings);
    assert_eq!(names.logical("shop-dev-steps.fifo"), "steps");
    assert_eq!(names.logical("theirs"), "shared");
}
