//! A template creates what a deploy creates: in an account built from it the planner finds nothing to do.
//!
//! The file is long because it reads templates back into an account, one resource type after the other.

use std::collections::BTreeMap;

use fw_manifest::{Manifest, ManifestSource, SourceEvent};
use serde_json::{Value, json};

mod domain;
mod made;
mod options;
mod said;
mod schema;
mod whole;

use self::{
    made::made,
    said::{Said, SaidDomain, SaidDoor, SaidHttp, SaidRest, said_by_stack, said_by_terraform},
};
use super::{place, template};
use crate::{
    args::PackageFormat,
    aws::{
        Aws as _,
        apigateway::{AccessLog, ApiGateway as _, Checks, Guard, Integration, Stage, invoked},
        asynchronous::InvokeConfigs as _,
        concurrency::Concurrency as _,
        domains::Domains as _,
        fake::Fake,
        iam::Iam as _,
        lambda::{Allows, Configuration, Grant, Lambda as _, UrlSettings},
        logs::Logs as _,
        mappings::Mappings as _,
        notifications::{BucketNotifications as _, Notifications},
        rest::{PlanLimits, Rest as _, RestStage, Secret, StageChange},
        s3::{Bucket, Buckets as _},
    },
    deploy::{
        self,
        kind::{
            bus::{self, desired::DesiredRule, fake::arn as bus_arn},
            permission,
            queue::{
                calls,
                desired::{Attributes, DeadLetter, Encryption, Sender, url as queue_url},
                fake::arn as queue_arn,
            },
            schedule::{self, desired::DesiredSchedule},
            topic::{
                self,
                desired::{DesiredSubscription, Endpoint, SubscriptionAttributes},
                fake::arn as topic_arn,
            },
        },
        model::Desired,
        names::{
            ASK_GRANT, AwsLocation, GRANT, REST_ASK_GRANT, REST_GRANT, THROUGH_URL_GRANT, URL_GRANT,
        },
        plan::plan,
        report,
    },
    settings::Settings,
    values::{
        asynchronous::Asynchronous,
        code::{Code, Way},
        gateway::{Cors, Gateway, PayloadFormat, Rate},
        lambda::Architecture,
        mapping::{Pollers, Polling},
        names::Tags,
        notification::{Notification, Receiver},
    },
};

const FORMATS: [PackageFormat; 3] = [
    PackageFormat::Cloudformation,
    PackageFormat::Sam,
    PackageFormat::Terraform,
];

/// Settings with everything that a template must carry over, and texts that its language would read as its own.
const ALL: &str = r#"
memory = 512
timeout = 20
architecture = "arm64"
log_retention = 7
ephemeral_storage = 1024
tags = { team = "shop", cost = "a b" }
access_log = { format = "clf", retention = 90 }
concurrency = 5
provisioned_concurrency = 2
permissions_boundary = "arn:aws:iam::123456789012:policy/most"
log_format = "json"
system_log_level = "warn"
kms_key = "arn:aws:kms:eu-central-1:123456789012:key/one"
vpc = { subnets = ["subnet-2", "subnet-1"], security_groups = ["sg-1"] }
layers = ["arn:aws:lambda:eu-central-1:123456789012:layer:agent:3"]
tracing = "active"
dead_letter = "arn:aws:sns:eu-central-1:123456789012:failed"
payload_format = "1.0"
integration_timeout = 5000
stage_name = "v1"
queues = { orders = { visibility_timeout = 60, delay = 5, dead_letter = "failed", max_receives = 5 }, failed = { retention = 60, kms_key = "arn:aws:kms:eu-central-1:123456789012:key/one" }, steps = { fifo = true, content_based_deduplication = true }, shared = { existing = "arn:aws:sqs:eu-central-1:123456789012:shared" }, more = { dead_letter = "shared" } }
topics = { news = { kms_key = "arn:aws:kms:eu-central-1:123456789012:key/one", functions = { mail = { filter = { kind = ["${x}", "%{y}"] }, dead_letter = "failed" } }, queues = { more = { raw = true, filter = '{"a":{"b":[null]}}', filter_scope = "body", dead_letter = "shared" } } }, moves = { fifo = true, content_based_deduplication = true, queues = { steps = {} } }, theirs = { existing = "arn:aws:sns:eu-central-1:123456789012:theirs", queues = { orders = {} } } }
buses = { shop = {}, far = { existing = "arn:aws:events:eu-central-1:123456789012:event-bus/far" } }
[stage_variables]
table = "notes"
[throttle]
rate = 100.5
burst = 200
[throttle.routes."GET /objects/{key}"]
rate = 5
burst = 10
[jwt.users]
issuer = "https://issuer.example.org/"
audience = ["notes", "more"]
[environment]
TABLE = "notes"
PLAIN = "${AWS::Region} ${data.aws_region.current.name} %{if} $x"
[cors]
allow_origins = ["https://example.org"]
allow_methods = ["GET"]
allow_headers = ["content-type"]
expose_headers = ["etag"]
max_age = 60
allow_credentials = true
[[policy]]
actions = ["s3:GetObject"]
resources = ["arn:aws:s3:::home/${aws:username}/*"]
[[policy]]
effect = "deny"
actions = ["s3:*"]
resources = ["arn:aws:s3:::home/secret"]
"#;

/// What else a template must carry over of an app with authorizers.
const GUARDED: &str = r#"
memory = 512
layers = ["arn:aws:lambda:eu-central-1:123456789012:layer:agent:3"]
[jwt.users]
issuer = "https://issuer.example.org/"
audience = ["notes"]
[authorizers.members]
ttl = 60
identity = ["$request.header.x-key", "$request.querystring.key"]
memory = 256
timeout = 5
tracing = "active"
concurrency = 4
provisioned_concurrency = 3
environment = { DOOR = "${AWS::Region}", TABLE = "doors" }
vpc = { subnets = ["subnet-1"], security_groups = ["sg-1"] }
[environment]
TABLE = "notes"
"#;

/// How rules and schedules lead to functions.
const TARGETS: &str = r#"
[rules.paid]
enabled = false
input_template = '{"what": <what>, "x": "${y} %{z}"}'
input_paths = { what = "$.detail" }
dead_letter = "failed"
max_age = 60
[rules.seen]
input_path = "$.detail"
retries = 0
[rules.heard]
dead_letter = "failed"
[schedules.nightly]
window = 15
dead_letter = "failed"
retries = 3
[schedules.often]
enabled = false
[functions.mail]
keep_warm = "rate(5 minutes)"
"#;

/// All that a function URL has.
const URL: &str = r#"
gateway = "function-url"
invoke_mode = "response-stream"
[cors]
allow_origins = ["https://example.org"]
allow_methods = ["GET"]
allow_headers = ["content-type"]
expose_headers = ["etag"]
max_age = 60
allow_credentials = true
"#;

/// All that a REST API has, and texts that a template's language would read as its own.
const REST: &str = r#"
gateway = "rest-api"
stage_name = "v1"
integration_timeout = 5000
binary_media_types = ["image/*"]
request_validation = true
api_key_source = "authorizer"
access_log = {}
cors = { allow_origins = ["https://example.org"], allow_methods = ["GET"], max_age = 60 }
[stage_variables]
table = "notes"
[throttle]
rate = 100.5
burst = 200
[throttle.routes."GET /objects/{key}"]
rate = 5
burst = 10
[authorizers.door]
ttl = 0
[[api_keys]]
name = "acme"
value = "acme-secret-0123456789"
[[api_keys]]
name = "made"
enabled = false
[usage_plans.basic]
keys = ["acme", "made"]
rate = 10
burst = 20
quota = { limit = 1000, period = "month" }
[usage_plans.free]
keys = []
[gateway_responses.ACCESS_DENIED]
status = 404
headers = { x-reason = "denied" }
templates = { "application/json" = '{"message":"${AWS::Region} %{if} $context.error.messageString"}' }
"#;

/// What else a template must carry over of an app whose functions read queues.
const READS: &str = r#"
[functions.ship]
batch_size = 100
batch_window = 5
filters = [{ body = { kind = ["order", "${AWS::Region} %{if}"] } }, { body = { urgent = [true] } }]
max_concurrency = 4
[functions.pack]
batch_size = 5
pollers = { min = 2, max = 20 }
[functions.call]
retries = 0
max_event_age = 60
on_success = "function:log"
on_failure = "queue:orders"
[functions.log]
on_success = "queue:shared"
on_failure = "arn:aws:sns:eu-central-1:123456789012:failed"
"#;

/// The last table of settings, of a domain that is made.
const DOMAIN: &str = r#"
[domain]
name = "api.example.org"
certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/one"
"#;

fn settings(text: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fw.toml"), text).unwrap();
    Settings::load(folder.path(), "dev").unwrap()
}

fn manifest(example: &str) -> Manifest {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/");
    let text = std::fs::read_to_string(format!("{path}{example}/manifest.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The same app with each kind of guard.
fn guarded() -> Manifest {
    let mut manifest = manifest("s3test");
    let guards = [
        json!({ "type": "jwt", "name": "users", "scopes": ["notes:read", "notes:all"] }),
        json!({ "type": "iam" }),
    ];
    for (route, guard) in manifest.routes.iter_mut().zip(guards) {
        route.authorization = serde_json::from_value(guard).unwrap();
    }
    manifest
}

/// The same with functions that read queues: one of a table, a FIFO queue, one that is there, and one that is declared by that.
fn reading() -> Manifest {
    let mut manifest = guarded();
    let reads = [
        ("ship", "orders"),
        ("pack", "steps"),
        ("copy", "shared"),
        ("late", "new"),
    ];
    for (name, queue) in reads {
        let queue = queue.to_owned();
        manifest.add_source(ManifestSource::new(name, SourceEvent::Sqs { queue }));
    }
    for (name, prefix) in [("thumb", "in/"), ("index", "")] {
        let event = SourceEvent::S3 {
            bucket: if prefix.is_empty() {
                "texts"
            } else {
                "pictures"
            }
            .to_owned(),
            events: vec!["s3:ObjectCreated:*".to_owned()],
            prefix: prefix.to_owned(),
            suffix: ".png".to_owned(),
        };
        manifest.add_source(ManifestSource::new(name, event));
    }
    for name in ["call", "log"] {
        manifest.add_source(ManifestSource::new(name, SourceEvent::Function));
    }
    manifest
}

/// The same with a source of each kind that a template connects.
fn sourced() -> Manifest {
    let mut manifest = guarded();
    for (name, event) in [
        ("mail", json!({ "type": "sns", "topic": "news" })),
        ("tell", json!({ "type": "sns", "topic": "theirs" })),
        (
            "paid",
            json!({ "type": "event", "bus": "shop", "pattern": { "source": ["${x}"] } }),
        ),
        (
            "seen",
            json!({ "type": "event", "pattern": { "source": ["a"] } }),
        ),
        (
            "heard",
            json!({ "type": "event", "bus": "far", "pattern": { "source": ["a"] } }),
        ),
        (
            "nightly",
            json!({ "type": "schedule", "expression": "cron(0 2 * * ? *)", "timezone": "Europe/Berlin" }),
        ),
        (
            "often",
            json!({ "type": "schedule", "expression": "rate(5 minutes)" }),
        ),
    ] {
        let event = serde_json::from_value(event).unwrap();
        manifest.add_source(ManifestSource::new(name, event));
    }
    manifest
}

/// The same behind an authorizer, for a REST API.
fn asked() -> Manifest {
    let mut manifest = manifest("s3test");
    manifest.authorizers = serde_json::from_value(json!([{
        "name": "door", "kind": "token", "identity": ["$request.header.x-key"],
    }]))
    .unwrap();
    let guards = [
        json!({ "type": "lambda", "name": "door" }),
        json!({ "type": "iam" }),
    ];
    for (route, guard) in manifest.routes.iter_mut().zip(guards) {
        route.authorization = serde_json::from_value(guard).unwrap();
        route.api_key = true;
    }
    manifest
}

fn code(architecture: Architecture) -> Code {
    Code {
        zip: "the zip".into(),
        sha256: "c2hhMjU2".to_owned(),
        architecture,
        way: Way::Sent,
    }
}

fn desired(manifest: &Manifest, settings: &Settings, place: AwsLocation) -> Desired {
    Desired::new(manifest, settings, code(settings.architecture), place).unwrap()
}

fn document(format: PackageFormat, manifest: &Manifest, settings: &Settings) -> Value {
    let desired = desired(manifest, settings, place());
    template(format, &desired, "app.zip").unwrap().document
}

/// What a template says; the API that it makes will have that id.
fn said(format: PackageFormat, document: &Value, api: &str) -> Said {
    match format {
        PackageFormat::Terraform => said_by_terraform(document, api),
        _ => said_by_stack(document, api),
    }
}

#[test]
fn a_template_makes_what_a_deploy_makes() {
    for (manifest, with) in [
        (manifest("s3test"), String::new()),
        (guarded(), ALL.to_owned()),
        (reading(), format!("{ALL}{READS}")),
        (sourced(), format!("{ALL}{TARGETS}")),
        (manifest("guarded"), GUARDED.to_owned()),
        (manifest("s3test"), URL.to_owned()),
        (
            manifest("s3test"),
            "gateway = \"function-url\"\nauth = \"iam\"".to_owned(),
        ),
        (manifest("s3test"), "gateway = \"rest-api\"".to_owned()),
        (asked(), REST.to_owned()),
        // Of one's own with a path of several levels, and shared.
        (guarded(), format!("{ALL}{DOMAIN}base_path = \"orders/v1\"")),
        (asked(), format!("{REST}{DOMAIN}")),
        (
            manifest("s3test"),
            "[domain]\nname = \"api.example.org\"".to_owned(),
        ),
        // A role of somebody else's for the app, or for an authorizer alone.
        (manifest("guarded"), format!("role = \"{ROLE}\"\n{GUARDED}")),
        (
            manifest("guarded"),
            GUARDED.replace("ttl = 60", &format!("ttl = 60\nrole = \"{ROLE}\"")),
        ),
    ] {
        let settings = settings(&with);
        for format in FORMATS {
            let document = document(format, &manifest, &settings);
            deploy::block_on(async {
                let fake = made(format, &document).await;
                let place = deploy::place(&fake).await.unwrap();
                assert_eq!(place.region, fake.region());
                let desired = desired(&manifest, &settings, place);
                let actual = deploy::observe(&fake, &desired.names).await.unwrap();
                domain::is_as_desired(&desired, &actual);
                let plan = plan(&desired, &actual);
                let lines = report::lines(&plan);
                assert!(plan.is_empty(), "{format:?} {with}: {lines:#?}");
                Ok(())
            })
            .unwrap();
        }
    }
}

/// Lambda may assume it.
fn lambdas() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "lambda.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    })
}

const ROLE: &str = "arn:aws:iam::123456789012:role/mine";

#[test]
fn a_template_asks_for_the_values_of_api_keys_and_never_holds_them() {
    for format in FORMATS {
        let document = document(format, &asked(), &settings(REST));
        assert!(!document.to_string().contains("acme-secret"), "{format:?}");
        let asked = match format {
            PackageFormat::Terraform => &document["variable"],
            _ => &document["Parameters"],
        };
        let asked = asked.as_object().unwrap().values();
        let hidden = asked.filter(|one| one["NoEcho"] == true || one["sensitive"] == true);
        // The other key's value is API Gateway's to make.
        assert_eq!(hidden.count(), 1, "{format:?}");
    }
}

/// What Lambda takes through a bucket alone is uploaded to one that the user names.
#[test]
fn a_large_zip_goes_through_a_bucket() {
    let (manifest, settings) = (manifest("guarded"), settings(GUARDED));
    let mut desired = desired(&manifest, &settings, place());
    desired.code.way = Way::Large;
    let written = template(PackageFormat::Terraform, &desired, "app.zip").unwrap();
    assert_eq!(written.asks(), ["code_bucket"]);
    let resources = &written.document["resource"];
    assert_eq!(
        resources["aws_s3_object"]["code"]["bucket"],
        "${var.code_bucket}"
    );
    let functions = resources["aws_lambda_function"].as_object().unwrap();
    assert_eq!(functions.len(), 2);
    for function in functions.values() {
        assert_eq!(function["s3_key"], "${aws_s3_object.code.key}");
        assert_eq!(function["filename"], Value::Null);
    }
    assert_eq!(schema::mistakes(&written.document), [""; 0]);
    // A stack's code is in a bucket anyhow.
    for format in [PackageFormat::Cloudformation, PackageFormat::Sam] {
        let written = template(format, &desired, "app.zip").unwrap();
        desired.code.way = Way::Sent;
        assert_eq!(Some(written), template(format, &desired, "app.zip"));
        desired.code.way = Way::Large;
    }
}

/// Another document makes another deployment, which the stage goes over to; the same one does not, wherever it is.
#[test]
fn a_stack_deploys_a_rest_api_for_each_change_and_not_otherwise() {
    let deployments = |with: &str| {
        let settings = settings(&format!("gateway = \"rest-api\"\n{with}"));
        let document = document(PackageFormat::Sam, &manifest("s3test"), &settings);
        let resources = document["Resources"].as_object().unwrap().clone();
        let names = resources.into_iter().map(|(name, _)| name);
        names
            .filter(|name| name.starts_with("Deployment"))
            .collect::<Vec<_>>()
    };
    assert_eq!(deployments("").len(), 1);
    assert_eq!(deployments(""), deployments("memory = 256"));
    assert_ne!(deployments(""), deployments("request_validation = true"));
}

#[test]
fn a_template_names_secrets_and_never_holds_them() {
    let settings = settings(
        "[environment]\nONE = \"secret:db\"\nTWO = \"secret:db#password\"\nTHREE = \"secret:ssm:/token\"",
    );
    let manifest = manifest("hello");
    for format in [PackageFormat::Cloudformation, PackageFormat::Sam] {
        let document = document(format, &manifest, &settings);
        assert_eq!(
            document["Resources"]["Function"]["Properties"]["Environment"]["Variables"],
            json!({
                "ONE": "{{resolve:secretsmanager:db:SecretString}}",
                "TWO": "{{resolve:secretsmanager:db:SecretString:password}}",
                "THREE": "{{resolve:ssm:/token}}",
            })
        );
    }
    let document = document(PackageFormat::Terraform, &manifest, &settings);
    assert_eq!(
        document["resource"]["aws_lambda_function"]["app"]["environment"]["variables"],
        json!({
            "ONE": "${data.aws_secretsmanager_secret_version.ONE.secret_string}",
            "TWO": "${jsondecode(data.aws_secretsmanager_secret_version.TWO.secret_string)[\"password\"]}",
            "THREE": "${data.aws_ssm_parameter.THREE.value}",
        })
    );
    // An authorizer's own variable has a source of its own, and one that it shares with the app has the app's.
    let own = "[environment]\nONE = \"secret:db\"\nTWO = \"secret:db\"\n[jwt.users]\nissuer = \"https://i/\"\naudience = \"a\"\n\
               [authorizers.members.environment]\nTWO = \"secret:other\"";
    let guarded = self::document(
        PackageFormat::Terraform,
        &self::manifest("guarded"),
        &self::settings(own),
    );
    let secrets = guarded["data"]["aws_secretsmanager_secret_version"]
        .as_object()
        .unwrap();
    let ids: Vec<_> = secrets
        .iter()
        .map(|(name, said)| {
            (
                name.starts_with("TWO_"),
                said["secret_id"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(ids, [(false, "db"), (false, "db"), (true, "other")]);
    assert_eq!(schema::mistakes(&guarded), [""; 0]);
    let data = &document["data"];
    assert_eq!(data["aws_ssm_parameter"]["THREE"]["name"], "/token");
    assert_eq!(
        data["aws_secretsmanager_secret_version"]["TWO"]["secret_id"],
        "db"
    );
}

#[test]
fn a_stack_publishes_a_version_for_each_change_and_not_otherwise() {
    let manifest = manifest("hello");
    let versions = |with: &str| {
        let document = document(PackageFormat::Cloudformation, &manifest, &settings(with));
        let resources = document["Resources"].as_object().unwrap().clone();
        let names = resources.into_iter().map(|(name, _)| name);
        names
            .filter(|name| name.starts_with("Version"))
            .collect::<Vec<_>>()
    };
    assert_eq!(versions("").len(), 1);
    assert_eq!(versions(""), versions("log_retention = 7"));
    assert_ne!(versions(""), versions("memory = 256"));
}

/// Every resource that a Terraform document speaks of is in it.
#[test]
fn terraform_speaks_of_nothing_that_is_not_there() {
    for (manifest, with) in [
        (guarded(), ALL),
        (reading(), &format!("{ALL}{READS}")),
        (manifest("guarded"), GUARDED),
        (manifest("s3test"), URL),
        (asked(), REST),
        (asked(), &format!("{REST}{DOMAIN}")),
        (guarded(), &format!("{ALL}{DOMAIN}")),
    ] {
        let document = document(PackageFormat::Terraform, &manifest, &settings(with));
        let there = |name: &str| {
            let mut parts = name.split('.');
            let (one, two, three) = (parts.next().unwrap(), parts.next().unwrap(), parts.next());
            match one {
                "path" => two == "module",
                "var" => document["variable"][two].is_object(),
                "data" => document["data"][two][three.unwrap()].is_object(),
                kind => document["resource"][kind][two].is_object(),
            }
        };
        let text = document.to_string().replace("$${", "");
        let mut seen = 0;
        for variable in text.split("${").skip(1) {
            let name = variable.split('}').next().unwrap();
            assert!(there(name), "{name}");
            seen += 1;
        }
        assert!(seen > 10, "{seen}");
        for resource in document["resource"].as_object().unwrap().values() {
            for one in resource.as_object().unwrap().values() {
                for after in one["depends_on"].as_array().into_iter().flatten() {
                    let name = after.as_str().unwrap();
                    let kind = document["resource"][name].is_object();
                    assert!(kind || there(name), "{name}");
                }
            }
        }
    }
}

/// One file per example and format: a change of a template shows in a review.
#[test]
fn the_examples_templates_are_pinned() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/package/");
    for (example, gateway) in [
        ("hello", None),
        ("hello", Some(Gateway::FunctionUrl)),
        ("s3test", None),
        ("s3test", Some(Gateway::RestApi)),
        ("guarded", None),
        ("partners", None),
    ] {
        let folder = format!("{}/../examples/{example}", env!("CARGO_MANIFEST_DIR"));
        let mut settings = Settings::load_behind(folder.as_ref(), "dev", gateway).unwrap();
        // The host's, unless it is set: the same files on every machine.
        settings.architecture = Architecture::Arm64;
        let behind = gateway.map_or(String::new(), |gateway| format!(".{}", gateway.as_str()));
        for format in FORMATS {
            let desired = desired(&manifest(example), &settings, place());
            let text = template(format, &desired, "app.zip")
                .unwrap()
                .text()
                .unwrap();
            let name = format!("{example}{behind}.{format:?}.json").to_lowercase();
            let path = format!("{root}{name}");
            if std::env::var_os("FW_BLESS").is_some() {
                std::fs::create_dir_all(root).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let pinned = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                text == pinned,
                "{path} is not what is written now; `FW_BLESS=1` writes it, for `git diff` to show:\n{text}"
            );
        }
    }
}
