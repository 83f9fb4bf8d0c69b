//! The actual access log, by read calls only.

use crate::{
    aws::{Aws, error::Result, logs::LogGroup},
    deploy::{found::Found, names::Names},
};

/// The log group, and whether API Gateway can write to it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FoundAccessLog {
    /// The log group; absent if it was not looked for.
    pub(crate) group: Found<LogGroup>,
    /// True if REST APIs of the account may write logs; assumed if it was not checked.
    pub(crate) may_write: bool,
}

impl FoundAccessLog {
    /// No log group.
    pub(crate) const NONE: Self = Self {
        group: Found::Absent,
        may_write: true,
    };
}

/// Reads what the settings ask for; makes no call if that is nothing.
///
/// # Errors
///
/// If a read call fails.
pub(crate) async fn access_log<A: Aws>(aws: &A, names: &Names) -> Result<FoundAccessLog> {
    let (group, may_write) = tokio::try_join!(
        async {
            match names.sought.access_log {
                true => group(aws, names).await,
                false => Ok(Found::Absent),
            }
        },
        async {
            match names.sought.logging_role {
                true => Ok(aws.logging_role().await?.is_some()),
                false => Ok(true),
            }
        },
    )?;
    Ok(FoundAccessLog { group, may_write })
}

/// Reads the log group.
///
/// # Errors
///
/// If a read call fails.
pub(crate) async fn group<A: Aws>(aws: &A, names: &Names) -> Result<Found<LogGroup>> {
    let found = Box::pin(aws.log_group(&names.access_log())).await?;
    Ok(Found::sort(found, names, |group| &group.tags))
}
