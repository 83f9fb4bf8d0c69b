//! Events that are lists: `{"Records": […]}`, as SQS, SNS and S3 send them.

use serde::{Deserialize, de::DeserializeOwned};

/// The list.
#[derive(Deserialize)]
pub(super) struct Records<R> {
    #[serde(rename = "Records")]
    pub(super) records: Vec<R>,
}

/// The records of an event.
///
/// # Errors
///
/// When it is another event.
pub(super) fn read<R: DeserializeOwned>(event: &str) -> serde_json::Result<Vec<R>> {
    serde_json::from_str::<Records<R>>(event).map(|it| it.records)
}
