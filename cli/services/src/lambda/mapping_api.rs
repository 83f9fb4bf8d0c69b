//! The operations on event source mappings.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use super::mapping::{Input, Mapping, Settings, StoredMapping};
use super::{Answer, FunctionName, Lambda, LambdaError, Request, lock, poller};
use crate::form::Form;
use crate::ids;
use crate::targets::service_of;

/// What an input may hold. A member that is not here would be ignored, so it is refused by its name.
const MEMBERS: [&str; 15] = [
    "EventSourceArn",
    "FunctionName",
    "Enabled",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FilterCriteria",
    "FunctionResponseTypes",
    "ScalingConfig",
    "DestinationConfig",
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPosition",
    "TumblingWindowInSeconds",
];

impl Lambda {
    pub(super) fn create_mapping(self: &Arc<Self>, request: &Request<'_>) -> Answer {
        self.admit(&request.caller, "CreateEventSourceMapping", "*")?;
        let mapping = self.add_mapping(request.body)?;
        Ok((StatusCode::ACCEPTED, mapping.document(self.now(), None)))
    }

    /// Creates a mapping from the document of an input, and starts it.
    pub(super) fn add_mapping(self: &Arc<Self>, body: &[u8]) -> Result<Arc<Mapping>, LambdaError> {
        let input = input(body)?;
        let queue = input
            .event_source_arn
            .clone()
            .filter(|arn| !arn.is_empty())
            .ok_or_else(|| LambdaError::parameter("Unrecognized event source."))?;
        if !matches!(service_of(&queue), "sqs" | "dynamodb" | "kinesis") {
            return Err(LambdaError::parameter("Unrecognized event source."));
        }
        let function = self.function(&input)?;
        let now = self.now();
        let arn = self.arn(&function);
        let mut settings = Settings::new(queue, function, arn, now);
        settings.apply(&input, now)?;
        self.check(&settings)?;
        let mut mappings = lock(&self.mappings);
        let same = mappings.values().find(|mapping| {
            let other = mapping.settings();
            other.queue == settings.queue && other.function == settings.function
        });
        if let Some(same) = same {
            if settings.stream.is_some() {
                return Err(LambdaError::conflict(format!(
                    "The event source arn (\" {} \") and function (\" {} \") provided mapping already exists. Please update or delete the existing mapping with UUID {}",
                    settings.queue, settings.function.name, same.id
                )));
            }
            return Err(LambdaError::conflict(format!(
                "An event source mapping with SQS arn (\" {} \") and function (\" {} \") already exists. Please update or delete the existing mapping with UUID {}",
                settings.queue, settings.function.name, same.id
            )));
        }
        let position = self.position(&settings);
        let mapping = self.new_mapping(ids::uuid(), settings);
        mapping.set_position(position);
        mappings.insert(mapping.id.clone(), Arc::clone(&mapping));
        drop(mappings);
        poller::start(self, &mapping);
        self.touch();
        Ok(mapping)
    }

    fn new_mapping(&self, id: String, settings: Settings) -> Arc<Mapping> {
        let arn = format!(
            "arn:aws:lambda:{}:{}:event-source-mapping:{id}",
            self.place.region, self.place.account
        );
        Arc::new(Mapping::new(id, arn, settings, self.now()))
    }

    /// Brings a mapping to the document of an input, with the defaults for what it does not say. Nothing happens if that is what it has.
    pub(super) fn reset_mapping(
        self: &Arc<Self>,
        mapping: &Arc<Mapping>,
        body: &[u8],
    ) -> Result<(), LambdaError> {
        let input = input(body)?;
        let before = mapping.settings();
        let now = self.now();
        let mut settings = Settings::new(
            before.queue.clone(),
            before.function.clone(),
            before.function_arn.clone(),
            now,
        );
        settings.apply(&input, now)?;
        self.check(&settings)?;
        if !settings.is_like(&before) {
            mapping.configure(settings, now);
            poller::start(self, mapping);
            self.touch();
        }
        Ok(())
    }

    /// The mappings as they are now.
    pub(crate) fn snapshot(&self) -> Vec<(String, StoredMapping)> {
        let mappings = lock(&self.mappings);
        let stored = mappings.iter();
        stored
            .map(|(id, mapping)| (id.clone(), mapping.stored()))
            .collect()
    }

    /// Starts mappings as they were. A function or a queue that is gone is found again when it is there.
    pub(crate) fn restore(self: &Arc<Self>, mappings: Vec<(String, StoredMapping)>) {
        for (id, stored) in mappings {
            let position = stored.position;
            let mapping = self.new_mapping(id.clone(), Settings::of(stored));
            mapping.set_position(position);
            lock(&self.mappings).insert(id, Arc::clone(&mapping));
            poller::start(self, &mapping);
        }
    }

    pub(super) fn update_mapping(self: &Arc<Self>, request: &Request<'_>, id: &str) -> Answer {
        let mapping = self.mapping(request, "UpdateEventSourceMapping", id)?;
        let input = input(request.body)?;
        let now = self.now();
        let mut settings = (*mapping.settings()).clone();
        if input.function_name.is_some() {
            settings.function = self.function(&input)?;
            settings.function_arn = self.arn(&settings.function);
        }
        settings.apply(&input, now)?;
        self.check(&settings)?;
        mapping.configure(settings, now);
        poller::start(self, &mapping);
        self.touch();
        Ok((StatusCode::ACCEPTED, mapping.document(now, None)))
    }

    pub(super) fn get_mapping(&self, request: &Request<'_>, id: &str) -> Answer {
        let mapping = self.mapping(request, "GetEventSourceMapping", id)?;
        Ok((StatusCode::OK, mapping.document(self.now(), None)))
    }

    pub(super) fn delete_mapping(&self, request: &Request<'_>, id: &str) -> Answer {
        let mapping = self.mapping(request, "DeleteEventSourceMapping", id)?;
        lock(&self.mappings).remove(id);
        mapping.stop();
        self.touch();
        let document = mapping.document(self.now(), Some("Deleting"));
        Ok((StatusCode::ACCEPTED, document))
    }

    pub(super) fn list_mappings(&self, request: &Request<'_>, query: &Form) -> Answer {
        self.admit(&request.caller, "ListEventSourceMappings", "*")?;
        let function = query.get("FunctionName").map(FunctionName::parse);
        let queue = query.get("EventSourceArn");
        let most = query
            .get("MaxItems")
            .and_then(|most| most.parse().ok())
            .unwrap_or(100)
            .clamp(1, 10_000);
        let now = self.now();
        let mappings = lock(&self.mappings);
        let mut found = mappings
            .iter()
            .filter(|(id, _)| {
                query
                    .get("Marker")
                    .is_none_or(|marker| id.as_str() > marker)
            })
            .filter(|(_, mapping)| {
                let settings = mapping.settings();
                queue.is_none_or(|queue| settings.queue == queue)
                    && function
                        .as_ref()
                        .is_none_or(|function| settings.function.name == function.name)
            });
        let page: Vec<_> = found.by_ref().take(most).collect();
        let documents: Vec<_> = page
            .iter()
            .map(|(_, mapping)| mapping.document(now, None))
            .collect();
        let mut document = json!({"EventSourceMappings": documents});
        if let (Some(_), Some((last, _))) = (found.next(), page.last()) {
            document["NextMarker"] = last.as_str().into();
        }
        Ok((StatusCode::OK, document))
    }

    fn mapping(
        &self,
        request: &Request<'_>,
        operation: &str,
        id: &str,
    ) -> Result<Arc<Mapping>, LambdaError> {
        self.admit(&request.caller, operation, "*")?;
        lock(&self.mappings)
            .get(id)
            .cloned()
            .ok_or_else(|| LambdaError::not_found("The resource you requested does not exist."))
    }

    fn function(&self, input: &Input) -> Result<FunctionName, LambdaError> {
        let function = FunctionName::parse(input.function_name.as_deref().unwrap_or_default());
        match self.facts(&function.name) {
            Some(_) => Ok(function),
            None => Err(LambdaError::parameter("Function does not exist")),
        }
    }

    /// Checks the settings against the queue and the function.
    fn check(&self, settings: &Settings) -> Result<(), LambdaError> {
        if settings.stream.is_some() {
            return match self.stream(&settings.queue) {
                Some(_) => Ok(()),
                None => Err(LambdaError::parameter(format!(
                    "Stream not found: {}",
                    settings.queue
                ))),
            };
        }
        let queue = self.sqs.by_arn(&settings.queue).ok_or_else(|| {
            LambdaError::parameter(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.",
            )
        })?;
        let visibility_s = queue.at(self.now()).attributes.visibility_s;
        let timeout_s = self
            .facts(&settings.function.name)
            .map_or(0, |facts| facts.timeout_s);
        if visibility_s < timeout_s {
            return Err(LambdaError::parameter(format!(
                "Queue visibility timeout: {visibility_s} seconds is less than Function timeout: {timeout_s} seconds"
            )));
        }
        Ok(())
    }
}

fn input(body: &[u8]) -> Result<Input, LambdaError> {
    let document: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(body).map_err(|error| LambdaError::content(&error.to_string()))?;
    if let Some(unknown) = document
        .keys()
        .find(|name| !MEMBERS.contains(&name.as_str()))
    {
        return Err(LambdaError::not_implemented(&format!(
            "event source mapping parameter {unknown}"
        )));
    }
    serde_json::from_value(document.into())
        .map_err(|error| LambdaError::content(&error.to_string()))
}
