//! Cases that declare what is set up, what happens, and what is expected, without naming each call: those of event sources.
//!
//! The runner makes the calls that a user would make, and holds their results against the expectation. A key that it does not know
//! fails the case.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::case::{Case, Function};
use crate::client::Outcome;
use crate::compare::{any_order, meets};
use crate::context::plain;
use crate::runner::{self, Play, is_match};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclaredCase {
    pub(crate) id: String,
    pub(crate) target: String,
    pub(crate) title: String,
    setup: Map<String, Value>,
    event: Map<String, Value>,
    expect: Map<String, Value>,
    pub(crate) confidence: String,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "note", default)]
    _note: Option<String>,
}

const SETUP: [&str; 16] = [
    "trigger",
    "handler",
    "target",
    "target_id",
    "pattern",
    "input",
    "input_path",
    "input_paths",
    "input_template",
    "input_transformer",
    "schedule",
    "bus",
    "event_source",
    "queue",
    "bucket",
    "create_twice",
];
const EVENT: [&str; 8] = [
    "create_only",
    "tick",
    "put_event",
    "put_events",
    "api",
    "messages",
    "publish",
    "put",
];

/// What a case works with.
struct Stage {
    play: Play,
    setup: Map<String, Value>,
    /// The answer of the call that the case is about.
    outcome: Option<Outcome>,
}

/// Plays a case to its end.
///
/// # Errors
/// The first thing that is not as expected.
pub(crate) async fn play(case: &DeclaredCase) -> Result<(), String> {
    known(&case.setup, &SETUP)?;
    known(&case.event, &EVENT)?;
    let handler = plain(&case.setup["handler"]);
    let function = Function::of(&handler, "sleep:5", 10);
    let play = runner::start(&Case::of(
        &case.id,
        BTreeMap::from([("f".into(), function)]),
    ))
    .await?;
    let mut stage = Stage {
        play,
        setup: case.setup.clone(),
        outcome: None,
    };
    stage.set_up().await?;
    stage.happen(&case.event).await?;
    for (name, expected) in &case.expect {
        stage
            .hold(name, expected)
            .await
            .map_err(|error| format!("{name}: {error}"))?;
    }
    stage.play.end().await
}

fn known(members: &Map<String, Value>, names: &[&str]) -> Result<(), String> {
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        Some(unknown) => Err(format!("unknown key {unknown}")),
        None => Ok(()),
    }
}

impl Stage {
    /// Makes a call, and keeps its answer as the one that the case is about.
    async fn call(&mut self, operation: &str, input: Value) -> Result<Value, String> {
        let input = input.as_object().cloned().unwrap_or_default();
        let outcome = self
            .play
            .client
            .call(operation, &input, &BTreeMap::new())
            .await?;
        let result = outcome.result.clone().unwrap_or(Value::Null);
        self.outcome = Some(outcome);
        Ok(result)
    }

    fn text(&self, placeholder: &str) -> Result<String, String> {
        self.play.context.text(placeholder)
    }

    fn option(&self, name: &str) -> Option<&Value> {
        self.setup.get(name)
    }

    async fn set_up(&mut self) -> Result<(), String> {
        match plain(&self.setup["trigger"]).as_str() {
            "eventbridge" | "event-bus" | "schedule" => self.rule().await,
            "scheduler" => self.schedule().await,
            "sqs" => self.mapping().await,
            "sns" => {
                let topic = self.call("sns.CreateTopic", json!({"Name": "t"})).await?;
                let topic = plain(&topic["TopicArn"]);
                self.play.context.set("topic", topic.as_str());
                let function = self.text("${fn_arn:f}")?;
                let input = json!({"TopicArn": topic, "Protocol": "lambda", "Endpoint": function});
                self.call("sns.Subscribe", input).await.map(|_| ())
            }
            other => Err(format!("unknown trigger {other}")),
        }
    }

    /// A rule with a target, and what the target needs.
    async fn rule(&mut self) -> Result<(), String> {
        let queue = self
            .call("sqs.CreateQueue", json!({"QueueName": "q"}))
            .await?;
        self.play
            .context
            .set("queue_url", plain(&queue["QueueUrl"]));
        let queue = self.text("arn:aws:sqs:${region}:${account}:q")?;
        self.play.context.set("queue", queue.as_str());
        let mut arn = match self.option("target").and_then(Value::as_str) {
            Some("sqs") => queue.clone(),
            None | Some("lambda") => self.text("${fn_arn:f}")?,
            Some("sns") => {
                let topic = self.call("sns.CreateTopic", json!({"Name": "t"})).await?;
                let topic = plain(&topic["TopicArn"]);
                let input = json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue});
                self.call("sns.Subscribe", input).await?;
                topic
            }
            Some(other) => return Err(format!("unknown target {other}")),
        };
        let mut rule = json!({"Name": "r"});
        if let Some(pattern) = self.option("pattern") {
            rule["EventPattern"] = pattern.to_string().into();
        }
        if let Some(expression) = self.option("schedule") {
            rule["ScheduleExpression"] = expression.clone();
        }
        if let Some(bus) = self.option("bus").cloned() {
            self.call("events.CreateEventBus", json!({"Name": bus}))
                .await?;
            rule["EventBusName"] = bus;
        }
        self.call("events.PutRule", rule).await?;
        if self
            .outcome
            .as_ref()
            .is_some_and(|outcome| outcome.result.is_err())
        {
            return Ok(());
        }
        let id = self.option("target_id").map_or_else(|| "1".into(), plain);
        let mut target = json!({"Id": id, "Arn": std::mem::take(&mut arn)});
        if let Some(input) = self.option("input") {
            target["Input"] = input.to_string().into();
        }
        if let Some(path) = self.option("input_path") {
            target["InputPath"] = path.clone();
        }
        if let Some(transformer) = self.option("input_transformer") {
            target["InputTransformer"] = json!({
                "InputPathsMap": transformer["paths"],
                "InputTemplate": transformer["template"],
            });
        }
        if let (Some(paths), Some(template)) =
            (self.option("input_paths"), self.option("input_template"))
        {
            target["InputTransformer"] = json!({"InputPathsMap": paths, "InputTemplate": template});
        }
        let input = json!({"Rule": "r", "Targets": [target]});
        self.call("events.PutTargets", input).await.map(|_| ())
    }

    async fn schedule(&mut self) -> Result<(), String> {
        let target = self.text("${fn_arn:f}")?;
        let input = json!({
            "Name": "s",
            "ScheduleExpression": self.setup["schedule"],
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": target, "RoleArn": "arn:aws:iam::123456789012:role/r"},
        });
        self.call("scheduler.CreateSchedule", input)
            .await
            .map(|_| ())
    }

    /// A queue with a mapping.
    async fn mapping(&mut self) -> Result<(), String> {
        let queue = self.option("queue").cloned().unwrap_or_default();
        known(
            queue.as_object().ok_or("a queue that is not an object")?,
            &[
                "visibility_timeout_s",
                "fifo",
                "max_receive_count",
                "dead_letter",
            ],
        )?;
        let suffix = if queue["fifo"] == true { ".fifo" } else { "" };
        let mut attributes = json!({"VisibilityTimeout": plain(&queue["visibility_timeout_s"])});
        if queue["fifo"] == true {
            attributes["FifoQueue"] = "true".into();
            attributes["ContentBasedDeduplication"] = "true".into();
        }
        if queue["dead_letter"] == true {
            let mut dead = attributes.clone();
            dead["VisibilityTimeout"] = "30".into();
            let input = json!({"QueueName": format!("dead{suffix}"), "Attributes": dead});
            let url = self.call("sqs.CreateQueue", input).await?;
            self.play.context.set("dead_url", plain(&url["QueueUrl"]));
            let dead = self.text(&format!(
                "arn:aws:sqs:${{region}}:${{account}}:dead{suffix}"
            ))?;
            let policy = json!({
                "deadLetterTargetArn": dead,
                "maxReceiveCount": queue["max_receive_count"],
            });
            attributes["RedrivePolicy"] = policy.to_string().into();
        }
        let input = json!({"QueueName": format!("q{suffix}"), "Attributes": attributes});
        let url = self.call("sqs.CreateQueue", input).await?;
        self.play.context.set("queue_url", plain(&url["QueueUrl"]));
        let source = self.option("event_source").cloned().unwrap_or_default();
        let members = source.as_object().ok_or("a source that is not an object")?;
        let mut input = json!({
            "EventSourceArn": self.text(&format!("arn:aws:sqs:${{region}}:${{account}}:q{suffix}"))?,
            "FunctionName": self.text("${fn:f}")?,
        });
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            let filters = |texts: Vec<Value>| {
                let filters = texts.into_iter().map(|text| json!({"Pattern": text}));
                json!({"Filters": filters.collect::<Vec<_>>()})
            };
            let items = value.as_array().cloned().unwrap_or_default();
            let (name, value) = match name.as_str() {
                "batch_size" => ("BatchSize", value.clone()),
                "maximum_batching_window_s" => ("MaximumBatchingWindowInSeconds", value.clone()),
                "function_response_types" => ("FunctionResponseTypes", value.clone()),
                "filters_raw" => ("FilterCriteria", filters(items)),
                "filters" => {
                    let texts = items.iter().map(|one| one.to_string().into());
                    ("FilterCriteria", filters(texts.collect()))
                }
                other => return Err(format!("unknown key {other}")),
            };
            input[name] = value;
        }
        self.call("lambda.CreateEventSourceMapping", input)
            .await
            .map(|_| ())
    }

    async fn happen(&mut self, event: &Map<String, Value>) -> Result<(), String> {
        for (name, value) in event {
            match name.as_str() {
                "create_only" => {}
                // A rate waits one period, and a cron no longer than that here.
                "tick" => self.play.pass(61_000).await,
                "put_event" => {
                    let mut entry = value.clone();
                    entry["Detail"] = entry["Detail"].to_string().into();
                    self.call("events.PutEvents", json!({"Entries": [entry]}))
                        .await?;
                }
                "put_events" => {
                    let mut entries = value.clone();
                    for entry in entries.as_array_mut().into_iter().flatten() {
                        if let Some(size) = entry["Detail"]["$json_of_bytes"].as_u64() {
                            let filler = "x".repeat(usize::try_from(size).unwrap_or(0));
                            entry["Detail"] = json!({"a": filler}).to_string().into();
                        }
                        if entry["Detail"].is_null()
                            && let Some(entry) = entry.as_object_mut()
                        {
                            entry.remove("Detail");
                        }
                    }
                    self.call("events.PutEvents", json!({"Entries": entries}))
                        .await?;
                }
                "api" => {
                    let mut input = value["in"].clone();
                    if let Some(count) = input["Targets"]["$repeat_target"].as_u64() {
                        let arn = self.text("${queue}")?;
                        let target = |id: u64| json!({"Id": format!("t{id}"), "Arn": arn});
                        input["Targets"] = (0..count).map(target).collect::<Vec<_>>().into();
                    }
                    let text = input.to_string();
                    let text = text.replace("\"$rule\"", "\"r\"");
                    let text = text.replace("$queue", &self.text("${queue}")?);
                    let input = serde_json::from_str(&text).map_err(|error| error.to_string())?;
                    self.call(&plain(&value["op"]), input).await?;
                }
                "messages" => {
                    self.send(value.as_array().map(Vec::as_slice).unwrap_or_default())
                        .await?;
                }
                "publish" => {
                    let input = json!({
                        "TopicArn": self.text("${topic}")?,
                        "Message": value["message"],
                        "Subject": value["subject"],
                    });
                    self.call("sns.Publish", input).await?;
                }
                other => return Err(format!("unknown key {other}")),
            }
        }
        Ok(())
    }

    /// Sends messages as clients do that have all of them: in batches of ten.
    async fn send(&mut self, messages: &[Value]) -> Result<(), String> {
        for (batch, messages) in messages.chunks(10).enumerate() {
            let mut entries = Vec::new();
            for (index, message) in messages.iter().enumerate() {
                let mut entry = json!({"Id": format!("{batch}-{index}")});
                for (name, value) in message.as_object().into_iter().flatten() {
                    let name = match name.as_str() {
                        "body" => "MessageBody",
                        "attributes" => "MessageAttributes",
                        "group" => "MessageGroupId",
                        "dedup" => "MessageDeduplicationId",
                        other => return Err(format!("unknown key {other}")),
                    };
                    entry[name] = value.clone();
                }
                entries.push(entry);
            }
            let input = json!({"QueueUrl": self.text("${queue_url}")?, "Entries": entries});
            self.call("sqs.SendMessageBatch", input).await?;
        }
        Ok(())
    }

    async fn hold(&mut self, name: &str, expected: &Value) -> Result<(), String> {
        let members = || expected.as_object().into_iter().flatten();
        match name {
            "status" => {
                let status = self.outcome()?.status;
                same(&json!(status), expected)
            }
            "error_code" => same(&self.error()?.0.into(), expected),
            "error_message" => same(&self.error()?.1.into(), expected),
            "error_message_contains" => {
                let message = self.error()?.1;
                let is_there = message.contains(&plain(expected));
                is_there.then_some(()).ok_or(message)
            }
            "error_message_pattern" => is_match(&plain(expected), &self.error()?.1),
            "put_events_response" | "mapping" => {
                let result = self.outcome()?.result.clone();
                let result = result.map_err(|error| error.message)?;
                meets(expected, Some(&result), "")
            }
            "invocations" => {
                let count = usize::try_from(expected.as_u64().unwrap_or(0)).unwrap_or(0);
                self.events(count, 60_000).await?;
                self.play.pass(3000).await;
                let events = self.events(count, 0).await?;
                same(&json!(events.len()), expected)
            }
            "invocations_min" => {
                let count = usize::try_from(expected.as_u64().unwrap_or(0)).unwrap_or(0);
                self.events(count, 60_000).await.map(|_| ())
            }
            "event" | "event_pattern" | "event_present" | "event_absent" | "event_exact" => {
                let event = self.events(1, 60_000).await?.swap_remove(0);
                match name {
                    "event_exact" => same(&event, expected),
                    "event" => members().try_for_each(|(pointer, expected)| {
                        same(event.pointer(pointer).unwrap_or(&Value::Null), expected)
                            .map_err(|error| format!("{pointer}: {error}"))
                    }),
                    "event_pattern" => members().try_for_each(|(pointer, pattern)| {
                        let value = event.pointer(pointer).map(plain).unwrap_or_default();
                        is_match(&plain(pattern), &value)
                    }),
                    _ => list(expected).iter().try_for_each(|pointer| {
                        let is_there = event.pointer(&plain(pointer)).is_some();
                        let as_expected = is_there == (name == "event_present");
                        as_expected.then_some(()).ok_or_else(|| pointer.to_string())
                    }),
                }
            }
            _ => self.hold_queues(name, expected).await,
        }
    }

    async fn hold_queues(&mut self, name: &str, expected: &Value) -> Result<(), String> {
        let wanted = list(expected);
        let json_of = |texts: &[String]| -> Result<Vec<Value>, String> {
            let parsed = texts.iter().map(|text| serde_json::from_str(text));
            parsed
                .collect::<Result<_, _>>()
                .map_err(|error| error.to_string())
        };
        match name {
            "delivered_bodies_raw" => {
                let got = self.received("${queue_url}", wanted.len()).await?;
                same(&json!(got), expected)
            }
            "delivered_bodies_json" => {
                let got = self.received("${queue_url}", wanted.len()).await?;
                same(&json_of(&got)?.into(), expected)
            }
            "delivered_bodies_json_subset" => {
                let got = json_of(&self.received("${queue_url}", wanted.len()).await?)?;
                meets(expected, Some(&got.into()), "")
            }
            "delivered_absent" => {
                let got = json_of(&self.received("${queue_url}", 1).await?)?;
                let is_there = |pointer: &&Value| got[0].pointer(&plain(pointer)).is_some();
                let there = wanted.iter().find(is_there);
                there.map_or(Ok(()), |there| Err(there.to_string()))
            }
            "delivered_messages_pattern" => {
                let got = json_of(&self.received("${queue_url}", wanted.len()).await?)?;
                let mut pairs = got.iter().zip(&wanted);
                pairs.try_for_each(|(got, want)| is_match(&plain(want), &plain(&got["Message"])))
            }
            "delivered_bodies" => {
                let events = self.events(1, 60_000).await?;
                let got: Vec<Value> = events.iter().flat_map(bodies).collect();
                any_order(&wanted, &got)
                    .then_some(())
                    .ok_or(format!("{got:?}"))
            }
            "batch_sizes" => {
                let events = self.events(wanted.len(), 60_000).await?;
                let sizes: Vec<_> = events.iter().map(|event| bodies(event).len()).collect();
                same(&json!(sizes), expected)
            }
            "batches" => {
                let events = self.events(wanted.len(), 60_000).await?;
                let numbers = |event: &Value| -> Vec<Value> {
                    let parsed = bodies(event).into_iter().map(|body| {
                        serde_json::from_str::<Value>(&plain(&body)).unwrap_or_default()
                    });
                    parsed.map(|body| body["message"].clone()).collect()
                };
                let got: Vec<_> = events.iter().map(numbers).collect();
                same(&json!(got), expected)
            }
            "receive_counts" => {
                let events = self.events(wanted.len(), 60_000).await?;
                let count = "/Records/0/attributes/ApproximateReceiveCount";
                let got: Vec<_> = events.iter().map(|event| event.pointer(count)).collect();
                same(&json!(got), expected)
            }
            "min_delay_between_s" => {
                let calls = self.play.recorder.calls(&self.play.names["f"]);
                let least = expected.as_u64().unwrap_or(0) * 1000;
                let gap = |two: &[crate::functions::Call]| two[1].started_ms - two[0].started_ms;
                let all = calls.windows(2).all(|two| gap(two) >= least);
                all.then_some(()).ok_or_else(|| "earlier".into())
            }
            "max_parallel" => {
                let calls = self.play.recorder.calls(&self.play.names["f"]);
                let apart = calls
                    .windows(2)
                    .all(|two| two[0].ended_ms <= two[1].started_ms);
                apart.then_some(()).ok_or_else(|| "at the same time".into())
            }
            "dead_letter_bodies" | "dead_letter_bodies_set" => {
                let got: Vec<Value> = self
                    .received("${dead_url}", wanted.len())
                    .await?
                    .into_iter()
                    .map(Into::into)
                    .collect();
                any_order(&wanted, &got)
                    .then_some(())
                    .ok_or(format!("{got:?}"))
            }
            "dead_letter_messages" => {
                let got = json_of(&self.received("${dead_url}", wanted.len()).await?)?;
                let got: Vec<_> = got.iter().map(|body| body["message"].clone()).collect();
                same(&got.into(), expected)
            }
            "queue_empty" => {
                self.play.pass(30_000).await;
                let got = self.received("${queue_url}", 0).await?;
                got.is_empty().then_some(()).ok_or(format!("{got:?}"))
            }
            other => Err(format!("unknown expectation {other}")),
        }
    }

    fn outcome(&self) -> Result<&Outcome, String> {
        self.outcome
            .as_ref()
            .ok_or_else(|| "no call was made".into())
    }

    /// The code and the text of the error that the call must have given.
    fn error(&self) -> Result<(String, String), String> {
        match &self.outcome()?.result {
            Ok(result) => Err(format!("succeeds: {result}")),
            Err(error) => Ok((error.code.clone(), error.message.clone())),
        }
    }

    /// The events of the function, once there are that many.
    async fn events(&self, count: usize, within_ms: u64) -> Result<Vec<Value>, String> {
        let mut waited = 0;
        loop {
            let calls = self.play.recorder.calls(&self.play.names["f"]);
            if calls.len() >= count {
                return Ok(calls.into_iter().map(|call| call.event).collect());
            }
            if waited >= within_ms {
                return Err(format!("{} invocations of {count}", calls.len()));
            }
            self.play.pass(500).await;
            waited += 500;
        }
    }

    /// The bodies in a queue, once there are that many.
    async fn received(&self, url: &str, count: usize) -> Result<Vec<String>, String> {
        let url = self.text(url)?;
        let mut bodies = Vec::new();
        for _ in 0..120 {
            let input = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
            let got = self.play.result("sqs.ReceiveMessage", &input).await?;
            let messages = got["Messages"].as_array().cloned().unwrap_or_default();
            bodies.extend(messages.iter().map(|message| plain(&message["Body"])));
            if bodies.len() >= count {
                return Ok(bodies);
            }
            self.play.pass(500).await;
        }
        Err(format!("{} messages of {count}", bodies.len()))
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn bodies(event: &Value) -> Vec<Value> {
    let records = list(&event["Records"]);
    records
        .iter()
        .map(|record| record["body"].clone())
        .collect()
}

fn same(got: &Value, want: &Value) -> Result<(), String> {
    if got == want {
        Ok(())
    } else {
        Err(format!("{got}, wanted {want}"))
    }
}
