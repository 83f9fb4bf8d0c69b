//! Requests signed and written by hand, for what the SDK would not send.

use std::fmt::Write as _;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{ACCESS_KEY, SECRET_KEY};

/// What `SigV4` leaves alone in a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// An answer, taken apart.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    /// The text of `<Code>` in an error's XML.
    pub(super) fn code(&self) -> &str {
        self.body
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"))
            .map_or("", |(code, _)| code)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| {
            line.split_once(": ")
                .map(|(found, _)| found.eq_ignore_ascii_case(name))
                == Some(true)
        };
        self.head
            .lines()
            .find(|text| line(text))
            .and_then(|text| text.split_once(": "))
            .map(|(_, value)| value)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string");
        text
    })
}

pub(super) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

/// The day and the time as signatures have them.
pub(super) fn now() -> (String, String) {
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    let parts: Vec<&str> = date.split([' ', ':']).collect();
    let [_, day, month, year, h, m, s, _] = parts.as_slice() else {
        panic!("a date: {date}");
    };
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let month = months
        .iter()
        .position(|name| name == month)
        .expect("a month")
        + 1;
    let day = format!("{year}{month:02}{day}");
    let time = format!("{day}T{h}{m}{s}Z");
    (day, time)
}

/// The head of a signed request whose path is sent exactly as given (`SigV4`, unsigned payload).
pub(super) fn signed_head(
    method: &str,
    target: &str,
    host: &str,
    headers: &[(&str, &str)],
) -> String {
    let (day, time) = now();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let decoded = percent_decode_str(path).collect::<Vec<u8>>();
    let canonical_path = utf8_percent_encode(&String::from_utf8_lossy(&decoded), PATH).to_string();
    let canonical_query = if query.is_empty() || query.contains('=') {
        query.to_owned()
    } else {
        format!("{query}=")
    };
    let canonical = format!(
        "{method}\n{canonical_path}\n{canonical_query}\nhost:{host}\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n\
         x-amz-date:{time}\n\nhost;x-amz-content-sha256;x-amz-date\nUNSIGNED-PAYLOAD"
    );
    let scope = format!("{day}/us-east-1/s3/aws4_request");
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
        hex(&Sha256::digest(canonical))
    );
    let key = ["us-east-1", "s3", "aws4_request"].iter().fold(
        hmac(format!("AWS4{SECRET_KEY}").as_bytes(), day.as_bytes()),
        |key, part| hmac(&key, part.as_bytes()),
    );
    let signature = hex(&hmac(&key, to_sign.as_bytes()));
    let mut head = format!(
        "{method} {target} HTTP/1.1\r\nhost: {host}\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\nx-amz-date: {time}\r\n\
         authorization: AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, \
         SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}\r\n"
    );
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").expect("writing to a string");
    }
    head.push_str("\r\n");
    head
}

/// Send bytes, read until the server closes.
pub(super) async fn exchange(endpoint: &str, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(endpoint.trim_start_matches("http://"))
        .await
        .expect("a connection");
    stream.write_all(bytes).await.expect("a request");
    let mut answer = Vec::new();
    // No test waits that long; a server that never answers should fail its test and not hang the run.
    let all = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
    all.expect("an answer in time").expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .expect("a status");
    Answer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// One signed request with a path that is sent exactly as given.
pub(super) async fn request(
    endpoint: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let length = body.len().to_string();
    let mut headers = headers.to_vec();
    headers.extend([("content-length", length.as_str()), ("connection", "close")]);
    let head = signed_head(
        method,
        target,
        endpoint.trim_start_matches("http://"),
        &headers,
    );
    exchange(endpoint, (head + body).as_bytes()).await
}
