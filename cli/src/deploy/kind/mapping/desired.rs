//! What a mapping should be: from the app's sources, and the tables of their functions.

use fw_manifest::{Manifest, SourceEvent};
use serde::{Deserialize, Serialize};

use crate::{error::Result, settings::Settings, values::mapping::Polling};

/// A mapping that the deployment creates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesiredMapping {
    /// What it is called in plans: the queue and the function.
    pub(crate) name: String,
    /// The function's name.
    pub(crate) function: String,
    /// The ARN of the queue.
    pub(crate) queue: String,
    /// How messages are taken.
    pub(crate) polling: Polling,
}

/// What a mapping of that queue, by its ARN, to that function is called in plans.
pub(crate) fn name(queue: &str, function: &str) -> String {
    let queue = queue.rsplit(':').next().unwrap_or_default();
    format!("{queue} → {function}")
}

/// The mappings of an app: one for each source that reads a queue. `function` gives the name of a source's function, and `arn` the ARN of
/// what the app calls so.
///
/// # Errors
///
/// When a name is too long for AWS; exit code 65.
pub(crate) fn mappings(
    manifest: &Manifest,
    settings: &Settings,
    function: impl Fn(&fw_manifest::Part) -> String,
    arn: impl Fn(&str) -> Result<String>,
) -> Result<Vec<DesiredMapping>> {
    let sources = manifest.sources.iter();
    let reads = sources.filter_map(|source| match &source.event {
        SourceEvent::Sqs { queue } => Some((source, queue)),
        _ => None,
    });
    reads
        .map(|(source, queue)| {
            let (queue, function) = (arn(queue)?, function(&source.part()));
            Ok(DesiredMapping {
                name: name(&queue, &function),
                function,
                queue,
                polling: settings.polling(&source.name),
            })
        })
        .collect()
}
