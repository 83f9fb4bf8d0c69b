//! What lets a service invoke a function that it is the source of: one statement at the function's alias for each kind of source, and
//! never one for each topic or rule, as a policy has room for some 60 of them (20 KB: Lambda quotas).
//!
//! A function has one source. Its statement covers everything of that kind that the deployment creates, by the prefix of its names, so
//! it stays as it is when a topic or a rule is renamed. For a topic or bus that is there already it names that one alone, and its id
//! carries a digest of it: so the statement is also how such a topic is found again that the settings no longer have. The same holds for
//! every bucket, whose name may be shortened and then has another prefix.
//!
//! A condition on the account stands only where the ARN of the source does not name it (a bucket's). SNS and `EventBridge` have it in
//! their ARNs, and that they send `aws:SourceAccount` besides is unverified: AWS's own examples for both give `SourceArn` alone (Lambda
//! developer guide, "Granting Lambda function access to AWS services").

pub(crate) mod plan;

use fw_manifest::SourceEvent;
use sha2::{Digest as _, Sha256};

use super::naming::Naming;
use crate::{
    aws::lambda::Grant,
    error::Result,
    settings::Settings,
    values::{
        resources::{Arn, ResourceKind},
        text::hex,
    },
};

/// A topic of SNS.
const SNS: &str = "fw-sns";
/// A rule of `EventBridge`.
const EVENTS: &str = "fw-events";
/// A bucket of S3.
const S3: &str = "fw-s3";
/// All of them.
const IDS: [&str; 3] = [SNS, EVENTS, S3];

/// Whether a statement of that id is one of these.
pub(crate) fn is_own(id: &str) -> bool {
    IDS.iter().any(|own| {
        let rest = id.strip_prefix(own);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

/// The statement for a function with that source; `None` where it needs none: a queue is read, and Scheduler has a role.
///
/// # Errors
///
/// When a name is too long for AWS; exit code 65.
pub(crate) fn wanted(
    event: &SourceEvent,
    settings: &Settings,
    at: &impl Naming,
) -> Result<Option<Grant>> {
    let arn = |kind, name: &str| at.arn(kind, name);
    let own = |kind, name: &str| settings.resources.existing(kind, name).is_none();
    let grant = |id, service: &str, source| Grant::of_service(id, service, source);
    Ok(match event {
        SourceEvent::Sns { topic } => {
            let (id, source) = match own(ResourceKind::Topic, topic) {
                true => (SNS.to_owned(), at.topic(&format!("{}*", at.prefix()))),
                false => {
                    let arn = arn(ResourceKind::Topic, topic)?;
                    (of_one(SNS, &arn), arn)
                }
            };
            Some(grant(id, "sns.amazonaws.com", source))
        }
        SourceEvent::Event { bus, .. } => {
            let theirs = bus.as_ref().filter(|bus| !own(ResourceKind::Bus, bus));
            let prefix = at.prefix();
            let (id, source) = match theirs {
                // Rules on the default bus, and on buses of the deployment's, whose names begin alike.
                None => (EVENTS.to_owned(), at.rule(&format!("{prefix}*"))),
                Some(bus) => {
                    let arn = arn(ResourceKind::Bus, bus)?;
                    let bus = Arn::of(&arn).map_or("", |arn| arn.bus());
                    let rules = at.rule(&format!("{bus}/{prefix}*"));
                    (of_one(EVENTS, bus), rules)
                }
            };
            Some(grant(id, "events.amazonaws.com", source))
        }
        SourceEvent::S3 { bucket, .. } => {
            let declared = settings.resources.buckets.get(bucket);
            let existing = declared.and_then(|one| one.existing.as_ref());
            // A template knows neither account nor region, which the name of a bucket of the deployment's has in it.
            let digested = existing.map_or_else(|| at.prefix() + bucket, Clone::clone);
            let source = at.bucket_arn(&at.bucket(bucket));
            Some(Grant {
                account: Some(at.account().to_owned()),
                ..grant(of_one(S3, &digested), "s3.amazonaws.com", source)
            })
        }
        SourceEvent::Sqs { .. } | SourceEvent::Schedule { .. } | SourceEvent::Function => None,
    })
}

/// The id of a statement for that topic or bus alone. It is the same in a template, which knows neither account nor region.
pub(crate) fn of_one(id: &str, name: &str) -> String {
    format!("{id}-{}", hex(&Sha256::digest(name)[..4]))
}

/// The sources of one service that statements of the deployment name alone: topics that are there already.
pub(crate) fn topics<'a>(grants: impl Iterator<Item = &'a Grant>) -> impl Iterator<Item = &'a str> {
    let topics = grants.filter(|grant| is_own(&grant.id) && grant.id.starts_with(SNS));
    let alone = topics.filter(|grant| !grant.source.ends_with('*'));
    alone.map(|grant| grant.source.as_str())
}

/// The names of the buckets that statements of the deployment name.
pub(crate) fn buckets<'a>(
    grants: impl Iterator<Item = &'a Grant>,
) -> impl Iterator<Item = &'a str> {
    let own = grants.filter(|grant| is_own(&grant.id) && grant.id.starts_with(S3));
    own.filter_map(|grant| Some(grant.source.split_once(":s3:::")?.1))
}

/// The names of the buses that statements of the deployment name alone: buses that are there already.
pub(crate) fn buses<'a>(grants: impl Iterator<Item = &'a Grant>) -> impl Iterator<Item = String> {
    let rules = grants.filter(|grant| is_own(&grant.id) && grant.id.starts_with(EVENTS));
    rules.filter_map(|grant| {
        let rule = grant.source.rsplit(':').next()?.strip_prefix("rule/")?;
        Some(rule.split_once('/')?.0.to_owned())
    })
}
