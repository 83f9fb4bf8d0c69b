//! What is near to the faults of public reports: each kind of fault, tried with other inputs than those that were reported.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::raw::{Answer, exchange, hex, hmac, now};
use super::sign::{Draft, key};
use super::*;

fn status_and_code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.code())
}

type Headers = &'static [(&'static str, &'static str)];

/// A presigned URL is used with a hash that its maker did not know. It is held against the body, and a mode of chunks is one.
#[tokio::test]
async fn the_payload_of_a_presigned_put_is_what_its_header_says() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let chunks = b"5;chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n";
    let cases: [(Headers, &[u8], (u16, &str)); 4] = [
        (
            &[("x-amz-content-sha256", "junk")],
            b"hello",
            (400, "InvalidArgument"),
        ),
        (
            &[(
                "x-amz-content-sha256",
                "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
            )],
            b"hello",
            (501, "NotImplemented"),
        ),
        (
            &[("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")],
            chunks,
            (411, "MissingContentLength"),
        ),
        (
            &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
            b"hello",
            (200, ""),
        ),
    ];
    for (unsigned, body, expected) in cases {
        let draft = Draft {
            method: "PUT",
            path: "/data/k",
            unsigned,
            body,
            ..Draft::default()
        };
        let answer = draft.send_presigned(&endpoint, "60").await;
        assert_eq!(status_and_code(&answer), expected, "{unsigned:?}");
    }
    let signed = Draft {
        method: "PUT",
        path: "/data/chunks",
        headers: &[("x-amz-decoded-content-length", "5")],
        unsigned: &[("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")],
        body: chunks,
        ..Draft::default()
    };
    let answer = signed.send_presigned(&endpoint, "60").await;
    assert_eq!(status_and_code(&answer), (403, "SignatureDoesNotMatch"));
    assert_eq!(local.keys().await, ["k"]);
}

#[tokio::test]
async fn a_part_needs_its_number_and_its_upload() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let put = |query, headers| Draft {
        method: "PUT",
        path: "/data/k",
        query,
        headers,
        ..Draft::default()
    };
    let copy: &[(&str, &str)] = &[("x-amz-copy-source", "data/a")];
    for headers in [&[], copy] {
        let answer = put(&[("partNumber", "1")], headers).send(&endpoint).await;
        assert_eq!(status_and_code(&answer), (400, "InvalidArgument"));
        let message =
            "<Message>This operation does not accept partNumber without uploadId</Message>";
        assert!(answer.body.contains(message), "{}", answer.body);
        let answer = put(&[("uploadId", "x")], headers).send(&endpoint).await;
        assert_eq!(status_and_code(&answer), (405, "MethodNotAllowed"));
        assert_eq!(answer.header("allow"), Some("DELETE, GET, POST"));
        let kind = "<ResourceType>UPLOAD</ResourceType>";
        assert!(answer.body.contains(kind), "{}", answer.body);
    }
    assert!(local.keys().await.is_empty());
}

#[tokio::test]
async fn what_a_method_is_not_for_names_the_others() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let cases: [(&str, Headers, &str); 4] = [
        ("/data/k", &[], "DELETE, GET, HEAD, PUT"),
        ("/data/k", &[("tagging", "")], "DELETE, GET, PUT"),
        ("/data", &[("versions", "")], "GET"),
        ("/", &[], "GET"),
    ];
    for (path, query, allowed) in cases {
        let draft = Draft {
            method: "PATCH",
            path,
            query,
            ..Draft::default()
        };
        let answer = draft.send(&endpoint).await;
        assert_eq!(status_and_code(&answer), (405, "MethodNotAllowed"));
        assert_eq!(answer.header("allow"), Some(allowed), "{path} {query:?}");
    }
}

#[tokio::test]
async fn a_missing_part_counts_before_a_small_one() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let created = local.client.create_multipart_upload().bucket("data");
    let created = created.key("k").send().await.expect("an upload");
    let upload = created.upload_id().expect("an id");
    let part = local.client.upload_part().bucket("data").key("k");
    let part = part
        .upload_id(upload)
        .part_number(1)
        .body(ByteStream::from_static(b"small"));
    let etag = part.send().await.expect("a part").e_tag.expect("a tag");
    let listed =
        |number| format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
    let document = format!(
        "<CompleteMultipartUpload>{}{}</CompleteMultipartUpload>",
        listed(1),
        listed(2)
    );
    let complete = Draft {
        method: "POST",
        path: "/data/k",
        query: &[("uploadId", upload)],
        body: document.as_bytes(),
        ..Draft::default()
    };
    let answer = complete.send(&endpoint).await;
    assert_eq!(status_and_code(&answer), (400, "InvalidPart"));
}

fn read_with<'a>(unsigned: &'a [(&'a str, &'a str)]) -> Draft<'a> {
    Draft {
        path: "/data/k",
        unsigned,
        ..Draft::default()
    }
}

#[tokio::test]
async fn headers_of_reads_are_lists_and_caches_get_what_they_need() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let put = local.client.put_object().bucket("data").key("k");
    let put = put
        .cache_control("max-age=60")
        .body(ByteStream::from_static(b"0123456789"));
    let etag = put.send().await.expect("a put").e_tag.expect("a tag");
    let lines = [("if-none-match", "\"x\""), ("if-none-match", etag.as_str())];
    let answer = read_with(&lines).send(&endpoint).await;
    assert_eq!(answer.status, 304);
    assert_eq!(answer.header("cache-control"), Some("max-age=60"));
    assert_eq!(answer.header("etag"), Some(etag.as_str()));
    let lines = [("if-match", "\"x\""), ("if-match", etag.as_str())];
    assert_eq!(read_with(&lines).send(&endpoint).await.status, 200);
    // The unit's case does not count, and white space has no place between the numbers.
    for (range, expected) in [("Bytes=0-4", "01234"), ("bytes=0 - 4", "0123456789")] {
        let line = [("range", range)];
        let answer = read_with(&line).send(&endpoint).await;
        assert_eq!(answer.body, expected, "{range}");
    }
}

/// Sends a form whose policy allows every field of that list.
async fn form(local: &Local, fields: &[(&str, &str)]) -> Answer {
    let (day, time) = now();
    let credential = format!("{ACCESS_KEY}/{day}/us-east-1/s3/aws4_request");
    let mut all = fields.to_vec();
    all.extend([
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", &time),
    ]);
    let conditions: String = all
        .iter()
        .map(|(name, _)| format!(",[\"starts-with\",\"${name}\",\"\"]"))
        .collect();
    let policy = format!(
        "{{\"expiration\":\"2099-01-01T00:00:00Z\",\"conditions\":[{{\"bucket\":\"data\"}}{conditions}]}}"
    );
    let policy = STANDARD.encode(policy);
    let signature = hex(&hmac(&key(&day), policy.as_bytes()));
    all.extend([
        ("policy", policy.as_str()),
        ("x-amz-signature", signature.as_str()),
    ]);
    let mut body: String = all
        .iter()
        .map(|(name, value)| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        })
        .collect();
    body.push_str("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\dir\\my file.txt\"\r\n\r\nhello\r\n--b--\r\n");
    let endpoint = local.s3.endpoint();
    let head = format!(
        "POST /data HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
        endpoint.trim_start_matches("http://"),
        body.len()
    );
    exchange(&endpoint, (head + &body).as_bytes()).await
}

#[tokio::test]
async fn all_fields_of_a_form_may_have_the_file_s_name() {
    let local = Local::start().await;
    let fields = [
        ("key", "f/${filename}"),
        ("x-amz-meta-name", "<${filename}>"),
        (
            "success_action_redirect",
            "http://localhost/done?of=${filename}",
        ),
    ];
    let answer = form(&local, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let to = answer.header("location").expect("a location");
    assert!(
        to.starts_with("http://localhost/done?of=my file.txt&bucket=data&key=f%2Fmy%20file.txt"),
        "{to}"
    );
    let head = local.client.head_object().bucket("data");
    let head = head.key("f/my file.txt").send().await.expect("an object");
    let metadata = head.metadata().expect("metadata");
    assert_eq!(
        metadata.get("name").map(String::as_str),
        Some("<my file.txt>")
    );
}

#[tokio::test]
async fn the_digest_in_a_form_is_compared() {
    let local = Local::start().await;
    for (digest, expected) in [
        ("XUFAKrxLKna5cZ2REBfFkg==", (204, "")),
        ("AAAAAAAAAAAAAAAAAAAAAA==", (400, "BadDigest")),
        ("zz", (400, "InvalidDigest")),
    ] {
        let fields = [("key", "k"), ("Content-MD5", digest)];
        let answer = form(&local, &fields).await;
        assert_eq!(status_and_code(&answer), expected, "{digest}");
    }
}
