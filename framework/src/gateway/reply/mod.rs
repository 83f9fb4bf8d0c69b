//! Answers: the gateway's own, and those that a handler's result becomes.

use bytes::Bytes;

use super::HttpReply;

/// What a gateway says by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Message {
    NotFound,
    InternalServerError,
}

impl Message {
    /// The answer.
    pub(super) fn reply(self) -> HttpReply {
        let (status, body) = match self {
            Self::NotFound => (404, r#"{"message":"Not Found"}"#),
            Self::InternalServerError => (500, r#"{"message":"Internal Server Error"}"#),
        };
        HttpReply {
            status,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: Bytes::from_static(body.as_bytes()),
        }
    }
}
