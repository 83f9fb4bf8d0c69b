//! Names: which bucket names S3 takes, and how an object's key becomes a file name.
//!
//! Both are pure. A bucket's name is used as a folder name as it is, which its rules make safe. A key may be any
//! text, so it is encoded: no key can name a file outside its folder, two keys never share a file (not even where the
//! file system ignores case or Unicode forms), and a key that is a prefix of another (`a` and `a/b`) is no obstacle,
//! for every object is one file in one flat folder.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The longest key, in bytes of UTF-8 (S3 user guide, "Naming Amazon S3 objects").
pub(super) const MAX_KEY_BYTES: usize = 1024;

/// Longest encoded key that is written out in full; file systems allow 255 bytes in a name.
const MAX_PLAIN_NAME: usize = 200;

/// How much of a longer key stays readable in front of its hash.
const LONG_NAME_HEAD: usize = 120;

/// Stands between the head and the hash of a long key's file name. The encoding never produces it.
const HASH_MARK: char = '+';

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
