//! How `cargo fw local` starts and ends: its table, a busy port, signals, and nothing left behind.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::local_support::{Local, ask, cli, project};

#[test]
fn a_busy_port_is_told_before_anything_is_built() {
    let folder = project("busy");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port().to_string();
    let output = cli(folder.path(), &["local", "--port", &port])
        .output()
        .expect("the CLI");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "{stderr}");
    assert!(
        stderr.contains(&port) && stderr.contains("--port 0"),
        "{stderr}"
    );
    assert!(!folder.path().join("target").exists(), "nothing was built");
}

#[test]
fn mistakes_of_a_newcomer_get_advice_and_their_exit_code() {
    let empty = tempfile::tempdir().expect("a folder");
    let folder = project("newcomer");
    let text = folder.path().join("notes.txt");
    fs::write(&text, "no program").expect("a file");
    for (folder, args, code, said) in [
        (empty.path(), vec!["local"], 65, "cargo fw new"),
        (
            folder.path(),
            vec!["local", "-p", "newcomr"],
            65,
            "did you mean `newcomer`?",
        ),
        (
            folder.path(),
            vec!["local", "--bin", "x"],
            65,
            "there is: newcomer",
        ),
        (
            folder.path(),
            vec!["local", "--stage", "Prod!"],
            65,
            "not a stage's name",
        ),
        (folder.path(), vec!["local", "--prot", "1"], 64, "--port"),
        (folder.path(), vec!["locl"], 64, "local"),
        (
            folder.path(),
            vec!["local", "--bootstrap", "nowhere"],
            65,
            "no such file",
        ),
        (
            folder.path(),
            vec!["local", "--port", "0", "--bootstrap", "notes.txt"],
            65,
            "cannot run",
        ),
        (
            folder.path(),
            vec!["local", "--port", "0", "--bootstrap", "/bin/true"],
            65,
            "no manifest",
        ),
    ] {
        let output = cli(folder, &args).output().expect("the CLI");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_first_build_that_fails_ends_the_command_unless_saves_are_awaited() {
    let folder = project("broken");
    fs::write(folder.path().join("src/main.rs"), "fn main() { mistake }\n").expect("a save");
    let output = cli(folder.path(), &["local", "--port", "0", "--no-reload"])
        .output()
        .expect("the CLI");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{stderr}");
    assert!(stderr.contains("cannot find value `mistake`"), "{stderr}");
}

/// The processes whose parent is that one.
fn children(parent: u32) -> Vec<u32> {
    let of = |entry: &Path| -> Option<u32> {
        let id = entry.file_name()?.to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.join("stat")).ok()?;
        let fields: Vec<_> = stat.rsplit(')').next()?.split_whitespace().collect();
        (fields.get(1)?.parse::<u32>().ok()? == parent).then_some(id)
    };
    let entries = fs::read_dir("/proc")
        .expect("processes")
        .filter_map(Result::ok);
    entries.filter_map(|entry| of(&entry.path())).collect()
}

fn is_running(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // A zombie is a process that has ended and waits to be counted.
    !stat.is_empty()
        && !stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .trim_start()
            .starts_with('Z')
}

#[test]
fn whatever_ends_it_no_process_is_left() {
    for (signal, code) in [("INT", Some(130)), ("TERM", Some(130)), ("KILL", None)] {
        let folder = project("ends");
        fs::write(folder.path().join("src/version.txt"), "1").expect("a source");
        let mut local = Local::start(folder.path(), &["local", "--port", "0"]);
        assert_eq!(ask(local.port, "GET", "/version"), (200, "1".to_owned()));
        let apps = children(local.id());
        assert!(!apps.is_empty(), "the app runs as a process");

        let status = Command::new("kill")
            .args([&format!("-{signal}"), &local.id().to_string()])
            .status()
            .expect("kill");
        assert!(status.success());
        assert_eq!(local.wait().code(), code, "{signal}: {}", local.log());
        let end = Instant::now() + Duration::from_secs(10);
        while apps.iter().any(|id| is_running(*id)) {
            assert!(Instant::now() < end, "{signal} leaves a process");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn the_table_names_routes_services_and_the_url() {
    let folder = project("table");
    fs::write(
        folder.path().join("fw.toml"),
        "buckets = [\"table-files\"]\n[environment]\nMODE = \"plain\"\n",
    )
    .expect("settings");
    let local = Local::start(folder.path(), &["local", "--port", "0", "--no-reload"]);
    let log = local.log();
    for part in [
        "GET  /version     saves::version  src/main.rs:7",
        "GET  /env/{name}",
        "S3 at http://127.0.0.1:",
        "buckets: table-files",
        "MODE",
        "AWS_ENDPOINT_URL_S3",
        "stage dev",
    ] {
        assert!(log.contains(part), "no `{part}` in:\n{log}");
    }
    assert_eq!(
        ask(local.port, "GET", "/env/MODE"),
        (200, "plain".to_owned())
    );
    assert_eq!(
        ask(local.port, "GET", "/nowhere"),
        (404, "{\"message\":\"Not Found\"}".to_owned())
    );
}
