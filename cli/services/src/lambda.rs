//! The parts of Lambda that connect functions to queues and topics: event source mappings, asynchronous invocation and its
//! settings, reserved concurrency and permissions.

mod asynchronous;
mod batch;
mod concurrency;
mod config;
mod declare;
mod error;
mod mapping;
mod mapping_api;
mod permission;
mod poller;
mod stream;
mod stream_poller;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use bytes::Bytes;
use http::header::HeaderValue;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use error::LambdaError;
pub(crate) use mapping::StoredMapping;

use crate::access::{Caller, NotLetIn};
use crate::form::{self, Form};
use crate::functions::{FunctionFacts, Functions, Invocation, Outcome};
use crate::ids;
use crate::reply::{self, Body};
use crate::server::Place;
use crate::sqs::Sqs;
use crate::tables::Tables;
use crate::targets::Targets;

/// The functions of the account, as services see them.
pub(crate) struct Lambda {
    place: Place,
    functions: Arc<dyn Functions>,
    sqs: Arc<Sqs>,
    /// The database, whose streams feed functions.
    tables: Option<Arc<dyn Tables>>,
    /// Functions are targets and have targets, so they are set later.
    targets: OnceLock<Weak<Targets>>,
    mappings: Mutex<BTreeMap<String, Arc<mapping::Mapping>>>,
    reserved: Mutex<HashMap<String, concurrency::Reserved>>,
    configs: Mutex<BTreeMap<String, config::InvokeConfig>>,
    policies: Mutex<BTreeMap<String, BTreeMap<String, Value>>>,
}

/// A function as a call names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionName {
    pub(crate) name: String,
    pub(crate) qualifier: Option<String>,
}

impl FunctionName {
    /// Reads a name, a part of an ARN or a whole ARN, each with or without a qualifier.
    pub(crate) fn parse(text: &str) -> Self {
        let rest = match text.split_once(":function:") {
            Some((_, rest)) => rest,
            None => text.strip_prefix("function:").unwrap_or(text),
        };
        match rest.split_once(':') {
            Some((name, qualifier)) => Self {
                name: name.to_owned(),
                qualifier: Some(qualifier.to_owned()),
            },
            None => Self {
                name: rest.to_owned(),
                qualifier: None,
            },
        }
    }
}

/// A request for Lambda.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) body: &'a Bytes,
    pub(crate) caller: Caller,
    /// The header `X-Amz-Invocation-Type`.
    pub(crate) invocation_type: Option<&'a str>,
}

/// The outcome of an operation: status and document.
type Answer = Result<(StatusCode, Value), LambdaError>;

impl Lambda {
    pub(crate) fn new(
        place: Place,
        functions: Arc<dyn Functions>,
        sqs: Arc<Sqs>,
        tables: Option<Arc<dyn Tables>>,
    ) -> Self {
        Self {
            place,
            functions,
            sqs,
            tables,
            targets: OnceLock::new(),
            mappings: Mutex::default(),
            reserved: Mutex::default(),
            configs: Mutex::default(),
            policies: Mutex::default(),
        }
    }

    pub(crate) fn connect(&self, targets: &Arc<Targets>) {
        let _ = self.targets.set(Arc::downgrade(targets));
    }

    /// Removes mappings and settings.
    pub(crate) fn reset(&self) {
        for mapping in std::mem::take(&mut *lock(&self.mappings)).into_values() {
            mapping.stop();
        }
        lock(&self.reserved).clear();
        lock(&self.configs).clear();
        lock(&self.policies).clear();
    }

    /// Notes that the state is to be written.
    fn touch(&self) {
        self.place.changes.notify_one();
    }

    fn now(&self) -> u64 {
        self.place.clock.now_ms()
    }

    fn arn(&self, function: &FunctionName) -> String {
        let mut arn = format!(
            "arn:aws:lambda:{}:{}:function:{}",
            self.place.region, self.place.account, function.name
        );
        if let Some(qualifier) = &function.qualifier {
            arn.push(':');
            arn.push_str(qualifier);
        }
        arn
    }

    /// The ARN of a function without a version.
    fn unqualified(&self, name: &str) -> String {
        self.arn(&FunctionName {
            name: name.to_owned(),
            qualifier: None,
        })
    }

    fn facts(&self, name: &str) -> Option<FunctionFacts> {
        self.functions.find(name)
    }

    fn admit(&self, caller: &Caller, operation: &str, resource: &str) -> Result<(), LambdaError> {
        self.place
            .access
            .decide(caller, &format!("lambda:{operation}"), resource)
            .map_err(LambdaError::denied)
    }

    /// Calls a function within its reserved concurrency.
    async fn call(&self, function: &FunctionName, event: Bytes, request_id: &str) -> Outcome {
        let Some(_slot) = concurrency::Slot::take(self, &function.name) else {
            return Outcome::Throttled;
        };
        let invocation = Invocation {
            function: function.name.clone(),
            qualifier: function.qualifier.clone(),
            event,
            request_id: request_id.to_owned(),
        };
        self.functions.invoke(invocation).await
    }

    /// Answers a request, or returns `None` if its path is not one of the operations here.
    pub(crate) async fn answer(self: &Arc<Self>, request: Request<'_>) -> Option<Response<Body>> {
        let mut parts = request.path.trim_matches('/').split('/').map(form::decode);
        let (version, kind) = (parts.next()?, parts.next()?);
        let (name, part) = (parts.next().unwrap_or_default(), parts.next());
        let more = parts.next();
        let query = Form::parse(request.query).unwrap_or_default();
        let path = (
            request.method.as_str(),
            version.as_str(),
            kind.as_str(),
            part.as_deref(),
        );
        if let ("POST", "2015-03-31", "functions", Some("invocations")) = path {
            return Some(self.invoke(&name, &query, request).await);
        }
        let answer = match path {
            ("POST", "2015-03-31", "event-source-mappings", None) if name.is_empty() => {
                self.create_mapping(&request)
            }
            ("GET", "2015-03-31", "event-source-mappings", None) if name.is_empty() => {
                self.list_mappings(&request, &query)
            }
            ("GET", "2015-03-31", "event-source-mappings", None) => {
                self.get_mapping(&request, &name)
            }
            ("PUT", "2015-03-31", "event-source-mappings", None) => {
                self.update_mapping(&request, &name)
            }
            ("DELETE", "2015-03-31", "event-source-mappings", None) => {
                self.delete_mapping(&request, &name)
            }
            ("PUT", "2017-10-31", "functions", Some("concurrency")) => {
                self.put_concurrency(&request, &name)
            }
            ("DELETE", "2017-10-31", "functions", Some("concurrency")) => {
                self.delete_concurrency(&request, &name)
            }
            ("GET", "2019-09-30", "functions", Some("concurrency")) => {
                self.get_concurrency(&request, &name)
            }
            (_, "2019-09-25", "functions", Some("event-invoke-config")) => {
                self.invoke_config(&request, &name, &query, more.as_deref())?
            }
            (_, "2015-03-31", "functions", Some("policy")) => {
                self.policy(&request, &name, more.as_deref())?
            }
            ("POST", "2015-03-31", "functions", Some("versions")) => {
                self.publish(&request, &name)?
            }
            _ => return None,
        };
        Some(respond(answer, &ids::uuid()))
    }

    /// `PublishVersion`, if the functions support versions.
    fn publish(&self, request: &Request<'_>, name: &str) -> Option<Answer> {
        let function = FunctionName::parse(name);
        if let Err(error) = self.admit(&request.caller, "PublishVersion", &self.arn(&function)) {
            return Some(Err(error));
        }
        if self.facts(&function.name).is_none() {
            return Some(Err(LambdaError::no_function(&self.arn(&function))));
        }
        let version = self.functions.publish(&function.name)?.to_string();
        let arn = self.arn(&FunctionName {
            qualifier: Some(version.clone()),
            ..function.clone()
        });
        let document =
            json!({"FunctionName": function.name, "FunctionArn": arn, "Version": version});
        Some(Ok((StatusCode::CREATED, document)))
    }

    /// `Invoke`.
    async fn invoke(
        self: &Arc<Self>,
        name: &str,
        query: &Form,
        request: Request<'_>,
    ) -> Response<Body> {
        let request_id = ids::uuid();
        let mut function = FunctionName::parse(name);
        if let Some(qualifier) = query.get("Qualifier") {
            function.qualifier = Some(qualifier.to_owned());
        }
        let arn = self.arn(&function);
        if let Err(error) = self.admit(&request.caller, "InvokeFunction", &arn) {
            return respond(Err(error), &request_id);
        }
        if self.facts(&function.name).is_none() {
            return respond(Err(LambdaError::no_function(&arn)), &request_id);
        }
        let event = if request.body.is_empty() {
            Bytes::from_static(b"{}")
        } else {
            request.body.clone()
        };
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&event) {
            return respond(Err(LambdaError::content(&error.to_string())), &request_id);
        }
        match request.invocation_type.unwrap_or("RequestResponse") {
            "Event" => {
                self.enqueue(function, event, request_id.clone(), "lambda:InvokeFunction");
                let mut response = reply::reply(StatusCode::ACCEPTED, "application/json", "");
                identify(&mut response, &request_id);
                response
            }
            "DryRun" => {
                let mut response = reply::reply(StatusCode::NO_CONTENT, "application/json", "");
                identify(&mut response, &request_id);
                response
            }
            "RequestResponse" => {
                let (payload, failed) = match self.call(&function, event, &request_id).await {
                    Outcome::Returned(payload) => (payload, false),
                    Outcome::Failed(payload) => (payload, true),
                    Outcome::Throttled => {
                        return respond(Err(LambdaError::throttled()), &request_id);
                    }
                };
                let mut response = reply::reply(StatusCode::OK, "application/json", payload);
                let headers = response.headers_mut();
                headers.insert(
                    "x-amz-executed-version",
                    HeaderValue::from_static("$LATEST"),
                );
                if failed {
                    headers.insert(
                        "x-amz-function-error",
                        HeaderValue::from_static("Unhandled"),
                    );
                }
                identify(&mut response, &request_id);
                response
            }
            other => respond(Err(LambdaError::invocation_type(other)), &request_id),
        }
    }
}

/// Whether a path is one of Lambda's API: it starts with a version that has functions or mappings.
pub(crate) fn owns(path: &str) -> bool {
    let mut parts = path.trim_start_matches('/').split('/');
    let is_version = |version: &str| {
        let bytes = version.as_bytes();
        bytes.len() == 10 && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-')
    };
    parts.next().is_some_and(is_version)
        && matches!(parts.next(), Some("functions" | "event-source-mappings"))
}

/// The answer for a request that is not let in.
pub(crate) fn not_let_in(why: &NotLetIn) -> Response<Body> {
    LambdaError::not_let_in(why).response()
}

/// The answer of an operation.
fn respond(answer: Answer, request_id: &str) -> Response<Body> {
    let mut response = match answer {
        Ok((StatusCode::NO_CONTENT, _)) => {
            reply::reply(StatusCode::NO_CONTENT, "application/json", "")
        }
        Ok((status, document)) => reply::json(status, &document),
        Err(error) => error.response(),
    };
    identify(&mut response, request_id);
    response
}

fn identify(response: &mut Response<Body>, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_names_are_read_in_all_their_forms() {
        let read = |text| {
            let function = FunctionName::parse(text);
            (function.name, function.qualifier)
        };
        let plain = ("f".to_owned(), None);
        assert_eq!(read("f"), plain);
        assert_eq!(
            read("arn:aws:lambda:us-east-1:123456789012:function:f"),
            plain
        );
        assert_eq!(read("123456789012:function:f"), plain);
        assert_eq!(read("f:$LATEST"), ("f".into(), Some("$LATEST".into())));
        assert_eq!(
            read("arn:aws:lambda:us-east-1:123456789012:function:f:7"),
            ("f".into(), Some("7".into()))
        );
    }
}
