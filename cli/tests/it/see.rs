//! What is deployed, its logs and its numbers, as a user and as a script see them. The account is moto's.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_cloudwatchlogs::types::InputLogEvent;
use serde_json::{Value, json};

use crate::{
    deploy_account::Account,
    deploy_moto::Moto,
    deploy_support::{App, REGION, Ran},
};

const GROUP: &str = "/aws/lambda/notes-dev";

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_millis()).unwrap()
}

/// Writes lines to a log stream, as Lambda does.
fn log(account: &Account, stream: &str, lines: &[(i64, &str)]) {
    let client = aws_sdk_cloudwatchlogs::Client::new(&account.config);
    let call = client
        .create_log_stream()
        .log_group_name(GROUP)
        .log_stream_name(stream);
    // It may be there already.
    let _ = account.run(call.send());
    let events = lines.iter().map(|(at, message)| {
        let event = InputLogEvent::builder().timestamp(*at).message(*message);
        event.build().unwrap()
    });
    let call = client
        .put_log_events()
        .log_group_name(GROUP)
        .log_stream_name(stream)
        .set_log_events(Some(events.collect()));
    account.run(call.send()).unwrap();
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn what_is_deployed_is_told() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &["GET /objects/{key}", "PUT /objects/{key}"]);
    for command in ["info", "open", "url", "logs", "metrics"] {
        let ran = app.fw(&moto, &[command]).ends(1);
        assert_eq!(ran.stdout, "", "{command}");
        ran.says("`notes` is not deployed to stage `dev` in eu-central-1")
            .says("run `cargo fw deploy` to deploy it");
    }
    app.fw(&moto, &["list"])
        .ends(0)
        .says("no app is deployed in eu-central-1 of account 123456789012");

    let url = app.fw(&moto, &["deploy"]).ends(0).stdout;
    let url = url.trim();
    app.fw(&moto, &["deploy", "--stage", "prod"]).ends(0);

    let info = app.fw(&moto, &["info"]).ends(0).stdout;
    for part in [
        "notes, stage dev, in eu-central-1 of account 123456789012",
        url,
        "1 gets the traffic (alias `live`)",
        "provided.al2023, 128 MB, 30 s",
        "/aws/lambda/notes-dev, kept 30 days",
        "    GET /objects/{key}",
    ] {
        assert!(info.contains(part), "{part}: {info}");
    }
    assert!(!info.contains("unpublished"), "{info}");
    let info = json(&app.fw(&moto, &["info", "--output", "json"]).ends(0));
    assert_eq!(
        (&info["schema"], &info["url"], &info["region"]),
        (&json!(1), &json!(url), &json!(REGION))
    );
    assert_eq!(info["functions"][0]["version"], "1");
    assert_eq!(
        (
            &info["functions"][0]["versions"],
            &info["functions"][0]["canary"]
        ),
        (&json!([1]), &Value::Null)
    );
    assert_eq!(
        info["routes"],
        json!(["GET /objects/{key}", "PUT /objects/{key}"])
    );

    let list = app.fw(&moto, &["list"]).ends(0).stdout;
    assert_eq!(list, "notes  dev   notes-dev\nnotes  prod  notes-prod\n");
    let list = json(&app.fw(&moto, &["list", "--output", "json"]).ends(0));
    assert_eq!(list["deployments"][1]["stage"], "prod");

    // Nowhere to show it: the URL is the result.
    let open = |browser: &str| {
        let mut command = app.command(&["open", "--endpoint-url", &moto.url]);
        command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        Ran::from(command.env("BROWSER", browser).output().unwrap()).ends(0)
    };
    assert_eq!(open("").stdout.trim(), url);
    assert_eq!(open("/no/such/browser").stdout.trim(), url);
    if cfg!(unix) {
        assert_eq!(open("true").says(&format!("Opened {url}")).stdout, "");
    }

    // Sources that do not compile hide nothing, and keep nothing from being deleted.
    app.write("src/main.rs", "fn main() { nonsense }");
    app.fw(&moto, &["info"]).ends(101).says("pass `--app NAME`");
    for command in ["info", "logs", "metrics"] {
        app.fw(&moto, &[command, "--app", "notes"]).ends(0);
    }
    let named = app.fw(&moto, &["url", "--app", "notes"]).ends(0);
    assert_eq!(named.stdout.trim(), url);
    app.fw(&moto, &["delete", "--app", "notes", "--yes"])
        .ends(0);
    // Its logs are left, and are no deployment.
    let list = app.fw(&moto, &["list"]).ends(0).stdout;
    assert_eq!(list, "notes  prod  notes-prod\n");
}

#[test]
fn logs_are_read_filtered_and_followed() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = App::new("notes");
    app.program("one", &["GET /"]);
    app.fw(&moto, &["deploy"]).ends(0);
    let now = now();
    log(
        &account,
        "one",
        &[
            (now - 3_600_000, "an hour ago"),
            (now - 4000, "START RequestId: 8f5c-1 Version: 1"),
            (
                now - 3000,
                r#"{"level":"INFO","message":"stored","requestId":"8f5c-1","target":"notes","key":"a.json"}"#,
            ),
            (
                now - 1000,
                "REPORT RequestId: 8f5c-1\tDuration: 12.00 ms\tBilled Duration: 40 ms\tMemory Size: 128 MB\tMax Memory Used: 21 MB\tInit Duration: 27.00 ms",
            ),
        ],
    );
    log(
        &account,
        "two",
        &[(
            now - 2000,
            "REPORT RequestId: 8f5c-2\tDuration: 3000.00 ms\tMemory Size: 128 MB\tMax Memory Used: 30 MB\tStatus: timeout",
        )],
    );

    let logs = app.fw(&moto, &["logs"]).ends(0).stdout;
    let lines: Vec<&str> = logs.lines().collect();
    assert_eq!(lines.len(), 3, "{logs}");
    assert!(
        lines[0].ends_with("INFO  stored key=a.json request 8f5c-1"),
        "{logs}"
    );
    assert!(lines[1].contains("timeout 3000 ms"), "{logs}");
    assert!(lines[2].contains("12 ms, cold start 27 ms"), "{logs}");
    let back = app.fw(&moto, &["logs", "--since", "2h", "-v"]).ends(0);
    assert!(back.stdout.contains("an hour ago") && back.stdout.contains("START"));
    let one = app.fw(&moto, &["logs", "--request-id", "8f5c-2"]).ends(0);
    assert_eq!(one.stdout.lines().count(), 1, "{}", one.stdout);
    let stored = ["logs", "--filter", "stored", "--output", "json"];
    let stored = json(&app.fw(&moto, &stored).ends(0));
    assert_eq!(stored["message"]["key"], "a.json");
    assert_eq!(stored["function"], "notes-dev");
    app.fw(&moto, &["logs", "--filter", "nowhere"])
        .ends(0)
        .says("no lines");
    app.fw(&moto, &["logs", "--since", "soon"])
        .ends(64)
        .says("`10m`");
    app.fw(&moto, &["logs", "--function", "nightly"])
        .ends(65)
        .says("use one of: notes-dev");

    let metrics = app.fw(&moto, &["metrics"]).ends(0).stdout;
    for part in [
        "invocations  2",
        "errors       1",
        "p99          3000.0 ms",
        "cold starts  1",
    ] {
        assert!(metrics.contains(part), "{part}: {metrics}");
    }
    let metrics = json(&app.fw(&moto, &["metrics", "--output", "json"]).ends(0));
    assert_eq!(metrics["functions"][0]["duration"]["p50"], 12.0);

    // Those who follow see what comes, until Ctrl-C.
    let mut following = app
        .command(&["logs", "-f", "--endpoint-url", &moto.url])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        lines.next().unwrap().unwrap();
    }
    log(&account, "one", &[(now, "fresh")]);
    assert!(lines.next().unwrap().unwrap().ends_with(" fresh"));
    let id = rustix::process::Pid::from_child(&following);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(following.wait().unwrap().code(), Some(130));
    assert!(lines.next().is_none());
}

#[test]
fn the_policy_is_derived_without_an_account_or_a_build() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let run = |args: &[&str]| {
        let mut command = crate::local_support::cli(std::path::Path::new(root), args);
        Ran::from(command.output().unwrap()).ends(0)
    };
    let text = run(&["policy", "-p", "s3test"]).stdout;
    let expected = "\
allow on arn:aws:s3:::s3test-documents/*
  s3:GetObject  GetObject examples/s3test/src/main.rs:";
    assert!(text.starts_with(expected), "{text}");
    let policy = json(&run(&["policy", "-p", "s3test", "--output", "json"]));
    assert_eq!(policy["schema"], 1);
    let mut statements = policy["document"]["Statement"].clone();
    for statement in statements.as_array_mut().unwrap() {
        let sid = statement.as_object_mut().unwrap().remove("Sid").unwrap();
        assert!(sid.as_str().unwrap().starts_with("DerivedS3"), "{sid}");
    }
    assert_eq!(
        statements,
        json!([
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": ["arn:aws:s3:::s3test-documents/*"],
            },
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": ["arn:aws:s3:::s3test-documents"],
            },
        ])
    );
    assert_eq!(policy["notes"], json!([]));
    // An app that calls no service, and one whose settings say so.
    let text = run(&["policy", "-p", "guarded"]).stdout;
    assert_eq!(
        text,
        "the app does not call AWS services: its role allows only its own logs\n"
    );
    let text = run(&["policy", "-p", "hello"]).stdout;
    assert_eq!(
        text,
        "nothing is derived: the settings say `derive_policy = false`\n"
    );
}

#[test]
fn the_policy_has_nothing_of_tests_and_other_binaries() {
    let folder = tempfile::tempdir().unwrap();
    let client = |called: &str| format!("fn f(c: &Client) {{ c.{called}().send(); }}");
    let dependency = "[dependencies]\naws-sdk-s3 = { path = \"aws-sdk-s3\" }\n";
    let manifest = |name: &str| format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
    for (name, text) in [
        ("aws-sdk-s3/Cargo.toml", manifest("aws-sdk-s3")),
        ("aws-sdk-s3/src/lib.rs", String::new()),
        ("aws-sdk-s3/src/operation/get_object.rs", String::new()),
        ("aws-sdk-s3/src/operation/put_object.rs", String::new()),
        ("aws-sdk-s3/src/operation/delete_object.rs", String::new()),
        ("aws-sdk-s3/src/operation/delete_bucket.rs", String::new()),
        (
            "Cargo.toml",
            format!("{}default-run = \"notes\"\n{dependency}", manifest("notes")),
        ),
        (
            "src/main.rs",
            "mod store;\n#[cfg(test)] mod tests;\nfn main() {}".to_owned(),
        ),
        ("src/store.rs", client("get_object")),
        ("src/lib.rs", client("put_object")),
        ("src/tests.rs", client("delete_bucket")),
        (
            "src/bin/admin.rs",
            format!("fn main() {{}} {}", client("delete_object")),
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let run = |args: &[&str]| {
        let mut command = crate::local_support::cli(folder.path(), args);
        Ran::from(command.output().unwrap()).ends(0).stdout
    };
    assert_eq!(
        run(&["policy"]),
        "allow on * (not named in the settings)\n  s3:GetObject  GetObject src/store.rs:1\n  s3:PutObject  PutObject src/lib.rs:1\n"
    );
    // The binary that is asked for is the one that counts.
    assert_eq!(
        run(&["policy", "--bin", "admin"]),
        "allow on * (not named in the settings)\n  s3:DeleteObject  DeleteObject src/bin/admin.rs:1\n  s3:PutObject  PutObject src/lib.rs:1\n"
    );
}

#[test]
fn the_doctor_tells_what_works_and_how_to_mend_the_rest() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &["GET /"]);
    let ran = app.fw(&moto, &["doctor"]).ends(0);
    for part in [
        "ok  toolchain: Rust ",
        "ok  project: package `notes`, binary `notes`",
        "ok  target: ",
        "ok  region: eu-central-1",
        "ok  credentials: arn:aws:",
        "ok  clock: as AWS's",
        "permissions: ",
        "quotas: ",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let document = json(&app.fw(&moto, &["doctor", "--output", "json"]).ends(0));
    assert_eq!(document["checks"][0]["name"], "toolchain");
    assert_eq!(document["checks"][0]["outcome"], "ok");

    // Nobody's credentials, and settings that are none.
    app.settings("memory = 1");
    let mut command = app.command_without_account(&["doctor", "--region", REGION]);
    let ran = Ran::from(command.output().unwrap()).ends(1);
    for part in [
        "failed  project: `memory` is out of range",
        "failed  credentials: no AWS credentials were found",
        "hint: run `aws configure`",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    // Each check is a line, and the hint below it.
    for line in ran.stdout.lines() {
        let column = ["ok  ", "warning  ", "failed  ", "unknown  ", "hint: "];
        let begins = column
            .iter()
            .any(|word| line.trim_start().starts_with(word));
        assert!(begins, "{line}");
    }
    let mut command = app.command_without_account(&["doctor"]);
    let ran = Ran::from(command.output().unwrap()).ends(1);
    assert!(
        ran.stdout.contains("failed  region: no AWS region is set"),
        "{}",
        ran.stdout
    );
}
