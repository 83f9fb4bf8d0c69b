//! How asynchronous invocations are handled, in a stack.

use serde_json::{Value, json};

use super::{Stack, table};
use crate::{
    deploy::kind::invoke_config::template::{self, STACK_TYPE},
    values::lambda::ALIAS,
};

impl Stack<'_> {
    /// Adds how asynchronous invocations of the functions are handled.
    pub(super) fn invoke_configs(&mut self) {
        let desired = self.desired;
        for function in &desired.functions {
            let Some(one) = &function.asynchronous else {
                continue;
            };
            let alias = self.alias_resource(function);
            let fixed = [
                ("FunctionName", json!({ "Ref": function.id("Function") })),
                ("Qualifier", json!(ALIAS)),
            ];
            let said = template::stack(one, |arn| self.target(arn));
            let properties = table(fixed.into_iter().chain(said));
            self.add_after(function.id("Events"), STACK_TYPE, &[alias], properties);
        }
    }

    /// The ARN of what gets records: of the stack's own, or as it is.
    fn target(&self, arn: &str) -> Value {
        let mut functions = self.desired.functions.iter();
        let place = &self.desired.place;
        match functions.find(|one| place.alias(&one.name) == arn) {
            Some(function) => self.alias(function),
            None => match self.queue_arn(arn) {
                Value::String(arn) => self.sub(&arn),
                known => known,
            },
        }
    }
}
