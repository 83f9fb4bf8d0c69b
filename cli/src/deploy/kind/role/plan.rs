//! The functions' roles: created and given their policies before a version runs with them, narrowed
//! when no older version serves any more.

use std::collections::BTreeSet;

use fw_manifest::Part;
use serde_json::Value;

use super::{found::WholeRole, policy::policies, step::RoleStep};
use crate::deploy::{
    change::{Action, MISSING},
    kind::function::{desired::DesiredFunction, step::FunctionStep},
    model::Desired,
    names::Names,
    observe::Actual,
    permissions::statements,
    step::{Plan, Step},
};

/// The statements that the main function's role keeps for other functions.
pub(crate) type Lent = Vec<Value>;

/// Statements that the main function's role keeps for versions of other functions that were
/// published with it: a rollback may return to them, and a version keeps the role that it was
/// published with. Deployments from before each function had its own role have such versions.
pub(crate) fn lent(desired: &Desired, actual: &Actual, plan: Option<&Plan>) -> Lent {
    let Some(main) = desired.api().and_then(|api| api.role.as_ref()) else {
        return Lent::new();
    };
    let arn = desired.place.role(&main.name);
    let removed: BTreeSet<(&str, &str)> = plan
        .into_iter()
        .flat_map(|plan| &plan.steps)
        .filter_map(|planned| match &planned.step {
            Step::Function(FunctionStep::DeleteVersion { function, version }) => {
                Some((function.as_str(), &*version.0))
            }
            _ => None,
        })
        .collect();
    let mut lent = Lent::new();
    for one in desired.functions.iter().filter(|one| one.part != Part::Api) {
        let mut versions = actual.function(&one.name).versions.iter();
        let held = versions.any(|(number, version)| {
            let removed = removed.contains(&(one.name.as_str(), &*number.to_string()));
            version.configuration.role == arn && !removed
        });
        if let Some(role) = one.role.as_ref().filter(|_| held) {
            lent.extend(statements(&role.policy));
        }
    }
    lent
}

/// The policy that a function's role should have.
pub(crate) fn wanted(one: &DesiredFunction, lent: &Lent) -> Option<Value> {
    let role = one.role.as_ref()?;
    let mut policy = role.policy.clone();
    if one.part == Part::Api
        && !lent.is_empty()
        && let Some(all) = policy["Statement"].as_array_mut()
    {
        for statement in lent {
            if all.contains(statement) {
                continue;
            }
            let mut statement = statement.clone();
            // Two statements of one document have no id in common (IAM user guide, "IAM JSON policy elements: Sid").
            let sid = &statement["Sid"];
            let taken = !sid.is_null() && all.iter().any(|held| held["Sid"] == *sid);
            if let Some(fields) = statement.as_object_mut().filter(|_| taken) {
                fields.shift_remove("Sid");
            }
            if !all.contains(&statement) {
                all.push(statement);
            }
        }
    }
    Some(policy)
}

/// Brings a function's role to its desired state before its versions run with it. Returns what to
/// withdraw once the traffic has moved.
pub(crate) fn role(
    plan: &mut Plan,
    desired: &Desired,
    one: &DesiredFunction,
    actual: &Actual,
    lent: &Lent,
) -> Option<(Step, String)> {
    let own = one.role.as_ref()?;
    let found = actual.role(&one.name);
    let role = || own.name.clone();
    let trust = desired.trust.clone();
    let mut steps: Vec<(Step, String)> = Vec::new();
    match found.role.ours() {
        None => {
            let step = Step::Role(RoleStep::Create {
                role: role(),
                trust,
                boundary: desired.boundary.clone(),
                tags: desired.names.tags(),
            });
            steps.push((step, MISSING.to_owned()));
        }
        Some(found) if found.trust != trust => {
            let step = Step::Role(RoleStep::UpdateTrust {
                role: role(),
                trust,
            });
            steps.push((step, "it was changed outside `cargo fw`".to_owned()));
        }
        Some(_) => {}
    }
    let wanted = wanted(one, lent)?;
    let policies = policies(&wanted, found.policy.as_ref());
    if let Some((document, reason)) = policies.before {
        let action = match found.policy {
            None => Action::Create,
            Some(_) => Action::Update,
        };
        let step = Step::Role(RoleStep::PutPolicy {
            role: role(),
            document,
            action,
        });
        steps.push((step, reason));
    }
    steps.extend(boundary(&own.name, desired, found));
    for (step, reason) in steps {
        if one.part == Part::Api {
            plan.push(step, reason);
        } else {
            // By its log group another function is found, and so is its role: it is never there without.
            plan.push_behind(step, reason, &one.log_group);
        }
    }
    policies.after.map(|(document, reason)| {
        let step = Step::Role(RoleStep::PutPolicy {
            role: role(),
            document,
            action: Action::Update,
        });
        (step, reason)
    })
}

/// Removes what somebody else added to the deployment's role: only its policy defines its
/// permissions.
pub(crate) fn strip(plan: &mut Plan, role: &str, found: &WholeRole) {
    const REASON: &str = "it was added to the role outside `cargo fw`";
    if found.role.ours().is_none() {
        return;
    }
    let attached = found.attached.iter().map(|policy| RoleStep::Detach {
        role: role.to_owned(),
        policy: policy.clone(),
    });
    let inline = found.inline.iter().map(|policy| RoleStep::DropPolicy {
        role: role.to_owned(),
        policy: policy.clone(),
    });
    for step in attached.chain(inline) {
        plan.push(Step::Role(step), REASON);
    }
}

/// Removes the role of a function, with its policies: IAM deletes no role that has any.
pub(crate) fn remove(plan: &mut Plan, names: &Names, function: &str, actual: &Actual, why: &str) {
    let found = actual.role(function);
    if found.role.ours().is_none() {
        return;
    }
    let role = names.role_of(function);
    strip(plan, &role, found);
    if found.policy.is_some() {
        let role = role.clone();
        plan.push(
            Step::Role(RoleStep::DeletePolicy { role }),
            "inline policy of the role",
        );
    }
    plan.push(Step::Role(RoleStep::Delete { role }), why);
}

/// Sets the boundary of an existing role.
pub(crate) fn boundary(role: &str, desired: &Desired, found: &WholeRole) -> Option<(Step, String)> {
    let found = found.role.ours()?;
    (found.boundary != desired.boundary).then(|| {
        let told = |boundary: &Option<String>| boundary.clone().unwrap_or("none".to_owned());
        let reason = format!("{} → {}", told(&found.boundary), told(&desired.boundary));
        let step = RoleStep::Bound {
            role: role.to_owned(),
            boundary: desired.boundary.clone(),
        };
        (Step::Role(step), reason)
    })
}
