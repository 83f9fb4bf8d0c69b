//! What the compiler says of a mistake: one error for each, at the token to change, with the correction.
//!
//! `TRYBUILD=overwrite cargo test -p fw-lambda --test ui` records the texts anew; read the difference before it is committed.
//! They are those of plain stable Rust, without unstable switches, as users see them.

use std::{fs, path::PathBuf};

#[test]
fn the_compiler_says_what_is_recorded() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}

#[test]
fn each_mistake_is_one_error() {
    let sources = sources();
    assert!(sources.len() >= 40, "fixtures are gone: {}", sources.len());
    let mut wrong = Vec::new();
    for source in sources {
        let marks = read(&source).matches("//~ mistake").count();
        let errors = read(&source.with_extension("stderr"))
            .lines()
            .filter(|line| line.starts_with("error:") || line.starts_with("error["))
            .count();
        if marks == 0 || marks != errors {
            wrong.push(format!(
                "{}: {marks} mistakes, {errors} errors",
                source.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a macro finds has its correction in it, and so has what the framework's own traits and assertions say. That a name is not there is
/// rustc's alone to tell, and names it.
#[test]
fn each_error_has_a_help_or_a_note() {
    for source in sources() {
        let text = read(&source.with_extension("stderr"));
        for error in text
            .split("\nerror")
            .filter(|error| !error.trim().is_empty())
        {
            let advised = ["= help:", "= note:", "note:"]
                .iter()
                .any(|advice| error.contains(advice));
            assert!(
                advised
                    || error.starts_with("[E0432]: unresolved import")
                    || error.starts_with("error[E0432]"),
                "{}: no advice in\n{error}",
                source.display()
            );
            assert!(
                !error.contains("__private"),
                "{}: names what nobody knows:\n{error}",
                source.display()
            );
        }
    }
}

fn sources() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ui/fail");
    let mut sources: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    sources.sort();
    sources
}

fn read(path: &std::path::Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
