//! Lambda's own API for calling functions: Invoke, `InvokeWithResponseStream`, and the
//! configuration of asynchronous events.
//!
//! It has its own port, so that `aws lambda invoke --endpoint-url`, an SDK, or `cargo fw invoke`
//! reaches the functions of a running `cargo fw local` without the gateway. Source: Lambda API
//! reference, "Invoke" and "`PutFunctionEventInvokeConfig`"; answers as in gateway-truth §4.1.
//!
//! Signatures are not checked: it listens on loopback, and its [`PortGuard`] accepts only the
//! server's user and no page of another site.

mod eventstream;
mod refused;

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fw_gateway::Arrival;
use fw_port_guard::{Hosts, PortGuard, guarded};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Either, Full, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json, value::RawValue};
use tokio::{net::TcpListener, task::JoinHandle};

use self::{
    eventstream::{Complete, EventStream},
    refused::Refused,
};
use super::{
    asynchronous::{self, Clock, Config, Event},
    logs::Logs,
    pool::{Answered, Asked, Outcome, Pool},
    server::arrival,
    tail::Tail,
};
use crate::{process::environment::Function, values::lambda::ALIAS};

/// The largest event of a synchronous invocation, 6 MiB. `[U]` gateway-truth §4.1
const LARGEST_EVENT: usize = 6 * 1024 * 1024;
/// The largest event of an asynchronous one, 1 MB since October 2025. `[D]` gateway-truth §4.1; that it is 2^20 bytes is unverified.
const LARGEST_ASYNCHRONOUS: usize = 1024 * 1024;
/// How long to wait for the last lines of a log after the answer. They are complete when the
/// process polls for its next event.
const LAST_LINES: Duration = Duration::from_millis(500);
/// The alias of the version with the traffic.
const LIVE: &str = ALIAS;

/// Finds functions by their names.
pub(crate) trait Functions: Clone + Send + Sync + 'static {
    /// The processes of the function of that name. Waits where nothing is served yet.
    fn find(&self, name: &str) -> impl Future<Output = Option<Pool>> + Send;

    /// The same without waiting: `None` if nothing is served yet.
    fn served(&self, name: &str) -> Option<Pool>;

    /// All functions, the API's first. Waits if nothing is served yet.
    fn all(&self) -> impl Future<Output = Vec<Pool>> + Send;
}

/// A running endpoint.
#[derive(Debug)]
pub(crate) struct InvokeApi {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl InvokeApi {
    /// Starts it on a free port of loopback, for requests of those hosts.
    ///
    /// # Errors
    ///
    /// The system's error, if there is no port.
    pub(crate) async fn start(
        functions: impl Functions,
        hosts: Hosts,
        clock: Clock,
        logs: Logs,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let api = Arc::new(Api {
            functions,
            clock,
            logs,
            guard: PortGuard::api(hosts),
            configs: Mutex::default(),
        });
        Ok(Self {
            address,
            accepting: tokio::spawn(accept(listener, api)),
        })
    }

    /// Its URL, for `--endpoint-url`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for InvokeApi {
    /// Ends it, and with it the events that wait for their next attempt.
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<F: Functions>(listener: TcpListener, api: Arc<Api<F>>) {
    // Dropped with this task, and its own tasks with it.
    let mut tasks = tokio::task::JoinSet::new();
    let (events, mut taken) = tokio::sync::mpsc::unbounded_channel::<Event>();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Too many open files, most likely: let others close theirs.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let (api, events) = (Arc::clone(&api), events.clone());
                tasks.spawn(async move {
                    let stream = match api.guard.receive(stream).await {
                        Ok(stream) => stream,
                        Err(stranger) => return api.logs.refused(stranger),
                    };
                    let service = service_fn(|request| {
                        let (api, events) = (Arc::clone(&api), events.clone());
                        async move { Ok::<_, Infallible>(api.answer(request, &events).await) }
                    });
                    // An error is the client's: it went away, or does not speak HTTP.
                    let _ = http1::Builder::new()
                        .timer(TokioTimer::new())
                        // A client that sends no more may still read.
                        .half_close(true)
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
            Some(event) = taken.recv() => {
                let api = Arc::clone(&api);
                tasks.spawn(async move {
                    asynchronous::run(api.functions.clone(), event, api.clock.clone(), api.logs.clone()).await;
                });
            }
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
        }
    }
}

struct Api<F> {
    functions: F,
    clock: Clock,
    logs: Logs,
    guard: PortGuard,
    /// How functions handle asynchronous events, by name, if it was configured.
    configs: Mutex<HashMap<String, Config>>,
}

type Answer = Response<Either<Full<Bytes>, EventStream>>;
type Events = tokio::sync::mpsc::UnboundedSender<Event>;

/// The meaning of a path.
enum Call<'p> {
    List,
    Invoke(&'p str),
    InvokeWithResponseStream(&'p str),
    EventConfig(&'p str),
}

/// The operation that a path is of.
fn call_of(path: &str) -> Option<Call<'_>> {
    let inside = |start: &str, end: &str| path.strip_prefix(start)?.strip_suffix(end);
    (path.trim_end_matches('/') == "/2015-03-31/functions")
        .then_some(Call::List)
        .or_else(|| inside("/2015-03-31/functions/", "/invocations").map(Call::Invoke))
        .or_else(|| {
            let streaming = "/response-streaming-invocations";
            inside("/2021-11-15/functions/", streaming).map(Call::InvokeWithResponseStream)
        })
        .or_else(|| inside("/2019-09-25/functions/", "/event-invoke-config").map(Call::EventConfig))
}

/// A function's name and qualifier, from a name, a partial ARN or an ARN, each with or without qualifier
/// (Lambda API reference, Invoke: `FunctionName`).
fn function_of(text: &str) -> (String, Option<String>) {
    let text = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    let name = text
        .split_once(":function:")
        .or_else(|| text.split_once("function:"))
        .map_or(&*text, |(_, name)| name);
    match name.split_once(':') {
        Some((name, qualifier)) => (name.to_owned(), Some(qualifier.to_owned())),
        None => (name.to_owned(), None),
    }
}

impl<F: Functions> Api<F> {
    async fn answer(&self, request: Request<Incoming>, events: &Events) -> Answer {
        let request_id = arrival().request_id;
        let path = request.uri().path().to_owned();
        let answered = match call_of(&path) {
            _ if let Err(refusal) = guarded(&self.guard, &request) => {
                self.logs.refused_request(&refusal);
                Err(Refused::new(
                    StatusCode::FORBIDDEN,
                    "AccessDeniedException",
                    refusal.to_string(),
                ))
            }
            Some(Call::Invoke(name)) if request.method() == Method::POST => {
                self.invoke(name, request, events, &request_id, false).await
            }
            Some(Call::InvokeWithResponseStream(name)) if request.method() == Method::POST => {
                self.invoke(name, request, events, &request_id, true).await
            }
            Some(Call::List) if request.method() == Method::GET => Ok(self.list().await),
            Some(Call::EventConfig(name)) => self.event_config(name, request).await,
            _ => Err(Refused::new(
                StatusCode::NOT_FOUND,
                "UnknownOperationException",
                "the local Lambda has no such operation",
            )),
        };
        let mut answer = answered.unwrap_or_else(|refused| refused.answer());
        if let Ok(id) = HeaderValue::try_from(request_id) {
            answer.headers_mut().insert("x-amzn-requestid", id);
        }
        answer
    }

    async fn invoke(
        &self,
        name: &str,
        request: Request<Incoming>,
        events: &Events,
        request_id: &str,
        streams: bool,
    ) -> Result<Answer, Refused> {
        let (name, mut qualifier) = function_of(name);
        let (head, body) = request.into_parts();
        if let Some(given) = query(head.uri.query(), "Qualifier") {
            qualifier = Some(given);
        }
        let qualifier = qualifier.unwrap_or_else(|| Function::VERSION.to_owned());
        let kind = text(&head.headers, "x-amz-invocation-type").unwrap_or("RequestResponse");
        let limit = match kind {
            // An event in a queue has no caller to stream to.
            "Event" if !streams => LARGEST_ASYNCHRONOUS,
            "RequestResponse" | "DryRun" => LARGEST_EVENT,
            _ => {
                return Err(Refused::parameter(format!(
                    "no such invocation type: {kind}"
                )));
            }
        };
        let pool = self.functions.find(&name).await;
        // Locally there is one version, and a deployment's alias stands for it.
        let pool = pool.filter(|_| [Function::VERSION, LIVE].contains(&qualifier.as_str()));
        let pool = pool.ok_or_else(|| Refused::unknown(&name, &qualifier))?;
        let event = event(body, limit).await?;
        let trace = text(&head.headers, "x-amzn-trace-id").map_or_else(
            || {
                let sampled = pool.function().traces;
                Arrival {
                    sampled,
                    ..arrival()
                }
                .trace_id()
            },
            str::to_owned,
        );
        match kind {
            "DryRun" => Ok(empty(StatusCode::NO_CONTENT)),
            "Event" => {
                let config = self.configs().get(&name).cloned();
                let config = config.unwrap_or_else(|| Config::of(pool.function()));
                // The other end lives as long as the connections.
                let _ = events.send(Event {
                    function: name,
                    request_id: request_id.to_owned(),
                    trace_id: trace,
                    payload: event,
                    config,
                });
                Ok(empty(StatusCode::ACCEPTED))
            }
            _ => {
                let wants_log = text(&head.headers, "x-amz-log-type") == Some("Tail");
                let context = client_context(&head.headers)?;
                let tail = wants_log.then(Tail::default);
                let asked = Asked {
                    tail: tail.as_ref(),
                    client_context: context.as_deref(),
                };
                if streams {
                    streaming(&pool, request_id, trace, event, asked).await
                } else {
                    synchronous(&pool, request_id, trace, event, asked).await
                }
            }
        }
    }

    /// `ListFunctions`, with as much of each as is known here.
    async fn list(&self) -> Answer {
        let functions: Vec<_> = self
            .functions
            .all()
            .await
            .iter()
            .map(|pool| {
                let function = pool.function();
                json!({
                    "FunctionName": function.name,
                    "FunctionArn": function.arn(),
                    "Runtime": "provided.al2023",
                    "Handler": function.handler,
                    "Timeout": function.timeout_seconds,
                    "MemorySize": function.memory_mb,
                    "Version": Function::VERSION,
                })
            })
            .collect();
        json_answer(StatusCode::OK, &json!({ "Functions": functions }))
    }

    /// `PutFunctionEventInvokeConfig`, and its `Get` and `Delete`.
    async fn event_config(
        &self,
        name: &str,
        request: Request<Incoming>,
    ) -> Result<Answer, Refused> {
        let (name, _) = function_of(name);
        let pool = self.functions.find(&name).await;
        let pool = pool.ok_or_else(|| Refused::unknown(&name, Function::VERSION))?;
        let config = match *request.method() {
            Method::PUT => {
                let body = event(request.into_body(), LARGEST_EVENT).await?;
                let config = parse_config(&body)?;
                self.configs().insert(name, config.clone());
                config
            }
            Method::GET => {
                let config = self.configs().get(&name).cloned();
                let of_settings = || {
                    let function = pool.function();
                    function
                        .asynchronous
                        .is_some()
                        .then(|| Config::of(function))
                };
                let config = config.or_else(of_settings);
                config.ok_or_else(|| Refused::unknown(&name, Function::VERSION))?
            }
            Method::DELETE => {
                self.configs().remove(&name);
                return Ok(empty(StatusCode::NO_CONTENT));
            }
            _ => {
                return Err(Refused::new(
                    StatusCode::NOT_FOUND,
                    "UnknownOperationException",
                    "the local Lambda has no such operation",
                ));
            }
        };
        let arn = format!("{}:{}", pool.function().arn(), Function::VERSION);
        let destination = |arn: &Option<String>| json!({ "Destination": arn });
        Ok(json_answer(
            StatusCode::OK,
            &json!({
                "FunctionArn": arn,
                "MaximumRetryAttempts": config.retries,
                "MaximumEventAgeInSeconds": config.max_age.as_secs(),
                "DestinationConfig": {
                    "OnSuccess": destination(&config.on_success),
                    "OnFailure": destination(&config.on_failure),
                },
            }),
        ))
    }

    fn configs(&self) -> MutexGuard<'_, HashMap<String, Config>> {
        self.configs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Invokes and waits for the result. `[R]` gateway-truth §4.1, §4.2
async fn synchronous(
    pool: &Pool,
    request_id: &str,
    trace: String,
    event: Bytes,
    asked: Asked<'_>,
) -> Result<Answer, Refused> {
    let outcome = pool
        .invoke_as(request_id.to_owned(), trace, event, asked)
        .await;
    let (payload, failed) = match outcome {
        Outcome::Payload(payload) => (payload, false),
        Outcome::FunctionError(document) => (document, true),
        Outcome::Throttled => return Err(Refused::throttled(pool)),
    };
    let mut answer = Response::new(Either::Left(Full::new(payload)));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(EXECUTED, VERSION);
    if failed {
        let unhandled = HeaderValue::from_static("Unhandled");
        headers.insert(HeaderName::from_static("x-amz-function-error"), unhandled);
    }
    if let Some(tail) = asked.tail {
        // Work after the answer may keep the log open until the timeout.
        let text = eventstream::text_of(tail, LAST_LINES).await;
        if let Ok(log) = HeaderValue::try_from(STANDARD.encode(text)) {
            headers.insert(HeaderName::from_static("x-amz-log-result"), log);
        }
    }
    Ok(answer)
}

/// Invokes and passes the result on as a stream. The last message reports an error. That an error
/// of the whole invocation has the error's type as its code is unverified.
async fn streaming(
    pool: &Pool,
    request_id: &str,
    trace: String,
    event: Bytes,
    asked: Asked<'_>,
) -> Result<Answer, Refused> {
    let answered = pool
        .invoke_streaming(request_id.to_owned(), trace, event, asked)
        .await;
    let log = async || match asked.tail {
        Some(tail) => Some(eventstream::text_of(tail, LAST_LINES).await),
        None => None,
    };
    let messages = match answered {
        Answered::Stream(stream) => EventStream::coming(stream, asked.tail.cloned()),
        Answered::Whole(Outcome::Payload(payload)) => {
            let log = log().await;
            EventStream::whole(payload, Complete { error: None, log })
        }
        Answered::Whole(Outcome::FunctionError(document)) => {
            let parsed: Value = serde_json::from_slice(&document).unwrap_or_default();
            let kind = parsed["errorType"].as_str().unwrap_or("Unhandled");
            let details = String::from_utf8_lossy(&document).into_owned();
            let error = Some((kind.to_owned(), details));
            let log = log().await;
            EventStream::whole(Bytes::new(), Complete { error, log })
        }
        Answered::Whole(Outcome::Throttled) => return Err(Refused::throttled(pool)),
    };
    let mut answer = Response::new(Either::Right(messages));
    let headers = answer.headers_mut();
    let media_type = HeaderValue::from_static(eventstream::MEDIA_TYPE);
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(EXECUTED, VERSION);
    Ok(answer)
}

/// `X-Amz-Client-Context`: at most 3,583 bytes of base64 of a JSON object (Lambda API reference,
/// Invoke). Lambda's answer to other values is unverified.
fn client_context(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    const LONGEST: usize = 3583;
    let Some(encoded) = headers.get("x-amz-client-context") else {
        return Ok(None);
    };
    let refused = || {
        Refused::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            "Client context must be a valid Base64-encoded JSON object.",
        )
    };
    let encoded = encoded.as_bytes();
    if encoded.len() > LONGEST {
        return Err(refused());
    }
    let decoded = STANDARD.decode(encoded).map_err(|_| refused())?;
    let object: serde_json::Map<String, Value> =
        serde_json::from_slice(&decoded).map_err(|_| refused())?;
    // On one line, for a header.
    Ok(Some(Value::Object(object).to_string()))
}

/// The body, which must be JSON. Without one the event is an empty object; this is unverified.
async fn event(body: Incoming, limit: usize) -> Result<Bytes, Refused> {
    let body = match Limited::new(body, limit).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Refused::too_large(limit)),
        Err(error) => {
            let message = format!("the request's body was not read to its end: {error}");
            return Err(Refused::parameter(message));
        }
    };
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<&RawValue>(&body) {
        Ok(_) => Ok(body),
        Err(error) => Err(Refused::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            format!(
                "Could not parse request body into json: Could not parse payload into json: {error}"
            ),
        )),
    }
}

/// The body of `PutFunctionEventInvokeConfig`; the ranges are the API reference's.
fn parse_config(body: &[u8]) -> Result<Config, Refused> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| Refused::parameter(format!("not JSON: {error}")))?;
    let mut config = Config::default();
    if let Some(retries) = body["MaximumRetryAttempts"].as_u64() {
        config.retries = u32::try_from(retries)
            .ok()
            .filter(|retries| *retries <= 2)
            .ok_or_else(|| Refused::parameter("MaximumRetryAttempts is 0 to 2"))?;
    }
    if let Some(age) = body["MaximumEventAgeInSeconds"].as_u64() {
        if !(60..=21_600).contains(&age) {
            return Err(Refused::parameter(
                "MaximumEventAgeInSeconds is 60 to 21600",
            ));
        }
        config.max_age = Duration::from_secs(age);
    }
    let destination = |which: &str| {
        let arn = body["DestinationConfig"][which]["Destination"].as_str();
        arn.map(str::to_owned)
    };
    config.on_success = destination("OnSuccess");
    config.on_failure = destination("OnFailure");
    Ok(config)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn query(query: Option<&str>, name: &str) -> Option<String> {
    let value = query?
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?
        .1;
    let value = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
    Some(value.into_owned())
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EXECUTED: HeaderName = HeaderName::from_static("x-amz-executed-version");
const VERSION: HeaderValue = HeaderValue::from_static(Function::VERSION);

fn json_answer(status: StatusCode, document: &Value) -> Answer {
    let document = Full::new(Bytes::from(document.to_string()));
    let mut answer = Response::new(Either::Left(document));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, JSON);
    answer
}

fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Either::Left(Full::default()));
    *answer.status_mut() = status;
    answer
}

#[cfg(test)]
mod tests;
