//! A server that is killed at any moment has everything that it acknowledged, and nothing torn.
//!
//! A few rounds run always; `FW_S3_KILL_SECONDS` says how long they go on.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::*;

/// Where the server's process finds its data folder. Other runs of this test have none and end at once.
const FOLDER: &str = "FW_S3_KILLED_FOLDER";
const WRITERS: u64 = 4;

/// The server's process: this test, run again with a folder.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serves_until_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    let s3 = serve(&folder, &["data"]).await;
    std::fs::write(folder.join("endpoint.new"), s3.endpoint()).expect("a file");
    std::fs::rename(folder.join("endpoint.new"), folder.join("endpoint")).expect("a file");
    std::future::pending::<()>().await;
}

struct Server {
    process: Child,
    client: Client,
}

impl Server {
    async fn start(folder: &Path) -> Self {
        let _ = std::fs::remove_file(folder.join("endpoint"));
        let process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "killed::serves_until_killed"])
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let deadline = Instant::now() + Duration::from_secs(60);
        let endpoint = loop {
            match std::fs::read_to_string(folder.join("endpoint")) {
                Ok(endpoint) => break endpoint,
                Err(_) => assert!(Instant::now() < deadline, "the server does not start"),
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let config = config_of(&endpoint, SECRET_KEY);
        Self {
            process,
            client: Client::from_conf(config.build()),
        }
    }

    fn kill(&mut self) {
        self.process.kill().expect("a process");
        self.process.wait().expect("an end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What is written: the number in each eight bytes, in a size that depends on it. Small ones, large ones, ones of two parts.
fn body(number: u64) -> Vec<u8> {
    let words = match number % 7 {
        0 => 30_000,
        1 => 0,
        more => 10 + usize::try_from(more * 100 + number % 50).unwrap_or(0),
    };
    number.to_le_bytes().repeat(words + 1)
}

/// The number of something that was read; it must be whole.
fn number(bytes: &[u8]) -> u64 {
    let first: [u8; 8] = bytes[..8].try_into().expect("eight bytes");
    let number = u64::from_le_bytes(first);
    assert!(
        bytes == body(number),
        "a torn object: {} bytes of {number}",
        bytes.len()
    );
    number
}

/// What a key may be: as the last acknowledged change left it, or as the one that was under way.
#[derive(Clone, Debug, Default)]
struct Known {
    acknowledged: Option<u64>,
    under_way: Option<Option<u64>>,
}

/// Writes until the server is gone. Returns what is known of each of its keys.
async fn write(
    client: Client,
    writer: u64,
    round: u64,
    mut known: BTreeMap<String, Known>,
    changes: Arc<AtomicU64>,
) -> BTreeMap<String, Known> {
    for step in 0.. {
        let number = (round * 1_000_000 + step) * WRITERS + writer;
        let key = format!("{writer}/{}", step % 5);
        let entry = known.entry(key.clone()).or_default();
        let deletes = step % 11 == 10;
        entry.under_way = Some((!deletes).then_some(number));
        let done = if deletes {
            client
                .delete_object()
                .bucket("data")
                .key(&key)
                .send()
                .await
                .is_ok()
        } else if step % 13 == 12 {
            upload(&client, &key, body(number)).await.is_some()
        } else {
            let put = client
                .put_object()
                .bucket("data")
                .key(&key)
                .body(body(number).into());
            put.send().await.is_ok()
        };
        if !done {
            break;
        }
        changes.fetch_add(1, Ordering::Relaxed);
        entry.acknowledged = (!deletes).then_some(number);
        entry.under_way = None;
    }
    known
}

/// An upload of one part.
async fn upload(client: &Client, key: &str, bytes: Vec<u8>) -> Option<()> {
    use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
    let made = client
        .create_multipart_upload()
        .bucket("data")
        .key(key)
        .send()
        .await
        .ok()?;
    let id = made.upload_id()?;
    let part = client
        .upload_part()
        .bucket("data")
        .key(key)
        .upload_id(id)
        .part_number(1)
        .body(bytes.into())
        .send()
        .await
        .ok()?;
    let part = CompletedPart::builder()
        .part_number(1)
        .e_tag(part.e_tag()?)
        .set_checksum_crc32(part.checksum_crc32.clone())
        .build();
    let whole = CompletedMultipartUpload::builder().parts(part).build();
    client
        .complete_multipart_upload()
        .bucket("data")
        .key(key)
        .upload_id(id)
        .multipart_upload(whole)
        .send()
        .await
        .ok()?;
    Some(())
}

async fn read(client: &Client, key: &str) -> Option<u64> {
    let got = client.get_object().bucket("data").key(key).send().await;
    match got {
        Ok(got) => Some(number(&got.body.collect().await.expect("a body").to_vec())),
        Err(missing) => {
            assert_eq!(missing.code(), Some("NoSuchKey"), "{key}");
            None
        }
    }
}

#[expect(clippy::print_stdout, reason = "a figure for the documentation")]
fn report(kills: u64, checked: u64, changes: u64) {
    println!("{kills} kills, {changes} acknowledged changes, {checked} comparisons");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_acknowledged_is_lost() {
    let seconds = std::env::var("FW_S3_KILL_SECONDS")
        .ok()
        .and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    let folder = TempDir::new().expect("a temporary folder");
    let mut known: Vec<BTreeMap<String, Known>> = (0..WRITERS).map(|_| BTreeMap::new()).collect();
    let mut round = 0;
    let mut checked = 0;
    let changes = Arc::new(AtomicU64::new(0));
    while round < 4 || Instant::now() < end {
        let mut server = Server::start(folder.path()).await;
        for entry in known.iter_mut().flatten() {
            let (key, entry): (&String, &mut Known) = entry;
            let found = read(&server.client, key).await;
            let expected = found == entry.acknowledged || entry.under_way == Some(found);
            assert!(
                expected,
                "round {round}, {key}: found {found:?}, known {entry:?}"
            );
            *entry = Known {
                acknowledged: found,
                under_way: None,
            };
            checked += 1;
        }
        let mut writers = JoinSet::new();
        for (writer, known) in (0..).zip(&known) {
            writers.spawn(write(
                server.client.clone(),
                writer,
                round,
                known.clone(),
                Arc::clone(&changes),
            ));
        }
        let pause = 50 + (round * 7919) % 450;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        server.kill();
        let ended = writers.join_all().await;
        known = ended;
        // In any order: each writer's keys begin with its number.
        known.sort_by_key(|known| known.keys().next().cloned());
        round += 1;
    }
    report(round, checked, changes.load(Ordering::Relaxed));
    assert!(checked > 0 && known.iter().any(|known| !known.is_empty()));
}
