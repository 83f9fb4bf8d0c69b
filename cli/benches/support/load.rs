//! A load generator that costs little: one thread, non-blocking sockets, one request at a time on each connection.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use rustix::event::{
    Timespec,
    epoll::{self, CreateFlags, EventData, EventFlags},
};

use super::{Result, median};

/// How a round went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Requests answered per second.
    pub(crate) rate: f64,
    /// Half of them took this long or less, ms.
    pub(crate) p50: f64,
    /// 99 of 100 did, ms.
    pub(crate) p99: f64,
    /// How many there were.
    pub(crate) requests: usize,
}

impl Figures {
    /// The round in the middle, by its rate.
    pub(crate) fn median(rounds: Vec<Self>) -> Self {
        median(rounds, |round| round.rate).unwrap_or_default()
    }
}

/// Asks for `path` over that many connections for that long. Every answer must be 200 and have a length.
pub(crate) fn load(
    address: SocketAddr,
    path: &str,
    connections: usize,
    span: Duration,
) -> Result<Figures> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let mut all = Vec::with_capacity(connections);
    for number in 0..connections {
        let connection = Connection::open(address, path)?;
        connection.stream.set_nonblocking(true)?;
        let data = EventData::new_u64(number as u64);
        epoll::add(&epoll, &connection.stream, data, EventFlags::IN)?;
        all.push(connection);
    }
    let mut latencies = Vec::with_capacity(1 << 18);
    let mut events = Vec::with_capacity(connections.max(1));
    let start = Instant::now();
    let end = start + span;
    for connection in &mut all {
        connection.send()?;
    }
    let patience = Timespec {
        tv_sec: 30,
        tv_nsec: 0,
    };
    let mut asking = connections;
    while asking > 0 {
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
            let connection = all.get_mut(number).ok_or("no such connection")?;
            if !connection.receive()? {
                continue;
            }
            let now = Instant::now();
            latencies.push(now.duration_since(connection.sent));
            if now < end {
                connection.send()?;
            } else {
                asking -= 1;
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |part: f64| {
        let index = (latencies.len() as f64 * part) as usize;
        latencies
            .get(index.min(latencies.len().saturating_sub(1)))
            .map_or(0.0, |latency| latency.as_secs_f64() * 1e3)
    };
    Ok(Figures {
        rate: latencies.len() as f64 / seconds,
        p50: at(0.5),
        p99: at(0.99),
        requests: latencies.len(),
    })
}

/// A kept-alive connection, with a request that is always the same.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
    length: usize,
    sent: Instant,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(address: SocketAddr, path: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: bench\r\n\r\n")
                .into_bytes();
        Ok(Self {
            stream,
            request,
            buffer: vec![0; 16 * 1024],
            length: 0,
            sent: Instant::now(),
        })
    }

    /// Asks, and waits for the answer: its body.
    pub(crate) fn ask(&mut self) -> Result<String> {
        self.send()?;
        while !self.receive()? {}
        let answer = self.buffer.get(..self.length).unwrap_or_default();
        let answer = String::from_utf8_lossy(answer);
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
        Ok(body.unwrap_or_default().to_owned())
    }

    fn send(&mut self) -> Result<()> {
        self.sent = Instant::now();
        self.length = 0;
        Ok(self.stream.write_all(&self.request)?)
    }

    /// Reads once; says whether the answer is whole.
    fn receive(&mut self) -> Result<bool> {
        let free = self.buffer.get_mut(self.length..).unwrap_or_default();
        match self.stream.read(free) {
            Ok(0) => return Err("the connection was closed".into()),
            Ok(count) => self.length += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let answer = self.buffer.get(..self.length).unwrap_or_default();
        let Some(head) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(false);
        };
        let (head, body) = answer.split_at(head + 4);
        if !head.starts_with(b"HTTP/1.1 200") {
            let head = String::from_utf8_lossy(head);
            return Err(format!("the answer is not 200: {head}").into());
        }
        let name = b"\ncontent-length: ";
        let at = head
            .windows(name.len())
            .position(|part| part.eq_ignore_ascii_case(name))
            .ok_or("an answer without a length")?;
        let digits = head.get(at + name.len()..).unwrap_or_default();
        let length = digits
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
        Ok(body.len() >= length)
    }
}
