//! What the batch operations have in common.

use std::collections::HashSet;

use serde::Serialize;

use super::SqsError;

/// The most entries of a batch.
const MOST_ENTRIES: usize = 10;

/// The outcome of a batch, by entry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchOutput<T> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successful: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failure>,
}

impl<T> Default for BatchOutput<T> {
    fn default() -> Self {
        Self {
            successful: Vec::new(),
            failed: Vec::new(),
        }
    }
}

/// An entry that succeeded without more to say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Success {
    pub(crate) id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failure {
    id: String,
    sender_fault: bool,
    code: &'static str,
    message: String,
}

impl<T> BatchOutput<T> {
    pub(super) fn succeed(&mut self, entry: T) {
        self.successful.push(entry);
    }

    pub(super) fn fail(&mut self, id: String, error: SqsError) {
        self.failed.push(Failure {
            id,
            sender_fault: error.status < 500,
            code: error.code,
            message: error.message.into_owned(),
        });
    }
}

/// Checks the ids of a batch.
///
/// # Errors
/// `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`, `InvalidBatchEntryId` or `BatchEntryIdsNotDistinct`, 400.
pub(super) fn check(ids: &[String], entry: &str) -> Result<(), SqsError> {
    if ids.is_empty() {
        return Err(SqsError::empty_batch(entry));
    }
    if ids.len() > MOST_ENTRIES {
        return Err(SqsError::too_many_entries(ids.len()));
    }
    let mut seen = HashSet::new();
    for id in ids {
        let has_form = (1..=80).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !has_form {
            return Err(SqsError::entry_id());
        }
        if !seen.insert(id) {
            return Err(SqsError::entry_ids_not_distinct(id));
        }
    }
    Ok(())
}
