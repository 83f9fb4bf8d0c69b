//! The function: code, configuration, version and alias.

use std::collections::BTreeSet;

use super::MISSING;
use crate::{
    aws::lambda::{Configuration, Function, Readiness},
    deploy::{
        model::{ALIAS, Desired},
        observe::Actual,
        step::{Handle, Plan, Step},
    },
};

/// The function itself: its code and its configuration.
pub(super) fn function(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let function = desired.names.function.clone();
    let (code, configuration) = (desired.code.clone(), desired.configuration.clone());
    let Some(found) = actual.function.ours() else {
        let tags = desired.names.tags();
        let reason = format!("{MISSING}; {}", bytes(code.zip.len() as u64));
        let step = Step::CreateFunction {
            function,
            code,
            configuration,
            tags,
        };
        return plan.push(step, reason);
    };
    if let Some(reason) = code_differs(desired, found) {
        let function = function.clone();
        plan.push(Step::UpdateCode { function, code }, reason);
    }
    let mut differences = differences(&found.configuration, &configuration);
    if let Readiness::Failed(reason) = &found.readiness {
        differences.push(format!("the last change failed: {reason}"));
    }
    if !differences.is_empty() {
        let step = Step::UpdateConfiguration {
            function,
            configuration,
        };
        plan.push(step, differences.join(", "));
    }
}

/// Publishes when what serves is not what is desired; gives the reason to move the alias when there is one to move.
pub(super) fn version(plan: &mut Plan, desired: &Desired, actual: &Actual) -> Option<String> {
    let function = desired.names.function.clone();
    let published = actual.live.as_ref().and_then(|live| live.function.as_ref());
    if published.is_some_and(|published| {
        code_differs(desired, published).is_none()
            && published.configuration == desired.configuration
    }) {
        return None;
    }
    let sha256 = desired.code.sha256.clone();
    let step = Step::PublishVersion {
        function: function.clone(),
        sha256,
    };
    match &actual.live {
        None => {
            plan.push(step, "no version is live");
            let version = Handle::Made;
            plan.push(Step::CreateAlias { function, version }, MISSING);
            None
        }
        Some(live) => {
            let version = &live.version;
            plan.push(step, format!("the live version, {version}, is another"));
            Some(format!("`{ALIAS}`: version {version} → the new one"))
        }
    }
}

fn code_differs(desired: &Desired, found: &Function) -> Option<String> {
    let code = &desired.code;
    let architecture = code.architecture.as_str();
    if found.architecture != architecture {
        return Some(format!("{} → {architecture}", found.architecture));
    }
    (found.sha256 != code.sha256).then(|| {
        let (old, new) = (bytes(found.size), bytes(code.zip.len() as u64));
        let short = |sha256: &str| sha256.chars().take(8).collect::<String>();
        let (from, to) = (short(&found.sha256), short(&code.sha256));
        format!("{old} {from} → {new} {to}")
    })
}

/// What differs, in words. Variables are named and their values left out: they may be secrets.
fn differences(old: &Configuration, new: &Configuration) -> Vec<String> {
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
    let names: BTreeSet<&String> = old
        .environment
        .keys()
        .chain(new.environment.keys())
        .collect();
    for name in names {
        match (old.environment.get(name), new.environment.get(name)) {
            (None, Some(_)) => list.push(format!("variable `{name}` added")),
            (Some(_), None) => list.push(format!("variable `{name}` removed")),
            (one, other) if one != other => list.push(format!("variable `{name}` changed")),
            _ => {}
        }
    }
    list
}

/// A size in words.
pub(crate) fn bytes(count: u64) -> String {
    let kilobytes = count / 1000;
    match (kilobytes / 1000, kilobytes) {
        (0, 0) => format!("{count} B"),
        (0, kilobytes) => format!("{kilobytes} kB"),
        (megabytes, _) => format!("{megabytes}.{} MB", kilobytes % 1000 / 100),
    }
}
