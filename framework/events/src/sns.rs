//! SNS: a notification, one to an invocation. `[R]` messaging-truth §1 rows 22, 24, 25, §3.3

use serde_json::{Value, json};

use crate::Place;

/// A notification.
#[derive(Clone, Copy, Debug)]
pub struct Notification<'a> {
    /// Its id: a UUID.
    pub id: &'a str,
    /// The message.
    pub message: &'a str,
    /// Its subject.
    pub subject: Option<&'a str>,
    /// The time of publication: `2027-01-01T09:00:00.000Z`.
    pub time: &'a str,
    /// Text attributes: name, data type and value.
    pub attributes: &'a [(&'a str, &'a str, &'a str)],
}

impl Notification<'_> {
    /// The event. Its signature is a constant, and not one.
    #[must_use]
    pub fn event(&self, place: Place<'_>, topic: &str) -> Value {
        let topic = place.arn("sns", topic);
        let mut attributes = json!({});
        for (name, data_type, value) in self.attributes {
            attributes[name] = json!({ "Type": data_type, "Value": value });
        }
        let host = format!("https://sns.{}.amazonaws.com", place.region);
        let subscription = format!("{topic}:00000000-0000-4000-8000-000000000000");
        json!({ "Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription,
            "Sns": {
                "Type": "Notification",
                "MessageId": self.id,
                "TopicArn": topic,
                "Subject": self.subject,
                "Message": self.message,
                "Timestamp": self.time,
                "SignatureVersion": "1",
                "Signature": "not-signed",
                "SigningCertUrl": format!("{host}/SimpleNotificationService.pem"),
                "UnsubscribeUrl": format!("{host}/?Action=Unsubscribe&SubscriptionArn={subscription}"),
                "MessageAttributes": attributes,
            },
        }] })
    }
}
