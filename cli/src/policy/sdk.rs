//! The operations of an `aws-sdk-*` crate, as its own sources on this machine list them.
//!
//! Each crate is generated with a file per operation (`src/operation/get_object.rs`) and per waiter
//! (`src/waiters/bucket_exists.rs`), so every service and every version is known without a list in
//! `cargo fw`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::error::{Context as _, Exit, Result};

/// One crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sdk {
    /// The package: `aws-sdk-s3`.
    pub(crate) name: String,
    /// The part after `aws-sdk-`: `s3`.
    pub(crate) service: String,
    /// The operations, as methods of the client: `get_object`.
    pub(crate) operations: BTreeSet<String>,
    /// The waiters, as methods of the client, and the operation that each calls.
    pub(crate) waiters: BTreeMap<String, String>,
}

impl Sdk {
    /// The name that sources use: `aws_sdk_s3`.
    pub(crate) fn ident(&self) -> String {
        self.name.replace('-', "_")
    }

    /// A crate from lists, for tests.
    #[cfg(test)]
    pub(super) fn of(name: &str, operations: &[&str], waiters: &[(&str, &str)]) -> Self {
        let waiters = waiters.iter();
        Self {
            name: name.to_owned(),
            service: name.trim_start_matches("aws-sdk-").to_owned(),
            operations: operations.iter().map(|&name| name.to_owned()).collect(),
            waiters: waiters
                .map(|(waiter, operation)| ((*waiter).to_owned(), (*operation).to_owned()))
                .collect(),
        }
    }
}

/// Reads the crates: name and folder each.
///
/// # Errors
///
/// If a folder cannot be read.
pub(super) fn read(crates: &[(String, PathBuf)]) -> Result<Vec<Sdk>> {
    let one = |(name, folder): &(String, PathBuf)| {
        let operations = modules(&folder.join("src/operation"))?;
        let mut waiters = BTreeMap::new();
        for waiter in modules(&folder.join("src/waiters"))? {
            let path = folder.join("src/waiters").join(format!("{waiter}.rs"));
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let called = text
                .split("crate::operation::")
                .skip(1)
                .filter_map(|rest| rest.split("::").next())
                .find(|name| operations.contains(*name));
            if let Some(called) = called {
                waiters.insert(format!("wait_until_{waiter}"), called.to_owned());
            }
        }
        Ok(Sdk {
            service: name.trim_start_matches("aws-sdk-").to_owned(),
            name: name.clone(),
            operations,
            waiters,
        })
    };
    crates.iter().map(one).collect()
}

/// The modules in a folder, by their files. Empty without the folder.
fn modules(folder: &Path) -> Result<BTreeSet<String>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read an SDK's sources: {}", folder.display()))
                .map_err(|failure| failure.exiting(Exit::Input));
        }
    };
    Ok(entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned()))
        .collect())
}

/// `get_object` as the API names it: `GetObject`. IAM compares actions without regard to case (IAM
/// user guide, "IAM JSON policy elements: Action"), so different capitals in an acronym do not
/// matter.
pub(super) fn camel(snake: &str) -> String {
    snake
        .split(['_', '-'])
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{camel, read};

    #[test]
    fn a_crates_sources_list_its_operations_and_waiters() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("src/operation/head_bucket.rs", "");
        write("src/operation/head_bucket/builders.rs", "");
        write("src/operation/list_objects_v2.rs", "");
        write("src/waiters/matchers.rs", "");
        write(
            "src/waiters/bucket_exists.rs",
            "inner: crate::operation::head_bucket::builders::X,",
        );
        let crates = [("aws-sdk-s3".to_owned(), folder.path().to_owned())];
        let sdk = read(&crates).unwrap().remove(0);
        assert_eq!(sdk.service, "s3");
        assert_eq!(sdk.ident(), "aws_sdk_s3");
        assert!(sdk.operations.contains("list_objects_v2") && sdk.operations.len() == 2);
        assert_eq!(sdk.waiters["wait_until_bucket_exists"], "head_bucket");
        assert_eq!(sdk.waiters.len(), 1);
        assert_eq!(camel("list_objects_v2"), "ListObjectsV2");
    }
}
