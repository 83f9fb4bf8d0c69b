//! Buckets and listings.

use aws_sdk_s3::types::{
    BucketLocationConstraint, CreateBucketConfiguration, EncodingType, ObjectStorageClass,
};

use super::*;
use fw_s3::StartError;

#[tokio::test]
async fn buckets_of_the_options_exist_at_start() {
    let dir = TempDir::new().expect("a temporary folder");
    let s3 = serve(dir.path(), &["two", "one"]).await;
    assert_eq!(s3.buckets(), ["one", "two"]);
    let list = client(&s3, SECRET_KEY)
        .list_buckets()
        .send()
        .await
        .expect("a listing");
    let names: Vec<_> = list
        .buckets()
        .iter()
        .filter_map(|bucket| bucket.name())
        .collect();
    assert_eq!(names, ["one", "two"]);
    assert!(list.buckets().iter().all(|bucket| {
        bucket
            .creation_date()
            .is_some_and(|date| date.secs() > 1_700_000_000)
    }));
}

#[tokio::test]
async fn a_bad_bucket_name_is_refused_before_anything_is_written() {
    let dir = TempDir::new().expect("a temporary folder");
    let root = dir.path().join("s3");
    let buckets = vec!["good".to_owned(), "Bad_Name".to_owned()];
    let mut options = Options::new(root.clone());
    options.buckets = buckets;
    let error = S3::start(options).await.expect_err("an error");
    assert!(matches!(error, StartError::BucketName { .. }));
    assert_eq!(
        error.to_string(),
        "a bucket name must consist of lower-case letters, digits, `.` and `-` only: `Bad_Name`"
    );
    assert!(!root.exists());
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_made_is_named() {
    let dir = TempDir::new().expect("a temporary folder");
    std::fs::write(dir.path().join("file"), "").expect("a file");
    let root = dir.path().join("file").join("s3");
    let error = S3::start(Options::new(root)).await.expect_err("an error");
    assert!(matches!(error, StartError::Data { .. }));
    assert!(error.to_string().contains("file"), "{error}");
}

#[tokio::test]
async fn creating_a_bucket_twice_says_that_it_is_yours() {
    let local = Local::start().await;
    let again = local.client.create_bucket().bucket("data").send().await;
    assert_eq!(refused(again), error(409, "BucketAlreadyOwnedByYou"));
    let bad = local
        .client
        .create_bucket()
        .bucket("ends-with-s3alias-s3alias")
        .send()
        .await;
    assert_eq!(refused(bad), error(400, "InvalidBucketName"));
}

#[tokio::test]
async fn a_full_bucket_is_not_deleted_and_an_empty_one_is() {
    let local = Local::start().await;
    local.put("kept", b"still here").await;
    assert_eq!(
        refused(local.client.delete_bucket().bucket("data").send().await),
        error(409, "BucketNotEmpty")
    );
    assert_eq!(local.get("kept").await, b"still here");
    local
        .client
        .delete_object()
        .bucket("data")
        .key("kept")
        .send()
        .await
        .expect("a delete");
    local
        .client
        .delete_bucket()
        .bucket("data")
        .send()
        .await
        .expect("a delete");
    assert_eq!(local.s3.buckets(), [""; 0]);
    assert_eq!(
        refused(local.client.delete_bucket().bucket("data").send().await),
        error(404, "NoSuchBucket")
    );
    local
        .client
        .create_bucket()
        .bucket("data")
        .send()
        .await
        .expect("the name is free again");
}

#[tokio::test]
async fn every_operation_knows_a_missing_bucket() {
    let local = Local::start().await;
    local.put("source", b"x").await;
    let client = &local.client;
    let missing = error(404, "NoSuchBucket");
    let body = ByteStream::from_static(b"x");
    assert_eq!(
        refused(
            client
                .put_object()
                .bucket("nowhere")
                .key("k")
                .body(body)
                .send()
                .await
        ),
        missing
    );
    assert_eq!(
        refused(client.get_object().bucket("nowhere").key("k").send().await),
        missing
    );
    assert_eq!(
        refused(
            client
                .delete_object()
                .bucket("nowhere")
                .key("k")
                .send()
                .await
        ),
        missing
    );
    assert_eq!(
        refused(client.list_objects().bucket("nowhere").send().await),
        missing
    );
    assert_eq!(
        refused(client.list_objects_v2().bucket("nowhere").send().await),
        missing
    );
    assert_eq!(
        refused(client.get_bucket_location().bucket("nowhere").send().await),
        missing
    );
    assert_eq!(
        refused(
            client
                .create_multipart_upload()
                .bucket("nowhere")
                .key("k")
                .send()
                .await
        ),
        missing
    );
    assert_eq!(
        refused(
            client
                .list_multipart_uploads()
                .bucket("nowhere")
                .send()
                .await
        ),
        missing
    );
    let copy = client
        .copy_object()
        .bucket("nowhere")
        .key("k")
        .copy_source("data/source")
        .send()
        .await;
    assert_eq!(refused(copy), missing);
    let copy = client
        .copy_object()
        .bucket("data")
        .key("k")
        .copy_source("nowhere/source")
        .send()
        .await;
    assert_eq!(refused(copy), missing);
    // HEAD has no body to name the error in; SDKs call every 404 NotFound.
    assert_eq!(
        refused(client.head_bucket().bucket("nowhere").send().await),
        error(404, "NotFound")
    );
    assert_eq!(
        refused(client.head_object().bucket("nowhere").key("k").send().await),
        error(404, "NotFound")
    );
}

#[tokio::test]
async fn a_bucket_remembers_its_location() {
    let local = Local::start().await;
    let there = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::EuCentral1)
        .build();
    local
        .client
        .create_bucket()
        .bucket("there")
        .create_bucket_configuration(there)
        .send()
        .await
        .expect("a bucket");
    let location = local
        .client
        .get_bucket_location()
        .bucket("there")
        .send()
        .await
        .expect("a location");
    assert_eq!(
        location.location_constraint(),
        Some(&BucketLocationConstraint::EuCentral1)
    );
    let head = local
        .client
        .head_bucket()
        .bucket("there")
        .send()
        .await
        .expect("a head");
    assert_eq!(head.bucket_region(), Some("eu-central-1"));
    let head = local
        .client
        .head_bucket()
        .bucket("data")
        .send()
        .await
        .expect("a head");
    assert_eq!(head.bucket_region(), Some("us-east-1"));
}

#[tokio::test]
async fn buckets_are_listed_in_pages() {
    let dir = TempDir::new().expect("a temporary folder");
    let s3 = serve(dir.path(), &["a-1", "a-2", "a-3", "b-1"]).await;
    let client = client(&s3, SECRET_KEY);
    let first = client
        .list_buckets()
        .prefix("a-")
        .max_buckets(2)
        .send()
        .await
        .expect("a page");
    assert_eq!(
        first
            .buckets()
            .iter()
            .filter_map(|bucket| bucket.name())
            .collect::<Vec<_>>(),
        ["a-1", "a-2"]
    );
    let token = first.continuation_token().expect("a token");
    let second = client
        .list_buckets()
        .prefix("a-")
        .max_buckets(2)
        .continuation_token(token)
        .send()
        .await;
    let second = second.expect("a page");
    assert_eq!(
        second
            .buckets()
            .iter()
            .filter_map(|bucket| bucket.name())
            .collect::<Vec<_>>(),
        ["a-3"]
    );
    assert_eq!(second.continuation_token(), None);
}

#[tokio::test]
async fn listings_group_by_delimiter_and_go_on_page_by_page() {
    let local = Local::start().await;
    for key in ["a", "a/1", "a/2", "b/1", "c", "d/x/y"] {
        local.put(key, key.as_bytes()).await;
    }
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let page = local
            .client
            .list_objects_v2()
            .bucket("data")
            .delimiter("/")
            .max_keys(2)
            .set_continuation_token(token);
        let page = page.send().await.expect("a page");
        assert_eq!(
            page.key_count(),
            Some((page.contents().len() + page.common_prefixes().len()) as i32)
        );
        seen.extend(
            page.contents()
                .iter()
                .filter_map(|object| object.key().map(str::to_owned)),
        );
        seen.extend(
            page.common_prefixes()
                .iter()
                .filter_map(|prefix| prefix.prefix().map(str::to_owned)),
        );
        token = page.next_continuation_token().map(str::to_owned);
        assert_eq!(page.is_truncated(), Some(token.is_some()));
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "a/", "c", "b/", "d/"]);

    let mut seen = Vec::new();
    let mut marker = None;
    loop {
        let page = local
            .client
            .list_objects()
            .bucket("data")
            .delimiter("/")
            .max_keys(1)
            .set_marker(marker);
        let page = page.send().await.expect("a page");
        seen.extend(
            page.contents()
                .iter()
                .filter_map(|object| object.key().map(str::to_owned)),
        );
        seen.extend(
            page.common_prefixes()
                .iter()
                .filter_map(|prefix| prefix.prefix().map(str::to_owned)),
        );
        marker = page.next_marker().map(str::to_owned);
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a", "a/", "b/", "c", "d/"]);
}

#[tokio::test]
async fn listings_take_prefix_and_start() {
    let local = Local::start().await;
    for key in ["logs/1", "logs/2", "logs/3", "other"] {
        local.put(key, b"12345").await;
    }
    let page = local
        .client
        .list_objects_v2()
        .bucket("data")
        .prefix("logs/")
        .start_after("logs/1")
        .send()
        .await;
    let page = page.expect("a page");
    assert_eq!(
        page.contents()
            .iter()
            .filter_map(|object| object.key())
            .collect::<Vec<_>>(),
        ["logs/2", "logs/3"]
    );
    let first = page.contents().first().expect("an object");
    assert_eq!(
        (
            first.size(),
            first.storage_class().map(ObjectStorageClass::as_str)
        ),
        (Some(5), Some("STANDARD"))
    );
    assert!(first.e_tag().is_some_and(|tag| tag.starts_with('"')));
    assert!(
        first
            .last_modified()
            .is_some_and(|time| time.secs() > 1_700_000_000)
    );
    let none = local
        .client
        .list_objects_v2()
        .bucket("data")
        .max_keys(0)
        .send()
        .await
        .expect("a page");
    assert_eq!(
        (none.key_count(), none.is_truncated()),
        (Some(0), Some(false))
    );
    let bad = local
        .client
        .list_objects_v2()
        .bucket("data")
        .continuation_token("%%%")
        .send()
        .await;
    assert_eq!(refused(bad), error(400, "InvalidArgument"));
    let bad = local
        .client
        .list_objects_v2()
        .bucket("data")
        .max_keys(-1)
        .send()
        .await;
    assert_eq!(refused(bad), error(400, "InvalidArgument"));
}

#[tokio::test]
async fn a_listing_may_be_url_encoded() {
    let local = Local::start().await;
    local.put("a+b c/é\u{1}", b"").await;
    let page = local
        .client
        .list_objects_v2()
        .bucket("data")
        .encoding_type(EncodingType::Url)
        .send()
        .await;
    let page = page.expect("a page");
    assert_eq!(
        page.contents().first().and_then(|object| object.key()),
        Some("a%2Bb%20c/%C3%A9%01")
    );
    assert_eq!(page.encoding_type(), Some(&EncodingType::Url));
}
