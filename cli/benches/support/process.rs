//! Servers as child processes: started, asked until they answer, measured, ended.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Result, load::Connection};

/// A server that ends with this value, and all that it started.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start to its first answer.
    pub(crate) ready: Duration,
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

/// Processor time since the start, in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cpu {
    /// The server's, and that of anything it started which is not the app.
    pub(crate) server: f64,
    /// The app's processes'.
    pub(crate) app: f64,
    /// How many those are.
    pub(crate) processes: usize,
}

impl Server {
    /// A server that prints its URL on standard output and nothing else there, once it answers on that path.
    pub(crate) fn printing(mut command: Command, path: &str) -> Result<Self> {
        let start = Instant::now();
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            ready: Duration::ZERO,
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line.trim().strip_prefix("http://");
        server.address = url.ok_or("the server prints no URL")?.parse()?;
        wait_for(server.address, path)?;
        server.ready = start.elapsed();
        Ok(server)
    }

    /// A server on a port that was chosen for it, once it answers on that path. Its output is thrown away.
    pub(crate) fn quiet(mut command: Command, port: u16, path: &str) -> Result<Self> {
        let start = Instant::now();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            ready: Duration::ZERO,
        };
        wait_for(server.address, path)?;
        server.ready = start.elapsed();
        Ok(server)
    }

    /// For how long its threads have run until now, to the nanosecond.
    pub(crate) fn running(&self) -> Result<Duration> {
        let mut nanos = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let first = text.split(' ').next().unwrap_or_default();
            nanos += first.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// The processor time until now of the server and of the processes below it; those that run `app` are the app's.
    pub(crate) fn cpu(&self, app: &str) -> Result<Cpu> {
        let mut stats = BTreeMap::new();
        for entry in std::fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // It may have ended meanwhile.
            if let Some(stat) = Stat::read(id) {
                stats.insert(id, stat);
            }
        }
        let mut cpu = Cpu::default();
        for (id, stat) in &stats {
            let mut above = *id;
            while above != self.child.id() {
                match stats.get(&above) {
                    Some(stat) => above = stat.parent,
                    None => break,
                }
            }
            if above != self.child.id() {
                continue;
            }
            if stat.name == app {
                cpu.app += stat.seconds;
                cpu.processes += 1;
            } else {
                cpu.server += stat.seconds;
            }
        }
        Ok(cpu)
    }

    /// The server's own memory in use: resident, MB.
    pub(crate) fn resident(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes: f64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok())
            .ok_or("no VmRSS")?;
        Ok(kilobytes / 1024.0)
    }

    /// How many connections of clients it has not closed, whether these are still there or not.
    pub(crate) fn connections(&self) -> Result<usize> {
        // proc_pid_net(5): addresses and ports in hex; 01 is established, 08 waits for our side to close.
        let port = format!(":{:04X}", self.address.port());
        let mut open = 0;
        for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
            // A machine may be without IPv6.
            let table = std::fs::read_to_string(table).unwrap_or_default();
            open += table
                .lines()
                .filter(|line| {
                    let mut fields = line.split_whitespace().skip(1);
                    let ours = fields.next().is_some_and(|local| local.ends_with(&port));
                    ours && matches!(fields.nth(1), Some("01" | "08"))
                })
                .count();
        }
        Ok(open)
    }

    /// How many files, sockets included, it has open.
    pub(crate) fn open_files(&self) -> Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count())
    }
}

/// A process, of proc(5)'s `stat`.
struct Stat {
    name: String,
    parent: u32,
    seconds: f64,
}

impl Stat {
    fn read(id: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (before, after) = stat.rsplit_once(") ")?;
        let name = before.split_once('(')?.1.to_owned();
        let fields: Vec<_> = after.split(' ').collect();
        // Fields 4, 14 and 15, the first after the name being 3. Times are in ticks, of which a second has 100 on every
        // Linux that there is.
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some(Self {
            name,
            parent: fields.get(1)?.parse().ok()?,
            seconds: (ticks(11)? + ticks(12)?) / 100.0,
        })
    }
}

/// This build's `cargo fw local` on an executable, with more arguments.
pub(crate) fn start_ours(
    root: &Path,
    bootstrap: &Path,
    args: &[&str],
    path: &str,
) -> Result<Server> {
    start_build(
        &root.join("target/cli/cargo-fw"),
        root,
        bootstrap,
        args,
        path,
    )
}

/// `cargo fw local` of any build of `cargo-fw`.
pub(crate) fn start_build(
    program: &Path,
    root: &Path,
    bootstrap: &Path,
    args: &[&str],
    path: &str,
) -> Result<Server> {
    let start = Instant::now();
    let mut command = Command::new(program);
    command
        .args(["fw", "local", "--port", "0", "--bootstrap"])
        .arg(bootstrap)
        .args(args)
        .current_dir(root.join("target"));
    start_telling(command, start, path)
}

/// A server that tells its URL on standard error, `http://localhost:PORT` on a line of its own.
pub(crate) fn start_telling(mut command: Command, start: Instant, path: &str) -> Result<Server> {
    let mut child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let stderr = child.stderr.take().ok_or("no stderr")?;
    let mut server = Server {
        child,
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        ready: Duration::ZERO,
    };
    let mut lines = BufReader::new(stderr).lines();
    let mut told = String::new();
    let port = loop {
        let line = lines
            .next()
            .ok_or_else(|| format!("the server ended: {told}"))??;
        if let Some(port) = line.trim().strip_prefix("http://localhost:") {
            break port.parse::<u16>()?;
        }
        told.push_str(&line);
        told.push('\n');
    };
    // Its log goes on; somebody must read it, as a terminal would.
    thread::spawn(move || lines.for_each(drop));
    server.address.set_port(port);
    wait_for(server.address, path)?;
    server.ready = start.elapsed();
    Ok(server)
}

/// cargo-lambda, where it is installed: in `target/tools`, or on the path.
pub(crate) fn cargo_lambda(root: &Path) -> Option<PathBuf> {
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

/// `cargo lambda watch --release` on the hello example.
pub(crate) fn start_cargo_lambda(root: &Path, program: &Path, path: &str) -> Result<Server> {
    let start = Instant::now();
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
    let mut server = Server {
        child,
        address: SocketAddr::from(([127, 0, 0, 1], port)),
        ready: Duration::ZERO,
    };
    wait_for(server.address, path)?;
    server.ready = start.elapsed();
    Ok(server)
}

/// Asks until the answer is 200, for as long as a build may take.
pub(crate) fn wait_for(address: SocketAddr, path: &str) -> Result<()> {
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
