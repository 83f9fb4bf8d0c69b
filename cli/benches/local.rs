//! The local server under load, beside `cargo lambda watch --release`, in one run: requests per second, latencies, ratios.
//!
//! ```console
//! $ python3 -m venv target/tools && target/tools/bin/pip install cargo-lambda==1.9.2
//! $ cargo bench -p cargo-fw --bench local
//! ```
//!
//! Both serve the release build of `examples/hello` and answer `GET /hello`; the load is 32 kept-alive connections, each
//! with one request at a time. The rounds alternate, so that a busy spell of the machine hits both. Without cargo-lambda
//! only our own figures are printed. Also measured: from starting `cargo fw local` on a finished build to the first
//! answer.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("no workspace")?;
    cargo(
        root,
        &["build", "--profile", "cli", "--package", "cargo-fw"],
    )?;
    cargo(root, &["build", "--release", "--package", "hello"])?;

    let (ours, ready) = start_ours(root)?;
    println!(
        "cargo fw local: first answer {:.0} ms after its start, the build being there",
        ready.as_secs_f64() * 1e3
    );
    let theirs = match cargo_lambda(root) {
        Some(program) => Some(start_theirs(root, &program)?),
        None => {
            println!("cargo-lambda is not installed: only our own figures follow");
            None
        }
    };

    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        rounds[0].push(load(ours.address, "/hello")?);
        if let Some(theirs) = &theirs {
            rounds[1].push(load(theirs.address, "/lambda-url/hello/hello")?);
        }
    }
    let [fw, lambda] = rounds.map(Figures::median);
    println!(
        "\n{CONNECTIONS} connections, median of {ROUNDS} rounds of {} s",
        ROUND.as_secs()
    );
    println!(
        "{:<28}{:>12}{:>12}{:>12}",
        "", "requests/s", "p50 ms", "p99 ms"
    );
    fw.print("cargo fw local");
    if theirs.is_some() {
        lambda.print("cargo lambda watch");
        println!(
            "{:<28}{:>11.1}x{:>11.3}x{:>11.3}x",
            "ratio",
            fw.rate / lambda.rate,
            fw.p50 / lambda.p50,
            fw.p99 / lambda.p99
        );
    }
    Ok(())
}

/// A server that ends with this value, its whole process group.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
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

fn start_ours(root: &Path) -> Result<(Server, Duration)> {
    let start = Instant::now();
    let mut child = Command::new(root.join("target/cli/cargo-fw"))
        .args(["fw", "local", "--port", "0", "--bootstrap"])
        .arg(root.join("target/release/hello"))
        .current_dir(root.join("target"))
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut lines = BufReader::new(child.stderr.take().ok_or("no stderr")?).lines();
    let port = loop {
        let line = lines.next().ok_or("cargo fw local ended")??;
        if let Some(port) = line.trim().strip_prefix("http://localhost:") {
            break port.parse::<u16>()?;
        }
    };
    // Its log goes on; somebody must read it, as a terminal would.
    thread::spawn(move || lines.for_each(drop));
    let server = Server {
        child,
        address: SocketAddr::from(([127, 0, 0, 1], port)),
    };
    wait_for(server.address, "/hello")?;
    Ok((server, start.elapsed()))
}

fn cargo_lambda(root: &Path) -> Option<PathBuf> {
    let ours = root.join("target/tools/bin/cargo-lambda");
    [ours, PathBuf::from("cargo-lambda")]
        .into_iter()
        .find(|program| {
            let version = Command::new(program)
                .args(["lambda", "--version"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            version.is_ok_and(|status| status.success())
        })
}

fn start_theirs(root: &Path, program: &Path) -> Result<Server> {
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let child = Command::new(program)
        .args([
            "lambda",
            "watch",
            "--release",
            "--ignore-changes",
            "--invoke-address",
            "127.0.0.1",
            "--invoke-port",
        ])
        .arg(port.to_string())
        .args(["--package", "hello"])
        .current_dir(root)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let server = Server {
        child,
        address: SocketAddr::from(([127, 0, 0, 1], port)),
    };
    wait_for(server.address, "/lambda-url/hello/hello")?;
    Ok(server)
}

/// Asks until the answer is 200, for as long as a build may take.
fn wait_for(address: SocketAddr, path: &str) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(600);
    while Instant::now() < end {
        if Connection::open(address, path)
            .and_then(|mut connection| connection.ask())
            .is_ok()
        {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(2));
    }
    Err(format!("nothing answers at {address}").into())
}

/// One round: the latencies of all requests of all connections.
fn load(address: SocketAddr, path: &str) -> Result<Figures> {
    let worker = |end: Instant| -> Result<Vec<Duration>> {
        let mut connection = Connection::open(address, path)?;
        let mut latencies = Vec::with_capacity(1 << 16);
        while Instant::now() < end {
            let start = Instant::now();
            connection.ask()?;
            latencies.push(start.elapsed());
        }
        Ok(latencies)
    };
    // Once for all the cold starts.
    let warm = Instant::now() + Duration::from_secs(1);
    let run = |end| -> Result<Vec<Duration>> {
        thread::scope(|scope| {
            let workers: Vec<_> = (0..CONNECTIONS)
                .map(|_| scope.spawn(|| worker(end)))
                .collect();
            let mut all = Vec::new();
            for worker in workers {
                all.extend(
                    worker
                        .join()
                        .map_err(|_| "a connection's thread panicked")??,
                );
            }
            Ok(all)
        })
    };
    run(warm)?;
    let start = Instant::now();
    let mut latencies = run(start + ROUND)?;
    let seconds = start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |part: f64| {
        let index = (latencies.len() as f64 * part) as usize;
        latencies
            .get(index.min(latencies.len().saturating_sub(1)))
            .map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    };
    Ok(Figures {
        rate: latencies.len() as f64 / seconds,
        p50: at(0.5),
        p99: at(0.99),
    })
}

/// A kept-alive connection, with a request that is always the same.
struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr, path: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\n\r\n")
                .into_bytes();
        Ok(Self {
            stream,
            request,
            buffer: vec![0; 8192],
        })
    }

    fn ask(&mut self) -> Result<()> {
        self.stream.write_all(&self.request)?;
        let mut length = 0;
        loop {
            let read = self.stream.read(
                self.buffer
                    .get_mut(length..)
                    .ok_or("the answer is too long")?,
            )?;
            if read == 0 {
                return Err("the connection was closed".into());
            }
            length += read;
            let text = std::str::from_utf8(&self.buffer[..length])?;
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                if !head.starts_with("HTTP/1.1 200") {
                    return Err(format!("the answer is not 200: {head}").into());
                }
                let head = head.to_ascii_lowercase();
                let expected = head
                    .split("content-length: ")
                    .nth(1)
                    .and_then(|rest| rest.lines().next())
                    .ok_or("no length")?;
                if body.len() >= expected.trim().parse()? {
                    return Ok(());
                }
            }
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Figures {
    rate: f64,
    p50: f64,
    p99: f64,
}

impl Figures {
    fn median(mut rounds: Vec<Self>) -> Self {
        rounds.sort_by(|left, right| left.rate.total_cmp(&right.rate));
        rounds.get(rounds.len() / 2).copied().unwrap_or_default()
    }

    fn print(self, name: &str) {
        println!(
            "{name:<28}{:>12.0}{:>12.2}{:>12.2}",
            self.rate, self.p50, self.p99
        );
    }
}

fn cargo(root: &Path, args: &[&str]) -> Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("cargo {} failed", args.join(" ")).into())
    }
}
