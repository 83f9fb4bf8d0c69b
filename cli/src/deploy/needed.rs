//! The IAM actions that a deploy needs for its settings, in addition to those of every deploy.

use std::collections::BTreeSet;

use super::kind::{bucket, bus, invoke_config, mapping, queue, schedule, topic};
use crate::{
    aws::error::Operation,
    aws::{concurrency, iam, lambda, rest, s3, secrets, tags::TaggedKind},
    policy::ShownSource,
    settings::{
        Settings,
        secret::{self, Reference},
    },
    values::gateway::Gateway,
};

/// The IAM actions, each as a policy names it; `sources` are what the app's own files show.
pub(crate) fn needed_for(settings: &Settings, sources: &BTreeSet<ShownSource>) -> Vec<String> {
    let door: &[Operation] = match settings.gateway {
        Gateway::HttpApi => &[],
        Gateway::RestApi => &[rest::PUT_REST_API],
        Gateway::FunctionUrl => &[lambda::CREATE_URL, lambda::DELETE_URL, lambda::UPDATE_URL],
    };
    let mut all: Vec<String> = door.iter().map(|call| call.action()).collect();
    for function in settings.every_function() {
        let options = &function.options;
        let asked: [(bool, &[&str]); 3] = [
            // Lambda developer guide, "Giving Lambda functions access to resources in an Amazon VPC".
            (
                !options.subnets.is_empty(),
                &[
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcs",
                ],
            ),
            (!options.layers.is_empty(), &["lambda:GetLayerVersion"]),
            // Lambda developer guide, "Securing Lambda environment variables".
            (
                options.kms_key.is_some(),
                &["kms:CreateGrant", "kms:Decrypt", "kms:Encrypt"],
            ),
        ];
        let asked = asked.into_iter().filter(|(asked, _)| *asked);
        all.extend(asked.flat_map(|(_, actions)| actions.iter().map(|&action| action.to_owned())));
        let asked = [
            (
                function.reserved,
                [concurrency::PUT_RESERVED, concurrency::DELETE_RESERVED],
            ),
            (
                function.provisioned,
                [
                    concurrency::PUT_PROVISIONED,
                    concurrency::DELETE_PROVISIONED,
                ],
            ),
        ];
        let asked = asked.into_iter().filter(|(asked, _)| asked.is_some());
        all.extend(asked.flat_map(|(_, calls)| calls.map(Operation::action)));
    }
    if settings.artifact_bucket.is_some() {
        let calls = [s3::DELETE_OBJECT, s3::GET_OBJECT, s3::LIST, s3::PUT_OBJECT];
        all.extend(calls.map(Operation::action));
    }
    if settings.gateway_settings.access_log.is_some() && settings.gateway == Gateway::HttpApi {
        // API Gateway developer guide, "Configure logging for HTTP APIs", "Permissions to activate logging".
        let delivery = [
            "CreateLogDelivery",
            "DeleteLogDelivery",
            "DescribeResourcePolicies",
            "GetLogDelivery",
            "ListLogDeliveries",
            "PutResourcePolicy",
            "UpdateLogDelivery",
        ];
        all.extend(delivery.map(|name| format!("logs:{name}")));
    }
    let shown = |attribute: &str| {
        let mut all = sources.iter();
        all.any(|source| source.attribute == attribute)
    };
    let reads = shown("on_sqs");
    if !settings.resources.queues.is_empty() || reads {
        all.extend(queue::calls::ALL.map(Operation::action));
    }
    if !sources.is_empty() || !settings.asynchronous.is_empty() {
        all.extend(invoke_config::ALL.map(Operation::action));
    }
    let reports = shown("on_s3");
    let own = settings.resources.buckets.values();
    let mut own = own.filter(|one| one.existing.is_none());
    if reports || own.next().is_some() {
        all.extend(bucket::OWN.map(Operation::action));
        all.push("s3:TagResource".to_owned());
    }
    if reports || !settings.resources.buckets.is_empty() {
        all.extend(bucket::REPORTS.map(Operation::action));
    }
    if reads {
        all.extend(mapping::ALL.map(Operation::action));
    }
    let rules = !settings.resources.rules.is_empty() || shown("on_event");
    if rules || !settings.resources.buses.is_empty() {
        all.extend(bus::calls::ALL.map(Operation::action));
    }
    let warm = settings.every_function().any(|one| one.keep_warm.is_some());
    if warm || !settings.resources.schedules.is_empty() || shown("schedule") {
        all.extend(schedule::calls::ALL.map(Operation::action));
    }
    if !settings.resources.topics.is_empty() || shown("on_sns") {
        all.extend(topic::calls::ALL.map(Operation::action));
    }
    if settings.permissions_boundary.is_some() {
        all.extend([iam::BOUND, iam::UNBOUND].map(Operation::action));
    }
    if !settings.tags.is_empty() {
        let kinds = [
            TaggedKind::Function,
            TaggedKind::Role,
            TaggedKind::LogGroup,
            TaggedKind::Api,
        ];
        all.extend(kinds.map(|kind| kind.tag().action()));
        all.extend(kinds.map(|kind| kind.untag().action()));
    }
    for (_, reference) in secret::named(settings) {
        let operation: Operation = match reference {
            Reference::Secret { .. } => secrets::GET_SECRET,
            Reference::Parameter { .. } => secrets::GET_PARAMETER,
        };
        all.push(operation.action());
    }
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::needed_for;
    use crate::{policy::ShownSource, settings::Settings, values::gateway::Gateway};

    /// docs/operate.md has what `doctor` asks about.
    #[test]
    fn the_documentation_tells_what_is_needed() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operate.md");
        let page = std::fs::read_to_string(page).unwrap();
        let all = "layers = [\"arn:aws:lambda:eu-central-1:123456789012:layer:x:1\"]\n\
            kms_key = \"arn:aws:kms:eu-central-1:123456789012:key/one\"\nconcurrency = 5\nprovisioned_concurrency = 2\n\
            artifact_bucket = \"builds\"\npermissions_boundary = \"arn:aws:iam::123456789012:policy/most\"\naccess_log = {}\n\
            tags = { team = \"shop\" }\nenvironment = { A1 = \"secret:a\", B1 = \"secret:ssm:/b\" }\n\
            vpc = { subnets = [\"subnet-1\"], security_groups = [\"sg-1\"] }\n[queues.orders]\n[topics.news]\n[buses.shop]\n[schedules.nightly]\n[buckets.labels]";
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("fw.toml"), all).unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        let mut url = settings.clone();
        url.gateway = Gateway::FunctionUrl;
        let reads = BTreeSet::from([ShownSource {
            name: "ship".to_owned(),
            attribute: "on_sqs",
            first: None,
        }]);
        let needed = [
            crate::aws::needed(),
            needed_for(&settings, &reads),
            needed_for(&url, &reads),
        ]
        .concat();
        for action in needed {
            let told = page.contains(&format!("`{action}`"));
            assert!(told, "docs/operate.md does not have `{action}`");
        }
    }

    /// A source needs no table in the settings.
    #[test]
    fn what_is_declared_by_use_alone_is_needed_also() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        for (attribute, action) in [
            ("on_event", "events:PutRule"),
            ("on_s3", "s3:PutBucketNotification"),
            ("on_sns", "sns:Subscribe"),
            ("on_sqs", "lambda:CreateEventSourceMapping"),
            ("schedule", "scheduler:CreateSchedule"),
        ] {
            let source = ShownSource {
                name: "ship".to_owned(),
                attribute,
                first: None,
            };
            let needed = needed_for(&settings, &BTreeSet::from([source]));
            assert!(
                needed.contains(&action.to_owned()),
                "{attribute}: {needed:?}"
            );
            let needed = needed_for(&settings, &BTreeSet::new());
            assert!(!needed.contains(&action.to_owned()), "{attribute}");
        }
    }

    #[test]
    fn what_is_set_is_needed_and_nothing_else() {
        let of = |text: &str| {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("fw.toml"), text).unwrap();
            needed_for(
                &Settings::load(folder.path(), "dev").unwrap(),
                &BTreeSet::new(),
            )
        };
        assert!(of("memory = 256").is_empty());
        let delivery = of("[access_log]");
        assert_eq!(delivery.len(), 7);
        assert_eq!(delivery[0], "logs:CreateLogDelivery");
        assert_eq!(
            of("gateway = \"rest-api\"\n[access_log]"),
            ["apigateway:PUT"]
        );
        let text = "environment = { A1 = \"secret:a\", B1 = \"secret:b\" }\n\
                    layers = [\"arn:aws:lambda:eu-central-1:123456789012:layer:x:1\"]";
        assert_eq!(
            of(text),
            ["lambda:GetLayerVersion", "secretsmanager:GetSecretValue"]
        );
        assert_eq!(of("gateway = \"rest-api\""), ["apigateway:PUT"]);
    }
}
