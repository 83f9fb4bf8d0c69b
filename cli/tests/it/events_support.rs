//! An app with sources, served by `cargo fw local --bootstrap`, and what its functions got.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::local_support::{Local, cli};

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The bootstrap, compiled on first use.
fn bootstrap() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_folder, path) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bootstrap");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sources.rs");
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let status = Command::new(rustc)
            .args(["--edition", "2024", "-o"])
            .arg(&path)
            .arg(source)
            .status()
            .expect("rustc");
        assert!(status.success(), "the bootstrap compiles");
        (folder, path)
    });
    path
}

/// The app `shop`: the bootstrap, settings, and a manifest with those sources.
pub(crate) fn app(settings: &str, sources: &Value) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("fw.toml"), settings).expect("settings");
    build(folder.path(), sources);
    folder
}

/// A new build of the app, with those sources.
pub(crate) fn build(folder: &Path, sources: &Value) {
    let routes = json!([{ "method": "GET", "path": "/send/{text}" }, { "method": "GET", "path": "/env/{name}" }]);
    let mut manifest = json!({ "schema": 2, "app": "shop", "routes": routes, "sources": sources });
    if sources.as_array().is_some_and(Vec::is_empty) {
        manifest["schema"] = 1.into();
    }
    fs::write(folder.join("manifest.json"), manifest.to_string()).expect("a manifest");
    // In the place of the one before, which may run.
    fs::copy(bootstrap(), folder.join("next")).expect("a copy");
    fs::rename(folder.join("next"), folder.join("bootstrap")).expect("a bootstrap");
}

/// A source of that name and event.
pub(crate) fn source(name: &str, event: &Value) -> Value {
    json!({ "name": name, "handler": format!("shop::{name}"), "event": event })
}

/// Serves the app.
pub(crate) fn serve(folder: &TempDir, more: &[&str]) -> Local {
    let mut args = vec!["local", "--port", "0", "--bootstrap", "bootstrap"];
    args.extend(more);
    Local::start(folder.path(), &args)
}

/// The port of the services.
pub(crate) fn services_port(local: &Local) -> u16 {
    let line = local.wait_for_line("EventBridge and Scheduler at http://127.0.0.1:");
    let port = line.rsplit("127.0.0.1:").next();
    port.and_then(|port| port.split(';').next()?.parse().ok())
        .expect("a port")
}

/// Waits until the function has got so many events, and gives them.
pub(crate) fn received(folder: &TempDir, function: &str, count: usize) -> Vec<Event> {
    received_with(folder, function, "", count)
}

/// The same for events with that text in them.
pub(crate) fn received_with(
    folder: &TempDir,
    function: &str,
    text: &str,
    count: usize,
) -> Vec<Event> {
    let end = Instant::now() + PATIENCE;
    loop {
        let all = fs::read_to_string(folder.path().join(function)).unwrap_or_default();
        // What is being written has no end yet.
        let whole = all.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let lines = whole.lines().filter(|line| line.contains(text));
        let events: Vec<_> = lines.map(Event::read).collect();
        if events.len() >= count {
            return events;
        }
        assert!(
            Instant::now() < end,
            "{function} got {}:\n{all}",
            events.len()
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// What a function got.
#[derive(Debug)]
pub(crate) struct Event {
    /// The process that got it.
    pub(crate) process: u32,
    /// The event.
    pub(crate) document: Value,
}

impl Event {
    fn read(line: &str) -> Self {
        let (process, document) = line.split_once(' ').expect("two words");
        Self {
            process: process.parse().expect("a process"),
            document: serde_json::from_str(document).expect("JSON"),
        }
    }
}

/// Runs a command against the running server: the exit code, and both streams.
pub(crate) fn command(folder: &TempDir, args: &[&str]) -> (Option<i32>, String, String) {
    let args = [args, &["--bootstrap", "bootstrap"]].concat();
    let output = cli(folder.path(), &args).output().expect("the CLI");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The same for a command that must succeed: its standard output.
pub(crate) fn done(folder: &TempDir, args: &[&str]) -> String {
    let (code, stdout, stderr) = command(folder, args);
    assert_eq!(code, Some(0), "{args:?}: {stderr}");
    stdout
}
