//! Requests signed by hand in every way that S3 knows.

use sha2::{Digest as _, Sha256};

use super::raw::{Answer, exchange, hex, hmac, now};
use super::{ACCESS_KEY, SECRET_KEY};

const REGION: &str = "us-east-1";

/// Encodes a text as signatures do.
pub(super) fn encode(text: &str, keep_slash: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            b'/' if keep_slash => encoded.push('/'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A request that is to be signed.
pub(super) struct Draft<'a> {
    pub(super) method: &'a str,
    /// The path, decoded.
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    /// Headers that are signed.
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// Headers that are not.
    pub(super) unsigned: &'a [(&'a str, &'a str)],
    /// `x-amz-content-sha256`; the body's hash if empty.
    pub(super) payload: &'a str,
    pub(super) body: &'a [u8],
}

impl Default for Draft<'_> {
    fn default() -> Self {
        Self {
            method: "GET",
            path: "/data",
            query: &[],
            headers: &[],
            unsigned: &[],
            payload: "",
            body: b"",
        }
    }
}

fn scope(day: &str) -> String {
    format!("{day}/{REGION}/s3/aws4_request")
}

pub(super) fn key(day: &str) -> Vec<u8> {
    let first = hmac(format!("AWS4{SECRET_KEY}").as_bytes(), day.as_bytes());
    [REGION, "s3", "aws4_request"]
        .iter()
        .fold(first, |key, part| hmac(&key, part.as_bytes()))
}

fn query_text(pairs: &[(String, String)]) -> String {
    let mut pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name, false), encode(value, false)))
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    pairs.collect()
}

impl Draft<'_> {
    fn signature(
        &self,
        time: &str,
        query: &str,
        headers: &[(String, String)],
        payload: &str,
    ) -> String {
        let mut headers = headers.to_vec();
        headers.sort();
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let canonical = format!(
            "{}\n{}\n{query}\n{lines}\n{}\n{payload}",
            self.method,
            encode(self.path, true),
            names.join(";")
        );
        let day = &time[..8];
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{time}\n{}\n{}",
            scope(day),
            hex(&Sha256::digest(canonical))
        );
        hex(&hmac(&key(day), to_sign.as_bytes()))
    }

    fn head(&self, host: &str, query: &str, headers: &[(String, String)]) -> Vec<u8> {
        let mark = if query.is_empty() { "" } else { "?" };
        let mut head = format!(
            "{} {}{mark}{query} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n",
            self.method,
            encode(self.path, true)
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let has = |name: &str| self.unsigned.iter().any(|(known, _)| *known == name);
        if !has("transfer-encoding") && !has("content-length") {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        for (name, value) in self.unsigned {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body);
        bytes
    }

    /// Sends it, signed in its header. Returns the signature, too.
    pub(super) async fn send(&self, endpoint: &str) -> Answer {
        let (_, time) = now();
        self.send_at(endpoint, &time).await
    }

    pub(super) async fn send_at(&self, endpoint: &str, time: &str) -> Answer {
        let host = endpoint.trim_start_matches("http://");
        let (headers, query, signature) = self.signed(host, time);
        let names = {
            let mut names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            names.join(";")
        };
        let mut sent: Vec<(String, String)> = headers
            .into_iter()
            .filter(|(name, _)| name != "host")
            .collect();
        sent.push((
            "authorization".to_owned(),
            format!(
                "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{}, SignedHeaders={names}, Signature={signature}",
                scope(&time[..8])
            ),
        ));
        exchange(endpoint, &self.head(host, &query, &sent)).await
    }

    /// The headers that are signed, the query, and the signature.
    pub(super) fn signed(&self, host: &str, time: &str) -> (Vec<(String, String)>, String, String) {
        let payload = match self.payload {
            "" => hex(&Sha256::digest(self.body)),
            payload => payload.to_owned(),
        };
        let mut headers = owned(self.headers);
        headers.push(("host".to_owned(), host.to_owned()));
        headers.push(("x-amz-content-sha256".to_owned(), payload.clone()));
        headers.push(("x-amz-date".to_owned(), time.to_owned()));
        let query = query_text(&owned(self.query));
        let signature = self.signature(time, &query, &headers, &payload);
        (headers, query, signature)
    }

    /// Sends it by a presigned URL with that life.
    pub(super) async fn send_presigned(&self, endpoint: &str, expires: &str) -> Answer {
        let host = endpoint.trim_start_matches("http://");
        let (day, time) = now();
        let mut headers = owned(self.headers);
        headers.push(("host".to_owned(), host.to_owned()));
        headers.sort();
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let mut query = owned(self.query);
        for (name, value) in [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", &format!("{ACCESS_KEY}/{}", scope(&day))),
            ("X-Amz-Date", &time),
            ("X-Amz-Expires", expires),
            ("X-Amz-SignedHeaders", &names.join(";")),
        ] {
            query.push((name.to_owned(), value.to_owned()));
        }
        let query = query_text(&query);
        let signature = self.signature(&time, &query, &headers, "UNSIGNED-PAYLOAD");
        let query = format!("{query}&X-Amz-Signature={signature}");
        let sent: Vec<(String, String)> = headers
            .into_iter()
            .filter(|(name, _)| name != "host")
            .collect();
        exchange(endpoint, &self.head(host, &query, &sent)).await
    }
}

/// A body in signed chunks, for a request with that signature.
pub(super) fn signed_chunks(
    time: &str,
    seed: &str,
    chunks: &[&[u8]],
    trailer: Option<(&str, &str)>,
) -> Vec<u8> {
    let day = &time[..8];
    let key = key(day);
    let nothing = hex(&Sha256::digest(b""));
    let mut before = seed.to_owned();
    let mut body = Vec::new();
    for chunk in chunks.iter().copied().chain([&b""[..]]) {
        let to_sign = format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{time}\n{}\n{before}\n{nothing}\n{}",
            scope(day),
            hex(&Sha256::digest(chunk))
        );
        before = hex(&hmac(&key, to_sign.as_bytes()));
        body.extend_from_slice(
            format!("{:x};chunk-signature={before}\r\n", chunk.len()).as_bytes(),
        );
        if !chunk.is_empty() {
            body.extend_from_slice(chunk);
            body.extend_from_slice(b"\r\n");
        }
    }
    if let Some((name, value)) = trailer {
        let line = format!("{name}:{value}\n");
        let to_sign = format!(
            "AWS4-HMAC-SHA256-TRAILER\n{time}\n{}\n{before}\n{}",
            scope(day),
            hex(&Sha256::digest(&line))
        );
        let signature = hex(&hmac(&key, to_sign.as_bytes()));
        body.extend_from_slice(
            format!("{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n").as_bytes(),
        );
    }
    body.extend_from_slice(b"\r\n");
    body
}
