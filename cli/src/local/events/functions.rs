//! The functions that queues, topics, buses and schedules invoke: the processes of the build that is served at the time.
//!
//! A reload changes nothing for a caller: a running invocation ends in its own process, and the
//! next one goes to the new build. Before the first build an invocation waits.

use std::{future::Future, pin::Pin};

use fw_gateway::Arrival;
use fw_services::{FunctionFacts, Invocation, Outcome};

use super::reasons::{Reasons, reports_failures};
use crate::{
    local::{
        error_documents::document,
        invoke_api::Functions,
        pool::{self, Asked},
        server::arrival,
        tail::Tail,
    },
    process::environment::Function,
    values::lambda::ALIAS,
};

/// The functions of the local server, as the services see them.
#[derive(Debug)]
pub(super) struct ServedFunctions<F> {
    served: F,
    reasons: Reasons,
}

impl<F> ServedFunctions<F> {
    /// Those functions.
    pub(super) fn new(served: F) -> Self {
        Self {
            served,
            reasons: Reasons::default(),
        }
    }
}

impl<F: Functions> fw_services::Functions for ServedFunctions<F> {
    fn find(&self, name: &str) -> Option<FunctionFacts> {
        let pool = self.served.served(name)?;
        Some(FunctionFacts {
            timeout_s: pool.function().timeout_seconds.into(),
            dead_letter: None,
        })
    }

    fn invoke(&self, invocation: Invocation) -> Pin<Box<dyn Future<Output = Outcome> + Send + '_>> {
        Box::pin(self.call(invocation))
    }

    fn reason(&self, request_id: &str) -> Option<String> {
        self.reasons.take(request_id)
    }
}

impl<F: Functions> ServedFunctions<F> {
    async fn call(&self, invocation: Invocation) -> Outcome {
        let Invocation {
            function,
            qualifier,
            event,
            request_id,
        } = invocation;
        // Locally there is one version, and a deployment's alias stands for it.
        let is_served =
            |qualifier: &String| [Function::VERSION, ALIAS].contains(&qualifier.as_str());
        let pool = match qualifier.as_ref().is_none_or(is_served) {
            true => self.served.find(&function).await,
            false => None,
        };
        let Some(pool) = pool else {
            // A save took the function from the app, and the message of a moment ago was for it.
            let reason = format!("the app no longer has this function: {function}");
            return Outcome::Failed(document("ResourceNotFoundException", &reason));
        };
        let arrival = Arrival {
            sampled: pool.function().traces,
            ..arrival()
        };
        let tail = Tail::default();
        let asked = Asked {
            tail: Some(&tail),
            client_context: None,
        };
        let id = request_id.clone();
        match pool
            .invoke_as(request_id, arrival.trace_id(), event, asked)
            .await
        {
            pool::Outcome::Payload(payload) => {
                if reports_failures(&payload) {
                    self.reasons.note(&id, &tail).await;
                }
                Outcome::Returned(payload)
            }
            pool::Outcome::FunctionError(document) => {
                self.reasons.note(&id, &tail).await;
                Outcome::Failed(document)
            }
            pool::Outcome::Throttled => Outcome::Throttled,
        }
    }
}
