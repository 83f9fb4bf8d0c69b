//! A small project without dependencies, and `cargo fw local` serving it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How long anything may take that is waited for: first builds on a busy machine, above all.
const PATIENCE: Duration = Duration::from_secs(90);

/// A bootstrap by hand: prints its manifest, polls the Runtime API, answers with `src/version.txt` or a variable.
const MAIN: &str = r##"
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

fn main() {
    if std::env::var_os("FW_MANIFEST").is_some() {
        println!("{}", r#"{"schema":1,"app":"saves","routes":[{"method":"GET","path":"/version","handler":"saves::version","source":{"file":"src/main.rs","line":7}},{"method":"GET","path":"/env/{name}"}]}"#);
        return;
    }
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap();
    let stream = TcpStream::connect(&api).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    loop {
        let (head, event) = call(&mut stream, &format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: {api}\r\n\r\n"));
        let id = head.lines().find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("lambda-runtime-aws-request-id")));
        let id = id.unwrap().1.to_owned();
        let body = match event.split_once(r#""pathParameters":{"name":""#) {
            Some((_, rest)) => std::env::var(rest.split('"').next().unwrap()).unwrap_or_default(),
            None => include_str!("version.txt").to_owned(),
        };
        let answer = format!(r#"{{"statusCode":200,"body":"{body}"}}"#);
        call(&mut stream, &format!("POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: {api}\r\nContent-Length: {}\r\n\r\n{answer}", answer.len()));
    }
}

fn call(stream: &mut BufReader<TcpStream>, request: &str) -> (String, String) {
    stream.get_mut().write_all(request.as_bytes()).unwrap();
    let mut head = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let length = head.lines().find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("content-length")));
    let mut body = vec![0; length.map_or(0, |(_, value)| value.trim().parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}
"##;

/// A new project of that name.
pub(crate) fn project(name: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n"
    );
    fs::write(folder.path().join("Cargo.toml"), manifest).expect("a manifest");
    fs::write(folder.path().join("src/main.rs"), MAIN).expect("a source");
    fs::write(folder.path().join("src/version.txt"), "").expect("a source");
    folder
}

/// Runs the command with that on its standard input: the exit code, and both streams.
pub(crate) fn run(folder: &Path, args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = cli(folder, args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the CLI");
    let mut stdin = child.stdin.take().expect("its standard input");
    // It may end without reading.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("its end");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

/// The CLI, to be run in that folder without anything of the developer's own settings.
pub(crate) fn cli(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-fw"));
    command
        .arg("fw")
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("AWS_") || name.starts_with("FW_") || name.starts_with("CARGO_TARGET") {
            command.env_remove(&*name);
        }
    }
    command
}

/// A running `cargo fw local`; it ends with this value.
pub(crate) struct Local {
    child: Child,
    pub(crate) port: u16,
    log: Arc<Mutex<String>>,
}

impl Local {
    /// Starts it and waits for its URL.
    pub(crate) fn start(folder: &Path, args: &[&str]) -> Self {
        Self::run(cli(folder, args), "http://localhost:")
    }

    /// Starts that command and waits for its URL, which begins so and ends with the port.
    pub(crate) fn run(mut command: Command, url: &str) -> Self {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the CLI");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().expect("its standard error");
        thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    log.lock().expect("the log").push_str(&(line + "\n"));
                }
            }
        });
        let mut local = Self {
            child,
            port: 0,
            log,
        };
        // The line of its own; a hint has the URL in it, too.
        let line = local.wait_for(|line| line.trim_start().starts_with(url));
        local.port = line
            .rsplit(':')
            .next()
            .and_then(|rest| rest.split('/').next()?.trim().parse().ok())
            .expect("a port");
        local
    }

    /// What it has printed.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// Waits for a line with that in it, and gives it.
    pub(crate) fn wait_for_line(&self, wanted: &str) -> String {
        self.wait_for(|line| line.contains(wanted))
    }

    fn wait_for(&self, wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if let Some(line) = log.lines().find(|line| wanted(line)) {
                return line.to_owned();
            }
            assert!(Instant::now() < end, "no such line:\n{log}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("its end")
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        // SIGTERM, so that it ends its own processes; it may have ended already.
        let _ = Command::new("kill")
            .args(["-TERM", &self.id().to_string()])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.wait();
    }
}

/// One request on a connection of its own: the status and the body.
pub(crate) fn ask(port: u16, method: &str, target: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let request =
        format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream
        .write_all(request.as_bytes())
        .expect("a request sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {answer}"));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    (status, body.to_owned())
}
