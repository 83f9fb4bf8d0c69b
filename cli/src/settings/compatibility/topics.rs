//! Topics and the functions that have them as their sources.

use fw_manifest::{Manifest, SourceEvent};

use super::unknown;
use crate::{
    error::{Failure, Result},
    settings::Settings,
};

/// Checks that the settings speak of subscriptions that the app has, and that no FIFO topic is to invoke a function.
///
/// # Errors
///
/// The first thing that is not so; exit code 65.
pub(crate) fn check(manifest: &Manifest, settings: &Settings) -> Result<()> {
    let all = manifest.sources.iter();
    let readers = all.filter_map(|source| match &source.event {
        SourceEvent::Sns { topic } => Some((topic.as_str(), source.name.as_str())),
        _ => None,
    });
    let readers: Vec<(&str, &str)> = readers.collect();
    for (topic, one) in &settings.resources.topics {
        let own = readers.iter().filter(|(of, _)| of == topic);
        let own = own.map(|(_, function)| *function);
        for function in one.functions.keys() {
            if own.clone().all(|known| known != function) {
                let said = format!("the settings have `[topics.{topic}.functions.{function}]`");
                return Err(unknown("subscriber", &said, function, own));
            }
        }
        // SNS developer guide, "Message delivery for FIFO topics": queues alone.
        if let Some(function) = own.clone().next().filter(|_| one.is_fifo()) {
            return Err(Failure::input(format!(
                "a FIFO topic cannot invoke a function: `{topic}` and `{function}`"
            ))
            .because_of("SNS delivers the messages of FIFO topics to queues alone")
            .hint(format!(
                "let a FIFO queue get them, `[topics.{topic}.queues.NAME]`, and read it: `#[on_sqs(\"NAME\")]`"
            )));
        }
    }
    Ok(())
}
