//! `cargo fw local` under saves: the real binary, a real project, real builds.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    doors_support::{app, serve},
    local_support::{Local, ask, cli, project},
};

/// How long a build may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(120);

fn save(folder: &Path, version: &str) {
    fs::write(folder.join("src/version.txt"), version).expect("a save");
}

/// Asks until the answer is the wanted one.
fn wait_for(local: &Local, wanted: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let (status, body) = ask(local.port, "GET", "/version");
        assert_eq!(status, 200, "{body}\n{}", local.log());
        if body == wanted {
            return;
        }
        assert!(
            Instant::now() < end,
            "still {body}, not {wanted}\n{}",
            local.log()
        );
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn ten_saves_refuse_no_request_and_the_last_one_answers() {
    let folder = project("saves");
    save(folder.path(), "0");
    let local = Local::start(folder.path(), &["local", "--port", "0"]);
    wait_for(&local, "0");

    let done = Arc::new(AtomicBool::new(false));
    let client = thread::spawn({
        let (done, port) = (Arc::clone(&done), local.port);
        move || {
            let mut asked = 0;
            while !done.load(Ordering::Relaxed) {
                // A connection for each, so that a refused one would be seen.
                let (status, body) = ask(port, "GET", "/version");
                assert_eq!(status, 200, "{body}");
                asked += 1;
            }
            asked
        }
    });
    for version in 1..=10 {
        save(folder.path(), &version.to_string());
        wait_for(&local, &version.to_string());
    }
    done.store(true, Ordering::Relaxed);
    let asked = client.join().expect("no request was refused");
    assert!(asked > 10, "the client asked {asked} times");
    assert_eq!(
        local.log().matches("Reloaded").count(),
        10,
        "{}",
        local.log()
    );
}

#[test]
fn a_build_that_fails_leaves_the_old_one_serving_and_shows_why() {
    let folder = project("mistake");
    save(folder.path(), "0");
    let local = Local::start(folder.path(), &["local", "--port", "0"]);
    wait_for(&local, "0");

    let main = folder.path().join("src/main.rs");
    let good = fs::read_to_string(&main).expect("the source");
    fs::write(
        &main,
        format!("{good}\nfn mistake() -> u8 {{ \"text\" }}\n"),
    )
    .expect("a save");
    local.wait_for_line("the old build keeps serving");
    assert!(local.log().contains("mismatched types"), "{}", local.log());
    assert_eq!(ask(local.port, "GET", "/version"), (200, "0".to_owned()));

    fs::write(&main, good).expect("a save");
    save(folder.path(), "1");
    wait_for(&local, "1");
}

#[test]
fn new_settings_are_served_without_a_build() {
    let folder = project("settings");
    save(folder.path(), "0");
    let local = Local::start(folder.path(), &["local", "--port", "0"]);
    wait_for(&local, "0");

    fs::write(
        folder.path().join("fw.toml"),
        "[environment]\nADDED = \"later\"\n",
    )
    .expect("a save");
    local.wait_for_line("Reloaded");
    assert_eq!(
        ask(local.port, "GET", "/env/ADDED"),
        (200, "later".to_owned())
    );

    fs::write(folder.path().join("fw.toml"), "memry = 1\n").expect("a save");
    local.wait_for_line("did you mean `memory`?");
    assert_eq!(
        ask(local.port, "GET", "/env/ADDED"),
        (200, "later".to_owned())
    );
}

/// Waits until it has been reloaded so often.
fn wait_for_reloads(local: &Local, count: usize) {
    let end = Instant::now() + PATIENCE;
    while local.log().matches("Reloaded").count() < count {
        assert!(Instant::now() < end, "no reload {count}\n{}", local.log());
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_callers_have_used_up_outlives_new_code_and_not_new_settings() {
    let folder = project("throttled");
    save(folder.path(), "0");
    let settings = |burst: u32| {
        let text = format!("[throttle]\nrate = 0.001\nburst = {burst}\n");
        fs::write(folder.path().join("fw.toml"), text).expect("settings");
    };
    settings(1);
    let local = Local::start(folder.path(), &["local", "--port", "0"]);
    let ask = || ask(local.port, "GET", "/version").0;
    assert_eq!([ask(), ask()], [200, 429]);
    save(folder.path(), "1");
    wait_for_reloads(&local, 1);
    assert_eq!(ask(), 429, "another build behind the same door");
    settings(2);
    wait_for_reloads(&local, 2);
    assert_eq!([ask(), ask(), ask()], [200, 200, 429], "another door");
}

#[test]
fn an_executable_is_served_anew_with_its_settings() {
    let route = |path: &str| json!([{ "method": "GET", "path": path }]);
    let folder = app("", &route("/old"));
    let local = serve(&folder, &[]);
    assert_eq!(ask(local.port, "GET", "/old").0, 200);
    fs::write(folder.path().join("fw.toml"), "stage_name = \"v1\"\n").expect("a save");
    wait_for_reloads(&local, 1);
    assert_eq!(ask(local.port, "GET", "/v1/old").0, 200);
    // A build in its place, with another manifest.
    let other = app("", &route("/new"));
    fs::copy(
        other.path().join("manifest.json"),
        folder.path().join("manifest.json"),
    )
    .expect("a manifest");
    let (new, place) = (folder.path().join("new"), folder.path().join("bootstrap"));
    fs::copy(&place, &new).expect("a build");
    fs::rename(&new, &place).expect("a build in its place");
    wait_for_reloads(&local, 2);
    assert_eq!(ask(local.port, "GET", "/v1/new").0, 200);
    fs::write(folder.path().join("fw.toml"), "memry = 1\n").expect("a save");
    local.wait_for_line("did you mean `memory`?");
    assert_eq!(ask(local.port, "GET", "/v1/new").0, 200);
}

/// Saves a file of the project, and its folders.
fn put(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a save");
}

#[test]
fn a_file_that_the_build_does_not_read_starts_none() {
    let folder = project("unread");
    let root = folder.path();
    save(root, "0");
    put(root, ".gitignore", "/dist\n*.tmp\n");
    let local = Local::start(root, &["local", "--port", "0", "-v"]);
    wait_for(&local, "0");
    for (index, path) in [
        "README.md",
        "local.log",
        "tests/it.rs",
        "benches/b.rs",
        "dist/app.rs",
        "src/notes.tmp",
        "src/unused.rs",
        "new/folder/x.txt",
        "fw.toml.bak",
        "src/main.rs~",
        ".env",
        "node_modules/x/index.js",
    ]
    .iter()
    .enumerate()
    {
        put(root, path, "1");
        if index % 4 == 3 {
            // What is read, after each few: an event of theirs has come by then.
            save(root, &index.to_string());
            wait_for(&local, &index.to_string());
        }
        put(root, path, "2");
        fs::remove_file(root.join(path)).expect("a file");
    }
    save(root, "end");
    wait_for(&local, "end");
    let log = local.log();
    let changed = log.lines().filter(|line| line.contains("changed: "));
    let (of_source, others): (Vec<_>, Vec<_>) =
        changed.partition(|line| line.ends_with("changed: src/version.txt"));
    assert_eq!((of_source.len() >= 4, others.len()), (true, 0), "{log}");
}

#[test]
fn a_file_that_the_build_reads_starts_one_wherever_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = project("reads");
    let root = folder.path().join("app");
    let moved = fs::rename(app.path(), &root);
    moved.expect("the project moved");
    save(&root, "0");
    put(folder.path(), "beside/far.txt", "far0");
    put(&root, "data/one.txt", "one0");
    put(
        &root,
        "build.rs",
        "fn main() { println!(\"cargo::rerun-if-changed=data\"); let one = std::fs::read_to_string(\"data/one.txt\").unwrap(); println!(\"cargo::rustc-env=ONE={one}\"); }",
    );
    let main = fs::read_to_string(root.join("src/main.rs")).expect("the source");
    let reads = "concat!(include_str!(\"version.txt\"), \" \", env!(\"ONE\"), \" \", include_str!(\"../../beside/far.txt\"))";
    put(
        &root,
        "src/main.rs",
        &main.replace("include_str!(\"version.txt\")", reads),
    );
    let local = Local::start(&root, &["local", "--port", "0"]);
    wait_for(&local, "0 one0 far0");
    put(&root, "data/one.txt", "one1");
    wait_for(&local, "0 one1 far0");
    put(folder.path(), "beside/far.txt", "far1");
    wait_for(&local, "0 one1 far1");
    // A module of which the build learns by a file that it reads.
    put(&root, "src/new.rs", "pub const NEW: &str = \"new\";");
    let more = reads.replace(
        "include_str!(\"version.txt\")",
        "\"new\", \" \", include_str!(\"version.txt\")",
    );
    put(
        &root,
        "src/main.rs",
        &format!(
            "mod new;\n{}",
            main.replace(
                "include_str!(\"version.txt\").to_owned()",
                &format!("format!(\"{{}}{{}}\", new::NEW, {more})")
            )
        ),
    );
    wait_for(&local, "newnew 0 one1 far1");
    put(&root, "src/new.rs", "pub const NEW: &str = \"newer\";");
    wait_for(&local, "newernew 0 one1 far1");
}

#[test]
fn what_a_build_lacks_starts_one_when_it_comes() {
    let folder = project("lacks");
    let root = folder.path();
    save(root, "0");
    let main = fs::read_to_string(root.join("src/main.rs")).expect("the source");
    let reads = main.replace("version.txt", "text/late.txt");
    let local = Local::start(root, &["local", "--port", "0"]);
    let failures = |count: usize| {
        let end = Instant::now() + PATIENCE;
        while local.log().matches("the old build keeps serving").count() < count {
            assert!(Instant::now() < end, "no failure {count}\n{}", local.log());
            thread::sleep(Duration::from_millis(5));
        }
    };
    put(root, "src/main.rs", &reads);
    failures(1);
    put(root, "src/text/late.txt", "late");
    wait_for(&local, "late");
    fs::remove_file(root.join("src/main.rs")).expect("a file");
    failures(2);
    put(root, "src/text/late.txt", "later");
    put(root, "src/main.rs", &reads);
    wait_for(&local, "later");
    // Written beside it and renamed, as many tools save.
    put(root, "src/sedX17IH", "last");
    fs::rename(root.join("src/sedX17IH"), root.join("src/text/late.txt")).expect("a save");
    wait_for(&local, "last");
    let end = Instant::now() + PATIENCE;
    while !local
        .log()
        .lines()
        .any(|line| line.contains("Reloaded src/text/late.txt (built"))
    {
        assert!(Instant::now() < end, "{}", local.log());
        thread::sleep(Duration::from_millis(5));
    }
    assert!(!local.log().contains("sedX17IH"), "{}", local.log());
}

#[test]
fn a_log_in_the_project_starts_no_build_even_after_one_that_failed() {
    let folder = project("logs");
    let root = folder.path();
    save(root, "0");
    let main = fs::read_to_string(root.join("src/main.rs")).expect("the source");
    put(root, "src/main.rs", &format!("{main}\nmistake"));
    // A build script that does not say what it reads: cargo itself takes the log for an input.
    put(root, "build.rs", "fn main() {}");
    let log = fs::File::create(root.join("local.log")).expect("a log");
    let mut command = cli(root, &["local", "--port", "0"]);
    let mut child = command.stderr(log).spawn().expect("the CLI");
    let wait = |wanted: &str| {
        let end = Instant::now() + PATIENCE;
        loop {
            let log = fs::read_to_string(root.join("local.log")).expect("the log");
            if log.contains(wanted) {
                return log;
            }
            assert!(Instant::now() < end, "{log}");
            thread::sleep(Duration::from_millis(5));
        }
    };
    wait("waiting for the next save");
    put(root, "src/main.rs", &main);
    wait("http://localhost:");
    save(root, "1");
    let log = wait("Reloaded src/version.txt");
    let ended = std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status();
    assert!(ended.is_ok_and(|status| status.success()));
    child.wait().expect("its end");
    assert_eq!(log.matches("Compiling logs").count(), 3, "{log}");
}
