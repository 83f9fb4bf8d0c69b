//! A topic and its attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::SnsError;
use crate::sqs::{Deduplication, Remembered};

/// The largest message unless the topic says otherwise, and the largest that it may say.
const LARGEST_BY_DEFAULT: usize = 262_144;
const LARGEST: usize = 1_048_576;

/// A topic.
#[derive(Debug)]
pub(super) struct Topic {
    pub(super) arn: String,
    pub(super) is_fifo: bool,
    pub(super) by_content: bool,
    largest: Option<usize>,
    /// The other attributes as text.
    plain: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    /// The subscriptions in the order of their creation.
    pub(super) subscriptions: Vec<String>,
    pub(super) deleted_subscriptions: usize,
    pub(super) deduplication: Deduplication,
    pub(super) published: u64,
}

/// A topic on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TopicSnapshot {
    arn: String,
    is_fifo: bool,
    attributes: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
    subscriptions: Vec<String>,
    deleted_subscriptions: usize,
    remembered: Vec<Remembered>,
    published: u64,
}

/// Attributes that are kept and shown without more.
const PLAIN: [&str; 8] = [
    "DisplayName",
    "Policy",
    "DeliveryPolicy",
    "SignatureVersion",
    "KmsMasterKeyId",
    "TracingConfig",
    "ArchivePolicy",
    "FifoThroughputScope",
];

impl Topic {
    pub(super) fn new(arn: String, is_fifo: bool) -> Self {
        Self {
            arn,
            is_fifo,
            by_content: false,
            largest: None,
            plain: BTreeMap::new(),
            tags: BTreeMap::new(),
            subscriptions: Vec::new(),
            deleted_subscriptions: 0,
            deduplication: Deduplication::default(),
            published: 0,
        }
    }

    /// The topic as it is on disk.
    pub(super) fn snapshot(&self) -> TopicSnapshot {
        let mut attributes = self.plain.clone();
        let settable = ["ContentBasedDeduplication", "MaximumMessageSize"];
        for name in settable {
            attributes.extend(self.get(name).map(|value| (name.to_owned(), value)));
        }
        TopicSnapshot {
            arn: self.arn.clone(),
            is_fifo: self.is_fifo,
            attributes,
            tags: self.tags.clone(),
            subscriptions: self.subscriptions.clone(),
            deleted_subscriptions: self.deleted_subscriptions,
            remembered: self.deduplication.snapshot(),
            published: self.published,
        }
    }

    /// A topic as it was.
    pub(super) fn restore(snapshot: TopicSnapshot) -> Self {
        let mut topic = Self::new(snapshot.arn, snapshot.is_fifo);
        for (name, value) in &snapshot.attributes {
            // All were accepted once.
            let _ = topic.set(name, value, false);
        }
        topic.tags = snapshot.tags;
        topic.subscriptions = snapshot.subscriptions;
        topic.deleted_subscriptions = snapshot.deleted_subscriptions;
        topic.deduplication.restore(snapshot.remembered);
        topic.published = snapshot.published;
        topic
    }

    pub(super) fn largest(&self) -> usize {
        self.largest.unwrap_or(LARGEST_BY_DEFAULT)
    }

    /// Sets an attribute. `has_http` says whether an endpoint of the topic is one that takes small messages only.
    ///
    /// # Errors
    /// `InvalidParameter`, 400, or `NotImplemented`, 501, for delivery logging.
    pub(super) fn set(&mut self, name: &str, value: &str, has_http: bool) -> Result<(), SnsError> {
        match name {
            "ContentBasedDeduplication" if self.is_fifo => {
                self.by_content = truth(value).ok_or_else(|| SnsError::parameter(name))?;
            }
            "MaximumMessageSize" => {
                let size = value
                    .parse()
                    .ok()
                    .filter(|size| (1024..=LARGEST).contains(size))
                    .ok_or_else(|| SnsError::parameter("MaximumMessageSize"))?;
                if size > LARGEST_BY_DEFAULT && has_http {
                    return Err(SnsError::parameter(
                        "MaximumMessageSize Reason: above 262144 bytes the topic can have SQS, Lambda and Firehose subscriptions only",
                    ));
                }
                self.largest = Some(size);
            }
            "Policy" | "DeliveryPolicy" if !value.is_empty() => {
                serde_json::from_str::<serde_json::Map<String, Value>>(value)
                    .map_err(|_| SnsError::parameter(format!("{name}: failed to parse JSON.")))?;
                self.plain.insert(name.into(), value.into());
            }
            "SignatureVersion" if !matches!(value, "1" | "2") => {
                return Err(SnsError::parameter("SignatureVersion"));
            }
            _ if name.ends_with("FeedbackRoleArn") || name.ends_with("FeedbackSampleRate") => {
                return Err(SnsError::not_implemented(&format!(
                    "SNS topic attribute {name}"
                )));
            }
            _ if PLAIN.contains(&name) => {
                self.plain.insert(name.into(), value.into());
            }
            _ => return Err(SnsError::parameter("AttributeName")),
        }
        Ok(())
    }

    /// The text of an attribute that was set.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        match name {
            "FifoTopic" => self.is_fifo.then(|| "true".into()),
            "ContentBasedDeduplication" => self.is_fifo.then(|| self.by_content.to_string()),
            "MaximumMessageSize" => self.largest.map(|size| size.to_string()),
            _ => self.plain.get(name).cloned(),
        }
    }

    /// All attributes, with the defaults of those that were not set.
    pub(super) fn attributes(
        &self,
        account: &str,
        confirmed: usize,
        pending: usize,
    ) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> = self
            .plain
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let optional = [
            "FifoTopic",
            "ContentBasedDeduplication",
            "MaximumMessageSize",
        ];
        for name in optional {
            if let Some(value) = self.get(name) {
                all.insert(name.into(), value);
            }
        }
        let always = [
            ("TopicArn", self.arn.clone()),
            ("Owner", account.to_owned()),
            ("SubscriptionsConfirmed", confirmed.to_string()),
            ("SubscriptionsPending", pending.to_string()),
            (
                "SubscriptionsDeleted",
                self.deleted_subscriptions.to_string(),
            ),
            (
                "EffectiveDeliveryPolicy",
                self.delivery_policy().to_string(),
            ),
        ];
        for (name, value) in always {
            all.insert(name.into(), value);
        }
        all.entry("DisplayName".into()).or_default();
        all.entry("Policy".into())
            .or_insert_with(|| self.default_policy(account).to_string());
        all
    }

    /// The delivery policy that holds: the default with what the topic's own replaces.
    pub(super) fn delivery_policy(&self) -> Value {
        let mut policy = json!({"http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": false,
            "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
        }});
        let own = self
            .plain
            .get("DeliveryPolicy")
            .and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(Value::Object(http)) = own.and_then(|mut own| Some(own.get_mut("http")?.take()))
        {
            for (name, value) in http {
                policy["http"][name] = value;
            }
        }
        policy
    }

    /// The policy of a topic without its own: its account may do everything.
    pub(super) fn default_policy(&self, account: &str) -> Value {
        json!({
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [{
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [
                    "SNS:GetTopicAttributes",
                    "SNS:SetTopicAttributes",
                    "SNS:AddPermission",
                    "SNS:RemovePermission",
                    "SNS:DeleteTopic",
                    "SNS:Subscribe",
                    "SNS:ListSubscriptionsByTopic",
                    "SNS:Publish",
                ],
                "Resource": self.arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
            }],
        })
    }

    pub(super) fn set_policy(&mut self, policy: &Value) {
        self.plain.insert("Policy".into(), policy.to_string());
    }
}

pub(super) fn truth(value: &str) -> Option<bool> {
    if value.eq_ignore_ascii_case("true") {
        Some(true)
    } else if value.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
