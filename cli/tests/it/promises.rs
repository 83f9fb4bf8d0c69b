//! Each promise of `docs/security.md` names the tests that hold it, and those tests exist.

use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn each_promise_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/security.md")).expect("the page");
    let mut sources = Vec::new();
    for folder in ["cli", "framework"] {
        collect(&root.join(folder), &mut sources);
    }
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let tests = row.rsplit('|').nth(1).unwrap_or_default();
        for test in tests.split('`').skip(1).step_by(2) {
            let Some((place, name)) = test.rsplit_once("::") else {
                continue;
            };
            named += 1;
            let place: Vec<&str> = place.split("::").collect();
            let definition = format!("fn {name}(");
            let found = sources.iter().any(|(path, text)| {
                let path = path.with_extension("");
                let stands = path.components().any(|part| part.as_os_str() == place[0]);
                stands && text.contains(&definition)
            });
            assert!(
                found,
                "docs/security.md names a test that does not exist: {test}"
            );
        }
    }
    assert!(named > 20, "the page names its tests: {named}");
}

/// The Rust files below a folder, with their texts.
fn collect(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            into.push((path, text));
        }
    }
}
