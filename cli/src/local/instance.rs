//! One process: an execution environment of Lambda, from its start until it is reaped.
//!
//! The state is a small state machine behind a lock that is never held while waiting. Calls of the
//! Runtime API and the pool change it. A task per process (`run`) owns the child and handles
//! everything that takes time: its exit, its timeouts, its output. A request does not pass through
//! this task: the pool wakes the waiting `/next` directly, and the posted result wakes the caller.
//!
//! This file has the states and the calls that change them; `lifetime` is the task, `report` writes
//! the log.

mod lifetime;
mod line;
mod report;

use std::{
    process::ExitStatus,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::HeaderValue;
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, timeout_at},
};

pub(super) use self::line::Line;
use super::{
    error_documents::document,
    logs::Output,
    pool::{ClientContext, Job, Outcome, Pool, Released},
    runtime_api::{LARGEST_RESULT, Refused},
    stream::{self, Stream, StreamWriter},
    tail::TailWriter,
};
use crate::process::{self, environment::Function, own_memory};

/// How long a process may initialise (AWS Lambda Developer Guide, "Lambda execution environment
/// lifecycle").
const INIT_LIMIT: Duration = Duration::from_secs(10);
/// How long a process may be idle. Lambda's own time is not published; this prevents that a burst's
/// processes stay all day.
const IDLE_LIMIT: Duration = Duration::from_secs(600);
/// The minimum time that a process waits for an event before it is frozen. A busy function has no
/// cost in between.
const FREEZE_AFTER: Duration = Duration::from_millis(10);
/// How long the end of a process may take to deliver the data in its sockets and pipes.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// How many connections a process may have to its Runtime API; more wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long a poll waits for the connection of an earlier poll to be gone: the process may have
/// just closed it.
const TAKE_OVER: Duration = Duration::from_secs(1);
/// The maximum age of a reading of the peak memory: reading it costs as much as a short invocation.
const MEMORY_AGE: Duration = Duration::from_millis(50);

/// One process.
pub(super) struct Instance {
    pool: Pool,
    number: u32,
    arn: HeaderValue,
    state: Mutex<State>,
    /// There once the process is.
    started: OnceLock<Started>,
    /// Notified when the process is to be killed.
    end: Notify,
    /// Told when a connection that waits for an event may be gone.
    line: Notify,
}

struct Started {
    output: Output,
    id: u32,
    peak: Mutex<(Option<Instant>, u64)>,
}

struct State {
    phase: Phase,
    /// The time when the process was started.
    spawned: Instant,
    /// The time limit of the phase, unless it is `Busy`, which has its own.
    limit: Instant,
    /// The time of its last poll.
    asked: Instant,
    /// True if it has been stopped until the next event.
    frozen: bool,
    /// True if it is being killed because it uses more memory than the function has.
    outgrown: bool,
}

enum Phase {
    /// It has not polled for an event yet.
    Starting {
        job: Option<Job>,
        /// True if this is Lambda's second try, which runs within the invocation and under its
        /// timeout.
        again: bool,
    },
    /// It waits for an event.
    Idle {
        next: oneshot::Sender<Delivery>,
        /// The place where it waits.
        line: Line,
    },
    /// It has an event.
    Busy(Busy),
    /// It is being killed or has ended.
    Ended,
}

struct Busy {
    request_id: String,
    started: Instant,
    deadline: Instant,
    /// Gone once the invocation has been answered; the invocation itself lasts until the process asks again.
    reply: Option<oneshot::Sender<Outcome>>,
    init: Option<Duration>,
    /// For a caller that takes the result as a stream; empty once it does.
    stream: Option<oneshot::Sender<Stream>>,
    /// For a caller that wants the end of the log.
    tail: Option<TailWriter>,
}

/// The answer to `/next`.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) request_id: String,
    pub(super) trace_id: String,
    pub(super) event: Bytes,
    pub(super) client_context: Option<Box<ClientContext>>,
    /// The deadline of the invocation in milliseconds since the epoch.
    pub(super) deadline_ms: u64,
}

/// In which state the process asks for an event.
enum Asked {
    /// Initialised, with nothing to do yet.
    First,
    /// Having ended this invocation.
    After(Busy),
    /// Again, after giving up the waiting call.
    Again,
    /// While it is being killed.
    InVain,
}

/// The result of a poll.
enum Turn {
    /// An event that has waited for the process.
    Now(Box<Delivery>),
    /// It waits.
    Waits(Asked, oneshot::Receiver<Delivery>),
    /// Another call waits.
    Taken,
}

/// Why a process is at its end.
enum End {
    /// By itself.
    Exit(Option<ExitStatus>),
    /// Its invocation timed out.
    Timeout(Busy),
    /// Its initialisation timed out.
    InitTimeout(Option<Job>),
    /// It uses more memory than the function has.
    Outgrown,
    /// It is no longer needed.
    Unwanted,
}

impl Instance {
    /// A process to be started by [`Instance::run`].
    pub(super) fn new(pool: Pool, number: u32, job: Option<Job>, again: bool) -> Arc<Self> {
        let function = pool.function();
        let now = Instant::now();
        let limit = if again {
            timeout_of(function)
        } else {
            INIT_LIMIT
        };
        Arc::new(Self {
            number,
            // The name is part of the manifest, so it may hold what no header may.
            arn: HeaderValue::try_from(function.arn())
                .unwrap_or_else(|_| HeaderValue::from_static("arn:aws:lambda")),
            state: Mutex::new(State {
                phase: Phase::Starting { job, again },
                spawned: now,
                limit: now + limit,
                asked: now,
                frozen: false,
                outgrown: false,
            }),
            started: OnceLock::new(),
            end: Notify::new(),
            line: Notify::new(),
            pool,
        })
    }

    /// The invoked function's ARN.
    pub(super) fn arn(&self) -> &HeaderValue {
        &self.arn
    }

    /// Kills the process in any state.
    pub(super) fn end(&self) {
        self.end.notify_one();
    }

    /// Gives an event to the idle process; returns it if the process is not idle.
    pub(super) fn deliver(&self, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        if !matches!(&state.phase, Phase::Idle { next, .. } if !next.is_closed()) {
            return Err(job);
        }
        let Phase::Idle { next, .. } = std::mem::replace(&mut state.phase, Phase::Ended) else {
            return Err(job);
        };
        if std::mem::take(&mut state.frozen)
            && let Some(started) = self.started.get()
        {
            process::thaw(started.id);
        }
        let now = Instant::now();
        let (busy, delivery) = self.begin(job, now, None);
        match next.send(delivery) {
            Ok(()) => {
                state.phase = Phase::Busy(busy);
                Ok(())
            }
            // The connection closed in this very moment, so the process is about to end, or is of no use.
            Err(delivery) => {
                drop(state);
                self.end();
                match busy.reply {
                    Some(reply) => Err(Job {
                        request_id: delivery.request_id,
                        trace_id: delivery.trace_id,
                        event: delivery.event,
                        client_context: delivery.client_context,
                        reply,
                        stream: busy.stream,
                        tail: busy.tail,
                    }),
                    None => Ok(()),
                }
            }
        }
    }

    /// Freezes the process after it has waited for an event for [`FREEZE_AFTER`]: its work stalls
    /// until the next event, as on Lambda. Returns whether it must be checked again.
    pub(super) fn freeze(&self, now: Instant) -> bool {
        let mut state = self.lock();
        let waits = matches!(&state.phase, Phase::Idle { next, .. } if !next.is_closed());
        if !waits || state.frozen {
            return false;
        }
        if now.duration_since(state.asked) < FREEZE_AFTER {
            return true;
        }
        // Under the lock, so that no event is delivered between the decision and the signal.
        state.frozen = self
            .started
            .get()
            .is_some_and(|started| process::freeze(started.id));
        false
    }

    /// True if it waits for an event and is not frozen yet.
    pub(super) fn is_awake(&self) -> bool {
        let state = self.lock();
        !state.frozen && matches!(state.phase, Phase::Idle { .. })
    }

    /// Ends the process if it has taken more memory than the function has. What it has started itself is not counted.
    pub(super) fn check_memory(&self) {
        let Some(started) = self.started.get() else {
            return;
        };
        if !matches!(self.lock().phase, Phase::Starting { .. } | Phase::Busy(_)) {
            return;
        }
        let memory_mb = self.pool.function().memory_mb;
        let taken = own_memory(started.id).unwrap_or_default();
        if taken <= u64::from(memory_mb) * 1024 {
            return;
        }
        if !std::mem::replace(&mut self.lock().outgrown, true) {
            self.warn(&format!(
                "the process uses {} MB, but the function has {memory_mb} MB: it is killed, as on Lambda",
                taken.div_ceil(1024)
            ));
            self.end();
        }
    }

    /// The process asks for its next event by that connection. Waits for one, for ever if need be.
    ///
    /// While an earlier call waits on a connection that is alive, another one is refused after [`TAKE_OVER`]: it may be anybody's, and
    /// the first has a right to its event.
    pub(super) async fn next(self: &Arc<Self>, line: &Line) -> Result<Delivery, Refused> {
        let mut turn = self.ask(line)?;
        if matches!(turn, Turn::Taken) {
            let until = Instant::now() + TAKE_OVER;
            loop {
                let mut changed = std::pin::pin!(self.line.notified());
                changed.as_mut().enable();
                turn = self.ask(line)?;
                if !matches!(turn, Turn::Taken) {
                    break;
                }
                if timeout_at(until, changed).await.is_err() {
                    return Err(Refused::State);
                }
            }
        }
        let (asked, delivered) = match turn {
            Turn::Now(delivery) => return Ok(*delivery),
            Turn::Waits(asked, delivered) => (asked, delivered),
            Turn::Taken => return Err(Refused::State),
        };
        match asked {
            Asked::Again | Asked::InVain => return Self::wait_for(delivered, line).await,
            Asked::First => {}
            Asked::After(ref busy) => self.report(busy, None),
        }
        let returns = matches!(asked, Asked::After(_));
        match self.pool.release(self, returns) {
            Released::Idle => {}
            Released::Job(job) => {
                if let Err(job) = self.deliver(job) {
                    self.pool.put_back(job);
                }
            }
            Released::End => self.end(),
        }
        Self::wait_for(delivered, line).await
    }

    /// The result of a poll.
    fn ask(&self, line: &Line) -> Result<Turn, Refused> {
        let (next, delivered) = oneshot::channel();
        let mut state = self.lock();
        // A refused call changes nothing.
        if let Phase::Idle { next, line } = &state.phase
            && !next.is_closed()
            && !line.is_gone()
        {
            return Ok(Turn::Taken);
        }
        let now = Instant::now();
        let spawned = state.spawned;
        state.limit = now + IDLE_LIMIT;
        state.asked = now;
        let line = line.clone();
        let asked = match &mut state.phase {
            Phase::Starting { job, again } => match job.take() {
                Some(job) => {
                    self.drain();
                    // A first reading, for a process that will not be there to be read at its end.
                    if let Some(started) = self.started.get() {
                        self.read_peak(started, true);
                    }
                    // The second try is part of the invocation: it counts against the timeout, and not as init.
                    let (started, init) = if *again {
                        (spawned, None)
                    } else {
                        (now, Some(now.duration_since(spawned)))
                    };
                    let (busy, delivery) = self.begin(job, started, init);
                    state.phase = Phase::Busy(busy);
                    return Ok(Turn::Now(Box::new(delivery)));
                }
                None => {
                    state.phase = Phase::Idle { next, line };
                    Asked::First
                }
            },
            Phase::Busy(busy) if busy.reply.is_none() => {
                match std::mem::replace(&mut state.phase, Phase::Idle { next, line }) {
                    Phase::Busy(busy) => Asked::After(busy),
                    _ => Asked::First,
                }
            }
            // The pool already has it as idle; the earlier call gets no answer.
            Phase::Idle { .. } => {
                state.phase = Phase::Idle { next, line };
                Asked::Again
            }
            Phase::Busy(_) => return Err(Refused::State),
            Phase::Ended => Asked::InVain,
        };
        Ok(Turn::Waits(asked, delivered))
    }

    /// A connection that waits for an event may be gone.
    pub(super) fn line_changed(&self) {
        self.line.notify_waiters();
    }

    /// Waits for the event. If none will come the process is being killed, and must not get an
    /// answer before: the Rust runtime panics at an answer without an event, and one that reports
    /// an error would be logged without reason.
    async fn wait_for(
        delivered: oneshot::Receiver<Delivery>,
        line: &Line,
    ) -> Result<Delivery, Refused> {
        match delivered.await {
            Ok(delivery) => Ok(delivery),
            // It polls on another connection, and this one will be closed.
            Err(_) if line.has_hung_up() => Err(Refused::State),
            Err(_) => std::future::pending().await,
        }
    }

    /// Begins an invocation of a process that runs, from that moment on.
    fn begin(&self, job: Job, started: Instant, init: Option<Duration>) -> (Busy, Delivery) {
        let timeout = timeout_of(self.pool.function());
        let deadline = started + timeout;
        if let (Some(writer), Some(started)) = (&job.tail, self.started.get()) {
            started.output.copy_to(Some(writer.tail().clone()));
        }
        if self.pool.logs().has_invocations() || job.tail.is_some() {
            let version = Function::VERSION;
            self.log_start(
                job.tail.as_ref(),
                format_args!("START RequestId: {} Version: {version}", job.request_id),
            );
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let deadline_ms = SystemTime::now()
            .checked_add(left)
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |since| since.as_millis());
        let busy = Busy {
            request_id: job.request_id.clone(),
            started,
            deadline,
            reply: Some(job.reply),
            init,
            stream: job.stream,
            tail: job.tail,
        };
        let delivery = Delivery {
            request_id: job.request_id,
            trace_id: job.trace_id,
            event: job.event,
            client_context: job.client_context,
            deadline_ms: u64::try_from(deadline_ms).unwrap_or(u64::MAX),
        };
        (busy, delivery)
    }

    /// The process posted a result.
    pub(super) fn succeeded(&self, request_id: &str, payload: Bytes) -> Result<(), Refused> {
        self.answer(request_id, || Outcome::Payload(payload))
    }

    /// The process posted an error.
    pub(super) fn failed(&self, request_id: &str, document: Bytes) -> Result<(), Refused> {
        self.answer(request_id, || Outcome::FunctionError(document))
    }

    /// The process posted more than [`LARGEST_RESULT`]. `[R]` gateway-truth §0 row 20
    pub(super) fn too_large(&self, request_id: &str) -> Result<(), Refused> {
        self.answer(request_id, || {
            let message = format!(
                "Response payload size exceeded maximum allowed payload size ({LARGEST_RESULT} bytes)."
            );
            self.warn(&message);
            Outcome::FunctionError(document("Function.ResponseSizeTooLarge", &message))
        })
    }

    /// The process starts to stream its result. Returns the stream; `None` if the caller takes the
    /// result as a whole.
    pub(super) fn stream(
        &self,
        request_id: &str,
        has_prelude: bool,
    ) -> Result<Option<StreamWriter>, Refused> {
        let caller = match &mut self.lock().phase {
            Phase::Busy(busy) if busy.request_id == request_id && busy.reply.is_some() => {
                busy.stream.take()
            }
            _ => return Err(Refused::RequestId),
        };
        Ok(caller.map(|caller| {
            let (writer, stream) = stream::channel(has_prelude);
            // The caller may have disconnected.
            let _ = caller.send(stream);
            writer
        }))
    }

    /// The process has streamed its result to the end.
    pub(super) fn streamed(&self, request_id: &str) -> Result<(), Refused> {
        self.settle(request_id).map(drop)
    }

    /// Answers the invocation of that id, once.
    fn answer(&self, request_id: &str, outcome: impl FnOnce() -> Outcome) -> Result<(), Refused> {
        // The caller may have disconnected.
        let _ = self.settle(request_id)?.send(outcome());
        Ok(())
    }

    /// The invocation of that id is answered.
    fn settle(&self, request_id: &str) -> Result<oneshot::Sender<Outcome>, Refused> {
        let reply = match &mut self.lock().phase {
            Phase::Busy(busy) if busy.request_id == request_id => {
                let reply = busy.reply.take();
                if reply.is_some() {
                    self.pool.returning();
                }
                reply
            }
            _ => None,
        };
        reply.ok_or(Refused::RequestId)
    }

    /// The process could not initialise: the waiting request gets its error, and the process is ended.
    pub(super) fn init_failed(self: &Arc<Self>, document: Bytes) -> Result<(), Refused> {
        let job = {
            let mut state = self.lock();
            let Phase::Starting { job, .. } = &mut state.phase else {
                return Err(Refused::State);
            };
            let job = job.take();
            state.phase = Phase::Ended;
            job
        };
        self.log_init("error");
        // It is expected to end by itself, perhaps after a last line.
        let instance = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(LAST_WORDS).await;
            instance.end();
        });
        if let Some(job) = job {
            let _ = job.reply.send(Outcome::FunctionError(document));
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock leaves the state half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn timeout_of(function: &Function) -> Duration {
    Duration::from_secs(function.timeout_seconds.into())
}
