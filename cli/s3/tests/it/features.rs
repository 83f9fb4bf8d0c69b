//! Versions, tags, locks, lists, policies, encryption and rules, as an SDK sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketVersioningStatus, ChecksumAlgorithm, ExpirationStatus,
    LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, ObjectAttributes, ObjectCannedAcl,
    ServerSideEncryption, Tag, Tagging, VersioningConfiguration,
};

use super::*;

async fn versioned(local: &Local, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration::builder().status(status).build();
    let put = local
        .client
        .put_bucket_versioning()
        .bucket("data")
        .versioning_configuration(configuration);
    put.send().await.expect("a setting");
}

#[tokio::test]
async fn versions_come_and_go() {
    let local = Local::start().await;
    local.put("k", b"before").await;
    versioned(&local, BucketVersioningStatus::Enabled).await;
    let put = |text: &'static [u8]| {
        local
            .client
            .put_object()
            .bucket("data")
            .key("k")
            .body(ByteStream::from_static(text))
            .send()
    };
    let first = put(b"first")
        .await
        .expect("a put")
        .version_id
        .expect("a version");
    put(b"second").await.expect("a put");
    let marker = local
        .client
        .delete_object()
        .bucket("data")
        .key("k")
        .send()
        .await
        .expect("a delete");
    assert_eq!(marker.delete_marker(), Some(true));
    let gone = local
        .client
        .get_object()
        .bucket("data")
        .key("k")
        .send()
        .await;
    assert_eq!(refused(gone), error(404, "NoSuchKey"));
    for (id, expected) in [(first.as_str(), &b"first"[..]), ("null", b"before")] {
        let got = local
            .client
            .get_object()
            .bucket("data")
            .key("k")
            .version_id(id)
            .send()
            .await
            .expect("a version");
        assert_eq!(got.body.collect().await.expect("a body").to_vec(), expected);
    }
    let on_marker = local
        .client
        .get_object()
        .bucket("data")
        .key("k")
        .version_id(marker.version_id().expect("an id"))
        .send()
        .await;
    assert_eq!(refused(on_marker), error(405, "MethodNotAllowed"));
    let listed = local
        .client
        .list_object_versions()
        .bucket("data")
        .send()
        .await
        .expect("a listing");
    assert_eq!(
        (listed.versions().len(), listed.delete_markers().len()),
        (3, 1)
    );
    assert_eq!(listed.delete_markers()[0].is_latest(), Some(true));
    local
        .client
        .delete_object()
        .bucket("data")
        .key("k")
        .version_id(marker.version_id().expect("an id"))
        .send()
        .await
        .expect("a delete");
    assert_eq!(local.get("k").await, b"second");
    versioned(&local, BucketVersioningStatus::Suspended).await;
    local.put("k", b"now").await;
    let listed = local
        .client
        .list_object_versions()
        .bucket("data")
        .send()
        .await
        .expect("a listing");
    let ids: Vec<&str> = listed
        .versions()
        .iter()
        .filter_map(|version| version.version_id())
        .collect();
    assert_eq!((ids.len(), ids[0]), (3, "null"));
    let full = local.client.delete_bucket().bucket("data").send().await;
    assert_eq!(refused(full), error(409, "BucketNotEmpty"));
    // What was put while versions were kept outlives a restart.
    local.s3.shutdown().await;
    let local = Local {
        s3: serve(local.dir.path(), &[]).await,
        ..local
    };
    let client = client(&local.s3, SECRET_KEY);
    let got = client
        .get_object()
        .bucket("data")
        .key("k")
        .version_id(&first)
        .send()
        .await
        .expect("a version");
    assert_eq!(got.body.collect().await.expect("a body").to_vec(), b"first");
}

#[tokio::test]
async fn tags_are_held_to_their_rules() {
    let local = Local::start().await;
    local.put("k", b"x").await;
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().expect("a tag");
    let set = |tags: Vec<Tag>| {
        let tagging = Tagging::builder()
            .set_tag_set(Some(tags))
            .build()
            .expect("tags");
        local
            .client
            .put_object_tagging()
            .bucket("data")
            .key("k")
            .tagging(tagging)
            .send()
    };
    set(vec![tag("a", "1"), tag("b", "")]).await.expect("tags");
    let head = local
        .client
        .head_object()
        .bucket("data")
        .key("k")
        .send()
        .await
        .expect("a head");
    assert_eq!(head.tag_count(), Some(2));
    assert_eq!(
        refused(set(vec![tag("a", "1"), tag("a", "2")]).await),
        error(400, "InvalidTag")
    );
    assert_eq!(
        refused(set(vec![tag("aws:x", "1")]).await),
        error(400, "InvalidTag")
    );
    let many = (0..11).map(|number| tag(&number.to_string(), "")).collect();
    assert_eq!(refused(set(many).await), error(400, "BadRequest"));
    let copy = local
        .client
        .copy_object()
        .bucket("data")
        .key("copy")
        .copy_source("data/k")
        .send()
        .await;
    copy.expect("a copy");
    let copied = local
        .client
        .get_object_tagging()
        .bucket("data")
        .key("copy")
        .send()
        .await
        .expect("tags");
    assert_eq!(copied.tag_set().len(), 2);
    local
        .client
        .delete_object_tagging()
        .bucket("data")
        .key("k")
        .send()
        .await
        .expect("a delete");
    let tags = local
        .client
        .get_object_tagging()
        .bucket("data")
        .key("k")
        .send()
        .await
        .expect("tags");
    assert!(tags.tag_set().is_empty());
}

#[tokio::test]
async fn a_new_bucket_is_private() {
    let local = Local::start().await;
    let put = local
        .client
        .put_object()
        .bucket("data")
        .key("k")
        .acl(ObjectCannedAcl::PublicRead)
        .send()
        .await;
    assert_eq!(refused(put), error(400, "AccessControlListNotSupported"));
    let full = local
        .client
        .put_object()
        .bucket("data")
        .key("k")
        .acl(ObjectCannedAcl::BucketOwnerFullControl)
        .send()
        .await;
    full.expect("a put");
    let public = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}]}"#;
    let policy = || {
        local
            .client
            .put_bucket_policy()
            .bucket("data")
            .policy(public)
            .send()
    };
    assert_eq!(refused(policy().await), error(403, "AccessDenied"));
    let endpoint = local.s3.endpoint();
    let anonymous = || {
        let host = endpoint.trim_start_matches("http://").to_owned();
        let head = format!("GET /data/k HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let endpoint = endpoint.clone();
        async move { raw::exchange(&endpoint, head.as_bytes()).await.status }
    };
    assert_eq!(anonymous().await, 403);
    local
        .client
        .delete_public_access_block()
        .bucket("data")
        .send()
        .await
        .expect("a delete");
    policy().await.expect("a policy");
    assert_eq!(anonymous().await, 200);
    let denies = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::data/*"}]}"#;
    local
        .client
        .put_bucket_policy()
        .bucket("data")
        .policy(denies)
        .send()
        .await
        .expect("a policy");
    let denied = local
        .client
        .get_object()
        .bucket("data")
        .key("k")
        .send()
        .await;
    assert_eq!(refused(denied), error(403, "AccessDenied"));
    let malformed = local
        .client
        .put_bucket_policy()
        .bucket("data")
        .policy("{}")
        .send()
        .await;
    assert_eq!(refused(malformed), error(400, "MalformedPolicy"));
}

#[tokio::test]
async fn encryption_is_as_applications_see_it() {
    let local = Local::start().await;
    let key = "pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=";
    let (algorithm, md5) = ("AES256", "DWygnHRtgiJ77HCm+1rvHw==");
    let put = local
        .client
        .put_object()
        .bucket("data")
        .key("c")
        .body(ByteStream::from_static(b"secret"));
    put.sse_customer_algorithm(algorithm)
        .sse_customer_key(key)
        .sse_customer_key_md5(md5)
        .send()
        .await
        .expect("a put");
    let without = local
        .client
        .get_object()
        .bucket("data")
        .key("c")
        .send()
        .await;
    assert_eq!(refused(without), error(400, "InvalidRequest"));
    let with = local
        .client
        .get_object()
        .bucket("data")
        .key("c")
        .sse_customer_algorithm(algorithm)
        .sse_customer_key(key);
    with.sse_customer_key_md5(md5).send().await.expect("a get");
    let plain = local
        .client
        .put_object()
        .bucket("data")
        .key("p")
        .send()
        .await
        .expect("a put");
    assert_eq!(
        plain.server_side_encryption(),
        Some(&ServerSideEncryption::Aes256)
    );
    let kms = local
        .client
        .put_object()
        .bucket("data")
        .key("k")
        .server_side_encryption(ServerSideEncryption::AwsKms);
    let kms = kms.ssekms_key_id("alias/mine").send().await.expect("a put");
    assert_eq!(kms.ssekms_key_id(), Some("alias/mine"));
    assert_ne!(kms.e_tag(), Some("\"d41d8cd98f00b204e9800998ecf8427e\""));
}

#[tokio::test]
async fn attributes_and_all_checksums() {
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
            .key("k")
            .body(ByteStream::from_static(b"hello"));
        put.checksum_algorithm(algorithm.clone())
            .send()
            .await
            .expect("a put");
        let got = local.client.get_object_attributes().bucket("data").key("k");
        let got = got
            .object_attributes(ObjectAttributes::Checksum)
            .object_attributes(ObjectAttributes::ObjectSize);
        let got = got.send().await.expect("attributes");
        assert_eq!(got.object_size(), Some(5));
        assert!(got.checksum().is_some(), "{algorithm:?}");
        // The SDK checks the value of what it reads.
        assert_eq!(local.get("k").await, b"hello");
    }
}

#[tokio::test]
async fn rules_end_objects_on_the_clock_of_the_services() {
    let dir = TempDir::new().expect("a temporary folder");
    let offset = Arc::new(AtomicU64::new(0));
    let mut options = Options::new(dir.path().join("s3"));
    options.users = vec![User::owner(ACCESS_KEY, SECRET_KEY)];
    options.buckets = vec!["data".to_owned()];
    let moved = Arc::clone(&offset);
    options.now = Arc::new(move || {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("a time");
        u64::try_from(since.as_millis()).expect("a time") + moved.load(Ordering::SeqCst)
    });
    let s3 = S3::start(options).await.expect("the server starts");
    let client = client(&s3, SECRET_KEY);
    for key in ["tmp/a", "kept/a"] {
        client
            .put_object()
            .bucket("data")
            .key(key)
            .send()
            .await
            .expect("a put");
    }
    let rule = LifecycleRule::builder()
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("tmp/").build())
        .expiration(LifecycleExpiration::builder().days(3).build())
        .build()
        .expect("a rule");
    let rules = BucketLifecycleConfiguration::builder()
        .rules(rule)
        .build()
        .expect("rules");
    client
        .put_bucket_lifecycle_configuration()
        .bucket("data")
        .lifecycle_configuration(rules)
        .send()
        .await
        .expect("rules");
    let head = client
        .head_object()
        .bucket("data")
        .key("tmp/a")
        .send()
        .await
        .expect("a head");
    assert!(
        head.expiration()
            .is_some_and(|text| text.starts_with("expiry-date=\"")),
        "{head:?}"
    );
    let keys = || async {
        let listed = client
            .list_objects_v2()
            .bucket("data")
            .send()
            .await
            .expect("a listing");
        listed
            .contents()
            .iter()
            .filter_map(|object| object.key().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    s3.run_lifecycle();
    assert_eq!(keys().await, ["kept/a", "tmp/a"]);
    offset.store(4 * 24 * 3600 * 1000, Ordering::SeqCst);
    s3.run_lifecycle();
    assert_eq!(keys().await, ["kept/a"]);
}

#[tokio::test]
async fn what_is_locked_stays() {
    use aws_sdk_s3::types::{
        ObjectLockLegalHold, ObjectLockLegalHoldStatus, ObjectLockRetention,
        ObjectLockRetentionMode,
    };
    let local = Local::start().await;
    local
        .client
        .create_bucket()
        .bucket("vault")
        .object_lock_enabled_for_bucket(true)
        .send()
        .await
        .expect("a bucket");
    let put = local
        .client
        .put_object()
        .bucket("vault")
        .key("k")
        .send()
        .await
        .expect("a put");
    let id = put.version_id().expect("a version");
    let until = aws_sdk_s3::primitives::DateTime::from(
        std::time::SystemTime::now() + std::time::Duration::from_secs(3600),
    );
    let retention = ObjectLockRetention::builder()
        .mode(ObjectLockRetentionMode::Governance)
        .retain_until_date(until)
        .build();
    local
        .client
        .put_object_retention()
        .bucket("vault")
        .key("k")
        .retention(retention)
        .send()
        .await
        .expect("a retention");
    let delete = || {
        local
            .client
            .delete_object()
            .bucket("vault")
            .key("k")
            .version_id(id)
    };
    assert_eq!(refused(delete().send().await), error(403, "AccessDenied"));
    let hold = |status| {
        let hold = ObjectLockLegalHold::builder().status(status).build();
        local
            .client
            .put_object_legal_hold()
            .bucket("vault")
            .key("k")
            .legal_hold(hold)
            .send()
    };
    hold(ObjectLockLegalHoldStatus::On).await.expect("a hold");
    assert_eq!(
        refused(delete().bypass_governance_retention(true).send().await),
        error(403, "AccessDenied")
    );
    hold(ObjectLockLegalHoldStatus::Off).await.expect("a hold");
    delete()
        .bypass_governance_retention(true)
        .send()
        .await
        .expect("a delete");
}

#[tokio::test]
async fn one_process_at_a_time_has_the_folder() {
    let local = Local::start().await;
    let mut options = Options::new(local.dir.path().join("s3"));
    options.buckets = vec!["other".to_owned()];
    let second = S3::start(options).await;
    let Err(fw_s3::StartError::Data { source, .. }) = second else {
        panic!("a second server: {second:?}");
    };
    assert_eq!(source.kind(), std::io::ErrorKind::ResourceBusy);
}

#[tokio::test]
async fn a_damaged_journal_is_refused_and_a_cut_one_read() {
    let local = Local::start().await;
    local.put("a", b"1").await;
    local.put("b", b"2").await;
    let journal = local.dir.path().join("s3").join("journal");
    local.s3.shutdown().await;
    let whole = std::fs::read(&journal).expect("a journal");
    // The last line was not written to its end.
    std::fs::write(&journal, &whole[..whole.len() - 3]).expect("a journal");
    let s3 = serve(local.dir.path(), &[]).await;
    let listed = client(&s3, SECRET_KEY)
        .list_objects_v2()
        .bucket("data")
        .send()
        .await
        .expect("a listing");
    assert_eq!(listed.contents().len(), 1);
    s3.shutdown().await;
    let mut damaged = whole.clone();
    let middle = whole.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&journal, &damaged).expect("a journal");
    let refused = S3::start(Options::new(local.dir.path().join("s3"))).await;
    assert!(
        matches!(refused, Err(fw_s3::StartError::Data { ref source, .. }) if source.kind() == std::io::ErrorKind::InvalidData),
        "{refused:?}"
    );
    assert!(std::fs::read(&journal).expect("a journal") == damaged);
}

#[tokio::test]
async fn data_of_the_older_layout_is_taken_over() {
    let dir = TempDir::new().expect("a temporary folder");
    let bucket = dir.path().join("s3").join("buckets").join("data");
    std::fs::create_dir_all(bucket.join("objects")).expect("a folder");
    std::fs::create_dir_all(bucket.join("uploads").join("one")).expect("a folder");
    std::fs::write(
        bucket.join("bucket.json"),
        r#"{"created":1700000000,"location":"eu-west-1"}"#,
    )
    .expect("a file");
    let file = |data: &[u8], meta: &str| {
        let mut bytes = data.to_vec();
        bytes.extend_from_slice(meta.as_bytes());
        bytes.extend_from_slice(&u64::try_from(meta.len()).expect("a length").to_le_bytes());
        bytes.extend_from_slice(b"fw-s3-1\n");
        bytes
    };
    let meta = r#"{"key":"a/b","size":5,"etag":"5d41402abc4b2a76b9719d911017c592","modified":1700000001,"attributes":{"content_type":"text/plain","user":{"a":"b"}}}"#;
    std::fs::write(bucket.join("objects").join("a%2fb"), file(b"hello", meta)).expect("a file");
    std::fs::write(bucket.join("objects").join("notes.txt"), "somebody else's").expect("a file");
    std::fs::write(
        bucket.join("uploads").join("one").join("upload.json"),
        r#"{"key":"up","initiated":1700000002,"attributes":{},"algorithm":null,"kind":null}"#,
    )
    .expect("a file");
    let part =
        r#"{"key":"up","size":2,"etag":"49f68a5c8493ec2c0bf489821c21fc3b","modified":1700000003}"#;
    std::fs::write(
        bucket.join("uploads").join("one").join("part-00001"),
        file(b"hi", part),
    )
    .expect("a file");
    for _ in 0..2 {
        let s3 = serve(dir.path(), &[]).await;
        let client = client(&s3, SECRET_KEY);
        let got = client
            .get_object()
            .bucket("data")
            .key("a/b")
            .send()
            .await
            .expect("a get");
        assert_eq!(
            (
                got.content_type(),
                got.metadata()
                    .and_then(|own| own.get("a"))
                    .map(String::as_str)
            ),
            (Some("text/plain"), Some("b"))
        );
        assert_eq!(got.body.collect().await.expect("a body").to_vec(), b"hello");
        let parts = client
            .list_parts()
            .bucket("data")
            .key("up")
            .upload_id("one")
            .send()
            .await
            .expect("parts");
        assert_eq!(parts.parts().len(), 1);
        s3.shutdown().await;
    }
    assert!(
        bucket.join("objects").join("notes.txt").exists(),
        "a file that is not S3's was removed"
    );
    assert!(!bucket.join("objects").join("a%2fb").exists());
}
