//! The event source mappings of a stack.

use super::{Stack, literal, table};
use crate::deploy::kind::mapping::template::{self, STACK_TYPE};

impl Stack<'_> {
    /// Adds the event source mappings.
    pub(super) fn mappings(&mut self) {
        let desired = self.desired;
        for one in &desired.mappings {
            let Some(function) = desired.function(&one.function) else {
                continue;
            };
            let fixed = [
                ("EventSourceArn", self.queue_arn(&one.queue)),
                ("FunctionName", self.alias(function)),
            ];
            let said = template::stack(one, literal);
            let tags = ("Tags", self.list_of_tags());
            let properties = table(fixed.into_iter().chain(said).chain([tags]));
            self.add(function.id("Mapping"), STACK_TYPE, properties);
        }
    }
}
