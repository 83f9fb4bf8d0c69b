//! `InvokeWithResponseStream`'s answer: the function's result while it comes, as messages of `application/vnd.amazon.eventstream`.
//!
//! Sources: Lambda API reference, "`InvokeWithResponseStream`"; for the messages, AWS SDKs' "Amazon Event Stream" encoding (Smithy
//! 2.0, `eventstream` specification): lengths and headers, each part with a CRC-32 (IEEE 802.3).

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{BufMut, Bytes, BytesMut};
use hyper::body::{Body, Frame};
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::local::{stream::Stream, tail::Tail};

/// The media type of the answer.
pub(super) const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";
/// The most of a payload in one message. Lambda's own limit is not published.
const LARGEST_CHUNK: usize = 64 * 1024;

/// The messages of one invocation.
pub(super) struct EventStream {
    rest: Rest,
}

/// The messages to send.
enum Rest {
    /// A complete result.
    Whole {
        payload: Bytes,
        complete: Complete,
    },
    /// A result while it comes.
    Coming {
        stream: Stream,
        log: Option<Tail>,
    },
    /// The last message is being created: it waits for the end of the log.
    Completing(Pin<Box<dyn Future<Output = Bytes> + Send>>),
    Nothing,
}

/// The content of the last message.
#[derive(Debug, Default)]
pub(super) struct Complete {
    /// The failure: its type, and the document.
    pub(super) error: Option<(String, String)>,
    /// The end of the log, if the caller wants it.
    pub(super) log: Option<String>,
}

impl EventStream {
    /// A result that came whole; nothing of it is sent where the function failed.
    pub(super) fn whole(payload: Bytes, complete: Complete) -> Self {
        Self {
            rest: Rest::Whole { payload, complete },
        }
    }

    /// A result that comes.
    pub(super) fn coming(stream: Stream, log: Option<Tail>) -> Self {
        Self {
            rest: Rest::Coming { stream, log },
        }
    }
}

impl Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let rest = &mut self.get_mut().rest;
        loop {
            match rest {
                Rest::Whole { payload, complete } => {
                    if payload.is_empty() {
                        let last = complete.message();
                        *rest = Rest::Nothing;
                        return Poll::Ready(Some(Ok(Frame::data(last))));
                    }
                    let piece = payload.split_to(payload.len().min(LARGEST_CHUNK));
                    return Poll::Ready(Some(Ok(Frame::data(chunk(&piece)))));
                }
                Rest::Coming { stream, log } => {
                    let error = match ready!(Pin::new(stream).poll_frame(context)) {
                        Some(Ok(frame)) => match frame.into_data() {
                            Ok(data) if !data.is_empty() => {
                                return Poll::Ready(Some(Ok(Frame::data(chunk(&data)))));
                            }
                            _ => continue,
                        },
                        Some(Err(cut)) => Some(cut.into_error()),
                        None => None,
                    };
                    let log = log.take();
                    *rest = Rest::Completing(Box::pin(complete(error, log)));
                }
                Rest::Completing(last) => {
                    let last = ready!(last.as_mut().poll(context));
                    *rest = Rest::Nothing;
                    return Poll::Ready(Some(Ok(Frame::data(last))));
                }
                Rest::Nothing => return Poll::Ready(None),
            }
        }
    }
}

async fn complete(error: Option<(String, String)>, log: Option<Tail>) -> Bytes {
    let log = match log {
        Some(tail) => Some(text_of(&tail, super::LAST_LINES).await),
        None => None,
    };
    Complete { error, log }.message()
}

/// The end of the log, once the invocation is over or has gone on for long enough.
pub(super) async fn text_of(tail: &Tail, patience: Duration) -> String {
    let _ = timeout(patience, tail.ended()).await;
    tail.text()
}

impl Complete {
    /// `InvokeComplete`.
    fn message(&self) -> Bytes {
        let mut document = Map::new();
        if let Some((kind, details)) = &self.error {
            document.insert("ErrorCode".to_owned(), Value::from(kind.as_str()));
            document.insert("ErrorDetails".to_owned(), Value::from(details.as_str()));
        }
        if let Some(log) = &self.log {
            document.insert("LogResult".to_owned(), Value::from(STANDARD.encode(log)));
        }
        let document = Value::Object(document).to_string();
        message("InvokeComplete", "application/json", document.as_bytes())
    }
}

/// `PayloadChunk`.
fn chunk(payload: &[u8]) -> Bytes {
    message("PayloadChunk", "application/octet-stream", payload)
}

/// One message: its length, its headers' length, the checksum of both, headers, payload, the
/// checksum of everything.
fn message(kind: &str, content_type: &str, payload: &[u8]) -> Bytes {
    let mut headers = BytesMut::new();
    for (name, value) in [
        (":message-type", "event"),
        (":event-type", kind),
        (":content-type", content_type),
    ] {
        // Each of them is shorter than the maximum of its length field.
        headers.put_u8(u8::try_from(name.len()).unwrap_or_default());
        headers.put_slice(name.as_bytes());
        // A string.
        headers.put_u8(7);
        headers.put_u16(u16::try_from(value.len()).unwrap_or_default());
        headers.put_slice(value.as_bytes());
    }
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut message = BytesMut::with_capacity(16 + headers.len() + payload.len());
    message.put_u32(length(16 + headers.len() + payload.len()));
    message.put_u32(length(headers.len()));
    message.put_u32(crc32(&message));
    message.put_slice(&headers);
    message.put_slice(payload);
    message.put_u32(crc32(&message));
    message.freeze()
}

/// CRC-32 as Ethernet has it, reflected, a nibble at a time.
fn crc32(bytes: &[u8]) -> u32 {
    const fn table() -> [u32; 16] {
        let mut table = [0; 16];
        let mut index = 0_u32;
        while index < 16 {
            let mut value = index;
            let mut bit = 0;
            while bit < 4 {
                value = if value & 1 == 1 {
                    value >> 1 ^ 0xedb8_8320
                } else {
                    value >> 1
                };
                bit += 1;
            }
            table[index as usize] = value;
            index += 1;
        }
        table
    }
    static TABLE: [u32; 16] = table();
    let step = |crc: u32, nibble: u8| {
        let index = (crc ^ u32::from(nibble)) & 0xf;
        crc >> 4 ^ TABLE.get(index as usize).copied().unwrap_or_default()
    };
    !bytes
        .iter()
        .fold(!0, |crc, byte| step(step(crc, byte & 0xf), byte >> 4))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::local::stream;

    #[test]
    fn the_checksum_is_that_of_ethernet() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    /// The messages: kind and payload.
    fn read(mut bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut messages = Vec::new();
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        while !bytes.is_empty() {
            let (message, rest) = bytes.split_at(number(&bytes[..4]) as usize);
            let (checked, sum) = message.split_at(message.len() - 4);
            assert_eq!(number(sum), crc32(checked));
            assert_eq!(number(&message[8..12]), crc32(&message[..8]));
            let headers = number(&message[4..8]) as usize;
            let (mut headers, payload) = checked[12..].split_at(headers);
            let mut kind = String::new();
            while let [length, after @ ..] = headers {
                let (name, after) = after.split_at(usize::from(*length));
                assert_eq!(after[0], 7);
                let length = usize::from(u16::from_be_bytes([after[1], after[2]]));
                let (value, after) = after[3..].split_at(length);
                if name == b":event-type" {
                    kind = String::from_utf8(value.to_vec()).unwrap();
                }
                headers = after;
            }
            messages.push((kind, payload.to_vec()));
            bytes = rest;
        }
        messages
    }

    async fn sent(stream: EventStream) -> Vec<(String, Vec<u8>)> {
        read(&stream.collect().await.unwrap().to_bytes())
    }

    #[tokio::test]
    async fn a_whole_result_is_one_chunk_and_its_end() {
        let payload = Bytes::from_static(b"{\"a\":1}");
        let messages = sent(EventStream::whole(payload, Complete::default())).await;
        let expected = [
            ("PayloadChunk".to_owned(), b"{\"a\":1}".to_vec()),
            ("InvokeComplete".to_owned(), b"{}".to_vec()),
        ];
        assert_eq!(messages, expected);
    }

    #[tokio::test]
    async fn what_comes_is_sent_as_it_comes_and_a_failure_is_told_at_the_end() {
        let (writer, stream) = stream::channel(false);
        let sending = tokio::spawn(async move {
            writer.send(Bytes::from_static(b"one")).await;
            writer.send(Bytes::from_static(b"two")).await;
            let error = ("Mine".to_owned(), "{\"why\":1}".to_owned());
            writer.end(Err(Some(error))).await;
        });
        let messages = sent(EventStream::coming(stream, None)).await;
        sending.await.unwrap();
        let payloads: Vec<_> = messages.iter().map(|(_, payload)| &payload[..]).collect();
        assert_eq!(payloads[..2], [b"one", b"two"]);
        let last: Value = serde_json::from_slice(payloads[2]).unwrap();
        assert_eq!(
            (&last["ErrorCode"], &last["ErrorDetails"]),
            (&"Mine".into(), &"{\"why\":1}".into())
        );
    }
}
