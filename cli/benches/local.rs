//! The local server under load, in one run beside two others: `cargo lambda watch --release`, and the least that a server of
//! hyper's can do (`support/bare.rs`). Requests per second, latencies, processor time per request, ratios.
//!
//! ```console
//! $ python3 -m venv target/tools && target/tools/bin/pip install cargo-lambda==1.9.2
//! $ cargo bench --profile cli -p cargo-fw --bench local              # with `-- --check` it fails where a limit is missed
//! $ FW_BASELINE=../older/target/cli/cargo-fw cargo bench --profile cli -p cargo-fw --bench local   # beside an older build
//! ```
//!
//! All serve the release build of `examples/hello` and answer `GET /hello`; the load is 32 kept-alive connections, each
//! with one request at a time, from one thread. The rounds alternate, so that a busy spell of the machine hits all of them. Without
//! cargo-lambda its row is left out. What the figures mean, and their limits: docs/benchmarks.md.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use support::{
    Limits, Result, bare, build,
    load::{Figures, load},
    process::{Server, cargo_lambda, start_build, start_cargo_lambda, start_ours, start_telling},
    root,
};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);

/// The yardstick.
const BARE: &str = "bare hyper";
/// Our server as another build has it, whose `cargo-fw` this environment variable names.
const OLDER: &str = "the older build";
const BASELINE: &str = "FW_BASELINE";
/// Our server once more, with many routes.
const ROUTED: &str = "… with 1,000 routes";

/// Makes this program the bare server, of the executable that follows.
const SERVE_BARE: &str = "--serve-bare";

/// A server and its rounds.
struct Row {
    name: &'static str,
    path: &'static str,
    /// What the app's processes are called.
    app: &'static str,
    server: Server,
    rounds: Vec<Figures>,
    /// Processor time of all rounds, µs per request: the server's and the app's.
    cpu: (f64, f64),
    processes: usize,
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    if args.next().is_some_and(|first| first == SERVE_BARE) {
        return bare::serve(Path::new(&args.next().ok_or("no executable")?));
    }
    let root = root()?;
    build(&root, "hello")?;
    let hello = root.join("target/release/hello");

    let row = |name, path, app, server| Row {
        name,
        path,
        app,
        server,
        rounds: Vec::new(),
        cpu: (0.0, 0.0),
        processes: 0,
    };
    let ours = start_ours(&root, &hello, &[], "/hello")?;
    println!(
        "cargo fw local: first answer {:.0} ms after its start, the build being there",
        ours.ready.as_secs_f64() * 1e3
    );
    let mut rows = vec![row("cargo fw local", "/hello", "hello", ours)];
    if let Some(program) = std::env::var_os(BASELINE) {
        let older = start_build(program.as_ref(), &root, &hello, &[], "/hello")?;
        rows.push(row(OLDER, "/hello", "hello", older));
    }
    let (_folder, thousand) = with_routes(&hello, 1_000)?;
    let routed = start_ours(&root, &thousand, &[], "/hello")?;
    rows.push(row(ROUTED, "/hello", "hello", routed));
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(SERVE_BARE).arg(&hello);
    let hyper = start_telling(command, Instant::now(), "/hello")?;
    rows.push(row(BARE, "/hello", "hello", hyper));
    if let Some(program) = cargo_lambda(&root) {
        let path = "/lambda-url/hello/hello";
        let server = start_cargo_lambda(&root, &program, path)?;
        rows.push(row("cargo lambda watch", path, "hello", server));
    } else {
        println!("cargo-lambda is not installed: it is left out");
    }

    for _ in 0..ROUNDS {
        for row in &mut rows {
            row.round()?;
        }
    }
    print(&rows)
}

/// The executable with that many routes more in its manifest.
fn with_routes(executable: &Path, count: usize) -> Result<(tempfile::TempDir, PathBuf)> {
    let routes: Vec<_> = (0..count)
        .map(|number| {
            format!(r#"{{"method":"GET","path":"/items{number}/{{id}}/parts/{{part}}"}}"#)
        })
        .chain([r#"{"method":"GET","path":"/hello"}"#.to_owned()])
        .collect();
    let manifest = format!(
        r#"{{"schema":1,"app":"hello","routes":[{}]}}"#,
        routes.join(",")
    );
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("manifest.json");
    std::fs::write(&path, manifest)?;
    let script = format!(
        "#!/bin/sh\nif [ -n \"$FW_MANIFEST\" ]; then exec cat '{}'; fi\nexec '{}'\n",
        path.display(),
        executable.display()
    );
    let bootstrap = folder.path().join("bootstrap");
    std::fs::write(&bootstrap, script)?;
    std::fs::set_permissions(&bootstrap, Permissions::from_mode(0o755))?;
    Ok((folder, bootstrap))
}

impl Row {
    fn round(&mut self) -> Result<()> {
        // Once for all the cold starts.
        load(
            self.server.address,
            self.path,
            CONNECTIONS,
            Duration::from_secs(1),
        )?;
        let before = self.server.cpu(self.app)?;
        let figures = load(self.server.address, self.path, CONNECTIONS, ROUND)?;
        let after = self.server.cpu(self.app)?;
        let per_request =
            |seconds: f64| seconds * 1e6 / figures.requests.max(1) as f64 / ROUNDS as f64;
        self.cpu.0 += per_request(after.server - before.server);
        self.cpu.1 += per_request(after.app - before.app);
        self.processes = after.processes;
        self.rounds.push(figures);
        Ok(())
    }
}

fn print(rows: &[Row]) -> Result<()> {
    println!(
        "\n{CONNECTIONS} connections, median of {ROUNDS} rounds of {} s; processor time in µs per request\n",
        ROUND.as_secs()
    );
    println!(
        "{:<20}{:>12}{:>9}{:>9}{:>9}{:>9}{:>11}",
        "", "requests/s", "p50 ms", "p99 ms", "server", "app", "processes"
    );
    let figures: Vec<_> = rows
        .iter()
        .map(|row| Figures::median(row.rounds.clone()))
        .collect();
    for (row, figures) in rows.iter().zip(&figures) {
        println!(
            "{:<20}{:>12.0}{:>9.2}{:>9.2}{:>9.1}{:>9.1}{:>11}",
            row.name, figures.rate, figures.p50, figures.p99, row.cpu.0, row.cpu.1, row.processes
        );
    }
    let mut limits = Limits::default();
    let (Some((ours, others)), Some(first)) = (figures.split_first(), rows.first()) else {
        return Ok(());
    };
    limits.expect(ours.rate >= 10_000.0, "10,000 requests/s");
    limits.expect(ours.p99 <= 5.0, "a p99 of 5 ms");
    println!();
    for (row, theirs) in rows.iter().skip(1).zip(others) {
        let (rate, p99) = (ours.rate / theirs.rate, ours.p99 / theirs.p99);
        let server = first.cpu.0 - row.cpu.0;
        println!(
            "beside {:<20} rate {rate:.2}x, p99 {p99:.2}x, server {server:+.1} µs per request",
            row.name
        );
        match row.name {
            BARE => limits.expect(rate >= 0.70, "0.70 of a bare hyper server's rate"),
            // By what it costs, which is steadier than the rate.
            ROUTED => limits.expect(
                row.cpu.0 <= first.cpu.0 * 1.15,
                "1,000 routes cost what 10 do",
            ),
            _ => {}
        }
    }
    limits.conclude()
}
