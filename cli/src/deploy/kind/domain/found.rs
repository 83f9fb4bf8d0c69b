//! The actual custom domains that lead to a deployment, by read calls only.

use crate::{
    aws::{
        Aws,
        domains::{DomainName, Mapping},
        error::Result,
    },
    deploy::{names::Names, together::all},
};

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

/// Reads the domain of the settings and the domains noted on the main function. Without a domain it makes no call.
///
/// # Errors
///
/// If a read call fails.
pub(crate) async fn domains<A: Aws>(
    aws: &A,
    names: &Names,
    noted: Vec<String>,
) -> Result<Vec<WholeDomain>> {
    let mut domains: Vec<String> = names.sought.domain.iter().cloned().chain(noted).collect();
    domains.sort_unstable();
    domains.dedup();
    all(domains.into_iter().map(|name| domain(aws, name))).await
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
