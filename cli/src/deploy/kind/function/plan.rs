//! The function: code, configuration, version and alias.

use std::collections::BTreeSet;

use super::{desired::DesiredFunction, found::WholeFunction, step::FunctionStep};
use crate::{
    aws::lambda::{Canary, Configuration, Function, Readiness},
    deploy::{
        change::MISSING,
        ids::{Handle, Version},
        model::Desired,
        names::TAG_DOMAIN,
        step::{Plan, Planned, Step},
    },
    values::{lambda::ALIAS, text::bytes},
};

/// The function itself: its configuration, its code, and a version of both if there is a reason for
/// one.
///
/// The code comes last, because an upload creates the version in the same call.
fn function(
    plan: &mut Plan,
    desired: &Desired,
    one: &DesiredFunction,
    found: &WholeFunction,
    publish: Option<String>,
) {
    let function = one.name.clone();
    let (code, configuration) = (desired.code.clone(), one.configuration.clone());
    let Some(found) = found.function.ours() else {
        let mut tags = desired.names.tags();
        let domain = desired.domain.as_ref();
        if one.name == desired.names.function {
            tags.extend(domain.map(|domain| (TAG_DOMAIN.to_owned(), domain.name.clone())));
        }
        tags.extend(desired.note_of(&one.name));
        let size = bytes(code.zip.len() as u64);
        let reason = format!("{MISSING}; {size} {}", short(&code.sha256));
        let step = Step::Function(FunctionStep::Create {
            function,
            code,
            configuration,
            tags,
        });
        return plan.push(step, reason);
    };
    let mut differences = differences(&found.configuration, &configuration, &desired.secrets);
    if let Readiness::Failed(reason) = &found.readiness {
        differences.push(format!("the last change failed: {reason}"));
    }
    if !differences.is_empty() {
        let function = function.clone();
        let step = Step::Function(FunctionStep::UpdateConfiguration {
            function,
            configuration,
        });
        plan.push(step, differences.join(", "));
    }
    match (code_differs(desired, found), publish) {
        (Some(reason), publish) => {
            let publish = publish.is_some();
            let step = Step::Function(FunctionStep::UpdateCode {
                function,
                code,
                publish,
            });
            plan.push(step, reason);
        }
        (None, Some(reason)) => {
            let sha256 = code.sha256;
            plan.push(
                Step::Function(FunctionStep::Publish { function, sha256 }),
                reason,
            );
        }
        (None, None) => {}
    }
}

/// The version that gets the traffic, and why.
pub(crate) struct Move {
    /// The step.
    pub(crate) step: Step,
    /// Why.
    pub(crate) reason: String,
    /// True if it gets only a part.
    pub(crate) canary: bool,
}

/// Brings the function to its desired state, publishes if the serving version is not the desired
/// one, and tries it. Returns the step that moves the traffic, if an alias must move.
pub(crate) fn version(
    plan: &mut Plan,
    desired: &Desired,
    one: &DesiredFunction,
    actual: &WholeFunction,
) -> Option<Move> {
    let function = one.name.clone();
    let live = actual.live.as_ref();
    let wanted = |found: &Function| {
        code_differs(desired, found).is_none() && found.configuration == one.configuration
    };
    if live
        .and_then(|live| live.function.as_ref())
        .is_some_and(wanted)
    {
        self::function(plan, desired, one, actual, None);
        let live = live?;
        let canary = live.canary.as_ref()?;
        return Some(Move {
            step: Step::Function(FunctionStep::MoveAlias {
                function,
                version: Handle::Known(Version(live.version.clone())),
                ends: Some(Version(canary.version.clone())),
            }),
            reason: ends(canary),
            canary: false,
        });
    }
    // A deploy that stopped after publishing left the version that this one needs. Lambda would
    // also return it again.
    let published = actual.versions.first().filter(|(_, found)| wanted(found));
    let publish = published.is_none().then(|| {
        live.map_or_else(
            || "no version is live".to_owned(),
            |live| format!("the live version {} is a different one", live.version),
        )
    });
    self::function(plan, desired, one, actual, publish);
    let version = match published {
        Some((number, _)) => Handle::Known(Version(number.to_string())),
        None => Handle::Made,
    };
    let health = one.health.clone();
    let reason = health.to_string();
    let step = Step::Function(FunctionStep::Try {
        function: function.clone(),
        version: version.clone(),
        health,
    });
    let held = live.and_then(|live| live.canary.as_ref());
    if held.is_none_or(|held| version != Handle::Known(Version(held.version.clone()))) {
        plan.push(step, reason);
    }
    let Some(live) = live else {
        plan.push(
            Step::Function(FunctionStep::CreateAlias { function, version }),
            MISSING,
        );
        return None;
    };
    let new = match &version {
        Handle::Known(Version(number)) => number.clone(),
        Handle::Made => "the new one".to_owned(),
    };
    let old = &live.version;
    if let Some(percent) = desired.canary {
        let there = held.is_some_and(|held| held.version == new && held.percent == percent);
        let from = Version(old.clone());
        return (!there).then(|| Move {
            reason: format!("`{ALIAS}`: {percent} % of version {old}'s traffic → {new}"),
            step: Step::Function(FunctionStep::ShiftTraffic {
                function,
                from,
                version,
                percent,
            }),
            canary: true,
        });
    }
    let mut reason = format!("`{ALIAS}`: version {old} → {new}");
    let ended = held.filter(|held| held.version != new);
    if let Some(ended) = ended {
        reason.push_str(&format!(", {}", ends(ended)));
    }
    Some(Move {
        step: Step::Function(FunctionStep::MoveAlias {
            function,
            version,
            ends: ended.map(|ended| Version(ended.version.clone())),
        }),
        reason,
        canary: false,
    })
}

fn ends(canary: &Canary) -> String {
    let Canary { version, percent } = canary;
    format!("the canary ends: version {version} with {percent} %")
}

/// Deletes the versions that are not needed for a rollback any more: all except the newest, the
/// serving ones, and those with another alias.
pub(crate) fn prune(plan: &mut Plan, desired: &Desired, name: &str, actual: &WholeFunction) {
    let publishes = |planned: &Planned| planned.step.publishes() == Some(name);
    let new = usize::from(plan.steps.iter().any(publishes));
    let kept = usize::try_from(desired.keep_versions).unwrap_or(usize::MAX);
    let moved = plan.steps.iter().find_map(|planned| match &planned.step {
        Step::Function(FunctionStep::MoveAlias {
            function, version, ..
        }) if function == name => Some(version.clone()),
        _ => None,
    });
    let serving = moved.or_else(|| {
        let live = actual.live.as_ref()?;
        Some(Handle::Known(Version(live.version.clone())))
    });
    for (number, _) in actual.versions.iter().skip(kept.saturating_sub(new)) {
        let version = Version(number.to_string());
        if serving == Some(Handle::Known(version.clone())) || actual.held.contains(&version.0) {
            continue;
        }
        let function = name.to_owned();
        let reason = format!("the newest {} of `{name}` are kept", desired.keep_versions);
        plan.push(
            Step::Function(FunctionStep::DeleteVersion { function, version }),
            reason,
        );
    }
}

/// True if this function is created, or gets other code.
pub(crate) fn uploads(desired: &Desired, found: &WholeFunction) -> bool {
    let found = found.function.ours();
    found.is_none_or(|found| code_differs(desired, found).is_some())
}

fn code_differs(desired: &Desired, found: &Function) -> Option<String> {
    let code = &desired.code;
    let architecture = code.architecture.as_str();
    if found.architecture != architecture {
        return Some(format!("{} → {architecture}", found.architecture));
    }
    (found.sha256 != code.sha256).then(|| {
        let (old, new) = (bytes(found.size), bytes(code.zip.len() as u64));
        let (from, to) = (short(&found.sha256), short(&code.sha256));
        format!("{old} {from} → {new} {to}")
    })
}

/// The part of a hash that identifies code.
fn short(sha256: &str) -> String {
    sha256.chars().take(8).collect()
}

/// The differences, in words. Variables are named without their values, which may be secrets.
fn differences(
    old: &Configuration,
    new: &Configuration,
    secrets: &BTreeSet<String>,
) -> Vec<String> {
    let mut list = Vec::new();
    let mut differ = |what: &str, old: String, new: String| {
        if old != new {
            list.push(format!("{what}: {old} → {new}"));
        }
    };
    differ(
        "memory",
        format!("{} MB", old.memory),
        format!("{} MB", new.memory),
    );
    differ(
        "timeout",
        format!("{} s", old.timeout),
        format!("{} s", new.timeout),
    );
    differ("role", old.role.clone(), new.role.clone());
    differ("runtime", old.runtime.clone(), new.runtime.clone());
    differ("handler", old.handler.clone(), new.handler.clone());
    list.extend(old.options.differences(&new.options));
    let names: BTreeSet<&String> = old
        .environment
        .keys()
        .chain(new.environment.keys())
        .collect();
    for name in names {
        let kind = if secrets.contains(name) {
            "secret"
        } else {
            "variable"
        };
        match (old.environment.get(name), new.environment.get(name)) {
            (None, Some(_)) => list.push(format!("{kind} `{name}` added")),
            (Some(_), None) => list.push(format!("variable `{name}` removed")),
            (one, other) if one != other => list.push(format!("{kind} `{name}` changed")),
            _ => {}
        }
    }
    list
}

/// Sets the reserved concurrency. Lambda cannot provision more than is reserved, so the reserve is
/// lowered after the provisioned concurrency.
pub(crate) fn concurrency(plan: &mut Plan, one: &DesiredFunction, actual: &WholeFunction) {
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
