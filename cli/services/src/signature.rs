//! Signature Version 4, as the side that checks it: of a header, or of the query of a presigned URL.
//!
//! [Create a signed AWS API request](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
//! Requests of S3, whose paths are signed by another rule, are checked by their own service.

use std::time::{SystemTime, UNIX_EPOCH};

use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};

use crate::{clock, ids};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far the signer's clock may be off, in milliseconds, and how long a presigned URL may last at most, in seconds.
const SKEW_MS: u64 = 15 * 60 * 1000;
const LONGEST_EXPIRY_S: u64 = 7 * 24 * 3600;

/// What a canonical request does not encode.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
const PLAIN_PATH: &AsciiSet = &PLAIN.remove(b'/');

/// Why a signature does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    /// A part is missing or malformed.
    Incomplete(&'static str),
    /// It is of another request, or made with another secret.
    Mismatch,
    /// It is too old, or of the future. The text is AWS's.
    Expired(String),
}

impl SignatureError {
    /// AWS's text.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Incomplete(part) => format!("Authorization header requires {part}."),
            Self::Mismatch => "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.".into(),
            Self::Expired(text) => text.clone(),
        }
    }
}

/// The parts of a signature.
struct Signed<'a> {
    scope: String,
    headers: String,
    signature: String,
    date: String,
    /// The query with all that is signed.
    query: Vec<(&'a str, &'a str)>,
    expires_s: Option<u64>,
}

impl<'a> Signed<'a> {
    fn read(parts: &'a Parts) -> Result<Self, SignatureError> {
        let query: Vec<_> = parts
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        let header = |name: &str| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        if let Some(authorization) = header("authorization") {
            let rest = authorization
                .strip_prefix(ALGORITHM)
                .ok_or(SignatureError::Incomplete("the algorithm AWS4-HMAC-SHA256"))?;
            let part = |name: &'static str| {
                let mut all = rest.split(',').map(str::trim);
                all.find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
                    .map(ToOwned::to_owned)
                    .ok_or(SignatureError::Incomplete(name))
            };
            return Ok(Self {
                scope: part("Credential")?,
                headers: part("SignedHeaders")?,
                signature: part("Signature")?,
                date: header("x-amz-date")
                    .ok_or(SignatureError::Incomplete("the header X-Amz-Date"))?
                    .to_owned(),
                query,
                expires_s: None,
            });
        }
        let part = |name: &'static str| {
            let found = query.iter().find(|(found, _)| *found == name);
            found
                .map(|(_, value)| percent_decode_str(value).decode_utf8_lossy().into_owned())
                .ok_or(SignatureError::Incomplete(name))
        };
        let expires = part("X-Amz-Expires")?.parse().ok();
        Ok(Self {
            scope: part("X-Amz-Credential")?,
            headers: part("X-Amz-SignedHeaders")?,
            signature: part("X-Amz-Signature")?,
            date: part("X-Amz-Date")?,
            expires_s: Some(
                expires
                    .filter(|seconds| *seconds <= LONGEST_EXPIRY_S)
                    .ok_or(SignatureError::Incomplete(
                        "an X-Amz-Expires of up to 604800",
                    ))?,
            ),
            query: query
                .into_iter()
                .filter(|(name, _)| *name != "X-Amz-Signature")
                .collect(),
        })
    }

    /// The request in the form that is signed.
    fn canonical(&self, parts: &Parts, body: &[u8]) -> String {
        let encode = |text: &str| {
            let bytes: Vec<u8> = percent_decode_str(text).collect();
            percent_encode(&bytes, PLAIN).to_string()
        };
        let mut query: Vec<_> = self
            .query
            .iter()
            .map(|(name, value)| (encode(name), encode(value)))
            .collect();
        query.sort();
        let query: Vec<_> = query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut headers = String::new();
        for name in self.headers.split(';') {
            let values = parts.headers.get_all(name).iter();
            let values: Vec<_> = values
                .map(|value| {
                    let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    text.split_whitespace().collect::<Vec<_>>().join(" ")
                })
                .collect();
            headers.push_str(&format!("{name}:{}\n", values.join(",")));
        }
        let is_unsigned = parts
            .headers
            .get("x-amz-content-sha256")
            .is_some_and(|value| value == "UNSIGNED-PAYLOAD");
        let payload = if is_unsigned {
            "UNSIGNED-PAYLOAD".to_owned()
        } else {
            ids::hex(&Sha256::digest(body))
        };
        // The path is encoded once more than it was sent.
        let path = percent_encode(parts.uri.path().as_bytes(), PLAIN_PATH);
        format!(
            "{}\n{path}\n{}\n{headers}\n{}\n{payload}",
            parts.method,
            query.join("&"),
            self.headers
        )
    }
}

/// Checks the signature of a request that was made with a secret. The time is the machine's, as the clock of the services may be moved.
///
/// # Errors
/// Why the signature does not hold.
pub(crate) fn check(parts: &Parts, body: &[u8], secret: &str) -> Result<(), SignatureError> {
    let signed = Signed::read(parts)?;
    let incomplete = SignatureError::Incomplete;
    let scope: Vec<_> = signed.scope.split('/').collect();
    let [_, day, region, service, "aws4_request"] = scope[..] else {
        return Err(incomplete("a Credential of five parts"));
    };
    if !signed.date.starts_with(day) {
        return Err(SignatureError::Mismatch);
    }
    if !signed.headers.split(';').any(|name| name == "host") {
        return Err(incomplete("host in SignedHeaders"));
    }
    let canonical = ids::hex(&Sha256::digest(signed.canonical(parts, body)));
    let scope = format!("{day}/{region}/{service}/aws4_request");
    let to_sign = format!("{ALGORITHM}\n{}\n{scope}\n{canonical}", signed.date);
    let mut key = hmac(format!("AWS4{secret}").as_bytes(), day.as_bytes());
    for part in [region, service, "aws4_request"] {
        key = hmac(&key, part.as_bytes());
    }
    let expected = ids::hex(&hmac(&key, to_sign.as_bytes()));
    if !same(expected.as_bytes(), signed.signature.as_bytes()) {
        return Err(SignatureError::Mismatch);
    }
    check_time(&signed)
}

fn check_time(signed: &Signed<'_>) -> Result<(), SignatureError> {
    let now_ms = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        });
    let lasts_ms = signed.expires_s.map_or(SKEW_MS, |seconds| seconds * 1000);
    let (earliest, latest) = (now_ms.saturating_sub(lasts_ms), now_ms + SKEW_MS);
    // Times of this form are in the order of their texts.
    let date = signed.date.as_str();
    if date.len() != 16 || date < basic(earliest).as_str() {
        return Err(SignatureError::Expired(format!(
            "Signature expired: {date} is now earlier than {} ({} - {} min.)",
            basic(earliest),
            basic(now_ms),
            lasts_ms / 60_000
        )));
    }
    if date > basic(latest).as_str() {
        return Err(SignatureError::Expired(format!(
            "Signature not yet current: {date} is still later than {} ({} + {} min.)",
            basic(latest),
            basic(now_ms),
            SKEW_MS / 60_000
        )));
    }
    Ok(())
}

/// A time as `20260131T235959Z`.
fn basic(at_ms: u64) -> String {
    clock::timestamp_s(at_ms).replace(['-', ':'], "")
}

/// HMAC with SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x5c))
        .chain_update(inner)
        .finalize()
        .into()
}

/// Compares without telling by its time where the first difference is.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .fold(0, |sum, (one, other)| sum | (one ^ other))
            == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// A request of AWS's test suite for Signature Version 4 (`get-vanilla-query-order-key-case`).
    fn of_the_suite() -> Parts {
        let (parts, ()) = http::Request::builder()
            .uri("/?Param2=value2&Param1=value1")
            .header("host", "example.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            )
            .body(())
            .unwrap()
            .into_parts();
        parts
    }

    #[test]
    fn a_signature_of_the_suite_holds_and_is_old() {
        let refused = check(&of_the_suite(), b"", SECRET).unwrap_err();
        assert!(matches!(refused, SignatureError::Expired(_)), "{refused:?}");
    }

    #[test]
    fn another_secret_body_or_header_does_not_match() {
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(check(&of_the_suite(), b"", "other"), mismatch);
        assert_eq!(check(&of_the_suite(), b"x", SECRET), mismatch);
        let mut other = of_the_suite();
        other.headers.insert("host", "example.com".parse().unwrap());
        assert_eq!(check(&other, b"", SECRET), mismatch);
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(
            ids::hex(&hmac(b"Jefe", b"what do ya want for nothing?")),
            expected
        );
    }
}
