//! A load on a queue without an SDK: each connection sends a message, receives one and deletes it, one call after the other, in SQS's
//! JSON protocol.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use rustix::event::{
    Timespec,
    epoll::{self, CreateFlags, EventData, EventFlags},
};
use serde_json::{Value, json};

use super::Result;

/// What a message of the load says.
const BODY: &str =
    r#"{"id": 7, "lines": [{"sku": "A1", "quantity": 3}], "note": "leave it at the door"}"#;

/// A call of an operation in AWS's JSON protocol, as bytes.
pub(crate) fn call(address: SocketAddr, target: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let service = if target.starts_with("AmazonSQS") {
        "sqs"
    } else {
        "events"
    };
    format!(
        "POST / HTTP/1.1\r\nhost: {address}\r\nx-amz-target: {target}\r\ncontent-type: application/x-amz-json-1.0\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A connection that asks one thing at a time. A server that closes it after an answer gets a new one.
#[derive(Debug)]
pub(crate) struct Caller {
    address: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, and whether the server keeps the connection.
struct Answer {
    body: std::ops::Range<usize>,
    keeps: bool,
}

impl Caller {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            address,
            stream: connect(address)?,
            buffer: Vec::new(),
        })
    }

    /// Makes a call of a JSON protocol: its answer, which must be 200.
    pub(crate) fn json(&mut self, target: &str, body: &Value) -> Result<Value> {
        self.ask(&call(self.address, target, body))
    }

    /// Sends a request: the JSON of its answer, which must be a success.
    pub(crate) fn ask(&mut self, request: &[u8]) -> Result<Value> {
        self.buffer.clear();
        self.stream.write_all(request)?;
        let answer = loop {
            if self.read()? == Some(0) {
                return Err("the connection was closed".into());
            }
            if let Some(answer) = self.answer()? {
                break answer;
            }
        };
        let body = self.buffer.get(answer.body.clone()).unwrap_or_default();
        let value = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(body)?
        };
        if !answer.keeps {
            self.stream = connect(self.address)?;
        }
        Ok(value)
    }

    /// Reads once: how many bytes came, or nothing if it would wait.
    fn read(&mut self) -> Result<Option<usize>> {
        let mut chunk = [0; 16 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(count) => {
                self.buffer
                    .extend_from_slice(chunk.get(..count).unwrap_or_default());
                Ok(Some(count))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The answer, once it is whole.
    fn answer(&self) -> Result<Option<Answer>> {
        let end = b"\r\n\r\n";
        let Some(head) = self.buffer.windows(4).position(|four| four == end) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(self.buffer.get(..head).unwrap_or_default())?;
        let mut lines = text.split("\r\n");
        let status = lines.next().unwrap_or_default();
        let (mut length, mut keeps) = (0, status.starts_with("HTTP/1.1"));
        for line in lines {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse::<usize>()?;
            } else if name.eq_ignore_ascii_case("connection") {
                keeps = !value.trim().eq_ignore_ascii_case("close");
            }
        }
        let body = head + 4..head + 4 + length;
        if self.buffer.len() < body.end {
            return Ok(None);
        }
        if !status.contains(" 20") {
            let answer = String::from_utf8_lossy(&self.buffer);
            return Err(format!("the answer is not a success: {answer}").into());
        }
        Ok(Some(Answer { body, keeps }))
    }
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// What a connection does next.
enum Next {
    Send,
    Receive,
    Delete(Vec<u8>),
}

/// A connection of the load.
struct Worker {
    caller: Caller,
    next: Next,
}

/// Sends, receives and deletes over that many connections for that long: whole rounds per second.
pub(crate) fn rounds(
    address: SocketAddr,
    queue: &str,
    connections: usize,
    span: Duration,
) -> Result<f64> {
    let send = call(
        address,
        "AmazonSQS.SendMessage",
        &json!({"QueueUrl": queue, "MessageBody": BODY}),
    );
    let receive = call(
        address,
        "AmazonSQS.ReceiveMessage",
        &json!({"QueueUrl": queue, "MaxNumberOfMessages": 1}),
    );
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let mut workers = Vec::with_capacity(connections);
    for number in 0..connections {
        let caller = Caller::open(address)?;
        caller.stream.set_nonblocking(true)?;
        let data = EventData::new_u64(number as u64);
        epoll::add(&epoll, &caller.stream, data, EventFlags::IN)?;
        workers.push(Worker {
            caller,
            next: Next::Send,
        });
    }
    let start = Instant::now();
    let end = start + span;
    for worker in &mut workers {
        worker.caller.stream.write_all(&send)?;
    }
    let patience = Timespec {
        tv_sec: 30,
        tv_nsec: 0,
    };
    let (mut done, mut working) = (0_u32, connections);
    let mut events = Vec::with_capacity(connections.max(1));
    while working > 0 {
        events.clear();
        epoll::wait(
            &epoll,
            rustix::buffer::spare_capacity(&mut events),
            Some(&patience),
        )?;
        if events.is_empty() {
            return Err("no answer came for 30 s".into());
        }
        for event in &events {
            let number = usize::try_from(event.data.u64())?;
            let worker = workers.get_mut(number).ok_or("no such connection")?;
            if worker.caller.read()? == Some(0) && worker.caller.answer()?.is_none() {
                return Err("the connection was closed".into());
            }
            let Some(answer) = worker.caller.answer()? else {
                continue;
            };
            if !worker.take(answer.body, address, queue)? {
                // A round ended.
                done += 1;
                if Instant::now() >= end {
                    working -= 1;
                    continue;
                }
            }
            if !answer.keeps {
                worker.caller.stream = connect(address)?;
                worker.caller.stream.set_nonblocking(true)?;
                let data = EventData::new_u64(number as u64);
                epoll::add(&epoll, &worker.caller.stream, data, EventFlags::IN)?;
            }
            worker.caller.buffer.clear();
            let request = match &worker.next {
                Next::Send => &send,
                Next::Receive => &receive,
                Next::Delete(request) => request,
            };
            worker.caller.stream.write_all(request)?;
        }
    }
    Ok(f64::from(done) / start.elapsed().as_secs_f64())
}

impl Worker {
    /// Takes an answer, and decides what comes next. Returns false if that was the end of a round.
    fn take(
        &mut self,
        body: std::ops::Range<usize>,
        address: SocketAddr,
        queue: &str,
    ) -> Result<bool> {
        match self.next {
            Next::Send => self.next = Next::Receive,
            Next::Receive => {
                let answer: Value =
                    serde_json::from_slice(self.caller.buffer.get(body).unwrap_or_default())?;
                // Without a message it asks again: another connection has it at the moment.
                if let Some(handle) = answer.pointer("/Messages/0/ReceiptHandle") {
                    let input = json!({"QueueUrl": queue, "ReceiptHandle": handle});
                    self.next = Next::Delete(call(address, "AmazonSQS.DeleteMessage", &input));
                }
            }
            Next::Delete(_) => {
                self.next = Next::Send;
                return Ok(false);
            }
        }
        Ok(true)
    }
}
