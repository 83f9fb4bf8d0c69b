//! The steps between the statements that functions need and those that they have.

use super::is_own;
use crate::{
    aws::lambda::Grant,
    deploy::{
        change::MISSING,
        kind::function::step::FunctionStep,
        model::Desired,
        observe::Actual,
        step::{Plan, Step},
    },
};

/// Adds the statements that are missing, and replaces those that differ.
pub(crate) fn grant(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for one in desired.in_order() {
        let Some(wanted) = &one.invoker else { continue };
        let grants = &actual.function(&one.name).grants;
        if grants.contains(wanted) {
            continue;
        }
        // A statement cannot be changed, and its id cannot be given twice.
        if grants.iter().any(|held| held.id == wanted.id) {
            remove(plan, &one.name, wanted, "it lets something else call it");
        }
        let step = FunctionStep::AddPermission {
            function: one.name.clone(),
            grant: wanted.clone(),
        };
        plan.push(Step::Function(step), MISSING);
    }
}

/// Takes away the statements that no source needs any more, once nothing invokes by them.
pub(crate) fn withdraw(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for one in desired.in_order() {
        let held = actual.function(&one.name).grants.iter();
        let held = held.filter(|held| is_own(&held.id));
        let wanted = one.invoker.as_ref().map(|wanted| &wanted.id);
        for gone in held.filter(|held| Some(&held.id) != wanted) {
            remove(plan, &one.name, gone, "its source is another one");
        }
    }
}

fn remove(plan: &mut Plan, function: &str, grant: &Grant, why: &str) {
    let step = FunctionStep::RemovePermission {
        function: function.to_owned(),
        id: grant.id.clone(),
    };
    plan.push(Step::Function(step), why);
}
