//! Which failures pass by themselves, and how long to wait for that: AWS is eventually consistent.

use std::time::Duration;

use super::step::Step;
use crate::aws::{Error, Kind};

/// How long to wait for what AWS has not finished.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// The first pause; each next one is twice as long.
    pub(crate) first: Duration,
    /// The longest pause.
    pub(crate) longest: Duration,
    /// How often to try, altogether.
    pub(crate) tries: u32,
}

impl Patience {
    /// Two minutes or so. A role is usually known to Lambda after some 10 seconds, a changed function ready after two.
    pub(crate) const NORMAL: Self = Self {
        first: Duration::from_millis(250),
        longest: Duration::from_secs(5),
        tries: 30,
    };

    /// The pause after so many tries.
    pub(super) fn pause(self, tried: u32) -> Duration {
        let doubled = self.first.saturating_mul(1 << tried.min(16));
        doubled.min(self.longest)
    }
}

/// Why a failure of that step passes by itself, when it does.
pub(super) fn passing(step: &Step, error: &Error) -> Option<&'static str> {
    let lambda = error.operation.service == "lambda";
    match error.kind {
        Kind::Throttled => Some("until AWS takes more calls"),
        // "The role defined for the function cannot be assumed by Lambda."
        Kind::Other
            if lambda
                && error.code == "InvalidParameterValueException"
                && error.message.contains("assumed") =>
        {
            Some("until Lambda knows the role")
        }
        // The bucket of that name was deleted a moment ago, or is being changed (S3 API reference, "List of error codes").
        Kind::Conflict if error.code == "OperationAborted" => {
            Some("until S3 has finished the last change")
        }
        // An update of this function is in progress; what exists already is a conflict too, and does not pass.
        Kind::Conflict if lambda && !creates(step) => {
            Some("until Lambda has finished the last change")
        }
        Kind::Conflict if error.message.contains("concurrent") => {
            Some("until API Gateway has finished the last change")
        }
        // What was made a moment ago is not known everywhere yet.
        Kind::NotFound if needs_parent(step) => Some("until AWS knows what was just made"),
        _ => None,
    }
}

fn creates(step: &Step) -> bool {
    matches!(
        step,
        Step::CreateFunction { .. }
            | Step::CreateAlias { .. }
            | Step::CreateUrl { .. }
            | Step::AddUrlPermission { .. }
            | Step::AddPermission { .. }
    )
}

fn needs_parent(step: &Step) -> bool {
    if let Step::Store(step) = step {
        return step.needs_bucket();
    }
    matches!(
        step,
        Step::PutRolePolicy { .. }
            | Step::PutRetention { .. }
            | Step::CreateAlias { .. }
            | Step::AddPermission { .. }
            | Step::TryVersion { .. }
            | Step::CreateIntegration { .. }
            | Step::CreateRoute { .. }
            | Step::CreateAuthorizer { .. }
            | Step::Rest(_)
            | Step::CreateStage { .. }
    )
}
