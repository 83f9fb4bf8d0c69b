//! What becomes of the local server in the long run, and among strangers: its memory, its open files, its other clients.
//!
//! ```console
//! $ cargo bench --profile cli -p cargo-fw --bench soak                  # 100,000 requests: a minute
//! $ cargo bench --profile cli -p cargo-fw --bench soak -- --long        # 1,000,000 requests
//! ```
//!
//! With `--check` it fails where memory grows, a file stays open, or a stranger stops the server from serving.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, getrlimit, setrlimit};
use support::{
    Limits, Result, build,
    load::load,
    process::{Server, start_ours},
    root,
};

/// How much memory may grow after the first fifth of the requests, MB: what an allocator keeps differs from minute to minute.
const GROWTH: f64 = 8.0;
const IDLE: usize = 10_000;
const NOISE: usize = 64 * 1024 * 1024;
const LEAVERS: usize = 5_000;
/// Of a process of the app: its output and its end, and its connection to the Runtime API.
const FILES_OF_A_PROCESS: usize = 5;

fn main() -> Result<()> {
    let long = std::env::args().any(|argument| argument == "--long");
    let requests = if long { 1_000_000 } else { 100_000 };
    let root = root()?;
    build(&root, "hello")?;
    more_files()?;
    let hello = root.join("target/release/hello");
    let mut limits = Limits::default();
    memory(&root, &hello, requests, &mut limits)?;
    strangers(&root, &hello, &mut limits)?;
    limits.conclude()
}

/// Many requests: the memory must stay what it is.
fn memory(root: &Path, hello: &Path, requests: usize, limits: &mut Limits) -> Result<()> {
    let server = start_ours(root, hello, &[], "/hello")?;
    println!(
        "{:>12}{:>16}{:>12}",
        "requests", "resident, MB", "open files"
    );
    let mut answered = 0;
    let mut early = 0.0;
    for fifth in 1..=5 {
        while answered < requests * fifth / 5 {
            answered += load(server.address, "/hello", 32, Duration::from_secs(1))?.requests;
        }
        let resident = server.resident()?;
        println!("{answered:>12}{resident:>16.1}{:>12}", server.open_files()?);
        if fifth == 1 {
            early = resident;
        }
        limits.expect(
            resident <= early + GROWTH,
            format!(
                "memory is flat: {early:.1} MB, and {resident:.1} MB after {answered} requests"
            ),
        );
    }
    Ok(())
}

/// Clients that do nothing, send nonsense, or leave.
fn strangers(root: &Path, hello: &Path, limits: &mut Limits) -> Result<()> {
    let server = start_ours(root, hello, &[], "/hello")?;
    serves(&server, "nobody else", limits)?;
    let before = (server.resident()?, server.open_files()?);
    let processes = server.cpu("hello")?.processes;

    let idle = (0..IDLE)
        .map(|_| Ok(TcpStream::connect(server.address)?))
        .collect::<Result<Vec<_>>>()?;
    serves(&server, &format!("{IDLE} idle connections"), limits)?;
    println!(
        "{:>60.1} KB per idle connection",
        (server.resident()? - before.0) * 1024.0 / IDLE as f64
    );
    drop(idle);

    noise(&server)?;
    serves(&server, &format!("{} MB of noise", NOISE >> 20), limits)?;

    for number in 0..LEAVERS {
        let mut stream = TcpStream::connect(server.address)?;
        let request = match number % 3 {
            0 => "GET /hel",
            1 => "POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf",
            _ => "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
        };
        stream.write_all(request.as_bytes())?;
    }
    serves(&server, &format!("{LEAVERS} clients that left"), limits)?;

    let slow: Vec<_> = (0..100)
        .map(|_| {
            let address = server.address;
            thread::spawn(move || drip(address))
        })
        .collect();
    serves(&server, "100 clients that send a byte at a time", limits)?;
    for client in slow {
        let answered = client.join().map_err(|_| "a slow client panicked")??;
        limits.expect(answered, "a slow client is answered");
    }

    // What they left behind is cleared away without anybody's doing.
    let end = Instant::now() + Duration::from_secs(10);
    while server.connections()? > 0 && Instant::now() < end {
        thread::sleep(Duration::from_millis(100));
    }
    let connections = server.connections()?;
    let after = (server.resident()?, server.open_files()?);
    // Those who left had processes started for them, which stay for the next burst.
    let started = server.cpu("hello")?.processes.saturating_sub(processes);
    println!(
        "resident {:.1} MB before and {:.1} after; open files {} and {} with {started} more processes; connections {connections}",
        before.0, after.0, before.1, after.1
    );
    limits.expect(connections == 0, "every connection is closed");
    limits.expect(
        after.1 <= before.1 + started * FILES_OF_A_PROCESS + 10,
        "every file is closed that is not of a process",
    );
    Ok(())
}

/// A little load of our own, which must be served whoever else is there.
fn serves(server: &Server, beside: &str, limits: &mut Limits) -> Result<()> {
    let figures = load(server.address, "/hello", 8, Duration::from_secs(2))?;
    println!(
        "beside {beside:<42}{:>9.0} requests/s, p99 {:.2} ms",
        figures.rate, figures.p99
    );
    limits.expect(figures.requests > 0, format!("served beside {beside}"));
    Ok(())
}

/// Bytes of no protocol, on connections of half a megabyte each; some begin as a request or as HTTP/2 do.
fn noise(server: &Server) -> Result<()> {
    let mut state = 0x2545_f491_u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    };
    let beginnings: [&[u8]; 4] = [
        b"",
        b"GET /",
        b"POST /hello HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    let chunk = 512 * 1024;
    for (_, beginning) in (0..NOISE / chunk).zip(beginnings.iter().cycle()) {
        let mut stream = TcpStream::connect(server.address)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let bytes: Vec<u8> = std::iter::repeat_with(&mut random).take(chunk).collect();
        // The server may close as soon as it has seen what it is.
        let _ = stream
            .write_all(beginning)
            .and_then(|()| stream.write_all(&bytes));
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }
    Ok(())
}

/// A request in single bytes; says whether it was answered.
fn drip(address: std::net::SocketAddr) -> Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    for byte in b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" {
        stream.write_all(&[*byte])?;
        thread::sleep(Duration::from_millis(20));
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// Lets this process have as many connections as the system lets it.
fn more_files() -> Result<()> {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    setrlimit(Resource::Nofile, files)?;
    if files.current.is_some_and(|files| files < IDLE as u64 + 200) {
        return Err(format!("this needs {IDLE} connections; `ulimit -Hn` says fewer").into());
    }
    Ok(())
}
