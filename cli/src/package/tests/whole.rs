//! Every key of `fw.toml` is in every template, or there is a reason why not; a new key cannot be forgotten.

use std::collections::BTreeSet;

use super::*;
use crate::settings::keys;

/// An app behind an HTTP API.
const HTTP: &str = r#"
memory = 128
timeout = 20
architecture = "arm64"
log_retention = 7
log_format = "json"
concurrency = 20
[cors]
allow_origins = ["https://a.example"]
[throttle]
rate = 10
burst = 20
[throttle.routes."GET /notes"]
rate = 1
burst = 2
[jwt.users]
issuer = "https://issuer.example.org/"
audience = ["notes"]
[authorizers.members]
ttl = 60
log_format = "json"
concurrency = 20
[domain]
name = "api.example.org"
certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/one"
base_path = "v1"
[vpc]
subnets = ["subnet-1"]
security_groups = ["sg-1"]
[[policy]]
actions = ["s3:GetObject"]
resources = ["arn:aws:s3:::x/*"]
[queues.orders]
dead_letter = "failed"
[queues.failed]
[queues.more]
[queues.steps]
fifo = true
[topics.news]
[topics.news.functions.mail]
filter = { kind = ["a"] }
[topics.news.queues.orders]
filter = { kind = ["a"] }
[topics.moves]
fifo = true
[buses.shop]
[rules.paid]
enabled = true
[schedules.nightly]
enabled = true
[tables.log]
existing = "arn:aws:dynamodb:eu-central-1:123456789012:table/log"
"#;

/// An app whose functions read queues.
const READ: &str = r#"
[jwt.users]
issuer = "https://issuer.example.org/"
audience = ["notes"]
[queues.steps]
fifo = true
[authorizers.call]
retries = 0
[authorizers.ship]
batch_size = 10
batch_window = 1
"#;

/// What becomes of a key.
enum Fate {
    /// It is in every template: the settings, a text in them, and what is written in its place (before all else where the
    /// text is empty).
    Carried(&'static str, &'static str, &'static str),
    /// It is in none, and so it changes none: what would set it, and why.
    Not(&'static str, &'static str),
}

use Fate::{Carried, Not};

fn fate(key: &str) -> Option<Fate> {
    Some(match key {
        "memory" => Carried(HTTP, "memory = 128", "memory = 256"),
        "timeout" => Carried(HTTP, "timeout = 20", "timeout = 21"),
        "concurrency" => Carried(HTTP, "concurrency = 20\n[cors]", "concurrency = 21\n[cors]"),
        "ephemeral_storage" => Carried(HTTP, "", "ephemeral_storage = 1024"),
        "log_format" => Carried(
            HTTP,
            "log_format = \"json\"\nconcurrency = 20\n[cors]",
            "concurrency = 20\n[cors]",
        ),
        "log_level" => Carried(HTTP, "", "log_level = \"warn\""),
        "system_log_level" => Carried(HTTP, "", "system_log_level = \"warn\""),
        "kms_key" => Carried(
            HTTP,
            "",
            "kms_key = \"arn:aws:kms:eu-central-1:123456789012:key/one\"",
        ),
        "vpc.subnets" => Carried(HTTP, "subnet-1", "subnet-2"),
        "vpc.security_groups" => Carried(HTTP, "sg-1", "sg-2"),
        "layers" => Carried(
            HTTP,
            "",
            "layers = [\"arn:aws:lambda:eu-central-1:123456789012:layer:agent:3\"]",
        ),
        "tracing" => Carried(HTTP, "", "tracing = \"active\""),
        "dead_letter" => Carried(
            HTTP,
            "",
            "dead_letter = \"arn:aws:sqs:eu-central-1:123456789012:failed\"",
        ),
        "role" => Carried(HTTP, "", "role = \"arn:aws:iam::123456789012:role/mine\""),
        "provisioned_concurrency" => Carried(HTTP, "", "provisioned_concurrency = 2"),
        "permissions_boundary" => Carried(
            HTTP,
            "",
            "permissions_boundary = \"arn:aws:iam::123456789012:policy/most\"",
        ),
        "tags" => Carried(HTTP, "", "tags = { team = \"notes\" }"),
        "environment" => Carried(HTTP, "", "environment = { TABLE = \"notes\" }"),
        "access_log.format" => Carried(HTTP, "", "access_log = { format = \"clf\" }"),
        "access_log.retention" => Carried(HTTP, "", "access_log = { retention = 90 }"),
        "architecture" => Carried(HTTP, "arm64", "x86_64"),
        "gateway" => Carried(
            URL,
            "gateway = \"function-url\"\ninvoke_mode = \"response-stream\"",
            "gateway = \"http-api\"",
        ),
        "payload_format" => Carried(HTTP, "", "payload_format = \"1.0\""),
        "stage_name" => Carried(HTTP, "", "stage_name = \"v1\""),
        "stage_variables" => Carried(HTTP, "", "stage_variables = { table = \"notes\" }"),
        "binary_media_types" => Carried(REST, "image/*", "image/png"),
        "invoke_mode" => Carried(URL, "response-stream", "buffered"),
        "integration_timeout" => Carried(HTTP, "", "integration_timeout = 5000"),
        "auth" => Carried(URL, "invoke_mode", "auth = \"iam\"\ninvoke_mode"),
        "cors.allow_origins" => Carried(HTTP, "https://a.example", "https://b.example"),
        "cors.allow_methods" => Carried(HTTP, "[cors]", "[cors]\nallow_methods = [\"PUT\"]"),
        "cors.allow_headers" => Carried(HTTP, "[cors]", "[cors]\nallow_headers = [\"x-key\"]"),
        "cors.expose_headers" => Carried(HTTP, "[cors]", "[cors]\nexpose_headers = [\"etag\"]"),
        "cors.max_age" => Carried(HTTP, "[cors]", "[cors]\nmax_age = 60"),
        "cors.allow_credentials" => Carried(HTTP, "[cors]", "[cors]\nallow_credentials = true"),
        "jwt.issuer" => Carried(HTTP, "issuer.example.org", "other.example.org"),
        "jwt.audience" => Carried(HTTP, "audience = [\"notes\"]", "audience = [\"other\"]"),
        "jwt.identity" => Carried(
            HTTP,
            "[jwt.users]",
            "[jwt.users]\nidentity = \"$request.header.x-token\"",
        ),
        "authorizers.environment" => Carried(
            HTTP,
            "ttl = 60",
            "ttl = 60\nenvironment = { DOOR = \"one\" }",
        ),
        "authorizers.ttl" => Carried(HTTP, "ttl = 60", "ttl = 61"),
        "authorizers.identity" => Carried(
            HTTP,
            "ttl = 60",
            "ttl = 60\nidentity = [\"$request.header.x-key\"]",
        ),
        "authorizers.memory" => Carried(HTTP, "ttl = 60", "ttl = 60\nmemory = 512"),
        "authorizers.timeout" => Carried(HTTP, "ttl = 60", "ttl = 60\ntimeout = 5"),
        "authorizers.ephemeral_storage" => {
            Carried(HTTP, "ttl = 60", "ttl = 60\nephemeral_storage = 1024")
        }
        "authorizers.log_format" => Carried(
            HTTP,
            "ttl = 60\nlog_format = \"json\"",
            "ttl = 60\nlog_format = \"text\"",
        ),
        "authorizers.log_level" => Carried(HTTP, "ttl = 60", "ttl = 60\nlog_level = \"warn\""),
        "authorizers.system_log_level" => {
            Carried(HTTP, "ttl = 60", "ttl = 60\nsystem_log_level = \"warn\"")
        }
        "authorizers.kms_key" => Carried(
            HTTP,
            "ttl = 60",
            "ttl = 60\nkms_key = \"arn:aws:kms:eu-central-1:123456789012:key/one\"",
        ),
        "authorizers.vpc.subnets" => Carried(
            HTTP,
            "ttl = 60",
            "ttl = 60\nvpc = { subnets = [\"subnet-3\"], security_groups = [\"sg-1\"] }",
        ),
        "authorizers.vpc.security_groups" => Carried(
            HTTP,
            "ttl = 60",
            "ttl = 60\nvpc = { subnets = [\"subnet-1\"], security_groups = [\"sg-3\"] }",
        ),
        "authorizers.layers" => Carried(
            HTTP,
            "ttl = 60",
            "ttl = 60\nlayers = [\"arn:aws:lambda:eu-central-1:123456789012:layer:agent:3\"]",
        ),
        "authorizers.tracing" => Carried(HTTP, "ttl = 60", "ttl = 60\ntracing = \"active\""),
        "authorizers.dead_letter" => Carried(
            HTTP,
            "ttl = 60",
            "ttl = 60\ndead_letter = \"arn:aws:sqs:eu-central-1:123456789012:failed\"",
        ),
        "authorizers.role" => Carried(
            HTTP,
            "ttl = 60",
            "ttl = 60\nrole = \"arn:aws:iam::123456789012:role/mine\"",
        ),
        "authorizers.concurrency" => Carried(
            HTTP,
            "concurrency = 20\n[domain]",
            "concurrency = 21\n[domain]",
        ),
        "authorizers.batch_size" => Carried(READ, "batch_size = 10", "batch_size = 20"),
        "authorizers.batch_window" => Carried(READ, "batch_window = 1", "batch_window = 2"),
        "authorizers.filters" => Carried(
            READ,
            "batch_window = 1",
            "batch_window = 1\nfilters = [{ body = { a = [1] } }]",
        ),
        "authorizers.max_concurrency" => Carried(
            READ,
            "batch_window = 1",
            "batch_window = 1\nmax_concurrency = 2",
        ),
        "authorizers.pollers.min" => Carried(
            READ,
            "batch_window = 1",
            "batch_window = 1\npollers = { min = 2, max = 20 }",
        ),
        "authorizers.pollers.max" => Carried(
            READ,
            "batch_window = 1",
            "batch_window = 1\npollers = { min = 2, max = 21 }",
        ),
        "authorizers.retries" => Carried(READ, "retries = 0", "retries = 1"),
        "authorizers.max_event_age" => {
            Carried(READ, "retries = 0", "retries = 0\nmax_event_age = 60")
        }
        "authorizers.on_success" => Carried(
            READ,
            "retries = 0",
            "retries = 0\non_success = \"queue:orders\"",
        ),
        "authorizers.on_failure" => Carried(
            READ,
            "retries = 0",
            "retries = 0\non_failure = \"queue:orders\"",
        ),
        "authorizers.provisioned_concurrency" => {
            Carried(HTTP, "ttl = 60", "ttl = 60\nprovisioned_concurrency = 2")
        }
        "throttle.rate" => Carried(HTTP, "rate = 10", "rate = 11"),
        "throttle.burst" => Carried(HTTP, "burst = 20", "burst = 21"),
        "throttle.routes.rate" => Carried(HTTP, "rate = 1\n", "rate = 2\n"),
        "throttle.routes.burst" => Carried(HTTP, "burst = 2\n", "burst = 3\n"),
        "api_keys.name" => Carried(
            REST,
            "[usage_plans.basic]",
            "[[api_keys]]\nname = \"third\"\n[usage_plans.basic]",
        ),
        "api_keys.value" => Carried(REST, "value = \"acme-secret-0123456789\"\n", ""),
        "api_keys.enabled" => Carried(REST, "enabled = false", "enabled = true"),
        "api_key_source" => Carried(
            REST,
            "api_key_source = \"authorizer\"",
            "api_key_source = \"header\"",
        ),
        "usage_plans.keys" => Carried(REST, "keys = []", "keys = [\"made\"]"),
        "usage_plans.rate" => Carried(REST, "rate = 10\n", "rate = 11\n"),
        "usage_plans.burst" => Carried(REST, "burst = 20\n", "burst = 21\n"),
        "usage_plans.quota.limit" => Carried(REST, "limit = 1000", "limit = 1001"),
        "usage_plans.quota.period" => Carried(REST, "month", "week"),
        "gateway_responses.status" => Carried(REST, "status = 404", "status = 403"),
        "gateway_responses.headers" => Carried(REST, "denied", "refused"),
        "gateway_responses.templates" => Carried(REST, "$context.error.messageString", "no"),
        "request_validation" => Carried(
            REST,
            "request_validation = true",
            "request_validation = false",
        ),
        "log_retention" => Carried(HTTP, "log_retention = 7", "log_retention = 14"),
        "policy.effect" => Carried(HTTP, "[[policy]]", "[[policy]]\neffect = \"deny\""),
        "policy.functions" => Carried(HTTP, "[[policy]]", "[[policy]]\nfunctions = [\"app\"]"),
        "policy.actions" => Carried(HTTP, "s3:GetObject", "s3:PutObject"),
        "policy.resources" => Carried(HTTP, "s3:::x", "s3:::y"),
        "artifact_bucket" => Not(
            "artifact_bucket = \"builds\"",
            "a stack and Terraform are given a bucket when they are run",
        ),
        "domain.name" => Carried(HTTP, "api.example.org", "www.example.org"),
        "domain.certificate" => Carried(HTTP, "certificate/one", "certificate/two"),
        "domain.base_path" => Carried(HTTP, "base_path = \"v1\"", "base_path = \"orders/v1\""),
        "queues.fifo" => Carried(HTTP, "fifo = true", "fifo = false"),
        "queues.visibility_timeout" => {
            Carried(HTTP, "fifo = true", "fifo = true\nvisibility_timeout = 60")
        }
        "queues.delay" => Carried(HTTP, "fifo = true", "fifo = true\ndelay = 5"),
        "queues.retention" => Carried(HTTP, "fifo = true", "fifo = true\nretention = 60"),
        "queues.dead_letter" => Carried(HTTP, "dead_letter = \"failed\"", "dead_letter = \"more\""),
        "queues.max_receives" => Carried(
            HTTP,
            "dead_letter = \"failed\"",
            "dead_letter = \"failed\"\nmax_receives = 5",
        ),
        "queues.content_based_deduplication" => Carried(
            HTTP,
            "fifo = true",
            "fifo = true\ncontent_based_deduplication = true",
        ),
        "queues.kms_key" => Carried(
            HTTP,
            "fifo = true",
            "fifo = true\nkms_key = \"arn:aws:kms:eu-central-1:123456789012:key/one\"",
        ),
        "queues.existing" => Carried(
            HTTP,
            "fifo = true",
            "existing = \"arn:aws:sqs:eu-central-1:123456789012:steps.fifo\"",
        ),
        "topics.existing" => Carried(
            HTTP,
            "[topics.news]",
            "[topics.news]\nexisting = \"arn:aws:sns:eu-central-1:123456789012:news\"",
        ),
        "topics.fifo" => Carried(HTTP, "[topics.moves]\nfifo = true", "[topics.moves]"),
        "topics.content_based_deduplication" => Carried(
            HTTP,
            "[topics.moves]",
            "[topics.moves]\ncontent_based_deduplication = true",
        ),
        "topics.kms_key" => Carried(
            HTTP,
            "[topics.moves]",
            "[topics.moves]\nkms_key = \"arn:aws:kms:eu-central-1:123456789012:key/one\"",
        ),
        "topics.functions.filter" | "topics.queues.filter" => {
            Carried(HTTP, "kind = [\"a\"]", "kind = [\"b\"]")
        }
        "topics.functions.filter_scope" => Carried(
            HTTP,
            "functions.mail]",
            "functions.mail]\nfilter_scope = \"body\"",
        ),
        "topics.queues.filter_scope" => Carried(
            HTTP,
            "queues.orders]\nfilter",
            "queues.orders]\nfilter_scope = \"body\"\nfilter",
        ),
        "topics.functions.dead_letter" => Carried(
            HTTP,
            "functions.mail]",
            "functions.mail]\ndead_letter = \"failed\"",
        ),
        "topics.queues.dead_letter" => Carried(
            HTTP,
            "queues.orders]\nfilter",
            "queues.orders]\ndead_letter = \"failed\"\nfilter",
        ),
        "topics.queues.raw" => Carried(
            HTTP,
            "queues.orders]\nfilter",
            "queues.orders]\nraw = true\nfilter",
        ),
        "buses.existing" => Carried(
            HTTP,
            "[buses.shop]",
            "[buses.shop]\nexisting = \"arn:aws:events:eu-central-1:123456789012:event-bus/shop\"",
        ),
        "rules.enabled" => Carried(
            HTTP,
            "[rules.paid]\nenabled = true",
            "[rules.paid]\nenabled = false",
        ),
        "rules.input_path" => Carried(
            HTTP,
            "[rules.paid]",
            "[rules.paid]\ninput_path = \"$.detail\"",
        ),
        "rules.input_template" => Carried(
            HTTP,
            "[rules.paid]",
            "[rules.paid]\ninput_template = \"{}\"",
        ),
        "rules.input_paths" => Carried(
            HTTP,
            "[rules.paid]",
            "[rules.paid]\ninput_template = \"<a>\"\ninput_paths = { a = \"$.detail\" }",
        ),
        "rules.dead_letter" => Carried(
            HTTP,
            "[rules.paid]",
            "[rules.paid]\ndead_letter = \"failed\"",
        ),
        "rules.max_age" => Carried(HTTP, "[rules.paid]", "[rules.paid]\nmax_age = 60"),
        "rules.retries" => Carried(HTTP, "[rules.paid]", "[rules.paid]\nretries = 3"),
        "schedules.enabled" => Carried(
            HTTP,
            "[schedules.nightly]\nenabled = true",
            "[schedules.nightly]\nenabled = false",
        ),
        "schedules.window" => Carried(
            HTTP,
            "[schedules.nightly]",
            "[schedules.nightly]\nwindow = 15",
        ),
        "schedules.dead_letter" => Carried(
            HTTP,
            "[schedules.nightly]",
            "[schedules.nightly]\ndead_letter = \"failed\"",
        ),
        "schedules.max_age" => Carried(
            HTTP,
            "[schedules.nightly]",
            "[schedules.nightly]\nmax_age = 60",
        ),
        "schedules.retries" => Carried(
            HTTP,
            "[schedules.nightly]",
            "[schedules.nightly]\nretries = 3",
        ),
        "keep_warm" => Carried(HTTP, "", "keep_warm = \"rate(5 minutes)\""),
        "authorizers.keep_warm" => Carried(
            HTTP,
            "ttl = 60",
            "ttl = 60\nkeep_warm = \"rate(5 minutes)\"",
        ),
        "buckets.existing" => Carried(
            HTTP,
            "",
            "buckets = { uploads = { existing = \"shared-bucket\" } }",
        ),
        "tables.existing" => Carried(HTTP, ":table/log", ":table/other"),
        "tables.partition_key" => Not(
            "[stages.dev.tables.log]\npartition_key = \"id\"",
            "a deployment uses tables that exist, and does not change them",
        ),
        "tables.sort_key" => Not(
            "[stages.dev.tables.log]\npartition_key = \"id\"\nsort_key = \"at\"",
            "a deployment uses tables that exist, and does not change them",
        ),
        "tables.stream" => Not(
            "[stages.dev.tables.log]\nstream = \"new-image\"",
            "a deployment uses tables that exist, and does not change them",
        ),
        "tables.ttl" => Not(
            "[stages.dev.tables.log]\nttl = \"until\"",
            "a deployment uses tables that exist, and does not change them",
        ),
        "tables.indexes.partition_key"
        | "tables.indexes.sort_key"
        | "tables.indexes.projection" => Not(
            "[stages.dev.tables.log.indexes.by]\npartition_key = \"a\"\nsort_key = \"b\"\nprojection = \"all\"",
            "a deployment uses tables that exist, and does not change them",
        ),
        "health" => Not(
            "health = \"/notes\"",
            "a deploy tries a version before it moves traffic; other tools do not",
        ),
        "keep_versions" => Not(
            "keep_versions = 9",
            "a deploy prunes; a stack keeps its versions",
        ),
        "derive_policy" => Not(
            "derive_policy = false",
            "the command adds what the sources need to the statements before",
        ),
        "local.buckets" => Not(
            "local.buckets = [\"notes\"]",
            "they are the local server's alone",
        ),
        "api.breaking" => Not(
            "api.breaking = \"warn\"",
            "a deploy compares with the deployed version before it starts; a template deploys nothing",
        ),
        "api.allow.rule" | "api.allow.route" | "api.allow.reason" => Not(
            "[[api.allow]]\nrule = \"operation-removed\"\nroute = \"GET /old\"\nreason = \"no client is left\"",
            "a deploy compares with the deployed version before it starts; a template deploys nothing",
        ),
        "stages" => Not(
            "[stages.other]\nmemory = 512",
            "another stage has a template of its own",
        ),
        _ => return None,
    })
}

/// All keys, those of tables behind the table's: `cors.max_age`, `jwt.issuer`.
fn all_keys() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![(String::new(), String::new())];
    while let Some((path, table)) = open.pop() {
        let names = keys(&format!("{table}\nno_such_key = 1"));
        assert!(!names.is_empty(), "{path}");
        for name in names {
            let key = match path.as_str() {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            // What is written below a table of tables, or in a list of them.
            let header = table.trim_matches(['[', ']']);
            let inner = match header {
                "" => name.clone(),
                header => format!("{header}.{name}"),
            };
            let below = [
                format!("[{inner}]"),
                format!("[{inner}.x]"),
                format!("[[{inner}]]"),
            ];
            let mut below = below.into_iter();
            let nested = below.find(|table| !keys(&format!("{table}\nno_such_key = 1")).is_empty());
            match nested {
                Some(table) if name != "stages" => {
                    // A table with keys of its own may have tables of tables in it: `throttle.routes`.
                    open.push((key, table));
                }
                _ => drop(found.insert(key)),
            }
        }
    }
    found
}

fn documents(settings: &Settings, manifest: &Manifest) -> Vec<Value> {
    let all = FORMATS.into_iter();
    all.map(|format| document(format, manifest, settings))
        .collect()
}

#[test]
fn every_key_is_in_every_template_or_there_is_a_reason() {
    let docs = include_str!("../../../../docs/settings.md");
    let keys = all_keys();
    assert!(keys.len() > 70, "{keys:?}");
    for key in keys {
        let name = key.rsplit('.').next().unwrap();
        assert!(docs.contains(name), "docs/settings.md has no `{name}`");
        // The two tables mean the same.
        let named = key.strip_prefix("functions.");
        let alias = named.map(|key| format!("authorizers.{key}"));
        let fate = fate(alias.as_ref().unwrap_or(&key));
        let fate = fate.unwrap_or_else(|| {
            panic!("`{key}` is in no template as far as this test knows: write it there, or say why not")
        });
        let (base, changed) = match fate {
            Carried(base, "", line) => (base, format!("{line}\n{base}")),
            Carried(base, text, other) => {
                assert!(base.contains(text), "{key}");
                (base, base.replacen(text, other, 1))
            }
            Not(line, reason) => {
                assert!(!reason.is_empty());
                let changed = match line.starts_with('[') {
                    true => format!("{HTTP}\n{line}"),
                    false => format!("{line}\n{HTTP}"),
                };
                (HTTP, changed)
            }
        };
        let table = |text: &str| match named {
            Some(_) => text.replace("[authorizers.", "[functions."),
            None => text.to_owned(),
        };
        let (written, changed) = (table(base), table(&changed));
        let manifest = match base {
            HTTP => {
                let mut manifest = manifest("guarded");
                let topic = "news".to_owned();
                manifest.add_source(ManifestSource::new("mail", SourceEvent::Sns { topic }));
                let (bus, pattern) = (Some("shop".to_owned()), serde_json::Map::new());
                let event = SourceEvent::Event { bus, pattern };
                manifest.add_source(ManifestSource::new("paid", event));
                let expression = "rate(1 day)".to_owned();
                let event = SourceEvent::Schedule {
                    expression,
                    timezone: None,
                };
                manifest.add_source(ManifestSource::new("nightly", event));
                manifest
            }
            READ => reading(),
            REST => asked(),
            _ => manifest("s3test"),
        };
        let before = documents(&settings(&written), &manifest);
        let after = documents(&settings(&changed), &manifest);
        for ((before, after), format) in before.iter().zip(&after).zip(FORMATS) {
            match fate {
                Carried(..) => assert_ne!(before, after, "{format:?} has no `{key}`"),
                Not(..) => assert_eq!(before, after, "{format:?} has `{key}`"),
            }
        }
    }
}
