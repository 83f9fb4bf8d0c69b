//! The commands that check a text: `diff` and `schedule`.

use std::{fs, path::Path, process::Output};

use serde_json::{Value, json};

use crate::local_support::cli;

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = cli(folder, args).output().expect("the CLI");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_schedule_prints_its_next_times() {
    let folder = tempfile::tempdir().expect("a folder");
    let after = "2026-01-15T10:07:30Z";
    let (code, stdout, _) = run(
        folder.path(),
        &[
            "schedule",
            "next",
            "cron(30 3 ? * SUN *)",
            "--after",
            after,
            "-n",
            "2",
        ],
    );
    assert_eq!(code, Some(0));
    assert_eq!(stdout, "2026-01-18T03:30:00Z\n2026-01-25T03:30:00Z\n");

    let zone = ["--timezone", "Europe/Berlin", "--output", "json"];
    let args = [
        "schedule",
        "next",
        "at(2026-03-01T12:00:00)",
        "--after",
        after,
    ];
    let (code, stdout, _) = run(folder.path(), &[&args[..], &zone].concat());
    assert_eq!(code, Some(0));
    let times: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(times, json!({"next": ["2026-03-01T11:00:00Z"]}));
}

#[test]
fn a_wrong_schedule_has_awss_error_the_reason_and_the_correction() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, stdout, stderr) = run(folder.path(), &["schedule", "next", "rate(1 minutes)"]);
    assert_eq!((code, stdout.as_str()), (Some(65), ""));
    for part in [
        "Parameter ScheduleExpression is not valid.",
        "1 takes the singular",
        "write `rate(1 minute)`",
    ] {
        assert!(stderr.contains(part), "{stderr}");
    }
    let args = [
        "schedule",
        "next",
        "cron(NONSENSE)",
        "--service",
        "scheduler",
    ];
    let (code, _, stderr) = run(folder.path(), &args);
    assert_eq!(code, Some(65));
    assert!(
        stderr.contains("Invalid Schedule Expression cron(NONSENSE)."),
        "{stderr}"
    );

    let args = [
        "schedule",
        "next",
        "rate(1 day)",
        "--timezone",
        "Mars/Olympus",
    ];
    let (code, _, stderr) = run(folder.path(), &args);
    assert_eq!(code, Some(65));
    assert!(
        stderr.contains("`Mars/Olympus` is not in the time-zone database"),
        "{stderr}"
    );
    let args = [
        "schedule",
        "next",
        "rate(1 day)",
        "--timezone",
        "UTC",
        "--service",
        "events",
    ];
    assert_eq!(run(folder.path(), &args).0, Some(65));
}

#[test]
fn documents_are_compared() {
    let folder = tempfile::tempdir().expect("a folder");
    let document = |parameters: Value| {
        json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/orders": {"get": {
            "parameters": parameters, "responses": {"200": {"description": "ok"}},
        }}}})
    };
    let parameter = |required: bool| json!([{"name": "q", "in": "query", "required": required, "schema": {"type": "string"}}]);
    for (name, content) in [
        ("none.json", document(json!([])).to_string()),
        ("optional.json", document(parameter(false)).to_string()),
        ("required.json", document(parameter(true)).to_string()),
        ("broken.json", "{".to_owned()),
        ("other.json", json!({"swagger": "2.0"}).to_string()),
    ] {
        fs::write(folder.path().join(name), content).expect("a file");
    }
    let diff = |before: &str, after: &str| {
        run(folder.path(), &["diff", before, after, "--output", "json"])
    };
    for (before, after, code, verdict) in [
        ("none.json", "optional.json", 0, "compatible"),
        ("optional.json", "none.json", 0, "info"),
        ("optional.json", "required.json", 1, "breaking"),
    ] {
        let (found, stdout, stderr) = diff(before, after);
        assert_eq!(found, Some(code), "{stderr}");
        let report: Value = serde_json::from_str(&stdout).expect("JSON");
        assert_eq!(report["verdict"], verdict);
    }
    let (_, stdout, stderr) = run(folder.path(), &["diff", "none.json", "required.json"]);
    assert_eq!(
        stdout,
        "breaking GET /orders: query parameter `q`: the parameter is new and required [parameter-required-added]\n"
    );
    assert!(stderr.contains("the change breaks clients"), "{stderr}");
    for wrong in ["broken.json", "other.json", "absent.json"] {
        let (code, stdout, stderr) = diff("none.json", wrong);
        assert_eq!((code, stdout.as_str()), (Some(65), ""), "{stderr}");
        assert!(stderr.contains(wrong), "{stderr}");
    }
}
