//! The log groups of functions and of the access log.

use super::step::LogStep;
use crate::{
    aws::logs::LogGroup,
    deploy::{
        change::MISSING,
        model::Desired,
        names::Names,
        observe::Actual,
        step::{Plan, Step},
    },
    values::text::counted,
};

/// Creates a log group if it is missing, and sets its retention in days.
pub(crate) fn log_group(
    plan: &mut Plan,
    desired: &Desired,
    group: &str,
    days: u32,
    found: Option<&LogGroup>,
) {
    let group = group.to_owned();
    if found.is_none() && !plan.creates_group(&group) {
        let mut tags = desired.names.tags();
        let function = desired.names.function_of(&group);
        tags.extend(function.and_then(|function| desired.note_of(function)));
        let group = group.clone();
        plan.push(Step::Logs(LogStep::Create { group, tags }), MISSING);
    }
    let old = found.and_then(|found| found.retention);
    if old != Some(days) {
        let told = |days: u32| counted(usize::try_from(days).unwrap_or_default(), "day");
        let old = old.map_or("forever".to_owned(), told);
        let reason = format!("{old} → {}", told(days));
        plan.push(Step::Logs(LogStep::PutRetention { group, days }), reason);
    }
}

/// The deployment's existing log groups.
pub(crate) fn log_groups(names: &Names, actual: &Actual) -> impl Iterator<Item = String> {
    let access_log = actual.access_log.group.ours();
    let access_log = access_log.map(|_| names.access_log());
    let functions = actual.functions.iter();
    functions
        .filter(|(_, found)| found.log_group.ours().is_some())
        .map(|(name, _)| Names::log_group_of(name))
        .chain(access_log)
}
