//! An app with authorizers, served by `cargo fw local --bootstrap`, and a client that shows whole answers.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::{SystemTime, UNIX_EPOCH},
};

use ring::hmac;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::local_support::Local;

/// The bootstrap, compiled on first use.
fn bootstrap() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_folder, path) = BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bootstrap");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/guarded.rs");
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

/// A folder with the bootstrap, its manifest and settings.
pub(crate) fn app(settings: &str, routes: &Value) -> TempDir {
    let authorizers = json!([
        { "name": "simple", "identity": ["$request.header.x-key"], "ttl": 0 },
        { "name": "kept", "identity": ["$request.header.x-key"], "ttl": 300, "simple": false },
        { "name": "policy", "identity": ["$request.header.x-key"], "ttl": 0, "simple": false, "payload_format": "1.0" },
    ]);
    app_with(settings, routes, &authorizers)
}

/// The same with those authorizers.
pub(crate) fn app_with(settings: &str, routes: &Value, authorizers: &Value) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(bootstrap(), folder.path().join("bootstrap")).expect("a copy");
    let manifest =
        json!({ "schema": 1, "app": "guarded", "routes": routes, "authorizers": authorizers });
    fs::write(folder.path().join("manifest.json"), manifest.to_string()).expect("a manifest");
    fs::write(folder.path().join("fw.toml"), settings).expect("settings");
    folder
}

/// A route that asks for that.
pub(crate) fn guarded(path: &str, by: &Value) -> Value {
    json!({ "method": "GET", "path": path, "authorization": by })
}

/// Serves it.
pub(crate) fn serve(folder: &TempDir, more: &[&str]) -> Local {
    let mut args = vec!["local", "--port", "0", "--bootstrap", "bootstrap"];
    args.extend(more);
    Local::start(folder.path(), &args)
}

/// What a request was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// A header's value; nothing where it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }

    /// The body, which the app made of its event.
    pub(crate) fn event(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// One request on a connection of its own.
pub(crate) fn call(
    port: u16,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("host"))
    {
        request.push_str("host: localhost\r\n");
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream
        .write_all(request.as_bytes())
        .expect("a request sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.expect("a status"),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// GET with those headers.
pub(crate) fn get(port: u16, target: &str, headers: &[(&str, &str)]) -> Answer {
    call(port, "GET", target, headers, "")
}

/// The headers of a GET without a query that is signed with that secret (IAM user guide, "Create a signed AWS API request").
pub(crate) fn sign(
    port: u16,
    path: &str,
    service: &str,
    secret: &str,
) -> Vec<(&'static str, String)> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a time")
        .as_secs();
    let time = basic_time(now);
    let day = &time[..8];
    let host = format!("localhost:{port}");
    let empty = hex(&Sha256::digest(b""));
    let canonical = format!(
        "GET\n{path}\n\nhost:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{time}\n\nhost;x-amz-content-sha256;x-amz-date\n{empty}"
    );
    let scope = format!("{day}/us-east-1/{service}/aws4_request");
    let text = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in [day, "us-east-1", service, "aws4_request", &text] {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes())
            .as_ref()
            .to_vec();
    }
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIALOCALFW000000000/{scope}, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={}",
        hex(&key)
    );
    vec![
        ("host", host),
        ("x-amz-date", time),
        ("x-amz-content-sha256", empty),
        ("authorization", authorization),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `20261122T120000Z`.
fn basic_time(epoch: u64) -> String {
    let time = jiff::Timestamp::from_second(i64::try_from(epoch).expect("a time")).expect("a time");
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Borrowed, as [`call`] takes them.
pub(crate) fn borrowed<'h>(headers: &'h [(&'static str, String)]) -> Vec<(&'h str, &'h str)> {
    headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}
