//! Signature Version 4, as the side that checks it.
//!
//! [Create a signed AWS API request](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html):
//! in the header `Authorization`, or in the query of a presigned URL.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::{
    authorize::spelling::is_ambiguous, event::query_pairs, http::HttpRequest,
    text::epoch_of_basic_time,
};

/// The only algorithm. Its asymmetric sister (`AWS4-ECDSA-P256-SHA256`) is refused.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How far the signer's clock may differ, in seconds: five minutes, according to the IAM User Guide
/// on signed requests.
#[cfg(feature = "verify")]
const SKEW: u64 = 5 * 60;

/// The maximum validity of a presigned URL, in seconds.
const LONGEST_EXPIRY: u64 = 7 * 24 * 60 * 60;

/// Credentials that may sign requests.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key's id, which is not secret.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// For temporary credentials: the value that the client must send as `X-Amz-Security-Token`.
    pub session_token: Option<String>,
    /// Their owner.
    pub principal: Principal,
}

/// The secrets are left out.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

/// The signer as the function sees it: `requestContext.authorizer.iam` of format 2.0. `[D]`
/// urls-invocation
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Principal {
    /// The access key's id.
    pub access_key: String,
    /// The account, twelve digits.
    pub account_id: String,
    /// The user's or role session's id (`AIDA…`).
    pub caller_id: String,
    /// Always `null`: there are no Cognito identity pools.
    pub cognito_identity: (),
    /// The organisation, if the account is in one.
    pub principal_org_id: Option<String>,
    /// The ARN.
    pub user_arn: String,
    /// The id again.
    pub user_id: String,
}

impl Principal {
    /// An IAM user of that account and name.
    #[must_use]
    pub fn user(access_key_id: &str, account_id: &str, name: &str, user_id: &str) -> Self {
        Self {
            access_key: access_key_id.into(),
            account_id: account_id.into(),
            caller_id: user_id.into(),
            cognito_identity: (),
            principal_org_id: None,
            user_arn: format!("arn:aws:iam::{account_id}:user/{name}"),
            user_id: user_id.into(),
        }
    }
}

/// The scope that a signature must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningScope<'a> {
    /// The region, such as `us-east-1`.
    pub region: &'a str,
    /// The service: `execute-api`, or `lambda` for function URLs.
    pub service: &'a str,
}

/// Why a request does not count as signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureError {
    /// There is no signature.
    Missing,
    /// The signature cannot be read; what is wrong with it.
    Incomplete(String),
    /// The path has dot segments or empty segments, which the signature leaves out: it would be good for other paths too.
    AmbiguousPath,
    /// Nobody has that access key, or the session token is another.
    UnknownCredentials,
    /// It is for another day, region or service, which the value names.
    WrongScope(String),
    /// It is too old, or from the future; AWS's sentence about this.
    WrongTime(String),
    /// Secret, algorithm or request are others than the signer's.
    Mismatch,
    /// This build has no cryptography: the feature `verify` is off.
    Unsupported,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the request is not signed with Signature Version 4"),
            Self::Incomplete(what) => write!(f, "the request's signature cannot be read: {what}"),
            Self::AmbiguousPath => f.write_str(
                "the path of a signed request has dot segments or empty segments, so its signature would also be valid for another path",
            ),
            Self::UnknownCredentials => {
                f.write_str("the request is signed with an unknown access key or session token")
            }
            Self::WrongScope(scope) => {
                write!(f, "the request is signed for another day, region or service: {scope}")
            }
            Self::WrongTime(sentence) => f.write_str(sentence),
            Self::Mismatch => f.write_str(
                "the request's signature does not match: it was signed with another secret, or changed in transit",
            ),
            Self::Unsupported => {
                f.write_str("this build cannot check signatures: the feature `verify` of fw-lambda is off")
            }
        }
    }
}

/// A signature, read and not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    access_key_id: String,
    /// `20150830/us-east-1/execute-api/aws4_request`
    scope: String,
    /// In lower case, in the signer's order.
    headers: Vec<String>,
    signature: String,
    /// `20150830T123600Z`
    time: String,
    /// The same in seconds since the epoch.
    epoch: u64,
    token: Option<String>,
    /// Of a presigned URL: how many seconds it lasts.
    expires: Option<u64>,
}

impl Signed {
    /// Reads the signature of a request to a route that asks for one.
    ///
    /// # Errors
    ///
    /// As [`Signed::read`]; also [`SignatureError::AmbiguousPath`] if the path after the stage is
    /// not the path that is signed.
    pub(crate) fn for_path(request: &HttpRequest, path: &str) -> Result<Self, SignatureError> {
        let signed = Self::read(request)?;
        if is_ambiguous(path) {
            return Err(SignatureError::AmbiguousPath);
        }
        Ok(signed)
    }

    /// Reads the signature of a request.
    ///
    /// # Errors
    ///
    /// If there is none, or a part of it is missing or malformed.
    pub fn read(request: &HttpRequest) -> Result<Self, SignatureError> {
        let query = parameters(request);
        let parameter = |name: &str| {
            let found = query.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_ref())
        };
        if let Some(authorization) = request.header("authorization") {
            return Self::in_header(request, authorization);
        }
        if parameter("X-Amz-Algorithm").is_none() && parameter("X-Amz-Signature").is_none() {
            return Err(SignatureError::Missing);
        }
        let need = |name: &str| {
            parameter(name).ok_or_else(|| SignatureError::Incomplete(format!("no `{name}`")))
        };
        if need("X-Amz-Algorithm")? != ALGORITHM {
            return Err(SignatureError::Incomplete("another algorithm".into()));
        }
        let expires = need("X-Amz-Expires")?
            .parse()
            .ok()
            .filter(|seconds| (1..=LONGEST_EXPIRY).contains(seconds))
            .ok_or_else(|| {
                SignatureError::Incomplete("`X-Amz-Expires` is not 1 to 604800".into())
            })?;
        Self::new(
            need("X-Amz-Credential")?,
            need("X-Amz-SignedHeaders")?,
            need("X-Amz-Signature")?,
            need("X-Amz-Date")?,
            parameter("X-Amz-Security-Token"),
            Some(expires),
        )
    }

    fn in_header(request: &HttpRequest, authorization: &str) -> Result<Self, SignatureError> {
        let Some(fields) = authorization
            .trim_ascii()
            .strip_prefix(ALGORITHM)
            .filter(|rest| rest.starts_with(' '))
        else {
            return Err(SignatureError::Missing);
        };
        let field = |name: &str| {
            fields
                .split(',')
                .filter_map(|field| field.trim_ascii().split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
                .ok_or_else(|| SignatureError::Incomplete(format!("no `{name}`")))
        };
        let time = request
            .header("x-amz-date")
            .ok_or_else(|| SignatureError::Incomplete("no header `X-Amz-Date`".into()))?;
        Self::new(
            field("Credential")?,
            field("SignedHeaders")?,
            field("Signature")?,
            time,
            request.header("x-amz-security-token"),
            None,
        )
    }

    fn new(
        credential: &str,
        headers: &str,
        signature: &str,
        time: &str,
        token: Option<&str>,
        expires: Option<u64>,
    ) -> Result<Self, SignatureError> {
        let incomplete = |what: &str| SignatureError::Incomplete(what.into());
        let (access_key_id, scope) = credential
            .split_once('/')
            .filter(|(id, scope)| !id.is_empty() && scope.split('/').count() == 4)
            .ok_or_else(|| {
                incomplete("`Credential` is not `ID/DATE/REGION/SERVICE/aws4_request`")
            })?;
        let headers: Vec<String> = headers.split(';').map(str::to_owned).collect();
        // A signature that leaves the host open could be sent to any API.
        if !headers.iter().any(|name| name == "host") {
            return Err(incomplete("the signed headers do not include `host`"));
        }
        let epoch = epoch_of_basic_time(time)
            .ok_or_else(|| incomplete("the date does not have the form 20150830T123600Z"))?;
        Ok(Self {
            access_key_id: access_key_id.into(),
            scope: scope.into(),
            headers,
            signature: signature.into(),
            time: time.into(),
            epoch,
            token: token.map(str::to_owned),
            expires,
        })
    }

    /// The access key that the request claims to be signed with.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// Checks the signature against credentials.
    ///
    /// # Errors
    ///
    /// If nobody in `known` signed the request, or not for this scope, or not now.
    #[cfg(feature = "verify")]
    pub fn check<'c>(
        &self,
        request: &HttpRequest,
        known: &'c [Credentials],
        scope: SigningScope<'_>,
        now_ms: u64,
    ) -> Result<&'c Principal, SignatureError> {
        use ring::hmac;

        let credentials = known
            .iter()
            .find(|known| known.access_key_id == self.access_key_id)
            .filter(|known| known.session_token == self.token)
            .ok_or(SignatureError::UnknownCredentials)?;
        let date = self.time.get(..8).unwrap_or_default();
        let SigningScope { region, service } = scope;
        if self.scope != format!("{date}/{region}/{service}/aws4_request") {
            return Err(SignatureError::WrongScope(self.scope.clone()));
        }
        self.check_time(now_ms / 1000)?;
        let canonical = self.canonical(request);
        let text = format!(
            "{ALGORITHM}\n{}\n{}\n{}",
            self.time,
            self.scope,
            sha256(canonical.as_bytes())
        );
        let secret = format!("AWS4{}", credentials.secret_access_key);
        let sign =
            |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text);
        let key = [date, region, service, "aws4_request"]
            .iter()
            .fold(secret.into_bytes(), |key, part| {
                sign(&key, part.as_bytes()).as_ref().to_vec()
            });
        let signature = unhex(&self.signature).ok_or(SignatureError::Mismatch)?;
        // In constant time.
        hmac::verify(
            &hmac::Key::new(hmac::HMAC_SHA256, &key),
            text.as_bytes(),
            &signature,
        )
        .map_err(|_| SignatureError::Mismatch)?;
        Ok(&credentials.principal)
    }

    /// Refuses every signature, as this build cannot check one.
    ///
    /// # Errors
    ///
    /// Always.
    #[cfg(not(feature = "verify"))]
    pub fn check<'c>(
        &self,
        _request: &HttpRequest,
        _known: &'c [Credentials],
        _scope: SigningScope<'_>,
        _now_ms: u64,
    ) -> Result<&'c Principal, SignatureError> {
        Err(SignatureError::Unsupported)
    }

    #[cfg(feature = "verify")]
    fn check_time(&self, now: u64) -> Result<(), SignatureError> {
        use crate::text::basic_time;

        let (now_text, signed) = (basic_time(now), &self.time);
        let (validity, allowance) = match self.expires {
            Some(seconds) => (seconds, String::new()),
            None => (SKEW, format!(" ({now_text} - 5 min.)")),
        };
        if self.epoch.saturating_add(validity) < now {
            let earliest = basic_time(now.saturating_sub(validity));
            return Err(SignatureError::WrongTime(format!(
                "Signature expired: {signed} is now earlier than {earliest}{allowance}"
            )));
        }
        if self.epoch > now.saturating_add(SKEW) {
            let latest = basic_time(now.saturating_add(SKEW));
            return Err(SignatureError::WrongTime(format!(
                "Signature not yet current: {signed} is still later than {latest} ({now_text} + 5 min.)"
            )));
        }
        Ok(())
    }

    /// The canonical request, of which the signer signed the digest.
    #[cfg(feature = "verify")]
    fn canonical(&self, request: &HttpRequest) -> String {
        let (path, _) = request.path_and_query();
        let mut query: Vec<(String, String)> = parameters(request)
            .iter()
            .filter(|(name, _)| name != "X-Amz-Signature")
            .map(|(name, value)| (encode(name.as_bytes()), encode(value.as_bytes())))
            .collect();
        query.sort();
        let query: Vec<String> = query
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut headers = String::new();
        for name in &self.headers {
            let values: Vec<String> = request
                .headers
                .iter()
                .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
                .collect();
            headers.push_str(&format!("{name}:{}\n", values.join(",")));
        }
        format!(
            "{}\n{}\n{}\n{headers}\n{}\n{}",
            request.method,
            canonical_path(path),
            query.join("&"),
            self.headers.join(";"),
            // Always the digest of the received body: neither service accepts `UNSIGNED-PAYLOAD`;
            // the Lambda Developer Guide says this about function URLs.
            sha256(&request.body)
        )
    }
}

/// The query's parameters, decoded, in order.
fn parameters(request: &HttpRequest) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let (_, query) = request.path_and_query();
    query_pairs(query, &['&'])
}

/// Every service except S3 encodes each segment of the already encoded path once more, without dot
/// segments and doubled slashes.
#[cfg(feature = "verify")]
fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let mut canonical: String = segments
        .iter()
        .map(|segment| format!("/{}", encode(segment.as_bytes())))
        .collect();
    if canonical.is_empty() || path.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

/// Percent-encodes everything except RFC 3986's unreserved characters.
#[cfg(feature = "verify")]
fn encode(bytes: &[u8]) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    percent_encode(bytes, RESERVED).to_string()
}

#[cfg(feature = "verify")]
fn sha256(bytes: &[u8]) -> String {
    use ring::digest;

    crate::text::hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// The bytes of lower-case hexadecimal digits.
#[cfg(feature = "verify")]
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty()
        .then(|| {
            pairs
                .iter()
                .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
                .collect()
        })
        .flatten()
}
