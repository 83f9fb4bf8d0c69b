//! `cargo fw metrics`: what the deployed app did, from what Lambda reports after each invocation.

use serde::Serialize;

use super::deployed::Found;
use crate::{
    args::{self, Output},
    aws::{Aws as _, logs::LogQuery},
    console::{BOLD, Console},
    deploy,
    error::{Context as _, Exit, Result},
    logs_view::{Reader, metrics::Metrics},
    values::since,
};

/// The version of the JSON document.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct MetricsDocument<'a> {
    schema: u32,
    app: &'a str,
    stage: &'a str,
    region: &'a str,
    /// In milliseconds since 1970.
    from: i64,
    to: i64,
    functions: &'a [Metrics],
}

/// Prints each function's numbers.
pub(super) fn metrics(args: &args::Metrics, console: &Console) -> Result<Exit> {
    deploy::block_on(async {
        let found = Found::find(&args.deployed, console).await?;
        let functions = found.functions(args.function.as_deref()).await?;
        let to = since::now();
        let from = args.since.millis(to);
        // Matches both forms of the line. A line of the app that also matches is read and dropped.
        let mut entries = Vec::new();
        for term in ["\"REPORT RequestId\"", "\"platform.report\""] {
            let query = LogQuery {
                from,
                filter: Some(term.to_owned()),
            };
            let mut reader = Reader::new(functions.clone(), query);
            let more = reader.more(&found.aws).await;
            entries.extend(more.map_err(|error| error.into_failure("cannot read the logs"))?);
        }
        let all: Vec<Metrics> = functions
            .iter()
            .map(|function| Metrics::of(function, &entries, from, to))
            .collect();
        match args.deployed.output {
            Output::Json => {
                let document = MetricsDocument {
                    schema: SCHEMA,
                    app: &found.names.app,
                    stage: &found.names.stage,
                    region: found.aws.region(),
                    from,
                    to,
                    functions: &all,
                };
                let text = serde_json::to_string_pretty(&document).context("cannot write JSON")?;
                console.result(text);
            }
            Output::Text => {
                for metrics in &all {
                    console.result(format_args!("{BOLD}{}{BOLD:#}", metrics.function));
                    for line in metrics.lines() {
                        console.result(format_args!("  {line}"));
                    }
                }
            }
        }
        Ok(Exit::Success)
    })
}
