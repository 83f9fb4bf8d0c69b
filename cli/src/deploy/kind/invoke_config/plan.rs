//! From how asynchronous invocations should be handled and how they are to the steps between.

use super::step::InvokeConfigStep;
use crate::{
    deploy::{
        change::MISSING,
        model::Desired,
        observe::Actual,
        step::{Plan, Step},
    },
    values::asynchronous::Asynchronous,
};

/// Sets what differs, once the alias is there and the role may send to the destinations.
pub(crate) fn follow(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    for one in &desired.functions {
        let function = one.name.clone();
        let found = actual.function(&one.name).asynchronous.as_ref();
        let (step, reason) = match (found, &one.asynchronous) {
            (found, Some(wanted)) if found != Some(wanted) => {
                let config = wanted.clone();
                let reason = found.map_or_else(
                    || format!("{MISSING}; {}", told(wanted)),
                    |found| found.differences(wanted).join(", "),
                );
                let new = found.is_none();
                let step = InvokeConfigStep::Put {
                    function,
                    config,
                    new,
                };
                (step, reason)
            }
            (Some(_), None) => {
                let reason = "not in the settings".to_owned();
                (InvokeConfigStep::Delete { function }, reason)
            }
            (Some(_), Some(_)) | (None, _) => continue,
        };
        plan.push(Step::InvokeConfig(step), reason);
    }
}

fn told(config: &Asynchronous) -> String {
    match config.told().as_slice() {
        [] => "as Lambda's defaults".to_owned(),
        set => set.join(", "),
    }
}
