//! The schedules of a stack, with their group and their role.

use serde_json::json;

use super::{Stack, map_strings, named, table};
use crate::deploy::{kind::schedule::template::stack, names::POLICY};

/// The stack's names for the group and the role.
const GROUP: &str = "ScheduleGroup";
const ROLE: &str = "ScheduleRole";

impl Stack<'_> {
    /// Adds the schedules, where there are any.
    pub(super) fn schedules(&mut self) {
        let desired = self.desired;
        let Some(all) = &desired.schedules else {
            return;
        };
        let group = [("Name", json!(all.group)), ("Tags", self.list_of_tags())];
        self.add(GROUP, "AWS::Scheduler::ScheduleGroup", table(group));
        let trust = map_strings(&all.trust, &|text| self.sub(text));
        let policy = map_strings(&all.policy, &|text| self.arn(text));
        let role = [
            ("RoleName", self.sub(&all.role)),
            ("AssumeRolePolicyDocument", trust),
            (
                "Policies",
                json!([{ "PolicyName": POLICY, "PolicyDocument": policy }]),
            ),
            ("PermissionsBoundary", json!(desired.boundary)),
            ("Tags", self.list_of_tags()),
        ];
        self.add(ROLE, "AWS::IAM::Role", table(role));
        for one in &all.schedules {
            let group = json!({ "Ref": GROUP });
            let role = json!({ "Fn::GetAtt": [ROLE, "Arn"] });
            let properties = table(stack(one, (group, role), |arn| self.arn(arn)));
            let name = named("Schedule", &[&one.name]);
            self.add(name, "AWS::Scheduler::Schedule", properties);
        }
    }
}
