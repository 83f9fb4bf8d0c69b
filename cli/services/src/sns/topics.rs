//! Operations on topics.

use std::collections::BTreeMap;

use super::query::Output;
use super::topic::Topic;
use super::{Call, Sns, SnsError, State, check_arn};
use crate::form::Node;

/// How many items a page of a list has.
const PAGE: usize = 100;

/// The entries of a map parameter: `Attributes.entry.1.key` and `.value`.
pub(super) fn entries(node: Option<&Node>) -> BTreeMap<String, String> {
    let items = node.map(|node| node.child("entry").unwrap_or(node).items());
    items
        .unwrap_or_default()
        .into_iter()
        .map(|item| {
            let text = |name: &str| item.text(name).unwrap_or_default().to_owned();
            (text("key"), text("value"))
        })
        .collect()
}

/// The tags of a list parameter: `Tags.member.1.Key` and `.Value`.
pub(super) fn tags(node: Option<&Node>) -> BTreeMap<String, String> {
    node.map(Node::items)
        .unwrap_or_default()
        .into_iter()
        .map(|item| {
            let text = |name: &str| item.text(name).unwrap_or_default().to_owned();
            (text("Key"), text("Value"))
        })
        .collect()
}

/// One page of sorted keys after the token, and the token of the next page.
pub(super) fn page<'a>(
    keys: impl Iterator<Item = &'a String>,
    parameters: &Node,
) -> (Vec<String>, Option<String>) {
    let after = parameters.text("NextToken").unwrap_or_default();
    let mut rest = keys.filter(|key| key.as_str() > after);
    let page: Vec<_> = rest.by_ref().take(PAGE).cloned().collect();
    let token = rest.next().and_then(|_| page.last().cloned());
    (page, token)
}

impl Sns {
    pub(super) fn create_topic(&self, call: &Call, parameters: &Node) -> Result<Output, SnsError> {
        let name = parameters.text("Name").unwrap_or_default();
        let values = entries(parameters.child("Attributes"));
        let tags = tags(parameters.child("Tags"));
        let is_fifo = check_name(name, values.get("FifoTopic").map(String::as_str))?;
        let arn = format!(
            "arn:aws:sns:{}:{}:{name}",
            self.place.region, self.place.account
        );
        self.admit(call, "CreateTopic", &arn)?;
        let mut state = self.state();
        forget_orphans(&mut state, self.now());
        if let Some(topic) = state.topics.get(&arn) {
            let differs = |(name, value): (&String, &String)| {
                topic
                    .get(name)
                    .is_none_or(|own| !own.eq_ignore_ascii_case(value))
            };
            if values.iter().any(differs) {
                return Err(SnsError::parameter(
                    "Attributes Reason: Topic already exists with different attributes",
                ));
            }
            if tags
                .iter()
                .any(|(key, value)| topic.tags.get(key) != Some(value))
            {
                return Err(SnsError::parameter(
                    "Tags Reason: Topic already exists with different tags",
                ));
            }
            return Ok(Output::default().with("TopicArn", arn));
        }
        let mut topic = Topic::new(arn.clone(), is_fifo);
        for (name, value) in values.iter().filter(|(name, _)| *name != "FifoTopic") {
            topic.set(name, value, false)?;
        }
        topic.tags = tags;
        state.topics.insert(arn.clone(), topic);
        Ok(Output::default().with("TopicArn", arn))
    }

    pub(super) fn delete_topic(&self, call: &Call, parameters: &Node) -> Result<Output, SnsError> {
        let arn = parameters.text("TopicArn").unwrap_or_default();
        check_arn("TopicArn", arn)?;
        self.admit(call, "DeleteTopic", arn)?;
        let now = self.now();
        let mut state = self.state();
        if let Some(topic) = state.topics.remove(arn) {
            for subscription in topic.subscriptions {
                if let Some(subscription) = state.subscriptions.get_mut(&subscription) {
                    subscription.orphaned_ms = Some(now);
                }
            }
        }
        Ok(Output::default())
    }

    pub(super) fn list_topics(&self, call: &Call, parameters: &Node) -> Result<Output, SnsError> {
        self.admit(call, "ListTopics", "*")?;
        let state = self.state();
        let (arns, token) = page(state.topics.keys(), parameters);
        let topics = arns
            .into_iter()
            .map(|arn| Output::default().with("TopicArn", arn))
            .collect();
        Ok(Output::default()
            .with_list("Topics", topics)
            .with_optional("NextToken", token))
    }

    pub(super) fn get_topic_attributes(
        &self,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let arn = parameters.text("TopicArn").unwrap_or_default();
        check_arn("TopicArn", arn)?;
        self.admit(call, "GetTopicAttributes", arn)?;
        let mut state = self.state();
        let topic = state.topic(arn)?;
        let subscriptions = topic.subscriptions.clone();
        let is_pending = |arn: &&String| {
            let found = state.subscriptions.get(*arn);
            found.is_some_and(|subscription| subscription.is_pending)
        };
        let pending = subscriptions.iter().filter(is_pending).count();
        let confirmed = subscriptions.len() - pending;
        let attributes = state
            .topic(arn)?
            .attributes(&self.place.account, confirmed, pending);
        Ok(Output::default().with_map("Attributes", attributes))
    }

    pub(super) fn set_topic_attributes(
        &self,
        call: &Call,
        parameters: &Node,
    ) -> Result<Output, SnsError> {
        let arn = parameters.text("TopicArn").unwrap_or_default();
        check_arn("TopicArn", arn)?;
        self.admit(call, "SetTopicAttributes", arn)?;
        let name = parameters.text("AttributeName").unwrap_or_default();
        let value = parameters.text("AttributeValue").unwrap_or_default();
        let mut state = self.state();
        let subscriptions = state.topic(arn)?.subscriptions.clone();
        let has_http = subscriptions.iter().any(|arn| {
            let found = state.subscriptions.get(arn);
            found.is_some_and(|subscription| subscription.protocol.starts_with("http"))
        });
        state.topic(arn)?.set(name, value, has_http)?;
        Ok(Output::default())
    }
}

/// Forgets subscriptions whose topic has been deleted for an hour. How long AWS shows them is unverified.
pub(super) fn forget_orphans(state: &mut State, now_ms: u64) {
    state.subscriptions.retain(|_, subscription| {
        subscription
            .orphaned_ms
            .is_none_or(|at| at + 3_600_000 > now_ms)
    });
}

/// Checks a topic's name, and that it agrees with `FifoTopic`. Returns whether the topic is FIFO.
pub(super) fn check_name(name: &str, fifo: Option<&str>) -> Result<bool, SnsError> {
    let wants_fifo = fifo.is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let base = name.strip_suffix(".fifo");
    let plain = base.unwrap_or(name);
    let has_form = (1..=256).contains(&name.len())
        && !plain.is_empty()
        && plain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !has_form || base.is_some() != wants_fifo {
        return Err(SnsError::parameter("Topic Name"));
    }
    Ok(wants_fifo)
}
