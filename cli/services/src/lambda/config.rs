//! The settings of asynchronous invocation: `PutFunctionEventInvokeConfig` and its siblings.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, FunctionName, Lambda, LambdaError, Request, lock};
use crate::form::Form;

/// How asynchronous events of a function are retried, and where records of them go.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub(crate) struct InvokeConfig {
    pub(super) maximum_retry_attempts: Option<u32>,
    pub(super) maximum_event_age_in_seconds: Option<u64>,
    destination_config: Option<DestinationConfig>,
    #[serde(skip)]
    changed_ms: u64,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct DestinationConfig {
    on_failure: Destination,
    on_success: Destination,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Destination {
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<String>,
}

impl InvokeConfig {
    /// Where the record of a success or of a failure goes.
    pub(super) fn destination(&self, succeeded: bool) -> Option<&str> {
        let config = self.destination_config.as_ref()?;
        if succeeded {
            config.on_success.destination.as_deref()
        } else {
            config.on_failure.destination.as_deref()
        }
    }

    fn document(&self, arn: &str) -> Value {
        let mut document = json!({
            "FunctionArn": arn,
            "LastModified": self.changed_ms / 1000,
            "DestinationConfig": self.destination_config.clone().unwrap_or_default(),
        });
        if let Some(retries) = self.maximum_retry_attempts {
            document["MaximumRetryAttempts"] = retries.into();
        }
        if let Some(age) = self.maximum_event_age_in_seconds {
            document["MaximumEventAgeInSeconds"] = age.into();
        }
        document
    }
}

impl Lambda {
    /// The settings of a function, or the default.
    pub(super) fn config_of(&self, function: &FunctionName) -> InvokeConfig {
        lock(&self.configs)
            .get(&self.config_arn(function))
            .cloned()
            .unwrap_or_default()
    }

    /// The key of a function's settings: its ARN, which is always qualified.
    pub(super) fn config_arn(&self, function: &FunctionName) -> String {
        let qualifier = function.qualifier.as_deref().unwrap_or("$LATEST");
        self.arn(&FunctionName {
            name: function.name.clone(),
            qualifier: Some(qualifier.to_owned()),
        })
    }

    pub(super) fn invoke_config(
        &self,
        request: &Request<'_>,
        name: &str,
        query: &Form,
        part: Option<&str>,
    ) -> Option<Answer> {
        let mut function = FunctionName::parse(name);
        if let Some(qualifier) = query.get("Qualifier") {
            function.qualifier = Some(qualifier.to_owned());
        }
        Some(match (request.method.as_str(), part) {
            ("PUT", None) => self.put_config(request, &function, false),
            ("POST", None) => self.put_config(request, &function, true),
            ("GET", None) => self.get_config(request, &function),
            ("GET", Some("list")) => self.list_configs(request, &function),
            ("DELETE", None) => self.delete_config(request, &function),
            _ => return None,
        })
    }

    fn put_config(&self, request: &Request<'_>, function: &FunctionName, merge: bool) -> Answer {
        let arn = self.config_arn(function);
        let operation = if merge {
            "UpdateFunctionEventInvokeConfig"
        } else {
            "PutFunctionEventInvokeConfig"
        };
        self.admit(&request.caller, operation, &arn)?;
        let document = self.set_config(function, request.body, merge)?;
        Ok((StatusCode::OK, document))
    }

    /// Sets a function's settings from a request's body, over those that it has where they are merged; returns them as the API shows them.
    ///
    /// # Errors
    /// `InvalidRequestContentException` and `InvalidParameterValueException`, 400; `ResourceNotFoundException`, 404.
    pub(super) fn set_config(
        &self,
        function: &FunctionName,
        body: &[u8],
        merge: bool,
    ) -> Result<Value, LambdaError> {
        let mut config: InvokeConfig = serde_json::from_slice(body)
            .map_err(|error| LambdaError::content(&error.to_string()))?;
        let arn = self.config_arn(function);
        let is_empty = config.maximum_retry_attempts.is_none()
            && config.maximum_event_age_in_seconds.is_none()
            && config.destination_config.is_none();
        if is_empty {
            return Err(LambdaError::parameter(
                "You must specify at least one of error handling or destination setting.",
            ));
        }
        // The texts for values out of range are unverified.
        if config
            .maximum_retry_attempts
            .is_some_and(|retries| retries > 2)
        {
            return Err(LambdaError::parameter(
                "MaximumRetryAttempts must be between 0 and 2",
            ));
        }
        if config
            .maximum_event_age_in_seconds
            .is_some_and(|age| !(60..=21_600).contains(&age))
        {
            return Err(LambdaError::parameter(
                "MaximumEventAgeInSeconds must be between 60 and 21600",
            ));
        }
        if self.facts(&function.name).is_none() {
            return Err(LambdaError::not_found("The function doesn't exist."));
        }
        for succeeded in [true, false] {
            if let Some(destination) = config.destination(succeeded) {
                self.check_destination(function, destination)?;
            }
        }
        config.changed_ms = self.now();
        let mut configs = lock(&self.configs);
        if merge {
            let before = configs.get(&arn).ok_or_else(|| no_config(&arn))?.clone();
            config = InvokeConfig {
                maximum_retry_attempts: config
                    .maximum_retry_attempts
                    .or(before.maximum_retry_attempts),
                maximum_event_age_in_seconds: config
                    .maximum_event_age_in_seconds
                    .or(before.maximum_event_age_in_seconds),
                destination_config: config.destination_config.or(before.destination_config),
                changed_ms: config.changed_ms,
            };
        }
        let document = config.document(&arn);
        configs.insert(arn, config);
        Ok(document)
    }

    fn check_destination(
        &self,
        function: &FunctionName,
        destination: &str,
    ) -> Result<(), LambdaError> {
        let invalid =
            || LambdaError::parameter(format!("The destination ARN {destination} is invalid."));
        let mut parts = destination.split(':');
        if parts.next() != Some("arn") {
            return Err(invalid());
        }
        match parts.nth(1) {
            Some("sqs" | "sns" | "events") => Ok(()),
            Some("lambda") => {
                let other = FunctionName::parse(destination);
                if other.name == function.name {
                    return Err(LambdaError::parameter(
                        "You can't specify the function as a destination for itself.",
                    ));
                }
                self.facts(&other.name).map(|_| ()).ok_or_else(invalid)
            }
            _ => Err(invalid()),
        }
    }

    fn get_config(&self, request: &Request<'_>, function: &FunctionName) -> Answer {
        let arn = self.config_arn(function);
        self.admit(&request.caller, "GetFunctionEventInvokeConfig", &arn)?;
        match lock(&self.configs).get(&arn) {
            Some(config) => Ok((StatusCode::OK, config.document(&arn))),
            None => Err(no_config(&arn)),
        }
    }

    fn list_configs(&self, request: &Request<'_>, function: &FunctionName) -> Answer {
        self.admit(
            &request.caller,
            "ListFunctionEventInvokeConfigs",
            &self.arn(function),
        )?;
        let prefix = format!(
            "{}:",
            self.arn(&FunctionName {
                name: function.name.clone(),
                qualifier: None,
            })
        );
        let configs: Vec<_> = lock(&self.configs)
            .iter()
            .filter(|(arn, _)| arn.starts_with(&prefix))
            .map(|(arn, config)| config.document(arn))
            .collect();
        Ok((
            StatusCode::OK,
            json!({"FunctionEventInvokeConfigs": configs}),
        ))
    }

    fn delete_config(&self, request: &Request<'_>, function: &FunctionName) -> Answer {
        let arn = self.config_arn(function);
        self.admit(&request.caller, "DeleteFunctionEventInvokeConfig", &arn)?;
        match lock(&self.configs).remove(&arn) {
            Some(_) => Ok((StatusCode::NO_CONTENT, Value::Null)),
            None => Err(no_config(&arn)),
        }
    }
}

fn no_config(arn: &str) -> LambdaError {
    LambdaError::not_found(format!(
        "The function {arn} doesn't have an EventInvokeConfig"
    ))
}
