//! Rules and schedules, and the functions that have them as their sources.

use fw_grammar::{
    pattern::Pattern,
    schedule::{Dialect, Schedule, time_zones},
};
use fw_manifest::{Manifest, ManifestSource, SourceEvent};
use serde_json::Value;

use super::unknown;
use crate::{
    error::{Failure, Result},
    settings::Settings,
};

/// The longest pattern of a rule, in characters (eventbridge-truth §2).
const LONGEST_PATTERN: usize = 4096;

/// Checks that the settings speak of rules and schedules that the app has, and that their services take what the app says of them.
///
/// # Errors
///
/// The first thing that is not so; exit code 65.
pub(crate) fn check(manifest: &Manifest, settings: &Settings) -> Result<()> {
    let named = |kind: &'static str| {
        let all = manifest.sources.iter();
        let all = all.filter(move |one| one.event.kind() == kind);
        all.map(|one| one.name.as_str())
    };
    let resources = &settings.resources;
    for name in resources.rules.keys() {
        if named("event").all(|known| known != name) {
            let said = format!("the settings have `[rules.{name}]`");
            return Err(unknown("rule", &said, name, named("event")));
        }
    }
    for name in resources.schedules.keys() {
        if named("schedule").all(|known| known != name) {
            let said = format!("the settings have `[schedules.{name}]`");
            return Err(unknown("schedule", &said, name, named("schedule")));
        }
    }
    manifest.sources.iter().try_for_each(grammar)
}

/// Refuses a pattern or an expression that no service takes. The attributes check them when the app is compiled; a manifest may be
/// of another program.
fn grammar(source: &ManifestSource) -> Result<()> {
    let refused = |what: &str, reason: &str| {
        Failure::input(format!("{} has {what}", source.part())).because_of(reason.to_owned())
    };
    match &source.event {
        SourceEvent::Event { pattern, .. } => {
            let pattern = Value::Object(pattern.clone());
            if let Err(error) = Pattern::from_value(&pattern) {
                return Err(refused(
                    "an event pattern that is not valid",
                    error.reason(),
                ));
            }
            let length = pattern.to_string().chars().count();
            match length > LONGEST_PATTERN {
                true => Err(refused(
                    "an event pattern that is too long",
                    &format!("it has {length} characters, and EventBridge takes {LONGEST_PATTERN}"),
                )),
                false => Ok(()),
            }
        }
        SourceEvent::Schedule {
            expression,
            timezone,
        } => {
            if let Err(error) = Schedule::parse(expression, Dialect::Scheduler) {
                let failure = refused("a schedule that is not valid", &error.message());
                return Err(match error.suggestion() {
                    Some(right) => failure.hint(format!("write `{right}`")),
                    None => failure,
                });
            }
            match timezone {
                Some(zone) if !time_zones().any(|known| known == zone) => Err(refused(
                    "a time zone that is not known",
                    &format!("`{zone}` is not the IANA name of one"),
                )),
                _ => Ok(()),
            }
        }
        SourceEvent::Sqs { .. }
        | SourceEvent::Sns { .. }
        | SourceEvent::S3 { .. }
        | SourceEvent::Function => Ok(()),
    }
}
