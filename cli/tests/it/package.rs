//! `cargo fw package`, `deploy --artifact` and `ci`: what they write is what the other tools take.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    deploy_account::Account,
    deploy_moto::Moto,
    deploy_support::{App, Ran},
};

const SETTINGS: &str = r#"
memory = 256
[environment]
PLAIN = "${AWS::Region} ${data.x.y.z} %{if}"
[cors]
allow_origins = ["https://example.org"]
allow_methods = ["GET", "PUT"]
[[policy]]
actions = ["s3:GetObject"]
resources = ["arn:aws:s3:::notes/*"]
"#;

fn app() -> App {
    let app = App::new("notes");
    app.program(
        "one",
        &["GET /objects/{key}", "PUT /objects/{key}", "ANY $default"],
    );
    app.settings(SETTINGS);
    app
}

/// Runs `package` in that format; gives the folder that it wrote.
fn package(app: &App, format: &str) -> (tempfile::TempDir, Vec<PathBuf>) {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("dist");
    let folder = folder.to_str().unwrap();
    let mut command = app.command_without_account(&["package", "--format", format, folder]);
    let ran = Ran::from(command.output().unwrap()).ends(0);
    let written = ran.stdout.lines().map(PathBuf::from).collect();
    (out, written)
}

/// A program of the Python packages that `.ci/test` installs.
fn tool(name: &str) -> Command {
    match std::env::var_os("FW_TOOLS") {
        Some(folder) => Command::new(Path::new(&folder).join(name)),
        None => Command::new(name),
    }
}

#[track_caller]
fn succeeds(mut command: Command) {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|error| {
        panic!(
            "`{shown}` cannot be started ({error}): `.ci/test` installs it and sets FW_TOOLS, or \
             `pip install cfn-lint aws-sam-translator` puts it in PATH"
        )
    });
    assert!(
        output.status.success(),
        "{shown}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// An app with authorizers, for either API.
fn guarded(settings: &str) -> App {
    let app = App::new("notes");
    app.program_of(
        "one",
        r#"{
            "schema": 1,
            "app": "notes",
            "authorizers": [{ "name": "members", "identity": ["$request.header.x-key"], "ttl": 60 }],
            "routes": [
                { "method": "GET", "path": "/" },
                { "method": "GET", "path": "/seats/{row}",
                  "authorization": { "type": "lambda", "name": "members" } },
                { "method": "PUT", "path": "/seats/{row}", "authorization": { "type": "iam" } }
            ]
        }"#,
    );
    app.settings(settings);
    app
}

/// All that a REST API may have beside what is in the manifest.
const REST: &str = r#"
gateway = "rest-api"
stage_name = "v1"
access_log = {}
stage_variables = { table = "notes" }
binary_media_types = ["image/*"]
request_validation = true
cors = { allow_origins = ["*"] }
[throttle]
rate = 100
burst = 200
[throttle.routes."GET /seats/{row}"]
rate = 5
burst = 10
[throttle.routes."GET /"]
rate = 5
burst = 10
[[api_keys]]
name = "acme"
value = "acme-secret-0123456789"
[[api_keys]]
name = "made"
[usage_plans.basic]
keys = ["acme", "made"]
rate = 10
burst = 20
quota = { limit = 1000, period = "month" }
[domain]
name = "api.example.org"
[gateway_responses.ACCESS_DENIED]
status = 404
templates = { "application/json" = '{"message":"${AWS::Region} $context.error.messageString"}' }
"#;

const HTTP: &str = r#"
stage_name = "v1"
access_log = { format = "clf" }
[throttle.routes."GET /"]
rate = 5
burst = 10
[authorizers.members]
memory = 256
concurrency = 3
provisioned_concurrency = 2
tracing = "active"
[domain]
name = "api.example.org"
certificate = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000001"
base_path = "orders/v1"
"#;

const URL: &str = r#"
gateway = "function-url"
invoke_mode = "response-stream"
[cors]
allow_origins = ["https://example.org"]
allow_methods = ["GET"]
max_age = 60
"#;

/// As `sam deploy` does it: the code's place first, then the translator. The arguments are the template, and what it is to
/// make so many of.
const TRANSLATE: &str = r"
import json, sys
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
import boto3
document = json.load(open(sys.argv[1]))
for resource in document['Resources'].values():
    if resource['Type'] == 'AWS::Serverless::Function':
        resource['Properties']['CodeUri'] = 's3://bucket/key'
session = boto3.Session(region_name='eu-central-1')
made = Translator({}, Parser(), boto_session=session).translate(document, {})
resources = made['Resources']
kinds = sorted(resource['Type'] for resource in resources.values())
for wanted in sys.argv[2:]:
    kind, count = wanted.split('=')
    assert kinds.count(kind) == int(count), (wanted, kinds)
assert not any(kind.startswith('AWS::Serverless') for kind in kinds), kinds
text = json.dumps(made)
assert 'Function.Alias' not in text, text
for name, resource in resources.items():
    for after in resource.get('DependsOn', []):
        assert after in resources, (name, after)
";

#[test]
fn stacks_pass_the_linter_and_sams_own_translator() {
    let all: [(App, &[&str]); 4] = [
        (
            app(),
            &["AWS::Lambda::Alias=1", "AWS::ApiGatewayV2::Route=3"],
        ),
        (
            guarded(HTTP),
            &[
                "AWS::Lambda::Alias=2",
                "AWS::Lambda::Version=2",
                "AWS::Lambda::Permission=2",
                "AWS::ApiGatewayV2::Authorizer=1",
                "AWS::ApiGatewayV2::DomainName=1",
                "AWS::ApiGatewayV2::ApiMapping=1",
            ],
        ),
        (
            guarded(REST),
            &[
                "AWS::Lambda::Alias=2",
                "AWS::Lambda::Permission=2",
                "AWS::ApiGateway::Deployment=1",
                "AWS::ApiGateway::UsagePlanKey=2",
                "AWS::ApiGatewayV2::DomainName=0",
                "AWS::ApiGatewayV2::ApiMapping=1",
            ],
        ),
        (
            {
                let app = app();
                app.program("one", &["GET /objects/{key}"]);
                app.settings(URL);
                app
            },
            &["AWS::Lambda::Url=1", "AWS::Lambda::Permission=2"],
        ),
    ];
    for (app, made) in &all {
        for format in ["sam", "cloudformation"] {
            let (_out, written) = package(app, format);
            assert_eq!(written.len(), 2, "{written:?}");
            assert!(written[0].ends_with("notes-dev.zip"));
            // W1020: the text of a variable that only looks like a stack's is written with `Fn::Sub` and no variable in it.
            let mut lint = tool("cfn-lint");
            lint.args([
                "--non-zero-exit-code",
                "warning",
                "--ignore-checks",
                "W1020",
                "--template",
            ])
            .arg(&written[1]);
            succeeds(lint);
            if format == "sam" {
                let mut python = tool("python3");
                python.args(["-c", TRANSLATE]).arg(&written[1]).args(*made);
                succeeds(python);
            }
        }
    }
}

#[test]
fn the_values_of_api_keys_are_asked_for_and_written_nowhere() {
    let app = guarded(REST);
    for (format, asks) in [
        ("sam", "--parameter-overrides ApiKeyValue"),
        ("cloudformation", "CodeKey=KEY ApiKeyValue"),
        ("terraform", "export TF_VAR_api_key_value_"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let folder = out.path().join("dist");
        let folder = folder.to_str().unwrap();
        let mut command = app.command_without_account(&["package", "--format", format, folder]);
        let ran = Ran::from(command.output().unwrap()).ends(0).says(asks);
        let written = ran.stdout.lines().nth(1).unwrap();
        let text = fs::read_to_string(written).unwrap();
        assert!(!text.contains("acme-secret"), "{text}");
        assert!(!ran.stderr.contains("acme-secret"), "{}", ran.stderr);
    }
}

/// With Terraform and its AWS provider at hand (`FW_TERRAFORM_PLUGINS`: a folder as `terraform providers mirror` makes it),
/// the real validation; always that the file is JSON with the resources. The unit tests hold it against the provider's schema.
#[test]
fn terraform_takes_the_document() {
    let app = app();
    let (_out, written) = package(&app, "terraform");
    let text = fs::read_to_string(&written[1]).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let function = &document["resource"]["aws_lambda_function"]["app"];
    assert_eq!(function["filename"], "${path.module}/notes-dev.zip");
    assert_eq!(
        function["environment"]["variables"]["PLAIN"],
        "$${AWS::Region} $${data.x.y.z} %%{if}"
    );
    let Some(plugins) = std::env::var_os("FW_TERRAFORM_PLUGINS") else {
        return;
    };
    let url = self::app();
    url.program("one", &["GET /objects/{key}"]);
    url.settings(URL);
    for app in [app, guarded(HTTP), guarded(REST), url] {
        let (_out, written) = package(&app, "terraform");
        let folder = written[1].parent().unwrap();
        let terraform = |args: &[&str]| {
            let mut command = Command::new("terraform");
            command
                .args(args)
                .current_dir(folder)
                .env_remove("TF_CLI_CONFIG_FILE")
                .env("CHECKPOINT_DISABLE", "1");
            command
        };
        let mut init = terraform(&["init", "-backend=false", "-input=false"]);
        init.arg(format!("-plugin-dir={}", plugins.to_string_lossy()));
        succeeds(init);
        succeeds(terraform(&["validate"]));
    }
}

#[test]
fn what_a_deploy_would_refuse_is_not_written_either() {
    let app = app();
    app.settings("concurrency = 0");
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("dist");
    let args = ["package", "--format", "sam", folder.to_str().unwrap()];
    let mut command = app.command_without_account(&args);
    let ran = Ran::from(command.output().unwrap()).ends(65);
    assert_eq!(ran.stdout, "");
    assert!(!folder.exists());
}

#[test]
fn an_artifact_is_deployed_as_it_was_built() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = app();
    let (_out, written) = package(&app, "zip");
    assert_eq!(written.len(), 1, "{written:?}");
    let zip = written[0].to_str().unwrap();
    // The sources have gone on since: neither they nor their manifest are deployed.
    app.program("two", &["GET /other"]);
    app.fw(&moto, &["deploy", "--artifact", zip]).ends(0);
    let size = i64::try_from(fs::metadata(zip).unwrap().len()).unwrap();
    assert_eq!(account.version("notes-dev", "1").code_size, size);
    let keys: Vec<String> = account.apis()[0].routes.keys().cloned().collect();
    assert_eq!(
        keys,
        ["$default", "GET /objects/{key}", "PUT /objects/{key}"]
    );
    app.fw(&moto, &["deploy", "--plan", "--artifact", zip])
        .ends(0);

    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.zip");
    let other = other.to_str().unwrap();
    app.fw(&moto, &["deploy", "--artifact", other])
        .ends(65)
        .says("cannot read the artifact");
    fs::write(other, "no zip").unwrap();
    app.fw(&moto, &["deploy", "--artifact", other])
        .ends(65)
        .says("cannot read the artifact");
    // An empty archive: the end record alone.
    fs::write(other, [b"PK\x05\x06".as_slice(), &[0; 18]].concat()).unwrap();
    app.fw(&moto, &["deploy", "--artifact", other])
        .ends(65)
        .says("the artifact has no `bootstrap`")
        .says("`cargo fw package --format zip OUT`");
}

#[test]
fn a_workflow_is_written_once() {
    let app = app();
    let run = |args: &[&str]| Ran::from(app.command_without_account(args).output().unwrap());
    // No region is guessed, and nothing is written without one.
    run(&["ci", "github"])
        .ends(64)
        .says("no AWS region is set")
        .says("--region");
    let mut command = app.command_without_account(&["ci", "github", "--stage", "prod"]);
    command.env("AWS_DEFAULT_REGION", "eu-west-1");
    let ran = Ran::from(command.output().unwrap()).ends(0);
    let path = ran.stdout.trim();
    assert!(
        path.ends_with(".github/workflows/deploy-notes.yml"),
        "{path}"
    );
    let holds = |install: &str| {
        let mut python = tool("python3");
        python.args(["-c", WORKFLOW, path, install]);
        succeeds(python);
    };
    holds("installs");
    run(&["ci", "github", "--region", "eu-west-1"])
        .ends(65)
        .says("--force");
    // An alias of the repository's own needs no command that is installed.
    let root = Path::new(path).ancestors().nth(3).unwrap();
    let config = root.join(".cargo");
    fs::create_dir_all(&config).unwrap();
    fs::write(
        config.join("config.toml"),
        "[alias]\nfw = \"run -p cargo-fw --\"\n",
    )
    .unwrap();
    run(&["ci", "github", "--force", "--region", "eu-west-1"]).ends(0);
    assert!(fs::read_to_string(path).unwrap().contains("FW_STAGE: dev"));
    fs::write(
        config.join("config.toml"),
        "[alias]\nfw = [\"run\", \"--manifest-path\", \"/nowhere/Cargo.toml\", \"--\"]\n",
    )
    .unwrap();
    run(&[
        "ci",
        "github",
        "--force",
        "--stage",
        "prod",
        "--region",
        "eu-west-1",
    ])
    .ends(0)
    .says("keep `.cargo/config.toml` out of git");
    holds("installs");
    fs::write(
        config.join("config.toml"),
        "[alias]\nfw = \"run -p cargo-fw --\"\n",
    )
    .unwrap();
    run(&[
        "ci",
        "github",
        "--force",
        "--stage",
        "prod",
        "--region",
        "eu-west-1",
    ])
    .ends(0);
    holds("has");
}

/// What a workflow has to be, as GitHub reads it.
const WORKFLOW: &str = r#"
import re, sys, yaml
text = open(sys.argv[1]).read()
flow = yaml.safe_load(text)
triggers = flow[True]  # YAML 1.1 reads `on` so.
assert triggers['push'] == {'branches': ['main']}, triggers
assert 'pull_request' in triggers and 'pull_request_target' not in triggers, triggers
assert triggers['workflow_dispatch']['inputs']['agree']['type'] == 'boolean', triggers
assert flow['permissions'] == {'contents': 'read', 'id-token': 'write'}, flow
assert flow['env']['AWS_REGION'] == 'eu-west-1' and flow['env']['FW_STAGE'] == 'prod', flow
steps = flow['jobs']['deploy']['steps']
at = {step.get('name', step.get('uses')): place for place, step in enumerate(steps)}
step = lambda name: steps[at[name]]

# Pull requests get the reading role, and nothing but they do.
roles = [s for s in steps if s.get('uses', '').startswith('aws-actions/configure-aws-credentials@')]
assert len(roles) == 2, roles
for role in roles:
    plans = "github.event_name == 'pull_request'" in role['if']
    assert plans != ("github.event_name != 'pull_request'" in role['if']), role
    name = 'AWS_PLAN_ROLE' if plans else 'AWS_ROLE'
    assert role['with']['role-to-assume'] == '${{ vars.%s }}' % name, role
plan, deploy = step('Plan'), step('Deploy')
assert plan['if'] == "steps.plan.outcome == 'success'" and step('Role for plans')['id'] == 'plan', plan
assert plan['run'].startswith('cargo fw deploy -p notes --plan'), plan
assert deploy['if'] == "github.event_name != 'pull_request'", deploy
assert deploy['run'] == "cargo fw deploy -p notes ${{ inputs.agree && '--yes' || '' }}", deploy
assert at['Role for plans'] < at['Plan'] and at['Role for deploys'] < at['Deploy'], at

# The command is there before it is used, or the project brings it.
installs = [s for s in steps if 'cargo install' in s.get('run', '')]
if sys.argv[2] == 'installs':
    assert len(installs) == 1 and at['Tools'] < at['Install cargo fw'] < at['Plan'], at
    assert re.search(r'cargo install --locked --version \d+\.\d+\.\d+\S* cargo-fw$', installs[0]['run']), installs
else:
    assert not installs, installs

# What a reader has to know stands in the file.
comments = ' '.join(line for line in text.splitlines() if line.startswith('#'))
for words in ['may change this file', '--yes', 'AWS_PLAN_ROLE', ':pull_request', ':ref:refs/heads/main']:
    assert words in comments, words
"#;
