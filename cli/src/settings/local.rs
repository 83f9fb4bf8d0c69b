//! `[local]`: settings only for the local server, and the old place of `buckets`.

use serde::Deserialize;
use toml::{Table, Value};

use crate::values::names::FILE_NAME;

/// Settings only for the local server.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Local {
    /// Buckets that the embedded S3 has from the start.
    #[serde(default)]
    pub(super) buckets: Vec<String>,
}

/// Reads a file that has `buckets` where `[local]` has them now. `None` where it has not, or is wrong in another way.
pub(super) fn with_old_buckets(text: &str) -> Option<Table> {
    let mut table: Table = text.parse().ok()?;
    let mut moved = moved_to_local(&mut table);
    let stages = table.get_mut("stages").and_then(Value::as_table_mut);
    for stage in stages.into_iter().flat_map(|stages| stages.iter_mut()) {
        if let Some(stage) = stage.1.as_table_mut() {
            moved |= moved_to_local(stage);
        }
    }
    moved.then_some(table)
}

fn moved_to_local(table: &mut Table) -> bool {
    let Some(buckets) = table.remove("buckets") else {
        return false;
    };
    let local = table
        .entry("local")
        .or_insert_with(|| Value::Table(Table::new()));
    local
        .as_table_mut()
        .is_some_and(|local| local.insert("buckets".to_owned(), buckets).is_none())
}

/// The note about the old place of `buckets`.
pub(super) fn old_buckets_note() -> String {
    format!(
        "`buckets` in {FILE_NAME} is only for the local server: write it as `[local]` with `buckets = […]`. What the function may use \
         in the account depends on the stage's variables"
    )
}
