//! Secrets under `cargo fw local`: who gives their values, in which order, and that nobody is shown them.

use std::{fs, path::Path, process::Output};

use tempfile::TempDir;

use crate::local_support::{Local, ask, cli, project};

/// Values that must not be seen: of the file, of its table for a stage, and of the environment.
const FROM_FILE: &str = "hush-of-the-file";
const OF_PROD: &str = "hush-of-the-table";
const FROM_ENVIRONMENT: &str = "hush-of-the-environment";

fn secret_project(name: &str) -> TempDir {
    let folder = project(name);
    let settings = "[environment]\n\
        SHOP_TOKEN = \"secret:shop/token\"\n\
        SHOP_KEY = \"secret:ssm:/shop/key\"\n\
        SHOP_PLAIN = \"secret-less\"\n";
    fs::write(folder.path().join("fw.toml"), settings).expect("settings");
    folder
}

fn keep(folder: &Path, text: &str) {
    fs::write(folder.join("fw.secrets.toml"), text).expect("secrets");
}

fn both_kept(folder: &Path) {
    keep(
        folder,
        &format!(
            "SHOP_TOKEN = \"{FROM_FILE}\"\nSHOP_KEY = \"{FROM_FILE}\"\n\n[stages.prod]\nSHOP_KEY = \"{OF_PROD}\"\n"
        ),
    );
}

#[track_caller]
fn hushed(said: &str) {
    for secret in [FROM_FILE, OF_PROD, FROM_ENVIRONMENT] {
        assert!(!said.contains(secret), "`{secret}` was told: {said}");
    }
}

fn said(output: &Output) -> String {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn a_secret_s_value_is_the_environment_s_then_the_stage_s_then_the_file_s() {
    let folder = secret_project("kept");
    both_kept(folder.path());
    for (stage, environment, token, key) in [
        ("dev", None, FROM_FILE, FROM_FILE),
        ("prod", None, FROM_FILE, OF_PROD),
        ("prod", Some(FROM_ENVIRONMENT), FROM_FILE, FROM_ENVIRONMENT),
    ] {
        let args = [
            "local",
            "--port",
            "0",
            "--no-reload",
            "-v",
            "--stage",
            stage,
        ];
        let mut command = cli(folder.path(), &args);
        if let Some(value) = environment {
            command.env("SHOP_KEY", value);
        }
        let local = Local::run(command, "http://localhost:");
        for (name, value) in [
            ("SHOP_TOKEN", token),
            ("SHOP_KEY", key),
            ("SHOP_PLAIN", "secret-less"),
        ] {
            let answer = ask(local.port, "GET", &format!("/env/{name}"));
            assert_eq!(answer, (200, value.to_owned()), "{stage}: {name}");
        }
        // The last request's line: all that was to be said has been said.
        local.wait_for_line("GET /env/SHOP_PLAIN 200");
        hushed(&local.log());
    }

    // Nor is a value in what only tells of the app.
    for args in [&["manifest"][..], &["routes"], &["policy"]] {
        let output = cli(folder.path(), args).output().expect("the CLI");
        assert!(output.status.success(), "{args:?}: {}", said(&output));
        hushed(&said(&output));
    }
    // And an event of one's own reaches the function with them in its environment, without the server.
    let event = r#"{"pathParameters":{"name":"SHOP_TOKEN"}}"#;
    fs::write(folder.path().join("event.json"), event).expect("an event");
    let output = cli(folder.path(), &["invoke", "--event", "event.json"])
        .output()
        .expect("the CLI");
    assert!(output.status.success(), "{}", said(&output));
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains(FROM_FILE), "what the app answers: {stdout}");
    hushed(&String::from_utf8_lossy(&output.stderr));
}

#[test]
fn without_a_value_nothing_is_served_and_the_way_is_told() {
    let folder = secret_project("unkept");
    let serve = || {
        let output = cli(folder.path(), &["local", "--port", "0", "--no-reload"])
            .output()
            .expect("the CLI");
        (output.status.code(), said(&output))
    };
    let (code, told) = serve();
    assert_eq!(code, Some(65), "{told}");
    for words in ["SHOP_KEY", "`/shop/key`", "fw.secrets.toml", "--aws"] {
        assert!(told.contains(words), "{words}: {told}");
    }

    // One of two is there.
    keep(folder.path(), &format!("SHOP_KEY = \"{FROM_FILE}\"\n"));
    let (code, told) = serve();
    assert_eq!(code, Some(65), "{told}");
    assert!(told.contains("SHOP_TOKEN"), "{told}");
    hushed(&told);

    // A slip in the file is told by its line, which is not shown.
    keep(
        folder.path(),
        &format!("SHOP_TOKEN = \"{FROM_FILE}\"\nSHOP_KEY = \"{FROM_FILE}\n"),
    );
    let (code, told) = serve();
    assert_eq!(code, Some(65), "{told}");
    assert!(told.contains("line 2"), "{told}");
    hushed(&told);
}
