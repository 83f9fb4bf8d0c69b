//! `cargo fw clock`: the one clock of the services of a running server.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Running;
use crate::{
    args::{self, ClockCommand},
    console::Console,
    deploy::block_on,
    error::{Exit, Result},
};

/// Prints the time, after moving it forward if that is asked for.
pub(in crate::command) fn clock(args: &args::Clock, console: &Console) -> Result<Exit> {
    let (app, by) = match &args.command {
        Some(ClockCommand::Advance { by, app }) => (app, Some(*by)),
        None => (&args.app, None),
    };
    block_on(async {
        let running = Running::find(app).await?;
        let answer = match by {
            Some(by) => {
                let body = json!({ "advance_ms": milliseconds(by) });
                running.client.post("/_fw/clock", &body).await?
            }
            None => running.client.get("/_fw/clock").await?,
        };
        console.result(time(&answer));
        Ok(Exit::Success)
    })
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn time(answer: &Value) -> String {
    let time = answer["now_ms"].as_i64();
    let time = time.and_then(|time| Timestamp::from_millisecond(time).ok());
    time.map(|time| time.to_string()).unwrap_or_default()
}
