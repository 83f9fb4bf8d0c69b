//! Which names a project may have.

use crate::error::{Failure, Result};

/// Longer names leave no room for the stage in an IAM role's 64 characters.
const LONGEST: usize = 40;

/// Names that would clash: with the framework in `use`, with the compiler's crates, or with folders of cargo's.
const TAKEN: [&str; 10] = [
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "fw",
    "incremental",
    "proc_macro",
    "std",
    "test",
];

/// Rust's own words, which cargo does not take for a package (The Rust Reference, "Keywords").
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// A name must do as a Cargo package, as a folder, and as the stem of every resource's name in AWS.
pub(super) fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let why = if name.is_empty() {
        "it is empty".to_owned()
    } else if name.len() > LONGEST {
        format!(
            "it has {} characters, but at most {LONGEST} are allowed",
            name.len()
        )
    } else if let Some(odd) = name.chars().find(|c| !plain(*c)) {
        format!(
            "`{}` is not a lower-case letter, digit or hyphen",
            odd.escape_debug()
        )
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "it does not start with a letter".to_owned()
    } else if name.ends_with('-') || name.contains("--") {
        "a hyphen must be between letters or digits".to_owned()
    } else if KEYWORDS.contains(&name) {
        "it is a Rust keyword".to_owned()
    } else if TAKEN.contains(&name) {
        "Rust, cargo or the framework already uses this name".to_owned()
    } else {
        return Ok(());
    };
    let failure = Failure::input(format!(
        "not a valid project name: `{}`",
        name.escape_debug()
    ))
    .because_of(why);
    let corrected = corrected(name);
    Err(if corrected.is_empty() || corrected == name {
        failure
    } else {
        failure.hint(format!("use `{corrected}`"))
    })
}

/// The nearest good name, or nothing.
fn corrected(name: &str) -> String {
    let mut corrected = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        let wanted = if c.is_ascii_alphanumeric() { c } else { '-' };
        if wanted != '-' || !(corrected.is_empty() || corrected.ends_with('-')) {
            corrected.push(wanted);
        }
    }
    corrected.truncate(LONGEST);
    let corrected = corrected
        .trim_end_matches('-')
        .trim_start_matches(|c: char| !c.is_ascii_lowercase());
    if TAKEN.contains(&corrected) || KEYWORDS.contains(&corrected) {
        format!("{corrected}-app")
    } else {
        corrected.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn a_bad_name_is_refused_with_a_better_one() {
        for (name, hint) in [
            ("My App", Some("use `my-app`")),
            ("fw", Some("use `fw-app`")),
            ("fn", Some("use `fn-app`")),
            ("9lives", Some("use `lives`")),
            ("a--b", Some("use `a-b`")),
            ("über", Some("use `ber`")),
            ("../evil", Some("use `evil`")),
            ("", None),
            ("!!!", None),
        ] {
            let failure = check_name(name).unwrap_err();
            assert_eq!(failure.advice(), hint, "{name}");
        }
        for name in ["a", "s3test", "my-api-2"] {
            check_name(name).unwrap();
        }
    }
}
