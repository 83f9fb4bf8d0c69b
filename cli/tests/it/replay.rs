//! The conformance cases, played from outside: bootstraps by strangers in Python and in a shell, behind `cargo fw local --bootstrap`,
//! over plain sockets.
//!
//! `tests/replay/replay.py` makes settings and a manifest of each case and judges the answer by itself, so that it sees what a
//! test which goes straight through the model does not: what the wire makes of it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    doors_support::{call, get},
    local_support::Local,
};

fn replay(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/replay")
        .join(name)
}

/// Plays the cases of a target: all that settings and manifest can say hold, and how many those are is known, so that none is
/// lost.
fn play(target: &str, summary: &str) {
    let output = Command::new("python3")
        .arg(replay("replay.py"))
        .args([env!("CARGO_BIN_EXE_cargo-fw"), target])
        .output()
        .expect("python3");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    assert_eq!(said.lines().last(), Some(summary), "{said}{errors}");
}

#[test]
fn the_cases_of_http_apis_hold_from_outside() {
    play("http-api", "http-api: 79 hold, 0 do not, 1 cannot be said");
}

#[test]
fn the_cases_of_rest_apis_hold_from_outside() {
    play("rest-api", "rest-api: 81 hold, 0 do not, 7 cannot be said");
}

#[test]
fn the_cases_of_function_urls_hold_from_outside() {
    play(
        "function-url",
        "function-url: 24 hold, 0 do not, 1 cannot be said",
    );
}

/// Timeouts of integrations, throttles, gateway responses, exits, scopes: `tests/replay/own.jsonl`.
#[test]
fn what_else_the_format_can_say_holds_from_outside() {
    play("own", "own: 21 hold, 0 do not, 0 cannot be said");
}

/// The examples of `docs/manifest.md`, as they stand there.
#[test]
fn the_documents_bootstraps_are_served_behind_every_gateway() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/manifest.md");
    let document = fs::read_to_string(document).expect("the document");
    let example = |language: &str| {
        let (_, rest) = document
            .split_once(&format!("```{language}\n#!"))
            .expect("an example");
        format!("#!{}", rest.split_once("```").expect("its end").0)
    };
    let folder = |source: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bootstrap");
        fs::write(&path, source).expect("a bootstrap");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
        folder
    };
    let (python, shell) = (folder(&example("python")), folder(&example("sh")));
    for (gateway, prefix) in [("http-api", ""), ("rest-api", "/dev"), ("function-url", "")] {
        let args = [
            "local",
            "--port",
            "0",
            "--bootstrap",
            "./bootstrap",
            "--gateway",
            gateway,
        ];
        if gateway != "function-url" {
            // Behind a function URL there are no path parameters, which this one reads.
            let local = Local::start(python.path(), &args);
            let answer = get(local.port, &format!("{prefix}/hello/ann"), &[]);
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (200, "hello ann"),
                "{gateway}"
            );
            // The authorizer of the other one answers in the simple form, which REST APIs do not have.
        }
        if gateway == "http-api" {
            let local = Local::start(shell.path(), &args);
            for (key, status) in [("open", 200), ("shut", 403)] {
                let answer = get(local.port, "/", &[("authorization", key)]);
                assert_eq!(answer.status, status, "{}", local.log());
            }
            assert_eq!(get(local.port, "/", &[]).status, 401);
        }
    }
}

/// A shell with all options of the manifest: see `tests/replay/bootstrap.sh`.
#[test]
fn a_shell_script_is_an_app_with_every_option() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bootstrap");
    fs::copy(replay("bootstrap.sh"), &path).expect("a copy");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
    let serve = |gateway: &str, settings: &str| {
        fs::write(
            folder.path().join("fw.toml"),
            format!("gateway = \"{gateway}\"\n{settings}"),
        )
        .expect("settings");
        Local::start(
            folder.path(),
            &["local", "--port", "0", "--bootstrap", "./bootstrap"],
        )
    };

    let keys = "request_validation = true\n\n[[api_keys]]\nname = \"one\"\nvalue = \"0123456789abcdefghij\"\n\n\
                [usage_plans.few]\nkeys = [\"one\"]\nquota = { limit = 2, period = \"day\" }\n";
    let local = serve("rest-api", keys);
    let port = local.port;
    let said = |answer: &crate::doors_support::Answer| (answer.status, answer.body.clone());
    let text = |status: u16, body: &str| (status, body.to_owned());
    assert_eq!(said(&get(port, "/dev/open", &[])), text(200, "open"));
    let token = |value: &'static str| get(port, "/dev/token", &[("authorization", value)]);
    assert_eq!(said(&token("allow")), text(200, "token"));
    assert_eq!(token("deny").status, 403);
    assert_eq!(get(port, "/dev/token", &[]).status, 401);
    assert_eq!(get(port, "/dev/iam", &[]).status, 403);
    let with_key = || get(port, "/dev/key", &[("x-api-key", "0123456789abcdefghij")]);
    assert_eq!(get(port, "/dev/key", &[]).status, 403);
    assert_eq!(
        [with_key().status, with_key().status, with_key().status],
        [200, 200, 429]
    );
    let post = |body: &str| {
        let json = [("content-type", "application/json")];
        call(port, "POST", "/dev/model?page=1", &json, body)
    };
    assert_eq!(said(&post("{\"text\":\"a\"}")), text(200, "model"));
    assert_eq!(
        said(&post("{\"text\":1}")),
        text(400, "{\"message\":\"Invalid request body\"}")
    );
    assert_eq!(call(port, "POST", "/dev/model", &[], "{}").status, 400);
    drop(local);

    let local = serve("function-url", "invoke_mode = \"response-stream\"\n");
    let streamed = get(local.port, "/stream", &[]);
    assert_eq!(streamed.status, 201);
    assert_eq!(streamed.header("x-own"), "1");
    assert!(
        streamed.body.contains("one") && streamed.body.contains("two"),
        "{streamed:?}"
    );
    drop(local);

    let local = serve("function-url", "auth = \"iam\"\n");
    assert_eq!(get(local.port, "/open", &[]).status, 403);
}
