//! Objects: what goes in comes out, and what S3 refuses is refused with S3's code.

use std::collections::HashMap;

use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, Delete, MetadataDirective, ObjectCannedAcl, ObjectIdentifier,
    StorageClass,
};

use super::*;

const ABC_MD5: &str = "\"900150983cd24fb0d6963f7d28e17f72\"";

#[tokio::test]
async fn an_object_comes_back_with_all_that_was_said_about_it() {
    let local = Local::start().await;
    let put = local
        .client
        .put_object()
        .bucket("data")
        .key("docs/abc.txt")
        .body(ByteStream::from_static(b"abc"))
        .cache_control("max-age=60")
        .content_disposition("attachment; filename=\"abc.txt\"")
        .content_encoding("identity")
        .content_language("en")
        .content_type("text/plain; charset=utf-8")
        .expires(DateTime::from_secs(2_000_000_000))
        .metadata("author", "Ada")
        .storage_class(StorageClass::StandardIa)
        .send()
        .await
        .expect("a put");
    assert_eq!(put.e_tag(), Some(ABC_MD5));
    let got = local
        .client
        .get_object()
        .bucket("data")
        .key("docs/abc.txt")
        .send()
        .await
        .expect("a get");
    assert_eq!(got.e_tag(), Some(ABC_MD5));
    assert_eq!(got.content_length(), Some(3));
    assert_eq!(got.cache_control(), Some("max-age=60"));
    assert_eq!(
        got.content_disposition(),
        Some("attachment; filename=\"abc.txt\"")
    );
    assert_eq!(got.content_encoding(), Some("identity"));
    assert_eq!(got.content_language(), Some("en"));
    assert_eq!(got.content_type(), Some("text/plain; charset=utf-8"));
    assert_eq!(got.expires_string(), Some("Wed, 18 May 2033 03:33:20 GMT"));
    assert_eq!(
        got.metadata()
            .and_then(|metadata| metadata.get("author"))
            .map(String::as_str),
        Some("Ada")
    );
    assert_eq!(got.storage_class(), Some(&StorageClass::StandardIa));
    assert_eq!(got.accept_ranges(), Some("bytes"));
    let head = local
        .client
        .head_object()
        .bucket("data")
        .key("docs/abc.txt")
        .send()
        .await
        .expect("a head");
    assert_eq!(
        (head.e_tag(), head.content_length()),
        (Some(ABC_MD5), Some(3))
    );
    assert_eq!(head.last_modified(), got.last_modified());
    assert_eq!(got.body.collect().await.expect("a body").to_vec(), b"abc");
}

#[tokio::test]
async fn an_object_without_a_type_is_binary() {
    let local = Local::start().await;
    let url = presigned_put(&local, "untyped").await;
    let target = url.trim_start_matches(&local.s3.endpoint()).to_owned();
    let host = local.s3.endpoint().replace("http://", "");
    let put = format!(
        "PUT {target} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi"
    );
    assert_eq!(
        raw::exchange(&local.s3.endpoint(), put.as_bytes())
            .await
            .status,
        200
    );
    let head = local
        .client
        .head_object()
        .bucket("data")
        .key("untyped")
        .send()
        .await
        .expect("a head");
    assert_eq!(head.content_type(), Some("binary/octet-stream"));
}

async fn presigned_put(local: &Local, key: &str) -> String {
    let expires =
        aws_sdk_s3::presigning::PresigningConfig::expires_in(std::time::Duration::from_secs(600));
    let request = plain_client(&local.s3).put_object().bucket("data").key(key);
    request
        .presigned(expires.expect("a duration"))
        .await
        .expect("a URL")
        .uri()
        .to_owned()
}

#[tokio::test]
async fn a_presigned_url_reads() {
    let local = Local::start().await;
    local.put("shared file", b"for you").await;
    let expires =
        aws_sdk_s3::presigning::PresigningConfig::expires_in(std::time::Duration::from_secs(600));
    let request = local
        .client
        .get_object()
        .bucket("data")
        .key("shared file")
        .response_content_type("text/x-test");
    let url = request
        .presigned(expires.expect("a duration"))
        .await
        .expect("a URL")
        .uri()
        .to_owned();
    let target = url.trim_start_matches(&local.s3.endpoint());
    let host = local.s3.endpoint().replace("http://", "");
    let get = format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let answer = raw::exchange(&local.s3.endpoint(), get.as_bytes()).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, "for you"),
        "{answer:?}"
    );
    assert_eq!(answer.header("content-type"), Some("text/x-test"));
    let forged = get.replace("shared%20file", "other");
    assert_eq!(
        raw::exchange(&local.s3.endpoint(), forged.as_bytes())
            .await
            .code(),
        "SignatureDoesNotMatch"
    );
}

#[tokio::test]
async fn missing_keys_are_told() {
    let local = Local::start().await;
    let client = &local.client;
    let get = client
        .get_object()
        .bucket("data")
        .key("nothing")
        .send()
        .await;
    assert!(get.as_ref().is_err_and(|error| {
        error
            .as_service_error()
            .is_some_and(GetObjectError::is_no_such_key)
    }));
    assert_eq!(refused(get), error(404, "NoSuchKey"));
    let head = client
        .head_object()
        .bucket("data")
        .key("nothing")
        .send()
        .await;
    assert!(head.is_err_and(|error| {
        error
            .as_service_error()
            .is_some_and(HeadObjectError::is_not_found)
    }));
    let copy = client
        .copy_object()
        .bucket("data")
        .key("to")
        .copy_source("data/nothing")
        .send()
        .await;
    assert_eq!(refused(copy), error(404, "NoSuchKey"));
    // Deleting what is not there is no error (API reference, `DeleteObject`).
    client
        .delete_object()
        .bucket("data")
        .key("nothing")
        .send()
        .await
        .expect("a delete");
}

#[tokio::test]
async fn ranges_follow_rfc_9110() {
    let local = Local::start().await;
    local.put("digits", b"0123456789").await;
    local.put("empty", b"").await;
    for (range, expected, content_range) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=7-99", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"),
    ] {
        let got = local
            .client
            .get_object()
            .bucket("data")
            .key("digits")
            .range(range)
            .send()
            .await
            .expect("a get");
        assert_eq!(got.content_range(), Some(content_range), "{range}");
        assert_eq!(got.content_length(), Some(expected.len() as i64), "{range}");
        assert_eq!(
            got.body.collect().await.expect("a body").to_vec(),
            expected.as_bytes(),
            "{range}"
        );
    }
    for (key, range) in [
        ("digits", "bytes=10-"),
        ("digits", "bytes=-0"),
        ("empty", "bytes=0-"),
        ("empty", "bytes=-1"),
    ] {
        let got = local
            .client
            .get_object()
            .bucket("data")
            .key(key)
            .range(range)
            .send()
            .await;
        assert_eq!(refused(got), error(416, "InvalidRange"), "{key} {range}");
    }
    let answer = raw::request(
        &local.s3.endpoint(),
        "GET",
        "/data/digits",
        &[("range", "bytes=5-6")],
        "",
    )
    .await;
    assert_eq!((answer.status, answer.body.as_str()), (206, "56"));
    let answer = raw::request(
        &local.s3.endpoint(),
        "GET",
        "/data/digits",
        &[("range", "bytes=50-")],
        "",
    )
    .await;
    assert_eq!(
        (answer.status, answer.header("content-range")),
        (416, Some("bytes */10"))
    );
    let head = local
        .client
        .head_object()
        .bucket("data")
        .key("digits")
        .range("bytes=5-6")
        .send()
        .await
        .expect("a head");
    assert_eq!(
        (head.content_length(), head.content_range()),
        (Some(2), Some("bytes 5-6/10"))
    );
    let whole = local
        .client
        .get_object()
        .bucket("data")
        .key("digits")
        .part_number(1)
        .send()
        .await
        .expect("a get");
    assert_eq!(whole.content_length(), Some(10));
    let none = local
        .client
        .get_object()
        .bucket("data")
        .key("digits")
        .part_number(2)
        .send()
        .await;
    assert_eq!(refused(none).0, 416);
}

#[tokio::test]
async fn reads_are_conditional() {
    let local = Local::start().await;
    let tag = local.put("page", b"one").await;
    let client = &local.client;
    let get = || client.get_object().bucket("data").key("page");
    let head = || client.head_object().bucket("data").key("page");
    let (past, future) = (
        DateTime::from_secs(1_000_000_000),
        DateTime::from_secs(4_000_000_000),
    );
    assert_eq!(refused(get().if_none_match(&tag).send().await).0, 304);
    assert_eq!(refused(get().if_none_match("*").send().await).0, 304);
    assert_eq!(refused(get().if_modified_since(future).send().await).0, 304);
    assert_eq!(refused(head().if_none_match(&tag).send().await).0, 304);
    assert_eq!(
        refused(head().if_modified_since(future).send().await).0,
        304
    );
    assert_eq!(
        refused(get().if_match("\"other\"").send().await),
        error(412, "PreconditionFailed")
    );
    assert_eq!(
        refused(get().if_unmodified_since(past).send().await),
        error(412, "PreconditionFailed")
    );
    assert_eq!(refused(head().if_match("\"other\"").send().await).0, 412);
    assert_eq!(
        refused(head().if_unmodified_since(past).send().await).0,
        412
    );
    get()
        .if_none_match("\"other\"")
        .send()
        .await
        .expect("it changed");
    get().if_match(&tag).send().await.expect("it is the same");
    get()
        .if_modified_since(past)
        .send()
        .await
        .expect("it changed");
    get()
        .if_unmodified_since(future)
        .send()
        .await
        .expect("it is the same");
    // The two combinations that the API reference (`GetObject`) spells out.
    get()
        .if_match(&tag)
        .if_unmodified_since(past)
        .send()
        .await
        .expect("If-Match decides");
    assert_eq!(
        refused(
            get()
                .if_none_match(&tag)
                .if_modified_since(past)
                .send()
                .await
        )
        .0,
        304
    );
    // A key that is missing is missing, whatever the conditions.
    let missing = client
        .get_object()
        .bucket("data")
        .key("none")
        .if_none_match("*")
        .send()
        .await;
    assert_eq!(refused(missing), error(404, "NoSuchKey"));

    let answer = raw::request(
        &local.s3.endpoint(),
        "GET",
        "/data/page",
        &[("if-none-match", &tag)],
        "",
    )
    .await;
    assert_eq!((answer.status, answer.body.as_str()), (304, ""));
    assert_eq!(answer.header("etag"), Some(tag.as_str()));
    assert!(
        answer.header("last-modified").is_some() && answer.header("x-amz-request-id").is_some()
    );
}

#[tokio::test]
async fn writes_are_conditional() {
    let local = Local::start().await;
    let put = || {
        local
            .client
            .put_object()
            .bucket("data")
            .key("once")
            .body(ByteStream::from_static(b"new"))
    };
    assert_eq!(
        refused(put().if_match("\"any\"").send().await),
        error(404, "NoSuchKey")
    );
    let first = put()
        .if_none_match("*")
        .send()
        .await
        .expect("the first one")
        .e_tag
        .expect("a tag");
    assert_eq!(
        refused(put().if_none_match("*").send().await),
        error(412, "PreconditionFailed")
    );
    assert_eq!(
        refused(put().if_match("\"other\"").send().await),
        error(412, "PreconditionFailed")
    );
    assert_eq!(
        refused(put().if_none_match(&first).send().await),
        error(501, "NotImplemented")
    );
    put()
        .if_match(&first)
        .send()
        .await
        .expect("the tag is right");
    let delete = || local.client.delete_object().bucket("data").key("once");
    assert_eq!(
        refused(delete().if_match("\"other\"").send().await),
        error(412, "PreconditionFailed")
    );
    delete()
        .if_match(&first)
        .send()
        .await
        .expect("the tag is right");
    assert_eq!(
        refused(delete().if_match("*").send().await),
        error(412, "PreconditionFailed")
    );
}

#[tokio::test]
async fn copies_keep_or_replace_what_was_said() {
    let local = Local::start().await;
    let put = local
        .client
        .put_object()
        .bucket("data")
        .key("from +ü")
        .body(ByteStream::from_static(b"abc"));
    put.content_type("text/plain")
        .metadata("a", "1")
        .send()
        .await
        .expect("a put");
    let copy = |key: &str| {
        local
            .client
            .copy_object()
            .bucket("data")
            .key(key)
            .copy_source("data/from%20%2B%C3%BC")
    };
    let kept = copy("kept").send().await.expect("a copy");
    assert_eq!(
        kept.copy_object_result().and_then(|result| result.e_tag()),
        Some(ABC_MD5)
    );
    let head = local
        .client
        .head_object()
        .bucket("data")
        .key("kept")
        .send()
        .await
        .expect("a head");
    assert_eq!(
        (head.content_type(), head.metadata().map(HashMap::len)),
        (Some("text/plain"), Some(1))
    );
    copy("replaced")
        .metadata_directive(MetadataDirective::Replace)
        .content_type("text/html")
        .send()
        .await
        .expect("a copy");
    let head = local
        .client
        .head_object()
        .bucket("data")
        .key("replaced")
        .send()
        .await
        .expect("a head");
    assert_eq!(
        (head.content_type(), head.metadata().map_or(0, HashMap::len)),
        (Some("text/html"), 0)
    );
    assert_eq!(local.get("replaced").await, b"abc");
    assert_eq!(
        refused(copy("from +ü").send().await),
        error(400, "InvalidRequest")
    );
    copy("from +ü")
        .metadata_directive(MetadataDirective::Replace)
        .send()
        .await
        .expect("onto itself, but changed");
    assert_eq!(local.get("from +ü").await, b"abc");
    let stale = copy("no").copy_source_if_match("\"other\"").send().await;
    assert_eq!(refused(stale), error(412, "PreconditionFailed"));
    let same = copy("no").copy_source_if_none_match(ABC_MD5).send().await;
    assert_eq!(refused(same), error(412, "PreconditionFailed"));
}

#[tokio::test]
async fn many_are_deleted_at_once() {
    let local = Local::start().await;
    for key in ["a", "a/b", "c"] {
        local.put(key, b"x").await;
    }
    let long = "x".repeat(1025);
    let identifiers = ["a", "never there", "c", &long].map(|key| {
        ObjectIdentifier::builder()
            .key(key)
            .build()
            .expect("an identifier")
    });
    let delete = Delete::builder()
        .set_objects(Some(identifiers.to_vec()))
        .build()
        .expect("a list");
    let done = local
        .client
        .delete_objects()
        .bucket("data")
        .delete(delete)
        .send()
        .await
        .expect("a delete");
    assert_eq!(
        done.deleted()
            .iter()
            .filter_map(|one| one.key())
            .collect::<Vec<_>>(),
        ["a", "never there", "c"]
    );
    assert_eq!(
        done.errors()
            .iter()
            .filter_map(|one| one.code())
            .collect::<Vec<_>>(),
        ["KeyTooLongError"]
    );
    assert_eq!(local.keys().await, ["a/b"]);
}

#[tokio::test]
async fn checksums_are_checked_and_given_back() {
    let local = Local::start().await;
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ] {
        let put = local
            .client
            .put_object()
            .bucket("data")
            .key("sum")
            .body(ByteStream::from_static(b"abc"));
        put.checksum_algorithm(algorithm.clone())
            .send()
            .await
            .expect("a put");
        let got = local
            .client
            .get_object()
            .bucket("data")
            .key("sum")
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        let got = got.expect("a get");
        let sums = [
            got.checksum_crc32(),
            got.checksum_crc32_c(),
            got.checksum_crc64_nvme(),
            got.checksum_sha1(),
            got.checksum_sha256(),
        ];
        assert_eq!(sums.iter().flatten().count(), 1, "{algorithm:?} {sums:?}");
        // The SDK compares the checksum as it reads.
        assert_eq!(got.body.collect().await.expect("a body").to_vec(), b"abc");
    }
    let wrong = local
        .client
        .put_object()
        .bucket("data")
        .key("sum")
        .body(ByteStream::from_static(b"abd"));
    assert_eq!(
        refused(wrong.checksum_crc32("NSRBwg==").send().await),
        error(400, "BadDigest")
    );
    let endpoint = local.s3.endpoint();
    for (md5, code) in [
        ("kAFQmDzST7DWlj99KOF/cg==", "BadDigest"),
        ("nonsense", "InvalidDigest"),
    ] {
        let answer = raw::request(
            &endpoint,
            "PUT",
            "/data/sum",
            &[("content-md5", md5)],
            "abd",
        )
        .await;
        assert_eq!((answer.status, answer.code()), (400, code));
    }
    assert_eq!(local.get("sum").await, b"abc");
    let answer = raw::request(
        &endpoint,
        "PUT",
        "/data/sum",
        &[("content-md5", "kAFQmDzST7DWlj99KOF/cg==")],
        "abc",
    )
    .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn what_is_not_kept_is_refused() {
    let local = Local::start().await;
    let put = || {
        local
            .client
            .put_object()
            .bucket("data")
            .key("k")
            .body(ByteStream::from_static(b"x"))
    };
    assert_eq!(
        refused(put().tagging("a=b&a=c").send().await),
        error(400, "InvalidTag")
    );
    let public = put().acl(ObjectCannedAcl::PublicRead).send().await;
    assert_eq!(refused(public), error(400, "AccessControlListNotSupported"));
    put()
        .acl(ObjectCannedAcl::BucketOwnerFullControl)
        .send()
        .await
        .expect("the default said aloud");
    assert_eq!(
        refused(put().metadata("long", "x".repeat(2048)).send().await),
        error(400, "MetadataTooLarge")
    );
    let version = local
        .client
        .get_object()
        .bucket("data")
        .key("k")
        .version_id("other")
        .send()
        .await;
    assert_eq!(refused(version), error(400, "InvalidArgument"));
    local
        .client
        .get_object()
        .bucket("data")
        .key("k")
        .version_id("null")
        .send()
        .await
        .expect("the only version");
    assert_eq!(
        refused(local.client.get_bucket_policy().bucket("data").send().await),
        error(404, "NoSuchBucketPolicy")
    );
    assert_eq!(
        refused(local.client.get_bucket_cors().bucket("data").send().await),
        error(404, "NoSuchCORSConfiguration")
    );
    assert_eq!(
        refused(
            local
                .client
                .get_object_torrent()
                .bucket("data")
                .key("k")
                .send()
                .await
        ),
        error(501, "NotImplemented")
    );
    let versioning = local
        .client
        .get_bucket_versioning()
        .bucket("data")
        .send()
        .await
        .expect("an answer");
    assert_eq!(versioning.status(), None);
}

#[tokio::test]
async fn only_the_right_key_pair_opens_it() {
    let local = Local::start().await;
    local.put("k", b"x").await;
    let wrong = client(&local.s3, "wrong")
        .get_object()
        .bucket("data")
        .key("k")
        .send()
        .await;
    assert_eq!(refused(wrong), error(403, "SignatureDoesNotMatch"));
    let host = local.s3.endpoint().replace("http://", "");
    let anonymous = format!("GET /data/k HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    let answer = raw::exchange(&local.s3.endpoint(), anonymous.as_bytes()).await;
    assert_eq!((answer.status, answer.code()), (403, "AccessDenied"));
}
