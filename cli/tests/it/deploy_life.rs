//! The whole life of a deployment on moto, through the real binary.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    deploy_account::Account,
    deploy_moto::Moto,
    deploy_support::{ACCOUNT, App, REGION, Ran},
};

const GET: &str = "GET /objects/{key}";
const PUT: &str = "PUT /objects/{key}";

#[test]
fn an_app_is_deployed_changed_and_deleted() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = App::new("notes");
    app.program("one", &[GET, PUT]);

    // The plan says what a deploy would do, and does none of it.
    let plan = app.fw(&moto, &["deploy", "--plan"]).ends(2).stdout;
    assert!(
        plan.contains(&format!("in {REGION} of account {ACCOUNT}")),
        "{plan}"
    );
    assert!(plan.ends_with("  13 steps\n"), "{plan}");
    assert!(
        plan.contains("+ may logs:CreateLogStream, logs:PutLogEvents on arn:aws:logs:"),
        "{plan}"
    );
    account.is_empty();

    let first = app.fw(&moto, &["deploy"]).ends(0);
    // What is independent runs side by side, in any order; the API is opened last.
    let mut steps = first.steps();
    assert_eq!(steps.last().unwrap(), "Created stage of the API `$default`");
    steps.sort();
    assert_eq!(
        steps,
        [
            "Created API `notes-dev`",
            "Created alias of function `notes-dev`",
            "Created function `notes-dev`",
            "Created integration with function `notes-dev`",
            "Created log group `/aws/lambda/notes-dev`",
            "Created permission on function `notes-dev`",
            "Created policy of role `notes-dev-eu-central-1`",
            "Created role `notes-dev-eu-central-1`",
            "Created route `GET /objects/{key}`",
            "Created route `PUT /objects/{key}`",
            "Created stage of the API `$default`",
            "Updated retention of log group `/aws/lambda/notes-dev`",
        ]
    );
    first_read_back(&account, first.stdout.trim());

    // Nothing changed: nothing to do, for the plan and for the deploy.
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
    let same = app.fw(&moto, &["deploy"]).ends(0).says("no changes");
    assert_eq!(same.steps(), [""; 0]);
    assert_eq!(same.stdout, first.stdout);
    assert_eq!(account.alias("notes-dev"), "1");

    // New code: one upload, one version, one flip.
    app.program("two", &[GET, PUT]);
    let steps = app.fw(&moto, &["deploy"]).ends(0).steps();
    assert_eq!(
        steps,
        [
            "Updated code of function `notes-dev`",
            "Updated alias of function `notes-dev`",
        ]
    );
    assert_eq!(account.alias("notes-dev"), "2");
    let (old, new) = (
        account.version("notes-dev", "1"),
        account.version("notes-dev", "2"),
    );
    assert_ne!(old.code_sha256, new.code_sha256);

    // New settings, everywhere at once; the value of a variable is never printed.
    app.settings(
        "memory = 256\nenvironment = { TOKEN = \"hush-hush\" }\nlog_retention = 7\n\
         cors = { allow_origins = [\"https://example.org\"] }\n\
         policy = [{ actions = [\"s3:GetObject\"], resources = [\"arn:aws:s3:::notes/*\"] }]\n",
    );
    let changed = app
        .fw(&moto, &["deploy"])
        .ends(0)
        .says("variable `TOKEN` added");
    assert!(!changed.stderr.contains("hush-hush"), "{}", changed.stderr);
    let mut steps = changed.steps();
    steps[..2].sort();
    assert_eq!(
        steps,
        [
            "Updated policy of role `notes-dev-eu-central-1`",
            "Updated retention of log group `/aws/lambda/notes-dev`",
            "Updated configuration of function `notes-dev`",
            "Created version of function `notes-dev`",
            "Updated alias of function `notes-dev`",
            "Updated CORS of API `notes-dev`",
        ]
    );
    let live = account.version("notes-dev", &account.alias("notes-dev"));
    assert_eq!(live.memory_size, Some(256));
    let variables = live.environment.unwrap().variables.unwrap();
    assert_eq!(variables["TOKEN"], "hush-hush");
    assert_eq!(account.log_groups()["/aws/lambda/notes-dev"], Some(7));
    assert!(
        account
            .role_policy("notes-dev-eu-central-1")
            .contains("arn:aws:s3:::notes/*")
    );
    let origins = account.apis().remove(0).cors.unwrap();
    assert_eq!(origins, ["https://example.org"]);
    app.fw(&moto, &["deploy", "--plan"]).ends(0);

    // Routes come and go; settings that are taken back are gone.
    app.settings("[api]\nbreaking = \"warn\"\n");
    app.program("three", &[GET, "DELETE /objects/{key}"]);
    let plan = app.fw(&moto, &["plan"]).ends(2).stdout;
    assert!(
        plan.contains("- delete  route `PUT /objects/{key}`"),
        "{plan}"
    );
    assert!(
        plan.contains("- may s3:GetObject on arn:aws:s3:::notes/*"),
        "{plan}"
    );
    assert!(
        plan.contains("= same    route `GET /objects/{key}`"),
        "{plan}"
    );
    // A route is lost: somebody has to agree.
    app.fw(&moto, &["deploy"])
        .ends(64)
        .says("it affects: CORS of API `notes-dev`, route `PUT /objects/{key}`")
        .says("nothing was changed");
    let asked = app
        .on_a_terminal(&moto, &["deploy", "--color", "never"], "n\n")
        .ends(1);
    assert!(
        asked.stdout.contains("Delete these? [y/N]"),
        "{}",
        asked.stdout
    );
    assert_eq!(account.apis().remove(0).routes.len(), 2);
    app.fw(&moto, &["deploy", "--require-approval", "any"])
        .ends(64);
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    let api = account.apis().remove(0);
    let keys: Vec<&String> = api.routes.keys().collect();
    assert_eq!(keys, ["DELETE /objects/{key}", GET]);
    assert_eq!(api.cors, None);
    assert!(
        !account
            .role_policy("notes-dev-eu-central-1")
            .contains("s3:")
    );
    app.fw(&moto, &["deploy", "--plan"]).ends(0);

    // The URL stayed the same through all of it.
    let url = app.fw(&moto, &["url"]).ends(0).stdout;
    assert_eq!(url, first.stdout);

    deleted(&moto, &account, &app);
}

fn first_read_back(account: &Account, url: &str) {
    let tags = BTreeMap::from([
        ("fw:app".to_owned(), "notes".to_owned()),
        ("fw:stage".to_owned(), "dev".to_owned()),
    ]);
    let functions = account.functions();
    assert_eq!(functions.len(), 1);
    let function = &functions[0];
    assert_eq!(function.function_name(), Some("notes-dev"));
    assert_eq!(function.runtime().unwrap().as_str(), "provided.al2023");
    assert_eq!(
        (function.memory_size(), function.timeout()),
        (Some(128), Some(30))
    );
    // Beside them it tells who deployed, when, and from which commit.
    let mut told = account.function_tags("notes-dev");
    assert!(told.remove("fw:by").unwrap().starts_with("arn:aws:"));
    assert!(told.remove("fw:at").is_some() && told.remove("fw:commit").is_some());
    assert_eq!(told, tags);
    assert_eq!(account.alias("notes-dev"), "1");
    let statement = &account.policy("notes-dev")["Statement"][0];
    assert_eq!(
        statement["Principal"],
        json!({"Service": "apigateway.amazonaws.com"})
    );

    let policy = account.role_policy("notes-dev-eu-central-1");
    let policy: Value = serde_json::from_str(&policy).unwrap();
    assert_eq!(
        policy["Statement"],
        json!([{
            "Sid": "Logs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/notes-dev:*")],
        }])
    );
    assert_eq!(account.log_groups()["/aws/lambda/notes-dev"], Some(30));

    let apis = account.apis();
    assert_eq!(apis.len(), 1, "{apis:?}");
    let api = &apis[0];
    assert_eq!(api.endpoint, url);
    assert_eq!(api.tags, tags);
    assert_eq!(
        statement["Condition"]["ArnLike"]["AWS:SourceArn"],
        format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{}/*/*", api.id)
    );
    assert_eq!(api.stages, BTreeMap::from([("$default".to_owned(), true)]));
    assert_eq!(api.integrations.len(), 1);
    let (id, integration) = api.integrations.iter().next().unwrap();
    let alias = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:notes-dev:live");
    assert_eq!(
        *integration,
        (alias, "AWS_PROXY".to_owned(), "2.0".to_owned())
    );
    let routes = [GET, PUT].map(|key| (key.to_owned(), id.clone()));
    assert_eq!(api.routes, BTreeMap::from(routes));
}

/// Deleting asks, deletes everything but the logs, those when told to, and may be repeated.
fn deleted(moto: &Moto, account: &Account, app: &App) {
    app.fw(moto, &["delete"]).ends(64).says("--yes");
    assert_eq!(account.functions().len(), 1);
    // Asked on a terminal, anything but yes keeps all of it.
    for (answer, code, left) in [("no\n", 1, 1), ("\n", 1, 1), ("y\n", 0, 0)] {
        let said = app
            .on_a_terminal(moto, &["delete", "--color", "never"], answer)
            .ends(code)
            .stdout;
        assert!(said.contains("Delete it permanently? [y/N]"), "{said}");
        assert!(said.contains("- delete  function `notes-dev`"), "{said}");
        assert_eq!(account.functions().len(), left, "{said}");
    }
    assert!(account.log_groups().keys().eq(["/aws/lambda/notes-dev"]));
    app.fw(moto, &["delete", "--yes"])
        .ends(0)
        .says("only its logs exist")
        .says("(`--logs` deletes it): `/aws/lambda/notes-dev`");
    assert_eq!(account.log_groups().len(), 1);
    app.fw(moto, &["delete", "--yes", "--logs"]).ends(0);
    account.is_empty();
    app.fw(moto, &["delete", "--yes", "--logs"])
        .ends(0)
        .says("nothing to delete");
    let gone = app.fw(moto, &["url"]).ends(1).says("`cargo fw deploy`");
    assert_eq!(gone.stdout, "");
}

#[test]
fn stages_stand_side_by_side() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings("[stages.prod]\nmemory = 512\n");
    let dev = app.fw(&moto, &["deploy"]).ends(0).stdout;
    let prod = app.fw(&moto, &["deploy", "--stage", "prod"]).ends(0).stdout;
    assert_ne!(dev, prod);
    assert_eq!(account.version("notes-prod", "1").memory_size, Some(512));
    assert_eq!(account.version("notes-dev", "1").memory_size, Some(128));
    app.fw(&moto, &["delete", "--yes", "--logs", "--stage", "dev"])
        .ends(0);
    app.fw(&moto, &["deploy", "--plan", "--stage", "prod"])
        .ends(0);
    assert_eq!(account.apis().len(), 1);
    app.fw(&moto, &["delete", "--yes", "--logs", "--stage", "prod"])
        .ends(0);
    account.is_empty();
}

#[test]
fn a_plan_without_an_account_compares_with_a_snapshot() {
    let app = App::new("notes");
    app.program("one", &[GET]);
    app.settings("environment = { TOKEN = \"hush-hush\" }\n");
    let run = |args: &[&str]| {
        let args = [&["plan", "--offline"], args].concat();
        Ran::from(app.command_without_account(&args).output().unwrap())
    };
    // Nothing was ever saved: all of it is new.
    let first = run(&[]).ends(2).says("the snapshot does not exist").stdout;
    assert!(first.contains("+ create  function `notes-dev`"), "{first}");
    run(&["--save"]).ends(0);
    let saved = app.read("fw.dev.snapshot.json");
    assert!(
        saved.contains("\"TOKEN\": \"sha256:") && !saved.contains("hush-hush"),
        "{saved}"
    );
    let same = run(&[]).ends(0).stdout;
    assert!(same.contains("no changes"), "{same}");
    // Code alone is no change here; settings, routes and variables are.
    app.program("two", &[GET, PUT]);
    app.settings("memory = 256\nenvironment = { TOKEN = \"other\" }\n");
    let plan = run(&[]).ends(2).stdout;
    assert!(
        plan.contains("memory: 128 MB → 256 MB, variable `TOKEN` changed"),
        "{plan}"
    );
    assert!(
        plan.contains("+ create  route `PUT /objects/{key}`"),
        "{plan}"
    );
    let document: Value = serde_json::from_str(&run(&["--output", "json"]).ends(2).stdout).unwrap();
    assert_eq!(document["schema"], 1);
    app.write("fw.dev.snapshot.json", "{}");
    run(&[]).ends(65).says("cannot understand the snapshot");
}

#[test]
fn scripts_read_json() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &[GET]);
    let json = |args: &[&str], code| -> Value {
        let ran = app
            .fw(&moto, &[args, &["--output", "json"]].concat())
            .ends(code);
        serde_json::from_str(&ran.stdout).unwrap()
    };
    let plan = json(&["deploy", "--plan"], 2);
    assert_eq!(plan["schema"], 1);
    assert_eq!(
        (
            &plan["app"],
            &plan["stage"],
            &plan["account"],
            &plan["region"],
            &plan["url"]
        ),
        (
            &json!("notes"),
            &json!("dev"),
            &json!(ACCOUNT),
            &json!(REGION),
            &Value::Null
        )
    );
    assert_eq!(
        plan["changes"][0],
        json!({"action": "create", "resource": "role", "name": "notes-dev-eu-central-1", "reason": "does not exist yet"})
    );
    let deployed = json(&["deploy"], 0);
    assert_eq!(deployed["changes"], plan["changes"]);
    let url = deployed["url"].as_str().unwrap();
    assert!(url.starts_with("https://"), "{url}");
    let again = json(&["deploy", "--plan"], 0);
    assert_eq!(
        (&again["changes"], &again["url"]),
        (&json!([]), &json!(url))
    );
    assert_eq!(
        json(&["url"], 0),
        json!({"schema": 1, "app": "notes", "stage": "dev", "region": REGION, "url": url})
    );
}
