//! Multipart uploads.

use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
};

use super::*;

const FIVE_MIB: usize = 5 * 1024 * 1024;

async fn begin(local: &Local, key: &str) -> String {
    let upload = local
        .client
        .create_multipart_upload()
        .bucket("data")
        .key(key)
        .content_type("text/x-parts");
    upload
        .send()
        .await
        .expect("an upload")
        .upload_id
        .expect("an id")
}

async fn part(local: &Local, key: &str, id: &str, number: i32, body: Vec<u8>) -> CompletedPart {
    let request = local
        .client
        .upload_part()
        .bucket("data")
        .key(key)
        .upload_id(id)
        .part_number(number);
    let done = request
        .body(ByteStream::from(body))
        .send()
        .await
        .expect("a part");
    CompletedPart::builder()
        .part_number(number)
        .set_e_tag(done.e_tag)
        .build()
}

fn parts(parts: &[CompletedPart]) -> CompletedMultipartUpload {
    CompletedMultipartUpload::builder()
        .set_parts(Some(parts.to_vec()))
        .build()
}

#[tokio::test]
async fn parts_become_one_object() {
    let local = Local::start().await;
    local.put("big", b"before").await;
    let id = begin(&local, "big").await;
    // In any order, and again: the last one of a number counts.
    let last = part(&local, "big", &id, 9, b"tail".to_vec()).await;
    part(&local, "big", &id, 2, b"replaced below".to_vec()).await;
    let first = part(&local, "big", &id, 2, vec![b'a'; FIVE_MIB]).await;
    let listed = local
        .client
        .list_parts()
        .bucket("data")
        .key("big")
        .upload_id(&id)
        .send()
        .await
        .expect("parts");
    let seen: Vec<_> = listed
        .parts()
        .iter()
        .map(|part| (part.part_number(), part.size()))
        .collect();
    assert_eq!(seen, [(Some(2), Some(FIVE_MIB as i64)), (Some(9), Some(4))]);
    let page = local
        .client
        .list_parts()
        .bucket("data")
        .key("big")
        .upload_id(&id)
        .max_parts(1)
        .send()
        .await;
    let page = page.expect("parts");
    assert_eq!(
        (page.is_truncated(), page.next_part_number_marker()),
        (Some(true), Some("2"))
    );
    let uploads = local
        .client
        .list_multipart_uploads()
        .bucket("data")
        .send()
        .await
        .expect("uploads");
    assert_eq!(
        uploads
            .uploads()
            .first()
            .and_then(|upload| upload.upload_id()),
        Some(id.as_str())
    );
    assert_eq!(local.get("big").await, b"before");

    let complete = local
        .client
        .complete_multipart_upload()
        .bucket("data")
        .key("big")
        .upload_id(&id);
    let done = complete
        .multipart_upload(parts(&[first, last]))
        .send()
        .await
        .expect("an object");
    // The MD5 of the MD5s of 5 MiB of "a" and of "tail", calculated with another program.
    let tag = done.e_tag().expect("a tag");
    assert_eq!(tag, "\"30dcfd3901d1c613b7fb532281748544-2\"");
    let got = local
        .client
        .get_object()
        .bucket("data")
        .key("big")
        .send()
        .await
        .expect("a get");
    assert_eq!(
        (got.content_type(), got.e_tag()),
        (Some("text/x-parts"), Some(tag))
    );
    let body = got.body.collect().await.expect("a body").to_vec();
    assert_eq!(
        (body.len(), body.ends_with(b"aatail")),
        (FIVE_MIB + 4, true)
    );
    let second = local
        .client
        .get_object()
        .bucket("data")
        .key("big")
        .part_number(2)
        .send()
        .await
        .expect("a part");
    assert_eq!(
        (second.parts_count(), second.content_length()),
        (Some(2), Some(4))
    );
    assert_eq!(
        second.content_range(),
        Some("bytes 5242880-5242883/5242884")
    );
    assert_eq!(
        second.body.collect().await.expect("a body").to_vec(),
        b"tail"
    );
    let again = local
        .client
        .list_parts()
        .bucket("data")
        .key("big")
        .upload_id(&id)
        .send()
        .await;
    assert_eq!(refused(again), error(404, "NoSuchUpload"));
    // A copy is one piece again.
    local
        .client
        .copy_object()
        .bucket("data")
        .key("copy")
        .copy_source("data/big")
        .send()
        .await
        .expect("a copy");
    let head = local
        .client
        .head_object()
        .bucket("data")
        .key("copy")
        .send()
        .await
        .expect("a head");
    assert!(head.e_tag().is_some_and(|tag| !tag.contains('-')));
}

#[tokio::test]
async fn a_wrong_list_of_parts_is_refused() {
    let local = Local::start().await;
    let id = begin(&local, "k").await;
    let one = part(&local, "k", &id, 1, b"too small".to_vec()).await;
    let two = part(&local, "k", &id, 2, b"last".to_vec()).await;
    let complete = |list: Vec<CompletedPart>| {
        local
            .client
            .complete_multipart_upload()
            .bucket("data")
            .key("k")
            .upload_id(&id)
            .multipart_upload(parts(&list))
            .send()
    };
    assert_eq!(
        refused(complete(vec![one.clone(), two.clone()]).await),
        error(400, "EntityTooSmall")
    );
    assert_eq!(
        refused(complete(vec![two.clone(), one.clone()]).await),
        error(400, "InvalidPartOrder")
    );
    let other = CompletedPart::builder()
        .part_number(1)
        .e_tag("\"other\"")
        .build();
    assert_eq!(
        refused(complete(vec![other]).await),
        error(400, "InvalidPart")
    );
    let never = CompletedPart::builder()
        .part_number(7)
        .e_tag("\"never\"")
        .build();
    assert_eq!(
        refused(complete(vec![never]).await),
        error(400, "InvalidPart")
    );
    assert_eq!(refused(complete(vec![]).await), error(400, "MalformedXML"));
    complete(vec![one])
        .await
        .expect("one small part is the last part");
    assert_eq!(local.get("k").await, b"too small");
}

#[tokio::test]
async fn an_upload_that_is_not_there_is_told() {
    let local = Local::start().await;
    let id = begin(&local, "k").await;
    let put = |key: &str, id: &str, number: i32| {
        let request = local
            .client
            .upload_part()
            .bucket("data")
            .key(key)
            .upload_id(id)
            .part_number(number);
        request.body(ByteStream::from_static(b"x")).send()
    };
    let missing = error(404, "NoSuchUpload");
    assert_eq!(refused(put("other", &id, 1).await), missing);
    assert_eq!(
        refused(put("k", "0123456789abcdef0123456789abcdef", 1).await),
        missing
    );
    assert_eq!(refused(put("k", "../../../../data", 1).await), missing);
    assert_eq!(
        refused(put("k", &id, 0).await),
        error(400, "InvalidArgument")
    );
    assert_eq!(
        refused(put("k", &id, 10_001).await),
        error(400, "InvalidArgument")
    );
    local
        .client
        .abort_multipart_upload()
        .bucket("data")
        .key("k")
        .upload_id(&id)
        .send()
        .await
        .expect("an abort");
    assert_eq!(refused(put("k", &id, 1).await), missing);
    let again = local
        .client
        .abort_multipart_upload()
        .bucket("data")
        .key("k")
        .upload_id(&id)
        .send()
        .await;
    assert_eq!(refused(again), missing);
    assert_eq!(local.keys().await, [""; 0]);
}

#[tokio::test]
async fn parts_can_be_copied() {
    let local = Local::start().await;
    local.put("digits", b"0123456789").await;
    let id = begin(&local, "k").await;
    let copy = |range: &str| {
        let request = local
            .client
            .upload_part_copy()
            .bucket("data")
            .key("k")
            .upload_id(&id)
            .part_number(1);
        request
            .copy_source("data/digits")
            .copy_source_range(range)
            .send()
    };
    assert_eq!(
        refused(copy("bytes=5-10").await),
        error(416, "InvalidRange")
    );
    assert_eq!(
        refused(copy("bytes=5-").await),
        error(400, "InvalidArgument")
    );
    let done = copy("bytes=2-4").await.expect("a part");
    let tag = done
        .copy_part_result()
        .and_then(|result| result.e_tag())
        .expect("a tag")
        .to_owned();
    let list = parts(&[CompletedPart::builder().part_number(1).e_tag(tag).build()]);
    let complete = local
        .client
        .complete_multipart_upload()
        .bucket("data")
        .key("k")
        .upload_id(&id)
        .multipart_upload(list);
    complete.send().await.expect("an object");
    assert_eq!(local.get("k").await, b"234");
}

#[tokio::test]
async fn the_whole_has_a_checksum() {
    let local = Local::start().await;
    for (algorithm, kind, suffix) in [
        (ChecksumAlgorithm::Sha256, ChecksumType::Composite, "-1"),
        (ChecksumAlgorithm::Crc32, ChecksumType::FullObject, ""),
    ] {
        let create = local
            .client
            .create_multipart_upload()
            .bucket("data")
            .key("k");
        let created = create
            .checksum_algorithm(algorithm.clone())
            .checksum_type(kind.clone())
            .send()
            .await;
        let id = created.expect("an upload").upload_id.expect("an id");
        let request = local
            .client
            .upload_part()
            .bucket("data")
            .key("k")
            .upload_id(&id)
            .part_number(1);
        let request = request
            .checksum_algorithm(algorithm)
            .body(ByteStream::from_static(b"abc"));
        let done = request.send().await.expect("a part");
        let wrong = CompletedPart::builder()
            .part_number(1)
            .set_e_tag(done.e_tag.clone())
            .checksum_sha256("wrong")
            .build();
        let complete = || {
            local
                .client
                .complete_multipart_upload()
                .bucket("data")
                .key("k")
                .upload_id(&id)
        };
        assert_eq!(
            refused(complete().multipart_upload(parts(&[wrong])).send().await),
            error(400, "InvalidPart")
        );
        let right = CompletedPart::builder()
            .part_number(1)
            .set_e_tag(done.e_tag);
        let right = right
            .set_checksum_sha256(done.checksum_sha256)
            .set_checksum_crc32(done.checksum_crc32)
            .build();
        let object = complete()
            .multipart_upload(parts(&[right]))
            .send()
            .await
            .expect("an object");
        let sum = object
            .checksum_sha256()
            .or(object.checksum_crc32())
            .expect("a checksum")
            .to_owned();
        assert!(sum.trim_end_matches(suffix).ends_with('='), "{sum}");
        let head = local
            .client
            .head_object()
            .bucket("data")
            .key("k")
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        let head = head.expect("a head");
        assert_eq!(head.checksum_type(), Some(&kind));
        assert_eq!(
            head.checksum_sha256().or(head.checksum_crc32()),
            Some(sum.as_str())
        );
    }
    let create = local
        .client
        .create_multipart_upload()
        .bucket("data")
        .key("k");
    let bad = create
        .checksum_algorithm(ChecksumAlgorithm::Sha1)
        .checksum_type(ChecksumType::FullObject)
        .send()
        .await;
    assert_eq!(refused(bad), error(400, "InvalidRequest"));
}
