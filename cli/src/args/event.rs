//! The arguments of `event`: what happened, and the names of where it happened, held to AWS's rules.

use std::ffi::OsString;

use clap::{Subcommand, ValueEnum, builder::NonEmptyStringValueParser};

use super::Which;
use crate::values::names::{check_bucket_name, is_plain};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw event http-api GET '/items/7?full=1' | cargo fw invoke --event -\n  cargo fw event sqs orders '{\"id\": 7}' | cargo fw invoke ship --event -\n  cargo fw event s3 uploads in/cat.png --size 1024 > event.json"
)]
pub(crate) struct Event {
    #[command(subcommand)]
    pub(crate) kind: EventKind,
}

/// What invokes a function.
#[derive(Debug, Subcommand)]
pub(crate) enum EventKind {
    /// A request to an HTTP API
    HttpApi(GatewayEvent),
    /// A request to a REST API
    RestApi(GatewayEvent),
    /// A request to a function URL
    FunctionUrl(GatewayEvent),
    /// Messages of an SQS queue, in one batch
    Sqs(QueueEvent),
    /// A notification of an SNS topic
    Sns(TopicEvent),
    /// A change of an object in an S3 bucket
    S3(ObjectEvent),
    /// An event of an EventBridge bus
    Eventbridge(BusEvent),
    /// The time of an EventBridge Scheduler schedule
    Schedule(ScheduleEvent),
    // Clap does not list the subcommands if a word is not one.
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl EventKind {
    /// The words for them, in the order of the help.
    pub(crate) fn words() -> Vec<String> {
        Self::augment_subcommands(clap::Command::new("event"))
            .get_subcommands()
            .map(|command| command.get_name().to_owned())
            .collect()
    }
}

/// The version of an HTTP API's event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventFormat {
    /// The format of REST APIs
    #[value(name = "1.0")]
    V1,
    /// The format of HTTP APIs
    #[value(name = "2.0")]
    V2,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw event http-api GET '/items/7?full=1'\n  cargo fw event rest-api PUT /items/7 -H 'content-type: application/json' -d '{}' --stage prod\n  cargo fw event http-api GET /items/7 | cargo fw invoke --event -\n\nThe route is the matching one of the app in this folder; without an app, a catch-all route"
)]
pub(crate) struct GatewayEvent {
    /// The request's method
    pub(crate) method: String,
    /// The request's path and query, without the stage
    pub(crate) target: String,
    /// A header, `name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
    /// The body, `@FILE`, or `@-` for standard input
    #[arg(short, long)]
    pub(crate) data: Option<String>,
    /// The gateway's stage [default: `stage_name` of the settings, else `$default` for an HTTP API, `dev` for a REST API]
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// The route that takes the request, such as `GET /items/{id}`, instead of the app's
    #[arg(long, value_name = "ROUTE")]
    pub(crate) route: Option<String>,
    /// The version of an HTTP API's event [default: `payload_format` of the settings, else 2.0]
    #[arg(long, value_enum)]
    pub(crate) payload_format: Option<EventFormat>,
    #[command(flatten)]
    pub(crate) which: Which,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw event sqs orders '{\"id\": 7}'\n  cargo fw event sqs orders '{\"id\": 7}' '{\"id\": 8}' --attribute kind=gift    a batch of two\n  cargo fw event sqs orders.fifo @order.json --group customer-1\n  cargo fw event sqs orders - < order.json | cargo fw invoke ship --event -"
)]
pub(crate) struct QueueEvent {
    /// The queue's name
    #[arg(default_value = "queue", value_parser = queue)]
    pub(crate) queue: String,
    /// The message's body, `@FILE`, or `-` for standard input; several bodies form one batch
    #[arg(value_name = "BODY", default_value = "{}")]
    pub(crate) bodies: Vec<String>,
    /// The message group, for a FIFO queue
    #[arg(long, value_name = "ID", value_parser = group)]
    pub(crate) group: Option<String>,
    /// A text attribute of every message; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    pub(crate) attributes: Vec<(String, String)>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw event sns alerts 'the disk is full' --subject Disk\n  cargo fw event sns alerts @alert.json --attribute level=high\n  cargo fw event sns alerts - < alert.txt | cargo fw invoke mail --event -"
)]
pub(crate) struct TopicEvent {
    /// The topic's name
    #[arg(default_value = "topic", value_parser = topic)]
    pub(crate) topic: String,
    /// The message, `@FILE`, or `-` for standard input
    #[arg(default_value = "{}")]
    pub(crate) message: String,
    /// The subject
    #[arg(long, value_parser = subject)]
    pub(crate) subject: Option<String>,
    /// A text attribute of the message; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    pub(crate) attributes: Vec<(String, String)>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw event s3 uploads 'in/my cat.png' --size 1024\n  cargo fw event s3 uploads in/cat.png --removed | cargo fw invoke gone --event -\n\nThe event has the key form-encoded, as S3 sends it: `in/my+cat.png`"
)]
pub(crate) struct ObjectEvent {
    /// The bucket's name
    #[arg(value_parser = bucket)]
    pub(crate) bucket: String,
    /// The object's key, not encoded
    #[arg(value_parser = key)]
    pub(crate) key: String,
    /// The object was deleted (`ObjectRemoved:Delete`) instead of put (`ObjectCreated:Put`)
    #[arg(long, conflicts_with = "size")]
    pub(crate) removed: bool,
    /// The object's size in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    pub(crate) size: u64,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw event eventbridge --source shop --detail-type order-placed '{\"id\": 7}'\n  cargo fw event eventbridge --source bank --detail-type paid @paid.json | cargo fw invoke paid --event -"
)]
pub(crate) struct BusEvent {
    /// The event's source
    #[arg(long, value_parser = NonEmptyStringValueParser::new())]
    pub(crate) source: String,
    /// The event's detail type
    #[arg(long, value_name = "TYPE", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) detail_type: String,
    /// The event's detail, a JSON object; `@FILE`, or `-` for standard input
    #[arg(default_value = "{}")]
    pub(crate) detail: String,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw event schedule nightly | cargo fw invoke nightly --event -\n  cargo fw event schedule nightly --time 2027-01-31T02:00:00Z"
)]
pub(crate) struct ScheduleEvent {
    /// The schedule's name
    #[arg(default_value = "schedule", value_parser = schedule)]
    pub(crate) name: String,
    /// When it fires [default: now]
    #[arg(long)]
    pub(crate) time: Option<jiff::Timestamp>,
}

/// Reads the name of a queue. `[D]` SQS API reference, `CreateQueue`
fn queue(text: &str) -> Result<String, String> {
    let name = text.strip_suffix(".fifo").unwrap_or(text);
    if is_plain(name) && text.len() <= 80 {
        return Ok(text.to_owned());
    }
    Err("a queue's name has 1 to 80 letters, digits, `-` and `_`, then `.fifo` if it is a FIFO queue; a body comes after the name".to_owned())
}

/// Reads the name of a topic that can invoke a function: a FIFO topic cannot. `[D]` SNS API reference, `CreateTopic`
fn topic(text: &str) -> Result<String, String> {
    if is_plain(text) && text.len() <= 256 {
        return Ok(text.to_owned());
    }
    Err(
        "a topic's name has 1 to 256 letters, digits, `-` and `_`; a message comes after the name"
            .to_owned(),
    )
}

/// Reads the name of a schedule. `[D]` Scheduler API reference, `CreateSchedule`
fn schedule(text: &str) -> Result<String, String> {
    if is_plain(&text.replace('.', "-")) && text.len() <= 64 {
        return Ok(text.to_owned());
    }
    Err("a schedule's name has 1 to 64 letters, digits, `-`, `_` and `.`".to_owned())
}

fn bucket(text: &str) -> Result<String, String> {
    check_bucket_name(text).map_err(|error| error.to_string())?;
    Ok(text.to_owned())
}

/// Reads the key of an object. `[D]` S3 user guide, "Naming Amazon S3 objects"
fn key(text: &str) -> Result<String, String> {
    if (1..=1024).contains(&text.len()) {
        return Ok(text.to_owned());
    }
    Err("a key has 1 to 1024 bytes".to_owned())
}

/// Reads the group of a message. `[D]` SQS API reference, `SendMessage`
fn group(text: &str) -> Result<String, String> {
    if (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err("a group has 1 to 128 letters, digits and punctuation characters".to_owned())
}

/// Reads the subject of a notification. `[D]` SNS API reference, `Publish`
fn subject(text: &str) -> Result<String, String> {
    if (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    Err("a subject has 1 to 100 characters and no line break".to_owned())
}

/// Reads `NAME=VALUE`. `[D]` SQS developer guide, "Amazon SQS message metadata"
fn attribute(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or("it takes a name and a value: `kind=gift`")?;
    let lower = name.to_ascii_lowercase();
    let is_good = is_plain(&name.replace('.', "-"))
        && name.len() <= 256
        && !name.split('.').any(str::is_empty)
        && !lower.starts_with("aws.")
        && !lower.starts_with("amazon.");
    if is_good {
        return Ok((name.to_owned(), value.to_owned()));
    }
    Err("a name has 1 to 256 letters, digits, `-`, `_` and single `.` between them, and does not start with `AWS.` or `Amazon.`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{attribute, group, key, queue, schedule, subject, topic};

    #[test]
    fn names_are_held_to_the_rules_of_their_service() {
        let long = |length: usize| "a".repeat(length);
        for name in ["orders", "a_b-1.fifo", &long(80)] {
            assert_eq!(queue(name), Ok(name.to_owned()), "{name}");
        }
        for name in ["", ".fifo", "{}", "a.b", "ä", &long(81)] {
            assert!(queue(name).is_err(), "{name}");
        }
        assert!(topic(&long(256)).is_ok() && topic(&long(257)).is_err());
        assert!(topic("alerts.fifo").is_err() && topic("a b").is_err());
        assert!(schedule("a.b-c_1").is_ok() && schedule(&long(65)).is_err());
        assert!(schedule("").is_err() && schedule("a/b").is_err());
        assert!(key("ü b").is_ok() && key("").is_err() && key(&long(1025)).is_err());
        assert!(group("a!b").is_ok() && group("a b").is_err() && group(&long(129)).is_err());
        assert!(subject("Ü b").is_ok() && subject("a\nb").is_err() && subject(&long(101)).is_err());
    }

    #[test]
    fn attributes_are_names_and_values() {
        let read = |text: &str| attribute(text).map(|(name, value)| format!("{name}:{value}"));
        assert_eq!(read("kind=gift"), Ok("kind:gift".to_owned()));
        assert_eq!(read("a.b=x=y"), Ok("a.b:x=y".to_owned()));
        for text in [
            "a",
            "=a",
            "a=",
            "a b=c",
            ".a=b",
            "a.=b",
            "a..b=c",
            "AWS.a=b",
            "amazon.a=b",
        ] {
            assert!(attribute(text).is_err(), "{text}");
        }
    }
}
