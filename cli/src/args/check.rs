//! The arguments of commands that check a text and need neither a project nor an account.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Output;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw diff old.json new.json\n  cargo fw diff old.json new.json --output json | jq .verdict\n\nExit codes:\n  0 every client works as before, 1 a change breaks clients, 65 not a document"
)]
pub(crate) struct Diff {
    /// The OpenAPI document that clients know, as JSON
    pub(crate) before: PathBuf,
    /// The OpenAPI document that would replace it
    pub(crate) after: PathBuf,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
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
