//! `cargo fw send`, `publish`, `put-event` and `fire`: what would come from elsewhere, sent by hand.

use serde_json::{Map, Value, json};

use super::{Running, client::inside, text};
use crate::{
    args,
    console::Console,
    deploy::block_on,
    error::{Context as _, Exit, Failure, Result},
    values::{credentials::ACCOUNT, resources::FIFO},
};

/// Sends a message to a queue, and prints its id.
pub(in crate::command) fn send(args: &args::Send, console: &Console) -> Result<Exit> {
    let body = text(&args.body)?;
    block_on(async {
        let running = Running::find(&args.app).await?;
        let names = running.names("queues", "name");
        let queue = running.choose("queue", &names, &args.queue)?;
        if queue.ends_with(FIFO) && args.group.is_none() {
            return Err(Failure::input(format!(
                "a message for a FIFO queue needs a group: {}",
                running.logical(queue)
            ))
            .because_of("the messages of a group keep their order")
            .hint("add `--group NAME`, and `--deduplication-id ID` unless the queue has `content_based_deduplication`"));
        }
        let mut message = json!({
            "QueueUrl": format!("{}/{ACCOUNT}/{queue}", running.client.url()),
            "MessageBody": body,
        });
        for (key, value) in [
            ("MessageGroupId", args.group.as_deref()),
            ("MessageDeduplicationId", args.deduplication_id.as_deref()),
        ] {
            if let Some(value) = value {
                message[key] = value.into();
            }
        }
        if let Some(delay) = args.delay {
            message["DelaySeconds"] = delay.into();
        }
        let answer = running
            .client
            .target("AmazonSQS.SendMessage", &message)
            .await?;
        console.result(answer["MessageId"].as_str().unwrap_or_default());
        Ok(Exit::Success)
    })
}

/// Publishes a message to a topic, and prints its id.
pub(in crate::command) fn publish(args: &args::Publish, console: &Console) -> Result<Exit> {
    let message = text(&args.message)?;
    block_on(async {
        let running = Running::find(&args.app).await?;
        let names = running.names("topics", "arn");
        let topic = running.choose("topic", &names, &args.topic)?;
        let topics = running.resources["topics"].as_array().into_iter().flatten();
        let mut arns = topics.filter_map(|one| one["arn"].as_str());
        let ends = format!(":{topic}");
        let arn = arns.find(|arn| arn.ends_with(&ends)).unwrap_or_default();
        let mut parameters = vec![
            ("Action", "Publish"),
            ("Version", "2010-03-31"),
            ("TopicArn", arn),
            ("Message", &message),
        ];
        if let Some(subject) = &args.subject {
            parameters.push(("Subject", subject));
        }
        let answer = running.client.form(&parameters).await?;
        console.result(inside(&answer, "MessageId").unwrap_or_default());
        Ok(Exit::Success)
    })
}

/// Puts an event on a bus, and prints its id.
pub(in crate::command) fn put_event(args: &args::PutEvent, console: &Console) -> Result<Exit> {
    let detail = text(&args.detail)?;
    serde_json::from_str::<Map<String, Value>>(&detail)
        .context("the detail is not a JSON object")
        .map_err(|failure| failure.exiting(Exit::Input).hint("write `'{\"id\": 7}'`"))?;
    block_on(async {
        let running = Running::find(&args.app).await?;
        let mut buses = running.names("rules", "bus");
        buses.sort();
        buses.dedup();
        let mut entry = json!({
            "Source": args.source,
            "DetailType": args.detail_type,
            "Detail": detail,
        });
        if let Some(bus) = &args.bus {
            entry["EventBusName"] = running.choose("bus", &buses, bus)?.into();
        }
        let entries = json!({ "Entries": [entry] });
        let answer = running
            .client
            .target("AWSEvents.PutEvents", &entries)
            .await?;
        let put = &answer["Entries"][0];
        match put["EventId"].as_str() {
            Some(id) => console.result(id),
            None => {
                let said = |key: &str| put[key].as_str().unwrap_or_default();
                return Err(Failure::input("the bus did not accept the event")
                    .because_of(format!("{}: {}", said("ErrorCode"), said("ErrorMessage"))));
            }
        }
        Ok(Exit::Success)
    })
}

/// Sends events of a schedule, now.
pub(in crate::command) fn fire(args: &args::Fire, console: &Console) -> Result<Exit> {
    block_on(async {
        let running = Running::find(&args.app).await?;
        let names = running.names("schedules", "name");
        let name = running.choose("schedule", &names, &args.schedule)?;
        let body = json!({ "schedule": name });
        running.client.post("/_fw/fire", &body).await?;
        console.status("Fired", running.logical(name));
        Ok(Exit::Success)
    })
}
