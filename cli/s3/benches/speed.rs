//! How fast it is: small objects at sixteen connections, a large one, parts, and a page of a listing in a small and in a large bucket.
//!
//! ```console
//! $ cargo bench --profile cli -p fw-s3 --bench speed                 # with `-- --check` it fails where a limit is missed
//! $ cargo bench --profile cli -p fw-s3 --bench speed -- objects      # `objects`, `large`, `memory` or `listing` alone
//! $ FW_MOTO_SERVER=…/moto_server cargo bench --profile cli -p fw-s3 --bench speed      # beside moto
//! $ FW_S3_BESIDE=http://127.0.0.1:PORT cargo bench --profile cli -p fw-s3 --bench speed     # beside another S3, with the key `test`
//! ```
//!
//! Each server is a process of its own. Load and server share the machine. All requests are presigned once; each connection has one
//! request at a time. The comparison for the large object is a server of hyper's that reads the same file in pieces of 64 KiB.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::presigning::PresigningConfig;
use fw_s3::{Options, S3};

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_secs(4);
const SIZE: usize = 4096;
const GIB: u64 = 1024 * 1024 * 1024;
/// Bytes of a part.
const PART: usize = 64 * 1024 * 1024;
/// The least that a large object's speed may be, as a part of the bare server's.
const LEAST_LARGE: f64 = 0.7;
/// The most memory that uploads in parts may add, in MiB.
const MOST_MEMORY: f64 = 64.0;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn client(endpoint: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("test", "test", None, None, "bench"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .region(Region::from_static("us-east-1"))
        .force_path_style(true)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

/// A request as bytes, for a presigned URL.
fn request(method: &str, url: &str, body: &[u8]) -> Outcome<Vec<u8>> {
    let rest = url.strip_prefix("http://").ok_or("an http URL")?;
    let (host, path) = rest.split_once('/').ok_or("a path")?;
    let mut bytes = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    Ok(bytes)
}

/// An answer that was read.
struct Answered {
    is_success: bool,
    /// The connection is not used again.
    closes: bool,
}

/// Reads one answer.
fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Outcome<Answered> {
    buffer.clear();
    let mut piece = [0; 16 * 1024];
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Err("the connection ended".into());
        }
        buffer.extend_from_slice(&piece[..read]);
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| {
            line.strip_prefix("content-length: ")?
                .trim()
                .parse::<usize>()
                .ok()
        });
        if buffer.len() >= end + 4 + length.unwrap_or(0) {
            return Ok(Answered {
                is_success: head.starts_with("http/1.1 2"),
                closes: head.contains("connection: close"),
            });
        }
    }
}

fn connect(address: &str) -> Outcome<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    // A server that has stopped to answer ends the benchmark.
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    Ok(stream)
}

/// Requests a second over all connections. Each connection has its own request.
fn load(address: &str, requests: Vec<Vec<u8>>) -> Outcome<f64> {
    let over = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut threads = Vec::new();
    for request in requests {
        let (over, count, address) = (Arc::clone(&over), Arc::clone(&count), address.to_owned());
        threads.push(std::thread::spawn(move || -> Outcome<()> {
            let mut stream = connect(&address)?;
            let mut buffer = Vec::new();
            while !over.load(Ordering::Relaxed) {
                stream.write_all(&request)?;
                let answered = answer(&mut stream, &mut buffer)?;
                if !answered.is_success {
                    return Err(String::from_utf8_lossy(&buffer).into_owned().into());
                }
                count.fetch_add(1, Ordering::Relaxed);
                if answered.closes {
                    stream = connect(&address)?;
                }
            }
            Ok(())
        }));
    }
    std::thread::sleep(ROUND);
    over.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().map_err(|_| "a thread panicked")??;
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of seconds of requests")]
    Ok(count.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}

/// Gets and puts a second.
async fn objects(endpoint: &str) -> Outcome<(f64, f64)> {
    let client = client(endpoint);
    // It is there already from an earlier round.
    let _ = client.create_bucket().bucket("bench").send().await;
    let body = vec![b'x'; SIZE];
    let hour = || PresigningConfig::expires_in(Duration::from_secs(3600));
    let (mut gets, mut puts) = (Vec::new(), Vec::new());
    for number in 0..CONNECTIONS {
        let key = format!("object-{number}");
        client
            .put_object()
            .bucket("bench")
            .key(&key)
            .body(body.clone().into())
            .send()
            .await?;
        let get = client
            .get_object()
            .bucket("bench")
            .key(&key)
            .presigned(hour()?)
            .await?;
        gets.push(request("GET", get.uri(), b"")?);
        let put = client
            .put_object()
            .bucket("bench")
            .key(format!("put-{number}"))
            .presigned(hour()?)
            .await?;
        puts.push(request("PUT", put.uri(), &body)?);
    }
    let address = endpoint.trim_start_matches("http://").to_owned();
    let to = address.clone();
    let gets = tokio::task::spawn_blocking(move || load(&to, gets)).await??;
    let puts = tokio::task::spawn_blocking(move || load(&address, puts)).await??;
    Ok((gets, puts))
}

/// The time of a page of a thousand keys, out of so many.
async fn listing(endpoint: &str, bucket: &str, keys: usize) -> Outcome<Duration> {
    let client = client(endpoint);
    client.create_bucket().bucket(bucket).send().await?;
    let next = Arc::new(AtomicU64::new(0));
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, next, bucket) = (client.clone(), Arc::clone(&next), bucket.to_owned());
        writers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= keys as u64 {
                    return Ok::<_, Box<dyn std::error::Error + Send + Sync>>(());
                }
                client
                    .put_object()
                    .bucket(&bucket)
                    .key(format!("{number:09}"))
                    .send()
                    .await?;
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    let mut best = Duration::MAX;
    for round in 0..20 {
        let after = format!("{:09}", keys / 2 + round);
        let started = Instant::now();
        let page = client
            .list_objects_v2()
            .bucket(bucket)
            .start_after(after)
            .send()
            .await?;
        assert_eq!(page.contents().len(), 1000);
        best = best.min(started.elapsed());
    }
    Ok(best)
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// A line of `/proc/PID/status`, in MiB.
    fn memory(&self, name: &str) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.trim_start_matches(':').split_whitespace().next());
        Ok(number.ok_or("a size")?.parse::<f64>()? / 1024.0)
    }
}

/// Starts this program as a server. Returns the line that it prints.
fn start(mode: &str, path: &Path) -> Outcome<(Process, String)> {
    let mut process = Command::new(std::env::current_exe()?)
        .arg(mode)
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = process.stdout.take().ok_or("a pipe")?;
    let process = Process(process);
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    Ok((process, line.trim().to_owned()))
}

async fn serve(folder: PathBuf) -> Outcome<()> {
    let s3 = S3::start(Options::new(folder)).await?;
    println!("{}", s3.endpoint());
    std::future::pending::<()>().await;
    Ok(())
}

/// A server that answers every request with that file.
async fn bare(file: PathBuf) -> Outcome<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let file = file.clone();
        let service = hyper::service::service_fn(move |_| {
            let file = file.clone();
            async move { Ok::<_, Infallible>(http::Response::new(FileBody::open(&file))) }
        });
        let stream = hyper_util::rt::TokioIo::new(stream);
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(stream, service));
    }
}

/// A file in pieces of 64 KiB, read where it is sent.
struct FileBody {
    file: std::fs::File,
    left: u64,
}

impl FileBody {
    fn open(path: &Path) -> Self {
        let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{error}"));
        let left = file.metadata().map_or(0, |metadata| metadata.len());
        Self { file, left }
    }
}

impl http_body::Body for FileBody {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        if self.left == 0 {
            return std::task::Poll::Ready(None);
        }
        let mut piece = vec![0; 64 * 1024];
        let read = self.file.read(&mut piece);
        std::task::Poll::Ready(Some(read.map(|read| {
            piece.truncate(read);
            self.left -= read as u64;
            http_body::Frame::data(piece.into())
        })))
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.left)
    }
}

/// Uploads that many bytes in parts.
async fn upload(endpoint: &str, key: &str, size: u64) -> Outcome<()> {
    use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
    let client = client(endpoint);
    let _ = client.create_bucket().bucket("bench").send().await;
    let created = client.create_multipart_upload().bucket("bench").key(key);
    let created = created.send().await?;
    let id = created.upload_id().ok_or("an upload")?;
    let bytes = bytes::Bytes::from(vec![7; PART]);
    let mut parts = CompletedMultipartUpload::builder();
    let count = i32::try_from(size / PART as u64)?;
    for number in 1..=count {
        let part = client.upload_part().bucket("bench").key(key).upload_id(id);
        let part = part.part_number(number).body(bytes.clone().into());
        let done = part.send().await?;
        let part = CompletedPart::builder().part_number(number);
        parts = parts.parts(part.set_e_tag(done.e_tag).build());
    }
    let complete = client.complete_multipart_upload().bucket("bench").key(key);
    let complete = complete.upload_id(id).multipart_upload(parts.build());
    complete.send().await?;
    Ok(())
}

/// The seconds that a `GET` takes, the best of five.
fn read(url: &str, size: u64) -> Outcome<f64> {
    let address = url.trim_start_matches("http://").split('/').next();
    let address = address.ok_or("an address")?.to_owned();
    let request = request("GET", url, b"")?;
    let mut best = f64::MAX;
    let mut buffer = vec![0; 256 * 1024];
    for _ in 0..5 {
        let mut stream = connect(&address)?;
        let started = Instant::now();
        stream.write_all(&request)?;
        let mut came = 0;
        while came < size {
            let read = stream.read(&mut buffer)?;
            if read == 0 {
                return Err("the connection ended".into());
            }
            came += read as u64;
        }
        best = best.min(started.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// A large object beside the bare server. Returns how fast it is of that.
async fn large(folder: &Path) -> Outcome<f64> {
    let file = folder.join("large");
    std::fs::File::create(&file)?.write_all(&vec![7; usize::try_from(GIB)?])?;
    let (_s3, endpoint) = start("--serve", &folder.join("large-s3"))?;
    let (_bare, bare) = start("--bare", &file)?;
    upload(&endpoint, "large", GIB).await?;
    let hour = PresigningConfig::expires_in(Duration::from_secs(3600))?;
    let get = client(&endpoint).get_object().bucket("bench").key("large");
    let url = get.presigned(hour).await?.uri().to_owned();
    let (own, other) = tokio::task::spawn_blocking(move || {
        // In turns, so that what else runs on the machine slows both.
        let first = read(&url, GIB)?;
        let other = read(&format!("{bare}/"), GIB)?;
        Outcome::Ok((first.min(read(&url, GIB)?), other))
    })
    .await??;
    println!(
        "1 GiB       GET {:>8.2} GiB/s, a bare server {:.2} GiB/s: {:.2} of it",
        1.0 / own,
        1.0 / other,
        other / own
    );
    Ok(other / own)
}

/// The memory that 5 GiB in parts take, in MiB more than before.
async fn memory(folder: &Path) -> Outcome<f64> {
    let (s3, endpoint) = start("--serve", &folder.join("memory-s3"))?;
    upload(&endpoint, "first", PART as u64).await?;
    let before = s3.memory("VmHWM")?;
    let started = Instant::now();
    upload(&endpoint, "large", 5 * GIB).await?;
    let seconds = started.elapsed().as_secs_f64();
    let (after, now) = (s3.memory("VmHWM")?, s3.memory("VmRSS")?);
    println!(
        "5 GiB in parts: {seconds:.1} s; memory {before:.0} MiB after the first part, {after:.0} MiB at the most, {now:.0} MiB at the end"
    );
    Ok(after - before)
}

async fn moto(program: &str) -> Outcome<(Process, String)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port();
    let process = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let moto = Process(process);
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok((moto, format!("http://127.0.0.1:{port}")));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("moto does not start".into())
}

/// Small objects, beside what the environment names.
async fn small(folder: &Path) -> Outcome<()> {
    let show = |name: &str, (gets, puts): (f64, f64)| {
        println!(
            "{name:<11} GET {gets:>9.0}/s  PUT {puts:>9.0}/s  ({SIZE} bytes, {CONNECTIONS} connections)"
        );
    };
    let (_s3, endpoint) = start("--serve", &folder.join("small-s3"))?;
    show("fw-s3", objects(&endpoint).await?);
    if let Ok(beside) = std::env::var("FW_S3_BESIDE") {
        show("beside", objects(&beside).await?);
        show("fw-s3 again", objects(&endpoint).await?);
    }
    if let Ok(program) = std::env::var("FW_MOTO_SERVER") {
        let (_moto, endpoint) = moto(&program).await?;
        show("moto", objects(&endpoint).await?);
    }
    Ok(())
}

/// Pages of a small and of a large bucket. Returns how many times longer the large one's takes.
async fn pages(folder: &Path) -> Outcome<f64> {
    let folder = folder.join("pages-s3");
    let s3 = S3::start(Options::new(folder.clone())).await?;
    let endpoint = s3.endpoint();
    let small = listing(&endpoint, "small", 10_000).await?;
    let large = listing(&endpoint, "large", 1_000_000).await?;
    let ratio = large.as_secs_f64() / small.as_secs_f64();
    println!(
        "a page of 1,000 keys: {small:.1?} out of 10,000, {large:.1?} out of 1,000,000: {ratio:.2} times"
    );
    s3.shutdown().await;
    let started = Instant::now();
    let s3 = S3::start(Options::new(folder)).await?;
    println!("start with 1,010,000 keys: {:.1?}", started.elapsed());
    s3.shutdown().await;
    Ok(ratio)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("--serve") => return serve(PathBuf::from(&arguments[1])).await,
        Some("--bare") => return bare(PathBuf::from(&arguments[1])).await,
        _ => {}
    }
    let checks = arguments.iter().any(|argument| argument == "--check");
    let named: Vec<&String> = arguments
        .iter()
        .filter(|one| !one.starts_with("--"))
        .collect();
    let wants = |name: &str| named.is_empty() || named.iter().any(|one| *one == name);
    let folder = tempfile::tempdir()?;
    let folder = folder.path();
    let mut missed = Vec::new();
    if wants("objects") {
        small(folder).await?;
    }
    if wants("large") && large(folder).await? < LEAST_LARGE {
        missed.push("1 GiB is slower than 0.7 of a bare server");
    }
    if wants("memory") && memory(folder).await? > MOST_MEMORY {
        missed.push("parts take more than 64 MiB of memory");
    }
    if wants("listing") && pages(folder).await? > 2.0 {
        missed.push("a page out of 1,000,000 keys takes more than twice one out of 10,000");
    }
    if checks && !missed.is_empty() {
        return Err(missed.join("; ").into());
    }
    Ok(())
}
