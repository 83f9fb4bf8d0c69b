//! The calls of SNS that topics and subscriptions need. SNS names everything by ARN, has all attributes as texts, and sets one at a time.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::desired::{Attributes, DesiredSubscription, Endpoint, SubscriptionAttributes};
use crate::{
    aws::{
        Kind,
        error::{Operation, Result},
        json::Json,
    },
    values::names::Tags,
};

pub(super) const CREATE: Operation = Operation::new("sns", "CreateTopic");
pub(super) const DELETE: Operation = Operation::new("sns", "DeleteTopic");
pub(super) const GET: Operation = Operation::new("sns", "GetTopicAttributes");
pub(super) const GET_SUBSCRIPTION: Operation = Operation::new("sns", "GetSubscriptionAttributes");
pub(super) const LIST: Operation = Operation::new("sns", "ListTopics");
pub(super) const LIST_SUBSCRIPTIONS: Operation = Operation::new("sns", "ListSubscriptionsByTopic");
pub(super) const LIST_TAGS: Operation = Operation::new("sns", "ListTagsForResource");
pub(super) const SET: Operation = Operation::new("sns", "SetTopicAttributes");
pub(super) const SET_SUBSCRIPTION: Operation = Operation::new("sns", "SetSubscriptionAttributes");
pub(super) const SUBSCRIBE: Operation = Operation::new("sns", "Subscribe");
pub(super) const TAG: Operation = Operation::new("sns", "TagResource");
pub(super) const UNSUBSCRIBE: Operation = Operation::new("sns", "Unsubscribe");
pub(super) const UNTAG: Operation = Operation::new("sns", "UntagResource");

/// All of them: what a deploy with topics needs of IAM.
pub(crate) const ALL: [Operation; 13] = [
    CREATE,
    DELETE,
    GET,
    GET_SUBSCRIPTION,
    LIST,
    LIST_SUBSCRIPTIONS,
    LIST_TAGS,
    SET,
    SET_SUBSCRIPTION,
    SUBSCRIBE,
    TAG,
    UNSUBSCRIBE,
    UNTAG,
];

/// A topic that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundTopic {
    /// Its ARN.
    pub(crate) arn: String,
    /// How it is set.
    pub(crate) attributes: Attributes,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// A subscription that leads to something of the deployment's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundSubscription {
    /// Its ARN.
    pub(crate) arn: String,
    /// The topic's ARN.
    pub(crate) topic: String,
    /// Where it leads.
    pub(crate) endpoint: Endpoint,
    /// How it is set.
    pub(crate) attributes: SubscriptionAttributes,
}

const DEDUPLICATION: &str = "ContentBasedDeduplication";
const FILTER: &str = "FilterPolicy";
const KEY: &str = "KmsMasterKeyId";
const RAW: &str = "RawMessageDelivery";
const REDRIVE: &str = "RedrivePolicy";
const SCOPE: &str = "FilterPolicyScope";

/// An attribute that is set, and what to.
pub(crate) type Setting = (&'static str, String);

/// `ListTopics`: the ARNs of all topics, a hundred with each call.
pub(crate) async fn list<A: Json>(aws: &A) -> Result<Vec<String>> {
    let mut all = Vec::new();
    let mut asked = json!({});
    loop {
        let answer = aws.json(LIST, &asked).await?;
        let topics = answer["Topics"].as_array().into_iter().flatten();
        all.extend(topics.filter_map(|one| Some(one["TopicArn"].as_str()?.to_owned())));
        match next(&answer) {
            Some(token) => asked = json!({ "NextToken": token }),
            None => return Ok(all),
        }
    }
}

/// `GetTopicAttributes` and `ListTagsForResource`.
pub(crate) async fn find<A: Json>(aws: &A, arn: &str) -> Result<Option<FoundTopic>> {
    let topic = json!({ "TopicArn": arn });
    let resource = json!({ "ResourceArn": arn });
    let (attributes, tags) = tokio::join!(
        Box::pin(aws.json(GET, &topic)),
        Box::pin(aws.json(LIST_TAGS, &resource)),
    );
    let (Some(attributes), Some(tags)) = (there(attributes)?, there(tags)?) else {
        return Ok(None);
    };
    let tags = tags["Tags"].as_array().into_iter().flatten();
    let tags = tags.filter_map(|tag| {
        let key = tag["Key"].as_str()?.to_owned();
        Some((key, tag["Value"].as_str().unwrap_or_default().to_owned()))
    });
    Ok(Some(FoundTopic {
        arn: arn.to_owned(),
        attributes: read(&attributes["Attributes"]),
        tags: tags.collect(),
    }))
}

/// `ListSubscriptionsByTopic`: the ARNs of those that lead to functions and queues, and where.
pub(crate) async fn subscriptions<A: Json>(
    aws: &A,
    topic: &str,
) -> Result<Vec<(String, Endpoint)>> {
    let mut all = Vec::new();
    let mut asked = json!({ "TopicArn": topic });
    loop {
        let Some(answer) = there(aws.json(LIST_SUBSCRIPTIONS, &asked).await)? else {
            return Ok(all);
        };
        let found = answer["Subscriptions"].as_array().into_iter().flatten();
        all.extend(found.filter_map(|one| {
            let endpoint = one["Endpoint"].as_str()?.to_owned();
            let endpoint = match one["Protocol"].as_str()? {
                "lambda" => Endpoint::Lambda(endpoint),
                "sqs" => Endpoint::Sqs(endpoint),
                _ => return None,
            };
            Some((one["SubscriptionArn"].as_str()?.to_owned(), endpoint))
        }));
        match next(&answer) {
            Some(token) => asked = json!({ "TopicArn": topic, "NextToken": token }),
            None => return Ok(all),
        }
    }
}

/// `GetSubscriptionAttributes`.
pub(crate) async fn find_subscription<A: Json>(
    aws: &A,
    arn: String,
    topic: &str,
    endpoint: Endpoint,
) -> Result<Option<FoundSubscription>> {
    let asked = json!({ "SubscriptionArn": arn });
    let found = there(aws.json(GET_SUBSCRIPTION, &asked).await)?;
    Ok(found.map(|found| FoundSubscription {
        arn,
        topic: topic.to_owned(),
        endpoint,
        attributes: read_subscription(&found["Attributes"]),
    }))
}

/// `CreateTopic` with all that is set of it, so that it never is there without its tags.
pub(crate) async fn create<A: Json>(
    aws: &A,
    name: &str,
    attributes: &Attributes,
    tags: &Tags,
) -> Result<()> {
    let attributes: BTreeMap<&str, String> = wire(attributes).into_iter().collect();
    let asked = json!({ "Name": name, "Attributes": attributes, "Tags": list_of(tags) });
    aws.json(CREATE, &asked).await.map(drop)
}

/// `SetTopicAttributes`.
pub(crate) async fn set<A: Json>(aws: &A, arn: &str, (name, value): &Setting) -> Result<()> {
    let asked = json!({ "TopicArn": arn, "AttributeName": name, "AttributeValue": value });
    aws.json(SET, &asked).await.map(drop)
}

/// `TagResource`: sets those tags and leaves others.
pub(crate) async fn tag<A: Json>(aws: &A, arn: &str, tags: &Tags) -> Result<()> {
    let asked = json!({ "ResourceArn": arn, "Tags": list_of(tags) });
    aws.json(TAG, &asked).await.map(drop)
}

/// `UntagResource`.
pub(crate) async fn untag<A: Json>(aws: &A, arn: &str, keys: &[String]) -> Result<()> {
    let asked = json!({ "ResourceArn": arn, "TagKeys": keys });
    aws.json(UNTAG, &asked).await.map(drop)
}

/// `DeleteTopic`, with its subscriptions.
pub(crate) async fn delete<A: Json>(aws: &A, arn: &str) -> Result<()> {
    aws.json(DELETE, &json!({ "TopicArn": arn }))
        .await
        .map(drop)
}

/// `Subscribe` with all that is set of it, so that no message passes its filter before it is there.
pub(crate) async fn subscribe<A: Json>(aws: &A, one: &DesiredSubscription) -> Result<()> {
    let (protocol, endpoint) = one.endpoint.parts();
    let attributes = wire_subscription(&one.attributes);
    let attributes: BTreeMap<&str, String> = attributes.into_iter().collect();
    let asked = json!({
        "TopicArn": one.topic,
        "Protocol": protocol,
        "Endpoint": endpoint,
        "Attributes": attributes,
        "ReturnSubscriptionArn": true,
    });
    aws.json(SUBSCRIBE, &asked).await.map(drop)
}

/// `SetSubscriptionAttributes`.
pub(crate) async fn set_subscription<A: Json>(
    aws: &A,
    arn: &str,
    (name, value): &Setting,
) -> Result<()> {
    let asked = json!({ "SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value });
    aws.json(SET_SUBSCRIPTION, &asked).await.map(drop)
}

/// `Unsubscribe`.
pub(crate) async fn unsubscribe<A: Json>(aws: &A, arn: &str) -> Result<()> {
    aws.json(UNSUBSCRIBE, &json!({ "SubscriptionArn": arn }))
        .await
        .map(drop)
}

/// The attributes of a new topic. Those of a FIFO topic are shown on FIFO topics only (sns-012).
fn wire(attributes: &Attributes) -> Vec<Setting> {
    let mut all = Vec::new();
    if attributes.fifo {
        all.push(("FifoTopic", "true".to_owned()));
        all.push((DEDUPLICATION, attributes.deduplication.to_string()));
    }
    all.extend(attributes.key.clone().map(|key| (KEY, key)));
    all
}

/// The changes that lead from one to the other, a call each. An empty text takes a key away: unverified, as no case has it; the AWS
/// provider of Terraform does the same.
pub(super) fn changes(found: &Attributes, wanted: &Attributes) -> Vec<Setting> {
    let mut all = Vec::new();
    if wanted.fifo && found.deduplication != wanted.deduplication {
        all.push((DEDUPLICATION, wanted.deduplication.to_string()));
    }
    if found.key != wanted.key {
        all.push((KEY, wanted.key.clone().unwrap_or_default()));
    }
    all
}

/// The attributes of a new subscription. A scope is shown together with a policy alone (sns-104).
fn wire_subscription(attributes: &SubscriptionAttributes) -> Vec<Setting> {
    let mut all = Vec::new();
    if let Some(filter) = &attributes.filter {
        all.push((FILTER, filter.to_string()));
        if attributes.body {
            all.push((SCOPE, scope(attributes)));
        }
    }
    if attributes.raw {
        all.push((RAW, "true".to_owned()));
    }
    if attributes.dead_letter.is_some() {
        all.push((REDRIVE, redrive(attributes)));
    }
    all
}

/// The changes that lead from one to the other, a call each. A policy of the scope that it does not fit is refused, so the wider scope
/// comes before its policy and goes after it. An empty policy removes one (messaging-truth §3.2).
pub(super) fn subscription_changes(
    found: &SubscriptionAttributes,
    wanted: &SubscriptionAttributes,
) -> Vec<Setting> {
    let mut all = Vec::new();
    let filter = wanted.filter.as_ref();
    let policy = (found.filter != wanted.filter).then(|| {
        let text = filter.map_or_else(|| "{}".to_owned(), Value::to_string);
        (FILTER, text)
    });
    let scope = (found.body != wanted.body && filter.is_some()).then(|| (SCOPE, scope(wanted)));
    match wanted.body {
        true => all.extend(scope.into_iter().chain(policy)),
        false => all.extend(policy.into_iter().chain(scope)),
    }
    if found.raw != wanted.raw {
        all.push((RAW, wanted.raw.to_string()));
    }
    if found.dead_letter != wanted.dead_letter {
        all.push((REDRIVE, redrive(wanted)));
    }
    all
}

fn scope(attributes: &SubscriptionAttributes) -> String {
    match attributes.body {
        true => "MessageBody".to_owned(),
        false => "MessageAttributes".to_owned(),
    }
}

/// An empty text removes it (unverified: no case has it; the AWS provider of Terraform does the same).
fn redrive(attributes: &SubscriptionAttributes) -> String {
    let queue = attributes.dead_letter.as_ref();
    queue.map_or_else(String::new, |queue| {
        json!({ "deadLetterTargetArn": queue }).to_string()
    })
}

/// What a topic's attributes say.
fn read(attributes: &Value) -> Attributes {
    let text = |key: &str| attributes[key].as_str().unwrap_or_default();
    Attributes {
        fifo: text("FifoTopic") == "true",
        deduplication: text(DEDUPLICATION) == "true",
        key: Some(text(KEY).to_owned()).filter(|key| !key.is_empty()),
    }
}

/// What a subscription's attributes say.
fn read_subscription(attributes: &Value) -> SubscriptionAttributes {
    let text = |key: &str| attributes[key].as_str().unwrap_or_default();
    let document = |key: &str| serde_json::from_str::<Value>(text(key)).ok();
    let filter = document(FILTER);
    let filter = filter.filter(|policy| policy.as_object().is_some_and(|all| !all.is_empty()));
    SubscriptionAttributes {
        body: filter.is_some() && text(SCOPE) == "MessageBody",
        filter,
        raw: text(RAW) == "true",
        dead_letter: document(REDRIVE)
            .and_then(|policy| Some(policy["deadLetterTargetArn"].as_str()?.to_owned())),
    }
}

fn list_of(tags: &Tags) -> Vec<Value> {
    let all = tags.iter();
    all.map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

fn next(answer: &Value) -> Option<&str> {
    answer["NextToken"]
        .as_str()
        .filter(|token| !token.is_empty())
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
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{
        Attributes, SubscriptionAttributes, changes, read, read_subscription, subscription_changes,
        wire, wire_subscription,
    };

    fn document(all: Vec<super::Setting>) -> serde_json::Value {
        json!(all.into_iter().collect::<BTreeMap<_, _>>())
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let fifo = Attributes {
            fifo: true,
            deduplication: true,
            key: Some("arn:aws:kms:r:1:key/k".to_owned()),
        };
        for attributes in [Attributes::default(), fifo] {
            assert_eq!(read(&document(wire(&attributes))), attributes);
            assert!(changes(&attributes, &attributes).is_empty());
        }
        let whole = SubscriptionAttributes {
            filter: Some(json!({ "kind": ["a", null, { "numeric": [">", 1] }] })),
            body: true,
            raw: true,
            dead_letter: Some("arn:aws:sqs:r:1:q".to_owned()),
        };
        for attributes in [SubscriptionAttributes::default(), whole] {
            let written = document(wire_subscription(&attributes));
            assert_eq!(read_subscription(&written), attributes);
            assert!(subscription_changes(&attributes, &attributes).is_empty());
        }
    }

    #[test]
    fn a_policy_never_meets_a_scope_that_it_does_not_fit() {
        let filtered = |filter, body| SubscriptionAttributes {
            filter: Some(filter),
            body,
            ..SubscriptionAttributes::default()
        };
        let flat = filtered(json!({ "a": ["x"] }), false);
        let deep = filtered(json!({ "a": { "b": ["x"] } }), true);
        let names = |found, wanted| {
            let all = subscription_changes(found, wanted).into_iter();
            all.map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(&flat, &deep), ["FilterPolicyScope", "FilterPolicy"]);
        assert_eq!(names(&deep, &flat), ["FilterPolicy", "FilterPolicyScope"]);
        let none = SubscriptionAttributes::default();
        assert_eq!(
            subscription_changes(&deep, &none),
            [("FilterPolicy", "{}".to_owned())]
        );
        let led = SubscriptionAttributes {
            dead_letter: Some("q".to_owned()),
            ..none.clone()
        };
        assert_eq!(
            subscription_changes(&led, &none),
            [("RedrivePolicy", String::new())]
        );
    }
}
