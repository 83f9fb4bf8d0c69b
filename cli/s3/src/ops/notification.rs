//! `GetBucketNotificationConfiguration` and `PutBucketNotificationConfiguration`.
//!
//! The form is checked first, then overlaps, and the receivers last (cases s3e-022 to s3e-035).

use super::{document as parse, ok};
use crate::error::{S3Result, error, error_with, invalid_argument, not_implemented};
use crate::ids;
use crate::notifications::{BucketReports, Receiver, TestIds};
use crate::operation::Operation as O;
use crate::reply::{Reply, xml};
use crate::request::Call;
use crate::service::Shared;
use crate::xml::{Element, Xml};

const ROOT: &str = "NotificationConfiguration";
/// The kinds of receivers: the service in their ARNs, the element of a configuration, and that of the ARN (S3 API reference,
/// `NotificationConfiguration`).
const KINDS: [(&str, &str, &str); 3] = [
    ("sns", "TopicConfiguration", "Topic"),
    ("sqs", "QueueConfiguration", "Queue"),
    ("lambda", "CloudFunctionConfiguration", "CloudFunction"),
];
/// The most configurations of a bucket (S3 user guide, "Amazon S3 Event Notifications": 100 for each bucket).
const MOST: usize = 100;
/// The changes that a bucket can report (S3 API reference, `NotificationConfiguration`, `Event`).
const EVENTS: [&str; 31] = [
    "s3:IntelligentTiering",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:LifecycleTransition",
    "s3:ObjectAcl:Put",
    "s3:ObjectAnnotation:*",
    "s3:ObjectAnnotation:Delete",
    "s3:ObjectAnnotation:Put",
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Put",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:ObjectRestore:Post",
    "s3:ObjectRetention:Put",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Delete",
    "s3:ObjectTagging:Put",
    "s3:ReducedRedundancyLostObject",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationReplicatedAfterThreshold",
];

/// Runs one of the two operations.
pub(super) fn operate(shared: &Shared, call: &Call, operation: O, body: &[u8]) -> S3Result<Reply> {
    shared.store.bucket(&call.bucket, |_| Ok(()))?;
    let notifier = shared.notifier.get();
    if operation == O::GetBucketNotificationConfiguration {
        let reports = notifier.map(|notifier| notifier.reports(&call.bucket));
        return Ok(xml(written(&reports.unwrap_or_default())));
    }
    let Some(notifier) = notifier else {
        return Err(not_implemented(operation.name()));
    };
    let reports = read(&parse(body, ROOT)?)?;
    overlaps(&reports.receivers)?;
    let skip = call.header("x-amz-skip-destination-validation");
    let skip = skip.is_some_and(|skip| skip.eq_ignore_ascii_case("true"));
    let mut tested = Vec::new();
    if !skip {
        let arns = reports.receivers.iter().map(|one| one.arn.as_str());
        let refused = arns.filter_map(|arn| Some((arn, notifier.refuses(arn)?)));
        let refused: Vec<(&str, String)> = refused.collect();
        if !refused.is_empty() {
            let mut failed = error_with(
                "InvalidArgument",
                "Unable to validate the following destination configurations",
            );
            for (index, (arn, why)) in refused.iter().enumerate() {
                let at = index + 1;
                failed = failed
                    .member(format!("ArgumentName{at}"), *arn)
                    .member(format!("ArgumentValue{at}"), why.as_str());
            }
            return Err(failed);
        }
        // Functions and EventBridge get no test message (cases s3e-037 and s3e-043).
        let queues = reports.receivers.iter().map(|one| &one.arn);
        tested.extend(queues.filter(|arn| service(arn) != "lambda").cloned());
    }
    let ids = TestIds {
        request: call.request_id.clone(),
        host: ids::host(),
    };
    notifier.replace(&call.bucket, reports, &tested, &ids);
    Ok(ok())
}

/// Forgets what a bucket reports that was deleted.
pub(super) fn forget(shared: &Shared, bucket: &str) {
    if let Some(notifier) = shared.notifier.get() {
        let nothing = BucketReports::default();
        notifier.replace(bucket, nothing, &[], &TestIds::default());
    }
}

fn service(arn: &str) -> &str {
    arn.split(':').nth(2).unwrap_or_default()
}

fn read(document: &Element) -> S3Result<BucketReports> {
    let mut reports = BucketReports::default();
    for child in &document.children {
        if child.name == "EventBridgeConfiguration" {
            reports.event_bridge = true;
            continue;
        }
        let mut kinds = KINDS.iter();
        let kind = kinds.find(|(_, configuration, _)| *configuration == child.name);
        let (service, _, name) = kind.ok_or_else(|| error("MalformedXML"))?;
        reports.receivers.push(receiver(child, service, name)?);
    }
    if reports.receivers.len() > MOST {
        // The text is unverified: no recorded case has so many.
        return Err(invalid_argument(
            "A maximum of 100 notification configurations is allowed",
            ROOT,
            &reports.receivers.len().to_string(),
        ));
    }
    let mut ids: Vec<&str> = reports
        .receivers
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        // The text is unverified: no recorded case has an id twice.
        return Err(invalid_argument(
            "Same ID used for multiple configurations. IDs must be unique",
            "Id",
            twice[0],
        ));
    }
    Ok(reports)
}

fn receiver(document: &Element, wanted: &str, name: &str) -> S3Result<Receiver> {
    let arn = document.required(name)?.to_owned();
    let events: Vec<String> = document
        .all("Event")
        .map(|event| event.text.trim().to_owned())
        .collect();
    if events.is_empty() {
        return Err(error("MalformedXML"));
    }
    if let Some(unknown) = events
        .iter()
        .find(|event| !EVENTS.contains(&event.as_str()))
    {
        // The text is unverified: no recorded case has such an event.
        return Err(invalid_argument(
            "A specified event is not supported for notifications.",
            "Event",
            unknown,
        ));
    }
    if arn.splitn(6, ':').count() != 6 || !arn.starts_with("arn:") || service(&arn) != wanted {
        return Err(invalid_argument("The ARN could not be parsed", name, &arn));
    }
    let mut made = Receiver {
        id: match document.value("Id") {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => ids::rule(),
        },
        arn,
        events,
        ..Receiver::default()
    };
    let filter = document.child("Filter").and_then(|one| one.child("S3Key"));
    for rule in filter.iter().flat_map(|filter| filter.all("FilterRule")) {
        let (Some(name), Some(value)) = (rule.value("Name"), rule.exact("Value")) else {
            return Err(error("MalformedXML"));
        };
        let place = match name.to_ascii_lowercase().as_str() {
            "prefix" => &mut made.prefix,
            "suffix" => &mut made.suffix,
            _ => {
                return Err(invalid_argument(
                    "filter rule name must be either prefix or suffix",
                    "FilterRule.Name",
                    name,
                ));
            }
        };
        if place.replace(value.to_owned()).is_some() {
            // The text is unverified: no recorded case has a rule twice.
            return Err(invalid_argument(
                "Cannot specify more than one prefix or suffix rule in a filter.",
                "FilterRule",
                name,
            ));
        }
    }
    Ok(made)
}

/// Refuses two configurations that want the same change of the same object.
fn overlaps(all: &[Receiver]) -> S3Result<()> {
    for (index, one) in all.iter().enumerate() {
        for other in &all[index + 1..] {
            if !share(one, other) {
                continue;
            }
            let filtered = |one: &Receiver| one.prefix.is_some() || one.suffix.is_some();
            // Both texts are of AWS's; which comes when is unverified (cases s3e-034 and s3e-035).
            return Err(match filtered(one) || filtered(other) {
                true => error_with(
                    "InvalidArgument",
                    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are \
                     overlapping for the same event type.",
                ),
                false => error_with(
                    "InvalidArgument",
                    "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
                ),
            });
        }
    }
    Ok(())
}

fn share(one: &Receiver, other: &Receiver) -> bool {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (first, second) = (text(&one.prefix), text(&other.prefix));
    let prefixes = first.starts_with(&second) || second.starts_with(&first);
    let (first, second) = (text(&one.suffix), text(&other.suffix));
    let suffixes = first.ends_with(&second) || second.ends_with(&first);
    let means = |pattern: &str, event: &str| match pattern.strip_suffix('*') {
        Some(start) => event.starts_with(start),
        None => pattern == event,
    };
    let same = |first: &String| {
        let mut events = other.events.iter();
        events.any(|second| means(first, second) || means(second, first))
    };
    prefixes && suffixes && one.events.iter().any(same)
}

fn written(reports: &BucketReports) -> String {
    let mut document = Xml::root(ROOT);
    for (wanted, configuration, name) in KINDS {
        let own = reports.receivers.iter();
        for one in own.filter(|one| service(&one.arn) == wanted) {
            document.open(configuration);
            document.text("Id", &one.id);
            document.text(name, &one.arn);
            for event in &one.events {
                document.text("Event", event);
            }
            if one.prefix.is_some() || one.suffix.is_some() {
                document.open("Filter");
                document.open("S3Key");
                // Rules are read in any case, and given back with a capital (case s3e-018).
                for (rule, value) in [("Prefix", &one.prefix), ("Suffix", &one.suffix)] {
                    if let Some(value) = value {
                        document.open("FilterRule");
                        document.text("Name", rule);
                        document.text("Value", value);
                        document.close("FilterRule");
                    }
                }
                document.close("S3Key");
                document.close("Filter");
            }
            document.close(configuration);
        }
    }
    if reports.event_bridge {
        document.open("EventBridgeConfiguration");
        document.close("EventBridgeConfiguration");
    }
    document.close(ROOT);
    document.finish()
}
