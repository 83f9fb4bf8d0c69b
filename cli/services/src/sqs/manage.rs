//! Operations on queues as a whole: create, list, settings, tags, purge, delete.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::attributes::{Attributes, SETTINGS};
use super::queue::{Queue, State};
use super::receive::in_range;
use super::visibility::Nothing;
use super::{Call, Sqs, SqsError};

/// How long the name of a deleted queue, and a purge, stand in the way.
const PAUSE_MS: u64 = 60 * 1000;
/// The most queues that an answer lists.
const MOST_LISTED: usize = 1000;

/// The attributes that are measured and cannot be set.
pub(super) const MEASURES: [&str; 6] = [
    "QueueArn",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct QueueInput {
    queue_url: Option<String>,
    queue_name: Option<String>,
    attributes: Option<BTreeMap<String, String>>,
    attribute_names: Option<Vec<String>>,
    /// `CreateQueue` writes it with a small letter.
    #[serde(alias = "tags")]
    tags: Option<BTreeMap<String, String>>,
    tag_keys: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct ListInput {
    queue_url: Option<String>,
    queue_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UrlOutput {
    queue_url: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    /// The same list as the dead-letter operation writes it.
    #[serde(rename = "queueUrls", skip_serializing_if = "Vec::is_empty")]
    sources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttributesOutput {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagsOutput {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

impl Sqs {
    pub(super) fn create_queue(
        &self,
        call: &Call,
        input: QueueInput,
    ) -> Result<UrlOutput, SqsError> {
        let name = input
            .queue_name
            .ok_or_else(|| SqsError::missing("QueueName"))?;
        if call.queue_of_path.is_some() {
            return Err(SqsError::action("CreateQueue"));
        }
        self.admit(call, "CreateQueue", &self.arn(&name))?;
        let values = input.attributes.unwrap_or_default();
        let is_fifo = check_name(&name, &values)?;
        let mut attributes = Attributes::new(is_fifo);
        attributes.set_all(&values)?;
        let now = self.now();
        if let Some(queue) = self.find(&name) {
            let state = queue.at(now);
            if let Some(name) = attributes.first_difference(&state.attributes, values.keys()) {
                return Err(SqsError::queue_exists(name));
            }
            return Ok(UrlOutput {
                queue_url: self.url(call, &name),
            });
        }
        self.check_redrive(&self.arn(&name), &attributes)?;
        let mut deleted = self.deleted.lock().unwrap_or_else(PoisonError::into_inner);
        deleted.retain(|_, at| *at + PAUSE_MS > now);
        if deleted.contains_key(&name) {
            return Err(SqsError::deleted_recently());
        }
        drop(deleted);
        let queue = Queue::new(name.clone(), self.arn(&name).into(), attributes, now);
        queue.at(now).tags = input.tags.unwrap_or_default();
        self.queues
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name.clone())
            .or_insert_with(|| Arc::new(queue));
        Ok(UrlOutput {
            queue_url: self.url(call, &name),
        })
    }

    pub(super) fn delete_queue(
        &self,
        call: &Call,
        input: &QueueInput,
    ) -> Result<Nothing, SqsError> {
        let queue = self.queue(call, "DeleteQueue", input.queue_url.as_deref())?;
        self.queues
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&queue.name);
        self.deleted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(queue.name.clone(), self.now());
        self.end(&queue);
        Ok(Nothing {})
    }

    pub(super) fn get_queue_url(
        &self,
        call: &Call,
        input: &QueueInput,
    ) -> Result<UrlOutput, SqsError> {
        let name = input
            .queue_name
            .as_deref()
            .ok_or_else(|| SqsError::missing("QueueName"))?;
        let queue = self.queue(call, "GetQueueUrl", Some(name))?;
        Ok(UrlOutput {
            queue_url: self.url(call, &queue.name),
        })
    }

    pub(super) fn list_queues(
        &self,
        call: &Call,
        input: &ListInput,
    ) -> Result<ListOutput, SqsError> {
        if call.queue_of_path.is_some() {
            return Err(SqsError::action("ListQueues"));
        }
        self.admit(call, "ListQueues", "*")?;
        let prefix = input.queue_name_prefix.as_deref().unwrap_or_default();
        let names = self
            .all()
            .into_iter()
            .map(|queue| queue.name.clone())
            .filter(|name| name.starts_with(prefix))
            .collect();
        let (names, next_token) = page(names, input)?;
        Ok(ListOutput {
            queue_urls: names.iter().map(|name| self.url(call, name)).collect(),
            sources: Vec::new(),
            next_token,
        })
    }

    pub(super) fn list_sources(
        &self,
        call: &Call,
        input: &ListInput,
    ) -> Result<ListOutput, SqsError> {
        let operation = "ListDeadLetterSourceQueues";
        let target = self.queue(call, operation, input.queue_url.as_deref())?;
        let names = self
            .sources_of(&target.arn)
            .into_iter()
            .map(|queue| queue.name.clone())
            .collect();
        let (names, next_token) = page(names, input)?;
        Ok(ListOutput {
            queue_urls: Vec::new(),
            sources: names.iter().map(|name| self.url(call, name)).collect(),
            next_token,
        })
    }

    /// The queues whose dead letters go to that one.
    pub(super) fn sources_of(&self, target: &str) -> Vec<Arc<Queue>> {
        let now = self.now();
        let mut queues = self.all();
        queues.retain(|queue| {
            let state = queue.at(now);
            let redrive = state.attributes.redrive.as_ref();
            redrive.is_some_and(|redrive| redrive.target == target)
        });
        queues
    }

    pub(super) fn get_queue_attributes(
        &self,
        call: &Call,
        input: &QueueInput,
    ) -> Result<AttributesOutput, SqsError> {
        let queue = self.queue(call, "GetQueueAttributes", input.queue_url.as_deref())?;
        let names = input.attribute_names.as_deref().unwrap_or_default();
        let state = queue.at(self.now());
        let mut attributes = BTreeMap::new();
        for name in names {
            if name == "All" {
                for name in SETTINGS.into_iter().chain(MEASURES) {
                    let value =
                        measure(&queue, &state, name).or_else(|| state.attributes.get(name));
                    attributes.extend(value.map(|value| (name.to_owned(), value)));
                }
                continue;
            }
            if !SETTINGS.contains(&name.as_str()) && !MEASURES.contains(&name.as_str()) {
                return Err(SqsError::unknown_attribute(name));
            }
            let value = measure(&queue, &state, name).or_else(|| state.attributes.get(name));
            attributes.extend(value.map(|value| (name.clone(), value)));
        }
        Ok(AttributesOutput { attributes })
    }

    pub(super) fn set_queue_attributes(
        &self,
        call: &Call,
        input: &QueueInput,
    ) -> Result<Nothing, SqsError> {
        let queue = self.queue(call, "SetQueueAttributes", input.queue_url.as_deref())?;
        let values = input
            .attributes
            .as_ref()
            .ok_or_else(|| SqsError::missing("Attributes"))?;
        let now = self.now();
        let mut attributes = queue.at(now).attributes.clone();
        attributes.set_all(values)?;
        if values.contains_key("RedrivePolicy") {
            self.check_redrive(&queue.arn, &attributes)?;
        }
        queue.at(now).configure(attributes, now);
        queue.changed.notify_waiters();
        Ok(Nothing {})
    }

    /// Checks that the dead-letter queue is there, of the same type, and takes dead letters of that source.
    pub(super) fn check_redrive(
        &self,
        source: &str,
        attributes: &Attributes,
    ) -> Result<(), SqsError> {
        let Some(redrive) = &attributes.redrive else {
            return Ok(());
        };
        let text = attributes.get("RedrivePolicy").unwrap_or_default();
        let refused = |reason: &str| Err(SqsError::value(&text, "RedrivePolicy", reason));
        let Some(target) = self.by_arn(&redrive.target) else {
            return refused("Dead letter target does not exist.");
        };
        let state = target.at(self.now());
        // The texts of the two following are unverified.
        if state.is_fifo() != attributes.fifo.is_some() {
            return refused("Dead-letter queue must be same type of queue as the source.");
        }
        if !allows(state.attributes.redrive_allow.as_deref(), source) {
            return refused(
                "The redrive allow policy of the dead-letter queue does not permit this source queue.",
            );
        }
        Ok(())
    }

    pub(super) fn purge_queue(&self, call: &Call, input: &QueueInput) -> Result<Nothing, SqsError> {
        let queue = self.queue(call, "PurgeQueue", input.queue_url.as_deref())?;
        let now = self.now();
        let mut state = queue.at(now);
        if state
            .purged_ms
            .is_some_and(|purged| purged + PAUSE_MS > now)
        {
            return Err(SqsError::purge_in_progress(&queue.name));
        }
        state.purge(now);
        Ok(Nothing {})
    }

    pub(super) fn list_queue_tags(
        &self,
        call: &Call,
        input: &QueueInput,
    ) -> Result<TagsOutput, SqsError> {
        let queue = self.queue(call, "ListQueueTags", input.queue_url.as_deref())?;
        let tags = queue.at(self.now()).tags.clone();
        Ok(TagsOutput { tags })
    }

    pub(super) fn tag_queue(&self, call: &Call, input: QueueInput) -> Result<Nothing, SqsError> {
        let queue = self.queue(call, "TagQueue", input.queue_url.as_deref())?;
        let tags = input.tags.ok_or_else(|| SqsError::missing("Tags"))?;
        let mut state = queue.at(self.now());
        let mut all = state.tags.clone();
        all.extend(tags);
        // 50 tags per queue is a documented quota. The text is unverified.
        if all.len() > 50 {
            return Err(SqsError::parameter(format!(
                "Too many tags added for queue {}.",
                queue.name
            )));
        }
        state.tags = all;
        Ok(Nothing {})
    }

    pub(super) fn untag_queue(&self, call: &Call, input: &QueueInput) -> Result<Nothing, SqsError> {
        let queue = self.queue(call, "UntagQueue", input.queue_url.as_deref())?;
        let keys = input
            .tag_keys
            .as_ref()
            .ok_or_else(|| SqsError::missing("TagKeys"))?;
        let mut state = queue.at(self.now());
        for key in keys {
            state.tags.remove(key);
        }
        Ok(Nothing {})
    }
}

/// Whether a redrive allow policy lets that source queue in.
fn allows(policy: Option<&str>, source: &str) -> bool {
    let Some(policy) = policy.and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok())
    else {
        return true;
    };
    match policy["redrivePermission"].as_str() {
        Some("denyAll") => false,
        Some("byQueue") => policy["sourceQueueArns"]
            .as_array()
            .is_some_and(|arns| arns.iter().any(|arn| arn == source)),
        _ => true,
    }
}

/// The value of a measured attribute.
fn measure(queue: &Queue, state: &State, name: &str) -> Option<String> {
    let counts = state.counts();
    Some(match name {
        "QueueArn" => queue.arn.to_string(),
        "ApproximateNumberOfMessages" => counts.visible.to_string(),
        "ApproximateNumberOfMessagesNotVisible" => counts.in_flight.to_string(),
        "ApproximateNumberOfMessagesDelayed" => counts.delayed.to_string(),
        "CreatedTimestamp" => (state.created_ms / 1000).to_string(),
        "LastModifiedTimestamp" => (state.modified_ms / 1000).to_string(),
        _ => return None,
    })
}

/// Checks a new queue's name, and that it agrees with `FifoQueue`. Returns whether the queue is FIFO.
///
/// The texts are unverified: only the code is known.
pub(super) fn check_name(name: &str, values: &BTreeMap<String, String>) -> Result<bool, SqsError> {
    let wants_fifo = values
        .get("FifoQueue")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let base = name.strip_suffix(".fifo");
    let has_form = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if base.is_some() != wants_fifo && has_form(base.unwrap_or(name)) {
        return Err(SqsError::parameter(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
        ));
    }
    if name.len() > 80 || !has_form(base.unwrap_or(name)) {
        return Err(SqsError::parameter(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        ));
    }
    Ok(wants_fifo)
}

/// One page of a list of names, and the token of the next one.
fn page(
    mut names: Vec<String>,
    input: &ListInput,
) -> Result<(Vec<String>, Option<String>), SqsError> {
    if let Some(token) = &input.next_token {
        let last = BASE64_STANDARD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| SqsError::parameter("Invalid or expired next token."))?;
        names.retain(|name| *name > last);
    }
    let most = match input.max_results {
        Some(most) => in_range(
            most,
            1..=1000,
            "MaxResults",
            "Must be between 1 and 1000, if provided.",
        )?,
        None => MOST_LISTED as u64,
    };
    let most = usize::try_from(most).unwrap_or(MOST_LISTED);
    let more = names.len() > most;
    names.truncate(most);
    let token = names
        .last()
        .filter(|_| more && input.max_results.is_some())
        .map(|last| BASE64_STANDARD.encode(last));
    Ok((names, token))
}
