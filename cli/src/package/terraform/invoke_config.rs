//! How asynchronous invocations are handled, in a module.

use serde_json::{Value, json};

use super::{Module, alias, invoked, table};
use crate::deploy::kind::invoke_config::template::{self, TERRAFORM_TYPE};

impl Module<'_> {
    /// Adds how asynchronous invocations of the functions are handled.
    pub(super) fn invoke_configs(&mut self) {
        let desired = self.desired;
        for function in &desired.functions {
            let Some(one) = &function.asynchronous else {
                continue;
            };
            let said = template::terraform(one, |arn| self.target(arn));
            let config = table(invoked(function).into_iter().chain(said));
            self.add(TERRAFORM_TYPE, function.label("app"), config);
        }
    }

    /// The ARN of what gets records: of the module's own, or as it is.
    fn target(&self, arn: &str) -> Value {
        let mut functions = self.desired.functions.iter();
        let place = &self.desired.place;
        match functions.find(|one| place.alias(&one.name) == arn) {
            Some(function) => json!(format!("${{aws_lambda_alias.{}.arn}}", alias(function))),
            None => match self.queue_arn(arn) {
                Value::String(arn) if !arn.starts_with("${aws_") => self.placed(&arn),
                known => known,
            },
        }
    }
}
