//! The calls of SQS that queues need. SQS names everything by a queue's URL, and has all attributes as texts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    desired::{Attributes, DeadLetter, Encryption},
    found::FoundQueue,
    policy,
};
use crate::{
    aws::{
        Kind,
        error::{Operation, Result},
        json::Json,
    },
    values::names::Tags,
};

pub(super) const CREATE: Operation = Operation::new("sqs", "CreateQueue");
pub(super) const DELETE: Operation = Operation::new("sqs", "DeleteQueue");
pub(super) const GET_ATTRIBUTES: Operation = Operation::new("sqs", "GetQueueAttributes");
pub(super) const GET_URL: Operation = Operation::new("sqs", "GetQueueUrl");
pub(super) const LIST: Operation = Operation::new("sqs", "ListQueues");
pub(super) const LIST_TAGS: Operation = Operation::new("sqs", "ListQueueTags");
pub(super) const SET_ATTRIBUTES: Operation = Operation::new("sqs", "SetQueueAttributes");
pub(super) const TAG: Operation = Operation::new("sqs", "TagQueue");
pub(super) const UNTAG: Operation = Operation::new("sqs", "UntagQueue");

/// All of them: what a deploy with queues needs of IAM.
pub(crate) const ALL: [Operation; 9] = [
    CREATE,
    DELETE,
    GET_ATTRIBUTES,
    GET_URL,
    LIST,
    LIST_TAGS,
    SET_ATTRIBUTES,
    TAG,
    UNTAG,
];

/// The attribute with the queue's policy.
pub(super) const POLICY: &str = "Policy";
const REDRIVE: &str = "RedrivePolicy";
const KMS_KEY: &str = "KmsMasterKeyId";
const SQS_KEY: &str = "SqsManagedSseEnabled";

/// Attributes as SQS has them.
pub(crate) type Wire = BTreeMap<String, String>;

/// `ListQueues`: the names of the account's queues that begin with that, a thousand at the most.
pub(crate) async fn names<A: Json>(aws: &A, prefix: &str) -> Result<Vec<String>> {
    let answer = aws
        .json(LIST, &json!({ "QueueNamePrefix": prefix }))
        .await?;
    // An empty list is left out (sqs-020).
    let urls = answer["QueueUrls"].as_array().into_iter().flatten();
    let name = |url: &Value| Some(url.as_str()?.rsplit('/').next()?.to_owned());
    Ok(urls.filter_map(name).collect())
}

/// `GetQueueUrl`, and where the queue is there `GetQueueAttributes` and `ListQueueTags`.
pub(crate) async fn find<A: Json>(aws: &A, name: &str) -> Result<Option<FoundQueue>> {
    let Some(answer) = there(aws.json(GET_URL, &json!({ "QueueName": name })).await)? else {
        return Ok(None);
    };
    let url = answer["QueueUrl"].as_str().unwrap_or_default().to_owned();
    let asked = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
    let tags = json!({ "QueueUrl": url });
    let (attributes, tags) = tokio::join!(
        Box::pin(aws.json(GET_ATTRIBUTES, &asked)),
        Box::pin(aws.json(LIST_TAGS, &tags)),
    );
    let (Some(attributes), Some(tags)) = (there(attributes)?, there(tags)?) else {
        return Ok(None);
    };
    let wire: Wire = texts(&attributes["Attributes"]);
    Ok(Some(FoundQueue {
        url,
        others: policy::others(wire.get(POLICY)),
        messages: messages(&wire),
        attributes: read(&wire),
        tags: texts(&tags["Tags"]),
    }))
}

/// `GetQueueAttributes`: for how many seconds a queue hides a message that was received.
pub(crate) async fn hidden<A: Json>(aws: &A, url: &str) -> Result<Option<u32>> {
    let asked = json!({ "QueueUrl": url, "AttributeNames": ["VisibilityTimeout"] });
    let answer = aws.json(GET_ATTRIBUTES, &asked).await?;
    let hidden = answer["Attributes"]["VisibilityTimeout"].as_str();
    Ok(hidden.and_then(|hidden| hidden.parse().ok()))
}

/// `CreateQueue` of that ARN with all that is set of it, so that it never is there without its tags.
pub(crate) async fn create<A: Json>(
    aws: &A,
    arn: &str,
    attributes: &Attributes,
    tags: &Tags,
) -> Result<()> {
    let name = arn.rsplit(':').next().unwrap_or_default();
    let mut wire = wire(attributes);
    if !attributes.senders.is_empty() {
        wire.extend([policy::setting(arn, &attributes.senders, &[])]);
    }
    let asked = json!({ "QueueName": name, "Attributes": wire, "tags": tags });
    aws.json(CREATE, &asked).await.map(drop)
}

/// `SetQueueAttributes`: what it names, and nothing else (sqs-024).
pub(crate) async fn set<A: Json>(aws: &A, url: &str, attributes: &Wire) -> Result<()> {
    let asked = json!({ "QueueUrl": url, "Attributes": attributes });
    aws.json(SET_ATTRIBUTES, &asked).await.map(drop)
}

/// `TagQueue`: sets those tags and leaves others.
pub(crate) async fn tag<A: Json>(aws: &A, url: &str, tags: &Tags) -> Result<()> {
    let asked = json!({ "QueueUrl": url, "Tags": tags });
    aws.json(TAG, &asked).await.map(drop)
}

/// `UntagQueue`.
pub(crate) async fn untag<A: Json>(aws: &A, url: &str, keys: &[String]) -> Result<()> {
    let asked = json!({ "QueueUrl": url, "TagKeys": keys });
    aws.json(UNTAG, &asked).await.map(drop)
}

/// `DeleteQueue`, with the messages in it.
pub(crate) async fn delete<A: Json>(aws: &A, url: &str) -> Result<()> {
    aws.json(DELETE, &json!({ "QueueUrl": url }))
        .await
        .map(drop)
}

/// The attributes of a new queue. `FifoQueue` and `ContentBasedDeduplication` are unknown to a standard queue, even where they are
/// false (sqs-008).
pub(super) fn wire(attributes: &Attributes) -> Wire {
    let mut all = numbers(attributes);
    if attributes.fifo {
        all.insert("FifoQueue".to_owned(), "true".to_owned());
        all.extend(deduplication(attributes));
    }
    if attributes.dead_letter.is_some() {
        all.extend(redrive(attributes));
    }
    all.extend(match &attributes.encryption {
        Encryption::Sqs => Some(pair(SQS_KEY, "true")),
        Encryption::Kms(key) => Some(pair(KMS_KEY, key)),
        Encryption::Off => None,
    });
    all
}

/// The changes that lead from one to the other, a call each; not of the policy, which has the statements of others in it. To take away a key leaves a queue without encryption (sqs-032), and
/// both in one call are refused (sqs-033).
pub(super) fn changes(found: &Attributes, wanted: &Attributes) -> Vec<Wire> {
    let before = numbers(found);
    let mut first: Wire = numbers(wanted)
        .into_iter()
        .filter(|(key, value)| before.get(key) != Some(value))
        .collect();
    if wanted.fifo && found.deduplication != wanted.deduplication {
        first.extend(deduplication(wanted));
    }
    if found.dead_letter != wanted.dead_letter {
        first.extend(redrive(wanted));
    }
    let mut second = Wire::new();
    if found.encryption != wanted.encryption {
        match (&found.encryption, &wanted.encryption) {
            (_, Encryption::Kms(key)) => first.extend([pair(KMS_KEY, key)]),
            (Encryption::Kms(_), Encryption::Sqs) => {
                first.extend([pair(KMS_KEY, "")]);
                second.extend([pair(SQS_KEY, "true")]);
            }
            (_, Encryption::Sqs) => first.extend([pair(SQS_KEY, "true")]),
            (_, Encryption::Off) => {}
        }
    }
    let all = [first, second].into_iter();
    all.filter(|change| !change.is_empty()).collect()
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn numbers(attributes: &Attributes) -> Wire {
    Wire::from([
        pair(
            "VisibilityTimeout",
            &attributes.visibility_timeout.to_string(),
        ),
        pair("DelaySeconds", &attributes.delay.to_string()),
        pair("MessageRetentionPeriod", &attributes.retention.to_string()),
    ])
}

fn deduplication(attributes: &Attributes) -> Wire {
    let value = attributes.deduplication.to_string();
    Wire::from([pair("ContentBasedDeduplication", &value)])
}

/// An empty text removes it (sqs-027).
fn redrive(attributes: &Attributes) -> Wire {
    let policy = attributes.dead_letter.as_ref();
    let policy = policy.map_or_else(String::new, |DeadLetter { queue, receives }| {
        json!({ "deadLetterTargetArn": queue, "maxReceiveCount": receives }).to_string()
    });
    Wire::from([pair(REDRIVE, &policy)])
}

/// What a queue's attributes say.
fn read(wire: &Wire) -> Attributes {
    let text = |key: &str| wire.get(key).map_or("", String::as_str);
    let number = |key: &str| text(key).parse().unwrap_or_default();
    let yes = |key: &str| text(key) == "true";
    Attributes {
        fifo: yes("FifoQueue"),
        visibility_timeout: number("VisibilityTimeout"),
        delay: number("DelaySeconds"),
        retention: number("MessageRetentionPeriod"),
        dead_letter: dead_letter(text(REDRIVE)),
        deduplication: yes("ContentBasedDeduplication"),
        encryption: match text(KMS_KEY) {
            "" if yes(SQS_KEY) => Encryption::Sqs,
            "" => Encryption::Off,
            key => Encryption::Kms(key.to_owned()),
        },
        senders: policy::senders(wire.get(POLICY)),
    }
}

/// The count may be a number or a text in it (sqs-026, sqs-027).
fn dead_letter(policy: &str) -> Option<DeadLetter> {
    let policy: Value = serde_json::from_str(policy).ok()?;
    let count = &policy["maxReceiveCount"];
    let receives = match count.as_str() {
        Some(text) => text.parse().ok(),
        None => count.as_u64(),
    };
    Some(DeadLetter {
        queue: policy["deadLetterTargetArn"].as_str()?.to_owned(),
        receives: receives.and_then(|count| u32::try_from(count).ok())?,
    })
}

/// About how many messages are in it: those that can be received, those that somebody has received, and those to come.
fn messages(wire: &Wire) -> u64 {
    let counted = ["", "NotVisible", "Delayed"].iter();
    let counted = counted.filter_map(|state| {
        let count = wire.get(&format!("ApproximateNumberOfMessages{state}"))?;
        count.parse::<u64>().ok()
    });
    counted.sum()
}

fn texts(document: &Value) -> BTreeMap<String, String> {
    let all = document.as_object().into_iter().flatten();
    all.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// What is not there is nothing.
fn there(answer: Result<Value>) -> Result<Option<Value>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::{Attributes, DeadLetter, Encryption, changes, read, wire};

    fn standard() -> Attributes {
        Attributes::default()
    }

    fn text(all: &super::Wire) -> String {
        let all = all.iter().map(|(key, value)| format!("{key}={value}"));
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let fifo = Attributes {
            fifo: true,
            deduplication: true,
            dead_letter: Some(DeadLetter {
                queue: "arn:aws:sqs:r:1:q".to_owned(),
                receives: 3,
            }),
            encryption: Encryption::Kms("arn:aws:kms:r:1:key/k".to_owned()),
            ..standard()
        };
        for attributes in [standard(), fifo] {
            assert_eq!(read(&wire(&attributes)), attributes);
            assert!(changes(&attributes, &attributes).is_empty());
        }
        assert!(!wire(&standard()).contains_key("FifoQueue"));
        // A queue may have the count as a text.
        let mut other = wire(&standard());
        let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:r:1:q","maxReceiveCount":"42"}"#;
        other.insert("RedrivePolicy".to_owned(), policy.to_owned());
        assert_eq!(read(&other).dead_letter.unwrap().receives, 42);
    }

    #[test]
    fn a_change_names_what_differs_and_no_more() {
        let keyed = Attributes {
            visibility_timeout: 60,
            encryption: Encryption::Kms("key".to_owned()),
            ..standard()
        };
        let told: Vec<String> = changes(&standard(), &keyed).iter().map(text).collect();
        assert_eq!(told, ["KmsMasterKeyId=key VisibilityTimeout=60"]);
        // SQS does not go back to its own key by itself.
        let told: Vec<String> = changes(&keyed, &standard()).iter().map(text).collect();
        assert_eq!(
            told,
            [
                "KmsMasterKeyId= VisibilityTimeout=30",
                "SqsManagedSseEnabled=true"
            ]
        );
        let off = Attributes {
            encryption: Encryption::Off,
            ..standard()
        };
        let told: Vec<String> = changes(&off, &standard()).iter().map(text).collect();
        assert_eq!(told, ["SqsManagedSseEnabled=true"]);
        let led = Attributes {
            dead_letter: Some(DeadLetter {
                queue: "arn".to_owned(),
                receives: 1,
            }),
            ..standard()
        };
        assert_eq!(text(&changes(&led, &standard())[0]), "RedrivePolicy=");
    }
}
