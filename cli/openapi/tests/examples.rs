//! The documents of the repository's examples, as they were last agreed on. `FW_UPDATE=1 cargo test -p fw-openapi` accepts a change.

use std::{fs, path::PathBuf};

use fw_manifest::Manifest;
use fw_openapi::{Info, Version, document, rust, typescript};
use serde_json::Value;

const EXAMPLES: [&str; 6] = [
    "catalog", "guarded", "hello", "orders", "partners", "s3test",
];

fn manifest(example: &str) -> Manifest {
    let path = folder()
        .join("../../examples")
        .join(example)
        .join("manifest.json");
    let text = fs::read_to_string(path).expect("the example's manifest");
    serde_json::from_str(&text).expect("a manifest")
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn made(manifest: &Manifest, version: Version) -> Value {
    let mut info = Info::new(&*manifest.app, "1.2.0");
    info.license = "MIT OR Apache-2.0".to_owned();
    let issuer = "https://issuer.example.org/".to_owned();
    info.issuers.insert("users".to_owned(), issuer);
    document(manifest, &info, version).expect("a document")
}

#[test]
fn the_documents_are_the_agreed_ones() {
    let mut changed = Vec::new();
    for example in EXAMPLES {
        let manifest = manifest(example);
        let versions = [
            (Version::V3_1, "3.1"),
            (Version::V3_0, "3.0"),
            (Version::Aws, "aws"),
        ];
        // What the older words are made of is all in one of them.
        let count = if example == "catalog" { 3 } else { 1 };
        for (version, name) in versions.into_iter().take(count) {
            let text =
                serde_json::to_string_pretty(&made(&manifest, version)).expect("JSON") + "\n";
            let golden = folder().join(format!("tests/golden/{example}-{name}.json"));
            if std::env::var_os("FW_UPDATE").is_some() {
                fs::write(&golden, &text).expect("the golden file");
            }
            if fs::read_to_string(&golden).unwrap_or_default() != text {
                changed.push(golden);
            }
        }
    }
    assert!(changed.is_empty(), "accept with FW_UPDATE=1: {changed:?}");
}

#[test]
fn the_order_of_routes_changes_nothing() {
    for example in EXAMPLES {
        let one = manifest(example);
        let mut other = one.clone();
        other.routes.reverse();
        assert_eq!(
            made(&one, Version::V3_1).to_string(),
            made(&other, Version::V3_1).to_string(),
            "{example}"
        );
    }
}

/// `Page2` is what `schemars` calls the second type in its order; which one that is must not show.
#[test]
fn generic_types_are_called_by_their_parameters() {
    let document = made(&manifest("catalog"), Version::V3_1);
    let schemas = document["components"]["schemas"]
        .as_object()
        .expect("schemas");
    for name in ["BookPage", "HitPage", "HitPageEnvelope", "Price", "Box"] {
        assert!(schemas.contains_key(name), "{name}");
    }
    for name in ["Page", "Page2", "Envelope"] {
        assert!(!schemas.contains_key(name), "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    match (key.as_str(), value) {
                        ("$ref", Value::String(path)) => found.push(path.clone()),
                        _ => references(value, found),
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|one| references(one, found)),
            _ => {}
        }
    }
    for example in EXAMPLES {
        for version in [Version::V3_1, Version::V3_0, Version::Aws] {
            let document = made(&manifest(example), version);
            let mut found = Vec::new();
            references(&document, &mut found);
            for path in found {
                let target = path
                    .strip_prefix('#')
                    .expect("a reference within the document");
                assert!(
                    document.pointer(target).is_some(),
                    "{example} {version:?}: {path}"
                );
            }
        }
    }
}

#[test]
fn two_types_of_one_name_are_refused_with_the_correction() {
    let mut manifest = manifest("catalog");
    let request = &mut manifest.schemas.request;
    let found = request.get_mut("Binding").expect("a type");
    found.id = "catalog::other::Binding".to_owned();
    let fault = document(&manifest, &Info::new("a", "1"), Version::V3_1).expect_err("two types");
    assert_eq!(
        fault.to_string(),
        "two types are called `Binding` in the document: `catalog::other::Binding` and `catalog::types::Binding`"
    );
    assert!(
        fault.correction().contains("#[schemars(rename = "),
        "{}",
        fault.correction()
    );
}

/// The client in Rust is compiled and called by `clients.rs`.
#[test]
fn the_clients_are_the_agreed_ones() {
    let document = made(&manifest("catalog"), Version::V3_1);
    let files = rust(&document);
    assert_eq!(files[0].path, "Cargo.toml");
    let manifest = &files[0].text;
    assert!(
        manifest.contains("name = \"catalog-client\"\nversion = \"1.2.0\""),
        "{manifest}"
    );
    for (name, text) in [
        ("catalog.ts", typescript(&document)),
        ("catalog-client.rs", files[1].text.clone()),
    ] {
        let golden = folder().join("tests/golden").join(name);
        if std::env::var_os("FW_UPDATE").is_some() {
            fs::write(&golden, &text).expect("the golden file");
        }
        let agreed = fs::read_to_string(&golden).unwrap_or_default();
        assert!(
            agreed == text,
            "{name} has changed: accept with FW_UPDATE=1"
        );
    }
}

#[test]
fn the_client_in_typescript_is_small() {
    let document = made(&manifest("catalog"), Version::V3_1);
    let code = typescript(&document);
    let runtime = code.find("/** An answer of a status").expect("the runtime");
    let routes = code.find("export function client").expect("the routes");
    let paths = document["paths"].as_object().expect("paths").values();
    let count: usize = paths
        .filter_map(Value::as_object)
        .map(serde_json::Map::len)
        .sum();
    assert!(routes - runtime < 4096, "runtime: {}", routes - runtime);
    assert!(
        code.len() - routes < count * 1024,
        "{} bytes for {count} routes",
        code.len() - routes
    );
}
