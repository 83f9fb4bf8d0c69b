//! The event buses of a stack, and the rules that lead from buses to its functions.

use serde_json::{Value, json};

use super::{Stack, named, table};
use crate::deploy::kind::bus::template::{self, STACK_TYPE, created, stack_rule};

impl Stack<'_> {
    /// Adds the buses that the deployment creates, and the rules.
    pub(super) fn buses(&mut self) {
        for bus in &self.desired.buses {
            let properties = [("Name", json!(bus.name)), ("Tags", self.list_of_tags())];
            self.add(id(&bus.key), STACK_TYPE, table(properties));
        }
        for rule in &self.desired.rules {
            let own = template::named(self.desired, &rule.bus);
            let bus = own.map_or_else(|| json!(rule.bus), |bus| json!({ "Ref": id(&bus.key) }));
            let tags = ("Tags", self.list_of_tags());
            let properties = stack_rule(rule, bus, |arn| self.arn(arn));
            let properties = table(properties.into_iter().chain([tags]));
            let name = named("Rule", &[&rule.bus, &rule.name]);
            self.add(name, "AWS::Events::Rule", properties);
        }
    }

    /// What the stack writes for the ARN of a bus that it creates.
    pub(super) fn bus_arn(&self, arn: &str) -> Option<Value> {
        let bus = created(self.desired, arn)?;
        Some(json!({ "Fn::GetAtt": [id(&bus.key), "Arn"] }))
    }
}

/// The stack's name for a bus.
fn id(key: &str) -> String {
    named("Bus", &[key])
}
