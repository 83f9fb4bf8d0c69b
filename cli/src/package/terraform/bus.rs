//! The event buses of a module, and the rules that lead from buses to its functions.

use serde_json::{Value, json};

use super::{Module, escaped, named, table};
use crate::deploy::kind::bus::template::{
    self, TERRAFORM_TYPE, created, terraform_rule, terraform_target,
};

impl Module<'_> {
    /// Adds the buses that the deployment creates, and the rules with their targets.
    pub(super) fn buses(&mut self) {
        for bus in &self.desired.buses {
            let arguments = [("name", json!(bus.name)), ("tags", self.tags())];
            self.add(TERRAFORM_TYPE, label(&bus.key), table(arguments));
        }
        for rule in &self.desired.rules {
            let own = template::named(self.desired, &rule.bus);
            let own = own.map(|bus| format!("${{{TERRAFORM_TYPE}.{}.name}}", label(&bus.key)));
            let bus = own.unwrap_or_else(|| rule.bus.clone());
            let label = named("rule_", &[&rule.bus, &rule.name]);
            let tags = ("tags", self.tags());
            let arguments = terraform_rule(rule, &bus, escaped)
                .into_iter()
                .chain([tags]);
            self.add("aws_cloudwatch_event_rule", &label, table(arguments));
            let target = terraform_target(rule, (&label, &bus), |arn| self.arn(arn), escaped);
            self.add("aws_cloudwatch_event_target", label, table(target));
        }
    }

    /// What the module writes for the ARN of a bus that it creates.
    pub(super) fn bus_arn(&self, arn: &str) -> Option<Value> {
        let bus = created(self.desired, arn)?;
        Some(json!(format!(
            "${{{TERRAFORM_TYPE}.{}.arn}}",
            label(&bus.key)
        )))
    }
}

/// The module's name for a bus: a name may begin with a digit, and an identifier may not.
fn label(key: &str) -> String {
    format!("bus_{key}")
}
