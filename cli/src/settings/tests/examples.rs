//! The settings of `examples/`: they are read and fit their apps, and together they show every key that docs/settings.md has.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use fw_manifest::Manifest;
use toml::{Table, Value};

use crate::{
    settings::{Settings, compatibility},
    values::names::FILE_NAME,
};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The folders of the examples, each with what its `fw.toml` says.
fn examples() -> Vec<(PathBuf, String)> {
    let folders = std::fs::read_dir(repository().join("examples")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    let all: Vec<_> = folders
        .filter(|folder| folder.join("Cargo.toml").is_file())
        .map(|folder| {
            let text = std::fs::read_to_string(folder.join(FILE_NAME));
            let text = text.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            (folder, text)
        })
        .collect();
    assert!(all.len() >= 4, "{all:?}");
    all
}

/// The settings with those behind a `#`, which need something that only the reader's account has.
fn with_comments(text: &str) -> String {
    let lines = text.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting) if setting.parse::<Table>().is_ok() => setting,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Adds the keys of a table by their paths, a name of the reader's own as `*`. Stages have the keys of the file itself.
fn keys(table: &Table, path: &str, found: &mut BTreeSet<String>) {
    const NAMED: [&str; 15] = [
        "jwt",
        "functions",
        "usage_plans",
        "gateway_responses",
        "throttle.routes",
        "queues",
        "buckets",
        "tables",
        "tables.*.indexes",
        "topics",
        "buses",
        "topics.*.functions",
        "topics.*.queues",
        "rules",
        "schedules",
    ];
    const OWN: [&str; 9] = [
        "filter",
        "filters",
        "input_paths",
        "tags",
        "environment",
        "stage_variables",
        "headers",
        "templates",
        "quota",
    ];
    for (key, value) in table {
        let here = match path {
            // Both name the same tables.
            "" if key == "authorizers" => "functions".to_owned(),
            "" => key.clone(),
            path if NAMED.contains(&path) => format!("{path}.*"),
            path => format!("{path}.{key}"),
        };
        match value {
            Value::Table(stages) if here == "stages" => {
                for stage in stages.values() {
                    keys(stage.as_table().unwrap(), "", found);
                }
            }
            Value::Table(inner) if !OWN.contains(&key.as_str()) => keys(inner, &here, found),
            Value::Array(all)
                if all.iter().any(Value::is_table) && !OWN.contains(&key.as_str()) =>
            {
                for inner in all {
                    keys(inner.as_table().unwrap(), &here, found);
                }
            }
            _ => {
                found.insert(here);
            }
        }
    }
}

/// The keys that docs/settings.md has, in its examples and its table.
fn documented() -> BTreeSet<String> {
    let page = std::fs::read_to_string(repository().join("docs/settings.md")).unwrap();
    let mut found = BTreeSet::new();
    let blocks = page.split("```toml\n").skip(1);
    for block in blocks.filter_map(|rest| rest.split("```").next()) {
        keys(&block.parse().unwrap(), "", &mut found);
    }
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    for row in rows.filter_map(|rest| rest.split('`').next()) {
        if let Ok(row) = row.parse() {
            keys(&row, "", &mut found);
        }
    }
    found
}

#[test]
fn each_stage_of_each_example_can_be_served_and_deployed() {
    for (folder, text) in examples() {
        let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
        let manifest: Manifest = serde_json::from_str(&manifest).unwrap();
        for text in [text.clone(), with_comments(&text)] {
            let table: Table = text.parse().unwrap();
            let stages = table.get("stages").and_then(Value::as_table);
            let stages = stages.into_iter().flat_map(Table::keys);
            for stage in stages.map(String::as_str).chain(["dev"]) {
                let shown = format!("{}, {stage}", folder.display());
                let settings = Settings::from_toml(&text, stage, None, None)
                    .unwrap_or_else(|failure| panic!("{shown}: {failure}: {:?}", failure.causes()));
                compatibility::check(&manifest, &settings)
                    .unwrap_or_else(|failure| panic!("{shown}: {failure}"));
                compatibility::deployable(&settings)
                    .unwrap_or_else(|failure| panic!("{shown}: {failure}"));
            }
        }
    }
}

#[test]
fn the_examples_show_every_setting() {
    let mut shown = BTreeSet::new();
    for (_, text) in examples() {
        keys(&with_comments(&text).parse().unwrap(), "", &mut shown);
    }
    let documented = documented();
    let missing: Vec<_> = documented.difference(&shown).collect();
    assert!(missing.is_empty(), "no example has: {missing:?}");
    assert!(documented.len() > 60, "{documented:?}");

    // And the page has every key that there is.
    let failure = Settings::from_toml("zzz = 1", "dev", None, None).unwrap_err();
    let known = failure
        .advice()
        .and_then(|hint| hint.strip_prefix("use one of: "));
    let known: Vec<_> = known.unwrap().split(", ").collect();
    assert!(known.len() > 40, "{known:?}");
    for key in known {
        let key = match key {
            "stages" => continue,
            "authorizers" => "functions",
            key => key,
        };
        let of = |path: &String| path.split('.').next() == Some(key);
        assert!(
            documented.iter().any(of),
            "docs/settings.md does not have `{key}`"
        );
    }
}
