//! Which failures pass by themselves, and how long to wait for that: AWS is eventually consistent.

use std::time::Duration;

use super::change::Change;
use crate::{
    aws::{Error, Kind},
    console::Console,
};

/// The back-off for changes that AWS has not finished.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    /// The first pause; each next one is twice as long.
    pub(crate) first: Duration,
    /// The longest pause.
    pub(crate) longest: Duration,
    /// The maximum number of attempts.
    pub(crate) tries: u32,
}

impl RetryPolicy {
    /// Two minutes or so. A role is usually known to Lambda after some 10 seconds, a changed function ready after two.
    pub(crate) const NORMAL: Self = Self {
        first: Duration::from_millis(250),
        longest: Duration::from_secs(5),
        tries: 30,
    };

    /// The pause after so many tries.
    pub(crate) fn pause(self, tried: u32) -> Duration {
        let doubled = self.first.saturating_mul(1 << tried.min(16));
        doubled.min(self.longest)
    }

    /// Waits after this many attempts, and reports why at the first time.
    pub(crate) async fn wait(self, console: &Console, reason: &str, tried: u32) {
        if tried == 1 {
            console.status("Waiting", reason);
        }
        let pause = self.pause(tried - 1);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    /// Makes a step's call, and again while it fails for a reason that passes.
    ///
    /// # Errors
    ///
    /// The call's failure; `of` decides which failures are temporary, and no other is retried.
    pub(crate) async fn made<E>(
        self,
        console: &Console,
        step: &impl Change,
        call: impl AsyncFn() -> Result<(), E>,
        of: impl Fn(&E) -> Option<&Error>,
    ) -> Result<(), E> {
        let mut tried = 0;
        loop {
            let Err(error) = call().await else {
                return Ok(());
            };
            tried += 1;
            let reason = of(&error).and_then(|error| passing(step, error));
            match reason.filter(|_| tried < self.tries) {
                Some(reason) => self.wait(console, reason, tried).await,
                None => return Err(error),
            }
        }
    }
}

/// Lambda's messages about a role that has just been created or changed: the role, its permissions,
/// or its key's service is not known yet. Each may also be permanent, and is reported after the
/// last attempt.
const NEW_ROLE: [&str; 3] = [
    "cannot be assumed by Lambda",
    "execution role does not have permissions",
    "KMS key is invalid for CreateGrant",
];

/// Why a failure of this step is temporary, if it is.
pub(crate) fn passing(step: &impl Change, error: &Error) -> Option<&'static str> {
    let lambda = error.operation.service == "lambda";
    match error.kind {
        Kind::Throttled => Some("until AWS accepts more calls"),
        Kind::Other
            if lambda
                && error.code == "InvalidParameterValueException"
                && NEW_ROLE.iter().any(|said| error.message.contains(said)) =>
        {
            Some("until Lambda knows the role and its permissions")
        }
        // The bucket of that name was deleted a moment ago, or is being changed (S3 API reference, "List of error codes").
        Kind::Conflict if error.code == "OperationAborted" => {
            Some("until S3 has finished the last change")
        }
        Kind::Conflict => step.passes(error).or_else(|| at_once(error)),
        _ => step.passes(error),
    }
}

/// Codes and words for changes of one thing at the same time, of IAM, CloudWatch Logs and API Gateway.
fn at_once(error: &Error) -> Option<&'static str> {
    if ["ConcurrentModification", "OperationAbortedException"].contains(&error.code.as_str()) {
        return Some("until AWS has finished another change");
    }
    let concurrent = error.message.contains("concurrent");
    concurrent.then_some("until API Gateway has finished the last change")
}

/// For a change of an existing Lambda resource: it fails while an update of the function is in
/// progress.
pub(crate) fn changing(error: &Error) -> Option<&'static str> {
    let busy = error.kind == Kind::Conflict && error.operation.service == "lambda";
    busy.then_some("until Lambda has finished the last change")
}

/// For a step on a resource that an earlier step has just created, which is not known everywhere
/// yet.
pub(crate) fn just_made(error: &Error) -> Option<&'static str> {
    (error.kind == Kind::NotFound).then_some("until AWS knows the new resource")
}
