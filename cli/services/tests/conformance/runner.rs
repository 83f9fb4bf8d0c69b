//! Plays one case.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fw_services::{Options, Services};
use regex_lite::Regex;
use serde_json::{Map, Value, json};

use crate::case::{Case, Collect, ExpectedError, Step};
use crate::client::{self, ApiError, Client, Outcome};
use crate::compare::meets;
use crate::context::{Context, plain};
use crate::expect;
use crate::fixture::HttpServer;
use crate::functions::Recorder;
use crate::s3;

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";

/// What a case runs with.
pub(crate) struct Play {
    pub(crate) services: Arc<Services>,
    /// The objects, where the case has buckets.
    _objects: Option<tempfile::TempDir>,
    pub(crate) client: Client,
    pub(crate) context: Context,
    pub(crate) recorder: Arc<Recorder>,
    /// The name of each function by its name in the case.
    pub(crate) names: BTreeMap<String, String>,
    fixtures: BTreeMap<String, HttpServer>,
}

/// Plays a case to its end.
///
/// # Errors
/// The first thing that is not as expected.
pub(crate) async fn play(case: &Case) -> Result<(), String> {
    let mut play = start(case).await?;
    for (index, step) in case.steps.iter().enumerate() {
        play.step(step)
            .await
            .map_err(|error| format!("step {index} {}: {error}", step.op))?;
    }
    if let Some(expected) = &case.expect {
        expect::hold(&play, expected).await?;
    }
    play.end().await
}

/// Starts services with the functions of a case.
///
/// # Errors
/// Why they do not start.
pub(crate) async fn start(case: &Case) -> Result<Play, String> {
    let run: String = case.id.replace('-', "");
    let mut context = Context::default();
    let mut names = BTreeMap::new();
    let mut functions = BTreeMap::new();
    for (name, function) in &case.functions {
        let full = format!("f-{run}-{name}");
        context.set(format!("fn:{name}"), full.as_str());
        let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{full}");
        context.set(format!("fn_arn:{name}"), arn);
        functions.insert(full.clone(), function.clone());
        names.insert(name.clone(), full);
    }
    let recorder = Arc::new(Recorder::new(functions));
    let objects = match case.target.as_str() {
        "s3-events" => Some(tempfile::tempdir().map_err(|error| error.to_string())?),
        _ => None,
    };
    let s3 = objects.as_ref().map(|folder| s3::open(folder.path()));
    let s3 = s3.transpose()?;
    let options = Options {
        fallback: s3.clone().map(|s3| Arc::new(s3::Behind(s3)) as _),
        functions: Some(Arc::clone(&recorder) as _),
        ..Options::default()
    };
    let services = Services::start(options)
        .await
        .map_err(|error| error.to_string())?;
    let services = Arc::new(services);
    if let Some(s3) = &s3 {
        s3::connect(s3, &services);
    }
    recorder.set_clock(services.clock().clone());
    context.set("run", run);
    context.set("account", ACCOUNT);
    context.set("region", REGION);
    context.set("uuid", "0a1b2c3d-0000-4000-8000-00000000000a");
    for service in ["sqs", "sns", "s3", "lambda", "events"] {
        context.set(format!("endpoint:{service}"), services.endpoint());
    }
    let mut fixtures = BTreeMap::new();
    for (name, fixture) in &case.fixtures {
        if fixture.kind != "http-server" {
            return Err(format!("unknown fixture {}", fixture.kind));
        }
        let server = HttpServer::start().await?;
        context.set(format!("fixture:{name}"), server.url.as_str());
        fixtures.insert(name.clone(), server);
    }
    let client = Client {
        endpoint: services.endpoint(),
    };
    let mut play = Play {
        services,
        _objects: objects,
        client,
        context,
        recorder,
        names,
        fixtures,
    };
    for (name, function) in &case.functions {
        play.dead_letters(name, function).await?;
    }
    Ok(play)
}

impl Play {
    /// Ends the services.
    pub(crate) async fn end(self) -> Result<(), String> {
        let services = Arc::try_unwrap(self.services).map_err(|_| "the services are held")?;
        services.shutdown().await.map_err(|error| error.to_string())
    }

    /// Creates the queue or the topic of a function's dead letters.
    async fn dead_letters(
        &mut self,
        name: &str,
        function: &crate::case::Function,
    ) -> Result<(), String> {
        let full = self.names[name].clone();
        if let Some(queue) = &function.dead_letter_queue {
            let input = json!({"QueueName": format!("{full}-dead")});
            let url = plain(&self.result("sqs.CreateQueue", &input).await?["QueueUrl"]);
            self.context.set(queue.as_str(), url);
            let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{full}-dead");
            self.recorder.set_dead_letter(&full, &arn);
        }
        if let Some(topic) = &function.dead_letter_topic {
            let input = json!({"Name": format!("{full}-dead")});
            let arn = plain(&self.result("sns.CreateTopic", &input).await?["TopicArn"]);
            self.context.set(topic.as_str(), arn.as_str());
            self.recorder.set_dead_letter(&full, &arn);
        }
        Ok(())
    }

    /// The result of an operation that must succeed.
    pub(crate) async fn result(&self, operation: &str, input: &Value) -> Result<Value, String> {
        let input = input.as_object().cloned().unwrap_or_default();
        let outcome = self
            .client
            .call(operation, &input, &BTreeMap::new())
            .await?;
        outcome
            .result
            .map_err(|error| format!("{operation}: {} {}", error.code, error.message))
    }

    /// Lets time pass, in steps, so that what is due happens in its order.
    pub(crate) async fn pass(&self, milliseconds: u64) {
        let mut rest = milliseconds;
        while rest > 0 {
            let step = rest.min(500);
            rest -= step;
            self.services.clock().advance(Duration::from_millis(step));
            tokio::time::sleep(Duration::from_millis(2)).await;
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        self.pass(step.advance_ms).await;
        let started = Instant::now();
        let outcome = match &step.collect {
            Some(collect) => {
                let outcome = self.collect(step, collect).await?;
                self.judge(step, &outcome)?;
                outcome
            }
            None => {
                let mut waited = 0;
                loop {
                    let outcome = self.call(step).await?;
                    match self.judge(step, &outcome) {
                        Ok(()) => break outcome,
                        Err(difference) if waited >= step.wait_ms.unwrap_or(0) => {
                            return Err(difference);
                        }
                        Err(_) => {}
                    }
                    self.pass(1000).await;
                    waited += 1000;
                }
            }
        };
        let took = started.elapsed();
        if step
            .max_duration_ms
            .is_some_and(|most| took > Duration::from_millis(most))
        {
            return Err(format!("took {took:?}"));
        }
        for (name, pointer) in &step.save {
            let result = outcome
                .result
                .as_ref()
                .map_err(|error| error.code.clone())?;
            let value = result
                .pointer(pointer)
                .ok_or_else(|| format!("{pointer} is not there"))?;
            self.context.set(name.as_str(), plain(value));
        }
        for (name, header) in &step.save_header {
            let value = outcome
                .headers
                .get(header)
                .ok_or_else(|| format!("no header {header}"))?;
            self.context.set(name.as_str(), value.as_str());
        }
        Ok(())
    }

    async fn call(&self, step: &Step) -> Result<Outcome, String> {
        let input = match self.context.input(&Value::Object(step.input.clone()))? {
            Value::Object(input) => input,
            _ => Map::new(),
        };
        match step.op.as_str() {
            "http" if input.contains_key("presigned_post") => s3::post(&input).await,
            "http" => http(&input).await,
            "fixture.requests" => {
                let name = plain(&input["fixture"]);
                let skip = input.get("skip").and_then(Value::as_u64).unwrap_or(0);
                let server = self.fixtures.get(&name).ok_or("an unknown fixture")?;
                Ok(Outcome {
                    status: 200,
                    headers: BTreeMap::new(),
                    result: Ok(server.requests(usize::try_from(skip).unwrap_or(0))),
                })
            }
            "sqs.ReceiveMessage" => self.receive(&step.op, &input, &step.headers).await,
            operation => self.client.call(operation, &input, &step.headers).await,
        }
    }

    /// Receives. While the answer waits for messages, time passes faster.
    async fn receive(
        &self,
        operation: &str,
        input: &Map<String, Value>,
        headers: &BTreeMap<String, String>,
    ) -> Result<Outcome, String> {
        let call = self.client.call(operation, input, headers);
        tokio::pin!(call);
        loop {
            tokio::select! {
                outcome = &mut call => return outcome,
                () = tokio::time::sleep(Duration::from_millis(10)) => {
                    self.services.clock().advance(Duration::from_millis(100));
                }
            }
        }
    }

    /// Receives and deletes until the number of messages is there.
    async fn collect(&self, step: &Step, collect: &Collect) -> Result<Outcome, String> {
        let (mut messages, mut items) = (Vec::new(), Vec::new());
        let clock = self.services.clock();
        let mut ends = clock.now_ms() + step.wait_ms.unwrap_or(20_000);
        let mut is_quiet = false;
        loop {
            let outcome = self.call(step).await?;
            let Ok(result) = &outcome.result else {
                return Ok(outcome);
            };
            let received = result["Messages"].as_array().cloned().unwrap_or_default();
            for message in received {
                if is_test(&message) {
                    let url = self.context.input(&step.input["QueueUrl"])?;
                    let input = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
                    self.result("sqs.DeleteMessage", &input).await?;
                    continue;
                }
                match collect.unwrap.as_deref() {
                    None => {}
                    Some("json") => items.push(
                        serde_json::from_str(message["Body"].as_str().unwrap_or_default())
                            .map_err(|error| error.to_string())?,
                    ),
                    Some("s3-records") => {
                        let body = message["Body"].as_str().unwrap_or_default();
                        let body: Value =
                            serde_json::from_str(body).map_err(|error| error.to_string())?;
                        items.extend(body["Records"].as_array().cloned().unwrap_or_default());
                    }
                    Some(other) => return Err(format!("unknown unwrap {other}")),
                }
                let url = self.context.input(&step.input["QueueUrl"])?;
                let input = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
                self.result("sqs.DeleteMessage", &input).await?;
                messages.push(message);
            }
            if messages.len() == collect.n && !is_quiet {
                is_quiet = true;
                ends = clock.now_ms() + collect.quiet_ms;
            }
            let is_over = clock.now_ms() >= ends;
            if messages.len() > collect.n || is_over {
                break;
            }
            self.pass(500).await;
        }
        if messages.len() != collect.n {
            return Err(format!("{} messages of {}", messages.len(), collect.n));
        }
        if let Some(pointer) = &collect.sort {
            items.sort_by_key(|item: &Value| item.pointer(pointer).map(plain));
        }
        Ok(Outcome {
            status: 200,
            headers: BTreeMap::new(),
            result: Ok(json!({"Messages": messages, "Items": items})),
        })
    }

    fn judge(&self, step: &Step, outcome: &Outcome) -> Result<(), String> {
        let result = match (&outcome.result, &step.error) {
            (Err(error), Some(expected)) => {
                return self.judge_error(expected, error, outcome.status);
            }
            (Ok(result), Some(_)) => return Err(format!("succeeds: {result}")),
            (Err(error), None) => return Err(format!("{} {}", error.code, error.message)),
            (Ok(result), None) => result,
        };
        if let Some(subset) = &step.out_subset {
            meets(&self.context.expected(subset)?, Some(result), "")?;
        }
        for (pointer, pattern) in &step.out_pattern {
            let value = result
                .pointer(pointer)
                .ok_or_else(|| format!("{pointer} is not there"))?;
            is_match(&self.context.pattern(pattern)?, &plain(value))?;
        }
        if let Some(there) = step
            .out_absent
            .iter()
            .find(|path| result.pointer(path).is_some())
        {
            return Err(format!("{there} is there"));
        }
        if step.status.is_some_and(|status| status != outcome.status) {
            return Err(format!("status {}", outcome.status));
        }
        let body = result["body"].as_str().unwrap_or_default();
        for text in &step.body_contains {
            let text = self.context.text(text)?;
            if !body.contains(&text) {
                return Err(format!("{body} lacks {text}"));
            }
        }
        for text in &step.body_lacks {
            let text = self.context.text(text)?;
            if body.contains(&text) {
                return Err(format!("{body} has {text}"));
            }
        }
        if let Some(pattern) = &step.body_pattern {
            is_match(pattern, body)?;
        }
        for (name, part) in &step.headers_contain {
            let value = outcome.headers.get(name).map_or("", String::as_str);
            if !value.contains(part.as_str()) {
                return Err(format!("header {name}: {value}"));
            }
        }
        Ok(())
    }

    fn judge_error(
        &self,
        expected: &ExpectedError,
        error: &ApiError,
        status: u16,
    ) -> Result<(), String> {
        let same = |what: &str, want: &str, got: &str| {
            if want == got {
                Ok(())
            } else {
                Err(format!("{what} {got:?}, wanted {want:?}"))
            }
        };
        if let Some(code) = &expected.code {
            same("code", code, &error.code)?;
        }
        if let Some(pattern) = &expected.code_pattern {
            is_match(pattern, &error.code)?;
        }
        if let (Some(want), Some(got)) = (&expected.json_type, &error.json_type) {
            same("json type", want, got)?;
        }
        if let Some(message) = &expected.message {
            same("message", &self.context.text(message)?, &error.message)?;
        }
        if let Some(pattern) = &expected.message_pattern {
            is_match(&self.context.pattern(pattern)?, &error.message)?;
        }
        if expected.status.is_some_and(|want| want != status) {
            return Err(format!("status {status}"));
        }
        let fields = self
            .context
            .expected(&Value::Object(expected.fields.clone()))?;
        if expected.fields.is_empty() {
            return Ok(());
        }
        meets(&fields, Some(&error.document), "")
    }
}

/// Whether it is the message by which S3 tests a queue.
fn is_test(message: &Value) -> bool {
    let body = message["Body"].as_str().unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    body["Event"] == "s3:TestEvent"
}

pub(crate) fn is_match(pattern: &str, text: &str) -> Result<(), String> {
    let regex = Regex::new(pattern).map_err(|error| error.to_string())?;
    if regex.is_match(text) {
        Ok(())
    } else {
        Err(format!("{text:?} against {pattern:?}"))
    }
}

/// A request as it is written.
async fn http(input: &Map<String, Value>) -> Result<Outcome, String> {
    const KNOWN: [&str; 7] = ["method", "url", "query", "form", "headers", "body", "sign"];
    if let Some(unknown) = input.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        return Err(format!("unknown key {unknown}"));
    }
    let text = |name: &str| input.get(name).map(plain).unwrap_or_default();
    let pairs = |name: &str| -> Vec<(String, String)> {
        let members = input.get(name).and_then(Value::as_object);
        members
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect()
    };
    let mut headers: BTreeMap<String, String> = match input.get("sign") {
        Some(service) => client::signed(&plain(service)),
        None => BTreeMap::new(),
    };
    let mut url = text("url");
    let mut body = text("body");
    if input.contains_key("query") {
        url = format!("{url}?{}", client::encode(&pairs("query")));
    }
    if input.contains_key("form") {
        let kind = "application/x-www-form-urlencoded";
        headers.insert("content-type".into(), kind.into());
        body = client::encode(&pairs("form"));
    }
    headers.extend(pairs("headers"));
    let answer = client::send(&text("method"), &url, &headers, body).await?;
    let result = json!({
        "status": answer.status,
        "headers": answer.headers,
        "body": answer.body,
    });
    Ok(Outcome {
        status: answer.status,
        headers: answer.headers,
        result: Ok(result),
    })
}
