//! Lambda, as far as a function sees it: a Runtime API on loopback and a process that polls it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
};

/// A request that the function made.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) line: String,
    /// The header lines, as they came.
    pub(crate) head: String,
    pub(crate) body: String,
    /// The lines behind a body in chunks, as they came.
    pub(crate) trailers: String,
}

/// A function that runs.
pub(crate) struct Lambda {
    function: Child,
    listener: TcpListener,
    connection: Option<BufReader<TcpStream>>,
}

impl Lambda {
    /// Starts this very test program as the app of that name; see `process::as_app`.
    pub(crate) fn start(app: &str, variables: &[(&str, &str)]) -> Self {
        Self::start_at(app, "", variables)
    }

    /// The same with the Runtime API under that path.
    pub(crate) fn start_at(app: &str, path: &str, variables: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let function = command(app)
            .env(
                "AWS_LAMBDA_RUNTIME_API",
                format!("{}{path}", listener.local_addr().unwrap()),
            )
            .env("AWS_LAMBDA_FUNCTION_NAME", "it")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .envs(variables.iter().copied())
            .spawn()
            .unwrap();
        Self {
            function,
            listener,
            connection: None,
        }
    }

    /// The next request, on the connection that is there or on a new one.
    pub(crate) fn call(&mut self) -> Call {
        let connection = self.connection.get_or_insert_with(|| {
            let (connection, _) = self.listener.accept().unwrap();
            connection.set_nodelay(true).unwrap();
            BufReader::new(connection)
        });
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        let mut length = 0;
        let mut head = String::new();
        loop {
            let mut header = String::new();
            connection.read_line(&mut header).unwrap();
            head.push_str(&header);
            match header.trim_end().split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap();
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        let mut trailers = String::new();
        connection.read_exact(&mut body).unwrap();
        if head
            .to_ascii_lowercase()
            .contains("transfer-encoding: chunked")
        {
            loop {
                let mut size = String::new();
                connection.read_line(&mut size).unwrap();
                let size = usize::from_str_radix(size.trim(), 16).unwrap();
                if size == 0 {
                    break;
                }
                // With the line's end behind it.
                let mut chunk = vec![0; size + 2];
                connection.read_exact(&mut chunk).unwrap();
                body.extend_from_slice(&chunk[..size]);
            }
            loop {
                let mut line = String::new();
                connection.read_line(&mut line).unwrap();
                if line.trim_end().is_empty() {
                    break;
                }
                trailers.push_str(&line);
            }
        }
        Call {
            line: line.trim_end().to_owned(),
            head,
            body: String::from_utf8(body).unwrap(),
            trailers,
        }
    }

    /// Answers the last request.
    pub(crate) fn reply(&mut self, status: u16, headers: &str, body: &str) {
        let connection = self.connection.as_mut().unwrap().get_mut();
        let reply = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        // In one piece: who only waits for its first byte may be gone before the second piece.
        connection.write_all(reply.as_bytes()).unwrap();
    }

    /// Sends bytes in place of a response, or a part of one.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let connection = self.connection.as_mut().unwrap().get_mut();
        connection.write_all(bytes).unwrap();
    }

    /// Reads on until that text has come, and returns all of it.
    pub(crate) fn read_until(&mut self, end: &str) -> String {
        let connection = self.connection.as_mut().unwrap();
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains(end) {
            let mut byte = [0];
            connection.read_exact(&mut byte).unwrap();
            read.extend_from_slice(&byte);
        }
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Ends a process that waits for something else than the Runtime API.
    pub(crate) fn end(mut self) {
        self.function.kill().unwrap();
        self.function.wait().unwrap();
    }

    /// Closes the connection; the next call is expected on a new one.
    pub(crate) fn hang_up(&mut self) {
        drop(self.connection.take());
    }

    /// Expects `next`, answers it with an event, and returns what the function posts.
    pub(crate) fn invoke(&mut self, id: &str, event: &str) -> Call {
        self.invoke_with(id, "", event)
    }

    /// The same with more header lines at the event, each with its end.
    pub(crate) fn invoke_with(&mut self, id: &str, more: &str, event: &str) -> Call {
        let next = self.call();
        assert_eq!(
            next.line,
            "GET /2018-06-01/runtime/invocation/next HTTP/1.1"
        );
        let headers = format!(
            "Lambda-Runtime-Aws-Request-Id: {id}\r\nLambda-Runtime-Deadline-Ms: 1893456000000\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:it\r\n{more}"
        );
        self.reply(200, &headers, event);
        let posted = self.call();
        self.reply(202, "", "{\"status\":\"OK\"}");
        posted
    }

    /// Hangs up, and returns what the process has said by its end.
    pub(crate) fn finish(mut self) -> Output {
        drop(self.connection.take());
        // Whatever it asks for now is refused.
        drop(self.listener);
        self.function.wait_with_output().unwrap()
    }
}

/// This very test program, as the app of that name.
pub(crate) fn command(app: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "process::as_app", "--nocapture", "--quiet"])
        .env_clear()
        .env("FW_IT_APP", app)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}
