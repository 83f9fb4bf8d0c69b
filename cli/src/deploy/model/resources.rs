//! What the functions know about the resources in the settings: a variable for each, and statements
//! with their ARNs instead of logical names.

use std::collections::BTreeMap;

use fw_manifest::Manifest;

use super::{Names, Place};
use crate::{
    deploy::kind::queue::desired as queue,
    error::{Failure, Result},
    settings::Settings,
    values::{
        resources::{Reference, ResourceKind},
        statement::{Effect, Statement},
    },
};

/// Lambda's limit for all environment variables together, in bytes (gateway-truth §4.5).
const ENVIRONMENT_LIMIT: usize = 4096;

/// The variables through which the code finds the resources of the settings: a queue's URL, a
/// topic's ARN, a bus' name, or the ARN of an existing one.
///
/// # Errors
///
/// If a name is too long for AWS; exit code 65.
pub(super) fn variables(
    settings: &Settings,
    at: (&Names, &Place),
) -> Result<BTreeMap<String, String>> {
    let all = settings.resources.all();
    all.map(|(kind, name, _)| {
        let arn = arn(settings, kind, name, at)?;
        let value = match kind {
            ResourceKind::Queue => queue::url(&arn),
            ResourceKind::Topic | ResourceKind::Bus => arn,
        };
        Ok((kind.variable(name), value))
    })
    .collect()
}

/// The settings with default queues for those that functions read and no table declares.
///
/// # Errors
///
/// If such a name is not valid for a queue, or has the variable of another one; exit code 65.
pub(super) fn with_used(manifest: &Manifest, settings: &Settings) -> Result<Settings> {
    let mut settings = settings.clone();
    settings.resources.declare_read(manifest);
    settings.resources.check()?;
    Ok(settings)
}

/// Refuses more variables than Lambda accepts, including those that `cargo fw` adds.
///
/// # Errors
///
/// If they are too long together; exit code 65.
pub(super) fn fits(environment: &BTreeMap<String, String>) -> Result<()> {
    let lengths = environment.iter();
    let total: usize = lengths.map(|(name, value)| name.len() + value.len()).sum();
    if total <= ENVIRONMENT_LIMIT {
        return Ok(());
    }
    Err(
        Failure::input(format!("the environment is too large: {total} bytes")).because_of(format!(
            "Lambda accepts {ENVIRONMENT_LIMIT} bytes, names and values together, and each queue, topic and bus of the settings has a \
             variable"
        )),
    )
}

/// The statements with ARNs instead of logical names, and what the keys of queues need in addition.
///
/// # Errors
///
/// If a name is too long for AWS; exit code 65.
pub(super) fn resolved(
    mut statements: Vec<Statement>,
    settings: &Settings,
    at: (&Names, &Place),
) -> Result<Vec<Statement>> {
    let keys = keys(&statements, settings);
    for statement in &mut statements {
        for resource in &mut statement.resources {
            if let Some(Reference { kind, name }) = Reference::of(resource) {
                *resource = arn(settings, kind, &name, at)?;
            }
        }
    }
    statements.extend(keys);
    Ok(statements)
}

/// The actions for sending to and reading from queues with keys (SQS developer guide, "Configuring
/// KMS permissions for Amazon SQS": a producer generates and decrypts, a consumer decrypts).
fn keys(statements: &[Statement], settings: &Settings) -> Option<Statement> {
    let allowed = statements.iter().filter(|one| one.effect == Effect::Allow);
    let mut actions = Vec::new();
    let mut keys = Vec::new();
    for statement in allowed {
        let named = statement
            .resources
            .iter()
            .filter_map(|one| Reference::of(one));
        let queues = named.filter(|one| one.kind == ResourceKind::Queue);
        let queues = queues.filter_map(|one| settings.resources.queues.get(&one.name));
        let held: Vec<&String> = queues.filter_map(|one| one.kms_key.as_ref()).collect();
        let does = |action: &str| statement.actions.iter().any(|one| one == action);
        if does("sqs:SendMessage") && !held.is_empty() {
            actions.extend(["kms:Decrypt", "kms:GenerateDataKey"]);
        }
        if does("sqs:ReceiveMessage") && !held.is_empty() {
            actions.push("kms:Decrypt");
        }
        keys.extend(held);
    }
    actions.sort_unstable();
    actions.dedup();
    keys.sort_unstable();
    keys.dedup();
    (!actions.is_empty()).then(|| Statement {
        sid: Some("QueueKeys".to_owned()),
        actions: actions.into_iter().map(str::to_owned).collect(),
        resources: keys.into_iter().cloned().collect(),
        ..Statement::default()
    })
}

/// The ARN of what the settings declare.
///
/// # Errors
///
/// If its name is too long for AWS; exit code 65.
pub(crate) fn arn(
    settings: &Settings,
    kind: ResourceKind,
    name: &str,
    (names, place): (&Names, &Place),
) -> Result<String> {
    let resources = &settings.resources;
    let mut all = resources.all();
    let found = all.find(|(held, key, _)| (*held, *key) == (kind, name));
    if let Some((.., Some(existing))) = found {
        return Ok(existing.to_owned());
    }
    let suffix = resources.suffix(kind, name);
    let name = kind.physical(&names.function, name, suffix)?;
    Ok(match kind {
        ResourceKind::Queue => place.queue(&name),
        ResourceKind::Topic => place.arn("sns", &name),
        ResourceKind::Bus => place.arn("events", &format!("event-bus/{name}")),
    })
}
