//! Operations on subscriptions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::envelope::{self, Published};
use super::http::{self, Kind, Post};
use super::query::Output;
use super::subscription::{self, Subscription};
use super::topics::{entries, forget_orphans, page};
use super::{Call, Sns, SnsError, check_arn};
use crate::clock;
use crate::form::Node;
use crate::ids;

/// The characters of a token. AWS's have 288.
const TOKEN: usize = 288;

impl Sns {
    pub(super) fn subscribe(
        self: &Arc<Self>,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let topic = parameters.text("TopicArn").unwrap_or_default();
        check_arn("TopicArn", topic)?;
        self.admit(call, "Subscribe", topic)?;
        let protocol = parameters.text("Protocol").unwrap_or_default();
        let endpoint = parameters.text("Endpoint").unwrap_or_default();
        let values = entries(parameters.child("Attributes"));
        let shows_arn = parameters.text("ReturnSubscriptionArn") == Some("true");
        let mut state = self.state();
        forget_orphans(&mut state, self.now());
        let is_fifo = state.topic(topic)?.is_fifo;
        check_endpoint(protocol, endpoint, is_fifo)?;
        let refused = |reason: String| SnsError::parameter(format!("Attributes Reason: {reason}"));
        let arns = state.topic(topic)?.subscriptions.clone();
        let same = arns
            .iter()
            .filter_map(|arn| state.subscriptions.get(arn))
            .find(|other| other.protocol == protocol && other.endpoint == endpoint);
        if let Some(same) = same {
            let mut wanted = same.clone();
            wanted.set_all(&values).map_err(refused)?;
            if values.keys().any(|name| wanted.get(name) != same.get(name)) {
                return Err(SnsError::parameter(
                    "Attributes Reason: Subscription already exists with different attributes",
                ));
            }
            return Ok(shown(same, shows_arn));
        }
        let arn = format!("{topic}:{}", ids::uuid());
        let mut new =
            Subscription::new(arn.clone(), topic.into(), protocol.into(), endpoint.into());
        new.set_all(&values).map_err(refused)?;
        if new.is_pending {
            new.token = Some(token());
            self.confirm_by_post(call, &new, false);
        }
        let output = shown(&new, shows_arn);
        state.topic(topic)?.subscriptions.push(arn.clone());
        state.subscriptions.insert(arn, new);
        Ok(output)
    }

    /// Asks an HTTP endpoint to confirm, or reports the end to it.
    fn confirm_by_post(&self, call: &Call, subscription: &Subscription, ends: bool) {
        let published = Published {
            id: ids::uuid(),
            sequence: None,
            timestamp: clock::timestamp(self.now()),
            host: call.host.clone(),
            version: "1".into(),
        };
        let token = subscription.token.as_deref().unwrap_or_default();
        let post = Post {
            kind: if ends {
                Kind::UnsubscribeConfirmation
            } else {
                Kind::SubscriptionConfirmation
            },
            message_id: published.id.clone(),
            topic: subscription.topic.clone(),
            subscription: ends.then(|| subscription.arn.clone()),
            content_type: "text/plain; charset=UTF-8".into(),
            body: envelope::confirmation(&published, subscription, token, ends),
        };
        let endpoint = subscription.endpoint.clone();
        tokio::spawn(async move { http::post(&endpoint, &post).await });
    }

    pub(super) fn confirm_subscription(&self, parameters: &Node) -> Result<Output, SnsError> {
        let token = parameters.text("Token").unwrap_or_default();
        let is_token = token.len() == TOKEN && token.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_token {
            return Err(SnsError::bare_parameter("Invalid token"));
        }
        let topic = parameters.text("TopicArn").unwrap_or_default();
        check_arn("TopicArn", topic)?;
        let mut state = self.state();
        let subscription = state
            .subscriptions
            .values_mut()
            .find(|one| one.topic == topic && one.token.as_deref() == Some(token))
            .ok_or_else(|| SnsError::parameter("Token"))?;
        subscription.is_pending = false;
        Ok(Output::default().with("SubscriptionArn", subscription.arn.clone()))
    }

    /// Ends a subscription. The URL in messages leads here without a signature, so `call` has no caller then.
    pub(super) fn unsubscribe(&self, call: &Call, parameters: &Node) -> Result<Output, SnsError> {
        let arn = parameters.text("SubscriptionArn").unwrap_or_default();
        check_arn("SubscriptionArn", arn)?;
        if arn.split(':').count() < 7 {
            return Err(SnsError::parameter("SubscriptionId"));
        }
        if !call.caller.access_key.is_empty() {
            self.admit(call, "Unsubscribe", arn)?;
        }
        let mut state = self.state();
        if let Some(subscription) = state.subscriptions.remove(arn) {
            if let Some(topic) = state.topics.get_mut(&subscription.topic) {
                topic.subscriptions.retain(|other| other != arn);
                topic.deleted_subscriptions += 1;
            }
            if subscription.token.is_some() && !subscription.is_pending {
                self.confirm_by_post(call, &subscription, true);
            }
        }
        Ok(Output::default())
    }

    pub(super) fn list_subscriptions(
        &self,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        self.admit(call, "ListSubscriptions", "*")?;
        let state = self.state();
        let (arns, token) = page(state.subscriptions.keys(), parameters);
        Ok(list(&state.subscriptions, &arns).with_optional("NextToken", token))
    }

    pub(super) fn list_subscriptions_by_topic(
        &self,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let topic = parameters.text("TopicArn").unwrap_or_default();
        check_arn("TopicArn", topic)?;
        self.admit(call, "ListSubscriptionsByTopic", topic)?;
        let mut state = self.state();
        let mut arns = state.topic(topic)?.subscriptions.clone();
        arns.sort();
        let (arns, token) = page(arns.iter(), parameters);
        Ok(list(&state.subscriptions, &arns).with_optional("NextToken", token))
    }

    pub(super) fn get_subscription_attributes(
        &self,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let arn = parameters.text("SubscriptionArn").unwrap_or_default();
        check_arn("SubscriptionArn", arn)?;
        self.admit(call, "GetSubscriptionAttributes", arn)?;
        let mut state = self.state();
        let subscription = state.subscription(arn)?.clone();
        let policy = state
            .topics
            .get(&subscription.topic)
            .map(super::topic::Topic::delivery_policy)
            .unwrap_or_default();
        let attributes = subscription.attributes(&self.place.account, &policy);
        Ok(Output::default().with_map("Attributes", attributes))
    }

    pub(super) fn set_subscription_attributes(
        &self,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let arn = parameters.text("SubscriptionArn").unwrap_or_default();
        check_arn("SubscriptionArn", arn)?;
        self.admit(call, "SetSubscriptionAttributes", arn)?;
        let name = parameters.text("AttributeName").unwrap_or_default();
        let value = parameters.text("AttributeValue").unwrap_or_default();
        self.state()
            .subscription(arn)?
            .set(name, value)
            .map_err(|reason| subscription::refused(&reason))?;
        Ok(Output::default())
    }
}

fn shown(subscription: &Subscription, shows_arn: bool) -> Output {
    let arn = if subscription.is_pending && !shows_arn {
        "pending confirmation"
    } else {
        &subscription.arn
    };
    Output::default().with("SubscriptionArn", arn)
}

fn list(subscriptions: &BTreeMap<String, Subscription>, arns: &[String]) -> Output {
    let items = arns
        .iter()
        .filter_map(|arn| subscriptions.get(arn))
        .map(|one| {
            let owner = one.topic.split(':').nth(4).unwrap_or_default();
            let arn = if one.is_pending {
                "PendingConfirmation"
            } else {
                &one.arn
            };
            Output::default()
                .with("SubscriptionArn", arn)
                .with("Owner", owner)
                .with("Protocol", one.protocol.as_str())
                .with("Endpoint", one.endpoint.as_str())
                .with("TopicArn", one.topic.as_str())
        })
        .collect();
    Output::default().with_list("Subscriptions", items)
}

pub(super) fn check_endpoint(
    protocol: &str,
    endpoint: &str,
    topic_is_fifo: bool,
) -> Result<(), SnsError> {
    let is_arn = |service: &str| {
        let mut parts = endpoint.split(':');
        parts.next() == Some("arn") && parts.nth(1) == Some(service) && parts.count() >= 3
    };
    match protocol {
        "sqs" if !is_arn("sqs") => Err(SnsError::parameter("SQS endpoint ARN")),
        "sqs" if endpoint.ends_with(".fifo") && !topic_is_fifo => Err(SnsError::parameter(
            "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        )),
        // The texts of the three following are unverified.
        "lambda" if !is_arn("lambda") => Err(SnsError::parameter("Lambda endpoint ARN")),
        "http" | "https" if !endpoint.starts_with(&format!("{protocol}://")) => Err(
            SnsError::parameter("Endpoint must match the specified protocol"),
        ),
        "lambda" | "http" | "https" if topic_is_fifo => Err(SnsError::parameter(format!(
            "Invalid parameter: Endpoint Reason: protocol {protocol} can not be subscribed to FIFO SNS topics"
        ))),
        "sqs" | "lambda" | "http" | "https" => Ok(()),
        "email" | "email-json" | "sms" | "application" | "firehose" => Err(
            SnsError::not_implemented(&format!("SNS Subscribe with protocol {protocol}")),
        ),
        _ => Err(SnsError::parameter(format!(
            "Amazon SNS does not support this protocol string: {protocol}"
        ))),
    }
}

fn token() -> String {
    let bytes: Vec<u8> = (0..TOKEN / 16)
        .flat_map(|_| ids::random().to_be_bytes())
        .collect();
    ids::hex(&bytes)
}
