//! What S3 refuses, refused with its codes: one test a kind of fault that clients would else meet only in the cloud.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::raw::{Answer, exchange, hex, hmac, now};
use super::sign::{Draft, key, signed_chunks};
use super::*;

/// The CRC-32 of `hello`.
const HELLO: &str = "NhCmhg==";

fn status_and_code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.code())
}

async fn put(local: &Local, key: &str, body: &[u8]) {
    local.put(key, body).await;
}

#[tokio::test]
async fn headers_that_are_not_signed_do_not_take_effect() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let unsigned = [("x-amz-meta-a", "1"), ("x-amz-tagging", "a=b")];
    let draft = Draft {
        method: "PUT",
        path: "/data/k",
        unsigned: &unsigned,
        body: b"x",
        ..Draft::default()
    };
    for answer in [
        draft.send(&endpoint).await,
        draft.send_presigned(&endpoint, "60").await,
    ] {
        assert_eq!(status_and_code(&answer), (403, "AccessDenied"));
        assert!(
            answer
                .body
                .contains("<HeadersNotSigned>x-amz-meta-a, x-amz-tagging</HeadersNotSigned>"),
            "{}",
            answer.body
        );
    }
    assert!(local.keys().await.is_empty());
    let signed = Draft {
        headers: &[("x-amz-meta-a", "1")],
        unsigned: &[],
        ..draft
    };
    assert_eq!(signed.send_presigned(&endpoint, "60").await.status, 200);
}

#[tokio::test]
async fn parameters_of_a_presigned_url_stand_for_headers() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let sums = [
        ("x-amz-checksum-crc32", "AAAAAA=="),
        ("x-amz-sdk-checksum-algorithm", "CRC32"),
    ];
    let draft = Draft {
        method: "PUT",
        path: "/data/up",
        query: &sums,
        body: b"sixteen bytes, or",
        ..Draft::default()
    };
    let answer = draft.send_presigned(&endpoint, "60").await;
    assert_eq!(status_and_code(&answer), (400, "BadDigest"));
    let named = [
        ("x-amz-meta-colour", "red"),
        ("x-amz-storage-class", "STANDARD_IA"),
    ];
    let draft = Draft {
        method: "PUT",
        path: "/data/up",
        query: &named,
        body: b"x",
        ..Draft::default()
    };
    assert_eq!(draft.send_presigned(&endpoint, "60").await.status, 200);
    let head = Draft {
        method: "HEAD",
        path: "/data/up",
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert_eq!(head.header("x-amz-meta-colour"), Some("red"));
    assert_eq!(head.header("x-amz-storage-class"), Some("STANDARD_IA"));
}

#[tokio::test]
async fn a_presigned_url_lives_for_a_week_at_most() {
    let local = Local::start().await;
    put(&local, "k", b"x").await;
    let endpoint = local.s3.endpoint();
    let draft = Draft {
        path: "/data/k",
        ..Draft::default()
    };
    assert_eq!(draft.send_presigned(&endpoint, "604800").await.status, 200);
    for expires in ["604801", "abc", "-1", ""] {
        let answer = draft.send_presigned(&endpoint, expires).await;
        assert_eq!(
            status_and_code(&answer),
            (400, "AuthorizationQueryParametersError"),
            "{expires}"
        );
    }
    let expired = draft.send_presigned(&endpoint, "0").await;
    assert_eq!(status_and_code(&expired), (403, "AccessDenied"));
    assert!(
        expired.body.contains("Request has expired"),
        "{}",
        expired.body
    );
}

#[tokio::test]
async fn a_range_is_for_the_object_that_it_was_begun_on() {
    let local = Local::start().await;
    put(&local, "v", b"0123456789").await;
    let old = local.put("v", b"9876543210").await.replace('"', "");
    put(&local, "v", b"abcdefghij").await;
    let endpoint = local.s3.endpoint();
    let stale = format!("\"{old}\"");
    let draft = Draft {
        path: "/data/v",
        unsigned: &[("range", "bytes=5-"), ("if-range", &stale)],
        ..Draft::default()
    };
    let answer = draft.send(&endpoint).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "abcdefghij"));
    for (range, expected) in [
        ("bytes=5-2", (200, "abcdefghij")),
        ("invalid", (200, "abcdefghij")),
        ("bytes=a-", (200, "abcdefghij")),
        ("bytes=5-", (206, "fghij")),
        ("bytes=-2", (206, "ij")),
    ] {
        let answer = Draft {
            path: "/data/v",
            unsigned: &[("range", range)],
            ..Draft::default()
        }
        .send(&endpoint)
        .await;
        assert_eq!((answer.status, answer.body.as_str()), expected, "{range}");
    }
    let outside = Draft {
        path: "/data/v",
        unsigned: &[("range", "bytes=10-")],
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert_eq!(status_and_code(&outside), (416, "InvalidRange"));
    let part = Draft {
        path: "/data/v",
        query: &[("partNumber", "2")],
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert_eq!(status_and_code(&part), (416, "InvalidPartNumber"));
    let head = Draft {
        method: "HEAD",
        path: "/data/v",
        query: &[("partNumber", "2")],
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert_eq!((head.status, head.body.as_str()), (416, ""));
}

#[tokio::test]
async fn a_condition_is_applied_or_refused() {
    let local = Local::start().await;
    put(&local, "src", b"new").await;
    put(&local, "cw", b"precious").await;
    let endpoint = local.s3.endpoint();
    let headers = [("x-amz-copy-source", "/data/src")];
    let copy = Draft {
        method: "PUT",
        path: "/data/cw",
        headers: &headers,
        unsigned: &[("if-none-match", "*")],
        ..Draft::default()
    };
    assert_eq!(
        status_and_code(&copy.send(&endpoint).await),
        (412, "PreconditionFailed")
    );
    assert_eq!(local.get("cw").await, b"precious");
    for (method, query, condition) in [
        ("PUT", ("tagging", ""), ("if-match", "\"x\"")),
        ("PUT", ("acl", ""), ("if-none-match", "*")),
        ("POST", ("uploads", ""), ("if-none-match", "*")),
        ("DELETE", ("tagging", ""), ("if-match", "\"x\"")),
    ] {
        let draft = Draft {
            method,
            path: "/data/cw",
            query: &[query],
            unsigned: &[condition],
            ..Draft::default()
        };
        let answer = draft.send(&endpoint).await;
        assert_eq!(
            status_and_code(&answer),
            (501, "NotImplemented"),
            "{method} {query:?}"
        );
    }
    let put = Draft {
        method: "PUT",
        path: "/data/cw",
        unsigned: &[("if-unmodified-since", "Mon, 01 Jan 2024 00:00:00 GMT")],
        ..Draft::default()
    };
    assert_eq!(put.send(&endpoint).await.status, 501);
    assert_eq!(local.get("cw").await, b"precious");
}

/// A `PUT` whose body comes in unsigned chunks.
async fn unsigned_chunks(
    local: &Local,
    decoded: &str,
    trailer: Option<&str>,
    body: &str,
    part: bool,
) -> (u16, String) {
    let mut headers = vec![("x-amz-decoded-content-length", decoded)];
    headers.extend(trailer.map(|trailer| ("x-amz-trailer", trailer)));
    let upload;
    let mut query: Vec<(&str, &str)> = Vec::new();
    if part {
        let made = local
            .client
            .create_multipart_upload()
            .bucket("data")
            .key("up")
            .send()
            .await
            .expect("an upload");
        upload = made.upload_id.expect("an id");
        query.extend([("partNumber", "1"), ("uploadId", upload.as_str())]);
    }
    let draft = Draft {
        method: "PUT",
        path: "/data/up",
        query: &query,
        headers: &headers,
        payload: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        body: body.as_bytes(),
        ..Draft::default()
    };
    let answer = draft.send(&local.s3.endpoint()).await;
    (answer.status, answer.code().to_owned())
}

#[tokio::test]
async fn streamed_uploads_are_held_against_what_they_declare() {
    let local = Local::start().await;
    let crc = "x-amz-checksum-crc32";
    let right = format!("5\r\nhello\r\n0\r\n{crc}:{HELLO}\r\n\r\n");
    let cases = [
        ("5", Some(crc), right.clone(), (200, "")),
        (
            "5",
            Some(crc),
            "5\r\nhello\r\n0\r\n\r\n".to_owned(),
            (400, "MalformedTrailerError"),
        ),
        ("3", Some(crc), right.clone(), (400, "IncompleteBody")),
        ("30", Some(crc), right.clone(), (400, "IncompleteBody")),
        ("5", None, right.clone(), (400, "MalformedTrailerError")),
        (
            "5",
            Some(crc),
            format!("5\r\nhello\r\n0\r\n{crc}{HELLO}\r\n\r\n"),
            (400, "MalformedTrailerError"),
        ),
        (
            "5",
            Some("x-amz-checksum-sha256"),
            right.clone(),
            (400, "MalformedTrailerError"),
        ),
        (
            "5",
            Some(crc),
            format!("5\r\nhello\r\n0\r\n{crc}:AAAAAA==\r\n\r\n"),
            (400, "BadDigest"),
        ),
        (
            "5",
            Some(crc),
            format!("5\r\nhello\r\n0\r\n{crc}:odd\r\n\r\n"),
            (400, "InvalidRequest"),
        ),
        (
            "5",
            Some(crc),
            format!("2\r\nhe\r\n3\r\nllo\r\n0\r\n{crc}:{HELLO}\r\n\r\n"),
            (403, "InvalidChunkSizeError"),
        ),
        (
            "5",
            Some(crc),
            "zz\r\nhello\r\n0\r\n\r\n".to_owned(),
            (400, "IncompleteBody"),
        ),
        (
            "5",
            Some(crc),
            "5\r\nhel".to_owned(),
            (400, "IncompleteBody"),
        ),
        (
            "5",
            Some(crc),
            format!("{right}more"),
            (400, "IncompleteBody"),
        ),
        ("", Some(crc), right.clone(), (411, "MissingContentLength")),
    ];
    for (decoded, trailer, body, (status, code)) in cases {
        for part in [false, true] {
            let answer = unsigned_chunks(&local, decoded, trailer, &body, part).await;
            assert_eq!(
                answer,
                (status, code.to_owned()),
                "{decoded} {trailer:?} {body:?} {part}"
            );
        }
    }
    assert_eq!(local.get("up").await, b"hello");
}

#[tokio::test]
async fn signed_chunks_are_each_checked() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let host = endpoint.trim_start_matches("http://").to_owned();
    let first = vec![b'a'; 8192];
    let (_, time) = now();
    for (wrong, trailer) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut headers = vec![("x-amz-decoded-content-length", "8195")];
        let payload = if trailer {
            headers.push(("x-amz-trailer", "x-amz-checksum-crc32"));
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        } else {
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        };
        let mut whole = first.clone();
        whole.extend_from_slice(b"end");
        let sum = STANDARD.encode(
            u32::try_from(crc_fast::checksum(
                crc_fast::CrcAlgorithm::Crc32IsoHdlc,
                &whole,
            ))
            .unwrap()
            .to_be_bytes(),
        );
        let draft = Draft {
            method: "PUT",
            path: "/data/signed",
            headers: &headers,
            payload,
            ..Draft::default()
        };
        let (_, _, seed) = draft.signed(&host, &time);
        let mut body = signed_chunks(
            &time,
            &seed,
            &[&first, b"end"],
            trailer.then_some(("x-amz-checksum-crc32", sum.as_str())),
        );
        if wrong {
            // One byte of the first chunk.
            body[200] = b'b';
        }
        let answer = Draft {
            body: &body,
            ..draft
        }
        .send_at(&endpoint, &time)
        .await;
        if wrong {
            assert_eq!(
                status_and_code(&answer),
                (403, "SignatureDoesNotMatch"),
                "{trailer}"
            );
        } else {
            assert_eq!(answer.status, 200, "{trailer} {}", answer.body);
            assert!(local.get("signed").await == whole);
        }
    }
}

#[tokio::test]
async fn digests_have_codes_of_their_own() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let other = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let put = Draft {
        method: "PUT",
        path: "/data/k",
        payload: other,
        body: b"other",
        ..Draft::default()
    };
    assert_eq!(
        status_and_code(&put.send(&endpoint).await),
        (400, "XAmzContentSHA256Mismatch")
    );
    let sha256 = STANDARD.encode(<sha2::Sha256 as sha2::Digest>::digest(b"hello"));
    let right = ("x-amz-checksum-sha256", sha256.as_str());
    let cases: [(&[(&str, &str)], &str); 7] = [
        (
            &[("x-amz-sdk-checksum-algorithm", "CRC32"), right],
            "InvalidRequest",
        ),
        (&[("x-amz-checksum-crc32", HELLO), right], "InvalidRequest"),
        (&[("x-amz-checksum-crc32", "short")], "InvalidRequest"),
        (&[("x-amz-checksum-crc99", HELLO)], "InvalidRequest"),
        (
            &[("x-amz-sdk-checksum-algorithm", "CRC32")],
            "InvalidRequest",
        ),
        (&[("x-amz-checksum-crc32", "AAAAAA==")], "BadDigest"),
        (&[("content-md5", "x")], "InvalidDigest"),
    ];
    for (headers, code) in cases {
        let draft = Draft {
            method: "PUT",
            path: "/data/k",
            headers,
            body: b"hello",
            ..Draft::default()
        };
        let answer = draft.send(&endpoint).await;
        assert_eq!(status_and_code(&answer), (400, code), "{headers:?}");
    }
    assert!(local.keys().await.is_empty());
}

/// Sends a form with a policy that is signed with version 4.
async fn form(
    local: &Local,
    conditions: &str,
    key_field: &str,
    more: &[(&str, &str)],
    expiration: &str,
) -> Answer {
    let (day, time) = now();
    let credential = format!("{ACCESS_KEY}/{day}/us-east-1/s3/aws4_request");
    let policy = format!(
        "{{\"expiration\":\"{expiration}\",\"conditions\":[{{\"bucket\":\"data\"}},[\"starts-with\",\"$x-amz-algorithm\",\"\"],\
         [\"starts-with\",\"$x-amz-credential\",\"\"],[\"starts-with\",\"$x-amz-date\",\"\"]{conditions}]}}"
    );
    let policy = STANDARD.encode(policy);
    let signature = hex(&hmac(&key(&day), policy.as_bytes()));
    let mut body = String::new();
    let mut fields = vec![
        ("key", key_field),
        ("policy", &policy),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", &time),
        ("x-amz-signature", &signature),
    ];
    fields.extend_from_slice(more);
    for (name, value) in fields {
        body.push_str(&format!(
            "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        ));
    }
    body.push_str("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"my file.txt\"\r\n\r\nhello\r\n--b--\r\n");
    let endpoint = local.s3.endpoint();
    let head = format!(
        "POST /data HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
        endpoint.trim_start_matches("http://"),
        body.len()
    );
    exchange(&endpoint, (head + &body).as_bytes()).await
}

#[tokio::test]
async fn forms_are_held_against_their_policy() {
    let local = Local::start().await;
    let later = "2099-01-01T00:00:00Z";
    let own = ",{\"key\":\"post/k\"}";
    let answer = form(&local, own, "other", &[], later).await;
    assert_eq!(status_and_code(&answer), (403, "AccessDenied"));
    assert!(
        answer
            .body
            .contains("Invalid according to Policy: Policy Condition failed: "),
        "{}",
        answer.body
    );
    let any = ",[\"starts-with\",\"$key\",\"post/\"]";
    let answer = form(&local, any, "post/${filename}", &[], later).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    assert!(
        answer.header("etag").is_some() && answer.header("location").is_some(),
        "{}",
        answer.head
    );
    assert_eq!(local.keys().await, ["post/my file.txt"]);
    let answer = form(&local, any, "post/k", &[("acl", "private")], later).await;
    assert_eq!(status_and_code(&answer), (403, "AccessDenied"));
    assert!(
        answer.body.contains("Extra input fields: acl"),
        "{}",
        answer.body
    );
    let answer = form(&local, any, "post/k", &[], "2020-01-01T00:00:00Z").await;
    assert!(
        answer
            .body
            .contains("Invalid according to Policy: Policy expired."),
        "{}",
        answer.body
    );
    let limited = format!("{any},[\"content-length-range\",0,3]");
    assert_eq!(
        status_and_code(&form(&local, &limited, "post/k", &[], later).await),
        (400, "EntityTooLarge")
    );
    let old = form(
        &local,
        any,
        "post/k",
        &[("AWSAccessKeyId", "x"), ("signature", "y")],
        later,
    )
    .await;
    assert_eq!(status_and_code(&old), (400, "InvalidRequest"));
}

#[tokio::test]
async fn listings_are_what_a_parser_reads_back() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    for key in ["a\u{1}b", "c\r\n<&>\"'", "d\u{fffe}"] {
        let path = format!("/data/{key}");
        let put = Draft {
            method: "PUT",
            path: &path,
            body: b"x",
            ..Draft::default()
        };
        assert_eq!(put.send(&endpoint).await.status, 200, "{key:?}");
    }
    for query in [&[][..], &[("list-type", "2")], &[("versions", "")]] {
        let answer = Draft {
            query,
            ..Draft::default()
        }
        .send(&endpoint)
        .await;
        assert!(
            answer.body.contains("<Key>a&#x1;b</Key>"),
            "{}",
            answer.body
        );
        assert!(
            answer
                .body
                .contains("<Key>c&#xd;&#xa;&lt;&amp;&gt;&quot;'</Key>"),
            "{}",
            answer.body
        );
        assert!(
            !answer.body.chars().any(|c| c.is_control() && c != '\n'),
            "{}",
            answer.body
        );
    }
    let delimited = Draft {
        query: &[("list-type", "2"), ("delimiter", "")],
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert!(!delimited.body.contains("Delimiter"), "{}", delimited.body);
    let twice = Draft {
        query: &[("list-type", "2"), ("max-keys", "1"), ("max-keys", "3")],
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert!(
        twice.body.contains("<MaxKeys>1</MaxKeys><")
            || twice.body.contains("<KeyCount>1</KeyCount>"),
        "{}",
        twice.body
    );
    let token = Draft {
        query: &[("list-type", "2"), ("continuation-token", "YWJj")],
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert_eq!(status_and_code(&token), (400, "InvalidArgument"));
}

#[tokio::test]
async fn the_source_of_a_copy_is_decoded_as_a_form() {
    let local = Local::start().await;
    put(&local, "c++", b"plus").await;
    put(&local, "a b", b"space").await;
    let endpoint = local.s3.endpoint();
    for (source, status) in [
        ("data/c++", 404),
        ("data/c%2B%2B", 200),
        ("/data/a%20b", 200),
        ("data/a+b", 200),
    ] {
        let headers = [("x-amz-copy-source", source)];
        let copy = Draft {
            method: "PUT",
            path: "/data/copy",
            headers: &headers,
            ..Draft::default()
        };
        assert_eq!(copy.send(&endpoint).await.status, status, "{source}");
    }
}

#[tokio::test]
async fn a_body_needs_a_length() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let draft = Draft {
        method: "PUT",
        path: "/data/k",
        payload: "UNSIGNED-PAYLOAD",
        unsigned: &[("transfer-encoding", "chunked")],
        body: b"5\r\nhello\r\n0\r\n\r\n",
        ..Draft::default()
    };
    for answer in [
        draft.send_presigned(&endpoint, "60").await,
        draft.send(&endpoint).await,
    ] {
        assert_eq!(status_and_code(&answer), (501, "NotImplemented"));
        assert!(
            answer.body.contains("<Header>Transfer-Encoding</Header>"),
            "{}",
            answer.body
        );
    }
    assert!(local.keys().await.is_empty());
}

#[tokio::test]
async fn pages_of_other_sites_need_a_rule() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let host = endpoint.trim_start_matches("http://").to_owned();
    let preflight = |origin: &str| {
        format!(
            "OPTIONS /data/k HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\naccess-control-request-method: PUT\r\nconnection: close\r\n\r\n"
        )
    };
    let own = "http://localhost:5173";
    assert_eq!(
        exchange(&endpoint, preflight(own).as_bytes()).await.status,
        403
    );
    let rules = "<CORSConfiguration><CORSRule><AllowedOrigin>http://localhost:5173</AllowedOrigin><AllowedOrigin>https://app.example</AllowedOrigin>\
                 <AllowedMethod>PUT</AllowedMethod><ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>";
    let md5 = STANDARD.encode(<md5::Md5 as md5::Digest>::digest(rules));
    let headers = [("content-md5", md5.as_str())];
    let set = Draft {
        method: "PUT",
        query: &[("cors", "")],
        headers: &headers,
        body: rules.as_bytes(),
        ..Draft::default()
    };
    assert_eq!(set.send(&endpoint).await.status, 200);
    for origin in [own, "https://app.example"] {
        let answer = exchange(&endpoint, preflight(origin).as_bytes()).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (200, Some(origin))
        );
        let put = Draft {
            method: "PUT",
            path: "/data/k",
            unsigned: &[("origin", origin)],
            body: b"x",
            ..Draft::default()
        };
        let answer = put.send_presigned(&endpoint, "60").await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (200, Some(origin))
        );
        assert_eq!(answer.header("access-control-expose-headers"), Some("ETag"));
    }
    assert_eq!(
        exchange(&endpoint, preflight("https://evil.example").as_bytes())
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn errors_say_what_and_where() {
    let local = Local::start().await;
    let endpoint = local.s3.endpoint();
    let missing = Draft {
        path: "/data/none",
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert_eq!(status_and_code(&missing), (404, "NoSuchKey"));
    let id = missing
        .header("x-amz-request-id")
        .expect("an id")
        .to_owned();
    for part in [
        "<Message>The specified key does not exist.</Message>",
        "<Key>none</Key>",
        "<Resource>/data/none</Resource>",
        &format!("<RequestId>{id}</RequestId>"),
        "<HostId>",
    ] {
        assert!(missing.body.contains(part), "{part} in {}", missing.body);
    }
    let host = endpoint.trim_start_matches("http://");
    let forged = format!(
        "GET /data/k HTTP/1.1\r\nhost: {host}\r\nx-amz-date: {}\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential={ACCESS_KEY}/{}/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=00\r\nconnection: close\r\n\r\n",
        now().1,
        now().0
    );
    let forged = exchange(&endpoint, forged.as_bytes()).await;
    assert_eq!(status_and_code(&forged), (403, "SignatureDoesNotMatch"));
    assert!(
        forged
            .body
            .contains("<Message>The request signature we calculated does not match"),
        "{}",
        forged.body
    );
    let long = format!("/data/{}", "k".repeat(1025));
    let long = Draft {
        path: &long,
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert_eq!(status_and_code(&long), (400, "KeyTooLongError"));
    assert!(
        long.body
            .contains("<Message>Your key is too long</Message>"),
        "{}",
        long.body
    );
    let absent = Draft {
        path: "/data/k",
        query: &[("torrent", "")],
        ..Draft::default()
    }
    .send(&endpoint)
    .await;
    assert_eq!(status_and_code(&absent), (501, "NotImplemented"));
    assert!(absent.body.contains("GetObjectTorrent"), "{}", absent.body);
}
