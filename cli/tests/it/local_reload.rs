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
    local_support::{Local, ask, project},
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
    local.wait_for_line("the old build goes on serving");
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
