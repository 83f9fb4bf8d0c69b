//! Calls only for `cargo fw doctor`: permissions, quotas, clock.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_iam::types::PolicyEvaluationDecisionType;
use aws_sdk_lambda::types::{AccountLimit, AccountUsage};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept, context::BeforeDeserializationInterceptorContextRef, dyn_dispatch_hint,
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, config_bag::ConfigBag, date_time::Format};

use crate::aws::{
    account::Account,
    error::{Operation, Result},
};

const SIMULATE: Operation = Operation::new("iam", "SimulatePrincipalPolicy");
const GET_ACCOUNT_SETTINGS: Operation = Operation::new("lambda", "GetAccountSettings");
const GET_CALLER_IDENTITY: Operation = Operation::new("sts", "GetCallerIdentity");

/// Lambda's quotas for the account in the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Executions at once, over all functions.
    pub(crate) concurrency: i32,
    /// Of them, those that no function has reserved.
    pub(crate) unreserved: i32,
    /// Bytes of code that are stored.
    pub(crate) stored: i64,
    /// Bytes of code that may be stored.
    pub(crate) storage: i64,
}

/// The calls used.
pub(crate) trait Survey {
    /// `SimulatePrincipalPolicy`: those of the actions that the principal's policies do not allow on the resource.
    async fn denied(
        &self,
        principal: &str,
        actions: &[String],
        resource: &str,
    ) -> Result<Vec<String>>;
    /// `GetAccountSettings`.
    async fn limits(&self) -> Result<Limits>;
    /// AWS's time, in seconds since 1970: the `Date` of an answer to `GetCallerIdentity`.
    async fn clock(&self) -> Result<Option<i64>>;
}

impl Survey for Account {
    async fn denied(
        &self,
        principal: &str,
        actions: &[String],
        resource: &str,
    ) -> Result<Vec<String>> {
        let mut denied = Vec::new();
        let mut page = None;
        loop {
            let request = self
                .iam
                .simulate_principal_policy()
                .policy_source_arn(principal)
                .set_action_names(Some(actions.to_vec()))
                .resource_arns(resource)
                .max_items(1000)
                .set_marker(page);
            let answer = SIMULATE.sort(request.send().await)?;
            let results = answer.evaluation_results.unwrap_or_default().into_iter();
            let results =
                results.filter(|one| one.eval_decision != PolicyEvaluationDecisionType::Allowed);
            denied.extend(results.map(|one| one.eval_action_name));
            // An answer may end before the number asked for (IAM API reference, `SimulatePrincipalPolicy`).
            page = answer.marker.filter(|_| answer.is_truncated);
            if page.is_none() {
                return Ok(denied);
            }
        }
    }

    async fn limits(&self) -> Result<Limits> {
        let answer = self.lambda.get_account_settings().send().await;
        let answer = GET_ACCOUNT_SETTINGS.sort(answer)?;
        let limit = answer.account_limit();
        let usage = answer.account_usage();
        Ok(Limits {
            concurrency: limit.map_or(0, AccountLimit::concurrent_executions),
            unreserved: limit
                .and_then(AccountLimit::unreserved_concurrent_executions)
                .unwrap_or_default(),
            stored: usage.map_or(0, AccountUsage::total_code_size),
            storage: limit.map_or(0, AccountLimit::total_code_size),
        })
    }

    async fn clock(&self) -> Result<Option<i64>> {
        let seen = Seen::default();
        let request = self.sts.get_caller_identity().customize();
        let answer = request.interceptor(seen.clone()).send().await;
        GET_CALLER_IDENTITY.sort(answer)?;
        let date = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(*date)
    }
}

/// Keeps the answer's `Date`.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Mutex<Option<i64>>>);

#[dyn_dispatch_hint]
impl Intercept for Seen {
    fn name(&self) -> &'static str {
        "Seen"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = date.map(|date| date.secs());
        Ok(())
    }
}
