//! Rules for names and tags.

use std::{collections::BTreeMap, fmt};

/// Tags of a resource, by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// The characters that all services accept in a tag (Lambda developer guide, "Using tags on Lambda
/// functions").
pub(crate) fn in_tag(c: char) -> bool {
    c.is_alphanumeric() || " _.:/=+-@".contains(c)
}

/// Why a bucket name is refused: the rule it breaks, and the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BucketNameError {
    name: String,
    rule: &'static str,
}

impl fmt::Display for BucketNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a bucket name must {}: `{}`", self.rule, self.name)
    }
}

impl std::error::Error for BucketNameError {}

/// Check `name` against the rules for general purpose buckets.
///
/// # Errors
///
/// The first rule that the name breaks, as a sentence that ends with the name. The rules are those of the S3 user
/// guide, "General purpose bucket naming rules".
pub(crate) fn check_bucket_name(name: &str) -> Result<(), BucketNameError> {
    match fw_s3::broken_rule(name) {
        None => Ok(()),
        Some(rule) => Err(BucketNameError {
            name: name.to_owned(),
            rule,
        }),
    }
}

/// The settings file, next to the package's `Cargo.toml`.
pub(crate) const FILE_NAME: &str = "fw.toml";

/// The file with secrets for the local server, next to `fw.toml`.
pub(crate) const SECRETS_FILE: &str = "fw.secrets.toml";

/// The default stage.
pub(crate) const DEFAULT_STAGE: &str = "dev";

/// True if the text consists of letters, digits, hyphens and underscores, which every service
/// accepts in a name.
pub(crate) fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !text.is_empty() && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::check_bucket_name;

    #[test]
    fn good_bucket_names_pass() {
        for name in [
            "abc",
            "my-data",
            "my.data.2026",
            "0-0",
            &"a".repeat(63),
            "1.2.3",
            "documents",
        ] {
            assert_eq!(check_bucket_name(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn each_rule_has_its_sentence() {
        let long = "a".repeat(64);
        for (name, words) in [
            ("ab", "3 to 63"),
            ("", "3 to 63"),
            (long.as_str(), "3 to 63"),
            ("My-Data", "lower-case"),
            ("my_data", "lower-case"),
            ("my/data", "lower-case"),
            ("dätä", "lower-case"),
            ("-data", "begin and end"),
            ("data.", "begin and end"),
            ("...", "begin and end"),
            ("my..data", "two dots"),
            ("192.168.5.4", "IP address"),
            ("xn--data", "reserves"),
            ("data-s3alias", "reserves"),
            ("data--x-s3", "reserves"),
        ] {
            let error = check_bucket_name(name).expect_err(name).to_string();
            assert!(
                error.contains(words) && error.ends_with(&format!(": `{name}`")),
                "{error}"
            );
        }
    }
}
