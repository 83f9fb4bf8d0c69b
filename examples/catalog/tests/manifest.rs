//! The manifest that the app prints, as it was last agreed on: a changed API shows in review.
//!
//! `FW_UPDATE=1 cargo test -p catalog --test manifest` accepts a change.

use std::{fs, path::Path, process::Command};

#[test]
fn the_manifest_is_the_agreed_one() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifest.json");
    // Nothing of the environment: neither credentials nor settings are needed.
    let output = Command::new(env!("CARGO_BIN_EXE_catalog"))
        .env_clear()
        .env("FW_MANIFEST", "1")
        .output()
        .expect("the app runs");
    assert!(output.status.success(), "{output:?}");
    let manifest: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    if std::env::var_os("FW_UPDATE").is_some() {
        let printed = serde_json::to_string_pretty(&manifest).expect("JSON") + "\n";
        fs::write(&golden, printed).expect("the golden file");
    }
    // As values: the order of keys is no part of the agreement.
    let agreed = fs::read_to_string(&golden).expect("the golden file");
    let agreed: serde_json::Value = serde_json::from_str(&agreed).expect("JSON");
    assert_eq!(manifest, agreed, "accept with FW_UPDATE=1");
}
