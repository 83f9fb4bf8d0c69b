//! What Lambda would refuse of a function, and what its role needs.

use crate::{
    error::Exit,
    settings::{Settings, function},
    values::lambda::{AppLevel, SystemLevel},
};

fn settings(text: &str) -> Result<Settings, crate::error::Failure> {
    Settings::from_toml(text, "dev", None, None)
}

#[test]
fn a_function_is_set_and_its_authorizers_go_over_it() {
    let text = r#"
        ephemeral_storage = 1024
        log_format = "json"
        log_level = "warn"
        tracing = "active"
        dead_letter = "arn:aws:sqs:eu-central-1:123456789012:failed"
        [vpc]
        subnets = ["subnet-2", "subnet-1"]
        security_groups = ["sg-1"]
        [authorizers.door]
        ephemeral_storage = 512
        vpc = {}
        tracing = "pass-through"
        [stages.prod]
        log_level = "error"
        layers = ["arn:aws:lambda:eu-central-1:123456789012:layer:agent:3"]
    "#;
    let dev = settings(text).unwrap();
    let options = dev.of_name("app").options;
    assert_eq!(AppLevel::Warn, options.logging.app.unwrap(), "{options:?}");
    assert_eq!(
        options.logging.system,
        Some(SystemLevel::Info),
        "Lambda's default"
    );
    let sids: Vec<_> = function::statements([&options].into_iter())
        .into_iter()
        .map(|statement| (statement.sid.unwrap(), statement.actions[0].clone()))
        .collect();
    let sids: Vec<_> = sids
        .iter()
        .map(|(sid, action)| (sid.as_str(), action.as_str()))
        .collect();
    assert_eq!(
        sids,
        [
            ("Network", "ec2:CreateNetworkInterface"),
            ("Tracing", "xray:PutTraceSegments"),
            ("DeadLetterQueue", "sqs:SendMessage")
        ]
    );
    let door = dev.of_name("door").options;
    assert_eq!((door.ephemeral_storage, door.tracing), (512, false));
    assert!(door.subnets.is_empty() && door.dead_letter.is_some());
    let prod = Settings::from_toml(text, "prod", None, None).unwrap();
    let prod = prod.of_name("app").options;
    assert_eq!(prod.logging.app, Some(AppLevel::Error));
    assert_eq!(prod.layers.len(), 1);
    assert_eq!(prod.subnets.len(), 2);
}

#[test]
fn what_lambda_would_refuse_is_refused_here() {
    for (text, said) in [
        ("ephemeral_storage = 511", "512 to 10240 MB"),
        ("log_level = \"info\"", "log_format = \"json\""),
        ("system_log_level = \"info\"", "log_format = \"json\""),
        ("log_format = \"jsn\"", "did you mean `json`?"),
        ("kms_key = \"alias/x\"", "arn:aws:kms:"),
        (
            "kms_key = \"arn:aws:kms:eu-central-1:123456789012:alias/x\"",
            "describe-key",
        ),
        ("vpc = { subnets = [\"subnet-1\"] }", "write both"),
        (
            "vpc = { subnets = [\"sg-1\"], security_groups = [\"sg-1\"] }",
            "`subnet-`",
        ),
        (
            "vpc = { subnets = [\"subnet-1\"], security_groups = [\"sg-1\", \"sg-2\", \"sg-3\", \"sg-4\", \"sg-5\", \"sg-6\"] }",
            "Lambda accepts 5",
        ),
        (
            "layers = [\"arn:aws:lambda:eu-central-1:123456789012:layer:x\"]",
            "version's number",
        ),
        ("layers = [\"x\"]", "layer:NAME:1"),
        ("tracing = \"on\"", "active"),
        ("dead_letter = \"arn:aws:s3:::x\"", "arn:aws:sqs:"),
        (
            "dead_letter = \"arn:aws:sqs:eu-central-1:123456789012:x.fifo\"",
            "standard",
        ),
        (
            "[authorizers.x]\nephemeral_storage = 1",
            "authorizers.x.ephemeral_storage",
        ),
    ] {
        let failure = settings(text).expect_err(text);
        assert_eq!(failure.exit(), Exit::Input, "{text}");
        let all = format!(
            "{failure} {} {}",
            failure.causes().join(" "),
            failure.advice().unwrap_or_default()
        );
        assert!(all.contains(said), "{text}: {all}");
    }
}
