//! How fast it is: small objects at sixteen connections, and a page of a listing in a small and in a large bucket.
//!
//! ```console
//! $ cargo bench --profile cli -p fw-s3 --bench speed                 # with `-- --check` it fails where a limit is missed
//! $ FW_MOTO_SERVER=…/moto_server cargo bench --profile cli -p fw-s3 --bench speed      # beside moto
//! ```
//!
//! Load and server share the machine. All requests are presigned once; each connection has one request at a time.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
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

/// Reads one answer; returns whether it is a success.
fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Outcome<bool> {
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
            return Ok(head.starts_with("http/1.1 2"));
        }
    }
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
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            let mut buffer = Vec::new();
            while !over.load(Ordering::Relaxed) {
                stream.write_all(&request)?;
                if !answer(&mut stream, &mut buffer)? {
                    return Err(String::from_utf8_lossy(&buffer).into_owned().into());
                }
                count.fetch_add(1, Ordering::Relaxed);
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

struct Moto(Child);

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn moto(program: &str) -> Outcome<(Moto, String)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port();
    let process = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let moto = Moto(process);
    for _ in 0..300 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok((moto, format!("http://127.0.0.1:{port}")));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("moto does not start".into())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let checks = std::env::args().any(|argument| argument == "--check");
    let folder = tempfile::tempdir()?;
    let s3 = S3::start(Options::new(folder.path().to_owned())).await?;
    let endpoint = s3.endpoint();
    let (gets, puts) = objects(&endpoint).await?;
    println!(
        "fw-s3       GET {gets:>9.0}/s  PUT {puts:>9.0}/s  ({SIZE} bytes, {CONNECTIONS} connections)"
    );
    if let Ok(program) = std::env::var("FW_MOTO_SERVER") {
        let (_moto, endpoint) = moto(&program).await?;
        let (gets, puts) = objects(&endpoint).await?;
        println!("moto        GET {gets:>9.0}/s  PUT {puts:>9.0}/s");
    }
    let small = listing(&endpoint, "small", 10_000).await?;
    let large = listing(&endpoint, "large", 1_000_000).await?;
    let ratio = large.as_secs_f64() / small.as_secs_f64();
    println!(
        "a page of 1,000 keys: {small:.1?} out of 10,000, {large:.1?} out of 1,000,000: {ratio:.2} times"
    );
    s3.shutdown().await;
    let started = Instant::now();
    let s3 = S3::start(Options::new(folder.path().to_owned())).await?;
    println!("start with 1,010,000 keys: {:.1?}", started.elapsed());
    s3.shutdown().await;
    if checks && ratio > 2.0 {
        return Err(format!(
            "a page out of 1,000,000 keys takes {ratio:.2} times one out of 10,000; the limit is 2"
        )
        .into());
    }
    Ok(())
}
