//! How functions take messages from queues: whether the keys stand where they mean something, and suit the queue.

use fw_manifest::{Manifest, ManifestSource, SourceEvent};

use crate::{
    error::{Failure, Result},
    settings::{
        Settings,
        mapping::{LARGEST_AT_ONCE, MappingKeys},
    },
};

/// Checks the keys of each function against the source that it is, and its queue.
///
/// # Errors
///
/// The first key of a function that reads no queue, and what Lambda refuses of such a queue; exit code 65.
pub(crate) fn check(manifest: &Manifest, settings: &Settings) -> Result<()> {
    for (name, keys) in &settings.mappings {
        let mut sources = manifest.sources.iter();
        let source = sources.find(|one| one.name == *name);
        match source.map(|source| (source, &source.event)) {
            Some((source, SourceEvent::Sqs { queue })) => one(source, queue, keys, settings)?,
            _ => {
                let key = keys.first().unwrap_or_default();
                return Err(Failure::input(format!(
                    "`{key}` is for functions that read a queue, and `[functions.{name}]` is of another one"
                ))
                .hint(format!("remove `{key}`, or read a queue: `#[on_sqs(\"NAME\")]`")));
            }
        }
    }
    Ok(())
}

fn one(
    source: &ManifestSource,
    queue: &str,
    keys: &MappingKeys,
    settings: &Settings,
) -> Result<()> {
    let table = format!("functions.{}", source.name);
    let polling = settings.polling(&source.name);
    let declared = settings.resources.queues.get(queue);
    if declared.is_some_and(crate::settings::resources::QueueSettings::is_fifo) {
        let refused = |key: &str, takes: &str| {
            Failure::input(format!(
                "`{table}.{key}` is not for a FIFO queue: `{queue}`"
            ))
            .because_of(format!("Lambda accepts {takes}"))
        };
        if polling.batch_size > LARGEST_AT_ONCE {
            return Err(
                refused("batch_size", "batches of 10 messages at the most from it")
                    .hint("write `batch_size = 10`, or less"),
            );
        }
        if polling.batch_window > 0 {
            return Err(
                refused("batch_window", "messages from it without waiting for more")
                    .hint("remove `batch_window`"),
            );
        }
    }
    if polling.batch_size > LARGEST_AT_ONCE && polling.batch_window == 0 {
        return Err(Failure::input(format!(
            "`{table}.batch_size` is more than 10 and needs a `batch_window`: {}",
            polling.batch_size
        ))
        .because_of("a single receive gives 10 messages, so Lambda has to wait for more")
        .hint("add `batch_window = 1`, in seconds"));
    }
    let reserved = settings.of(&source.part()).reserved;
    if let (Some(most), Some(reserved)) = (keys.max_concurrency, reserved)
        && most > reserved
    {
        // Lambda developer guide, "Configuring scaling behavior for SQS event source mappings".
        return Err(Failure::input(format!(
            "`{table}.max_concurrency` is more than `concurrency`: {most} and {reserved}"
        ))
        .because_of("invocations above `concurrency` are throttled, and each one counts as a receive of its messages")
        .hint(format!("write `max_concurrency = {reserved}`, or less")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::settings::compatibility::{check, settings_of};
    use fw_manifest::Manifest;

    fn app() -> Manifest {
        serde_json::from_value(json!({
            "schema": 2, "app": "x",
            "sources": [
                { "name": "call", "event": { "type": "function" } },
                { "name": "ship", "event": { "type": "sqs", "queue": "orders" } },
                { "name": "step", "event": { "type": "sqs", "queue": "steps" } },
            ],
        }))
        .unwrap()
    }

    #[test]
    fn a_functions_keys_suit_its_queue() {
        const FIFO: &str = "[queues.steps]\nfifo = true\n";
        for (text, told) in [
            ("[functions.ship]\nbatch_size = 10", ""),
            ("[functions.ship]\nbatch_size = 11\nbatch_window = 1", ""),
            ("[functions.ship]\nmax_concurrency = 5\nconcurrency = 5", ""),
            ("[functions.step]\nbatch_size = 10\nmax_concurrency = 2", ""),
            (
                "[functions.ship]\nbatch_size = 11",
                "needs a `batch_window`: 11",
            ),
            (
                "[functions.ship]\nmax_concurrency = 5\nconcurrency = 4",
                "is more than `concurrency`: 5 and 4",
            ),
            (
                "[functions.step]\nbatch_window = 1",
                "`functions.step.batch_window` is not for a FIFO queue: `steps`",
            ),
            (
                "[functions.step]\nbatch_size = 11\nbatch_window = 1",
                "`functions.step.batch_size` is not for a FIFO queue",
            ),
            (
                "[functions.call]\nbatch_size = 1",
                "`batch_size` is for functions that read a queue, and `[functions.call]`",
            ),
            (
                "[functions.call]\nfilters = []",
                "`filters` is for functions",
            ),
        ] {
            let checked = check(&app(), &settings_of(&format!("{FIFO}{text}")));
            match told {
                "" => checked.unwrap(),
                told => {
                    let failure = checked.unwrap_err();
                    assert!(failure.message().contains(told), "{text}: {failure}");
                }
            }
        }
    }
}
