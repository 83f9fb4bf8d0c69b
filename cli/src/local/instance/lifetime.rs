//! The slow parts in the life of a process: its start, its output, its timeouts, its end, and what
//! the end means for its invocation.

use std::{
    net::Ipv4Addr,
    process::ExitStatus,
    sync::{Arc, Mutex},
};

use fw_port_guard::PortGuard;
use tokio::{
    net::TcpListener,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use super::{CONNECTIONS, End, Instance, LAST_WORDS, Phase, Started, timeout_of};
use crate::{
    local::{
        error_documents::{describe, document, exit_document, is_signal, timeout_message},
        logs::Output,
        pool::Outcome,
        runtime_api,
    },
    process::{Launch, Process, environment},
};

impl Instance {
    /// Starts the process and handles it until it has ended and been reaped.
    pub(in crate::local) async fn run(self: Arc<Self>) {
        if let Err(error) = self.live().await {
            self.did_not_start(&error);
        }
        self.pool.ended(&self);
    }

    async fn live(self: &Arc<Self>) -> std::io::Result<()> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (mut process, stdout, stderr) = Process::spawn(&self.launch(&listener)?).await?;
        let output = Output::new(stdout, stderr, self.pool.logs().clone(), self.number)?;
        let id = process.id();
        let started = self.started.get_or_init(|| Started {
            output,
            id,
            peak: Mutex::default(),
        });
        if let Phase::Starting { job: Some(job), .. } = &self.lock().phase
            && let Some(writer) = &job.tail
        {
            started.output.copy_to(Some(writer.tail().clone()));
        }
        let guard = PortGuard::instance(id);
        let mut connections = JoinSet::new();
        let mut pump = std::pin::pin!(started.output.pump());
        let mut pumped = false;
        let timeout_span = timeout_of(self.pool.function());
        let mut wake = self.lock().limit.min(Instant::now() + timeout_span);
        let end = loop {
            tokio::select! {
                status = process.wait() => break End::Exit(status.ok()),
                accepted = listener.accept(), if connections.len() < CONNECTIONS => {
                    // The error concerns only this connection, or a full process table.
                    if let Ok((stream, _)) = accepted {
                        connections.spawn(runtime_api::serve(stream, Arc::clone(self), guard.clone()));
                    }
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                () = &mut pump, if !pumped => pumped = true,
                () = sleep_until(wake) => match self.check() {
                    Ok(at) => wake = at,
                    Err(end) => break end,
                },
                () = self.end.notified() => break if self.lock().outgrown {
                    End::Outgrown
                } else {
                    End::Unwanted
                },
            }
        };
        if !matches!(end, End::Exit(_)) {
            self.read_peak(started, true);
            process.kill();
        } else {
            // Processes that it started and left end with it.
            process.kill();
            // Its last answer may still be in a connection, which ends after it is read.
            if self.owes_an_answer() {
                let _ = timeout(LAST_WORDS, async {
                    while connections.join_next().await.is_some() {}
                })
                .await;
            }
        }
        if !pumped {
            let _ = timeout(LAST_WORDS, pump).await;
        }
        started.output.drain();
        started.output.finish();
        // Reaps it, unless its exit is the reason to be here. Then the caller is notified, so that
        // a process whose end the client knows about is not counted when it asks again.
        let _ = process.wait().await;
        self.conclude(end);
        Ok(())
    }

    /// True if a request waits for the process's answer.
    fn owes_an_answer(&self) -> bool {
        match &self.lock().phase {
            Phase::Starting { .. } => true,
            Phase::Busy(busy) => busy.reply.is_some(),
            Phase::Idle { .. } | Phase::Ended => false,
        }
    }

    /// Checks timeouts, and otherwise returns when to check again.
    ///
    /// An invocation that starts after this moment has its deadline at least a timeout later, so
    /// nothing has to notify the process's task when one starts.
    fn check(&self) -> Result<Instant, End> {
        let mut state = self.lock();
        let now = Instant::now();
        let next_look = now + timeout_of(self.pool.function());
        let (limit, spawned) = (state.limit, state.spawned);
        match &mut state.phase {
            Phase::Busy(busy) if busy.deadline <= now => {
                match std::mem::replace(&mut state.phase, Phase::Ended) {
                    Phase::Busy(busy) => Err(End::Timeout(busy)),
                    _ => Err(End::Unwanted),
                }
            }
            Phase::Busy(busy) => Ok(busy.deadline),
            _ if limit > now => Ok(limit.min(next_look)),
            Phase::Starting { job, again } => {
                let (job, again) = (job.take(), *again);
                state.phase = Phase::Ended;
                match job {
                    Some(job) if again => Err(End::Timeout(self.begin(job, spawned, None).0)),
                    job => Err(End::InitTimeout(job)),
                }
            }
            Phase::Idle { .. } | Phase::Ended => {
                // From here on it takes no events, although the pool may still assume so.
                state.phase = Phase::Ended;
                Err(End::Unwanted)
            }
        }
    }

    /// Tells what the end of the process means for its invocation.
    fn conclude(&self, end: End) {
        match end {
            End::Exit(status) => self.exited(status),
            // The caller gets the same answer as for any other killed process; unverified.
            End::Outgrown => self.exited(Some(killed())),
            End::Timeout(mut busy) => {
                let message =
                    timeout_message(&busy.request_id, self.pool.function().timeout_seconds);
                self.log_of(busy.tail.as_ref(), &message);
                self.report(&busy, Some("timeout"));
                let document = document("Sandbox.Timedout", &message);
                match busy.reply.take() {
                    // The caller may have disconnected.
                    Some(reply) => drop(reply.send(Outcome::FunctionError(document))),
                    None => self.pool.returned(),
                }
            }
            End::InitTimeout(job) => {
                self.log_init("timeout");
                // Lambda initialises once more, within the invocation and under the function's timeout (AWS Lambda Developer
                // Guide, "Lambda execution environment lifecycle").
                if let Some(job) = job {
                    self.pool.start_again(job);
                }
            }
            End::Unwanted => {
                let phase = std::mem::replace(&mut self.lock().phase, Phase::Ended);
                match phase {
                    Phase::Busy(busy) if busy.reply.is_none() => {
                        self.report(&busy, None);
                        self.pool.returned();
                    }
                    // The server stops; dropping the reply notifies the waiting caller.
                    _ => {}
                }
            }
        }
    }

    /// The process ended by itself.
    fn exited(&self, status: Option<ExitStatus>) {
        let how = describe(status);
        let phase = std::mem::replace(&mut self.lock().phase, Phase::Ended);
        match phase {
            Phase::Starting { job, .. } => {
                self.log_init("error");
                self.warn(&format!("the process ended during initialisation: {how}"));
                if let Some(job) = job {
                    let _ = job.reply.send(Outcome::FunctionError(if is_signal(status) {
                        // A crash while loading was recorded as a timeout, after the full time. The
                        // document says so, but nobody has to wait for it. [R] gateway-truth §0 row
                        // 19
                        let timeout = self.pool.function().timeout_seconds;
                        document(
                            "Sandbox.Timedout",
                            &timeout_message(&job.request_id, timeout),
                        )
                    } else {
                        exit_document(&job.request_id, &how)
                    }));
                }
            }
            Phase::Busy(mut busy) => {
                let reply = busy.reply.take();
                if reply.is_some() {
                    self.log_of(
                        busy.tail.as_ref(),
                        format_args!("RequestId: {} Error: {how}", busy.request_id),
                    );
                }
                self.report(&busy, reply.is_some().then_some("error"));
                let document = exit_document(&busy.request_id, &how);
                match reply {
                    Some(reply) => drop(reply.send(Outcome::FunctionError(document))),
                    None => self.pool.returned(),
                }
            }
            Phase::Idle { .. } => self.warn(&format!("the process ended between requests: {how}")),
            Phase::Ended => {}
        }
    }

    /// There was no process at all.
    fn did_not_start(&self, error: &std::io::Error) {
        let bootstrap = self.pool.function().bootstrap.display();
        self.warn(&format!("cannot start the function: {bootstrap}: {error}"));
        let phase = std::mem::replace(&mut self.lock().phase, Phase::Ended);
        if let Phase::Starting { job: Some(job), .. } = phase {
            // The type is that of gateway-truth's source RIE; its text is our own, and unverified.
            let message = format!("RequestId: {} Error: {error}", job.request_id);
            let _ = job.reply.send(Outcome::FunctionError(document(
                "Runtime.InvalidEntrypoint",
                &message,
            )));
        }
    }

    /// The process to start, with the address of its Runtime API.
    fn launch(&self, listener: &TcpListener) -> std::io::Result<Launch> {
        let function = self.pool.function();
        let api = listener.local_addr()?.to_string();
        let state = self.lock();
        let trace = match &state.phase {
            Phase::Starting { job: Some(job), .. } => Some(job.trace_id.as_str()),
            _ => None,
        };
        Ok(Launch {
            program: function.bootstrap.clone(),
            directory: function.directory.clone(),
            environment: environment::of_process(function, &api, &environment::log_stream(), trace),
        })
    }
}

/// The status of a process that was killed.
fn killed() -> ExitStatus {
    use std::os::unix::process::ExitStatusExt as _;

    ExitStatus::from_raw(rustix::process::Signal::KILL.as_raw())
}
