//! The embedded DynamoDB: `fw-dynamodb` behind the endpoint of the services.
//!
//! It is a feature of this program, on by default: its engine takes 80 seconds of processor time to build. A program without it
//! refuses DynamoDB's operations by name.

use std::{io, path::Path, sync::Arc};

use fw_services::Tables;

/// DynamoDB as a list of services names it, with what follows in the list. Empty if it is not here.
pub(crate) const IN_LIST: &str = if cfg!(feature = "dynamodb") {
    "DynamoDB, "
} else {
    ""
};

/// Opens the tables in a folder, or empty ones in memory. `None` if DynamoDB is not part of this program.
///
/// # Errors
///
/// Those of the file system, and `InvalidData` if the folder's file cannot be read.
#[cfg(feature = "dynamodb")]
pub(crate) fn open(folder: Option<&Path>) -> io::Result<Option<Arc<dyn Tables>>> {
    let database = fw_dynamodb::DynamoDb::open(folder)?;
    Ok(Some(Arc::new(database)))
}

/// As with the feature, with nothing to open.
#[cfg(not(feature = "dynamodb"))]
pub(crate) fn open(_: Option<&Path>) -> io::Result<Option<Arc<dyn Tables>>> {
    Ok(None)
}
