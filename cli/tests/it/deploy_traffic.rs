//! Traffic that moves last, in part, and back; and the lock, through the real binary.

use crate::{
    deploy_account::Account,
    deploy_moto::Moto,
    deploy_support::{App, REGION},
};

const GET: &str = "GET /";

/// What the next invocation answers; without it one answers what it was sent. No code is ever run.
fn answers(moto: &Moto, result: &str) {
    let body = format!("{{\"results\":[{result:?}],\"region\":\"{REGION}\"}}");
    moto.call("/moto-api/static/lambda-simple/response", &body);
}

fn deployed(moto: &Moto) -> App {
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.fw(moto, &["deploy"]).ends(0);
    app
}

#[test]
fn a_rollback_a_canary_and_its_end() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = deployed(&moto);
    app.program("two", &[GET]);
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says("Checked version of function `notes-dev`");
    assert_eq!(account.alias("notes-dev"), "2");

    app.fw(&moto, &["rollback"])
        .ends(0)
        .says("the traffic of `notes-dev`: version 2 → version 1");
    assert_eq!(account.alias("notes-dev"), "1");
    app.fw(&moto, &["rollback"])
        .ends(1)
        .says("no version before the current one: 1");
    app.fw(&moto, &["rollback", "--to", "7"])
        .ends(1)
        .says("existing versions: 2, 1");
    // Without the sources, and so without a build.
    app.fw(&moto, &["rollback", "--to", "2", "--app", "notes"])
        .ends(0);
    assert_eq!(account.alias("notes-dev"), "2");

    app.program("three", &[GET, "GET /new"]);
    app.fw(&moto, &["deploy", "--canary", "0%"])
        .ends(64)
        .says("from `1%` to `99%`");
    app.fw(&moto, &["deploy", "--canary", "10%"]).ends(0);
    assert_eq!(account.alias("notes-dev"), "2");
    assert_eq!(account.canary("notes-dev"), Some(("3".to_owned(), 10.0)));
    assert_eq!(account.apis()[0].routes.len(), 1);
    app.fw(&moto, &["rollback"])
        .ends(0)
        .says("10 % of it to 3 → version 2");
    assert_eq!(
        (account.alias("notes-dev"), account.canary("notes-dev")),
        ("2".to_owned(), None)
    );
    app.fw(&moto, &["promote"])
        .ends(1)
        .says("there is no canary");

    app.fw(&moto, &["deploy", "--canary", "50"]).ends(0);
    app.fw(&moto, &["promote"]).ends(0).says("→ version 3");
    assert_eq!(
        (account.alias("notes-dev"), account.canary("notes-dev")),
        ("3".to_owned(), None)
    );
    app.fw(&moto, &["deploy"]).ends(0);
    assert_eq!(account.apis()[0].routes.len(), 2);
    assert_eq!(account.versions("notes-dev"), ["1", "2", "3"]);
    app.settings("keep_versions = 2\n");
    app.fw(&moto, &["deploy"]).ends(0);
    assert_eq!(account.versions("notes-dev"), ["2", "3"]);
}

#[test]
fn a_version_that_does_not_work_leaves_the_old_one() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = deployed(&moto);
    app.program("two", &["GET /", "GET /health"]);
    app.settings("health = \"/health\"\n");
    answers(&moto, "{\"statusCode\": 503, \"body\": \"no disk\"}");
    app.fw(&moto, &["deploy"])
        .ends(1)
        .says("error: the new version does not work: 2")
        .says("it answered `GET /health` with 503: no disk")
        .says("the traffic still goes to the previous version");
    assert_eq!(account.alias("notes-dev"), "1");
    assert_eq!(account.apis()[0].routes.len(), 1);
    answers(&moto, "{\"statusCode\": 200}");
    let steps = app.fw(&moto, &["deploy"]).ends(0).steps();
    assert_eq!(
        steps,
        [
            "Updated alias of function `notes-dev`",
            "Created route `GET /health`"
        ]
    );
    assert_eq!(account.alias("notes-dev"), "2");
}

#[test]
fn a_function_url_takes_the_apis_place_and_gives_it_back() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = deployed(&moto);
    app.settings("gateway = \"function-url\"\n");
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("it affects: API `notes-dev`");
    let deployed = app.fw(&moto, &["deploy", "--yes"]).ends(0);
    assert!(
        deployed.stdout.contains("lambda-url"),
        "{}",
        deployed.stdout
    );
    assert_eq!(account.apis().len(), 0);
    let lambda = aws_sdk_lambda::Client::new(&account.config);
    let call = lambda
        .get_function_url_config()
        .function_name("notes-dev")
        .qualifier("live");
    let found = account.run(call.send()).unwrap();
    assert_eq!(found.auth_type().as_str(), "NONE");
    assert!(found.function_url().starts_with(deployed.stdout.trim()));
    let statements = account.policy("notes-dev")["Statement"].clone();
    let actions: Vec<&str> = statements
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["Action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]
    );
    assert_eq!(app.fw(&moto, &["url"]).ends(0).stdout, deployed.stdout);
    app.fw(&moto, &["deploy", "--plan"]).ends(0);

    app.settings("");
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    assert_eq!(account.apis().len(), 1);
    let call = lambda
        .get_function_url_config()
        .function_name("notes-dev")
        .qualifier("live");
    account.run(call.send()).unwrap_err();
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
}

#[test]
fn a_lock_that_was_left_is_told_and_removed() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = deployed(&moto);
    // A canary, so that each command has something to do.
    app.program("two", &[GET]);
    app.fw(&moto, &["deploy", "--canary", "10%"]).ends(0);
    let logs = aws_sdk_cloudwatchlogs::Client::new(&account.config);
    let tags = [
        ("fw:lock-id", "1"),
        ("fw:lock-by", "arn:aws:iam::123456789012:user/colleague"),
        ("fw:lock-at", "2026-01-02T03:04:05Z"),
        ("fw:lock-for", "deploy"),
    ];
    let mut call = logs.create_log_group().log_group_name("/fw/lock/notes-dev");
    for (key, value) in tags {
        call = call.tags(key, value);
    }
    account.run(call.send()).unwrap();

    // Nothing to do needs no lock.
    app.fw(&moto, &["deploy", "--canary", "10%"])
        .ends(0)
        .says("no changes");
    app.program("three", &[GET]);
    for args in [
        &["deploy"][..],
        &["rollback"],
        &["promote"],
        &["delete", "--yes"],
    ] {
        app.fw(&moto, args)
            .ends(69)
            .says("another deploy holds the lock of stage `dev`")
            .says("`cargo fw deploy` by arn:aws:iam::123456789012:user/colleague since 2026-01-02T03:04:05Z")
            .says("`cargo fw unlock`");
    }
    assert_eq!(
        (
            account.alias("notes-dev").as_str(),
            account.versions("notes-dev").len()
        ),
        ("1", 2)
    );
    app.fw(&moto, &["unlock"]).ends(0).says("user/colleague");
    app.fw(&moto, &["unlock"]).ends(0).says("is not locked");
    // It would end the canary: somebody has to agree.
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("canary, version 2 of function `notes-dev`");
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    assert_eq!(account.alias("notes-dev"), "3");
    app.fw(&moto, &["delete", "--yes", "--logs"]).ends(0);
    account.is_empty();
}

/// Who may call the one route, as API Gateway calls it.
fn guard(account: &Account) -> String {
    let gateway = aws_sdk_apigatewayv2::Client::new(&account.config);
    let apis = account.run(gateway.get_apis().send()).unwrap();
    let api = apis.items()[0].api_id().unwrap();
    let routes = account
        .run(gateway.get_routes().api_id(api).send())
        .unwrap();
    let kind = routes.items()[0].authorization_type().unwrap();
    kind.as_str().to_owned()
}

#[test]
fn a_guard_is_there_before_a_canary_and_goes_after_a_question() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = deployed(&moto);
    let guarded =
        serde_json::json!([{ "method": "GET", "path": "/", "authorization": { "type": "iam" } }]);
    app.program_with("two", &guarded);
    app.settings("[api]\nbreaking = \"warn\"\n");
    let steps = app
        .fw(&moto, &["deploy", "--canary", "10%"])
        .ends(0)
        .steps();
    let at = |text: &str| {
        steps
            .iter()
            .position(|step| step.starts_with(text))
            .unwrap()
    };
    assert!(
        at("Updated route `GET /`") < at("Updated alias of function"),
        "{steps:?}"
    );
    assert_eq!(guard(&account), "AWS_IAM");
    app.fw(&moto, &["promote"]).ends(0);
    assert_eq!(
        (
            account.alias("notes-dev").as_str(),
            guard(&account).as_str()
        ),
        ("2", "AWS_IAM")
    );
    app.fw(&moto, &["deploy"]).ends(0).says("no changes");

    app.program("three", &[GET]);
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("more callers for route `GET /` (who may call it: iam → everybody)");
    assert_eq!(
        (
            account.alias("notes-dev").as_str(),
            guard(&account).as_str()
        ),
        ("2", "AWS_IAM")
    );
    app.fw(&moto, &["deploy", "--canary", "10%"]).ends(0);
    assert_eq!(guard(&account), "AWS_IAM");
    app.fw(&moto, &["promote"]).ends(0);
    app.fw(&moto, &["deploy"]).ends(64);
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    assert_eq!(guard(&account), "NONE");

    // Back to the version that relies on the guard: the guard is there first.
    app.fw(&moto, &["rollback", "--to", "2"]).ends(0);
    assert_eq!(
        (
            account.alias("notes-dev").as_str(),
            guard(&account).as_str()
        ),
        ("2", "AWS_IAM")
    );
}
