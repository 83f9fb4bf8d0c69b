//! `cargo fw event`: prints the event that a gateway or a source invokes a function with.

mod gateway;
mod input;
mod source;

use crate::{
    args::{self, EventKind},
    console::Console,
    error::{Exit, Failure, Result},
    values::gateway::Gateway,
};

/// Prints the event, as JSON in one line.
pub(super) fn event(args: &args::Event, console: &Console) -> Result<Exit> {
    let event = match &args.kind {
        EventKind::HttpApi(args) => gateway::event(Gateway::HttpApi, args, console)?,
        EventKind::RestApi(args) => gateway::event(Gateway::RestApi, args, console)?,
        EventKind::FunctionUrl(args) => gateway::event(Gateway::FunctionUrl, args, console)?,
        EventKind::Sqs(args) => source::sqs(args)?.to_string(),
        EventKind::Sns(args) => source::sns(args)?.to_string(),
        EventKind::S3(args) => source::s3(args).to_string(),
        EventKind::Eventbridge(args) => source::eventbridge(args)?.to_string(),
        EventKind::Schedule(args) => source::schedule(args).to_string(),
        EventKind::Other(words) => return Err(unknown(words)),
    };
    console.result(event);
    Ok(Exit::Success)
}

fn unknown(words: &[std::ffi::OsString]) -> Failure {
    let word = words.first().map(|word| word.to_string_lossy());
    Failure::new(format!(
        "not a source of events: {}",
        word.unwrap_or_default().escape_debug()
    ))
    .exiting(Exit::Usage)
    .hint(format!("use one of: {}", EventKind::words().join(", ")))
}
