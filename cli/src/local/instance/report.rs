//! Logs a process and its invocations in Lambda's lines.

use std::{sync::PoisonError, time::Duration};

use tokio::time::Instant;

use super::{Busy, Instance, MEMORY_AGE, Started};
use crate::{
    local::{
        logs::{Report, millis},
        tail::TailWriter,
    },
    process::peak_memory,
};

impl Instance {
    /// Ends the log of an invocation, after all that the process printed in it.
    pub(super) fn report(&self, busy: &Busy, status: Option<&'static str>) {
        if !self.pool.logs().is_on() && busy.tail.is_none() {
            return;
        }
        let duration = busy.started.elapsed();
        self.drain();
        let logged = self.pool.logs().has_invocations();
        if logged || busy.tail.is_some() {
            let report = self.report_of(busy, duration, status);
            if let Some(writer) = &busy.tail {
                writer.tail().push(report);
            }
            if logged {
                self.log(report);
            }
        }
        // A request that waited for a new process took longer, so that is said without `-v` too.
        if let Some(init) = busy.init.filter(|_| !logged) {
            self.log(format_args!("cold start: {} ms", millis(init)));
        }
        if let (Some(_), Some(started)) = (&busy.tail, self.started.get()) {
            started.output.copy_to(None);
        }
    }

    fn report_of<'b>(
        &self,
        busy: &'b Busy,
        duration: Duration,
        status: Option<&'static str>,
    ) -> Report<'b> {
        let max_memory_mb = self
            .started
            .get()
            .map_or(0, |started| self.read_peak(started, busy.init.is_some()))
            .div_ceil(1024);
        Report {
            request_id: &busy.request_id,
            duration,
            init: busy.init,
            memory_mb: self.pool.function().memory_mb,
            max_memory_mb,
            status,
        }
    }

    /// The peak memory of the process in kB; 0 if the system does not report it.
    pub(super) fn read_peak(&self, started: &Started, now: bool) -> u64 {
        let mut peak = started.peak.lock().unwrap_or_else(PoisonError::into_inner);
        if now || peak.0.is_none_or(|read| read.elapsed() >= MEMORY_AGE) {
            // A process that has ended leaves the last reading.
            if let Some(kilobytes) = peak_memory(started.id) {
                peak.1 = kilobytes;
            }
            peak.0 = Some(Instant::now());
        }
        peak.1
    }

    pub(super) fn drain(&self) {
        if let Some(started) = self.started.get() {
            started.output.drain();
        }
    }

    pub(super) fn log(&self, text: impl std::fmt::Display) {
        self.pool.logs().platform(self.number, text);
    }

    /// Logs the start of an invocation, for its caller too.
    pub(super) fn log_start(&self, tail: Option<&TailWriter>, text: impl std::fmt::Display) {
        if let Some(writer) = tail {
            writer.tail().push(&text);
        }
        if self.pool.logs().has_invocations() {
            self.log(text);
        }
    }

    /// The same within an invocation, whose caller may want to read it.
    pub(super) fn log_of(&self, tail: Option<&TailWriter>, text: impl std::fmt::Display) {
        if let Some(writer) = tail {
            writer.tail().push(&text);
        }
        self.log(text);
    }

    /// Warns the developer.
    pub(in crate::local) fn warn(&self, text: &str) {
        self.pool.logs().warning(self.number, text);
    }

    /// The line for a failed initialisation. That Lambda writes one is inferred, its text
    /// unverified. `[I]` gateway-truth §4.4
    pub(super) fn log_init(&self, status: &str) {
        let took = self.lock().spawned.elapsed();
        self.drain();
        self.log(format_args!(
            "INIT_REPORT Init Duration: {} ms\tPhase: init\tStatus: {status}",
            millis(took)
        ));
    }
}
