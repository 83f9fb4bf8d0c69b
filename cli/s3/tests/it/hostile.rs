//! Keys and requests that try to break out, or just to break.

use percent_encoding::percent_decode_str;

use super::raw::{exchange, request};
use super::*;

#[tokio::test]
async fn any_key_is_stored_as_it_is() {
    let local = Local::start().await;
    let longest = "ü/".repeat(341) + "z";
    assert_eq!(longest.len(), 1024);
    let mut keys = vec![
        "a",
        "a/b",
        "a/b/c",
        "a/",
        "a//b",
        "/lead",
        "//",
        "+",
        "a+b",
        "a b",
        "%",
        "%2e",
        "%2F",
        "é",
        "e\u{301}",
        "日本/語",
        "..",
        "../up",
        "./here",
        "a/../b",
        ".",
        "...",
        "dir/..",
        "~",
        "a\\b",
        "A",
        "aB",
        "Ab",
        "CON",
        "nul.txt",
        "a?b",
        "a#b",
        "a&b=c",
        "a;b",
        "a:b",
        "*",
        "<>\"'",
        "a\tb",
        "😀",
        "trailing ",
        " leading",
        "-rf",
        "a=b",
        "@",
        "[x]",
        "|",
    ];
    keys.push(&longest);
    let almost = "x".repeat(1023);
    keys.push(&almost);
    for key in &keys {
        local.put(key, format!("<{key}>").as_bytes()).await;
    }
    for key in &keys {
        assert_eq!(
            local.get(key).await,
            format!("<{key}>").as_bytes(),
            "{key:?}"
        );
    }
    let mut sorted: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    sorted.sort_unstable();
    assert_eq!(local.keys().await, sorted);
    for key in &keys {
        local
            .client
            .delete_object()
            .bucket("data")
            .key(*key)
            .send()
            .await
            .expect("a delete");
    }
    assert_eq!(local.keys().await, [""; 0]);
    local
        .client
        .delete_bucket()
        .bucket("data")
        .send()
        .await
        .expect("it is empty");
}

#[tokio::test]
async fn a_key_may_have_1024_bytes_and_no_more() {
    let local = Local::start().await;
    let put = |key: String| {
        local
            .client
            .put_object()
            .bucket("data")
            .key(key)
            .body(ByteStream::from_static(b"x"))
            .send()
    };
    put("x".repeat(1024)).await.expect("just short enough");
    assert_eq!(
        refused(put("x".repeat(1025)).await),
        error(400, "KeyTooLongError")
    );
    assert_eq!(
        refused(put("ü".repeat(513)).await),
        error(400, "KeyTooLongError")
    );
    let get = local
        .client
        .get_object()
        .bucket("data")
        .key("x".repeat(1025))
        .send()
        .await;
    assert_eq!(refused(get), error(400, "KeyTooLongError"));
}

#[tokio::test]
async fn paths_sent_as_they_are_stay_inside() {
    let local = Local::start().await;
    let secret = local.dir.path().join("secret");
    std::fs::write(&secret, "outside").expect("a file");
    let endpoint = local.s3.endpoint();
    let mut stored = Vec::new();
    for path in [
        "/data/../../secret",
        "/data/../../../../secret",
        "/data/%2e%2e/%2e%2e/%2e%2e/secret",
        "/data/..%2fsecret",
        "/data/%2Fetc%2Fpasswd",
        "/data//etc//passwd",
        "/data/..",
        "/data/.",
        "/data/%00",
        "/data/a%00b",
        "/data/..%5c..%5csecret",
        "/data/%252e%252e%252fsecret",
        "/data/bucket.json",
        "/data/objects/../bucket.json",
        "/data/a%0d%0ax-injected:%20yes",
        "/data/%EF%BF%BF",
    ] {
        let got = request(&endpoint, "GET", path, &[], "").await;
        assert_eq!(
            (got.status, got.code()),
            (404, "NoSuchKey"),
            "{path}: {got:?}"
        );
        let put = request(&endpoint, "PUT", path, &[], "hostile").await;
        assert_eq!(put.status, 200, "{path}: {put:?}");
        assert!(!put.head.contains("x-injected"), "{path}");
        let got = request(&endpoint, "GET", path, &[], "").await;
        assert_eq!((got.status, got.body.as_str()), (200, "hostile"), "{path}");
        let key = path.strip_prefix("/data/").expect("a key");
        stored.push(
            percent_decode_str(key)
                .decode_utf8()
                .expect("text")
                .into_owned(),
        );
    }
    for path in [
        "/../secret",
        "/..%2fsecret",
        "/%2e%2e/secret",
        "/.",
        "//data/x",
        "/*/x",
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let answer = request(&endpoint, method, path, &[], "").await;
            let refused = (400..=404).contains(&answer.status) && !answer.code().is_empty();
            assert!(refused, "{method} {path}: {answer:?}");
        }
    }
    // An encoded slash ends the bucket's name like a plain one.
    let same = request(&endpoint, "GET", "/data%2f..%2f..%2fsecret", &[], "").await;
    assert_eq!((same.status, same.body.as_str()), (200, "hostile"));
    let invalid = request(&endpoint, "PUT", "/data/%ff%fe", &[], "x").await;
    assert_eq!((invalid.status, invalid.code()), (400, "InvalidURI"));
    assert_eq!(
        std::fs::read_to_string(&secret).expect("the file"),
        "outside"
    );
    // Nothing but the folder and the file that this test made.
    assert_eq!(
        std::fs::read_dir(local.dir.path())
            .expect("the folder")
            .count(),
        2
    );
    // In the data folder there is what the store writes: its names come from numbers, never from keys.
    let inside = std::fs::read_dir(local.dir.path().join("s3")).expect("the folder");
    let mut inside: Vec<_> = inside
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    inside.sort();
    assert_eq!(inside, ["data", "journal", "lock"]);
    // Keys that XML cannot hold need `encoding-type=url` for most parsers.
    let list = request(
        &endpoint,
        "GET",
        "/data?encoding-type=url&list-type=2",
        &[],
        "",
    )
    .await;
    assert_eq!(
        (list.status, list.body.matches("<Contents>").count()),
        (200, stored.len()),
        "{list:?}"
    );
    assert!(
        list.body.contains("<Key>a%00b</Key>") && list.body.contains("<Key>../../secret</Key>"),
        "{}",
        list.body
    );
}

#[tokio::test]
async fn nonsense_gets_an_answer() {
    let local = Local::start().await;
    local.put("k", b"x").await;
    let endpoint = local.s3.endpoint();
    for (method, path, headers, body) in [
        ("GET", "/data/k?partNumber=x", &[][..], ""),
        ("GET", "/data/k?partNumber=1", &[("range", "bytes=0-0")], ""),
        ("GET", "/data?list-type=2&max-keys=x", &[], ""),
        ("PUT", "/data/k?partNumber=1&uploadId=..%2F..", &[], "x"),
        ("PUT", "/data/k", &[("x-amz-copy-source", "nonsense")], ""),
        ("PUT", "/data/k", &[("content-md5", "\u{fc}")], "x"),
        ("PUT", "/data/k", &[("x-amz-checksum-crc32", "wrong")], "x"),
        (
            "PUT",
            "/data/k",
            &[("x-amz-checksum-algorithm", "CRC99")],
            "x",
        ),
        (
            "POST",
            "/data?delete",
            &[],
            "<Delete><Object><Key></Key></Object>",
        ),
        ("POST", "/data?delete", &[], "not XML"),
        (
            "POST",
            "/data/k?uploadId=zz",
            &[],
            "<CompleteMultipartUpload/>",
        ),
        (
            "POST",
            "/data",
            &[("content-type", "multipart/form-data; boundary=b")],
            "--b--\r\n",
        ),
        ("PUT", "/data/k?acl", &[], ""),
        ("PUT", "/data/k?tagging", &[], "<Tagging/>"),
        ("PATCH", "/data/k", &[], "x"),
        ("TRACE", "/", &[], ""),
    ] {
        let answer = request(&endpoint, method, path, headers, body).await;
        assert!(
            (400..=501).contains(&answer.status),
            "{method} {path}: {answer:?}"
        );
        assert!(
            !answer.code().is_empty() && answer.code() != "InternalError",
            "{method} {path}: {answer:?}"
        );
        assert!(
            answer
                .header("x-amz-request-id")
                .is_some_and(|id| id.len() == 16)
        );
    }
    // A form without a file.
    let host = endpoint.replace("http://", "");
    let body = "--b\r\ncontent-disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b--\r\n";
    let form = format!(
        "POST /data HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(&endpoint, form.as_bytes()).await;
    assert!((400..=501).contains(&answer.status), "{answer:?}");
    assert_eq!(local.get("k").await, b"x");
}
