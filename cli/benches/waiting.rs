//! How long a developer waits: from a clean clone to the first answer, from a save to the new code's answer, and a cold start of
//! the S3 example.
//!
//! ```console
//! $ cargo fetch && cargo bench --profile cli -p cargo-fw --bench waiting
//! $ cargo bench --profile cli -p cargo-fw --bench waiting -- --check    # fails where a limit is missed
//! ```
//!
//! It clones the repository's last commit to `target/bench/clone`, which has a target folder of its own: the first part is one cold
//! build, of minutes. `-- --keep` keeps the clone of the run before, and leaves that part out. Edits are made in the clone.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use support::{Limits, Result, cargo, median, root};

const EDITS: usize = 5;
const SPAWNS: usize = 60;

fn main() -> Result<()> {
    let keep = std::env::args().any(|argument| argument == "--keep");
    let root = root()?;
    let clone = root.join("target/bench/clone");
    let mut limits = Limits::default();
    if !keep && clone.exists() {
        std::fs::remove_dir_all(&clone)?;
    }
    if !clone.exists() {
        std::fs::create_dir_all(root.join("target/bench"))?;
        let status = Command::new("git")
            .args(["clone", "--quiet"])
            .args([&root, &clone])
            .status()?;
        if !status.success() {
            return Err("git clone failed".into());
        }
    }
    let start = Instant::now();
    let mut local = Local::start(&clone)?;
    local.until(ASKED)?;
    let seconds = start.elapsed().as_secs_f64();
    if keep {
        println!("built before: first answer after {seconds:.1} s");
    } else {
        println!("clean clone to the first answer: {seconds:.1} s");
        limits.expect(seconds <= 360.0, "6 minutes from a clean clone");
    }
    edits(&clone, &mut local, &mut limits)?;
    drop(local);
    cold_starts(&root, &mut limits)?;
    limits.conclude()
}

/// The words of the S3 example's source that answer a `GET /`.
const ASKED: &str = "then GET it";

/// Saves, each of which changes the answer.
fn edits(clone: &Path, local: &mut Local, limits: &mut Limits) -> Result<()> {
    let source = clone.join("examples/s3test/src/main.rs");
    let text = std::fs::read_to_string(&source)?;
    if !text.contains(ASKED) {
        return Err(format!("{} does not say `{ASKED}`", source.display()).into());
    }
    println!(
        "\n{:>10}{:>14}{:>12}{:>12}",
        "edit", "to answer, s", "cargo, s", "rest, ms"
    );
    let mut figures = Vec::new();
    for number in 0..EDITS {
        let new = format!("{ASKED} ({number})");
        let start = Instant::now();
        std::fs::write(&source, text.replace(ASKED, &new))?;
        local.until(&new)?;
        let total = start.elapsed().as_secs_f64();
        let built = local.built()?;
        let rest = (total - built) * 1e3;
        println!("{number:>10}{total:>14.2}{built:>12.2}{rest:>12.0}");
        figures.push((built, rest));
    }
    std::fs::write(&source, text)?;
    let built = median(figures.clone(), |figures| figures.0)
        .unwrap_or_default()
        .0;
    let rest = median(figures, |figures| figures.1).unwrap_or_default().1;
    println!("{:>10}{:>26.2}{rest:>12.0}", "median", built);
    limits.expect(built <= 3.0, "an incremental build of 3 s");
    limits.expect(
        rest <= 100.0,
        "100 ms between the build and the new answer, the save included",
    );
    Ok(())
}

/// `cargo fw local -p s3test` in the clone.
struct Local {
    child: Child,
    address: SocketAddr,
    /// How long the builds took, as they are reported.
    builds: mpsc::Receiver<f64>,
}

impl Drop for Local {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        // What is already gone needs no ending.
        let _ = Command::new("kill")
            .args(["-TERM", "--", &group])
            .stderr(Stdio::null())
            .status();
        let _ = self.child.wait();
    }
}

impl Local {
    fn start(clone: &Path) -> Result<Self> {
        let mut child = Command::new(env!("CARGO"))
            .args(["fw", "local", "-p", "s3test", "--port", "0"])
            .current_dir(clone)
            .env_remove("CARGO_TARGET_DIR")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().ok_or("no stderr")?;
        let (ports, port) = mpsc::channel();
        let (told, builds) = mpsc::channel();
        thread::spawn(move || read(stderr, &ports, &told));
        let mut local = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            builds,
        };
        // Dropping `local` ends it where it does not tell its port.
        let port = port.recv().map_err(|_| "`cargo fw local` ended")?;
        local.address.set_port(port);
        Ok(local)
    }

    /// Asks until the answer holds these words.
    fn until(&mut self, words: &str) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(900);
        while Instant::now() < end {
            if get(self.address).is_ok_and(|answer| answer.contains(words)) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
        Err(format!("no answer says `{words}`").into())
    }

    /// What the last build took, in seconds.
    fn built(&self) -> Result<f64> {
        Ok(self.builds.recv_timeout(Duration::from_secs(10))?)
    }
}

/// Reads what `cargo fw local` tells: its port, and `(built in 1.23 s, …`.
fn read(stderr: ChildStderr, ports: &mpsc::Sender<u16>, builds: &mpsc::Sender<f64>) {
    for line in BufReader::new(stderr)
        .lines()
        .map_while(std::io::Result::ok)
    {
        let port = line.trim().strip_prefix("http://localhost:");
        if let Some(port) = port.and_then(|port| port.parse().ok()) {
            // Nobody waits for a second one.
            let _ = ports.send(port);
        }
        let seconds = line
            .split_once("built in ")
            .and_then(|(_, rest)| rest.split_once(" s"));
        if let Some(seconds) = seconds.and_then(|(seconds, _)| seconds.parse().ok()) {
            let _ = builds.send(seconds);
        }
    }
}

/// The answer to a `GET /`.
fn get(address: SocketAddr) -> Result<String> {
    use std::io::Write as _;

    let mut stream = std::net::TcpStream::connect(address)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The release build of the S3 example, from its spawn to its first call of `/next`.
fn cold_starts(root: &Path, limits: &mut Limits) -> Result<()> {
    cargo(root, &["build", "--release", "--package", "s3test"])?;
    let mut times = Vec::new();
    for _ in 0..SPAWNS {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let mut command = Command::new(root.join("target/release/s3test"));
        command
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "s3test")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("BUCKET", "documents")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let start = Instant::now();
        let mut child = command.spawn()?;
        let (mut stream, _) = listener.accept()?;
        let read = stream.read(&mut [0; 1024]);
        let took = start.elapsed().as_secs_f64() * 1e3;
        child.kill()?;
        child.wait()?;
        if read? == 0 {
            return Err("the S3 example closed its connection".into());
        }
        times.push(took);
    }
    let p50 = median(times.clone(), |time| *time).unwrap_or_default();
    let least = times.iter().copied().fold(f64::MAX, f64::min);
    println!(
        "\nS3 example, spawn to its first /next: p50 {p50:.1} ms, least {least:.1} ms, {SPAWNS} spawns"
    );
    limits.expect(p50 <= 4.0, "a cold start of 4 ms");
    Ok(())
}
