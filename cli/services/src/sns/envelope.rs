//! The documents in which messages reach endpoints.
//!
//! Signatures are placeholders: only AWS has the key. Their URLs lie on the endpoint of these services, so that a client which
//! checks them fails instead of trusting them.

use serde::Serialize;
use serde_json::{Value, json};

use super::attributes;
use super::message::Message;
use super::subscription::Subscription;

/// Base64 of `not signed`.
const SIGNATURE: &str = "bm90IHNpZ25lZA==";

/// What all deliveries of one message share.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub(super) id: String,
    pub(super) sequence: Option<String>,
    pub(super) timestamp: String,
    /// The host of the URLs.
    pub(super) host: String,
    /// The signature version of the topic.
    pub(super) version: String,
}

impl Published {
    fn certificate(&self) -> String {
        format!("http://{}/SimpleNotificationService.pem", self.host)
    }

    fn unsubscribe(&self, subscription: &str) -> String {
        format!(
            "http://{}/?Action=Unsubscribe&SubscriptionArn={subscription}",
            self.host
        )
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Notification<'a> {
    r#type: &'static str,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<&'a str>,
    topic_arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    message: &'a str,
    timestamp: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<&'static str>,
    #[serde(rename = "SigningCertURL", skip_serializing_if = "Option::is_none")]
    certificate: Option<String>,
    #[serde(rename = "UnsubscribeURL")]
    unsubscribe: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_attributes: Option<Value>,
}

/// The envelope for queues and HTTP endpoints. Those of FIFO topics have a sequence number and no signature.
pub(super) fn notification(
    published: &Published,
    subscription: &Subscription,
    message: &Message,
    text: &str,
) -> String {
    let is_signed = published.sequence.is_none();
    let attributes =
        (!message.attributes.is_empty()).then(|| attributes::in_envelope(&message.attributes));
    let notification = Notification {
        r#type: "Notification",
        message_id: &published.id,
        sequence_number: published.sequence.as_deref(),
        topic_arn: &subscription.topic,
        subject: message.subject.as_deref(),
        message: text,
        timestamp: &published.timestamp,
        signature_version: is_signed.then_some(published.version.as_str()),
        signature: is_signed.then_some(SIGNATURE),
        certificate: is_signed.then(|| published.certificate()),
        unsubscribe: published.unsubscribe(&subscription.arn),
        message_attributes: attributes,
    };
    serde_json::to_string(&notification).unwrap_or_default()
}

/// The event for functions: one record, with other spellings and without absent members.
pub(super) fn event(
    published: &Published,
    subscription: &Subscription,
    message: &Message,
    text: &str,
) -> String {
    json!({"Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": published.id,
            "TopicArn": subscription.topic,
            "Subject": message.subject,
            "Message": text,
            "Timestamp": published.timestamp,
            // Whatever the topic's version is.
            "SignatureVersion": "1",
            "Signature": SIGNATURE,
            "SigningCertUrl": published.certificate(),
            "UnsubscribeUrl": published.unsubscribe(&subscription.arn),
            "MessageAttributes": attributes::in_envelope(&message.attributes),
        },
    }]})
    .to_string()
}

/// The document that asks an HTTP endpoint to confirm its subscription, or reports its end.
pub(super) fn confirmation(
    published: &Published,
    subscription: &Subscription,
    token: &str,
    ends: bool,
) -> String {
    let topic = &subscription.topic;
    let message = if ends {
        format!(
            "You have chosen to deactivate subscription {}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.",
            subscription.arn
        )
    } else {
        format!(
            "You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit the SubscribeURL included in this message."
        )
    };
    json!({
        "Type": if ends { "UnsubscribeConfirmation" } else { "SubscriptionConfirmation" },
        "MessageId": published.id,
        "Token": token,
        "TopicArn": topic,
        "Message": message,
        "SubscribeURL": format!(
            "http://{}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}",
            published.host
        ),
        "Timestamp": published.timestamp,
        "SignatureVersion": published.version,
        "Signature": SIGNATURE,
        "SigningCertURL": published.certificate(),
    })
    .to_string()
}
