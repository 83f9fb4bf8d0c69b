//! Event source mappings from settings.

use std::sync::Arc;

use serde_json::json;

use super::mapping::Mapping;
use super::{FunctionName, Lambda, lock};
use crate::declare::DeclaredMapping;
use crate::resources::MappingStatus;

impl Lambda {
    fn queue_arn(&self, queue: &str) -> String {
        format!(
            "arn:aws:sqs:{}:{}:{queue}",
            self.place.region, self.place.account
        )
    }

    fn find_mapping(&self, queue: &str, function: &str) -> Option<Arc<Mapping>> {
        let (queue, function) = (self.queue_arn(queue), FunctionName::parse(function));
        let mappings = lock(&self.mappings);
        let found = mappings.values().find(|mapping| {
            let settings = mapping.settings();
            settings.queue == queue && settings.function == function
        });
        found.cloned()
    }

    /// Creates a mapping, or brings the one of that queue and function to these settings.
    ///
    /// # Errors
    /// Why its settings are refused.
    pub(crate) fn declare(self: &Arc<Self>, wanted: &DeclaredMapping) -> Result<(), String> {
        let mut input = match &wanted.settings {
            serde_json::Value::Null => json!({}),
            settings => settings.clone(),
        };
        if let Some(members) = input.as_object_mut() {
            members.insert("FunctionName".into(), wanted.function.as_str().into());
            members.insert(
                "EventSourceArn".into(),
                self.queue_arn(&wanted.queue).into(),
            );
        }
        let input = input.to_string();
        let existing = self.find_mapping(&wanted.queue, &wanted.function);
        let declared = match existing {
            Some(mapping) => self.reset_mapping(&mapping, input.as_bytes()),
            None => self.add_mapping(input.as_bytes()).map(|_| ()),
        };
        declared.map_err(|error| error.message)
    }

    /// Removes the mapping of a queue and a function.
    pub(crate) fn forget(&self, queue: &str, function: &str) {
        if let Some(mapping) = self.find_mapping(queue, function) {
            lock(&self.mappings).remove(&mapping.id);
            mapping.stop();
        }
    }

    /// Sets how asynchronous invocations of a function are handled.
    ///
    /// # Errors
    /// Why its settings are refused.
    pub(crate) fn declare_config(
        &self,
        function: &str,
        settings: &serde_json::Value,
    ) -> Result<(), String> {
        let function = FunctionName::parse(function);
        self.set_config(&function, settings.to_string().as_bytes(), false)
            .map(|_| ())
            .map_err(|error| error.message)
    }

    /// Leaves a function's asynchronous invocations to the defaults.
    pub(crate) fn forget_config(&self, function: &str) {
        let arn = self.config_arn(&FunctionName::parse(function));
        lock(&self.configs).remove(&arn);
    }

    /// All mappings.
    pub(crate) fn statuses(&self) -> Vec<MappingStatus> {
        let mappings = lock(&self.mappings);
        mappings
            .values()
            .map(|mapping| {
                let settings = mapping.settings();
                MappingStatus {
                    queue: settings.queue.clone(),
                    function: settings.function_arn.clone(),
                    is_enabled: settings.enabled,
                }
            })
            .collect()
    }
}
