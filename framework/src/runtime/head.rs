//! The head of a response of the Runtime API.

use std::{
    io::{Error, ErrorKind, Result},
    ops::Range,
};

use crate::context::LambdaContext;

/// What the loop needs to know of a response.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) length: Length,
    /// True if the server closes the connection behind the response.
    pub(super) closes: bool,
    /// Where the body stands in the input, once it is read.
    pub(super) body: Range<usize>,
    request_id: Option<String>,
    deadline_ms: Option<u64>,
    function_arn: Option<String>,
    trace_id: Option<String>,
    /// What has to be sent back with the answer, so that Lambda can refuse one that belongs to an earlier invocation.
    pub(super) invocation_id: Option<String>,
}

/// How long a body is (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Length {
    Bytes(usize),
    Chunks,
    #[default]
    UntilClose,
}

impl Head {
    /// Reads a head: the status line and the header lines, with the empty line behind them.
    ///
    /// # Errors
    ///
    /// When it is not a response of HTTP/1, or has a length or a deadline that is not a number.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        // What is not ASCII can only be in values that are told further.
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let mut head = Self::default();
        let (version, rest) = lines
            .next()
            .and_then(|line| line.split_once(' '))
            .filter(|(version, _)| version.starts_with("HTTP/1."))
            .ok_or_else(|| invalid("not a response of HTTP/1"))?;
        let status = rest.get(..3).and_then(|status| status.parse().ok());
        head.status = status.ok_or_else(|| invalid("a response without a status"))?;
        head.closes = version == "HTTP/1.0";
        for line in lines {
            if let Some((name, value)) = line.split_once(':') {
                head.header(name, value.trim())?;
            }
        }
        if head.status < 200 || matches!(head.status, 204 | 304) {
            head.length = Length::Bytes(0);
        }
        head.closes |= head.length == Length::UntilClose;
        Ok(head)
    }

    fn header(&mut self, name: &str, value: &str) -> Result<()> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if let Some(name) = name
            .get(..15)
            .filter(|start| start.eq_ignore_ascii_case("lambda-runtime-"))
            .and_then(|_| name.get(15..))
        {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("aws-request-id") {
                self.request_id = Some(value.to_owned());
            } else if is("deadline-ms") {
                self.deadline_ms = value.parse().ok();
            } else if is("invoked-function-arn") {
                self.function_arn = Some(value.to_owned());
            } else if is("trace-id") {
                self.trace_id = Some(value.to_owned());
            } else if is("invocation-id") {
                self.invocation_id = Some(value.to_owned());
            }
        } else if is("content-length") {
            if self.length != Length::Chunks {
                let length = value.parse();
                self.length =
                    Length::Bytes(length.map_err(|_| invalid("a length that is not a number"))?);
            }
        } else if is("transfer-encoding") {
            self.length = Length::Chunks;
        } else if is("connection") {
            self.closes |= value.eq_ignore_ascii_case("close");
        }
        Ok(())
    }

    /// The invocation that a `next` delivers, but for what the environment says.
    ///
    /// # Errors
    ///
    /// When it is not a successful response, or lacks the id or the deadline.
    pub(super) fn invocation(&mut self, function: &LambdaContext) -> Result<LambdaContext> {
        if !(200..300).contains(&self.status) {
            let status = self.status;
            return Err(Error::other(format!("`next` was answered with {status}")));
        }
        let request_id = self.request_id.take();
        // It becomes a part of a path.
        let request_id = request_id.filter(|id| {
            let mut bytes = id.bytes();
            !id.is_empty() && bytes.all(|byte| byte.is_ascii_graphic() && byte != b'/')
        });
        Ok(LambdaContext {
            request_id: request_id.ok_or_else(|| invalid("an invocation without an id"))?,
            deadline_ms: self
                .deadline_ms
                .ok_or_else(|| invalid("an invocation without a deadline"))?,
            invoked_function_arn: self.function_arn.take().unwrap_or_default(),
            trace_id: self.trace_id.take(),
            ..function.clone()
        })
    }
}

fn invalid(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::{Head, LambdaContext, Length};

    fn head(lines: &str) -> Head {
        Head::parse(format!("{lines}\r\n\r\n").as_bytes()).unwrap()
    }

    #[test]
    fn a_body_ends_where_the_head_says() {
        for (lines, length, closes) in [
            (
                "HTTP/1.1 200 OK\r\ncontent-LENGTH:  7 ",
                Length::Bytes(7),
                false,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
                Length::Chunks,
                false,
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 7",
                Length::Chunks,
                false,
            ),
            (
                "HTTP/1.1 202\r\nContent-Length: 0\r\nConnection: Close",
                Length::Bytes(0),
                true,
            ),
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 1",
                Length::Bytes(1),
                true,
            ),
            ("HTTP/1.1 200 OK", Length::UntilClose, true),
            ("HTTP/1.1 204 No Content", Length::Bytes(0), false),
            ("HTTP/1.1 100 Continue", Length::Bytes(0), false),
        ] {
            let head = head(lines);
            assert_eq!((head.length, head.closes), (length, closes), "{lines}");
        }
    }

    #[test]
    fn what_is_not_a_response_is_an_error() {
        for text in [
            "",
            "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 20\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
            "SSH-2.0-x y\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        ] {
            assert!(Head::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn an_invocation_needs_an_id_and_a_deadline() {
        let function = LambdaContext {
            function_name: "it".to_owned(),
            ..LambdaContext::default()
        };
        let id = "Lambda-Runtime-Aws-Request-Id: 1-2";
        let deadline = "lambda-runtime-deadline-ms: 5";
        let lambda = head(&format!(
            "HTTP/1.1 200 OK\r\n{id}\r\n{deadline}\r\nLambda-Runtime-Trace-Id: Root=1\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn"
        ))
        .invocation(&function)
        .unwrap();
        assert_eq!(
            lambda,
            LambdaContext {
                request_id: "1-2".to_owned(),
                deadline_ms: 5,
                invoked_function_arn: "arn".to_owned(),
                trace_id: Some("Root=1".to_owned()),
                ..function.clone()
            }
        );
        for lines in [
            "HTTP/1.1 200 OK".to_owned(),
            format!("HTTP/1.1 200 OK\r\n{id}"),
            format!("HTTP/1.1 200 OK\r\n{deadline}"),
            format!("HTTP/1.1 200 OK\r\n{id}\r\nLambda-Runtime-Deadline-Ms: soon"),
            format!("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: a/../b\r\n{deadline}"),
            format!("HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id:\r\n{deadline}"),
            format!("HTTP/1.1 500 X\r\n{id}\r\n{deadline}"),
        ] {
            assert!(head(&lines).invocation(&function).is_err(), "{lines}");
        }
    }
}
