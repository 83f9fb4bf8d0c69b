//! `cargo fw schedule next`: when a schedule expression fires, or why it is not one.

use fw_grammar::schedule::{Dialect, Schedule};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    args::{self, Output, ScheduleCommand, ScheduleNext, ScheduleService},
    console::{Console, DIM},
    error::{Exit, Failure, Result},
};

/// Runs the subcommand.
pub(super) fn schedule(args: &args::Schedule, console: &Console) -> Result<Exit> {
    match &args.command {
        ScheduleCommand::Next(args) => next(args, console),
    }
}

fn next(args: &ScheduleNext, console: &Console) -> Result<Exit> {
    let dialect = dialect(args)?;
    let schedule = Schedule::parse(&args.expression, dialect).map_err(|error| {
        let failure = Failure::input(error.message()).because_of(error.reason());
        match error.suggestion() {
            Some(suggestion) => failure.hint(format!("write `{suggestion}`")),
            None => failure,
        }
    })?;
    let zone = args.timezone.as_deref().unwrap_or("UTC");
    let after = args.after.unwrap_or_else(Timestamp::now);
    let times: Vec<Timestamp> = schedule
        .after(after.as_millisecond(), zone, dialect)
        .map_err(|error| {
            Failure::input(error.to_string())
                .hint("write an IANA name: `UTC`, `Europe/Berlin`, `America/New_York`")
        })?
        .take(usize::from(args.number))
        .filter_map(|time| Timestamp::from_millisecond(time).ok())
        .collect();
    match args.output {
        Output::Json => {
            let times: Vec<String> = times.iter().map(ToString::to_string).collect();
            console.result(json!({ "next": times }));
        }
        Output::Text if times.is_empty() => {
            console.line("the expression does not fire after this time");
        }
        Output::Text => {
            let local = TimeZone::get(zone).ok().filter(|_| zone != "UTC");
            for time in times {
                match &local {
                    None => console.result(time),
                    Some(local) => {
                        let there = time
                            .to_zoned(local.clone())
                            .strftime("%a %Y-%m-%d %H:%M:%S %Z");
                        console.result(format_args!("{time}  {DIM}{there}{DIM:#}"));
                    }
                }
            }
        }
    }
    Ok(Exit::Success)
}

/// The service that reads the expression.
fn dialect(args: &ScheduleNext) -> Result<Dialect> {
    match args.service {
        Some(ScheduleService::Events) if args.timezone.is_some() => Err(Failure::input(
            "a rule of an event bus has no time zone: its times are UTC",
        )
        .hint("leave out `--timezone`, or use `--service scheduler`")),
        Some(ScheduleService::Events) => Ok(Dialect::Rule),
        Some(ScheduleService::Scheduler) => Ok(Dialect::Scheduler),
        None if args.timezone.is_some() || args.expression.trim_start().starts_with("at(") => {
            Ok(Dialect::Scheduler)
        }
        None => Ok(Dialect::Rule),
    }
}
