//! From what a deployment's buses and rules should be and what they are to the steps between: a function for each time that they have
//! their turn in a plan.

use super::{
    calls::FoundRule,
    desired::DesiredRule,
    found::{WholeBus, WholeRule},
    step::BusStep,
};
use crate::deploy::{
    change::MISSING,
    model::Desired,
    observe::Actual,
    step::{Plan, Step},
    tags::Retagged,
};

/// Creates the buses that are missing, and puts right their tags: the code that puts events on them comes later.
pub(crate) fn prepare(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let wanted = desired.names.tags();
    for one in &desired.buses {
        let mut all = actual.buses.buses.iter();
        let whole = all.find(|whole| whole.name == one.name);
        let Some(found) = whole.and_then(|whole| whole.found.ours()) else {
            let (name, tags) = (one.name.clone(), wanted.clone());
            push(plan, BusStep::Create { name, tags }, MISSING);
            continue;
        };
        let retagged = Retagged::between(&found.tags, &wanted);
        retag(plan, super::KIND, &one.name, &found.arn, retagged);
    }
}

fn retag(plan: &mut Plan, kind: &'static str, name: &str, arn: &str, retagged: Retagged) {
    let Retagged {
        removed,
        missing,
        why,
    } = retagged;
    let (name, arn) = (name.to_owned(), arn.to_owned());
    if let Some((keys, reason)) = removed {
        let (name, arn) = (name.clone(), arn.clone());
        let step = BusStep::Untag {
            kind,
            name,
            arn,
            keys,
        };
        push(plan, step, reason);
    }
    if !missing.is_empty() {
        let step = BusStep::Tag {
            kind,
            name,
            arn,
            tags: missing,
        };
        push(plan, step, why);
    }
}

/// Puts the rules that are missing, and puts right what differs. The functions' new versions have their traffic by then.
pub(crate) fn open(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let tags = desired.names.tags();
    for one in &desired.rules {
        let mut all = actual.buses.rules.iter();
        let whole = all.find(|whole| is_of(whole, one));
        let found = whole.and_then(|whole| whole.found.ours());
        let put = |tags| BusStep::PutRule {
            called: one.called(),
            rule: Box::new(one.clone()),
            tags,
        };
        let lead = BusStep::PutTarget {
            called: one.called(),
            rule: Box::new(one.clone()),
        };
        let Some(found) = found else {
            push(plan, put(Some(tags.clone())), MISSING);
            push(plan, lead, "where it leads");
            continue;
        };
        let differences = differences(found, one);
        if !differences.is_empty() {
            push(plan, put(None), differences.join(", "));
        }
        if found.target.as_ref() != Some(&one.target) {
            let reason = match &found.target {
                None => "it leads nowhere".to_owned(),
                Some(old) => format!("{old} → {}", one.target),
            };
            push(plan, lead, reason);
        }
        let retagged = Retagged::between(&found.tags, &tags);
        retag(plan, super::RULE, &one.called(), &found.arn, retagged);
    }
}

fn is_of(whole: &WholeRule, one: &DesiredRule) -> bool {
    whole.bus == one.bus && whole.name == one.name
}

fn differences(found: &FoundRule, one: &DesiredRule) -> Vec<String> {
    let state = |enabled| if enabled { "enabled" } else { "disabled" };
    let pairs = [
        (
            "pattern",
            found.pattern.to_string(),
            one.pattern.to_string(),
        ),
        (
            "state",
            state(found.enabled).to_owned(),
            state(one.enabled).to_owned(),
        ),
    ];
    // Two spellings of one pattern are the same.
    let same = found.pattern == one.pattern;
    let pairs = pairs.into_iter().filter(|(what, old, new)| match *what {
        "pattern" => !same,
        _ => old != new,
    });
    pairs
        .map(|(what, old, new)| format!("{what}: {old} → {new}"))
        .collect()
}

/// Deletes the rules that the app no longer has, before the functions go that they lead to.
pub(crate) fn close(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let wanted = |whole: &&WholeRule| desired.rules.iter().any(|one| is_of(whole, one));
    let all = actual.buses.rules.iter();
    delete_rules(
        plan,
        all.filter(|whole| !wanted(whole)),
        "the app no longer has it",
    );
}

/// Deletes all rules.
pub(crate) fn close_all(plan: &mut Plan, actual: &Actual) {
    delete_rules(plan, actual.buses.rules.iter(), "what it leads to goes");
}

/// `EventBridge` deletes no rule that has targets.
fn delete_rules<'a>(plan: &mut Plan, gone: impl Iterator<Item = &'a WholeRule>, why: &str) {
    for found in gone.filter_map(|whole| whole.found.ours()) {
        let (bus, name) = (found.bus.clone(), found.name.clone());
        if !found.targets.is_empty() {
            let (bus, name) = (bus.clone(), name.clone());
            let ids = found.targets.clone();
            let step = BusStep::RemoveTargets {
                called: super::desired::called(&bus, &name),
                bus,
                name,
                ids,
            };
            push(plan, step, why);
        }
        let step = BusStep::DeleteRule {
            called: super::desired::called(&bus, &name),
            bus,
            name,
        };
        push(plan, step, why);
    }
}

/// Deletes the buses that the settings and the app no longer have. Nothing puts events on them by then.
pub(crate) fn remove(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let wanted = |whole: &&WholeBus| desired.buses.iter().any(|one| one.name == whole.name);
    let gone = actual.buses.buses.iter().filter(|whole| !wanted(whole));
    delete(plan, gone, "neither the app nor the settings have it");
}

/// Deletes all of them.
pub(crate) fn delete_all(plan: &mut Plan, actual: &Actual) {
    delete(plan, actual.buses.buses.iter(), "nothing else uses it");
}

fn delete<'a>(plan: &mut Plan, gone: impl Iterator<Item = &'a WholeBus>, why: &str) {
    for whole in gone.filter(|whole| whole.found.ours().is_some()) {
        let name = whole.name.clone();
        push(plan, BusStep::Delete { name }, why);
    }
}

fn push(plan: &mut Plan, step: BusStep, reason: impl Into<String>) {
    plan.push(Step::Bus(Box::new(step)), reason);
}
