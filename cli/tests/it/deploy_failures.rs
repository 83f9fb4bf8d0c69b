//! What stops a deploy, told in plain words with an exit code.

use crate::{
    deploy_account::Account,
    deploy_moto::Moto,
    deploy_support::{App, Ran},
};

fn app() -> App {
    let app = App::new("notes");
    app.program("one", &["GET /"]);
    app
}

#[test]
fn no_region_no_credentials_no_answer() {
    let app = app();
    let run = |command: &mut std::process::Command| Ran::from(command.output().unwrap());
    run(&mut app.command_without_account(&["deploy"]))
        .ends(64)
        .says("error: no AWS region is set")
        .says("--region eu-central-1");
    run(&mut app.command_without_account(&["url", "--region", "eu-central-1"]))
        .ends(77)
        .says("error: no AWS credentials were found")
        .says("aws configure");
    run(&mut app.command_without_account(&[
        "deploy",
        "--profile",
        "nobody",
        "--region",
        "eu-central-1",
    ]))
    .ends(77)
    .says("error: unknown AWS profile: nobody")
    .says("run `aws configure --profile nobody` to create it");
    app.write("config", "[profile work]\nregion = eu-central-1\n");
    let config = |command: &mut std::process::Command, file: &str| {
        let path = app.command(&[]).get_current_dir().unwrap().join(file);
        run(command.env("AWS_CONFIG_FILE", path))
    };
    let ran = config(
        &mut app.command_without_account(&["url", "--profile", "work"]),
        "config",
    );
    ran.ends(77)
        .says("error: no AWS credentials were found")
        .says("the profile `work` has no credentials");
    let mut command = app.command_without_account(&["url"]);
    config(command.env("AWS_PROFILE", "wrok"), "config")
        .ends(77)
        .says("unknown AWS profile: wrok")
        .says("existing profiles: `work`");
    run(&mut app.command(&["url", "--region", "Frankfurt"]))
        .ends(64)
        .says("error: not an AWS region: `Frankfurt`")
        .says("`eu-central-1`");
    // Nor do the environment's credentials stand in for a profile that was named.
    run(app
        .command_without_account(&["url", "--profile", "nobody", "--region", "eu-central-1"])
        .env("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT")
        .env("AWS_SECRET_ACCESS_KEY", "x"))
    .ends(77)
    .says("error: unknown AWS profile: nobody");
    // A port that was free a moment ago: nobody listens.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{closed}");
    run(&mut app.command(&["deploy", "--endpoint-url", &url]))
        .ends(69)
        .says("error: cannot check the AWS credentials")
        .says("check the network");
    for nonsense in [
        "nonsense",
        "ftp://localhost:5000",
        "http://",
        "localhost:5000",
    ] {
        let ran = run(&mut app.command(&["deploy", "--endpoint-url", nonsense]))
            .ends(64)
            .says("write it with its scheme");
        assert!(ran.stderr.lines().count() < 6, "{}", ran.stderr);
    }
    run(&mut app.command(&["deploy", "--stage", "No"]))
        .ends(65)
        .says("not a valid stage name");
}

#[test]
fn an_app_that_does_not_build_is_not_deployed() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &["GET /"]);
    app.settings("memory = 1");
    app.fw(&moto, &["deploy"])
        .ends(65)
        .says("`memory` is out of range: 1");
    app.settings("");
    app.program("", &["GET /"]);
    app.fw(&moto, &["deploy"])
        .ends(65)
        .says("the app printed no manifest");
    app.program("one", &[]);
    app.fw(&moto, &["deploy"])
        .ends(65)
        .says("the app has no routes: notes");
    app.program("one", &["GET /a/{x}", "GET /a/{y}"]);
    app.fw(&moto, &["deploy"])
        .ends(65)
        .says("two routes answer the same requests");
    Account::of(&moto).is_empty();
}

#[test]
fn an_artifact_that_does_not_start_is_not_uploaded() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("broken: there is no database", &["GET /"]);
    // The plan uploads nothing, so it needs nothing to start.
    app.fw(&moto, &["deploy", "--plan"]).ends(2);
    app.fw(&moto, &["deploy"])
        .ends(65)
        .says("error: the artifact does not start, so nothing was changed")
        .says("there is no database")
        .says("--no-trial");
    Account::of(&moto).is_empty();
    app.fw(&moto, &["deploy", "--no-trial"]).ends(0);
}

#[test]
fn somebody_elses_resources_are_not_touched() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let logs = aws_sdk_cloudwatchlogs::Client::new(&account.config);
    let call = logs
        .create_log_group()
        .log_group_name("/aws/lambda/notes-dev")
        .tags("fw:app", "notes-dev")
        .tags("fw:stage", "x");
    account.run(call.send()).unwrap();
    let gateway = aws_sdk_apigatewayv2::Client::new(&account.config);
    let call = gateway
        .create_api()
        .name("notes-dev")
        .protocol_type(aws_sdk_apigatewayv2::types::ProtocolType::Http);
    account.run(call.send()).unwrap();

    let app = app();
    for args in [&["deploy"][..], &["deploy", "--plan"]] {
        app.fw(&moto, args)
            .ends(1)
            .says("the log group `/aws/lambda/notes-dev` belongs to app `notes-dev`, stage `x`")
            .says("the API `notes-dev` belongs to something other than `cargo fw`")
            .says("nothing was changed");
    }
    app.fw(&moto, &["delete", "--yes"])
        .ends(0)
        .says("and stays");
    assert_eq!(account.functions().len(), 0);
    assert_eq!(account.roles(), [""; 0]);
    assert_eq!(account.log_groups().len(), 1);
    assert_eq!(account.apis().len(), 1);
}
