//! The TOML reader's errors about `fw.toml`, in the words of a user.

use std::path::Path;

use crate::{
    error::Failure,
    values::{
        names::FILE_NAME,
        unknown::{known, suggestion},
    },
};

/// The failure for text that is not TOML, an unknown key or a value of another type, with the place
/// as the TOML reader shows it.
pub(super) fn not_understood(error: &toml::de::Error, text: &str, file: Option<&Path>) -> Failure {
    let shown = file.map_or_else(|| FILE_NAME.to_owned(), |path| path.display().to_string());
    let failure = Failure::input(format!("cannot understand the settings: {shown}"));
    let message = error.message();
    let (key, value) = place(error, text);
    let told = error.to_string();
    let told = told.trim_end();
    let failure = failure.because_of(match plainly(message, key) {
        // The reader's message is below the place that it shows.
        Some(plain) => match told.rfind(message) {
            Some(at) => format!("{}{plain}", told.get(..at).unwrap_or_default()),
            None => plain,
        },
        None => told.to_owned(),
    });
    if message.contains("unknown field `policy`") {
        // It is allowed only at the top and in a stage.
        return failure.hint(
            "write it as `[[policy]]` at the top or `[[stages.NAME.policy]]`, with `functions = [\"AUTHORIZER\"]` for one function",
        );
    }
    if let Some(line) = corrected(message, key, value) {
        return failure.hint(format!("write `{line}`"));
    }
    let keys = known(message);
    match (suggestion(message), keys.as_slice()) {
        (Some(known), _) => failure.hint(format!("did you mean `{known}`?")),
        (None, []) => failure.hint("docs/settings.md has an example of every key"),
        (None, keys) => failure.hint(format!("use one of: {}", keys.join(", "))),
    }
}

/// The key whose value the error is about, if it is right before the value, and the value.
fn place<'a>(error: &toml::de::Error, text: &'a str) -> (Option<&'a str>, &'a str) {
    let Some(span) = error.span() else {
        return (None, "");
    };
    let value = text.get(span.clone()).unwrap_or_default();
    let before = text.get(..span.start).unwrap_or_default().trim_end();
    let key = before.strip_suffix('=').map(|before| {
        let line = before.rsplit('\n').next().unwrap_or_default();
        let bare = |c: char| c.is_ascii_alphanumeric() || "_-.\"'".contains(c);
        line.trim_end()
            .rsplit(|c| !bare(c))
            .next()
            .unwrap_or_default()
    });
    (key.filter(|key| !key.is_empty()), value)
}

/// The reader's message in plain words; `None` for text that is not TOML, which it reports well
/// enough.
fn plainly(message: &str, key: Option<&str>) -> Option<String> {
    let takes = |what: &str| match key {
        Some(key) => format!("`{key}` takes {what}"),
        None => format!("expected {what}"),
    };
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") {
        return Some(format!("unknown setting: `{}`", quoted.next()?));
    }
    if message.starts_with("unknown variant") {
        let word = quoted.next()?;
        return Some(match key {
            Some(key) => format!("not a valid value for `{key}`: `{word}`"),
            None => format!("not a valid value: `{word}`"),
        });
    }
    if message.starts_with("missing field") {
        return Some(format!("missing setting: `{}`", quoted.next()?));
    }
    if message == "a text or a list of texts" {
        return Some(takes(message));
    }
    if message == "wanted string or table" {
        return Some(takes("a text"));
    }
    let (found, expected) = parts(message)?;
    let kind = match expected {
        // A number that is out of range; the key's own range is checked later.
        "u32" if message.starts_with("invalid value") => "a whole number from 0 to 4294967295",
        _ if is_whole(expected) => "a whole number",
        "f32" | "f64" => "a number",
        "a string" => "a text",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        "a map" => "a table",
        expected if expected.starts_with("struct ") => "a table",
        other => other,
    };
    let found = match found.split([' ', '`']).next()? {
        "string" => "a text",
        "integer" if message.starts_with("invalid value") => return Some(takes(kind)),
        "integer" => "a number",
        "floating" => "a number with a decimal point",
        "boolean" => "`true` or `false`",
        "sequence" => "a list",
        "map" => "a table",
        _ => return Some(takes(kind)),
    };
    Some(format!("{}, but found {found}", takes(kind)))
}

/// What was found and what was expected, from serde's message about a wrong type or value.
fn parts(message: &str) -> Option<(&str, &str)> {
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))?;
    rest.rsplit_once(", expected ")
}

/// True if this is one of Rust's integers.
fn is_whole(expected: &str) -> bool {
    let bits = expected.strip_prefix(['u', 'i']).unwrap_or_default();
    bits == "size" || bits.parse::<u8>().is_ok()
}

/// The line with the same value in the expected type, if there is one.
fn corrected(message: &str, key: Option<&str>, value: &str) -> Option<String> {
    let (key, (found, expected)) = (key?, parts(message)?);
    let inside = value.trim_matches(['"', '\'']);
    let right = match expected {
        "a string" if !found.starts_with("sequence") && !found.starts_with("map") => {
            format!("\"{value}\"")
        }
        "a boolean" if matches!(inside, "true" | "false") => inside.to_owned(),
        // These are lists of tables.
        "a sequence" if matches!(key, "policy" | "api_keys") => return None,
        "a sequence" if found.starts_with("string") => format!("[{value}]"),
        "f32" | "f64" => inside.parse::<f64>().ok()?.to_string(),
        expected if is_whole(expected) => inside.parse::<u32>().ok()?.to_string(),
        _ => return None,
    };
    Some(format!("{key} = {right}"))
}

#[cfg(test)]
mod tests {
    use crate::settings::Settings;

    #[test]
    fn a_value_of_another_type_is_told_in_plain_words() {
        for (text, why, hint) in [
            (
                "memory = \"128\"",
                "`memory` takes a whole number, but found a text",
                "write `memory = 128`",
            ),
            (
                "timeout = \"long\"",
                "`timeout` takes a whole number, but found a text",
                "docs/settings.md has an example of every key",
            ),
            (
                "memory = -1",
                "`memory` takes a whole number from 0 to 4294967295",
                "docs/settings.md has an example of every key",
            ),
            (
                "layers = \"arn:a\"",
                "`layers` takes a list, but found a text",
                "write `layers = [\"arn:a\"]`",
            ),
            (
                "[stages.prod]\nderive_policy = \"false\"",
                "`derive_policy` takes `true` or `false`, but found a text",
                "write `derive_policy = false`",
            ),
            (
                "environment = { A = \"a\", PORT = 80 }",
                "`PORT` takes a text, but found a number",
                "write `PORT = \"80\"`",
            ),
            (
                "policy = \"s3:*\"",
                "`policy` takes a list, but found a text",
                "docs/settings.md has an example of every key",
            ),
            (
                "[[policy]]\nactions = []\nresources = []\nfunctions = 3",
                "`functions` takes a text or a list of texts",
                "docs/settings.md has an example of every key",
            ),
            (
                "layers = [1]",
                "expected a text, but found a number",
                "docs/settings.md has an example of every key",
            ),
            (
                "gateway = 1",
                "`gateway` takes a text",
                "docs/settings.md has an example of every key",
            ),
            (
                "gateway = \"rest\"",
                "not a valid value for `gateway`: `rest`",
                "did you mean `rest-api`?",
            ),
            (
                "memry = 1",
                "unknown setting: `memry`",
                "did you mean `memory`?",
            ),
            (
                "[[policy]]\nactions = []",
                "missing setting: `resources`",
                "docs/settings.md has an example of every key",
            ),
        ] {
            let failure = Settings::from_toml(text, "dev", None, None).unwrap_err();
            let told = failure.causes().join("\n");
            assert!(told.ends_with(why), "{text}: {told}");
            // The place is still shown.
            assert!(told.contains("line "), "{text}: {told}");
            assert_eq!(failure.advice(), Some(hint), "{text}");
            for rust in [
                "invalid type",
                "u32",
                "sequence",
                "wanted",
                "field",
                "expected one of",
            ] {
                assert!(!told.contains(rust), "{text}: {told}");
            }
        }
        // The reader itself reports text that is not TOML.
        let failure = Settings::from_toml("memory = ", "dev", None, None).unwrap_err();
        assert!(failure.causes().join("").contains("line 1"), "{failure}");
    }
}
