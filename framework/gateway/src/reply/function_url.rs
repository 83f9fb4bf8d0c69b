//! The answers of a function URL. `[R]` gateway-truth §3

use bytes::Bytes;

use crate::{
    authorize::signature::SignatureError,
    http::HttpReply,
    reply::proxy::{Malformed, Payload},
    reply::{Draft, Frame, open},
    stream::Prelude,
};

/// Lambda's own answers in front of a function URL.
#[derive(Debug, Clone, Copy)]
pub(crate) enum UrlMessage {
    /// The URL may not invoke the function.
    Forbidden,
    /// No URL has this host.
    UnknownUrl,
    /// The input is not a request.
    BadRequest,
    /// Request line and headers are too large.
    HeadersTooLarge,
    /// The body, or the event, is too large.
    EntityTooLarge,
    /// No capacity.
    TooManyRequests,
    /// The function failed, or its result is malformed.
    InternalServerError,
}

/// The header that names the request.
const ID: &str = "x-amzn-RequestId";

/// The answers to a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FunctionUrlReply<'r>(pub(crate) Frame<'r>);

impl FunctionUrlReply<'_> {
    /// Lambda's own answer.
    pub(crate) fn message(&self, message: UrlMessage) -> HttpReply {
        const JSON: &str = "application/json";
        let (status, content_type, error, body) = match message {
            // [R] gateway-truth §3
            UrlMessage::Forbidden => (
                403,
                JSON,
                Some("AccessDeniedException"),
                r#"{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}"#,
            ),
            UrlMessage::UnknownUrl => (
                403,
                JSON,
                Some("AccessDeniedException"),
                r#"{"Message":null}"#,
            ),
            // Both unverified.
            UrlMessage::BadRequest => (400, JSON, None, r#"{"Message":"Bad Request"}"#),
            UrlMessage::HeadersTooLarge => (
                431,
                JSON,
                None,
                r#"{"Message":"Request Header Fields Too Large"}"#,
            ),
            // The limit is documented; body and error type are unverified, after those of Invoke. [U] gateway-truth §4.1
            UrlMessage::EntityTooLarge => (
                413,
                JSON,
                Some("RequestEntityTooLargeException"),
                r#"{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}"#,
            ),
            // [D] gateway-truth §3 for the status; body and error type are unverified, after those of Invoke.
            UrlMessage::TooManyRequests => (
                429,
                JSON,
                Some("TooManyRequestsException"),
                r#"{"Message":"Rate Exceeded."}"#,
            ),
            // [R] gateway-truth §0 row 12; the content type is unverified.
            UrlMessage::InternalServerError => (502, "text/plain", None, "Internal Server Error"),
        };
        let mut reply = open(
            status,
            self.0.epoch_ms,
            Some(content_type),
            Bytes::from_static(body.as_bytes()),
        );
        reply
            .headers
            .extend(error.map(|error| ("x-amzn-ErrorType".to_owned(), error.to_owned())));
        self.0.close(&mut reply, ID);
        reply
    }

    /// Lambda's answer to a signature that does not count. The sentences are those of AWS's services in general, and `[U]`
    /// for a wrong signature; error types and status are unverified.
    pub(crate) fn signature(&self, error: &SignatureError) -> HttpReply {
        const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
        const UNKNOWN: &str = "The security token included in the request is invalid.";
        let (kind, sentence) = match error {
            SignatureError::Missing | SignatureError::Unsupported => {
                return self
                    .message(UrlMessage::Forbidden)
                    .because(error.to_string());
            }
            SignatureError::Incomplete(_) => ("IncompleteSignatureException", MISMATCH),
            SignatureError::UnknownCredentials => ("UnrecognizedClientException", UNKNOWN),
            SignatureError::AmbiguousPath
            | SignatureError::WrongScope(_)
            | SignatureError::Mismatch => ("InvalidSignatureException", MISMATCH),
            SignatureError::WrongTime(sentence) => ("InvalidSignatureException", sentence.as_str()),
        };
        let body = serde_json::json!({"message": sentence}).to_string();
        let mut reply = open(403, self.0.epoch_ms, Some("application/json"), body.into());
        reply
            .headers
            .push(("x-amzn-ErrorType".to_owned(), kind.to_owned()));
        self.0.close(&mut reply, ID);
        reply.because(error.to_string())
    }

    /// The answer to a preflight. Status and emptiness are unverified.
    pub(crate) fn preflight(&self) -> HttpReply {
        self.0.preflight(200, ID)
    }

    /// The answer for a handler's result. With `streaming`, the result is the body: a buffered handler's whole envelope.
    /// `[R]` gateway-truth §0 row 25
    pub(crate) fn result(&self, payload: &[u8], streaming: bool) -> HttpReply {
        if streaming {
            // The content type is that of a stream without prelude. [E] gateway-truth §3
            let body = Bytes::copy_from_slice(payload);
            return self.dress(
                Draft {
                    status: 200,
                    headers: Vec::new(),
                    body,
                },
                "application/octet-stream",
            );
        }
        match draft(payload) {
            // [R] gateway-truth §0 row 6
            Ok(draft) => self.dress(draft, "application/json"),
            Err(malformed) => self
                .message(UrlMessage::InternalServerError)
                .because(malformed.reason()),
        }
    }

    /// The start of a streamed answer: no body, and no length, because it is not known. The content
    /// type is that of a stream without prelude. `[E]` gateway-truth §3
    pub(crate) fn stream(&self, prelude: Option<&Prelude>) -> HttpReply {
        let headers = prelude.map_or_else(Vec::new, |prelude| {
            let lines = prelude.headers.iter();
            lines
                .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
                .collect()
        });
        let draft = Draft {
            status: prelude.map_or(200, |prelude| prelude.status),
            headers,
            body: Bytes::new(),
        };
        let mut reply = self.dress(draft, "application/octet-stream");
        reply.headers.retain(|(name, _)| name != "Content-Length");
        reply
    }

    fn dress(&self, draft: Draft<'_>, default_type: &'static str) -> HttpReply {
        self.0.dress(draft, default_type, ID, str::to_owned)
    }
}

/// The meaning of a result. `[R]` gateway-truth §3
fn draft(payload: &[u8]) -> Result<Draft<'_>, Malformed> {
    match Payload::read(payload).ok_or(Malformed::NOT_JSON)? {
        Payload::Object(proxy, _) if proxy.has_status() => Draft::v2(&proxy),
        Payload::Object(_, json) | Payload::Other(json) => Draft::inferred(json),
    }
}
