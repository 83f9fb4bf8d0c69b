//! Tests of the local server with real processes: a bootstrap of a few lines, compiled once.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};

use bytes::Bytes;
use fw_manifest::{Manifest, ManifestRoute};
use fw_port_guard::Hosts;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};

use super::{
    authorizers::Keyring,
    generation::{Generation, Source},
    logs::Logs,
    pool::{Limits, Outcome, Pool},
    server::{Patience, Server},
};
use crate::{
    process::environment::Function, settings::Settings, values::credentials::LocalCredentials,
};

mod conformance;
mod front;
mod hostile;
mod http;
mod lifetime;
mod parts;
mod processes;
mod properties;
mod spelling;
mod streaming;

/// The test's bootstrap, compiled on first use.
fn bootstrap() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| compiled("bootstrap.rs"))
}

/// A bootstrap of that source, compiled on first use.
fn compiled(source: &str) -> PathBuf {
    static FOLDER: OnceLock<(tempfile::TempDir, Mutex<()>)> = OnceLock::new();
    let (folder, compiling) =
        FOLDER.get_or_init(|| (tempfile::tempdir().expect("a folder"), Mutex::default()));
    let _alone = compiling.lock().expect("the compiler");
    let path = folder.path().join(source.trim_end_matches(".rs"));
    if !path.exists() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let status = std::process::Command::new(rustc)
            .args(["--edition", "2024", "-o"])
            .arg(&path)
            .arg(fixtures.join(source))
            .status()
            .expect("rustc");
        assert!(status.success(), "the bootstrap compiles");
    }
    path
}

fn function() -> Function {
    Function {
        name: "test-dev".to_owned(),
        handler: "bootstrap".to_owned(),
        memory_mb: 128,
        timeout_seconds: 30,
        bootstrap: bootstrap().to_owned(),
        directory: std::env::temp_dir(),
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
        strict: false,
        traces: false,
        asynchronous: None,
        credentials: LocalCredentials::well_known(),
        environment: Vec::new(),
    }
}

/// A log that can be read.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn logs(&self) -> Logs {
        let lines = Arc::clone(&self.0);
        Logs::to(false, true, move |text| {
            let mut lines = lines.lock().expect("the lines");
            lines.extend(text.split('\n').map(str::to_owned));
        })
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().expect("the lines").clone()
    }

    fn position(&self, part: &str) -> usize {
        let all = self.all();
        all.iter()
            .position(|line| line.contains(part))
            .unwrap_or_else(|| panic!("no line with `{part}` in {all:#?}"))
    }
}

/// A pool, its log, and what closes it.
struct Fixture {
    pool: Pool,
    lines: Lines,
    logs: Logs,
}

impl Fixture {
    fn new(change: impl FnOnce(&mut Function)) -> Self {
        let limits = Limits {
            // The machine may be busy, and no test shall depend on that.
            patience: Duration::from_secs(2),
            ..Limits::default()
        };
        Self::with(limits, change)
    }

    fn with(limits: Limits, change: impl FnOnce(&mut Function)) -> Self {
        let mut function = function();
        change(&mut function);
        let lines = Lines::default();
        let logs = lines.logs();
        Self {
            pool: Pool::new(function, limits, logs.clone()),
            lines,
            logs,
        }
    }

    async fn invoke(&self, what: &str) -> Outcome {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let id = format!("00000000-0000-4000-8000-{count:012}");
        let event = Bytes::from(json!(format!("do:{what}")).to_string());
        self.pool
            .invoke(id, "Root=1-0-0;Parent=0;Sampled=0".to_owned(), event)
            .await
    }

    /// The result of an invocation that must go well.
    async fn result(&self, what: &str) -> Value {
        match self.invoke(what).await {
            Outcome::Payload(payload) => serde_json::from_slice(&payload).expect("JSON"),
            other => panic!("`{what}` gave {other:?}; log: {:#?}", self.lines.all()),
        }
    }

    /// The error document of an invocation that must fail.
    async fn error(&self, what: &str) -> Value {
        match self.invoke(what).await {
            Outcome::FunctionError(document) => serde_json::from_slice(&document).expect("JSON"),
            other => panic!("`{what}` gave {other:?}; log: {:#?}", self.lines.all()),
        }
    }
}

fn is_alive(process: &Value) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The state stands after the name in parentheses; a zombie has only to be reaped by whoever is its parent now.
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

/// Waits until it is so; the test's own time limit ends a wait in vain.
async fn eventually(mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "waited in vain"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
