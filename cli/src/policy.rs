//! The app's IAM statements, derived from its own sources: which AWS operations it calls, and on what.
//!
//! `sdk` reads the operations of each `aws-sdk-*` crate that the app depends on, from the crate's
//! own sources. `modules` finds the app's files, `calls` the calls in them, and `graph` the
//! functions that can reach them. `actions` maps calls to IAM actions, and `resources` finds the
//! resources in the settings. `handles` maps those of `fw::resource`. A call that cannot be attributed is reported, never guessed.
//! `evaluate` decides as IAM does, for the embedded services.

mod actions;
mod calls;
pub(crate) mod evaluate;
mod graph;
mod handles;
mod modules;
mod resources;
mod sdk;
mod sources;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub(crate) use self::{
    actions::{On, actions},
    sources::{ShownSource, sources},
};
use self::{
    calls::{Call, Handle, Scan},
    evaluate::matches,
    resources::Place,
    sdk::Sdk,
};
use crate::{
    error::Result,
    project::Project,
    settings::{APP, Settings, function::FunctionSettings, resources::Resources},
    values::{
        resources::{BUCKET, ResourceKind, variable},
        statement::{Effect, Statement},
        text::hex,
    },
};

/// The prefix of the ids of derived statements, so that a reader of the policy sees their origin.
pub(crate) const DERIVED: &str = "Derived";

/// A statement that the sources need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Needed {
    /// Its id in the policy.
    pub(crate) sid: String,
    /// Each action with the calls that need it.
    pub(crate) actions: BTreeMap<String, Vec<Use>>,
    /// The ARNs.
    pub(crate) resources: Vec<String>,
    /// True if the resource is `*` because the settings name none: a statement in `[[policy]]`
    /// narrows it.
    pub(crate) unnamed: bool,
}

/// A call in the sources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Use {
    /// The operation: `GetObject`.
    pub(crate) operation: String,
    /// The file, from the package's folder.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: usize,
}

/// The derived policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Derived {
    /// Each function's needs, by what the settings call it: the app, and the others that the sources or the settings have.
    pub(crate) functions: BTreeMap<String, Needs>,
    /// Warnings about calls that could not be derived, one sentence each.
    pub(crate) notes: Vec<String>,
}

/// The needs of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The statements, except what the settings' own statements already allow.
    pub(crate) statements: Vec<Needed>,
    /// All actions that it calls, including those that the settings allow.
    called: BTreeSet<String>,
}

impl Needs {
    /// Adds statements, without what the settings' own say already.
    fn add(&mut self, statements: Vec<Needed>, policy: &[&Statement]) {
        for mut needed in statements {
            self.called.extend(needed.actions.keys().cloned());
            let resources = &needed.resources;
            needed
                .actions
                .retain(|action, _| !written(action, resources, false, policy));
            if !needed.actions.is_empty() {
                self.statements.push(needed);
            }
        }
    }
}

impl Derived {
    /// The statements that a function needs.
    pub(crate) fn of(&self, part: &str) -> &[Needed] {
        let needs = self.functions.get(part);
        needs.map_or(&[], |needs| &needs.statements)
    }
}

/// Derives the statements of a project. Empty if the settings have `derive_policy = false`.
///
/// `partition` is the first part of ARNs. Regions and accounts are `*`, so that the policy is the
/// same everywhere.
///
/// # Errors
///
/// If the sources cannot be read.
pub(crate) fn derive(project: &Project, settings: &Settings, partition: &str) -> Result<Derived> {
    if !settings.derive_policy {
        return Ok(Derived::default());
    }
    let sdks = sdk::read(project.aws_crates())?;
    let scan = calls::scan(project.policy_sources(), project.workspace_root(), &sdks)?;
    if sdks.is_empty() && scan.handles.is_empty() {
        return Ok(Derived::default());
    }
    // What sources name and the code finds by its variable is there, as if the settings declared it.
    let mut settings = settings.clone();
    let declared = &mut settings.resources;
    for source in sources(project)? {
        let Some(name) = source.first else { continue };
        let read = |kind: &str| scan.variables.contains(&variable(kind, &name));
        match source.attribute {
            "on_sqs" if read(ResourceKind::Queue.word()) => {
                declared.queues.entry(name).or_default();
            }
            "on_s3" if read(BUCKET) => {
                declared.buckets.entry(name).or_default();
            }
            _ => {}
        }
    }
    let mut derived = derived(&scan, &sdks, &settings, &Place { partition });
    let hidden = project.aws_through().iter().map(|(package, sdk)| {
        format!("`{package}` calls `{sdk}` itself, so its permissions are not derived: write them as `[[policy]]`")
    });
    derived.notes.extend(hidden);
    Ok(derived)
}

/// The settings with the derived statements before the written ones, each for the functions that need it.
pub(crate) fn complete(settings: &mut Settings, derived: &Derived) {
    if derived.functions.is_empty() {
        return;
    }
    let mut all: Vec<Statement> = Vec::new();
    let apps = derived.functions.get_key_value(APP).into_iter();
    let others = derived.functions.iter().filter(|(part, _)| *part != APP);
    for (part, needs) in apps.chain(others) {
        for needed in &needs.statements {
            let sid = Some(needed.sid.clone());
            // The id depends on the content.
            if let Some(held) = all.iter_mut().find(|held| held.sid == sid) {
                held.callers.get_or_insert_default().insert(part.clone());
                continue;
            }
            all.push(Statement {
                sid,
                effect: Effect::Allow,
                actions: needed.actions.keys().cloned().collect(),
                resources: needed.resources.clone(),
                functions: None,
                callers: Some(BTreeSet::from([part.clone()])),
            });
        }
    }
    for mut written in std::mem::take(&mut settings.policy) {
        if written.functions.is_none() && written.effect == Effect::Allow {
            written.callers = callers(&written, derived);
        }
        all.push(written);
    }
    settings.policy = all;
    settings.derived_for = Some(derived.functions.keys().cloned().collect());
}

/// The functions for a written statement without `functions`: all, except authorizers for which the
/// sources show that only other functions call what it allows.
fn callers(written: &Statement, derived: &Derived) -> Option<BTreeSet<String>> {
    let calls = |needs: &Needs, pattern: &String| {
        let pattern = pattern.to_lowercase();
        let mut called = needs.called.iter();
        called.any(|action| matches(&pattern, &action.to_lowercase()))
    };
    let anybody = |pattern: &String| {
        derived
            .functions
            .values()
            .any(|needs| calls(needs, pattern))
    };
    if !written.actions.iter().all(anybody) {
        // The other callers are not known, for example a crate that calls AWS itself.
        return None;
    }
    let functions = derived.functions.iter().filter(|(part, needs)| {
        let mut patterns = written.actions.iter();
        *part == APP || patterns.any(|pattern| calls(needs, pattern))
    });
    Some(functions.map(|(part, _)| part.clone()).collect())
}

fn derived(scan: &Scan, sdks: &[Sdk], settings: &Settings, place: &Place<'_>) -> Derived {
    let mut notes: BTreeSet<String> = scan.unread.iter().cloned().collect();
    let calls: Vec<(&Call, &Sdk)> = scan
        .calls
        .iter()
        .filter_map(|call| match attribute(call, scan, sdks) {
            Ok(sdk) => Some((call, sdk)),
            Err(note) => {
                notes.insert(note);
                None
            }
        })
        .collect();
    let owners = scan.graph.owners();
    let mut functions = owners.functions.clone();
    functions.extend(settings.functions.keys().cloned());
    let services = calls.iter().map(|(_, sdk)| sdk.service.as_str()).collect();
    for part in &functions {
        notes.extend(resources::patterns(&services, &settings.of_name(part)));
    }
    let functions = functions.into_iter().map(|part| {
        // Code that the sources do not show may reach everything.
        let shown = owners.functions.contains(&part);
        let reaches = |file: &str, at| !shown || owners.of(file, at).contains(&part);
        let own = calls
            .iter()
            .filter(|(call, _)| reaches(&call.file, call.at));
        let own: Vec<(&Call, &Sdk)> = own.copied().collect();
        let held = scan.handles.iter();
        let held: Vec<&Handle> = held.filter(|one| reaches(&one.file, one.at)).collect();
        let mut told = scan.tells_missing_keys.iter();
        let tells = told.any(|(file, at)| reaches(file, *at));
        let mut seen = settings.of_name(&part);
        // A variable that is read by its name, and by others only, names nothing for this one.
        let reads = |name: &String| {
            let mut places = scan.texts.get(name).into_iter().flatten();
            !scan.variables.contains(name) || places.any(|(file, at)| reaches(file, *at))
        };
        seen.environment.retain(|name, _| reads(name));
        let by_handle = handles::statements(&held, (&seen, &settings.resources), place);
        let mut declared = settings.resources.clone();
        declared.retain(reads);
        let written = written_for(&part, settings);
        let mut needs = needs(&own, tells, (&seen, &declared), &written, place);
        needs.add(by_handle, &written);
        (part, needs)
    });
    Derived {
        functions: functions.collect(),
        notes: notes.into_iter().collect(),
    }
}

/// The statements of `[[policy]]` that are for a function.
fn written_for<'s>(part: &str, settings: &'s Settings) -> Vec<&'s Statement> {
    let for_it = |statement: &&Statement| {
        let said = statement.functions.as_ref();
        said.is_none_or(|said| said.iter().any(|name| name == part))
    };
    settings.policy.iter().filter(for_it).collect()
}

/// What a function with these calls needs. `tells` is true if it distinguishes missing keys from
/// other failures; `policy` has its written statements.
fn needs(
    calls: &[(&Call, &Sdk)],
    tells: bool,
    (function, declared): (&FunctionSettings, &Resources),
    policy: &[&Statement],
    place: &Place<'_>,
) -> Needs {
    // By service and kind of resource: action to its uses.
    let mut grouped: BTreeMap<(String, On), BTreeMap<String, BTreeSet<Use>>> = BTreeMap::new();
    for (call, sdk) in calls {
        let operation = sdk::camel(&call.operation);
        let mut permissions = actions(&sdk.service, &operation, &|setter| call.sets(setter));
        let reads = matches!(operation.as_str(), "GetObject" | "HeadObject");
        if sdk.service == "s3" && reads && tells {
            // Without it S3 answers 403 instead of 404 for a key that does not exist (S3 API
            // reference, `GetObject`, "Permissions"), and these sources distinguish the two.
            permissions.push(("s3:ListBucket".to_owned(), On::Bucket));
        }
        for (action, on) in permissions {
            grouped
                .entry((sdk.service.clone(), on))
                .or_default()
                .entry(action)
                .or_default()
                .insert(Use {
                    operation: operation.clone(),
                    file: call.file.clone(),
                    line: call.at.line,
                });
        }
    }
    let mut needs = Needs::default();
    for ((service, on), mut actions) in grouped {
        needs.called.extend(actions.keys().cloned());
        let named = resources::arns(&service, on, (function, declared), place);
        let unnamed = named.is_none() && on != On::Everything;
        let resources = named.unwrap_or_else(|| vec!["*".to_owned()]);
        actions.retain(|action, _| !written(action, &resources, unnamed, policy));
        if actions.is_empty() {
            continue;
        }
        needs.statements.push(Needed {
            sid: sid(&service, on, actions.keys(), &resources),
            actions: actions
                .into_iter()
                .map(|(action, uses)| (action, uses.into_iter().collect()))
                .collect(),
            resources,
            unnamed,
        });
    }
    needs
}

/// A statement's id. A deploy keeps the old statements next to the new ones for a while, and ids
/// are unique in a policy (IAM JSON policy elements: `Sid`), so the id depends on the content.
fn sid<'a>(
    service: &str,
    on: On,
    actions: impl Iterator<Item = &'a String>,
    resources: &'a [String],
) -> String {
    let mut digest = Sha256::new();
    for part in actions.chain(resources) {
        digest.update(part);
        digest.update([0]);
    }
    let digest = hex(&digest.finalize()[..4]);
    format!("{DERIVED}{}{}{digest}", sdk::camel(service), on.word())
}

/// True if the settings' own statements cover it: for these resources, or for any if the sources do
/// not show the resource.
fn written(action: &str, resources: &[String], unnamed: bool, policy: &[&Statement]) -> bool {
    let same: Vec<&Statement> = policy
        .iter()
        .copied()
        .filter(|statement| statement.effect == Effect::Allow)
        .filter(|statement| {
            let mut patterns = statement.actions.iter();
            patterns.any(|pattern| matches(&pattern.to_lowercase(), &action.to_lowercase()))
        })
        .collect();
    if unnamed {
        return !same.is_empty();
    }
    resources.iter().all(|resource| {
        let mut patterns = same.iter().flat_map(|statement| &statement.resources);
        patterns.any(|pattern| matches(pattern, resource))
    })
}

/// Which crate's operation a call is, or why that is not clear.
fn attribute<'s>(call: &Call, scan: &Scan, sdks: &'s [Sdk]) -> Result<&'s Sdk, String> {
    let having: Vec<&Sdk> = sdks
        .iter()
        .filter(|sdk| sdk.operations.contains(&call.operation))
        .collect();
    let mentioned: Vec<&Sdk> = having
        .iter()
        .copied()
        .filter(|sdk| call.crates.contains(&sdk.ident()))
        .collect();
    let place = format!("{}:{}", call.file, call.at.line);
    let method = &call.operation;
    let sdk = match (having.as_slice(), mentioned.as_slice()) {
        ([one], _) | (_, [one]) => *one,
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|sdk| sdk.name.as_str()).collect();
            return Err(format!(
                "`{method}()` at {place} may belong to {}, and its file names neither or both: nothing is derived for it, \
                 write it as `[[policy]]`",
                names.join(" or ")
            ));
        }
    };
    let own = scan.own_functions.contains(&call.operation);
    let plain = call.operation.contains('_') || call.crates.contains(&sdk.ident());
    if call.is_sent() || (plain && !own) {
        Ok(sdk)
    } else {
        Err(format!(
            "`{method}()` at {place} may belong to `{}` or be your own, so nothing is derived for it: end the call with \
             `.send()` where it is made, or write it as `[[policy]]`",
            sdk.name
        ))
    }
}
