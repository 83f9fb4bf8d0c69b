//! `cargo fw queues`: what waits in the queues of a running server, and what failed.

use serde_json::{Value, json};

use super::Running;
use crate::{
    args::{self, Output},
    console::{Console, columns},
    deploy::block_on,
    error::{Context as _, Exit, Result},
};

/// Prints the queues, after a redrive if one is asked for.
pub(in crate::command) fn queues(args: &args::Queues, console: &Console) -> Result<Exit> {
    block_on(async {
        let mut running = Running::find(&args.app).await?;
        if let Some(wanted) = &args.redrive {
            let names = running.names("queues", "name");
            let queue = running.choose("queue", &names, wanted)?;
            let body = json!({ "queue": queue });
            let answer = running.client.post("/_fw/redrive", &body).await?;
            let messages = |count: &Value| match count.as_u64() {
                Some(1) => "1 message".to_owned(),
                _ => format!("{count} messages"),
            };
            let (moved, kept) = (messages(&answer["moved"]), messages(&answer["kept"]));
            let name = running.logical(queue);
            console.status("Redrove", format_args!("{moved} of {name}; {kept} left"));
            running.resources = running.client.get("/_fw/resources").await?;
        }
        let queues = &running.resources["queues"];
        match args.output {
            Output::Json => {
                console.result(serde_json::to_string_pretty(queues).context("cannot write JSON")?);
            }
            Output::Text => {
                for line in table(&running, queues) {
                    console.result(line);
                }
            }
        }
        Ok(Exit::Success)
    })
}

fn table(running: &Running, queues: &Value) -> Vec<String> {
    let head = [
        "QUEUE",
        "VISIBLE",
        "IN FLIGHT",
        "DELAYED",
        "OLDEST",
        "DEAD LETTERS",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for queue in queues.as_array().into_iter().flatten() {
        let dead = queue["dead_letter_queue"].as_str();
        let dead = dead.and_then(|arn| arn.rsplit(':').next()).map(|name| {
            let name = running.logical(name);
            format!("{} in {name}", queue["dead_letters"])
        });
        let oldest = queue["oldest_ms"].as_u64().map(age);
        rows.push(vec![
            running
                .logical(queue["name"].as_str().unwrap_or_default())
                .to_owned(),
            queue["visible"].to_string(),
            queue["in_flight"].to_string(),
            queue["delayed"].to_string(),
            oldest.unwrap_or_else(|| "-".to_owned()),
            dead.unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    columns(&rows)
}

/// An age in its largest unit: `90 s`, `12 min`, `3 h`, `2 d`.
fn age(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
