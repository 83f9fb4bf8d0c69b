//! The processes of one function: which of them takes an invocation, and when another one is
//! started.
//!
//! As on Lambda, a process handles one invocation at a time, and an invocation that finds no idle
//! process starts one. Of the idle processes the last used one is taken, so that processes left
//! from a burst grow old and end.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep, timeout},
};

use super::{
    error_documents::document,
    instance::Instance,
    logs::Logs,
    reuse::{self, Reuse},
    stream::Stream,
    tail::{Tail, TailWriter},
};
use crate::process::environment::Function;

/// How often the processes are checked while any of them is awake. Freezing may be late by this
/// much.
const LOOK: Duration = Duration::from_millis(20);
/// Every how many looks their memory is read.
const MEMORY_LOOKS: u32 = 10;

/// The outcome of an invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The handler's result, as it was posted.
    Payload(Bytes),
    /// The error document: the handler's own, or Lambda's for a process that ended, hung or answered too much.
    FunctionError(Bytes),
    /// More invocations at once than Lambda allows.
    Throttled,
}

impl Outcome {
    /// The outcome for callers that still wait when the server stops: a failure of the function,
    /// without a suggestion to retry. Lambda has no such moment.
    fn ended() -> Self {
        Self::FunctionError(document("Runtime.ExitError", "the local server stopped"))
    }

    /// The same for the gateway model.
    pub(crate) fn as_gateway(&self) -> fw_gateway::Outcome<'_> {
        match self {
            Self::Payload(payload) => fw_gateway::Outcome::Payload(payload),
            Self::FunctionError(document) => fw_gateway::Outcome::FunctionError(document),
            Self::Throttled => fw_gateway::Outcome::Throttled,
        }
    }
}

/// An event on its way to a process.
#[derive(Debug)]
pub(crate) struct Job {
    /// The request's id, a UUID.
    pub(crate) request_id: String,
    /// The trace, `Root=…;Parent=…;Sampled=…`.
    pub(crate) trace_id: String,
    /// The event, JSON.
    pub(crate) event: Bytes,
    /// `Lambda-Runtime-Client-Context`, JSON, where the caller sent one.
    pub(crate) client_context: Option<Box<ClientContext>>,
    /// The receiver of the outcome. The caller may have disconnected; the invocation continues
    /// anyway, as on Lambda.
    pub(super) reply: oneshot::Sender<Outcome>,
    /// For a caller that takes the result as a stream.
    pub(super) stream: Option<oneshot::Sender<Stream>>,
    /// For a caller that wants the end of the log.
    pub(super) tail: Option<TailWriter>,
}

/// The client context, JSON on one line.
#[derive(Debug)]
pub(crate) struct ClientContext(String);

impl ClientContext {
    fn new(text: &str) -> Box<Self> {
        Box::new(Self(text.to_owned()))
    }

    /// As in the header.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// What a caller of Lambda's own API wants in addition to the result.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked<'a> {
    /// The receiver of the end of the log.
    pub(crate) tail: Option<&'a Tail>,
    /// The client context, JSON.
    pub(crate) client_context: Option<&'a str>,
}

/// The result for a caller that takes it as a stream.
#[derive(Debug)]
pub(super) enum Answered {
    /// The handler did not stream, or did not answer at all.
    Whole(Outcome),
    /// It streams.
    Stream(Stream),
}

/// The limits of a pool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Maximum number of processes. This protects the developer's machine and is not part of
    /// Lambda's model. So an invocation above it waits for a process to become free, while one
    /// above Lambda's own limit is refused.
    pub(crate) processes: usize,
    /// Invocations at once: running and waiting. What is over it is [`Outcome::Throttled`].
    pub(crate) concurrency: usize,
    /// The function's reserved concurrency, where it has one: it may run so many invocations at once, if that is less.
    pub(crate) reserved: Option<usize>,
    /// How long an invocation waits for a process that has answered and not yet polled for its next
    /// event, before it starts another one. Otherwise a client that asks again immediately would be
    /// faster than the process and get a cold start.
    pub(crate) patience: Duration,
    /// True if a process that waits for its next event is frozen, as on Lambda.
    pub(crate) freeze: bool,
}

impl Limits {
    /// The same for a function with this reserved concurrency.
    pub(crate) fn reserving(self, most: Option<u32>) -> Self {
        Self {
            reserved: most.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            ..self
        }
    }
}

impl Default for Limits {
    /// 100 processes (a Rust function has about 5 MB), and the concurrency that AWS gives an
    /// account (AWS Lambda Developer Guide, "Lambda quotas": 1,000 concurrent executions).
    fn default() -> Self {
        Self {
            processes: 100,
            concurrency: 1000,
            reserved: None,
            patience: Duration::from_millis(50),
            freeze: true,
        }
    }
}

/// The processes of one function. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    function: Function,
    limits: Limits,
    logs: Logs,
    state: Mutex<State>,
    /// How many processes have answered and not yet polled for their next event.
    returning: AtomicUsize,
    /// Told when the last process is gone.
    empty: Notify,
}

#[derive(Default)]
struct State {
    /// Processes that wait for an event, the last used one at the end.
    idle: Vec<Arc<Instance>>,
    /// All that live or are being started.
    all: Vec<Arc<Instance>>,
    /// Events without a process.
    waiting: VecDeque<(u64, Job)>,
    /// How many events have waited.
    turns: u64,
    /// True if a task checks the processes: see [`Pool::mind`].
    minded: bool,
    /// Tells when an event does better to wait for a busy process than to go to an idle one.
    reuse: Reuse,
    /// True if idle processes are ended, because a newer generation has taken over.
    retired: bool,
    /// True if no process may be started any more.
    closed: bool,
    /// How many processes have been started.
    started: u32,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("function", &self.0.function.name)
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool without processes.
    pub(crate) fn new(function: Function, limits: Limits, logs: Logs) -> Self {
        Self(Arc::new(Inner {
            function,
            limits,
            logs,
            state: Mutex::default(),
            returning: AtomicUsize::new(0),
            empty: Notify::new(),
        }))
    }

    /// Runs the function on an event, and waits for the outcome.
    ///
    /// Dropping the future leaves the invocation running.
    pub(crate) async fn invoke(
        &self,
        request_id: String,
        trace_id: String,
        event: Bytes,
    ) -> Outcome {
        self.invoke_as(request_id, trace_id, event, Asked::default())
            .await
    }

    /// The same for a caller that wants more.
    pub(crate) async fn invoke_as(
        &self,
        request_id: String,
        trace_id: String,
        event: Bytes,
        asked: Asked<'_>,
    ) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        let job = Job {
            request_id,
            trace_id,
            event,
            client_context: asked.client_context.map(ClientContext::new),
            reply,
            stream: None,
            tail: asked.tail.map(Tail::writer),
        };
        let outcome = self.wait(job, outcome).await;
        // A job is dropped without an outcome only where the pool is closed under it: the server ends.
        outcome.unwrap_or_else(|_| Outcome::ended())
    }

    /// The same for a caller that takes the result as a stream.
    pub(super) async fn invoke_streaming(
        &self,
        request_id: String,
        trace_id: String,
        event: Bytes,
        asked: Asked<'_>,
    ) -> Answered {
        let (reply, outcome) = oneshot::channel();
        let (stream, streamed) = oneshot::channel();
        let job = Job {
            request_id,
            trace_id,
            event,
            client_context: asked.client_context.map(ClientContext::new),
            reply,
            stream: Some(stream),
            tail: asked.tail.map(Tail::writer),
        };
        let answered = std::pin::pin!(async {
            tokio::select! {
                // A short stream may have ended before it was read; then there is no other outcome.
                biased;
                Ok(stream) = streamed => Answered::Stream(stream),
                outcome = outcome => {
                    Answered::Whole(outcome.unwrap_or_else(|_| Outcome::ended()))
                }
            }
        });
        self.wait(job, answered).await
    }

    /// Gives the job to a process, and waits for the answer.
    async fn wait<T>(&self, job: Job, mut answer: impl Future<Output = T> + Unpin) -> T {
        if let Some((turn, patience)) = self.dispatch(job) {
            if let Ok(answer) = timeout(patience, &mut answer).await {
                return answer;
            }
            self.start_for(turn);
        }
        answer.await
    }

    /// Gives the job to an idle process, to a new one, or to the queue. If a process is free but
    /// another is about to become free, returns the job's turn and how long to wait.
    fn dispatch(&self, mut job: Job) -> Option<(u64, Duration)> {
        loop {
            let mut state = self.lock();
            if state.closed {
                return None;
            }
            let now = Instant::now();
            // Each invocation that waits has an idle process in reserve.
            let free = state.idle.len() > state.waiting.len();
            // A process that is awake is faster than one that must be woken.
            if free && state.reuse.suffices(now) {
                return Some((state.wait(job), reuse::WAIT));
            }
            let idle = if free { state.idle.pop() } else { None };
            let Some(instance) = idle else {
                let limits = self.0.limits;
                // A process that has answered is no longer counted; otherwise a caller that asks
                // again immediately would be refused.
                let running =
                    (state.all.len() - state.idle.len()).saturating_sub(self.returning_now());
                if running + state.waiting.len() >= self.most() {
                    drop(state);
                    // The caller may have disconnected.
                    let _ = job.reply.send(Outcome::Throttled);
                    return None;
                }
                let full = state.all.len() >= limits.processes;
                let returning = self.returning_now() > state.waiting.len();
                if full || returning {
                    let turn = state.wait(job);
                    let ends = !full || !state.idle.is_empty();
                    return ends.then_some((turn, limits.patience));
                }
                self.start(state, Some(job), false);
                return None;
            };
            self.mind(&mut state);
            state.reuse.begun(identity(&instance), now);
            drop(state);
            match instance.deliver(job) {
                Ok(()) => return None,
                // It has just ended; try the next one.
                Err(returned) => job = returned,
            }
        }
    }

    /// Finds an idle process for the job of that turn or starts one, if the job still waits.
    fn start_for(&self, turn: u64) {
        let mut state = self.lock();
        // If the maximum number of processes runs, it keeps waiting for one of them.
        let most = self.0.limits.processes.min(self.most());
        if state.idle.is_empty() && state.all.len() >= most {
            return;
        }
        let place = state.waiting.iter().position(|(one, _)| *one == turn);
        if let Some((_, job)) = place.and_then(|place| state.waiting.remove(place)) {
            self.serve(state, job);
        }
    }

    /// Gives the job to an idle process, or to a new one.
    fn serve<'a>(&'a self, mut state: MutexGuard<'a, State>, mut job: Job) {
        while let Some(instance) = state.idle.pop() {
            self.mind(&mut state);
            state.reuse.begun(identity(&instance), Instant::now());
            drop(state);
            match instance.deliver(job) {
                Ok(()) => return,
                Err(returned) => job = returned,
            }
            state = self.lock();
        }
        if !state.closed {
            self.start(state, Some(job), false);
        }
    }

    /// Starts a process, for this job if there is one.
    fn start(&self, mut state: MutexGuard<'_, State>, job: Option<Job>, again: bool) {
        state.started += 1;
        let instance = Instance::new(self.clone(), state.started, job, again);
        state.all.push(Arc::clone(&instance));
        self.mind(&mut state);
        drop(state);
        tokio::spawn(instance.run());
    }

    /// Sees to it that the processes are looked after for as long as any of them is awake: those that wait are frozen, and
    /// those that take too much memory are ended. All of it stays off the way of a request.
    fn mind(&self, state: &mut State) {
        if !std::mem::replace(&mut state.minded, true) {
            tokio::spawn(self.clone().look_after());
        }
    }

    async fn look_after(self) {
        for look in 0_u32.. {
            sleep(LOOK).await;
            let (idle, all) = {
                let state = self.lock();
                let all = look.is_multiple_of(MEMORY_LOOKS).then(|| state.all.clone());
                (state.idle.clone(), all.unwrap_or_default())
            };
            let now = Instant::now();
            if self.0.limits.freeze {
                for instance in idle {
                    instance.freeze(now);
                }
            }
            for instance in all {
                instance.check_memory();
            }
            let mut state = self.lock();
            let awake = self.0.limits.freeze && state.idle.iter().any(|one| one.is_awake());
            if !awake && state.idle.len() == state.all.len() || state.closed {
                state.minded = false;
                return;
            }
        }
    }

    /// Starts another process for a job whose first process took too long to initialise.
    pub(super) fn start_again(&self, job: Job) {
        let state = self.lock();
        if !state.closed {
            self.start(state, Some(job), true);
        }
    }

    /// Takes back a process that polls for its next event: gives it one, keeps it idle, or ends it.
    ///
    /// `returns` is whether it was counted by [`Pool::returning`].
    pub(super) fn release(&self, instance: &Arc<Instance>, returns: bool) -> Released {
        let mut state = self.lock();
        if returns {
            self.returned();
        }
        let now = Instant::now();
        state.reuse.ended(identity(instance), now);
        if let Some((_, job)) = state.waiting.pop_front() {
            state.reuse.begun(identity(instance), now);
            return Released::Job(job);
        }
        if state.retired {
            return Released::End;
        }
        state.idle.push(Arc::clone(instance));
        self.mind(&mut state);
        Released::Idle
    }

    /// Takes a job that could not be given to a process.
    pub(super) fn put_back(&self, job: Job) {
        // It has waited once, and does not wait again.
        if let Some((turn, _)) = self.dispatch(job) {
            self.start_for(turn);
        }
    }

    /// A process is about to answer; what it does until it asks for its next event is the end of its invocation.
    pub(super) fn returning(&self) {
        self.0.returning.fetch_add(1, Ordering::Release);
    }

    /// It has ended without polling.
    pub(super) fn returned(&self) {
        self.0.returning.fetch_sub(1, Ordering::Release);
    }

    /// Forgets a process that has ended and been reaped, and starts another if an event waits.
    pub(super) fn ended(&self, instance: &Arc<Instance>) {
        let mut state = self.lock();
        state.idle.retain(|idle| !Arc::ptr_eq(idle, instance));
        state.all.retain(|one| !Arc::ptr_eq(one, instance));
        state.reuse.ended(identity(instance), Instant::now());
        if let Some((_, job)) = state.waiting.pop_front() {
            self.serve(state, job);
        } else if state.all.is_empty() {
            self.0.empty.notify_waiters();
        }
    }

    /// Ends the idle processes now, and each other one after its invocation. Invocations are still taken.
    pub(crate) fn retire(&self) {
        let idle = {
            let mut state = self.lock();
            state.retired = true;
            std::mem::take(&mut state.idle)
        };
        for instance in idle {
            instance.end();
        }
    }

    /// Ends all processes in any state and waits until none is left. No process is started any
    /// more.
    pub(crate) async fn close(&self) {
        let all = {
            let mut state = self.lock();
            state.retired = true;
            state.closed = true;
            state.idle.clear();
            state.waiting.clear();
            state.all.clone()
        };
        for instance in all {
            instance.end();
        }
        loop {
            let notified = self.0.empty.notified();
            if self.lock().all.is_empty() {
                return;
            }
            notified.await;
        }
    }

    /// The number of invocations that may run at once.
    fn most(&self) -> usize {
        let Limits {
            concurrency,
            reserved,
            ..
        } = self.0.limits;
        reserved.map_or(concurrency, |reserved| reserved.min(concurrency))
    }

    /// The function's reserved concurrency, where it has one.
    pub(super) fn reserved(&self) -> Option<usize> {
        self.0.limits.reserved
    }

    /// The number of processes that have answered and not yet polled again.
    fn returning_now(&self) -> usize {
        self.0.returning.load(Ordering::Acquire)
    }

    /// The number of processes.
    pub(crate) fn processes(&self) -> usize {
        self.lock().all.len()
    }

    /// The number of idle processes.
    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.lock().idle.len()
    }

    /// The function's name.
    pub(crate) fn name(&self) -> &str {
        &self.0.function.name
    }

    /// The function that is run.
    pub(crate) fn function(&self) -> &Function {
        &self.0.function
    }

    /// The log.
    pub(super) fn logs(&self) -> &Logs {
        &self.0.logs
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock leaves the state half-changed.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets the job wait; the answer is its turn.
    fn wait(&mut self, job: Job) -> u64 {
        self.turns += 1;
        self.waiting.push_back((self.turns, job));
        self.turns
    }
}

/// Identifies a process while it lives.
fn identity(instance: &Arc<Instance>) -> usize {
    Arc::as_ptr(instance).addr()
}

/// The next event for a process that has polled.
#[derive(Debug)]
pub(super) enum Released {
    /// This event.
    Job(Job),
    /// To wait.
    Idle,
    /// To end.
    End,
}
