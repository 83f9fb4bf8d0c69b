//! The lines about sources in the table that `cargo fw local` prints at the start: what invokes which function.

use fw_manifest::{Manifest, SourceEvent};
use jiff::Timestamp;

use super::services::Services;
use crate::{
    console::columns,
    local::events::{EventServices, LocalNames, wants_services},
    settings::Settings,
    values::resources::ResourceKind,
};

/// A line for each source: its name, its kind, what invokes it, and the function in the code; and one about where the services are,
/// which also run for what only the settings declare.
pub(super) fn table(manifest: &Manifest, settings: &Settings, services: &Services) -> Vec<String> {
    if !wants_services(manifest, settings) {
        return Vec::new();
    }
    let names = LocalNames::new(&manifest.app, settings);
    let resources = services.events().map(EventServices::resources);
    let resources = resources.unwrap_or_default();
    let rows: Vec<_> = manifest
        .sources
        .iter()
        .map(|source| {
            let what = match &source.event {
                SourceEvent::Sqs { queue } => {
                    let name = names.resource(ResourceKind::Queue, queue);
                    let status = resources.queues.iter().find(|one| one.name == name);
                    let dead = status.and_then(|one| one.dead_letter_queue.as_deref());
                    let dead = dead.and_then(|arn| arn.rsplit(':').next());
                    let waiting = status.map_or(0, |one| one.visible + one.in_flight + one.delayed);
                    let mut what = format!("queue {queue}");
                    if let Some(dead) = dead {
                        what += &format!(", dead letters to {}", names.logical(dead));
                    }
                    if waiting > 0 {
                        what += &format!(", {waiting} waiting");
                    }
                    what
                }
                SourceEvent::Sns { topic } => format!("topic {topic}"),
                SourceEvent::S3 {
                    bucket,
                    events,
                    prefix,
                    suffix,
                } => {
                    let mut what = format!("bucket {} {}", names.bucket(bucket), events.join(", "));
                    if !prefix.is_empty() || !suffix.is_empty() {
                        what += &format!(" {prefix}*{suffix}");
                    }
                    what
                }
                SourceEvent::Event { bus, pattern } => {
                    let pattern = serde_json::to_string(pattern).unwrap_or_default();
                    format!("bus {} {pattern}", bus.as_deref().unwrap_or("default"))
                }
                SourceEvent::Schedule {
                    expression,
                    timezone,
                } => {
                    let name = names.physical(&source.name);
                    let status = resources.schedules.iter().find(|one| one.name == name);
                    let next = status.and_then(|one| one.next_ms).and_then(time);
                    let zone = timezone.as_ref().map(|zone| format!(" {zone}"));
                    let next = next.map(|next| format!(", next {next}"));
                    format!(
                        "{expression}{}{}",
                        zone.unwrap_or_default(),
                        next.unwrap_or_default()
                    )
                }
                SourceEvent::Function => "called directly".to_owned(),
            };
            let kind = source.event.kind().to_owned();
            vec![source.name.clone(), kind, what, source.handler.clone()]
        })
        .collect();
    let mut lines = columns(&rows);
    if !lines.is_empty() {
        lines.push(String::new());
    }
    if let Some(events) = services.events() {
        lines.push(format!(
            "SQS, SNS, EventBridge and Scheduler at {}; `cargo fw queues` shows the messages",
            events.endpoint()
        ));
    }
    lines
}

fn time(at_ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(at_ms).ok()?).ok()
}
