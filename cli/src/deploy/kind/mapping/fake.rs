//! Lambda's event source mappings in memory: one of a queue and a function, and only for a queue that is there, hides its messages long
//! enough, and may be read by the function's role.

use serde_json::Value;

use crate::{
    aws::{
        error::Result,
        fake::{Fake, FakeFunction, State},
        lambda::Configuration,
        mappings::{CREATE, DELETE, LIST, LIST_TAGS, Mapping, MappingChange, Mappings, UPDATE},
    },
    deploy::kind::queue::fake as queue,
    values::{mapping::Polling, names::Tags},
};

const GONE: &str = "ResourceNotFoundException";
const CONFLICT: &str = "ResourceConflictException";
const REFUSED: &str = "InvalidParameterValueException";

type Refused = (&'static str, String);

/// A mapping.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FakeMapping {
    /// The ARN of the alias.
    pub(crate) alias: String,
    pub(crate) mapping: Mapping,
    pub(crate) tags: Tags,
}

impl FakeMapping {
    /// Leaves out what Lambda chooses.
    pub(crate) fn forget_id(&mut self) {
        self.mapping.id.clear();
        self.mapping.arn.clear();
    }

    /// What tells it from others.
    pub(crate) fn key(&self) -> (String, String) {
        (self.alias.clone(), self.mapping.queue.clone())
    }
}

/// The function of that alias' ARN, and the configuration of the version that it leads to.
fn aliased<'a>(state: &'a State, alias: &str) -> Option<(&'a FakeFunction, &'a Configuration)> {
    let (arn, alias) = alias.rsplit_once(':')?;
    let function = state.functions.get(arn.rsplit(':').next()?)?;
    let version: u32 = function.aliases.get(alias)?.version.parse().ok()?;
    Some((function, &function.versions.get(&version)?.configuration))
}

/// Seconds that a queue hides a message: `None` for one of another account.
fn hidden(state: &State, arn: &str) -> std::result::Result<Option<u32>, Refused> {
    if !arn.contains(Fake::ACCOUNT) {
        return Ok(None);
    }
    let mut all = state.queues.iter();
    let found = all.find(|(name, _)| queue::arn(name) == arn);
    let Some((_, held)) = found else {
        let told = "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The \
                    specified queue does not exist.";
        return Err((REFUSED, told.to_owned()));
    };
    let hidden = held.attributes.get("VisibilityTimeout");
    Ok(hidden.and_then(|hidden| hidden.parse().ok()))
}

fn long_enough(hidden: Option<u32>, timeout: u32) -> std::result::Result<(), Refused> {
    match hidden {
        Some(hidden) if hidden < timeout => Err((
            REFUSED,
            format!(
                "Queue visibility timeout: {hidden} seconds is less than Function timeout: {timeout} seconds"
            ),
        )),
        _ => Ok(()),
    }
}

/// Refuses a timeout that is longer than a queue hides messages that the function reads.
pub(crate) fn suits(
    state: &State,
    function: &str,
    timeout: u32,
) -> std::result::Result<(), Refused> {
    let of_it = format!(":function:{function}:");
    let mut own = state.mappings.iter();
    let own = own.by_ref().filter(|one| one.alias.contains(&of_it));
    for one in own {
        // A queue that is gone is not looked at.
        if let Ok(hidden) = hidden(state, &one.mapping.queue) {
            long_enough(hidden, timeout)?;
        }
    }
    Ok(())
}

/// Whether a role's policies let it receive from a queue.
fn may_receive(state: &State, role: &str, queue: &str) -> bool {
    let name = role.rsplit('/').next().unwrap_or_default();
    let Some(role) = state.roles.get(name) else {
        return false;
    };
    let statements = role
        .policies
        .values()
        .filter_map(|policy| policy["Statement"].as_array());
    let has = |value: &Value, text: &str| {
        let mut all = value.as_array().into_iter().flatten();
        all.any(|one| one == text || one == "*")
    };
    statements.flatten().any(|statement| {
        statement["Effect"] == "Allow"
            && has(&statement["Action"], "sqs:ReceiveMessage")
            && has(&statement["Resource"], queue)
    })
}

/// What Lambda refuses of a queue's messages to be taken so.
fn check(queue: &str, polling: &Polling) -> std::result::Result<(), Refused> {
    let fifo = queue.ends_with(".fifo");
    let refused = |told: &str| Err((REFUSED, told.to_owned()));
    if fifo && polling.batch_window > 0 {
        return refused("Batching window is not supported for FIFO queues");
    }
    if polling.batch_size > 10 && polling.batch_window == 0 {
        return refused(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        );
    }
    if polling.max_concurrency.is_some() && polling.pollers.is_some() {
        return refused("MaximumConcurrency and ProvisionedPollerConfig exclude each other");
    }
    Ok(())
}

impl Mappings for Fake {
    async fn source_mappings(&self, alias: &str) -> Result<Vec<Mapping>> {
        self.later().await.call(LIST, |state| {
            let own = state.mappings.iter().filter(|one| one.alias == alias);
            Ok(own.map(|one| one.mapping.clone()).collect())
        })
    }

    async fn source_mapping_tags(&self, arn: &str) -> Result<Option<Tags>> {
        self.later().await.call(LIST_TAGS, |state| {
            let mut all = state.mappings.iter();
            let found = all.find(|one| one.mapping.arn == arn);
            Ok(found.map(|one| one.tags.clone()))
        })
    }

    async fn create_source_mapping(
        &self,
        queue: &str,
        alias: &str,
        polling: &Polling,
        tags: &Tags,
    ) -> Result<()> {
        let id = self.id("mapping");
        self.later().await.call(CREATE, |state| {
            let found = aliased(state, alias).map(|(_, configuration)| configuration);
            let Some(configuration) = found else {
                return Err((GONE, format!("Function not found: {alias}")));
            };
            long_enough(hidden(state, queue)?, configuration.timeout)?;
            check(queue, polling)?;
            if !may_receive(state, &configuration.role, queue) {
                let told = "The provided execution role does not have permissions to call ReceiveMessage on SQS";
                return Err((REFUSED, told.to_owned()));
            }
            let pair = (alias.to_owned(), queue.to_owned());
            if state.mappings.iter().any(|one| one.key() == pair) {
                let told = format!(
                    "An event source mapping with SQS arn (\" {queue} \") and function (\" {alias} \") already exists."
                );
                return Err((CONFLICT, told));
            }
            state.mappings.push(FakeMapping {
                alias: alias.to_owned(),
                mapping: Mapping {
                    arn: format!(
                        "arn:aws:lambda:{}:{}:event-source-mapping:{id}",
                        Self::REGION,
                        Self::ACCOUNT
                    ),
                    id,
                    queue: queue.to_owned(),
                    polling: polling.clone(),
                    reports: true,
                    enabled: true,
                },
                tags: tags.clone(),
            });
            Ok(())
        })
    }

    async fn update_source_mapping(&self, id: &str, change: &MappingChange) -> Result<()> {
        self.later().await.call(UPDATE, |state| {
            let mut all = state.mappings.iter_mut();
            let found = all.find(|one| one.mapping.id == id);
            let held = &mut found.ok_or((GONE, id.to_owned()))?.mapping;
            let old = &held.polling;
            let polling = Polling {
                batch_size: change.batch_size.unwrap_or(old.batch_size),
                batch_window: change.batch_window.unwrap_or(old.batch_window),
                filters: change
                    .filters
                    .clone()
                    .unwrap_or_else(|| old.filters.clone()),
                max_concurrency: change.max_concurrency.unwrap_or(old.max_concurrency),
                pollers: change.pollers.unwrap_or(old.pollers),
            };
            check(&held.queue, &polling)?;
            held.polling = polling;
            held.reports |= change.reports;
            held.enabled |= change.enables;
            Ok(())
        })
    }

    async fn delete_source_mapping(&self, id: &str) -> Result<()> {
        self.later().await.call(DELETE, |state| {
            let before = state.mappings.len();
            state.mappings.retain(|one| one.mapping.id != id);
            match state.mappings.len() < before {
                true => Ok(()),
                false => Err((GONE, id.to_owned())),
            }
        })
    }
}
