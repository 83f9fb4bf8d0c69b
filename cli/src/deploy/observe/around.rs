//! The resources around an API: its access log's group, whether the account lets it write there,
//! and the domains that lead to it.

use super::{Actual, Found};
use crate::{
    aws::{
        Aws,
        domains::{DomainName, Mapping},
        error::Result,
        logs::LogGroup,
    },
    deploy::{model::Names, together::all},
    settings::domain::url,
};

/// The actual state of these.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Around {
    /// The access log's group; absent if it was not looked for.
    pub(crate) access_log: Found<LogGroup>,
    /// True if REST APIs of the account may write logs; assumed if it was not checked.
    pub(crate) may_log: bool,
    /// The domains that the settings and the main function speak of.
    pub(crate) domains: Vec<WholeDomain>,
}

/// A domain with all that leads from it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WholeDomain {
    /// Its name.
    pub(crate) name: String,
    /// The domain, if it exists.
    pub(crate) found: Option<DomainName>,
    /// Its paths, and their targets.
    pub(crate) mappings: Vec<Mapping>,
}

impl WholeDomain {
    /// The target of its path with this name.
    pub(crate) fn mapping(&self, key: &str) -> Option<&Mapping> {
        self.mappings.iter().find(|mapping| mapping.key == key)
    }
}

impl Around {
    /// Nothing exists.
    pub(crate) const NONE: Self = Self {
        access_log: Found::Absent,
        may_log: true,
        domains: Vec::new(),
    };

    /// The domain of that name.
    pub(crate) fn domain(&self, name: &str) -> Option<&WholeDomain> {
        self.domains.iter().find(|whole| whole.name == name)
    }
}

impl Actual {
    /// The URL of the domain that leads to the deployment, and the domain.
    pub(crate) fn custom(&self) -> Option<(String, &WholeDomain)> {
        self.around.domains.iter().find_map(|whole| {
            let leads = |mapping: &&Mapping| self.api_ids().any(|id| id == mapping.api);
            let mapping = whole.mappings.iter().find(leads)?;
            Some((url(&whole.name, &mapping.key), whole))
        })
    }
}

/// Reads what the settings name, and the noted domains; makes no call if there is none.
pub(super) async fn sought<A: Aws>(aws: &A, names: &Names, noted: Vec<String>) -> Result<Around> {
    let mut domains: Vec<String> = names.sought.domain.iter().cloned().chain(noted).collect();
    domains.sort_unstable();
    domains.dedup();
    let domains = domains.into_iter().map(|name| domain(aws, name));
    let (access_log, may_log, domains) = tokio::try_join!(
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
        Box::pin(all(domains)),
    )?;
    Ok(Around {
        access_log,
        may_log,
        domains,
    })
}

async fn domain<A: Aws>(aws: &A, name: String) -> Result<WholeDomain> {
    let (found, mut mappings) =
        tokio::try_join!(Box::pin(aws.domain(&name)), Box::pin(aws.mappings(&name)),)?;
    mappings.sort_by(|one, other| one.key.cmp(&other.key));
    Ok(WholeDomain {
        name,
        found,
        mappings,
    })
}

/// Reads what the settings no longer name but the API's stages still use.
pub(super) async fn left<A: Aws>(aws: &A, names: &Names, actual: &mut Actual) -> Result<()> {
    if !names.sought.access_log && logs(names, actual) {
        actual.around.access_log = access_log(aws, names).await?;
    }
    Ok(())
}

/// True if a stage writes to the deployment's access log.
fn logs(names: &Names, actual: &Actual) -> bool {
    let http = actual.apis.iter().flat_map(|whole| &whole.stages);
    let rest = actual.rests.apis.iter().flat_map(|whole| &whole.stages);
    let logs = http.map(|stage| &stage.log);
    let group = format!(":log-group:{}", names.access_log());
    logs.chain(rest.map(|stage| &stage.log))
        .flatten()
        .any(|log| log.group.ends_with(&group))
}

async fn access_log<A: Aws>(aws: &A, names: &Names) -> Result<Found<LogGroup>> {
    let found = Box::pin(aws.log_group(&names.access_log())).await?;
    Ok(Found::sort(found, names, |group| &group.tags))
}
