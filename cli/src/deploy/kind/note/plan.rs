//! The steps that write the note, and take kinds from it.

use std::collections::BTreeSet;

use super::{TAG_KINDS, noted};
use crate::{
    aws::tags::TaggedKind,
    deploy::{
        change::MISSING,
        kind::{function::found::WholeFunction, log_group::step::LogStep, tag::step::TagStep},
        model::Desired,
        observe::Actual,
        step::{Plan, Step},
        tags::taggable,
    },
    values::names::Tags,
};

/// The kinds that a function notes.
fn held(one: &WholeFunction) -> BTreeSet<&str> {
    noted(one.noting())
}

/// Notes the kinds that come. What is not there yet is created with the note.
pub(crate) fn note(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let (Some(one), Some(note)) = (desired.anchor(), desired.note()) else {
        return;
    };
    let found = actual.function(&one.name);
    let held = held(found);
    let kinds = desired.kinds();
    let new = kinds.iter().filter(|kind| !held.contains(*kind));
    let new: Vec<&str> = new.copied().collect();
    if new.is_empty() {
        return;
    }
    let group = found.log_group.ours();
    if group.is_none() {
        let mut tags = desired.names.tags();
        tags.extend([note]);
        let group = one.log_group.clone();
        plan.push(Step::Logs(LogStep::Create { group, tags }), MISSING);
    }
    let all: BTreeSet<&str> = held.iter().copied().chain(kinds.iter().copied()).collect();
    let reason = format!("so that its {} are found again", words(&new));
    let group = group.map(|_| (TaggedKind::LogGroup, &one.log_group));
    let function = found.function.ours();
    let function = function.map(|_| (TaggedKind::Function, &one.name));
    // The function's note is the one that is read, so it comes last.
    for (kind, name) in group.into_iter().chain(function) {
        tag(plan, desired, (kind, name), &all, &reason);
    }
}

/// Takes kinds from the note of which the deployment has none any more.
pub(crate) fn forget(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let anchor = desired.anchor().map(|one| &one.name);
    for one in &desired.functions {
        let found = actual.function(&one.name);
        let held = held(found);
        let kept: BTreeSet<&str> = match anchor == Some(&one.name) {
            true => desired.kinds().into_iter().collect(),
            false => BTreeSet::new(),
        };
        let gone: Vec<&str> = held.difference(&kept).copied().collect();
        if found.function.ours().is_none() || gone.is_empty() {
            continue;
        }
        let reason = format!("it has no {} any more", words(&gone));
        for (kind, name) in [
            (TaggedKind::LogGroup, &one.log_group),
            (TaggedKind::Function, &one.name),
        ] {
            tag(plan, desired, (kind, name), &kept, &reason);
        }
    }
}

/// Sets the note of one resource to those kinds. Without kinds it removes the note.
fn tag(
    plan: &mut Plan,
    desired: &Desired,
    (kind, name): (TaggedKind, &str),
    kinds: &BTreeSet<&str>,
    reason: &str,
) {
    let resource = taggable(kind, name, &desired.place);
    let kinds: Vec<&str> = kinds.iter().copied().collect();
    let step = match kinds.is_empty() {
        true => TagStep::Untag {
            resource,
            keys: vec![TAG_KINDS.to_owned()],
        },
        false => TagStep::Tag {
            resource,
            tags: Tags::from([(TAG_KINDS.to_owned(), kinds.join(" "))]),
        },
    };
    plan.push(Step::Tag(step), reason);
}

/// Kinds in a sentence, in the plural.
fn words(kinds: &[&str]) -> String {
    let all = kinds.iter().map(|kind| match *kind {
        "bus" => "buses".to_owned(),
        kind => format!("{kind}s"),
    });
    all.collect::<Vec<_>>().join(" and ")
}
