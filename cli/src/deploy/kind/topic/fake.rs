//! SNS in memory: what a topic's type does not know is refused, and so is a policy that does not fit its scope.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    aws::fake::Fake,
    values::{names::Tags, resources::FIFO},
};

/// A topic.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FakeTopic {
    /// As SNS has them.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) tags: Tags,
}

/// A subscription.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FakeSubscription {
    pub(crate) topic: String,
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// What SNS holds, by ARN.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FakeTopics {
    pub(crate) topics: BTreeMap<String, FakeTopic>,
    pub(crate) subscriptions: BTreeMap<String, FakeSubscription>,
}

type Refused = (&'static str, String);

/// The ARN of the topic of that name.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:sns:{}:{}:{name}", Fake::REGION, Fake::ACCOUNT)
}

/// Carries out a call.
pub(crate) fn answer(
    held: &mut FakeTopics,
    operation: &str,
    asked: &Value,
) -> Result<Value, Refused> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default();
    match operation {
        "ListTopics" => {
            let all = held.topics.keys();
            let all: Vec<Value> = all.map(|arn| json!({ "TopicArn": arn })).collect();
            Ok(json!({ "Topics": all }))
        }
        "CreateTopic" => create(held, asked),
        "DeleteTopic" => {
            held.topics.remove(text("TopicArn"));
            held.subscriptions
                .retain(|_, one| one.topic != text("TopicArn"));
            Ok(Value::Null)
        }
        "Subscribe" => subscribe(held, asked),
        "Unsubscribe" => {
            held.subscriptions.remove(text("SubscriptionArn"));
            Ok(Value::Null)
        }
        "ListSubscriptionsByTopic" => {
            // One that is there already is somebody else's: it need not be in this account.
            let topic = text("TopicArn");
            let all = held.subscriptions.iter();
            let all = all.filter(|(_, one)| one.topic == topic);
            let all: Vec<Value> = all
                .map(|(arn, one)| {
                    json!({
                        "SubscriptionArn": arn, "TopicArn": topic, "Protocol": one.protocol, "Endpoint": one.endpoint,
                    })
                })
                .collect();
            Ok(json!({ "Subscriptions": all }))
        }
        "GetSubscriptionAttributes" | "SetSubscriptionAttributes" => {
            let arn = text("SubscriptionArn");
            let one = held.subscriptions.get_mut(arn);
            let one = one.ok_or_else(|| gone("Subscription"))?;
            if operation == "GetSubscriptionAttributes" {
                return Ok(json!({ "Attributes": one.attributes }));
            }
            let mut attributes = one.attributes.clone();
            let name = text("AttributeName").to_owned();
            match text("AttributeValue") {
                "" | "{}" => drop(attributes.remove(&name)),
                value => drop(attributes.insert(name, value.to_owned())),
            }
            check_subscription(&attributes, &one.topic)?;
            one.attributes = attributes;
            Ok(Value::Null)
        }
        other => of_topic(held, other, asked),
    }
}

fn of_topic(held: &mut FakeTopics, operation: &str, asked: &Value) -> Result<Value, Refused> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default();
    let arn = asked["TopicArn"].as_str().unwrap_or(text("ResourceArn"));
    let topic = held.topics.get_mut(arn).ok_or_else(|| gone("Topic"))?;
    match operation {
        "GetTopicAttributes" => Ok(json!({ "Attributes": topic.attributes })),
        "SetTopicAttributes" => {
            let name = text("AttributeName").to_owned();
            let mut attributes = topic.attributes.clone();
            match text("AttributeValue") {
                "" => drop(attributes.remove(&name)),
                value => drop(attributes.insert(name, value.to_owned())),
            }
            check(&attributes)?;
            topic.attributes = attributes;
            Ok(Value::Null)
        }
        "ListTagsForResource" => {
            let tags = topic.tags.iter();
            let tags = tags.map(|(key, value)| json!({ "Key": key, "Value": value }));
            Ok(json!({ "Tags": tags.collect::<Vec<_>>() }))
        }
        "TagResource" => {
            topic.tags.extend(tags(asked));
            Ok(Value::Null)
        }
        "UntagResource" => {
            let keys = asked["TagKeys"].as_array().cloned().unwrap_or_default();
            topic.tags.retain(|key, _| !keys.contains(&json!(key)));
            Ok(Value::Null)
        }
        other => Err(("InvalidAction", other.to_owned())),
    }
}

fn create(held: &mut FakeTopics, asked: &Value) -> Result<Value, Refused> {
    let name = asked["Name"].as_str().unwrap_or_default();
    let attributes = texts(&asked["Attributes"]);
    let fifo = attributes
        .get("FifoTopic")
        .is_some_and(|fifo| fifo == "true");
    if name.is_empty() || name.len() > 256 || name.ends_with(FIFO) != fifo {
        return Err(refused("Topic Name"));
    }
    check(&attributes)?;
    let made = FakeTopic {
        attributes,
        tags: tags(asked),
    };
    let arn = arn(name);
    let there = held
        .topics
        .entry(arn.clone())
        .or_insert_with(|| made.clone());
    if *there != made {
        return Err(refused(
            "Attributes Reason: Topic already exists with different attributes",
        ));
    }
    Ok(json!({ "TopicArn": arn }))
}

/// What only FIFO topics know.
fn check(attributes: &BTreeMap<String, String>) -> Result<(), Refused> {
    let known = ["FifoTopic", "ContentBasedDeduplication", "KmsMasterKeyId"];
    let fifo = attributes.contains_key("FifoTopic");
    let mut keys = attributes.keys();
    match keys.any(|key| !known.contains(&key.as_str()) || (key == known[1] && !fifo)) {
        true => Err(refused("AttributeName")),
        false => Ok(()),
    }
}

fn subscribe(held: &mut FakeTopics, asked: &Value) -> Result<Value, Refused> {
    let text = |key: &str| asked[key].as_str().unwrap_or_default().to_owned();
    let made = FakeSubscription {
        topic: text("TopicArn"),
        protocol: text("Protocol"),
        endpoint: text("Endpoint"),
        attributes: texts(&asked["Attributes"]),
    };
    let own = made.topic.contains(Fake::ACCOUNT) && made.topic.contains("s3test");
    if own && !held.topics.contains_key(&made.topic) {
        return Err(gone("Topic"));
    }
    let fifo = made.topic.ends_with(FIFO);
    let fits = match made.protocol.as_str() {
        "lambda" => !fifo && made.endpoint.contains(":function:"),
        "sqs" => fifo || !made.endpoint.ends_with(FIFO),
        _ => false,
    };
    if !fits {
        return Err(refused("Endpoint"));
    }
    check_subscription(&made.attributes, &made.topic)?;
    let arn = format!("{}:{}", made.topic, made.endpoint.replace(':', "-"));
    let there = held
        .subscriptions
        .entry(arn.clone())
        .or_insert_with(|| made.clone());
    if *there != made {
        return Err(refused(
            "Attributes Reason: Subscription already exists with different attributes",
        ));
    }
    Ok(json!({ "SubscriptionArn": arn }))
}

fn check_subscription(attributes: &BTreeMap<String, String>, topic: &str) -> Result<(), Refused> {
    let known = [
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
    ];
    if attributes.keys().any(|key| !known.contains(&key.as_str())) {
        return Err(refused("AttributeName"));
    }
    let document = |key: &str| {
        let text = attributes.get(key)?;
        serde_json::from_str::<Value>(text).ok()
    };
    let body = attributes
        .get("FilterPolicyScope")
        .is_some_and(|scope| scope == "MessageBody");
    if let Some(policy) = document("FilterPolicy")
        && let Err(reason) = fw_services::check_filter_policy(&policy, body)
    {
        return Err(refused(&reason));
    }
    if let Some(redrive) = document("RedrivePolicy") {
        let target = redrive["deadLetterTargetArn"].as_str().unwrap_or_default();
        if topic.ends_with(FIFO) != target.ends_with(FIFO) {
            return Err(refused("RedrivePolicy: must use a FIFO queue as DLQ"));
        }
    }
    Ok(())
}

fn tags(asked: &Value) -> Tags {
    let all = asked["Tags"].as_array().into_iter().flatten();
    all.filter_map(|tag| {
        let text = |key: &str| Some(tag[key].as_str()?.to_owned());
        Some((text("Key")?, text("Value")?))
    })
    .collect()
}

fn texts(document: &Value) -> BTreeMap<String, String> {
    let all = document.as_object().into_iter().flatten();
    all.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn refused(why: &str) -> Refused {
    ("InvalidParameter", format!("Invalid parameter: {why}"))
}

fn gone(what: &str) -> Refused {
    ("NotFound", format!("{what} does not exist"))
}
