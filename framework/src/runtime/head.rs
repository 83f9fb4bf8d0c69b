//! The head of a response of the Runtime API.

use std::io::{Error, Result};

use crate::{
    context::LambdaContext,
    http1::{self, Length, invalid},
};

/// What the loop needs to know of a response.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) status: u16,
    length: Length,
    closes: bool,
    /// The invocation, as far as the headers say it.
    lambda: LambdaContext,
    /// What has to be sent back with the answer, so that Lambda can refuse one that belongs to an earlier invocation.
    pub(super) invocation_id: Option<String>,
}

impl Head {
    /// Reads the status line.
    ///
    /// # Errors
    ///
    /// When it is not that of HTTP/1.
    pub(super) fn start(line: &[u8]) -> Result<Self> {
        let (status, closes) = http1::status(&String::from_utf8_lossy(line))?;
        Ok(Self {
            status,
            closes,
            ..Self::default()
        })
    }

    /// Reads a header line.
    ///
    /// # Errors
    ///
    /// When it has a length that is not a number.
    pub(super) fn header(&mut self, line: &[u8]) -> Result<()> {
        // What is not ASCII can only be in values that are passed on.
        let line = String::from_utf8_lossy(line);
        let (name, value) = line.split_once(':').unwrap_or_default();
        let (name, value) = (name.to_ascii_lowercase(), value.trim());
        match &*name {
            "lambda-runtime-aws-request-id" => value.clone_into(&mut self.lambda.request_id),
            // 0 is no deadline, as with the header missing.
            "lambda-runtime-deadline-ms" => self.lambda.deadline_ms = value.parse().unwrap_or(0),
            "lambda-runtime-invoked-function-arn" => {
                value.clone_into(&mut self.lambda.invoked_function_arn);
            }
            "lambda-runtime-trace-id" => self.lambda.trace_id = Some(value.to_owned()),
            "lambda-runtime-invocation-id" => self.invocation_id = Some(value.to_owned()),
            "transfer-encoding" => self.length = Length::Chunks,
            "content-length" if self.length != Length::Chunks => {
                let length = value.parse();
                let length = length.map_err(|_| invalid("a length that is not a number"))?;
                self.length = Length::Bytes(length);
            }
            "connection" => self.closes |= value.eq_ignore_ascii_case("close"),
            _ => {}
        }
        Ok(())
    }

    /// How long the body is.
    pub(super) const fn length(&self) -> Length {
        match self.status {
            204 | 304 => Length::Bytes(0),
            _ => self.length,
        }
    }

    /// True if the server closes the connection behind the response.
    pub(super) fn closes(&self) -> bool {
        self.closes || self.length() == Length::UntilClose
    }

    /// The invocation that a `next` delivers. `function` is what the environment says of each.
    ///
    /// # Errors
    ///
    /// When it is not a successful response, or lacks the id or the deadline.
    pub(super) fn invocation(&mut self, function: &LambdaContext) -> Result<LambdaContext> {
        let said = std::mem::take(&mut self.lambda);
        // The id becomes a part of a path.
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
        if !(200..300).contains(&self.status) {
            let status = self.status;
            return Err(Error::other(format!("`next` was answered with {status}")));
        } else if said.request_id.is_empty() || !said.request_id.bytes().all(plain) {
            return Err(invalid("an invocation without an id"));
        } else if said.deadline_ms == 0 {
            return Err(invalid("an invocation without a deadline"));
        }
        Ok(LambdaContext {
            function_name: function.function_name.clone(),
            function_version: function.function_version.clone(),
            memory_mb: function.memory_mb,
            ..said
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, LambdaContext, Length, Result};

    fn read(lines: &str) -> Result<Head> {
        let mut lines = lines.split_inclusive("\r\n");
        let mut head = Head::start(lines.next().unwrap_or_default().as_bytes())?;
        lines.try_for_each(|line| head.header(line.as_bytes()))?;
        Ok(head)
    }

    fn head(lines: &str) -> Head {
        read(lines).unwrap()
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
        ] {
            let head = head(lines);
            assert_eq!((head.length(), head.closes()), (length, closes), "{lines}");
        }
    }

    #[test]
    fn what_is_not_a_response_is_an_error() {
        for text in [
            "",
            "\r\n",
            "HTTP/1.1\r\n",
            "HTTP/1.1 abc\r\n",
            "HTTP/1.1 20\r\n",
            "HTTP/2 200\r\n",
            "SSH-2.0-x y\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n",
        ] {
            assert!(read(text).is_err(), "{text}");
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
