//! Small packages in folders of their own, and which of their files count.

use super::files;
use crate::project::Sources;

/// The files that count in a package of these, of which `src/main.rs` is built and `others` are other targets.
fn counted(texts: &[(&str, &str)], others: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().canonicalize().unwrap();
    for (name, text) in texts {
        let path = package.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let sources = Sources {
        folders: vec![package.clone()],
        built: vec![package.join("src/main.rs")],
        others: others.iter().map(|name| package.join(name)).collect(),
    };
    let names = files(&sources).unwrap().into_iter().map(|file| {
        let name = file.strip_prefix(&package).unwrap();
        name.display().to_string()
    });
    names.collect()
}

#[test]
fn files_of_tests_do_not_count() {
    for (declared, file) in [
        ("#[cfg(test)] mod tests;", "src/tests.rs"),
        ("#[cfg(test)] mod tests;", "src/tests/mod.rs"),
        (
            "#[cfg(all(test, feature = \"slow\"))] mod tests;",
            "src/tests.rs",
        ),
        ("#[cfg(all(unix, all(test)))] mod tests;", "src/tests.rs"),
        (
            "#[cfg(any(test, all(test, unix)))] mod tests;",
            "src/tests.rs",
        ),
        ("#[cfg(unix)] #[cfg(test)] mod tests;", "src/tests.rs"),
        (
            "#[cfg(test)] #[path = \"checks/all.rs\"] mod tests;",
            "src/checks/all.rs",
        ),
        ("#[cfg(test)] mod tests { mod help; }", "src/tests/help.rs"),
        (
            "#[cfg_attr(test, path = \"fake.rs\")] mod real;",
            "src/fake.rs",
        ),
        ("mod tests;", "src/tests.rs"),
    ] {
        let text = match declared {
            "mod tests;" => "#![cfg(test)] fn f() {}",
            _ => "fn f() {}",
        };
        let found = counted(&[("src/main.rs", declared), (file, text)], &[]);
        assert_eq!(found, ["src/main.rs"], "{declared}");
    }
    // Modules of modules, and what the tests declare themselves.
    let found = counted(
        &[
            ("src/main.rs", "mod store;"),
            ("src/store.rs", "#[cfg(test)] mod tests; mod read;"),
            ("src/store/read.rs", ""),
            ("src/store/tests.rs", "mod fake;"),
            ("src/store/tests/fake.rs", ""),
        ],
        &[],
    );
    assert_eq!(found, ["src/main.rs", "src/store/read.rs", "src/store.rs"]);
}

#[test]
fn what_may_be_deployed_counts() {
    for declared in [
        "mod a;",
        "#[cfg(not(test))] mod a;",
        "#[cfg(any(test, unix))] mod a;",
        "#[cfg(feature = \"test\")] mod a;",
        "#[cfg(all(unix, not(test)))] mod a;",
        // Declared twice, once for tests.
        "#[cfg(test)] mod tests { #[path = \"../a.rs\"] mod a; } mod a;",
        "#[cfg(test)] mod a; #[cfg(not(test))] #[path = \"a.rs\"] mod b;",
        "#[cfg(test)] mod a; #[cfg_attr(not(test), path = \"a.rs\")] mod b;",
        // Brought in on ways that are seen, or only guessed at.
        "#[cfg(test)] mod a; include!(\"a.rs\");",
        "#[cfg(test)] mod a; include!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/src/a.rs\"));",
        "#[cfg(test)] mod a; cfg_if! { if #[cfg(unix)] { mod a; } }",
        "#[cfg(test)] mod a; macro_rules! modules { ($($m:ident)*) => { $(mod $m;)* } } modules!(a);",
        // Reached by nothing that is known.
        "made!();",
        "#[cfg(test)] mod b { fn f() { assert!(ran(\"a.rs\")) } }",
        "",
        // Not to be parsed at all.
        "#[cfg(test)] mod a; fn (",
    ] {
        let found = counted(&[("src/main.rs", declared), ("src/a.rs", "")], &[]);
        assert_eq!(found, ["src/a.rs", "src/main.rs"], "{declared}");
    }
    // Beside what is looked through.
    let found = counted(
        &[
            (
                "src/main.rs",
                "#[path = \"../tests/a.rs\"] mod a; mod build;",
            ),
            ("src/build.rs", ""),
            ("tests/a.rs", ""),
            ("tests/b.rs", ""),
        ],
        &["tests/b.rs"],
    );
    assert_eq!(found, ["src/build.rs", "src/main.rs", "tests/a.rs"]);
}

#[test]
fn other_binaries_do_not_count() {
    let found = counted(
        &[
            ("src/main.rs", "mod shared;"),
            ("src/shared.rs", ""),
            (
                "src/bin/admin.rs",
                "#[path = \"../shared.rs\"] mod shared; mod wipe;",
            ),
            ("src/bin/wipe.rs", ""),
        ],
        &["src/bin/admin.rs"],
    );
    assert_eq!(found, ["src/main.rs", "src/shared.rs"]);
}
