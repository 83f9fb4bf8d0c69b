//! Holds each caller of the services to the policy of its function, as the embedded S3 does.

use fw_services::{Access, Caller};

use crate::{
    local::services::policy_guard::{Attempt, PolicyGuard},
    values::credentials::{self, LocalCredentials},
};

/// The policy of each function.
#[derive(Debug)]
pub(super) struct Policed {
    /// The policies of the functions; `None` allows everything.
    pub(super) guard: Option<PolicyGuard>,
    /// The credentials of their processes.
    pub(super) credentials: LocalCredentials,
}

impl Access for Policed {
    fn secret(&self, access_key: &str) -> Option<String> {
        credentials::is_access_key(access_key).then(|| self.credentials.secret_key().to_owned())
    }

    fn decide(&self, caller: &Caller, action: &str, resource: &str) -> Result<(), String> {
        let guard = self.guard.as_ref();
        let Some(guard) = guard.filter(|_| caller.access_key != credentials::DEVELOPER_KEY) else {
            return Ok(());
        };
        let (service, operation) = action.split_once(':').unwrap_or(("", action));
        guard.check(Attempt {
            key: &caller.access_key,
            service: name(service),
            operation,
            action,
            resource,
        })
    }
}

/// The service as its users write it.
fn name(prefix: &str) -> &str {
    match prefix {
        "sqs" => "SQS",
        "sns" => "SNS",
        "events" => "EventBridge",
        "scheduler" => "Scheduler",
        "lambda" => "Lambda",
        other => other,
    }
}
