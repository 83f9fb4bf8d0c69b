//! The names of what the code uses by handles.

use fw_manifest::{Manifest, ManifestUse, SourceEvent, UseKind};

use crate::{
    error::{Failure, Result},
    settings::Settings,
    values::names::{FILE_NAME, is_plain},
};

/// Checks that each is declared: by the settings, or by a source.
///
/// # Errors
///
/// The first that nobody declares; exit code 65.
pub(crate) fn check(manifest: &Manifest, settings: &Settings) -> Result<()> {
    manifest
        .uses
        .iter()
        .try_for_each(|used| one(used, manifest, settings))
}

fn one(used: &ManifestUse, manifest: &Manifest, settings: &Settings) -> Result<()> {
    let (kind, name) = (used.kind.word(), &used.name);
    if !is_plain(name) {
        return Err(Failure::input(format!(
            "not a name for a {kind}: `{}`",
            name.escape_debug()
        ))
        .because_of("it takes letters, digits, hyphens and underscores"));
    }
    let known = declared(used.kind, manifest, settings);
    let variable = used.kind.variable(name);
    let mut functions = settings.every_function();
    if known.contains(&name.as_str())
        || functions.any(|one| one.environment.contains_key(&variable))
    {
        return Ok(());
    }
    let failure = Failure::input(format!(
        "the code uses the {kind} `{name}`, and nobody declares it"
    ));
    let near = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known), *known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3);
    Err(match (near, used.kind) {
        (Some((_, near)), _) => failure.hint(format!("did you mean `{near}`?")),
        (None, UseKind::Bucket) => failure.hint(format!("write `[buckets.{name}]` in {FILE_NAME}")),
        (None, UseKind::Queue) => failure.hint(format!("write `[queues.{name}]` in {FILE_NAME}")),
        (None, UseKind::Topic) => failure.hint(format!("write `[topics.{name}]` in {FILE_NAME}")),
        (None, UseKind::Bus) => failure.hint(format!("write `[buses.{name}]` in {FILE_NAME}")),
    })
}

/// The names of that kind that the settings or the sources have.
fn declared<'d>(kind: UseKind, manifest: &'d Manifest, settings: &'d Settings) -> Vec<&'d str> {
    let all = settings.resources.all();
    let tables = all.filter(|(of, ..)| of.word() == kind.word());
    let tables = tables.map(|(_, name, _)| name);
    let buckets = settings.resources.buckets.keys().map(String::as_str);
    let buckets = buckets.filter(move |_| kind == UseKind::Bucket);
    let sources = manifest.sources.iter().filter_map(move |source| {
        let (of, name) = match &source.event {
            SourceEvent::Sqs { queue } => (UseKind::Queue, queue),
            SourceEvent::Sns { topic } => (UseKind::Topic, topic),
            SourceEvent::S3 { bucket, .. } => (UseKind::Bucket, bucket),
            SourceEvent::Event { bus: Some(bus), .. } => (UseKind::Bus, bus),
            SourceEvent::Event { bus: None, .. }
            | SourceEvent::Schedule { .. }
            | SourceEvent::Function => return None,
        };
        (of == kind).then_some(name.as_str())
    });
    tables.chain(buckets).chain(sources).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::settings::compatibility::uses::check;
    use crate::{error::Result, settings::Settings};

    fn checked(used: &Value, text: &str) -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("fw.toml"), text).unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        let manifest = json!({ "schema": 3, "app": "shop", "uses": [used], "sources": [
            { "name": "pack", "event": { "type": "sqs", "queue": "orders" } },
            { "name": "mail", "event": { "type": "sns", "topic": "shipped" } },
            { "name": "label", "event": { "type": "s3", "bucket": "labels", "events": ["s3:ObjectCreated:*"] } },
            { "name": "paid", "event": { "type": "event", "bus": "trade", "pattern": { "source": ["bank"] } } },
        ] });
        check(&serde_json::from_value(manifest).unwrap(), &settings)
    }

    #[test]
    fn what_a_source_or_the_settings_name_may_be_used() {
        for (kind, name, text) in [
            ("queue", "orders", ""),
            ("queue", "late", "[queues.late]"),
            ("topic", "shipped", ""),
            ("bucket", "labels", ""),
            (
                "bucket",
                "docs",
                "[environment]\nFW_BUCKET_DOCS = \"my-docs\"",
            ),
            ("bucket", "archive", "[buckets.archive]"),
            ("bus", "trade", ""),
        ] {
            let used = json!({ "kind": kind, "name": name });
            assert!(checked(&used, text).is_ok(), "{kind} {name}");
        }
    }

    #[test]
    fn what_nobody_declares_is_refused() {
        for (kind, name, hint) in [
            ("queue", "order", "did you mean `orders`?"),
            ("queue", "refunds", "write `[queues.refunds]` in fw.toml"),
            ("topic", "news", "write `[topics.news]` in fw.toml"),
            ("bus", "shop", "write `[buses.shop]` in fw.toml"),
            ("bucket", "uploads", "write `[buckets.uploads]` in fw.toml"),
        ] {
            let failure = checked(&json!({ "kind": kind, "name": name }), "").unwrap_err();
            let told = format!("the code uses the {kind} `{name}`, and nobody declares it");
            assert_eq!(failure.message(), told);
            let hint_given = failure.advice().unwrap_or_default();
            assert!(hint_given.contains(hint), "{hint_given}");
        }
        let failure = checked(&json!({ "kind": "queue", "name": "a.b" }), "").unwrap_err();
        assert!(
            failure.message().contains("not a name for a queue"),
            "{failure}"
        );
    }
}
