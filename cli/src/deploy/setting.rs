//! Steps on settings that are not part of a version: concurrency, the role's boundary. Each takes
//! effect immediately.

use super::{
    model::{Desired, DesiredFunction},
    observe::{WholeFunction, WholeRole},
    step::{FunctionStep, Plan, RoleStep, Step},
};

/// Sets the boundary of an existing role.
pub(super) fn boundary(role: &str, desired: &Desired, found: &WholeRole) -> Option<(Step, String)> {
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

/// Sets the reserved concurrency. Lambda cannot provision more than is reserved, so the reserve is
/// lowered after the provisioned concurrency.
pub(super) fn concurrency(plan: &mut Plan, one: &DesiredFunction, actual: &WholeFunction) {
    let found = actual.function.ours();
    let reserved = found.and_then(|found| found.reserved);
    let function = one.name.clone();
    let told = |count: Option<u32>| count.map_or("none".to_owned(), |count| count.to_string());
    let mut steps = Vec::new();
    if reserved != one.reserved {
        let most = one.reserved;
        let reason = format!("{} → {}", told(reserved), told(most));
        let function = function.clone();
        steps.push((FunctionStep::Reserve { function, most }, reason));
    }
    if actual.provisioned != one.provisioned {
        let count = one.provisioned;
        let reason = format!("{} → {}", told(actual.provisioned), told(count));
        steps.push((FunctionStep::Provision { function, count }, reason));
    }
    if one.provisioned < actual.provisioned {
        steps.reverse();
    }
    for (step, reason) in steps {
        plan.push(Step::Function(step), reason);
    }
}
