//! Functions that the objects of one bucket invoke: S3 takes no two of them for the same event of the same object.

use std::collections::BTreeMap;

use fw_manifest::{Manifest, ManifestSource, SourceEvent};

use crate::{
    error::{Failure, Result},
    values::notification::{Notification, Receiver},
};

/// Checks that no two sources want the same event of the same object.
///
/// # Errors
///
/// The first two that do; exit code 65.
pub(crate) fn check(manifest: &Manifest) -> Result<()> {
    let mut seen: BTreeMap<&str, Vec<(&ManifestSource, Notification)>> = BTreeMap::new();
    for source in &manifest.sources {
        let SourceEvent::S3 {
            bucket,
            events,
            prefix,
            suffix,
        } = &source.event
        else {
            continue;
        };
        let one = Notification {
            id: source.name.clone(),
            receiver: Receiver::Function(source.name.clone()),
            events: events.iter().cloned().collect(),
            prefix: Some(prefix.clone()),
            suffix: Some(suffix.clone()),
        };
        let others = seen.entry(bucket).or_default();
        if let Some((other, _)) = others.iter().find(|(_, other)| other.overlaps(&one)) {
            return Err(Failure::input(format!(
                "two functions want the same event of the same object of the bucket `{bucket}`: `{}` and `{}`",
                other.name, source.name
            ))
            .because_of("S3 reports an event of an object to one receiver, and refuses both")
            .hint("give them prefixes or suffixes of which none is a part of the other, or do both in one function"));
        }
        others.push((source, one));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fw_manifest::Manifest;
    use serde_json::json;

    use crate::settings::compatibility::notifications::check;

    #[test]
    fn one_event_of_an_object_invokes_one_function() {
        let app = |other: serde_json::Value| -> Manifest {
            serde_json::from_value(json!({
                "schema": 2, "app": "x",
                "sources": [
                    { "name": "one", "event": {
                        "type": "s3", "bucket": "labels", "events": ["s3:ObjectCreated:*"], "prefix": "in/" } },
                    { "name": "two", "event": other },
                ],
            }))
            .unwrap()
        };
        let of = |bucket: &str, event: &str, prefix: &str| json!({ "type": "s3", "bucket": bucket, "events": [event], "prefix": prefix });
        for fine in [
            of("other", "s3:ObjectCreated:*", "in/"),
            of("labels", "s3:ObjectRemoved:*", "in/"),
            of("labels", "s3:ObjectCreated:Put", "out/"),
        ] {
            check(&app(fine)).unwrap();
        }
        let failure = check(&app(of("labels", "s3:ObjectCreated:Put", "in/a"))).unwrap_err();
        let told = failure.message();
        assert!(told.contains("bucket `labels`: `one` and `two`"), "{told}");
    }
}
