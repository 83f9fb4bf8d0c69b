//! Tags of the settings on existing resources, and who deployed last.
//!
//! Others may tag our resources too: an organization's policy, a cost tool. So what is removed is what a deploy before has set,
//! and `fw:tags` names those.

use std::path::Path;

use jiff::{Timestamp, Unit};

use super::{
    kind::tag::step::TagStep,
    model::Desired,
    names::{AwsLocation, TAG_TAGS},
    observe::Actual,
    step::{Plan, Step},
};
use crate::{
    aws::{
        Aws, Error,
        tags::{Taggable, TaggedKind},
    },
    values::names::{Tags, in_tag},
};

/// Sets the tags that are missing or differ, and removes those that the settings no longer have.
pub(super) fn tags(plan: &mut Plan, desired: &Desired, actual: &Actual) {
    let (names, place) = (&desired.names, &desired.place);
    let mut found: Vec<(Taggable, &Tags)> = Vec::new();
    for one in &desired.functions {
        let there = actual.role(&one.name).role.ours();
        if let (Some(own), Some(role)) = (&one.role, there) {
            let resource = taggable(TaggedKind::Role, &own.name, place);
            found.push((resource, &role.tags));
        }
    }
    for one in desired.in_order() {
        let whole = actual.function(&one.name);
        if let Some(group) = whole.log_group.ours() {
            let resource = taggable(TaggedKind::LogGroup, &one.log_group, place);
            found.push((resource, &group.tags));
        }
        if let Some(function) = whole.function.ours() {
            let resource = taggable(TaggedKind::Function, &one.name, place);
            found.push((resource, &function.tags));
        }
        // One that goes keeps its tags until then.
        let wanted = |name: &String| names.mappings.contains(name);
        let mappings = whole.mappings.iter().filter(|one| wanted(&one.name));
        for (name, mapping) in mappings.filter_map(|one| Some((&one.name, one.found.ours()?))) {
            let resource = Taggable {
                kind: TaggedKind::Mapping,
                name: name.clone(),
                arn: mapping.mapping.arn.clone(),
            };
            found.push((resource, &mapping.tags));
        }
    }
    if let (Some(group), Some(_)) = (actual.access_log.group.ours(), desired.access_log) {
        let resource = taggable(TaggedKind::LogGroup, &names.access_log(), place);
        found.push((resource, &group.tags));
    }
    if let Some(whole) = actual.apis.first().filter(|_| desired.url.is_none()) {
        let resource = taggable(TaggedKind::Api, &whole.api.id, place);
        found.push((resource, &whole.api.tags));
    }
    let rest = actual.rests.apis.first();
    if let Some(whole) = rest.filter(|_| desired.rest.is_some()) {
        let resource = taggable(TaggedKind::RestApi, &whole.api.id, place);
        found.push((resource, &whole.api.tags));
    }
    let wanted = names.tags();
    for (resource, has) in found {
        let Retagged {
            removed,
            missing,
            why,
        } = Retagged::between(has, &wanted);
        if let Some((keys, reason)) = removed {
            let resource = resource.clone();
            plan.push(Step::Tag(TagStep::Untag { resource, keys }), reason);
        }
        if !missing.is_empty() {
            let tags = missing;
            plan.push(Step::Tag(TagStep::Tag { resource, tags }), why);
        }
    }
}

/// The changes of a resource's tags.
pub(super) struct Retagged {
    /// The keys that a deploy before has set and the settings no longer have, and why they go. They go first, as the list of what a
    /// deploy has set is among what is missing.
    pub(super) removed: Option<(Vec<String>, String)>,
    /// The tags that are missing or differ.
    pub(super) missing: Tags,
    /// Why they are set.
    pub(super) why: String,
}

impl Retagged {
    /// The difference between the tags that a resource has and those that it should have.
    pub(super) fn between(has: &Tags, wanted: &Tags) -> Self {
        let before = has.get(TAG_TAGS).into_iter();
        let before = before.flat_map(|list| list.split(' ')).chain([TAG_TAGS]);
        let keys: Vec<String> = before
            .filter(|key| has.contains_key(*key) && !wanted.contains_key(*key))
            .map(str::to_owned)
            .collect();
        let reason = format!("not in the settings: {}", keys.join(", "));
        let missing: Tags = wanted
            .iter()
            .filter(|(key, value)| has.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let told = missing.iter().filter(|(key, _)| *key != TAG_TAGS);
        let told: Vec<String> = told
            .map(|(key, value)| match has.get(key) {
                Some(old) => format!("{key}: {old} → {value}"),
                None => format!("{key}: none → {value}"),
            })
            .collect();
        Self {
            removed: (!keys.is_empty()).then_some((keys, reason)),
            missing,
            why: match told.is_empty() {
                true => "their list".to_owned(),
                false => told.join(", "),
            },
        }
    }
}

/// What a REST API served with which version, from a tag of the main function:
/// `12=9f86d08188 11=…`, the newest first. The digits are the first of the digest in the
/// deployment's description.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Served(Vec<(String, String)>);

impl Served {
    /// The tag.
    const TAG: &str = "fw:served";
    /// How many digits of a digest are kept: enough for the few deployments of one API.
    const DIGITS: usize = 10;
    /// The most that a tag's value has.
    const MOST: usize = 256;

    /// The content of these tags.
    pub(crate) fn of(tags: &Tags) -> Self {
        let text = tags.get(Self::TAG).map_or("", String::as_str);
        let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.filter(|(_, digest)| digest.len() == Self::DIGITS);
        Self(
            pairs
                .map(|(version, digest)| (version.to_owned(), digest.to_owned()))
                .collect(),
        )
    }

    /// The start of the digest of what was served with this version.
    pub(crate) fn digest(&self, version: &str) -> Option<&str> {
        let mut all = self.0.iter();
        let found = all.find(|(number, _)| number == version);
        found.map(|(_, digest)| digest.as_str())
    }

    /// The versions with which what has that digest was served, the newest first.
    pub(crate) fn versions<'a>(&'a self, digest: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.0.iter();
        let all = all.filter(move |(_, begins)| digest.starts_with(begins.as_str()));
        all.map(|(version, _)| version.as_str())
    }

    /// The same with a new entry; entries that do not fit in the tag are dropped.
    fn with(mut self, version: &str, digest: &str) -> String {
        self.0.retain(|(number, _)| number != version);
        let digest = digest.chars().take(Self::DIGITS).collect();
        self.0.push((version.to_owned(), digest));
        self.0.sort_by_key(|(number, _)| {
            std::cmp::Reverse(number.parse::<u64>().unwrap_or_default())
        });
        let mut text = String::new();
        for (version, digest) in self.0 {
            let pair = format!("{version}={digest}");
            if text.len() + 1 + pair.len() > Self::MOST {
                break;
            }
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&pair);
        }
        text
    }
}

/// Records at the main function who deployed, when, and from which commit of the sources in this
/// folder; for a REST API also what it serves with the version that has the traffic now.
///
/// # Errors
///
/// The call's.
pub(crate) async fn record<A: Aws>(
    aws: &A,
    desired: &Desired,
    folder: &Path,
    actual: &Actual,
    version: Option<&str>,
) -> Result<(), Error> {
    let now = Timestamp::now().round(Unit::Second).unwrap_or_default();
    let mut tags = Tags::from([
        ("fw:by".to_owned(), aws.caller().await?.arn),
        ("fw:at".to_owned(), now.to_string()),
        // Always set: the last deploy's would stay.
        ("fw:commit".to_owned(), commit(folder)),
    ]);
    // While a canary runs, what the API serves is what it served before.
    if let (Some(rest), Some(version), None) = (&desired.rest, version, desired.canary) {
        let function = actual.function(&desired.names.function).function.ours();
        let before = function.map_or_else(Served::default, |found| Served::of(&found.tags));
        let served = before.with(version, &rest.digest());
        tags.insert(Served::TAG.to_owned(), served);
    }
    for value in tags.values_mut() {
        *value = value
            .chars()
            .map(|c| if in_tag(c) { c } else { '_' })
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

/// A resource of that kind and name, for the tagging calls.
pub(super) fn taggable(kind: TaggedKind, name: &str, place: &AwsLocation) -> Taggable {
    let AwsLocation {
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
        TaggedKind::RestApi => {
            format!("arn:{partition}:apigateway:{region}::/restapis/{name}")
        }
        TaggedKind::Mapping => {
            format!("arn:{partition}:lambda:{region}:{account}:event-source-mapping:{name}")
        }
    };
    Taggable {
        kind,
        name: name.to_owned(),
        arn,
    }
}

#[cfg(test)]
mod tests {
    use super::{Served, Tags};

    fn of(text: &str) -> Served {
        Served::of(&Tags::from([(Served::TAG.to_owned(), text.to_owned())]))
    }

    #[test]
    fn what_was_served_is_kept_by_version() {
        let digest = |digit: &str| digit.repeat(64);
        let text = Served::default().with("9", &digest("a"));
        let text = of(&text).with("10", &digest("b"));
        let text = of(&text).with("8", &digest("a"));
        assert_eq!(text, "10=bbbbbbbbbb 9=aaaaaaaaaa 8=aaaaaaaaaa");
        let served = of(&text);
        assert_eq!(served.digest("10"), Some("bbbbbbbbbb"));
        assert_eq!(served.digest("1"), None);
        let a = digest("a");
        assert_eq!(served.versions(&a).collect::<Vec<_>>(), ["9", "8"]);
        assert_eq!(served.versions("").count(), 0);
        // A version that gets another deployment, and more entries than a tag can hold.
        let mut text = served.with("9", &digest("c"));
        assert!(text.contains("9=cccccccccc"), "{text}");
        for version in 100..200 {
            text = of(&text).with(&version.to_string(), &digest("d"));
        }
        assert!(
            text.len() <= Served::MOST && text.starts_with("199="),
            "{text}"
        );
        assert_eq!(of("nonsense 1=2 ="), Served::default());
    }
}
