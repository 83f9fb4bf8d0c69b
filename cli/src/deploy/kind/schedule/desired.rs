//! What the schedules should be: from what functions have as their sources, their tables, and `keep_warm`.

use std::collections::BTreeSet;

use fw_manifest::{Manifest, SourceEvent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    deploy::kind::naming::Naming,
    error::{Failure, Result},
    settings::{
        APP, Settings,
        resources::{QueueSettings, ScheduleSettings},
    },
    values::resources::ResourceKind,
};

/// The longest name that IAM gives a role and Scheduler a schedule.
const LONGEST_NAME: usize = 64;
/// The service that assumes the role.
const SERVICE: &str = "scheduler.amazonaws.com";
/// How long Scheduler retries where nothing is set, in seconds, and how often (eventbridge-truth §3.1).
const MAX_AGE: u32 = 86_400;
const RETRIES: u32 = 185;
/// The built-in event that a function answers without running its handler.
const WARM: &str = r#"{"fw":"warm"}"#;
/// What stands before the name of a function that is kept warm. No source's name has a full stop in it.
const KEEP_WARM: &str = "keep-warm.";

/// The schedules of a deployment, with their group and their role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesiredSchedules {
    /// The name of the group.
    pub(crate) group: String,
    /// The name of the role.
    pub(crate) role: String,
    /// Who may assume it: Scheduler, for this account.
    pub(crate) trust: Value,
    /// What it allows: invoking the functions, and sending dead letters.
    pub(crate) policy: Value,
    /// The schedules.
    pub(crate) schedules: Vec<DesiredSchedule>,
}

/// A schedule that the deployment creates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesiredSchedule {
    /// Its name in the group.
    pub(crate) name: String,
    /// How it is set, as `CreateSchedule` has it.
    pub(crate) document: Value,
}

impl DesiredSchedule {
    /// The ARN of the function's alias.
    pub(crate) fn function(&self) -> &str {
        self.document["Target"]["Arn"].as_str().unwrap_or_default()
    }

    /// The ARN of the queue of its dead letters.
    pub(crate) fn dead_letter(&self) -> Option<&str> {
        self.document["Target"]["DeadLetterConfig"]["Arn"].as_str()
    }
}

/// The schedules; `None` if the app has no schedule.
///
/// # Errors
///
/// When a name is too long; exit code 65.
pub(crate) fn schedules(
    manifest: &Manifest,
    settings: &Settings,
    at: &impl Naming,
) -> Result<Option<DesiredSchedules>> {
    let role = at.scheduler();
    let role_arn = at.role(&role);
    let mut all = Vec::new();
    let mut queues = BTreeSet::new();
    for source in &manifest.sources {
        let SourceEvent::Schedule {
            expression,
            timezone,
        } = &source.event
        else {
            continue;
        };
        let written = settings.resources.schedules.get(&source.name);
        let written = written.cloned().unwrap_or_default();
        let alias = at.alias(&at.function(&source.part()));
        let dead_letter = match &written.dead_letter {
            None => None,
            Some(queue) => {
                queues.insert(queue.clone());
                Some(at.arn(ResourceKind::Queue, queue)?)
            }
        };
        let mut target = target(&alias, &role_arn, fw_events::SCHEDULE_INPUT, &written);
        if let Some(queue) = dead_letter {
            target["DeadLetterConfig"] = json!({ "Arn": queue });
        }
        let timezone = timezone.as_deref().unwrap_or("UTC");
        all.push(DesiredSchedule {
            name: source.name.clone(),
            document: document((expression, timezone), &written, &target),
        });
    }
    for part in manifest.parts() {
        let Some(expression) = settings.of(&part).keep_warm else {
            continue;
        };
        let written = ScheduleSettings {
            // The next call is as good as a retry.
            max_age: Some(60),
            retries: Some(0),
            ..ScheduleSettings::default()
        };
        let alias = at.alias(&at.function(&part));
        let target = target(&alias, &role_arn, WARM, &written);
        let name = part.name().unwrap_or(APP);
        all.push(DesiredSchedule {
            name: format!("{KEEP_WARM}{name}"),
            document: document((&expression, "UTC"), &written, &target),
        });
    }
    if all.is_empty() {
        return Ok(None);
    }
    fits(&role, &all)?;
    Ok(Some(DesiredSchedules {
        group: at.deployment().to_owned(),
        policy: policy(&all, &queues, settings),
        trust: trust(at.account()),
        role,
        schedules: all,
    }))
}

/// Refuses names that AWS would.
fn fits(role: &str, all: &[DesiredSchedule]) -> Result<()> {
    let too_long = |what: &str, name: &str, service: &str| {
        Failure::input(format!("the name of the {what} is too long: {name}")).because_of(format!(
            "it has {} characters, and {service} takes {LONGEST_NAME}",
            name.len()
        ))
    };
    if role.len() > LONGEST_NAME {
        return Err(too_long("role of the schedules", role, "IAM")
            .hint("shorten the name given to `App::new`, or the stage's"));
    }
    match all.iter().find(|one| one.name.len() > LONGEST_NAME) {
        Some(one) => {
            Err(too_long("schedule", &one.name, "Scheduler")
                .hint("shorten the name of the function"))
        }
        None => Ok(()),
    }
}

fn target(alias: &str, role: &str, input: &str, written: &ScheduleSettings) -> Value {
    json!({
        "Arn": alias,
        "RoleArn": role,
        "Input": input,
        "RetryPolicy": {
            "MaximumEventAgeInSeconds": written.max_age.unwrap_or(MAX_AGE),
            "MaximumRetryAttempts": written.retries.unwrap_or(RETRIES),
        },
    })
}

fn document(
    (expression, timezone): (&str, &str),
    written: &ScheduleSettings,
    target: &Value,
) -> Value {
    let window = match written.window {
        None => json!({ "Mode": "OFF" }),
        Some(minutes) => json!({ "Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes }),
    };
    let enabled = written.enabled.unwrap_or(true);
    json!({
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": timezone,
        "FlexibleTimeWindow": window,
        "State": if enabled { "ENABLED" } else { "DISABLED" },
        "Target": target,
    })
}

/// Scheduler may assume it, for schedules of this account alone (Scheduler user guide, "Confused deputy prevention in `EventBridge`
/// Scheduler").
fn trust(account: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": SERVICE },
            "Action": "sts:AssumeRole",
            "Condition": { "StringEquals": { "aws:SourceAccount": account } },
        }],
    })
}

fn policy(all: &[DesiredSchedule], queues: &BTreeSet<String>, settings: &Settings) -> Value {
    let functions: BTreeSet<&str> = all.iter().map(DesiredSchedule::function).collect();
    let targets: BTreeSet<&str> = all
        .iter()
        .filter_map(DesiredSchedule::dead_letter)
        .collect();
    let declared = &settings.resources.queues;
    let keys = queues.iter().filter_map(|queue| declared.get(queue));
    let keys: BTreeSet<&str> = keys
        .filter_map(|one: &QueueSettings| one.kms_key.as_deref())
        .collect();
    let all = [
        ("Invoke", vec!["lambda:InvokeFunction"], functions),
        ("DeadLetters", vec!["sqs:SendMessage"], targets),
        ("Keys", vec!["kms:Decrypt", "kms:GenerateDataKey"], keys),
    ];
    let all = all
        .into_iter()
        .filter(|(.., resources)| !resources.is_empty());
    let statements = all.map(|(sid, actions, resources)| {
        json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources })
    });
    json!({ "Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>() })
}
