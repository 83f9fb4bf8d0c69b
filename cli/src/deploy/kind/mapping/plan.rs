//! From what a deployment's mappings should be and what they are to the steps between: a function for each time that mappings have their
//! turn in a plan.

use super::{
    desired::DesiredMapping,
    found::{FoundMapping, WholeMapping},
    step::MappingStep,
};
use crate::{
    aws::mappings::MappingChange,
    deploy::{
        change::MISSING,
        model::Desired,
        observe::Actual,
        step::{Plan, Step},
    },
};

/// Creates what is missing and puts right what differs, once the alias that a mapping leads to is there.
pub(crate) fn follow(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for one in &desired.mappings {
        let mut all = actual.function(&one.function).mappings.iter();
        let whole = all.find(|whole| whole.name == one.name);
        match whole.and_then(|whole| whole.found.ours()) {
            None => {
                let step = MappingStep::Create {
                    mapping: one.clone(),
                    alias: desired.place.alias(&one.function),
                    tags: desired.names.tags(),
                };
                push(plan, step, MISSING);
            }
            Some(found) => update(plan, one, found),
        }
    }
}

fn update(plan: &mut Plan, one: &DesiredMapping, found: &FoundMapping) {
    let (found, wanted) = (&found.mapping, &one.polling);
    let old = &found.polling;
    let mut reasons = old.differences(wanted);
    if !found.reports {
        reasons.push("reports on single messages: off → on".to_owned());
    }
    if !found.enabled {
        reasons.push("enabled: no → yes".to_owned());
    }
    if reasons.is_empty() {
        return;
    }
    let change = MappingChange {
        batch_size: (old.batch_size != wanted.batch_size).then_some(wanted.batch_size),
        batch_window: (old.batch_window != wanted.batch_window).then_some(wanted.batch_window),
        filters: (!old.filters_like(wanted)).then(|| wanted.filters.clone()),
        max_concurrency: (old.max_concurrency != wanted.max_concurrency)
            .then_some(wanted.max_concurrency),
        pollers: (old.pollers != wanted.pollers).then_some(wanted.pollers),
        reports: !found.reports,
        enables: !found.enabled,
    };
    let step = MappingStep::Update {
        name: one.name.clone(),
        function: one.function.clone(),
        id: found.id.clone(),
        change,
    };
    push(plan, step, reasons.join(", "));
}

/// Deletes those that the app no longer has. Their messages stay in the queue.
pub(crate) fn close(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let wanted = |whole: &WholeMapping| desired.mappings.iter().any(|one| one.name == whole.name);
    delete(
        plan,
        actual,
        |whole| !wanted(whole),
        "the app no longer reads this queue with it",
    );
}

/// Deletes all of them.
pub(crate) fn delete_all(plan: &mut Plan, actual: &Actual) {
    delete(plan, actual, |_| true, "its function is deleted");
}

fn delete(plan: &mut Plan, actual: &Actual, goes: impl Fn(&WholeMapping) -> bool, why: &str) {
    for (function, whole) in &actual.functions {
        for one in whole.mappings.iter().filter(|one| goes(one)) {
            let Some(found) = one.found.ours() else {
                continue;
            };
            let step = MappingStep::Delete {
                name: one.name.clone(),
                function: function.clone(),
                id: found.mapping.id.clone(),
            };
            push(plan, step, why);
        }
    }
}

fn push(plan: &mut Plan, step: MappingStep, reason: impl Into<String>) {
    plan.push(Step::Mapping(Box::new(step)), reason);
}
