//! The query protocol of SNS.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::http::header::HeaderValue;
use ::http::{Response, StatusCode};

use super::{Call, Sns, SnsError};
use crate::form::Form;
use crate::ids;
use crate::reply::{self, Body};
use crate::xml;

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// The result of an operation, in the order of its members.
#[derive(Debug, Default)]
pub(super) struct Output(Vec<(&'static str, Member)>);

#[derive(Debug)]
enum Member {
    Text(String),
    List(Vec<Output>),
    Map(BTreeMap<String, String>),
}

impl Output {
    pub(super) fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.0.push((name, Member::Text(text.into())));
        self
    }

    pub(super) fn with_optional(self, name: &'static str, text: Option<String>) -> Self {
        match text {
            Some(text) => self.with(name, text),
            None => self,
        }
    }

    pub(super) fn with_list(mut self, name: &'static str, items: Vec<Self>) -> Self {
        self.0.push((name, Member::List(items)));
        self
    }

    pub(super) fn with_map(mut self, name: &'static str, map: BTreeMap<String, String>) -> Self {
        self.0.push((name, Member::Map(map)));
        self
    }

    fn write(&self, out: &mut String) {
        for (name, member) in &self.0 {
            match member {
                Member::Text(text) => xml::element(out, name, text),
                Member::List(items) => {
                    xml::open(out, name);
                    for item in items {
                        xml::open(out, "member");
                        item.write(out);
                        xml::close(out, "member");
                    }
                    xml::close(out, name);
                }
                Member::Map(map) => {
                    xml::open(out, name);
                    for (key, value) in map {
                        xml::open(out, "entry");
                        xml::element(out, "key", key);
                        xml::element(out, "value", value);
                        xml::close(out, "entry");
                    }
                    xml::close(out, name);
                }
            }
        }
    }
}

/// Answers a call of an action. URLs in messages lead to some of them without a signature: those take `unsigned`.
pub(crate) fn answer(
    sns: &Arc<Sns>,
    call: Result<Call, SnsError>,
    unsigned: Call,
    action: &str,
    form: Form,
) -> Response<Body> {
    let call = match call {
        Ok(call) => call,
        Err(_) if is_open(action) => unsigned,
        Err(error) => return error_response(&error),
    };
    let parameters = form.tree();
    let result = match action {
        "Publish" => sns.publish(&call, &parameters),
        "PublishBatch" => sns.publish_batch(&call, &parameters),
        "CreateTopic" => sns.create_topic(&call, &parameters),
        "DeleteTopic" => sns.delete_topic(&call, &parameters),
        "ListTopics" => sns.list_topics(&call, &parameters),
        "GetTopicAttributes" => sns.get_topic_attributes(&call, &parameters),
        "SetTopicAttributes" => sns.set_topic_attributes(&call, &parameters),
        "Subscribe" => sns.subscribe(&call, &parameters),
        "ConfirmSubscription" => sns.confirm_subscription(&parameters),
        "Unsubscribe" => sns.unsubscribe(&call, &parameters),
        "ListSubscriptions" => sns.list_subscriptions(&call, &parameters),
        "ListSubscriptionsByTopic" => sns.list_subscriptions_by_topic(&call, &parameters),
        "GetSubscriptionAttributes" => sns.get_subscription_attributes(&call, &parameters),
        "SetSubscriptionAttributes" => sns.set_subscription_attributes(&call, &parameters),
        "TagResource" => sns.tag_resource(&call, &parameters),
        "UntagResource" => sns.untag_resource(&call, &parameters),
        "ListTagsForResource" => sns.list_tags(&call, &parameters),
        "AddPermission" => sns.add_permission(&call, &parameters),
        "RemovePermission" => sns.remove_permission(&call, &parameters),
        other => Err(SnsError::not_implemented(&format!("SNS {other}"))),
    };
    if !action.starts_with("Get") && !action.starts_with("List") {
        sns.place.changes.notify_one();
    }
    match result {
        Ok(output) => success(action, &output),
        Err(error) => error_response(&error),
    }
}

/// Whether URLs in messages lead to the action.
pub(crate) fn is_open(action: &str) -> bool {
    matches!(action, "ConfirmSubscription" | "Unsubscribe")
}

fn success(action: &str, output: &Output) -> Response<Body> {
    let id = ids::uuid();
    let mut out = format!("<{action}Response xmlns=\"{NAMESPACE}\">");
    let result = format!("{action}Result");
    xml::open(&mut out, &result);
    output.write(&mut out);
    xml::close(&mut out, &result);
    xml::open(&mut out, "ResponseMetadata");
    xml::element(&mut out, "RequestId", &id);
    xml::close(&mut out, "ResponseMetadata");
    xml::close(&mut out, &format!("{action}Response"));
    identified(reply::reply(StatusCode::OK, "text/xml", out), &id)
}

/// The answer for an error.
pub(crate) fn error_response(error: &SnsError) -> Response<Body> {
    let id = ids::uuid();
    let mut out = format!("<ErrorResponse xmlns=\"{NAMESPACE}\"><Error>");
    let fault = if error.status < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    xml::element(&mut out, "Type", fault);
    xml::element(&mut out, "Code", error.code);
    xml::element(&mut out, "Message", &error.message);
    xml::close(&mut out, "Error");
    xml::element(&mut out, "RequestId", &id);
    xml::close(&mut out, "ErrorResponse");
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    identified(reply::reply(status, "text/xml", out), &id)
}

fn identified(mut response: Response<Body>, id: &str) -> Response<Body> {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}
