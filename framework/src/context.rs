//! The context of an invocation, as Lambda tells it.

use std::time::{Duration, SystemTime};

/// The context of the invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LambdaContext {
    /// Lambda's id of this invocation (a UUID).
    pub request_id: String,
    /// When Lambda ends the invocation, in milliseconds since 1970.
    pub deadline_ms: u64,
    /// The ARN that was invoked, with its alias or version where one was named.
    pub invoked_function_arn: String,
    /// The X-Ray trace header, when there is one.
    pub trace_id: Option<String>,
    /// The function's name.
    pub function_name: String,
    /// The function's version: a number, or `$LATEST`.
    pub function_version: String,
    /// The function's memory in MB.
    pub memory_mb: u32,
}

impl LambdaContext {
    /// The deadline as a point in time.
    #[must_use]
    pub fn deadline(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.deadline_ms)
    }

    /// The time that is left until the [deadline](Self::deadline); zero when it has passed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        let left = self.deadline().duration_since(SystemTime::now());
        left.unwrap_or_default()
    }
}
