//! The schedules of a module, with their group and their role.

use serde_json::json;

use super::{Module, escaped, named, table};
use crate::{
    deploy::{kind::schedule::template::terraform, names::POLICY},
    package::map_strings,
};

/// The module's name for the group and the role.
const LABEL: &str = "schedules";

impl Module<'_> {
    /// Adds the schedules, where there are any.
    pub(super) fn schedules(&mut self) {
        let desired = self.desired;
        let Some(all) = &desired.schedules else {
            return;
        };
        let group = [("name", json!(all.group)), ("tags", self.tags())];
        self.add("aws_scheduler_schedule_group", LABEL, table(group));
        let role = [
            ("name", self.placed(&all.role)),
            ("assume_role_policy", self.placed(&all.trust.to_string())),
            ("permissions_boundary", json!(desired.boundary)),
            ("tags", self.tags()),
        ];
        self.add("aws_iam_role", LABEL, table(role));
        let policy = map_strings(&all.policy, &|text| json!(self.arn(text)));
        let policy = json!({
            "name": POLICY,
            "role": format!("${{aws_iam_role.{LABEL}.id}}"),
            "policy": policy.to_string(),
        });
        self.add("aws_iam_role_policy", LABEL, policy);
        for one in &all.schedules {
            let group = format!("${{aws_scheduler_schedule_group.{LABEL}.name}}");
            let role = format!("${{aws_iam_role.{LABEL}.arn}}");
            let arguments = terraform(one, (&group, &role), |arn| self.arn(arn), escaped);
            let label = named("schedule_", &[&one.name]);
            self.add("aws_scheduler_schedule", label, table(arguments));
        }
    }
}
