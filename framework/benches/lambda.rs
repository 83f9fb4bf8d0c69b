//! What the framework costs on Lambda, beside `lambda_runtime` alone.
//!
//! ```console
//! $ cargo bench -p fw-lambda --bench lambda
//! ```
//!
//! Builds `framework/examples/hello.rs` and the baseline `bare.rs` beside it with the release profile, plays Lambda for both in turns (a
//! Runtime API on loopback, one connection, one invocation at a time), and prints for each, with the ratio to the baseline:
//!
//! - `size`: bytes of the stripped executable;
//! - `init`: from spawn to the first `next`, the median over [`SPAWNS`] spawns, in turns, so that a busy machine troubles both alike;
//! - `instructions`: per invocation, by callgrind: the difference of a run with many invocations and a run with few, so that the start
//!   does not count. They repeat nearly to the digit, unlike times; where valgrind is not installed they are left out.
//!
//! `--check` also fails the run where a ratio is over its limit. `--steady` leaves out what repeats only roughly, `init`: CI holds the rest.
//! Both programs are built with all features that the framework's tests need, so what a feature adds to an app that does not use it counts.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

use std::{
    error::Error,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const EVENT: &str = include_str!("../tests/events/hello.json");
const SPAWNS: usize = 40;

/// The limits of the ratios. Docs: `docs/benchmarks.md`.
const SIZE: f64 = 1.10;
const INIT: f64 = 1.05;
const INSTRUCTIONS: f64 = 0.60;

const FEW: usize = 100;
const MANY: usize = 600;

fn main() -> Result<()> {
    let has = |option: &str| std::env::args().any(|argument| argument == option);
    let (check, steady) = (has("--check"), has("--steady"));
    // The gateway sends it without spaces.
    let event = serde_json::from_str::<serde_json::Value>(EVENT)?.to_string();
    let bare = build(
        &["--package", "fw-lambda", "--example", "bare"],
        "examples/bare",
    )?;
    let ours = build(
        &["--package", "fw-lambda", "--example", "hello"],
        "examples/hello",
    )?;
    let binaries = [&bare, &ours];

    let sizes =
        binaries.map(|binary| std::fs::metadata(binary).map_or(f64::NAN, |file| file.len() as f64));

    let mut over = Vec::new();
    println!(
        "{:24} {:>12} {:>12} {:>7} {:>7}",
        "", "bare", "fw", "ratio", "limit"
    );
    let mut row = |what: &str, [bare, ours]: [f64; 2], limit: f64| {
        let ratio = ours / bare;
        println!("{what:24} {bare:>12.0} {ours:>12.0} {ratio:>7.3} {limit:>7.2}");
        if ratio > limit {
            over.push(what.to_owned());
        }
    };
    row("size, bytes", sizes, SIZE);
    if !steady {
        row("init, p50, µs", inits(&binaries)?, INIT);
    }
    if Command::new("valgrind").arg("--version").output().is_ok() {
        let mut counts = [0.0; 2];
        for (binary, count) in binaries.iter().zip(&mut counts) {
            let few = instructions(binary, &event, FEW)?;
            let many = instructions(binary, &event, MANY)?;
            *count = (many - few) as f64 / (MANY - FEW) as f64;
        }
        row("instructions/invocation", counts, INSTRUCTIONS);
    }
    if check && !over.is_empty() {
        return Err(format!("over the limit: {}", over.join("; ")).into());
    }
    Ok(())
}

/// The middle of the times from spawn to the first `next`, in µs.
fn inits(binaries: &[&PathBuf; 2]) -> Result<[f64; 2]> {
    let mut inits = [Vec::new(), Vec::new()];
    for _ in 0..SPAWNS {
        for (binary, times) in binaries.iter().zip(&mut inits) {
            times.push(Lambda::start(&mut Command::new(binary))?.init);
        }
    }
    Ok(inits.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e6
    }))
}

/// Builds an executable with the release profile and says where it is.
fn build(what: &[&str], path: &str) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").ok_or("run this with `cargo bench`")?;
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--release"])
        .args(what)
        .status()?;
    if !status.success() {
        return Err(format!("`cargo build --release {}` failed", what.join(" ")).into());
    }
    // This benchmark stands in `<target>/release/deps`.
    let executable = std::env::current_exe()?;
    let release = executable.ancestors().nth(2).ok_or("no target folder")?;
    Ok(release.join(path))
}

/// The instructions of a whole run with that many invocations.
fn instructions(binary: &Path, event: &str, invocations: usize) -> Result<u64> {
    let out =
        std::env::temp_dir().join(format!("fw-callgrind-{}-{invocations}", std::process::id()));
    let mut option = std::ffi::OsString::from("--callgrind-out-file=");
    option.push(&out);
    let mut command = Command::new("valgrind");
    command
        .args(["--quiet", "--tool=callgrind"])
        .arg(option)
        .arg(binary);
    let mut lambda = Lambda::start(&mut command)?;
    for _ in 0..invocations {
        let answer = lambda.invoke(event)?;
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        if answer["statusCode"] != 200 || answer["body"] != r#"{"hello":"world"}"# {
            return Err(format!("a wrong answer: {answer}").into());
        }
    }
    lambda.finish()?;
    let profile = std::fs::read_to_string(&out)?;
    std::fs::remove_file(&out)?;
    profile
        .lines()
        .find_map(|line| {
            line.strip_prefix("summary: ")
                .or(line.strip_prefix("totals: "))
        })
        .and_then(|count| count.trim().parse().ok())
        .ok_or_else(|| "callgrind's file has no total".into())
}

/// A function that runs, and the one connection that it polls through.
struct Lambda {
    function: Child,
    connection: BufReader<TcpStream>,
    init: Duration,
}

impl Lambda {
    /// Starts a function and waits for its first `next`.
    fn start(command: &mut Command) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let start = Instant::now();
        let function = command
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let (connection, _) = listener.accept()?;
        connection.set_nodelay(true)?;
        let mut lambda = Self {
            function,
            connection: BufReader::new(connection),
            init: Duration::ZERO,
        };
        lambda.receive("GET /2018-06-01/runtime/invocation/next")?;
        lambda.init = start.elapsed();
        Ok(lambda)
    }

    /// Answers the pending `next` with an event, and returns the result that the function posts. Then the next `next` is pending.
    fn invoke(&mut self, event: &str) -> Result<Vec<u8>> {
        write!(
            self.connection.get_mut(),
            "HTTP/1.1 200 OK\r\n\
             Content-Type: application/json\r\n\
             Content-Length: {}\r\n\
             Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
             Lambda-Runtime-Deadline-Ms: 1893456000000\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:eu-central-1:123456789012:function:bench\r\n\
             Lambda-Runtime-Trace-Id: Root=1-67fd8a44-0a1b2c3d4e5f60718293a4b5;Parent=0a1b2c3d4e5f6071;Sampled=0\r\n\r\n{event}",
            event.len()
        )?;
        let answer = self.receive(
            "POST /2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response",
        )?;
        self.connection.get_mut().write_all(
            b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{\"status\":\"OK\"}\n",
        )?;
        self.receive("GET /2018-06-01/runtime/invocation/next")?;
        Ok(answer)
    }

    /// Reads a request, which must be that one, and returns its body.
    fn receive(&mut self, expected: &str) -> Result<Vec<u8>> {
        let mut line = String::new();
        self.connection.read_line(&mut line)?;
        if !line.starts_with(expected) {
            return Err(format!("expected `{expected}`, received: {line}").into());
        }
        let mut length = 0;
        loop {
            line.clear();
            self.connection.read_line(&mut line)?;
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.connection.read_exact(&mut body)?;
        Ok(body)
    }

    /// Hangs up, upon which the function ends by itself, as callgrind needs it to. That the connection is lost is all that it may say.
    fn finish(mut self) -> Result<()> {
        self.connection
            .get_ref()
            .shutdown(std::net::Shutdown::Both)?;
        self.function.wait()?;
        let mut said = String::new();
        if let Some(mut stderr) = self.function.stderr.take() {
            stderr.read_to_string(&mut said)?;
        }
        let expected = |line: &str| {
            line.contains("the connection to Lambda is lost") || line.contains("IncompleteMessage")
        };
        match said.lines().find(|line| !expected(line)) {
            Some(line) => Err(format!("the function said: {line}").into()),
            None => Ok(()),
        }
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.function.kill();
        let _ = self.function.wait();
    }
}
