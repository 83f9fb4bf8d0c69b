//! The small commands, as a user and as a script see them: help, `routes`, `manifest`, the global flags.

use std::{path::Path, process::Output};

use crate::local_support::{cli, project};

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
fn each_command_has_help_with_an_example_on_standard_output() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, help, _) = run(folder.path(), &["--help"]);
    assert_eq!(code, Some(0));
    assert!(help.contains("Exit codes:"), "{help}");
    let commands: Vec<_> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.strip_prefix("  "))
        // What is told of a command may go on in the next line.
        .filter_map(|line| line.split(' ').next())
        .filter(|command| !["", "help"].contains(command))
        .collect();
    assert!(commands.contains(&"new") && commands.contains(&"unlock"));
    for command in commands {
        let (code, stdout, stderr) = run(folder.path(), &[command, "--help"]);
        assert_eq!(code, Some(0), "{command}: {stderr}");
        assert!(
            stdout.contains("Example") && stdout.contains("Usage: cargo fw"),
            "{command}: {stdout}"
        );
        assert!(
            stdout.contains(&format!("cargo fw {command}")),
            "{command}: {stdout}"
        );
    }
}

#[test]
fn routes_and_manifest_print_results_alone_on_standard_output() {
    let folder = project("tables");
    let (code, stdout, stderr) = run(folder.path(), &["routes"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        stdout,
        "GET  /version     saves::version  src/main.rs:7\nGET  /env/{name}\n"
    );
    assert!(stderr.contains("Finished"), "cargo's own words: {stderr}");

    let (code, stdout, stderr) = run(folder.path(), &["routes", "--output", "json", "-q"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let routes: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(routes[1]["path"], "/env/{name}");

    let (code, stdout, _) = run(folder.path(), &["manifest", "-q"]);
    let manifest: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(
        (code, &manifest["app"], &manifest["schema"]),
        (Some(0), &"saves".into(), &1.into())
    );

    let (_, _, stderr) = run(folder.path(), &["routes", "-v"]);
    assert!(stderr.contains("running"), "{stderr}");
}

#[test]
fn colour_comes_when_asked_for_and_goes_when_not_wanted() {
    let folder = tempfile::tempdir().expect("a folder");
    let escape = '\u{1b}';
    assert!(
        run(folder.path(), &["routes", "--color", "always"])
            .2
            .contains(escape)
    );
    assert!(
        !run(folder.path(), &["routes", "--color", "never"])
            .2
            .contains(escape)
    );
    assert!(
        !run(folder.path(), &["routes"]).2.contains(escape),
        "not into a pipe"
    );
}
