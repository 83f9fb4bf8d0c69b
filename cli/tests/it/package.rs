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

#[test]
fn stacks_pass_the_linter_and_sams_own_translator() {
    let app = app();
    for format in ["sam", "cloudformation"] {
        let (_out, written) = package(&app, format);
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
            // As `sam deploy` does it: the code's place first, then the translator.
            let script = "import json, sys\n\
                from samtranslator.parser.parser import Parser\n\
                from samtranslator.translator.translator import Translator\n\
                document = json.load(open(sys.argv[1]))\n\
                document['Resources']['Function']['Properties']['CodeUri'] = 's3://bucket/key'\n\
                import boto3\n\
                session = boto3.Session(region_name='eu-central-1')\n\
                made = Translator({}, Parser(), boto_session=session).translate(document, {})\n\
                kinds = sorted(resource['Type'] for resource in made['Resources'].values())\n\
                assert 'AWS::Lambda::Alias' in kinds and 'AWS::Lambda::Version' in kinds, kinds\n\
                assert kinds.count('AWS::ApiGatewayV2::Route') == 3, kinds\n\
                assert not any(kind.startswith('AWS::Serverless') for kind in kinds), kinds\n";
            let mut python = tool("python3");
            python.args(["-c", script]).arg(&written[1]);
            succeeds(python);
        }
    }
}

/// With Terraform and its AWS provider at hand (`FW_TERRAFORM_PLUGINS`: a folder as `terraform providers mirror` makes it),
/// the real validation; always that the file is JSON with the resources. References are checked by the unit tests.
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

#[test]
fn what_a_deploy_would_refuse_is_not_written_either() {
    let app = app();
    app.settings("gateway = \"function-url\"");
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
        .says("`cargo fw package`");
}

#[test]
fn a_workflow_is_written_once() {
    let app = app();
    let run = |args: &[&str]| Ran::from(app.command_without_account(args).output().unwrap());
    let ran = run(&["ci", "github", "--stage", "prod"]).ends(0);
    let path = ran.stdout.trim();
    assert!(
        path.ends_with(".github/workflows/deploy-notes.yml"),
        "{path}"
    );
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("FW_STAGE: prod"), "{text}");
    let mut python = tool("python3");
    let script = "import sys, yaml\n\
        flow = yaml.safe_load(open(sys.argv[1]))\n\
        assert flow['permissions']['id-token'] == 'write', flow\n\
        assert flow['jobs']['deploy']['steps'][-1]['run'] == 'cargo fw deploy -p notes', flow\n";
    python.args(["-c", script, path]);
    succeeds(python);
    run(&["ci", "github"]).ends(65).says("--force");
    run(&["ci", "github", "--force"]).ends(0);
    assert!(fs::read_to_string(path).unwrap().contains("FW_STAGE: dev"));
}
