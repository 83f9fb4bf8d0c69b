//! Lambda's lines at the end of an invocation.

use std::{fmt, time::Duration};

/// The outcome of an invocation, for its REPORT line.
#[derive(Clone, Copy, Debug)]
pub(in crate::local) struct Report<'a> {
    /// The request's id.
    pub(in crate::local) request_id: &'a str,
    /// From the event's delivery to the next call of `/next`, or to the end.
    pub(in crate::local) duration: Duration,
    /// From the process's start to its first call of `/next`, in the first invocation of a process.
    pub(in crate::local) init: Option<Duration>,
    /// The function's memory, MB.
    pub(in crate::local) memory_mb: u32,
    /// The most memory that the process has had resident, MB.
    pub(in crate::local) max_memory_mb: u64,
    /// How it failed, if it did.
    pub(in crate::local) status: Option<&'static str>,
}

impl fmt::Display for Report<'_> {
    /// `END` and `REPORT`, as Lambda prints them. `[R]` gateway-truth §4.4
    ///
    /// The initialisation is billed (AWS Compute Blog, "AWS Lambda standardizes billing for INIT phase", April 2025).
    /// `Status` is unverified: newer logs of AWS have it, our recordings do not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.request_id;
        let billed = self.duration + self.init.unwrap_or_default();
        write!(
            f,
            "END RequestId: {id}\nREPORT RequestId: {id}\tDuration: {} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB\t",
            millis(self.duration),
            billed.as_micros().div_ceil(1000),
            self.memory_mb,
            self.max_memory_mb,
        )?;
        if let Some(init) = self.init {
            write!(f, "Init Duration: {} ms\t", millis(init))?;
        }
        if let Some(status) = self.status {
            write!(f, "Status: {status}\t")?;
        }
        Ok(())
    }
}

/// Milliseconds with two decimals.
pub(in crate::local) fn millis(duration: Duration) -> impl fmt::Display {
    struct Millis(u128);
    impl fmt::Display for Millis {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
        }
    }
    Millis(duration.as_nanos() / 10_000)
}
