//! The tables of what leads to functions: `[rules.NAME]` and `[schedules.NAME]`, by the functions' names. Ranges: `EventBridge` API reference,
//! `PutTargets`, and Scheduler API reference, `CreateSchedule`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{QueueSettings, range_of};
use crate::{
    error::{Failure, Result},
    settings::over::Over,
};

/// The longest template of an input, in characters, and the most paths in it (eventbridge-truth §2).
const LONGEST_TEMPLATE: usize = 8192;
const MOST_PATHS: usize = 100;

/// How a rule leads to the function of its name, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleSettings {
    /// Whether it takes events; it does without.
    pub(crate) enabled: Option<bool>,
    /// The part of an event that the function gets, as a JSON path; all of it without.
    pub(crate) input_path: Option<String>,
    /// What the function gets in place of the event: a text with `<name>` for parts of it.
    pub(crate) input_template: Option<String>,
    /// Those parts, as JSON paths by their names.
    #[serde(default)]
    pub(crate) input_paths: BTreeMap<String, String>,
    /// The queue that gets what cannot be delivered, by the app's name for it.
    pub(crate) dead_letter: Option<String>,
    /// For how many seconds delivery is tried again, 60 to 86400.
    pub(crate) max_age: Option<u32>,
    /// How often it is tried again, 0 to 185.
    pub(crate) retries: Option<u32>,
}

/// How a schedule calls the function of its name, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleSettings {
    /// Whether it calls; it does without.
    pub(crate) enabled: Option<bool>,
    /// Within how many minutes of its time it calls, 1 to 1440; at its time without.
    pub(crate) window: Option<u32>,
    /// The queue that gets what cannot be delivered, by the app's name for it.
    pub(crate) dead_letter: Option<String>,
    /// For how many seconds delivery is tried again, 60 to 86400.
    pub(crate) max_age: Option<u32>,
    /// How often it is tried again, 0 to 185.
    pub(crate) retries: Option<u32>,
}

impl RuleSettings {
    fn check(&self, name: &str, queues: &BTreeMap<String, QueueSettings>) -> Result<()> {
        let key = |key: &str| format!("rules.{name}.{key}");
        let retry = (self.max_age, self.retries);
        delivery(
            &key,
            "EventBridge",
            retry,
            self.dead_letter.as_deref(),
            queues,
        )?;
        if self.input_path.is_some() && self.input_template.is_some() {
            return Err(Failure::input(format!(
                "`rules.{name}` has `input_path` and `input_template`"
            ))
            .because_of("EventBridge sends the part of an event, or what a template makes of it")
            .hint("remove one of them"));
        }
        let Some(template) = &self.input_template else {
            if self.input_paths.is_empty() {
                return Ok(());
            }
            return Err(Failure::input(format!(
                "`rules.{name}` has `input_paths` and no `input_template`"
            ))
            .hint("write `input_template`, with `<name>` for each part of the event"));
        };
        if template.chars().count() > LONGEST_TEMPLATE || self.input_paths.len() > MOST_PATHS {
            return Err(
                Failure::input(format!("`{}` is too large", key("input_template"))).because_of(
                    format!(
                        "EventBridge takes {LONGEST_TEMPLATE} characters and {MOST_PATHS} parts"
                    ),
                ),
            );
        }
        let known =
            |one: &str| self.input_paths.contains_key(one) || one.starts_with("aws.events.");
        match placeholders(template).find(|one| !known(one)) {
            Some(unknown) => Err(Failure::input(format!(
                "`{}` has a part that no path leads to: `<{unknown}>`",
                key("input_template")
            ))
            .hint(format!(
                "write `input_paths = {{ {unknown} = \"$.detail\" }}`, say"
            ))),
            None => Ok(()),
        }
    }
}

/// The names between angle brackets.
fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    let starts = template.split('<').skip(1);
    let names = starts.filter_map(|rest| Some(rest.split_once('>')?.0));
    let plain = |one: &char| one.is_ascii_alphanumeric() || "_-.".contains(*one);
    names.filter(move |name| !name.is_empty() && name.chars().all(|one| plain(&one)))
}

impl ScheduleSettings {
    fn check(&self, name: &str, queues: &BTreeMap<String, QueueSettings>) -> Result<()> {
        let key = |key: &str| format!("schedules.{name}.{key}");
        let retry = (self.max_age, self.retries);
        delivery(
            &key,
            "Scheduler",
            retry,
            self.dead_letter.as_deref(),
            queues,
        )?;
        range_of(
            "Scheduler",
            &key("window"),
            self.window,
            (1, 1440),
            " minutes",
        )
    }
}

/// Refuses what no service takes of how delivery is tried again, and where it goes that cannot be delivered.
fn delivery(
    key: &impl Fn(&str) -> String,
    service: &str,
    (max_age, retries): (Option<u32>, Option<u32>),
    dead_letter: Option<&str>,
    queues: &BTreeMap<String, QueueSettings>,
) -> Result<()> {
    range_of(service, &key("max_age"), max_age, (60, 86_400), " seconds")?;
    range_of(service, &key("retries"), retries, (0, 185), "")?;
    let Some(target) = dead_letter else {
        return Ok(());
    };
    let key = key("dead_letter");
    match queues.get(target) {
        None => Err(Failure::input(format!(
            "`{key}` is not a queue of the settings: `{}`",
            target.escape_debug()
        ))
        .hint(format!("declare it: `[queues.{target}]`"))),
        // EventBridge user guide and Scheduler user guide, on dead-letter queues: standard ones alone.
        Some(queue) if queue.is_fifo() => Err(Failure::input(format!(
            "`{key}` is a FIFO queue: `{target}`"
        ))
        .because_of(format!(
            "{service} sends dead letters to standard queues alone"
        ))
        .hint(format!("write `fifo = false` in `[queues.{target}]`"))),
        Some(_) => Ok(()),
    }
}

/// Refuses what the services would.
pub(super) fn check(
    rules: &BTreeMap<String, RuleSettings>,
    schedules: &BTreeMap<String, ScheduleSettings>,
    queues: &BTreeMap<String, QueueSettings>,
) -> Result<()> {
    let mut all = rules.iter();
    all.try_for_each(|(name, one)| one.check(name, queues))?;
    let mut all = schedules.iter();
    all.try_for_each(|(name, one)| one.check(name, queues))
}

impl Over for RuleSettings {
    fn over(self, base: Self) -> Self {
        Self {
            enabled: self.enabled.or(base.enabled),
            input_path: self.input_path.or(base.input_path),
            input_template: self.input_template.or(base.input_template),
            input_paths: self.input_paths.over(base.input_paths),
            dead_letter: self.dead_letter.or(base.dead_letter),
            max_age: self.max_age.or(base.max_age),
            retries: self.retries.or(base.retries),
        }
    }
}

impl Over for ScheduleSettings {
    fn over(self, base: Self) -> Self {
        Self {
            enabled: self.enabled.or(base.enabled),
            window: self.window.or(base.window),
            dead_letter: self.dead_letter.or(base.dead_letter),
            max_age: self.max_age.or(base.max_age),
            retries: self.retries.or(base.retries),
        }
    }
}
