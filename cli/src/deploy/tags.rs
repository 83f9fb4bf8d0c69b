//! Tags of the settings on what is there, and who deployed last.
//!
//! Others may tag our resources too: an organization's policy, a cost tool. So what is removed is what a deploy before has set,
//! and `fw:tags` names those.

use std::path::Path;

use jiff::{Timestamp, Unit};

use super::{
    model::{Desired, Place, TAG_TAGS},
    observe::Actual,
    setting::Setting,
    step::{Plan, Step},
};
use crate::aws::{
    Aws, Error, Tags,
    tags::{Taggable, TaggedKind},
};

/// Sets the tags that are missing or differ, and removes those that the settings no longer have.
pub(super) fn tags(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let (names, place) = (&desired.names, &desired.place);
    let mut found: Vec<(Taggable, &Tags)> = Vec::new();
    if let Some(role) = actual.role.ours().filter(|_| desired.own_role) {
        let resource = taggable(TaggedKind::Role, &names.role, place);
        found.push((resource, &role.tags));
    }
    for one in desired.functions() {
        let whole = actual.function(&one.name);
        if let Some(group) = whole.log_group.ours() {
            let resource = taggable(TaggedKind::LogGroup, &one.log_group, place);
            found.push((resource, &group.tags));
        }
        if let Some(function) = whole.function.ours() {
            let resource = taggable(TaggedKind::Function, &one.name, place);
            found.push((resource, &function.tags));
        }
    }
    if let (Some(group), Some(_)) = (actual.around.access_log.ours(), desired.access_log) {
        let resource = taggable(TaggedKind::LogGroup, &names.access_log(), place);
        found.push((resource, &group.tags));
    }
    if let Some(whole) = actual.apis.first().filter(|_| desired.url.is_none()) {
        let resource = taggable(TaggedKind::Api, &whole.api.id, place);
        found.push((resource, &whole.api.tags));
    }
    let wanted = names.tags();
    for (resource, has) in found {
        let missing: Tags = wanted
            .iter()
            .filter(|(key, value)| has.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !missing.is_empty() {
            let told = missing.iter().filter(|(key, _)| *key != TAG_TAGS);
            let told: Vec<String> = told
                .map(|(key, value)| match has.get(key) {
                    Some(old) => format!("{key}: {old} → {value}"),
                    None => format!("{key}: none → {value}"),
                })
                .collect();
            let reason = match told.is_empty() {
                true => "their list".to_owned(),
                false => told.join(", "),
            };
            let step = Setting::Tag {
                resource: resource.clone(),
                tags: missing,
            };
            plan.push(Step::Set(step), reason);
        }
        let before = has.get(TAG_TAGS).into_iter();
        let before = before.flat_map(|list| list.split(' ')).chain([TAG_TAGS]);
        let keys: Vec<String> = before
            .filter(|key| has.contains_key(*key) && !wanted.contains_key(*key))
            .map(str::to_owned)
            .collect();
        if !keys.is_empty() {
            let reason = format!("not in the settings: {}", keys.join(", "));
            plan.push(Step::Set(Setting::Untag { resource, keys }), reason);
        }
    }
}

/// Writes down at the main function who deployed, when, and from which commit of the sources in that folder.
///
/// # Errors
///
/// The call's.
pub(crate) async fn record<A: Aws>(aws: &A, desired: &Desired, folder: &Path) -> Result<(), Error> {
    let now = Timestamp::now().round(Unit::Second).unwrap_or_default();
    let mut tags = Tags::from([
        ("fw:by".to_owned(), aws.caller().await?.arn),
        ("fw:at".to_owned(), now.to_string()),
        // Always set: the last deploy's would stay.
        ("fw:commit".to_owned(), commit(folder)),
    ]);
    for value in tags.values_mut() {
        *value = value
            .chars()
            .map(|c| if taken(c) { c } else { '_' })
            .take(256)
            .collect();
    }
    let place = &desired.place;
    let function = taggable(TaggedKind::Function, &desired.names.function, place);
    aws.tag(&function, &tags).await
}

/// The commit that the sources are of, with a mark where they were changed since.
fn commit(folder: &Path) -> String {
    let git = std::process::Command::new("git")
        .args([
            "describe",
            "--always",
            "--dirty=-changed",
            "--exclude=*",
            "--abbrev=12",
        ])
        .current_dir(folder)
        .output();
    git.ok()
        .filter(|git| git.status.success())
        .map(|git| String::from_utf8_lossy(&git.stdout).trim().to_owned())
        .filter(|commit| !commit.is_empty())
        .unwrap_or_else(|| "none".to_owned())
}

/// What all services take in a tag (Lambda developer guide, "Using tags on Lambda functions").
pub(crate) fn taken(c: char) -> bool {
    c.is_alphanumeric() || " _.:/=+-@".contains(c)
}

fn taggable(kind: TaggedKind, name: &str, place: &Place) -> Taggable {
    let Place {
        partition,
        account,
        region,
    } = place;
    let arn = match kind {
        TaggedKind::Function => {
            format!("arn:{partition}:lambda:{region}:{account}:function:{name}")
        }
        TaggedKind::Role => format!("arn:{partition}:iam::{account}:role/{name}"),
        TaggedKind::LogGroup => format!("arn:{partition}:logs:{region}:{account}:log-group:{name}"),
        TaggedKind::Api => format!("arn:{partition}:apigateway:{region}::/apis/{name}"),
    };
    Taggable {
        kind,
        name: name.to_owned(),
        arn,
    }
}
