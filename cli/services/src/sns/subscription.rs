//! A subscription and its attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::SnsError;
use super::attributes::AttributeMap;
use super::topic::truth;
use crate::pattern::{self, Pattern};

/// Where messages of a topic go.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) arn: String,
    pub(super) topic: String,
    /// `sqs`, `lambda`, `http` or `https`.
    pub(super) protocol: String,
    pub(super) endpoint: String,
    pub(super) is_pending: bool,
    /// The token of an HTTP endpoint's confirmation.
    pub(super) token: Option<String>,
    pub(super) is_raw: bool,
    filter: Option<(String, Pattern)>,
    filters_body: bool,
    redrive: Option<(String, String)>,
    delivery: Option<Value>,
    /// When the topic was deleted.
    pub(super) orphaned_ms: Option<u64>,
}

/// A subscription on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SubscriptionSnapshot {
    arn: String,
    topic: String,
    protocol: String,
    endpoint: String,
    is_pending: bool,
    token: Option<String>,
    attributes: BTreeMap<String, String>,
    orphaned_ms: Option<u64>,
}

impl Subscription {
    pub(super) fn new(arn: String, topic: String, protocol: String, endpoint: String) -> Self {
        Self {
            is_pending: matches!(protocol.as_str(), "http" | "https"),
            arn,
            topic,
            protocol,
            endpoint,
            token: None,
            is_raw: false,
            filter: None,
            filters_body: false,
            redrive: None,
            delivery: None,
            orphaned_ms: None,
        }
    }

    /// The subscription as it is on disk.
    pub(super) fn snapshot(&self) -> SubscriptionSnapshot {
        let names = [
            "RawMessageDelivery",
            "FilterPolicyScope",
            "FilterPolicy",
            "RedrivePolicy",
            "DeliveryPolicy",
        ];
        let attributes = names
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), self.get(name)?)))
            .collect();
        SubscriptionSnapshot {
            arn: self.arn.clone(),
            topic: self.topic.clone(),
            protocol: self.protocol.clone(),
            endpoint: self.endpoint.clone(),
            is_pending: self.is_pending,
            token: self.token.clone(),
            attributes,
            orphaned_ms: self.orphaned_ms,
        }
    }

    /// A subscription as it was.
    pub(super) fn restore(snapshot: SubscriptionSnapshot) -> Self {
        let mut subscription = Self::new(
            snapshot.arn,
            snapshot.topic,
            snapshot.protocol,
            snapshot.endpoint,
        );
        subscription.is_pending = snapshot.is_pending;
        subscription.token = snapshot.token;
        subscription.orphaned_ms = snapshot.orphaned_ms;
        // All were accepted once.
        let _ = subscription.set_all(&snapshot.attributes);
        subscription
    }

    /// The queue for messages that cannot be delivered.
    pub(super) fn dead_letters(&self) -> Option<&str> {
        self.redrive.as_ref().map(|(_, target)| target.as_str())
    }

    /// Sets attributes by their names, the scope before the policy that it is for.
    ///
    /// # Errors
    /// The reason, without its prefix.
    pub(super) fn set_all(&mut self, values: &BTreeMap<String, String>) -> Result<(), String> {
        let scope = "FilterPolicyScope";
        if let Some(value) = values.get(scope) {
            self.set(scope, value)?;
        }
        values
            .iter()
            .filter(|(name, _)| *name != scope)
            .try_for_each(|(name, value)| self.set(name, value))
    }

    /// Sets an attribute.
    ///
    /// # Errors
    /// The reason, without its prefix.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "RawMessageDelivery" => {
                self.is_raw = truth(value).ok_or_else(|| {
                    format!("RawMessageDelivery: Invalid value [{value}]. Must be true or false.")
                })?;
            }
            "FilterPolicyScope" => {
                self.filters_body = match value {
                    "MessageBody" => true,
                    "MessageAttributes" => false,
                    _ => {
                        return Err(format!(
                            "FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
                        ));
                    }
                };
            }
            "FilterPolicy" => self.filter = filter(value, self.filters_body)?,
            "RedrivePolicy" => self.redrive = redrive(value, &self.topic)?,
            "DeliveryPolicy" => {
                self.delivery = match value {
                    "" => None,
                    text => Some(
                        serde_json::from_str(text)
                            .ok()
                            .filter(Value::is_object)
                            .ok_or("DeliveryPolicy: failed to parse JSON.")?,
                    ),
                };
            }
            _ => return Err("AttributeName".into()),
        }
        Ok(())
    }

    /// The text of an attribute that can be set.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        match name {
            "RawMessageDelivery" => Some(self.is_raw.to_string()),
            "FilterPolicyScope" if self.filters_body => Some("MessageBody".into()),
            "FilterPolicyScope" => Some("MessageAttributes".into()),
            "FilterPolicy" => self.filter.as_ref().map(|(text, _)| text.clone()),
            "RedrivePolicy" => self.redrive.as_ref().map(|(text, _)| text.clone()),
            "DeliveryPolicy" => self.delivery.as_ref().map(|own| {
                json!({
                    "healthyRetryPolicy": own["healthyRetryPolicy"],
                    "sicklyRetryPolicy": own["sicklyRetryPolicy"],
                    "throttlePolicy": own["throttlePolicy"],
                    "requestPolicy": own["requestPolicy"],
                    "guaranteed": false,
                })
                .to_string()
            }),
            _ => None,
        }
    }

    /// All attributes, as `GetSubscriptionAttributes` shows them.
    pub(super) fn attributes(
        &self,
        account: &str,
        topic_policy: &Value,
    ) -> BTreeMap<String, String> {
        let is_http = matches!(self.protocol.as_str(), "http" | "https");
        let mut all = BTreeMap::from([
            ("SubscriptionArn".into(), self.arn.clone()),
            ("TopicArn".into(), self.topic.clone()),
            ("Protocol".into(), self.protocol.clone()),
            ("Endpoint".into(), self.endpoint.clone()),
            ("Owner".into(), account.to_owned()),
            (
                "SubscriptionPrincipal".into(),
                format!("arn:aws:iam::{account}:root"),
            ),
            ("PendingConfirmation".into(), self.is_pending.to_string()),
            (
                "ConfirmationWasAuthenticated".into(),
                (!is_http).to_string(),
            ),
        ]);
        for name in [
            "RawMessageDelivery",
            "FilterPolicy",
            "RedrivePolicy",
            "DeliveryPolicy",
        ] {
            if let Some(value) = self.get(name) {
                all.insert(name.into(), value);
            }
        }
        if self.filter.is_some() {
            all.extend(
                self.get("FilterPolicyScope")
                    .map(|scope| ("FilterPolicyScope".into(), scope)),
            );
        }
        if is_http {
            let effective = json!({
                "healthyRetryPolicy": self.policy_or("healthyRetryPolicy", &topic_policy["http"]["defaultHealthyRetryPolicy"]),
                "sicklyRetryPolicy": null,
                "throttlePolicy": null,
                "requestPolicy": self.policy_or("requestPolicy", &topic_policy["http"]["defaultRequestPolicy"]),
                "guaranteed": false,
            });
            all.insert("EffectiveDeliveryPolicy".into(), effective.to_string());
        }
        all
    }

    fn policy_or(&self, name: &str, default: &Value) -> Value {
        let own = self.delivery.as_ref().map(|own| own[name].clone());
        own.filter(|own| !own.is_null())
            .unwrap_or_else(|| default.clone())
    }

    /// The content type of notifications to an HTTP endpoint.
    pub(super) fn content_type(&self, topic_policy: &Value) -> String {
        self.policy_or(
            "requestPolicy",
            &topic_policy["http"]["defaultRequestPolicy"],
        )["headerContentType"]
            .as_str()
            .unwrap_or("text/plain; charset=UTF-8")
            .to_owned()
    }

    /// Whether a message is for this subscription.
    pub(super) fn accepts(&self, body: &str, attributes: &AttributeMap) -> bool {
        let Some((_, pattern)) = &self.filter else {
            return true;
        };
        if self.filters_body {
            return serde_json::from_str::<Value>(body)
                .is_ok_and(|body| body.is_object() && pattern.matches(&body));
        }
        pattern.matches(&super::attributes::document(attributes))
    }
}

/// Reads a filter policy. Empty text removes it.
fn filter(text: &str, filters_body: bool) -> Result<Option<(String, Pattern)>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let refused = |reason: &str| format!("FilterPolicy: {reason}");
    let value: Value = serde_json::from_str(text).map_err(|_| refused("failed to parse JSON."))?;
    if value.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(None);
    }
    if !filters_body && pattern::is_nested(&value) {
        return Err(
            "Filter policy scope MessageAttributes does not support nested filter policy".into(),
        );
    }
    let pattern = Pattern::of_subscription(&value).map_err(|reason| refused(&reason))?;
    Ok(Some((text.to_owned(), pattern)))
}

/// Reads a redrive policy. Empty text removes it.
fn redrive(text: &str, topic: &str) -> Result<Option<(String, String)>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let policy: Value = serde_json::from_str(text)
        .map_err(|_| "RedrivePolicy: failed to parse JSON.".to_owned())?;
    let target = policy["deadLetterTargetArn"].as_str().unwrap_or_default();
    if target.split(':').count() != 6 || !target.starts_with("arn:aws:sqs:") {
        return Err("RedrivePolicy: deadLetterTargetArn is an invalid arn".into());
    }
    if topic.ends_with(".fifo") && !target.ends_with(".fifo") {
        return Err(
            "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
                .into(),
        );
    }
    Ok(Some((text.to_owned(), target.to_owned())))
}

/// The error for a reason, when one attribute is set.
pub(super) fn refused(reason: &str) -> SnsError {
    SnsError::parameter(reason)
}
