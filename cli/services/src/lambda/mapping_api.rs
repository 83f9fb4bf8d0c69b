//! The operations on event source mappings.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use super::mapping::{Input, Mapping, Settings};
use super::{Answer, FunctionName, Lambda, LambdaError, Request, lock, poller};
use crate::form::Form;
use crate::ids;

/// What an input may hold. A member that is not here would be ignored, so it is refused by its name.
const MEMBERS: [&str; 9] = [
    "EventSourceArn",
    "FunctionName",
    "Enabled",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FilterCriteria",
    "FunctionResponseTypes",
    "ScalingConfig",
    "DestinationConfig",
];

impl Lambda {
    pub(super) fn create_mapping(self: &Arc<Self>, request: &Request<'_>) -> Answer {
        let input = input(request)?;
        let queue = input
            .event_source_arn
            .clone()
            .filter(|arn| !arn.is_empty())
            .ok_or_else(|| LambdaError::parameter("Unrecognized event source."))?;
        if queue.split(':').nth(2) != Some("sqs") {
            return Err(LambdaError::parameter("Unrecognized event source."));
        }
        let function = self.function(&input)?;
        self.admit(&request.caller, "CreateEventSourceMapping", "*")?;
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
            return Err(LambdaError::conflict(format!(
                "An event source mapping with SQS arn (\" {} \") and function (\" {} \") already exists. Please update or delete the existing mapping with UUID {}",
                settings.queue, settings.function.name, same.id
            )));
        }
        let id = ids::uuid();
        let arn = format!(
            "arn:aws:lambda:{}:{}:event-source-mapping:{id}",
            self.place.region, self.place.account
        );
        let mapping = Arc::new(Mapping::new(id.clone(), arn, settings, now));
        mappings.insert(id, Arc::clone(&mapping));
        drop(mappings);
        poller::start(self, &mapping);
        Ok((StatusCode::ACCEPTED, mapping.document(now, None)))
    }

    pub(super) fn update_mapping(self: &Arc<Self>, request: &Request<'_>, id: &str) -> Answer {
        let mapping = self.mapping(request, "UpdateEventSourceMapping", id)?;
        let input = input(request)?;
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

fn input(request: &Request<'_>) -> Result<Input, LambdaError> {
    let document: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(request.body)
        .map_err(|error| LambdaError::content(&error.to_string()))?;
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
