//! The arguments of commands that check or describe, and need no account.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::{Output, Stage, Which};
use crate::values::account::WhichAccount;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw diff old.json new.json\n  cargo fw diff old.json new.json --output json | jq .verdict\n  cargo fw diff --against openapi.json                the app here with that document\n  cargo fw diff --against git:main:openapi.json       the app here with the file in that revision\n  cargo fw diff --against deployed --stage prod       the app here with what is deployed\n  cargo fw diff --against deployed --allow 'operation-removed@GET /old' --reason 'no client is left'\n\nExit codes:\n  0 every client works as before, 1 a change breaks clients, 65 not a document"
)]
pub(crate) struct Diff {
    /// The OpenAPI document that clients know, as JSON
    #[arg(required_unless_present = "against", requires = "after")]
    pub(crate) before: Option<PathBuf>,
    /// The OpenAPI document that would replace it
    pub(crate) after: Option<PathBuf>,
    /// Compare the app here with what clients know: `deployed`, the file of a document, or `git:REVISION:PATH`
    #[arg(long, value_name = "DOCUMENT", conflicts_with_all = ["before", "after"])]
    pub(crate) against: Option<String>,
    /// Accept a change that breaks clients from now on: adds a line to `fw.toml`; may be repeated
    #[arg(
        long,
        value_name = "RULE@ROUTE",
        requires = "against",
        requires = "reason"
    )]
    pub(crate) allow: Vec<String>,
    /// Why the change is accepted
    #[arg(long, value_name = "TEXT", requires = "allow")]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) account: WhichAccount,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// Which document `cargo fw openapi` makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OpenApiVersion {
    /// OpenAPI 3.1: all that the types say
    #[default]
    #[value(name = "3.1")]
    V3_1,
    /// OpenAPI 3.0, for tools that do not read 3.1
    #[value(name = "3.0")]
    V3_0,
    /// OpenAPI 3.0 without what the import of API Gateway refuses
    Aws,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw openapi                                     the document, as JSON\n  cargo fw openapi --output openapi.json\n  cargo fw openapi --openapi 3.0 | jq '.paths | keys'\n\nExit codes:\n  0 done, 65 two types have one name, 101 build failed"
)]
pub(crate) struct OpenApi {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// The version of OpenAPI
    #[arg(long, value_enum, default_value_t)]
    pub(crate) openapi: OpenApiVersion,
    /// Where the API is: a URL, or a path relative to the document's place; may be repeated [default: /]
    #[arg(long, value_name = "URL")]
    pub(crate) server: Vec<String>,
    /// Write the document into this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw docs api.html\n  cargo fw docs api.html --server https://api.example.org   readers can send requests there"
)]
pub(crate) struct Docs {
    /// The file that is written: HTML that loads nothing else
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// Where the API is: the page then has a form for each operation, which sends requests there
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
}

/// The language of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientLanguage {
    /// TypeScript: one file without imports
    Ts,
    /// Rust: a crate
    Rust,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw client ts src/api.ts\n  cargo fw client rust ../shop-client\n\nThe client follows from the document: `cargo fw openapi` shows it."
)]
pub(crate) struct Client {
    /// The language
    #[arg(value_enum)]
    pub(crate) language: ClientLanguage,
    /// The file that is written; for Rust the crate's folder
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cargo fw schedule next 'rate(5 minutes)'")]
pub(crate) struct Schedule {
    #[command(subcommand)]
    pub(crate) command: ScheduleCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleCommand {
    /// Print the next times of an expression
    Next(ScheduleNext),
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw schedule next 'rate(5 minutes)'\n  cargo fw schedule next 'cron(0 9 ? * MON-FRI *)' --timezone Europe/Berlin\n  cargo fw schedule next 'cron(0 9 * * ? *)' --after 2027-01-01T00:00:00Z -n 3 --output json"
)]
pub(crate) struct ScheduleNext {
    /// The expression: `rate(…)`, `cron(…)` or `at(…)`
    pub(crate) expression: String,
    /// The service that the schedule is for [default: scheduler for `at(…)` or with --timezone, else events]
    #[arg(long, value_enum)]
    pub(crate) service: Option<ScheduleService>,
    /// The time zone, by its IANA name (scheduler only)
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// Print the times after this time, such as `2027-01-01T00:00:00Z` [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) after: Option<jiff::Timestamp>,
    /// How many times to print
    #[arg(short = 'n', long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) number: u16,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// The services that have schedules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScheduleService {
    /// Rules of an event bus
    Events,
    /// EventBridge Scheduler
    Scheduler,
}
