//! Request, invocation and process logs, and the output of the processes.
//!
//! Callers put whole lines into a queue and continue; one thread writes them, as many at once as
//! have gathered. The lines of one process keep their order. The app's output stays in its pipes
//! while the queue is full, so that a chatty app is slowed down as by a terminal. If nobody reads
//! for long, lines about requests are dropped and counted, so that nothing grows without limit.

mod report;

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
    io::{ErrorKind, IsTerminal},
    os::fd::OwnedFd,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use fw_port_guard::Refusal;
use rustix::io::Errno;
use tokio::{
    net::unix::pipe,
    sync::{Notify, oneshot},
};

pub(super) use self::report::{Report, millis};
use super::tail::Tail;
use crate::console::{BAD, Console, DIM, GOOD, WARN};

/// Bytes in the queue from which on the app's output waits in its pipes.
const FULL: usize = 1 << 20;
/// Bytes in the queue from which on lines are dropped: a request does not wait for the log's
/// reader.
const OVERFULL: usize = 16 * FULL;
/// The longest line of an app; longer lines are split. (Lambda's log service takes 256 KB in one
/// event.)
const LONGEST_LINE: usize = 256 * 1024;
/// The minimum size of a read from a pipe.
const CHUNK: usize = 4 * 1024;
/// How much is read from a pipe before another gets a turn: twice the size of a pipe.
const TURN: usize = 128 * 1024;
/// How long lines gather after some have been written.
const GATHER: Duration = Duration::from_millis(1);

/// The log of a local server. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Logs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    queue: Option<mpsc::Sender<Message>>,
    queued: AtomicUsize,
    /// Lines dropped since the last report of it.
    lost: AtomicUsize,
    room: Notify,
    /// For people: the process's number before its lines, colours, and visible control characters.
    decorated: bool,
    /// True if Lambda's own lines about each invocation are wanted too: `START`, `END`, `REPORT`.
    invocations: bool,
}

#[derive(Debug)]
enum Message {
    /// One or more lines, without the last line feed.
    Lines(String),
    /// Write all lines before this one.
    Flush(oneshot::Sender<()>),
}

impl Logs {
    /// A log on standard error; nothing with `-q`, and Lambda's lines about each invocation with `-v`.
    pub(crate) fn new(console: &Console) -> Self {
        Self::on(console, console.is_verbose())
    }

    /// A log on standard error with Lambda's lines about each invocation; nothing with `-q`.
    pub(crate) fn with_invocations(console: &Console) -> Self {
        Self::on(console, true)
    }

    fn on(console: &Console, invocations: bool) -> Self {
        if console.is_quiet() {
            return Self(Arc::new(Inner {
                queue: None,
                queued: AtomicUsize::new(0),
                lost: AtomicUsize::new(0),
                room: Notify::new(),
                decorated: false,
                invocations,
            }));
        }
        let console = console.clone();
        let decorated = std::io::stderr().is_terminal();
        Self::to(decorated, invocations, move |lines| {
            console.line(lines);
        })
    }

    /// A log that passes its lines to a function, on a separate thread.
    pub(super) fn to(
        decorated: bool,
        invocations: bool,
        mut write: impl FnMut(&str) + Send + 'static,
    ) -> Self {
        let (queue, messages) = mpsc::channel();
        let logs = Self(Arc::new(Inner {
            queue: Some(queue),
            queued: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            room: Notify::new(),
            decorated,
            invocations,
        }));
        // The thread must not keep the queue alive, as its end is what ends the thread.
        let inner = Arc::downgrade(&logs.0);
        let written = move |bytes: usize| {
            let Some(inner) = inner.upgrade() else {
                return 0;
            };
            let before = inner.queued.fetch_sub(bytes, Ordering::Relaxed);
            if before >= FULL {
                inner.room.notify_waiters();
            }
            // Told about where it was lost.
            if before - bytes < FULL {
                inner.lost.swap(0, Ordering::Relaxed)
            } else {
                0
            }
        };
        // Without a thread nothing is logged, but requests are served.
        let _ = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_all(&messages, &mut write, &written));
        logs
    }

    /// Waits until everything logged so far has been written.
    pub(crate) async fn flush(&self) {
        let (written, done) = oneshot::channel();
        if let Some(queue) = &self.0.queue
            && queue.send(Message::Flush(written)).is_ok()
        {
            // An error means that the thread is gone, and with it what could be waited for.
            let _ = done.await;
        }
    }

    /// True if anything is logged.
    pub(super) fn is_on(&self) -> bool {
        self.0.queue.is_some()
    }

    /// True if Lambda's lines about each invocation are logged.
    pub(super) fn has_invocations(&self) -> bool {
        self.is_on() && self.0.invocations
    }

    /// Adds lines.
    fn push(&self, lines: String) {
        if let Some(queue) = &self.0.queue {
            if self.0.queued.load(Ordering::Relaxed) >= OVERFULL {
                let lost = lines.split('\n').count();
                self.0.lost.fetch_add(lost, Ordering::Relaxed);
                return;
            }
            self.0.queued.fetch_add(lines.len(), Ordering::Relaxed);
            // The thread ends only after the queue.
            let _ = queue.send(Message::Lines(lines));
        }
    }

    /// Waits until the queue has room.
    async fn room(&self) {
        loop {
            let notified = self.0.room.notified();
            if self.0.queued.load(Ordering::Relaxed) < FULL {
                return;
            }
            notified.await;
        }
    }

    /// Says what became of a request.
    pub(super) fn request(&self, method: &str, target: &str, status: u16, took: Duration) {
        if !self.is_on() {
            return;
        }
        let (method, target) = (visible(method), visible(target));
        let took = millis(took);
        self.push(if self.0.decorated {
            let style = match status {
                ..400 => GOOD,
                400..500 => WARN,
                _ => BAD,
            };
            format!("{method} {target} {style}{status}{style:#} {DIM}{took} ms{DIM:#}")
        } else {
            format!("{method} {target} {status} {took} ms")
        });
    }

    /// Says why the request of the line before was answered so.
    pub(super) fn reason(&self, reason: &str) {
        if self.is_on() {
            let reason = visible(reason);
            self.push(if self.0.decorated {
                format!("  {DIM}{reason}{DIM:#}")
            } else {
                format!("  {reason}")
            });
        }
    }

    /// Says that a client did not wait for its answer.
    pub(super) fn client_left(&self, method: &str, target: &str, took: Duration) {
        if self.is_on() {
            self.push(format!(
                "{} {} - {} ms, the client disconnected before the response",
                visible(method),
                visible(target),
                millis(took)
            ));
        }
    }

    /// Logs that the port's guard refused a request, and which flag accepts it.
    pub(super) fn refused_request(&self, refusal: &Refusal) {
        match refusal {
            Refusal::Host(host) if self.is_on() => {
                let host = visible(host);
                self.aside(format_args!(
                    "refused a request for the host `{host}`; pass `--allow-host {host}` to accept it"
                ));
            }
            other => self.refused(other),
        }
    }

    /// Says that the port's guard refused a connection, and why.
    pub(super) fn refused(&self, why: impl fmt::Display) {
        if self.is_on() {
            let why = why.to_string();
            self.aside(format_args!("refused: {}", visible(&why)));
        }
    }

    /// Says that a connection was closed because what came on it was no request.
    pub(super) fn malformed(&self, error: &str) {
        if self.is_on() {
            self.aside(format_args!("refused a malformed HTTP request: {error}"));
        }
    }

    /// Says that something went wrong in this program itself.
    pub(super) fn bug(&self, what: &str) {
        if self.is_on() {
            self.aside(format_args!("{what}; this is a bug in `cargo fw`"));
        }
    }

    /// Logs a warning that does not belong to a process.
    fn aside(&self, text: fmt::Arguments<'_>) {
        self.push(if self.0.decorated {
            format!("{WARN}warning{WARN:#}: {text}")
        } else {
            format!("warning: {text}")
        });
    }

    /// Says something about a process.
    pub(super) fn platform(&self, process: u32, text: impl fmt::Display) {
        if self.is_on() {
            self.push(if self.0.decorated {
                format!("{DIM}#{process} {text}{DIM:#}")
            } else {
                text.to_string()
            });
        }
    }

    /// Says something that is of no process.
    pub(super) fn note(&self, text: impl fmt::Display) {
        if self.is_on() {
            self.push(text.to_string());
        }
    }

    /// Logs a warning about a process that the developer should act on.
    pub(super) fn warning(&self, process: u32, text: impl fmt::Display) {
        if self.is_on() {
            self.push(if self.0.decorated {
                format!("{DIM}#{process}{DIM:#} {WARN}warning{WARN:#}: {text}")
            } else {
                format!("warning: {text}")
            });
        }
    }
}

/// The thread's work, until the queue is gone. `written` takes how many bytes have left the queue,
/// and returns how many lines were dropped.
fn write_all(
    messages: &mpsc::Receiver<Message>,
    write: &mut dyn FnMut(&str),
    written: &dyn Fn(usize) -> usize,
) {
    let mut text = String::new();
    while let Ok(first) = messages.recv() {
        let mut next = Some(first);
        let mut flushed = None;
        let mut bytes = 0;
        text.clear();
        while let Some(message) = next {
            match message {
                Message::Lines(lines) => {
                    if !text.is_empty() {
                        text.push('\n');
                    }
                    text.push_str(&lines);
                    bytes += lines.len();
                }
                Message::Flush(done) => flushed = Some(done),
            }
            next = if flushed.is_none() && text.len() < TURN {
                messages.try_recv().ok()
            } else {
                None
            };
        }
        if bytes > 0 {
            write(&text);
            let lost = written(bytes);
            if lost > 0 {
                write(&format!(
                    "warning: {lost} lines of this log were dropped because nothing read it"
                ));
            }
        }
        match flushed {
            // The receiver may have stopped waiting.
            Some(done) => drop(done.send(())),
            // Lines come in bursts; while this thread sleeps nothing has to wake it.
            None => std::thread::sleep(GATHER),
        }
    }
}

/// The output of a process: its two pipes, and incomplete lines.
#[derive(Debug)]
pub(super) struct Output {
    pipes: [pipe::Receiver; 2],
    begun: Mutex<[Begun; 2]>,
    /// A second receiver of the lines, during an invocation whose caller asked for them.
    tail: Mutex<Option<Tail>>,
    logs: Logs,
    process: u32,
}

/// Bytes that were read from a pipe but not logged.
#[derive(Debug, Default)]
struct Begun {
    bytes: Vec<u8>,
    ended: bool,
}

impl Output {
    /// Takes over the pipes of a process of that number.
    pub(super) fn new(
        stdout: OwnedFd,
        stderr: OwnedFd,
        logs: Logs,
        process: u32,
    ) -> std::io::Result<Self> {
        Ok(Self {
            pipes: [
                pipe::Receiver::from_owned_fd(stdout)?,
                pipe::Receiver::from_owned_fd(stderr)?,
            ],
            begun: Mutex::default(),
            tail: Mutex::default(),
            logs,
            process,
        })
    }

    /// From now on the lines go there as well; or no longer.
    pub(super) fn copy_to(&self, tail: Option<Tail>) {
        *self.tail.lock().unwrap_or_else(PoisonError::into_inner) = tail;
    }

    /// Logs what comes out of the pipes, until both have ended.
    pub(super) async fn pump(&self) {
        tokio::join!(self.pump_one(0), self.pump_one(1));
    }

    async fn pump_one(&self, which: usize) {
        // An error of the event loop, not of the pipe, leaves the rest to `drain`.
        while self.pipes[which].readable().await.is_ok() {
            if self.read(which) == Read::Ended {
                return;
            }
            self.logs.room().await;
        }
    }

    /// Logs at once all that the process has printed until now.
    pub(super) fn drain(&self) {
        for which in 0..self.pipes.len() {
            // The app may print as fast as this reads; what it has printed until now is within the first turn.
            self.read(which);
        }
    }

    /// Logs the lines that were begun and will not be ended.
    pub(super) fn finish(&self) {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        for rest in begun.iter_mut() {
            if !rest.bytes.is_empty() {
                rest.bytes.push(b'\n');
                self.log_lines(&mut rest.bytes);
            }
        }
    }

    /// Reads the available bytes and logs the complete lines.
    fn read(&self, which: usize) -> Read {
        // Held while reading and logging, so that lines keep their order with any reader.
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = &mut begun[which];
        if begun.ended {
            return Read::Ended;
        }
        let mut total = 0;
        let state = loop {
            if total >= TURN {
                break Read::More;
            }
            begun.bytes.reserve(CHUNK);
            // Asks the system first, because tokio may not know about bytes that were just written;
            // then tokio, so that it learns that the pipe is empty.
            let spare = rustix::buffer::spare_capacity(&mut begun.bytes);
            let read = match rustix::io::read(&self.pipes[which], spare) {
                Err(Errno::AGAIN) => {
                    let mut late = [0; 64];
                    let read = self.pipes[which].try_read(&mut late);
                    if let Ok(count) = read {
                        begun.bytes.extend_from_slice(&late[..count]);
                    }
                    read
                }
                read => read.map_err(Into::into),
            };
            match read {
                Ok(0) => break Read::Ended,
                Ok(count) => {
                    total += count;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Read::Empty,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // A pipe that cannot be read has no more data.
                Err(_) => break Read::Ended,
            }
        };
        begun.ended = state == Read::Ended;
        if total > 0 {
            self.log_lines(&mut begun.bytes);
        }
        state
    }

    /// Logs the whole lines in `bytes`, and leaves what follows the last of them.
    fn log_lines(&self, bytes: &mut Vec<u8>) {
        // Only a line feed ends a line. [R] gateway-truth §4.4
        let end = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => last + 1,
            None if bytes.len() >= LONGEST_LINE => bytes.len(),
            None => return,
        };
        let text = String::from_utf8_lossy(&bytes[..end]);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if let Some(tail) = &*self.tail.lock().unwrap_or_else(PoisonError::into_inner) {
            tail.push(text);
        }
        if self.logs.0.decorated {
            let mut shown = String::with_capacity(text.len() + 16);
            for line in text.split('\n') {
                if !shown.is_empty() {
                    shown.push('\n');
                }
                let line = line.strip_suffix('\r').unwrap_or(line);
                // A JSON line stays one line, so that it can be copied.
                if !line.starts_with('{') {
                    // Writing to a string cannot fail.
                    let _ = write!(shown, "{DIM}#{}{DIM:#} ", self.process);
                }
                shown.push_str(&visible(line));
            }
            self.logs.push(shown);
        } else {
            self.logs.push(text.to_owned());
        }
        bytes.drain(..end);
    }
}

/// The state after a turn of reading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    /// Empty for now.
    Empty,
    /// Perhaps more.
    More,
    /// Closed.
    Ended,
}

/// The text with control characters made visible, so that no app and no client can control the
/// developer's terminal.
///
/// Tabs stay, and so do the escape sequences that only change colour (`ESC [ … m`), which are reset at the end.
fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c.is_control() && c != '\t') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut coloured = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = colour_sequence(rest) {
            coloured = true;
            shown.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        if c.is_control() && c != '\t' {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    if coloured {
        shown.push_str("\x1b[0m");
    }
    Cow::Owned(shown)
}

/// The length of the colour sequence at the start of `text`.
fn colour_sequence(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\x1b[")?;
    let length = parameters.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'))?;
    parameters[length..]
        .starts_with('m')
        .then_some(2 + length + 1)
}

#[cfg(test)]
mod tests;
