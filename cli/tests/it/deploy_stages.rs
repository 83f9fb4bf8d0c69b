//! A stage without a table, where others have one: `deploy` asks, and other commands warn. And what a stage may use.

use crate::{
    deploy_account::Account,
    deploy_moto::Moto,
    deploy_support::{App, Ran},
    local_support::{Local, project},
};

const PRD: &str = "stage `prd` has no table in fw.toml; did you mean `prod`?";

fn app() -> App {
    let app = App::new("notes");
    app.program("one", &["GET /notes"]);
    app.settings("[stages.prod]\nmemory = 256\n");
    app
}

fn offline(app: &App, args: &[&str]) -> Ran {
    Ran::from(app.command_without_account(args).output().unwrap())
}

#[test]
fn a_stage_that_may_be_misspelt_is_asked_about() {
    let (app, moto) = (app(), Moto::start());
    let deploy = ["deploy", "--stage", "prd"];
    app.fw(&moto, &deploy)
        .ends(64)
        .says(PRD)
        .says("pass `--stage prod`, or `--yes`");
    let no = app.on_a_terminal(&moto, &deploy, "n\n").ends(1);
    assert!(
        no.stdout.contains(PRD) && no.stdout.contains("Deploy the stage `prd`?"),
        "{}",
        no.stdout
    );
    Account::of(&moto).is_empty();
    let plan = app.fw(&moto, &["deploy", "--plan", "--stage", "prd"]);
    plan.ends(2).says(PRD);
    app.fw(&moto, &["deploy", "--stage", "prd", "--yes"])
        .ends(0)
        .says(PRD);
    app.fw(&moto, &["url", "--stage", "prd"]).ends(0).says(PRD);
    let yes = ["deploy", "--stage", "pr-128"];
    let yes = app.on_a_terminal(&moto, &yes, "y\n").ends(0);
    assert!(yes.stdout.contains("which has: prod"), "{}", yes.stdout);
    for stage in ["dev", "prod"] {
        let ran = app.fw(&moto, &["deploy", "--stage", stage]).ends(0);
        assert!(!ran.stderr.contains("no table"), "{}", ran.stderr);
    }
}

#[test]
fn other_commands_warn_of_it_and_go_on() {
    let app = app();
    for (command, code) in [
        (&["plan", "--offline"][..], 2),
        (&["routes"], 0),
        (&["policy"], 0),
        (&["package", "--format", "sam", "dist"], 0),
        (&["ci", "github", "--region", "eu-west-1"], 0),
    ] {
        let ran = offline(&app, &[command, &["--stage", "prd"]].concat());
        ran.ends(code).says(PRD);
    }
    let served = project("stages");
    std::fs::write(served.path().join("fw.toml"), "[stages.prod]\n").unwrap();
    let local = Local::start(served.path(), &["local", "--port", "0", "--stage", "prd"]);
    assert!(local.log().contains(PRD), "{}", local.log());
    // Where no stage has a table, none is missed.
    app.settings("memory = 256\n");
    let ran = offline(&app, &["routes", "--stage", "prd"]).ends(0);
    assert!(!ran.stderr.contains("no table"), "{}", ran.stderr);
}

#[test]
fn a_stage_inherits_no_resource_in_silence() {
    let app = app();
    app.settings(
        r#"
        buckets = ["notes-documents"]
        [environment]
        BUCKET = "notes-documents"
        [[policy]]
        actions = ["s3:GetObject"]
        resources = ["arn:aws:s3:::notes-documents/*"]
        [stages.prod.environment]
        BUCKET = "notes-documents-prod"
        "#,
    );
    for command in [&["plan", "--offline"][..], &["policy"]] {
        let of = |stage: &str| offline(&app, &[command, &["--stage", stage]].concat());
        let warning = "none of its variables names: arn:aws:s3:::notes-documents/*";
        of("prod")
            .says(warning)
            .says("`buckets` in fw.toml is only for the local server");
        let dev = of("dev");
        assert!(!dev.stderr.contains(warning), "{}", dev.stderr);
    }
}
