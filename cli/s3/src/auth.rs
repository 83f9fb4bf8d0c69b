//! Who sent a request: Signature Version 4 in a header, in a presigned URL, or over the chunks of a body.
//!
//! S3 API reference, "Authenticating Requests (AWS Signature Version 4)". Version 2 is refused by its name.

pub(crate) mod body;
pub(crate) mod chunked;
mod header;
mod presigned;

use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST};

use crate::checksum::{hex, hmac, sha256_of};
use crate::error::{S3Error, S3Result, error, error_with, not_implemented};
use crate::request::{Call, Caller, Query, Signed, uri_encode_bytes};
use crate::service::Shared;
use crate::users::User;

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far a signature's time may be from the machine's.
const MOST_SKEW_MS: u64 = 15 * 60 * 1000;

/// What the signature of a request says about its body.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// Nothing.
    Unsigned,
    /// Its SHA-256 in hexadecimal digits.
    Sha256(String),
    /// It comes in chunks (`aws-chunked`).
    Chunks {
        /// What the chunks are signed with, if they are.
        signing: Option<ChunkSigning>,
        trailer: bool,
    },
}

/// What the signatures of chunks go on from.
#[derive(Clone, Debug)]
pub(crate) struct ChunkSigning {
    pub(crate) key: [u8; 32],
    pub(crate) date: String,
    pub(crate) scope: String,
    pub(crate) seed: String,
}

/// Finds the caller of a request, and what is known about its body.
///
/// # Errors
/// Those of S3 for what is missing, malformed, expired or does not match.
pub(crate) fn authenticate(shared: &Shared, call: &mut Call) -> S3Result<Payload> {
    let by_header = call.headers.contains_key(AUTHORIZATION);
    let by_query = call.query.has("X-Amz-Algorithm")
        || call.query.has("X-Amz-Signature")
        || call.query.has("X-Amz-Credential");
    let by_old_query = call.query.has("AWSAccessKeyId") || call.query.has("Signature");
    if (by_header && (by_query || by_old_query)) || (by_query && by_old_query) {
        return Err(error_with(
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the \
             Authorization header should be specified",
        )
        .member("ArgumentName", "Authorization"));
    }
    if by_old_query {
        return Err(old_signature());
    }
    if by_query {
        return presigned::authenticate(shared, call);
    }
    if by_header {
        return header::authenticate(shared, call);
    }
    unsigned_payload(call)
}

/// What an unsigned request says about its body.
fn unsigned_payload(call: &Call) -> S3Result<Payload> {
    match call.some_header("x-amz-content-sha256").as_deref() {
        None | Some("UNSIGNED-PAYLOAD") => Ok(Payload::Unsigned),
        Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER") => Ok(Payload::Chunks {
            signing: None,
            trailer: true,
        }),
        Some(hash) if is_sha256(hash) => Ok(Payload::Sha256(hash.to_ascii_lowercase())),
        Some(other) => Err(unknown_hash(other)),
    }
}

/// What `x-amz-content-sha256` of a signed request says about its body.
///
/// # Errors
/// `InvalidArgument` for a value that is not one, `NotImplemented` for signatures of version 4A.
fn payload_of(hash: &str, signing: ChunkSigning) -> S3Result<Payload> {
    let chunks = |signing, trailer| Ok(Payload::Chunks { signing, trailer });
    match hash {
        "UNSIGNED-PAYLOAD" => Ok(Payload::Unsigned),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => chunks(None, true),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => chunks(Some(signing), false),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => chunks(Some(signing), true),
        other if other.starts_with("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD") => {
            Err(not_implemented(other))
        }
        hash if is_sha256(hash) => Ok(Payload::Sha256(hash.to_ascii_lowercase())),
        other => Err(unknown_hash(other)),
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn unknown_hash(value: &str) -> S3Error {
    error_with(
        "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
         STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, \
         STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
    )
    .member("ArgumentName", "x-amz-content-sha256")
    .member("ArgumentValue", value)
}

pub(crate) fn old_signature() -> S3Error {
    error_with(
        "InvalidRequest",
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    )
}

/// The parts of a credential: `KEY/20260131/us-east-1/s3/aws4_request`.
#[derive(Clone, Debug)]
pub(crate) struct Credential {
    pub(crate) access_key: String,
    pub(crate) date: String,
    pub(crate) region: String,
    service: String,
    end: String,
}

impl Credential {
    /// Access keys may contain slashes; the other parts do not.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(5, '/');
        let end = parts.next()?.to_owned();
        let service = parts.next()?.to_owned();
        let region = parts.next()?.to_owned();
        let date = parts.next()?.to_owned();
        let access_key = parts.next()?.to_owned();
        (!access_key.is_empty()).then_some(Self {
            access_key,
            date,
            region,
            service,
            end,
        })
    }

    pub(crate) fn scope(&self) -> String {
        format!(
            "{}/{}/{}/{}",
            self.date, self.region, self.service, self.end
        )
    }

    /// Which part of the scope cannot be.
    pub(crate) fn complaint(&self, shared: &Shared) -> Option<(String, Option<String>)> {
        let is_date = self.date.len() == 8 && self.date.bytes().all(|byte| byte.is_ascii_digit());
        if !is_date {
            return Some((
                format!(
                    "incorrect date format \"{}\". This date in the credential must be in the format \"yyyyMMdd\".",
                    self.date
                ),
                None,
            ));
        }
        if self.service != "s3" {
            return Some((
                format!(
                    "incorrect service \"{}\". This endpoint belongs to \"s3\".",
                    self.service
                ),
                None,
            ));
        }
        if self.end != "aws4_request" {
            return Some((
                format!(
                    "incorrect terminal \"{}\". This endpoint uses \"aws4_request\".",
                    self.end
                ),
                None,
            ));
        }
        match &shared.region {
            Some(region) if *region != self.region => Some((
                format!(
                    "the region '{}' is wrong; expecting '{region}'",
                    self.region
                ),
                Some(region.clone()),
            )),
            _ => None,
        }
    }

    /// The signing key.
    pub(crate) fn key(&self, secret: &str) -> [u8; 32] {
        let key = hmac(format!("AWS4{secret}").as_bytes(), self.date.as_bytes());
        let key = hmac(&key, self.region.as_bytes());
        let key = hmac(&key, self.service.as_bytes());
        hmac(&key, self.end.as_bytes())
    }
}

/// The owner of an access key, and its secret.
///
/// # Errors
/// `InvalidAccessKeyId`.
pub(crate) fn owner_of(shared: &Shared, access_key: &str) -> S3Result<(Caller, String)> {
    if let Some(user) = shared
        .users
        .iter()
        .find(|user| user.access_key == access_key)
    {
        let caller = Caller::User {
            access_key: access_key.to_owned(),
            user: Arc::clone(user),
        };
        return Ok((caller, user.secret_key.clone()));
    }
    let Some(secret) = shared.access.secret(access_key) else {
        return Err(error("InvalidAccessKeyId").member("AWSAccessKeyId", access_key));
    };
    let owner = shared.owner();
    let user = Arc::new(User {
        access_key: access_key.to_owned(),
        ..(*owner).clone()
    });
    Ok((
        Caller::User {
            access_key: access_key.to_owned(),
            user,
        },
        secret,
    ))
}

/// What is signed.
pub(crate) struct Canonical<'a> {
    pub(crate) call: &'a Call,
    pub(crate) signed_headers: &'a [String],
    pub(crate) payload: &'a str,
}

impl Canonical<'_> {
    /// The canonical request.
    fn text(&self) -> String {
        let Self {
            call,
            signed_headers,
            payload,
        } = self;
        let mut text = format!(
            "{}\n{}\n{}\n",
            call.method,
            canonical_path(&call.path),
            canonical_query(&call.query)
        );
        for name in *signed_headers {
            text.push_str(name);
            text.push(':');
            text.push_str(&canonical_value(&call.headers, name));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&signed_headers.join(";"));
        text.push('\n');
        text.push_str(payload);
        text
    }

    /// Holds a signature against the request.
    ///
    /// # Errors
    /// `SignatureDoesNotMatch`, with what was expected to be signed.
    pub(crate) fn check(
        &self,
        credential: &Credential,
        date: &str,
        secret: &str,
        signature: &str,
    ) -> S3Result<()> {
        let request = self.text();
        let digest = hex(&sha256_of(request.as_bytes()));
        let to_sign = format!("{ALGORITHM}\n{date}\n{}\n{digest}", credential.scope());
        let expected = hex(&hmac(&credential.key(secret), to_sign.as_bytes()));
        if same(&expected, signature) {
            return Ok(());
        }
        Err(error("SignatureDoesNotMatch")
            .member("AWSAccessKeyId", &credential.access_key)
            .member("StringToSign", to_sign)
            .member("SignatureProvided", signature)
            .member("CanonicalRequest", request))
    }
}

/// Compares in a time that does not depend on where they differ.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.len() == b.len()
        && a.bytes()
            .zip(b.bytes())
            .fold(0, |differ, (a, b)| differ | (a ^ b))
            == 0
}

fn canonical_path(path: &str) -> String {
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    uri_encode_bytes(&bytes, true)
}

fn canonical_query(query: &Query) -> String {
    let mut pairs: Vec<(String, String)> = query
        .pairs()
        .filter(|(name, _)| *name != "X-Amz-Signature")
        .map(|(name, value)| {
            (
                uri_encode_bytes(name.as_bytes(), false),
                uri_encode_bytes(value.as_bytes(), false),
            )
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// The values of a header in a row, without white space around them and with single spaces inside.
fn canonical_value(headers: &HeaderMap, name: &str) -> String {
    let mut all = String::new();
    for (index, value) in headers.get_all(name).iter().enumerate() {
        if index > 0 {
            all.push(',');
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let mut words = value.split([' ', '\t']).filter(|word| !word.is_empty());
        if let Some(first) = words.next() {
            all.push_str(first);
        }
        for word in words {
            all.push(' ');
            all.push_str(word);
        }
    }
    all
}

/// Every `x-amz-*` header must be signed, so that nobody on the way can add one: it would take effect.
///
/// # Errors
/// `AccessDenied` that names those that are not.
pub(crate) fn all_signed(headers: &HeaderMap, signed_headers: &[String]) -> S3Result<()> {
    let mut not_signed: Vec<&str> = headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-") && *name != "x-amz-content-sha256")
        .filter(|name| !signed_headers.iter().any(|signed| signed == name))
        .collect();
    if headers.contains_key(HOST) && !signed_headers.iter().any(|signed| signed == "host") {
        not_signed.push("host");
    }
    if not_signed.is_empty() {
        return Ok(());
    }
    not_signed.sort_unstable();
    Err(error_with(
        "AccessDenied",
        "There were headers present in the request which were not signed",
    )
    .member("HeadersNotSigned", not_signed.join(", ")))
}

pub(crate) fn signed_as(call: &mut Call, caller: Caller, how: Signed) {
    call.caller = caller;
    call.signed = how;
}
