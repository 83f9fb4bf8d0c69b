//! What a template makes is what a deploy makes: the planner finds nothing to do in an account made from it.

use std::collections::BTreeMap;

use fw::manifest::Manifest;
use serde_json::{Value, json};

mod options;
mod said;

use self::said::{Known, format_of, said_by_stack, said_by_terraform, text};
use super::{place, template};
use crate::{
    args::PackageFormat,
    aws::{
        Aws as _, Tags,
        apigateway::{ApiGateway as _, Checks, Guard, Integration, Stage},
        concurrency::Concurrency as _,
        fake::Fake,
        iam::Iam as _,
        lambda::{Code, Configuration, Grant, Lambda as _, Way},
        logs::Logs as _,
    },
    deploy::{
        self,
        model::{Desired, GRANT, Place},
        plan::plan,
        report,
    },
    settings::{Architecture, Cors, Settings, access::Rate, door::PayloadFormat},
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

fn desired(manifest: &Manifest, settings: &Settings, place: Place) -> Desired {
    let code = Code {
        zip: "the zip".into(),
        sha256: "c2hhMjU2".to_owned(),
        architecture: settings.architecture,
        way: Way::Sent,
    };
    Desired::new(manifest, settings, code, place).unwrap()
}

fn document(format: PackageFormat, manifest: &Manifest, settings: &Settings) -> Value {
    let desired = desired(manifest, settings, place(format));
    template(format, &desired, "app.zip").unwrap().document
}

/// An account that was made from a template: what it says, and nothing else.
async fn made(format: PackageFormat, document: &Value) -> Fake {
    let fake = Fake::default();
    let mut known = Known::new();
    // The API's id is known before it is made: the account's first.
    let id = {
        let probe = Fake::default();
        probe.create_api("x", None, &Tags::new()).await.unwrap().id
    };
    known.api(&id);
    let (said, source) = if format == PackageFormat::Terraform {
        let source = &document["resource"]["aws_lambda_permission"]["app"]["source_arn"];
        (said_by_terraform(document, &known), known.terraform(source))
    } else {
        let source = &document["Resources"]["Permission"]["Properties"]["SourceArn"];
        (said_by_stack(document, &known), known.stack(source))
    };
    let (name, trust, tags) = &said.role;
    fake.create_role(name, trust, said.boundary.as_deref(), tags)
        .await
        .unwrap();
    fake.put_role_policy(name, &said.policy.0, &said.policy.1)
        .await
        .unwrap();
    let (group, days, tags) = &said.group;
    fake.create_log_group(group, tags).await.unwrap();
    fake.put_retention(group, *days).await.unwrap();
    let (function, configuration, architecture, tags) = &said.function;
    let code = Code {
        zip: "the zip".into(),
        sha256: "c2hhMjU2".to_owned(),
        architecture: match architecture.as_str() {
            "arm64" => Architecture::Arm64,
            _ => Architecture::X86_64,
        },
        way: Way::Sent,
    };
    let (api_name, api_cors, api_tags) = &said.api;
    let api = fake
        .create_api(api_name, api_cors.as_ref(), api_tags)
        .await
        .unwrap();
    assert_eq!(api.id, id);
    fake.create_function(function, &code, configuration, tags)
        .await
        .unwrap();
    let version = fake.publish_version(function, &code.sha256).await.unwrap();
    fake.create_alias(function, &said.alias, &version)
        .await
        .unwrap();
    let [reserved, provisioned] = said.concurrency;
    if reserved.is_some() {
        fake.reserve(function, reserved).await.unwrap();
        fake.provision(function, &said.alias, provisioned)
            .await
            .unwrap();
    }
    let (uri, kind, payload) = &said.integration;
    assert_eq!(kind, "AWS_PROXY");
    let format = format_of(&json!(payload));
    let integration = fake
        .create_integration(
            &id,
            uri,
            format,
            said.patience.unwrap_or(Integration::TIMEOUT),
        )
        .await
        .unwrap();
    let mut ids = BTreeMap::new();
    for (name, checks) in &said.authorizers {
        let made = fake.create_authorizer(&id, name, checks).await.unwrap();
        ids.insert(name.clone(), made);
    }
    for (key, guard) in &said.routes {
        let guard = guard.try_map(|name| ids.get(name).cloned().ok_or(()));
        fake.create_route(&id, key, &integration, &guard.unwrap())
            .await
            .unwrap();
    }
    fake.create_stage(&id, &said.stage, api_tags).await.unwrap();
    // CloudFormation names the statement itself.
    let grant = Grant::of_api(GRANT, text(&source));
    fake.add_permission(function, &said.alias, &grant)
        .await
        .unwrap();
    fake
}

#[test]
fn a_template_makes_what_a_deploy_makes() {
    for (manifest, with) in [(manifest("s3test"), ""), (guarded(), ALL)] {
        let settings = settings(with);
        for format in FORMATS {
            let document = document(format, &manifest, &settings);
            deploy::block_on(async {
                let fake = made(format, &document).await;
                let place = deploy::place(&fake).await.unwrap();
                assert_eq!(place.region, fake.region());
                let desired = desired(&manifest, &settings, place);
                let actual = deploy::observe(&fake, &desired.names).await.unwrap();
                let plan = plan(&desired, &actual);
                assert!(plan.is_empty(), "{format:?}: {:#?}", report::lines(&plan));
                Ok(())
            })
            .unwrap();
        }
    }
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
    let document = document(PackageFormat::Terraform, &guarded(), &settings(ALL));
    let text = document.to_string().replace("$${", "");
    let mut seen = 0;
    for variable in text.split("${").skip(1) {
        let name = variable.split('}').next().unwrap();
        let mut parts = name.split('.');
        let (one, two, three) = (parts.next().unwrap(), parts.next().unwrap(), parts.next());
        let found = match one {
            "path" => two == "module",
            "data" => document["data"][two][three.unwrap()].is_object(),
            kind => document["resource"][kind][two].is_object(),
        };
        assert!(found, "{name}");
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
}

/// One file per example and format: a change of a template shows in a review.
#[test]
fn the_examples_templates_are_pinned() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/package/");
    for example in ["hello", "s3test"] {
        let folder = format!("{}/../examples/{example}", env!("CARGO_MANIFEST_DIR"));
        let mut settings = Settings::load(folder.as_ref(), "dev").unwrap();
        // The host's, unless it is set: the same files on every machine.
        settings.architecture = Architecture::Arm64;
        for format in FORMATS {
            let desired = desired(&manifest(example), &settings, place(format));
            let text = template(format, &desired, "app.zip")
                .unwrap()
                .text()
                .unwrap();
            let path = format!(
                "{root}{}",
                format!("{example}.{format:?}.json").to_lowercase()
            );
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
