//! What is around an API and not in it: its access log's group, and whether the account lets it write there.

use super::{Actual, Found};
use crate::{
    aws::{Aws, Result, logs::LogGroup},
    deploy::model::Names,
};

/// What the account holds of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Around {
    /// The access log's group: absent where nobody looked for it.
    pub(crate) access_log: Found<LogGroup>,
    /// Whether REST APIs of the account may write logs: taken for so where nobody asked.
    pub(crate) may_log: bool,
}

impl Around {
    /// Where nothing is.
    pub(crate) const NONE: Self = Self {
        access_log: Found::Absent,
        may_log: true,
    };
}

/// Reads what the settings speak of: no call where they say nothing.
pub(super) async fn sought<A: Aws>(aws: &A, names: &Names) -> Result<Around> {
    let (access_log, may_log) = tokio::try_join!(
        async {
            match names.sought.access_log {
                true => access_log(aws, names).await,
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
    Ok(Around {
        access_log,
        may_log,
    })
}

/// Reads what the settings say no more and the API's stages still speak of.
pub(super) async fn left<A: Aws>(aws: &A, names: &Names, actual: &mut Actual) -> Result<()> {
    if !names.sought.access_log && logs(names, actual) {
        actual.around.access_log = access_log(aws, names).await?;
    }
    Ok(())
}

/// Whether a stage writes to the deployment's access log.
fn logs(names: &Names, actual: &Actual) -> bool {
    let http = actual.apis.iter().flat_map(|whole| &whole.stages);
    let rest = actual.rests.apis.iter().flat_map(|whole| &whole.stages);
    let all = http.map(|stage| &stage.log);
    let group = format!(":log-group:{}", names.access_log());
    all.chain(rest.map(|stage| &stage.log))
        .flatten()
        .any(|log| log.group.ends_with(&group))
}

async fn access_log<A: Aws>(aws: &A, names: &Names) -> Result<Found<LogGroup>> {
    let found = Box::pin(aws.log_group(&names.access_log())).await?;
    Ok(Found::sort(found, names, |group| &group.tags))
}
