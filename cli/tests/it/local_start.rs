//! How `cargo fw local` starts and ends: its table, a busy port, signals, and nothing left behind.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
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
            "use one of: newcomer",
        ),
        (
            folder.path(),
            vec!["local", "--stage", "Prod!"],
            65,
            "not a valid stage name",
        ),
        (folder.path(), vec!["local", "--prot", "1"], 64, "--port"),
        (folder.path(), vec!["locl"], 64, "local"),
        (
            folder.path(),
            vec!["local", "--bootstrap", "nowhere"],
            65,
            "the file does not exist",
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

/// Sends a signal to a process.
fn signal(name: &str, process: u32) {
    let arguments = [format!("-{name}"), process.to_string()];
    let status = Command::new("kill").args(arguments).status();
    assert!(status.expect("kill").success());
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
    for (name, code) in [("INT", Some(130)), ("TERM", Some(130)), ("KILL", None)] {
        let folder = project("ends");
        fs::write(folder.path().join("src/version.txt"), "1").expect("a source");
        let mut local = Local::start(folder.path(), &["local", "--port", "0"]);
        assert_eq!(ask(local.port, "GET", "/version"), (200, "1".to_owned()));
        let apps = children(local.id());
        assert!(!apps.is_empty(), "the app runs as a process");

        signal(name, local.id());
        assert_eq!(local.wait().code(), code, "{name}: {}", local.log());
        let end = Instant::now() + Duration::from_secs(10);
        while apps.iter().any(|id| is_running(*id)) {
            assert!(Instant::now() < end, "{name} leaves a process");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_app_that_is_asked_for_its_manifest_ends_with_the_command() {
    let folder = project("asked");
    let sleeps = "fn main() { std::thread::sleep(std::time::Duration::from_secs(60)); }\n";
    fs::write(folder.path().join("src/main.rs"), sleeps).expect("a source");
    let mut command = cli(folder.path(), &["manifest", "-q"])
        .spawn()
        .expect("the CLI");
    let is_app = |id: &u32| {
        let name = fs::read_to_string(format!("/proc/{id}/comm"));
        name.is_ok_and(|name| name.trim() == "asked")
    };
    let end = Instant::now() + Duration::from_secs(90);
    let app = loop {
        if let Some(app) = children(command.id()).into_iter().find(is_app) {
            break app;
        }
        assert!(Instant::now() < end, "the app is not asked");
        thread::sleep(Duration::from_millis(5));
    };
    signal("KILL", command.id());
    command.wait().expect("its end");
    while is_running(app) {
        assert!(Instant::now() < end, "the app is left");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_build_that_is_interrupted_is_not_told_as_one_that_failed() {
    let folder = project("stopped");
    let mut local = Local::start(folder.path(), &["local", "--port", "0"]);
    let sleeps = "fn main() { std::thread::sleep(std::time::Duration::from_secs(60)); }\n";
    fs::write(folder.path().join("build.rs"), sleeps).expect("a source");
    let end = Instant::now() + Duration::from_secs(90);
    while local.log().matches("Compiling stopped").count() < 2 {
        assert!(Instant::now() < end, "no build:\n{}", local.log());
        thread::sleep(Duration::from_millis(5));
    }
    // A request that does not end, and so holds up the end for a moment, as soon as its body is waited for.
    let mut client = TcpStream::connect(("127.0.0.1", local.port)).expect("a connection");
    let head = "GET /version HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n";
    client.write_all(head.as_bytes()).expect("a head");
    let mut answer = [0; 12];
    client.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 100");
    signal("INT", local.id());
    assert_eq!(local.wait().code(), Some(130), "{}", local.log());
    local.wait_for_line("the client disconnected before the response");
    assert!(!local.log().contains("error"), "{}", local.log());
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

#[test]
fn another_s3_server_and_its_keys_are_handed_on() {
    let folder = project("elsewhere");
    let args = [
        "local",
        "--port",
        "0",
        "--no-reload",
        "--s3-endpoint",
        "http://127.0.0.1:9000",
    ];
    let environment = |local: &Local, name: &str| ask(local.port, "GET", &format!("/env/{name}")).1;
    let local = Local::start(folder.path(), &args);
    assert!(
        local
            .log()
            .contains("using S3 at http://127.0.0.1:9000 (external)"),
        "{}",
        local.log()
    );
    assert_eq!(
        environment(&local, "AWS_ENDPOINT_URL_S3"),
        "http://127.0.0.1:9000"
    );
    assert_eq!(environment(&local, "AWS_SESSION_TOKEN"), "local");
    drop(local);

    let mut command = cli(folder.path(), &args);
    command
        .env("AWS_ACCESS_KEY_ID", "minio")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    let local = Local::run(command, "http://localhost:");
    assert_eq!(environment(&local, "AWS_ACCESS_KEY_ID"), "minio");
    assert_eq!(environment(&local, "AWS_SECRET_ACCESS_KEY"), "secret");
    assert_eq!(
        environment(&local, "AWS_SESSION_TOKEN"),
        "",
        "the local one is not for those keys"
    );
}

#[test]
fn aws_means_the_developers_own_credentials_and_services() {
    let folder = project("real");
    let args = ["local", "--port", "0", "--no-reload", "--aws"];
    let command = || {
        let mut command = cli(folder.path(), &args);
        command
            .env("AWS_CONFIG_FILE", folder.path().join("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", folder.path().join("none"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "eu-west-3");
        command
    };
    let output = command().output().expect("the CLI");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(77), "{stderr}");
    assert!(stderr.contains("no AWS credentials were found"), "{stderr}");

    let mut with_keys = command();
    with_keys
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret");
    let local = Local::run(with_keys, "http://localhost:");
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", ""),
        ("AWS_REGION", "eu-west-3"),
        ("AWS_ENDPOINT_URL_S3", ""),
    ] {
        let seen = ask(local.port, "GET", &format!("/env/{name}"));
        assert_eq!(seen, (200, value.to_owned()), "{name}");
    }
    let log = local.log();
    assert!(log.contains("reads and writes real data"), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[cfg(target_os = "linux")]
#[test]
fn another_address_is_listened_on_or_told_to_be_none_of_this_machines() {
    let folder = project("addressed");
    let args = ["local", "--port", "0", "--no-reload", "--host", "127.0.0.2"];
    let local = Local::run(cli(folder.path(), &args), "http://127.0.0.2:");
    assert!(TcpStream::connect(("127.0.0.2", local.port)).is_ok());
    assert!(TcpStream::connect(("127.0.0.1", local.port)).is_err());
    // TEST-NET-3, which no machine has (RFC 5737).
    let output = cli(folder.path(), &["local", "--host", "203.0.113.7"])
        .output()
        .expect("the CLI");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "{stderr}");
    assert!(
        stderr.contains("203.0.113.7") && stderr.contains("leave out `--host`"),
        "{stderr}"
    );
}

#[test]
fn the_release_build_is_served_from_a_folder_of_its_own_and_leaves_none() {
    let folder = project("released");
    fs::write(folder.path().join("src/version.txt"), "7").expect("a source");
    let local = Local::start(
        folder.path(),
        &["local", "--release", "--port", "0", "--no-reload"],
    );
    assert_eq!(ask(local.port, "GET", "/version"), (200, "7".to_owned()));
    let built = folder.path().join("target/release");
    assert!(built.join("released").exists());
    assert!(!folder.path().join("target/debug").exists());
    let snapshots = || {
        let entries = fs::read_dir(&built)
            .expect("the builds")
            .filter_map(Result::ok);
        entries
            .filter(|entry| {
                entry
                    .file_name()
                    .to_string_lossy()
                    .starts_with(".fw-local-")
            })
            .count()
    };
    assert_eq!(snapshots(), 1);
    drop(local);
    assert_eq!(snapshots(), 0);
}

#[test]
fn what_a_killed_server_left_is_swept_by_the_next() {
    let folder = project("swept");
    let args = ["local", "--port", "0", "--no-reload"];
    let mut killed = Local::start(folder.path(), &args);
    signal("KILL", killed.id());
    killed.wait();
    let snapshots = || {
        let entries = fs::read_dir(folder.path().join("target/debug")).expect("the builds");
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names
            .filter(|name| name.starts_with(".fw-local-"))
            .collect::<Vec<_>>()
    };
    let left = snapshots();
    assert_eq!(left.len(), 1);
    let next = Local::start(folder.path(), &args);
    assert_eq!(ask(next.port, "GET", "/version").0, 200);
    assert!(!snapshots().contains(&left[0]));
}
