//! SQS in memory: names are given once, what a queue's type does not know is refused, a dead-letter queue has to be there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    aws::fake::Fake,
    values::{names::Tags, resources::Arn},
};

/// A queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FakeQueue {
    /// As SQS has them.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) tags: Tags,
    pub(crate) messages: u64,
}

/// What SQS holds, by name.
pub(crate) type Queues = BTreeMap<String, FakeQueue>;

type Refused = (&'static str, String);

/// The ARN of the queue of that name.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{}:{}:{name}", Fake::REGION, Fake::ACCOUNT)
}

fn url(name: &str) -> String {
    let arn = arn(name);
    Arn::of(&arn).map_or_else(String::new, |arn| arn.queue_url())
}

/// Carries out a call.
pub(crate) fn answer(
    queues: &mut Queues,
    operation: &str,
    asked: &Value,
) -> Result<Value, Refused> {
    match operation {
        "ListQueues" => {
            let prefix = asked["QueueNamePrefix"].as_str().unwrap_or_default();
            let names = queues.keys().filter(|name| name.starts_with(prefix));
            let urls: Vec<String> = names.map(|name| url(name)).collect();
            // Empty lists are left out.
            return Ok(match urls.is_empty() {
                true => json!({}),
                false => json!({ "QueueUrls": urls }),
            });
        }
        "GetQueueUrl" => {
            let name = asked["QueueName"].as_str().unwrap_or_default();
            let found = queues.get(name).map(|_| json!({ "QueueUrl": url(name) }));
            return found.ok_or_else(gone);
        }
        "CreateQueue" => return create(queues, asked),
        "SetQueueAttributes" => {
            let attributes = texts(&asked["Attributes"]);
            check(queues, named(asked), &attributes)?;
            let held = queues.get_mut(named(asked)).ok_or_else(gone)?;
            set(&mut held.attributes, attributes);
            return Ok(Value::Null);
        }
        _ => {}
    }
    let held = queues.get_mut(named(asked)).ok_or_else(gone)?;
    match operation {
        "GetQueueAttributes" => {
            let mut all = held.attributes.clone();
            let count = held.messages.to_string();
            all.insert("ApproximateNumberOfMessages".to_owned(), count);
            Ok(json!({ "Attributes": all }))
        }
        "ListQueueTags" if held.tags.is_empty() => Ok(json!({})),
        "ListQueueTags" => Ok(json!({ "Tags": held.tags })),
        "TagQueue" => {
            held.tags.extend(texts(&asked["Tags"]));
            Ok(Value::Null)
        }
        "UntagQueue" => {
            let keys = asked["TagKeys"].as_array().cloned().unwrap_or_default();
            held.tags.retain(|key, _| !keys.contains(&json!(key)));
            Ok(Value::Null)
        }
        "DeleteQueue" => {
            queues.remove(named(asked));
            Ok(Value::Null)
        }
        other => Err(("InvalidAction", other.to_owned())),
    }
}

fn create(queues: &mut Queues, asked: &Value) -> Result<Value, Refused> {
    let name = asked["QueueName"].as_str().unwrap_or_default();
    let wanted = texts(&asked["Attributes"]);
    let fifo = wanted.get("FifoQueue").is_some_and(|fifo| fifo == "true");
    if name.len() > 80 || name.ends_with(".fifo") != fifo {
        return Err(("InvalidParameterValueException", name.to_owned()));
    }
    if let Some(held) = queues.get(name) {
        let differs = |(key, value): &(&String, &String)| held.attributes.get(*key) != Some(*value);
        return match wanted.iter().find(differs) {
            Some((key, _)) => {
                let told = format!(
                    "A queue already exists with the same name and a different value for attribute {key}"
                );
                Err(("QueueNameExists", told))
            }
            None => Ok(json!({ "QueueUrl": url(name) })),
        };
    }
    let defaults = [
        ("VisibilityTimeout", "30"),
        ("DelaySeconds", "0"),
        ("MessageRetentionPeriod", "345600"),
        ("SqsManagedSseEnabled", "true"),
    ];
    let mut attributes: BTreeMap<String, String> = defaults
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    if fifo {
        attributes.insert("FifoQueue".to_owned(), "true".to_owned());
        attributes.insert("ContentBasedDeduplication".to_owned(), "false".to_owned());
    }
    let made = FakeQueue {
        attributes,
        tags: texts(&asked["tags"]),
        messages: 0,
    };
    queues.insert(name.to_owned(), made);
    if let Err(refused) = check(queues, name, &wanted) {
        queues.remove(name);
        return Err(refused);
    }
    if let Some(made) = queues.get_mut(name) {
        set(&mut made.attributes, wanted);
    }
    Ok(json!({ "QueueUrl": url(name) }))
}

/// What SQS refuses to set (messaging-truth §2.3).
fn check(
    queues: &Queues,
    name: &str,
    attributes: &BTreeMap<String, String>,
) -> Result<(), Refused> {
    let held = queues.get(name).ok_or_else(gone)?;
    let fifo = held.attributes.contains_key("FifoQueue");
    for key in ["FifoQueue", "ContentBasedDeduplication"] {
        if attributes.contains_key(key) && !fifo {
            return Err(("InvalidAttributeName", format!("Unknown Attribute {key}.")));
        }
    }
    let key = attributes.get("KmsMasterKeyId");
    let both =
        key.is_some_and(|key| !key.is_empty()) && attributes.contains_key("SqsManagedSseEnabled");
    if both {
        let told = "You can use one type of server-side encryption (SSE) at one time.";
        return Err(("InvalidAttributeName", told.to_owned()));
    }
    let policy = attributes.get("RedrivePolicy");
    if let Some(policy) = policy.filter(|policy| !policy.is_empty()) {
        let policy: Value = serde_json::from_str(policy).unwrap_or_default();
        let target = policy["deadLetterTargetArn"].as_str().unwrap_or_default();
        let known = queues.keys().any(|name| arn(name) == target);
        let elsewhere = !target.contains(Fake::ACCOUNT);
        if !known && !elsewhere {
            let told = "Dead letter target does not exist";
            return Err(("InvalidParameterValueException", told.to_owned()));
        }
    }
    Ok(())
}

/// Sets what is given. A key takes the place of SQS's own, which does not come back by itself.
fn set(held: &mut BTreeMap<String, String>, attributes: BTreeMap<String, String>) {
    for (key, value) in attributes {
        match (key.as_str(), value.as_str()) {
            ("KmsMasterKeyId" | "Policy" | "RedrivePolicy", "") => {
                held.remove(&key);
                continue;
            }
            ("KmsMasterKeyId", _) => {
                held.insert("SqsManagedSseEnabled".to_owned(), "false".to_owned());
            }
            _ => {}
        }
        held.insert(key, value);
    }
}

fn named(asked: &Value) -> &str {
    let url = asked["QueueUrl"].as_str().unwrap_or_default();
    url.rsplit('/').next().unwrap_or_default()
}

fn texts(document: &Value) -> BTreeMap<String, String> {
    let all = document.as_object().into_iter().flatten();
    all.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn gone() -> Refused {
    let told = "The specified queue does not exist.";
    ("QueueDoesNotExist", told.to_owned())
}
