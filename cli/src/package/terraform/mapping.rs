//! The event source mappings of a module.

use serde_json::json;

use super::{Module, alias, literal, table};
use crate::deploy::kind::mapping::template::{self, TERRAFORM_TYPE};

impl Module<'_> {
    /// Adds the event source mappings.
    pub(super) fn mappings(&mut self) {
        let desired = self.desired;
        for one in &desired.mappings {
            let Some(function) = desired.function(&one.function) else {
                continue;
            };
            let invoked = format!("${{aws_lambda_alias.{}.arn}}", alias(function));
            let fixed = [
                ("event_source_arn", self.queue_arn(&one.queue)),
                ("function_name", json!(invoked)),
            ];
            let said = template::terraform(one, literal);
            let tags = ("tags", self.tags());
            let mapping = table(fixed.into_iter().chain(said).chain([tags]));
            self.add(TERRAFORM_TYPE, function.label("app"), mapping);
        }
    }
}
