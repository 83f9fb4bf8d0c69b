//! What holds across requests: restarts, failures half way, several writers, the port.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Every file below the data folder, relative to it.
fn files(local: &Local) -> BTreeSet<PathBuf> {
    fn walk(dir: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in std::fs::read_dir(dir)
            .expect("a folder")
            .map(|entry| entry.expect("an entry"))
        {
            if entry.path().is_dir() {
                walk(&entry.path(), found);
            } else {
                found.insert(entry.path());
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(local.dir.path(), &mut found);
    found
        .into_iter()
        .map(|path| {
            path.strip_prefix(local.dir.path())
                .expect("below")
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn data_survives_a_restart() {
    let local = Local::start().await;
    local
        .client
        .create_bucket()
        .bucket("later")
        .send()
        .await
        .expect("a bucket");
    let put = local
        .client
        .put_object()
        .bucket("data")
        .key("kept/über")
        .body(ByteStream::from_static(b"abc"));
    put.metadata("a", "b")
        .content_type("text/plain")
        .send()
        .await
        .expect("a put");
    let before = local
        .client
        .head_object()
        .bucket("data")
        .key("kept/über")
        .send()
        .await
        .expect("a head");
    let upload = local
        .client
        .create_multipart_upload()
        .bucket("data")
        .key("half")
        .send()
        .await
        .expect("an upload");
    let Local { s3, dir, .. } = local;
    s3.shutdown().await;

    let s3 = serve(dir.path(), &["data", "extra"]).await;
    assert_eq!(s3.buckets(), ["data", "extra", "later"]);
    let client = client(&s3, SECRET_KEY);
    let after = client
        .head_object()
        .bucket("data")
        .key("kept/über")
        .send()
        .await
        .expect("a head");
    assert_eq!(
        (after.e_tag(), after.last_modified()),
        (before.e_tag(), before.last_modified())
    );
    assert_eq!(
        (after.content_type(), after.metadata()),
        (before.content_type(), before.metadata())
    );
    let got = client
        .get_object()
        .bucket("data")
        .key("kept/über")
        .send()
        .await
        .expect("a get");
    assert_eq!(got.body.collect().await.expect("a body").to_vec(), b"abc");
    let uploads = client
        .list_multipart_uploads()
        .bucket("data")
        .send()
        .await
        .expect("uploads");
    assert_eq!(
        uploads.uploads().first().and_then(|one| one.upload_id()),
        upload.upload_id()
    );
}

#[tokio::test]
async fn an_interrupted_write_leaves_the_old_object_and_no_litter() {
    let local = Local::start().await;
    local.put("k", b"old").await;
    let before = files(&local);
    let host = local.s3.endpoint().replace("http://", "");
    let head = raw::signed_head(
        "PUT",
        "/data/k",
        &host,
        &[("content-length", "1000000"), ("expect", "100-continue")],
    );
    let mut stream = TcpStream::connect(&host).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("a head");
    // The server is reading the body once it says 100.
    let mut going_on = [0; 12];
    stream
        .read_exact(&mut going_on)
        .await
        .expect("an interim answer");
    assert_eq!(&going_on, b"HTTP/1.1 100");
    stream
        .write_all(&[b'x'; 100_000])
        .await
        .expect("a part of the body");
    stream.shutdown().await.expect("a half-closed connection");
    // It answers or closes; either way the request is over when the stream ends.
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.expect("the end");
    assert!(
        !String::from_utf8_lossy(&rest).contains(" 200 "),
        "{}",
        String::from_utf8_lossy(&rest)
    );
    assert_eq!(local.get("k").await, b"old");
    assert_eq!(local.keys().await, ["k"]);
    local.s3.shutdown().await;
    let local = Local {
        s3: serve(local.dir.path(), &[]).await,
        ..local
    };
    assert_eq!(files(&local), before);
}

#[tokio::test]
async fn a_reader_keeps_the_object_it_opened() {
    let local = Local::start().await;
    let (old, new) = (vec![b'o'; 8 * 1024 * 1024], vec![b'n'; 8 * 1024 * 1024]);
    local.put("k", &old).await;
    let reading = local
        .client
        .get_object()
        .bucket("data")
        .key("k")
        .send()
        .await
        .expect("a get");
    local.put("k", &new).await;
    assert!(reading.body.collect().await.expect("a body").to_vec() == old);
    assert!(local.get("k").await == new);
    let reading = local
        .client
        .get_object()
        .bucket("data")
        .key("k")
        .send()
        .await
        .expect("a get");
    local
        .client
        .delete_object()
        .bucket("data")
        .key("k")
        .send()
        .await
        .expect("a delete");
    assert!(reading.body.collect().await.expect("a body").to_vec() == new);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_never_mix() {
    let local = Local::start().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in b'a'..b'i' {
        let client = local.client.clone();
        writers.spawn(async move {
            for _ in 0..5 {
                let body = ByteStream::from(vec![writer; 300_000 + usize::from(writer)]);
                let put = client.put_object().bucket("data").key("shared").body(body);
                put.metadata("writer", char::from(writer))
                    .send()
                    .await
                    .expect("a put");
                let got = client
                    .get_object()
                    .bucket("data")
                    .key("shared")
                    .send()
                    .await
                    .expect("a get");
                let said = got
                    .metadata()
                    .and_then(|metadata| metadata.get("writer"))
                    .cloned()
                    .expect("a writer");
                let length = got.content_length().expect("a length");
                let body = got.body.collect().await.expect("a body").to_vec();
                let by = *body.first().expect("a byte");
                assert!(body.iter().all(|byte| *byte == by), "a mixture");
                assert_eq!(said, char::from(by).to_string());
                assert_eq!(
                    (body.len(), length),
                    (300_000 + usize::from(by), 300_000 + i64::from(by))
                );
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.expect("a writer");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_creators_one_wins() {
    let local = Local::start().await;
    let mut creators = tokio::task::JoinSet::new();
    for creator in 0..16u8 {
        let client = local.client.clone();
        creators.spawn(async move {
            let body = ByteStream::from(vec![creator; 10_000]);
            let put = client
                .put_object()
                .bucket("data")
                .key("lock")
                .if_none_match("*")
                .body(body)
                .send()
                .await;
            match put {
                Ok(_) => Some(creator),
                Err(error) => {
                    assert_eq!(error.code(), Some("PreconditionFailed"));
                    None
                }
            }
        });
    }
    let winners: Vec<u8> = creators.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(local.get("lock").await, vec![winners[0]; 10_000]);
}

/// A create by a copy or by an upload in parts races with creates by a put.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_all_ways_to_create_one_wins() {
    let local = Local::start().await;
    local.put("source", b"copied").await;
    let mut creators = tokio::task::JoinSet::new();
    for creator in 0..12u8 {
        let client = local.client.clone();
        let upload = match creator % 3 {
            0 => Some(uploaded(&client, "lock").await),
            _ => None,
        };
        creators.spawn(async move {
            let failed = match (upload, creator % 3) {
                (Some((id, parts)), _) => {
                    let complete = client
                        .complete_multipart_upload()
                        .bucket("data")
                        .key("lock");
                    let complete = complete.upload_id(id).multipart_upload(parts);
                    let done = complete.if_none_match("*").send().await;
                    done.err().map(|error| error.code().map(str::to_owned))
                }
                (None, 1) => {
                    let copy = client.copy_object().bucket("data").key("lock");
                    let copy = copy.copy_source("data/source").if_none_match("*");
                    let done = copy.send().await;
                    done.err().map(|error| error.code().map(str::to_owned))
                }
                (None, _) => {
                    let put = client.put_object().bucket("data").key("lock");
                    let put = put.if_none_match("*").body(ByteStream::from_static(b"put"));
                    let done = put.send().await;
                    done.err().map(|error| error.code().map(str::to_owned))
                }
            };
            if let Some(code) = &failed {
                assert_eq!(code.as_deref(), Some("PreconditionFailed"));
            }
            failed.is_none()
        });
    }
    let won = creators.join_all().await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
}

/// An upload of one part that is to be completed.
async fn uploaded(
    client: &Client,
    key: &str,
) -> (String, aws_sdk_s3::types::CompletedMultipartUpload) {
    let created = client.create_multipart_upload().bucket("data").key(key);
    let id = created.send().await.expect("an upload").upload_id;
    let id = id.expect("an id");
    let part = client.upload_part().bucket("data").key(key).upload_id(&id);
    let part = part.part_number(1).body(ByteStream::from_static(b"part"));
    let part = part.send().await.expect("a part");
    let part = aws_sdk_s3::types::CompletedPart::builder()
        .part_number(1)
        .set_e_tag(part.e_tag)
        .set_checksum_crc32(part.checksum_crc32);
    let parts = aws_sdk_s3::types::CompletedMultipartUpload::builder().parts(part.build());
    (id, parts.build())
}

/// A counter by compare and swap: no change of one client is lost under that of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_changers_of_one_state_one_wins() {
    let local = Local::start().await;
    local.put("counter", &0u64.to_le_bytes()).await;
    let mut changers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let client = local.client.clone();
        changers.spawn(async move {
            let mut changes = 0;
            for _ in 0..20 {
                let got = client.get_object().bucket("data").key("counter").send();
                let got = got.await.expect("a get");
                let tag = got.e_tag().expect("a tag").to_owned();
                let bytes = got.body.collect().await.expect("a body").to_vec();
                let count = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
                let put = client.put_object().bucket("data").key("counter");
                let put = put
                    .if_match(tag)
                    .body((count + 1).to_le_bytes().to_vec().into());
                match put.send().await {
                    Ok(_) => changes += 1,
                    Err(error) => assert_eq!(error.code(), Some("PreconditionFailed")),
                }
            }
            changes
        });
    }
    let changes: u64 = changers.join_all().await.into_iter().sum();
    assert_eq!(local.get("counter").await, changes.to_le_bytes());
}

#[tokio::test]
async fn shutdown_frees_the_port() {
    let local = Local::start().await;
    local.put("k", b"x").await;
    let address = local.s3.endpoint().replace("http://", "");
    // The client still holds its idle connection.
    local.s3.shutdown().await;
    TcpListener::bind(&address).await.expect("the port is free");
    assert!(
        local
            .client
            .get_object()
            .bucket("data")
            .key("k")
            .send()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn dropping_ends_the_server() {
    let local = Local::start().await;
    let address = local.s3.endpoint().replace("http://", "");
    drop(local.s3);
    // The task ends when the runtime comes to it.
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_not_an_object() {
    let local = Local::start().await;
    let objects = local.dir.path().join("s3").join("data").join("07");
    std::fs::create_dir_all(&objects).expect("a folder");
    for name in ["notes.txt", ".DS_Store", "empty", "long+0123"] {
        let text = if name == "empty" {
            ""
        } else {
            "written by somebody else, and longer than sixteen bytes"
        };
        std::fs::write(objects.join(name), text).expect("a file");
    }
    local.put("mine", b"x").await;
    local.s3.shutdown().await;
    let local = Local {
        s3: serve(local.dir.path(), &[]).await,
        ..local
    };
    let local = Local {
        client: client(&local.s3, SECRET_KEY),
        ..local
    };
    assert!(
        objects.join("notes.txt").exists(),
        "a file of somebody else's was removed"
    );
    assert_eq!(local.keys().await, ["mine"]);
    let foreign = local
        .client
        .get_object()
        .bucket("data")
        .key("notes.txt")
        .send()
        .await;
    assert_eq!(refused(foreign), error(404, "NoSuchKey"));
    local.put("notes.txt", b"now mine").await;
    assert_eq!(local.get("notes.txt").await, b"now mine");
}
