//! Names: which bucket names S3 takes, and how an object's key becomes a file name.
//!
//! Both are pure. A bucket's name is used as a folder name as it is, which its rules make safe. A key may be any
//! text, so it is encoded: no key can name a file outside its folder, two keys never share a file (not even where the
//! file system ignores case or Unicode forms), and a key that is a prefix of another (`a` and `a/b`) is no obstacle,
//! for every object is one file in one flat folder.

use std::fmt;
use std::net::Ipv4Addr;

use sha2::{Digest as _, Sha256};

/// The longest key, in bytes of UTF-8 (S3 user guide, "Naming Amazon S3 objects").
pub(super) const MAX_KEY_BYTES: usize = 1024;

/// Longest encoded key that is written out in full; file systems allow 255 bytes in a name.
const MAX_PLAIN_NAME: usize = 200;

/// How much of a longer key stays readable in front of its hash.
const LONG_NAME_HEAD: usize = 120;

/// Stands between the head and the hash of a long key's file name. The encoding never produces it.
const HASH_MARK: char = '+';

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
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    let rule = if !(3..=63).contains(&bytes.len()) {
        "have 3 to 63 characters"
    } else if !bytes
        .iter()
        .all(|byte| alphanumeric(byte) || matches!(byte, b'.' | b'-'))
    {
        "consist of lower-case letters, digits, `.` and `-` only"
    } else if !(bytes.first().is_some_and(alphanumeric) && bytes.last().is_some_and(alphanumeric)) {
        "begin and end with a letter or a digit"
    } else if name.contains("..") {
        "not contain two dots in a row"
    } else if name.parse::<Ipv4Addr>().is_ok() {
        "not look like an IP address"
    } else if ["xn--", "sthree-", "amzn-s3-demo-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    {
        "not start with `xn--`, `sthree-` or `amzn-s3-demo-`, which AWS reserves"
    } else if ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"]
        .iter()
        .any(|suffix| name.ends_with(suffix))
    {
        "not end with `-s3alias`, `--ol-s3`, `.mrap`, `--x-s3` or `--table-s3`, which AWS reserves"
    } else {
        return Ok(());
    };
    Err(BucketNameError {
        name: name.to_owned(),
        rule,
    })
}

/// The file name of the object `key`.
///
/// Lower-case letters, digits, `-`, `_` and inner dots stay; every other byte becomes `%` and two lower-case
/// hexadecimal digits. A name that would be too long for a file system is cut and ends with the key's SHA-256.
pub(super) fn file_name(key: &str) -> String {
    use fmt::Write as _;
    let mut name = String::with_capacity(key.len() + key.len() / 2);
    for (index, byte) in key.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            // A leading dot would hide the file, and `.` and `..` are folders.
            b'.' if index > 0 => name.push('.'),
            _ => write!(name, "%{byte:02x}").unwrap_or_default(),
        }
    }
    if name.len() > MAX_PLAIN_NAME {
        name.truncate(LONG_NAME_HEAD);
        name.push(HASH_MARK);
        for byte in Sha256::digest(key.as_bytes()) {
            write!(name, "{byte:02x}").unwrap_or_default();
        }
    }
    name
}

/// What a file name says about its key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FileKey {
    /// The key itself.
    Key(String),
    /// The key is too long to be read off the name; the file holds it.
    Inside,
    /// Not a name that [`file_name`] makes: somebody else's file.
    Foreign,
}

/// The inverse of [`file_name`].
pub(super) fn key_of(name: &str) -> FileKey {
    if name.contains(HASH_MARK) {
        return FileKey::Inside;
    }
    let key = percent_encoding::percent_decode_str(name).decode_utf8();
    match key {
        Ok(key) if file_name(&key) == name => FileKey::Key(key.into_owned()),
        _ => FileKey::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    #[test]
    fn names_stay_readable_and_inside_the_folder() {
        assert_eq!(file_name("photos/Cat 1.jpg"), "photos%2f%43at%201.jpg");
        assert_eq!(file_name(".."), "%2e.");
        assert_eq!(file_name("../../etc/passwd"), "%2e.%2f..%2fetc%2fpasswd");
        assert_eq!(file_name("a+b"), "a%2bb");
    }

    #[test]
    fn a_foreign_file_is_told_from_an_object() {
        for name in [".DS_Store", "Thumbs.db", "%zz", "%2F", "%ff", "%61"] {
            assert_eq!(key_of(name), FileKey::Foreign, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_key_has_a_file_name_of_its_own(key in "\\PC{1,400}|[./%+A-Za-z\\x00-\\x1f]{1,300}") {
            let name = file_name(&key);
            prop_assert!(name.len() <= 255 && !name.contains(['/', '\\', '\0']) && !name.starts_with('.'));
            prop_assert_eq!(name.to_lowercase(), name.clone());
            match key_of(&name) {
                FileKey::Key(decoded) => prop_assert_eq!(decoded, key),
                FileKey::Inside => prop_assert!(name.len() == LONG_NAME_HEAD + 1 + 64),
                FileKey::Foreign => prop_assert!(false, "not recognised: {}", name),
            }
        }
    }
}
