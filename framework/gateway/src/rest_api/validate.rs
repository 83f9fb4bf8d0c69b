//! Request validators. `[R]` gateway-truth §2.5

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    event::query_value,
    http::HttpRequest,
    model::{Model, ModelError},
    reply::rest::RestMessage,
    rest_api::method::{RequestParameter, RestMethod},
};

/// The checks of a method.
#[derive(Debug, Clone, Default)]
pub(super) struct Validator {
    /// In the order in which the answer lists them.
    required: Vec<RequestParameter>,
    models: BTreeMap<String, Model>,
}

impl Validator {
    /// Compiles what the method's validator asks for; nothing else is looked at. Where a model is wrong, its media type
    /// comes with the error.
    pub(super) fn new(method: &RestMethod) -> Result<Self, (String, ModelError)> {
        let mut validator = Self::default();
        if method.validation.parameters {
            validator.required.clone_from(&method.required);
            // Stable: headers, path, query, and each in the order configured.
            validator.required.sort_by_key(|parameter| match parameter {
                RequestParameter::Header(_) => 0,
                RequestParameter::Path(_) => 1,
                RequestParameter::Query(_) => 2,
            });
        }
        if method.validation.body {
            for (media, schema) in &method.models {
                let model = Model::new(schema).map_err(|error| (media.clone(), error))?;
                validator.models.insert(media.to_ascii_lowercase(), model);
            }
        }
        Ok(validator)
    }

    /// Checks a request, parameters first.
    pub(super) fn check(
        &self,
        request: &HttpRequest,
        params: &[(&str, &str)],
    ) -> Result<(), RestMessage> {
        let missing: Vec<&str> = self
            .required
            .iter()
            .filter(|parameter| !is_there(parameter, request, params))
            .map(RequestParameter::name)
            .collect();
        if !missing.is_empty() {
            return Err(RestMessage::MissingParameters(missing.join(", ")));
        }
        let content_type = request.header("content-type").unwrap_or("application/json");
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let model = self
            .models
            .get(&essence.to_ascii_lowercase())
            .or_else(|| self.models.get("$default"));
        let Some(model) = model else {
            return Ok(());
        };
        // A body that is not JSON cannot match the model, and neither can an empty one.
        match serde_json::from_slice::<Value>(&request.body) {
            Ok(body) if model.allows(&body) => Ok(()),
            _ => Err(RestMessage::InvalidBody),
        }
    }
}

/// True if a parameter is present and not blank. `[D]` gateway-truth §2.5
fn is_there(parameter: &RequestParameter, request: &HttpRequest, params: &[(&str, &str)]) -> bool {
    let filled = |value: &str| !value.trim().is_empty();
    match parameter {
        RequestParameter::Header(name) => request.header(name).is_some_and(filled),
        RequestParameter::Path(name) => params
            .iter()
            .any(|(param, value)| param == name && filled(value)),
        RequestParameter::Query(name) => {
            let (_, query) = request.path_and_query();
            query_value(query, name).is_some_and(|value| filled(&value))
        }
    }
}
