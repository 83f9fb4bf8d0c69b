//! Runs the steps on a custom domain.

use crate::{
    aws::{Aws, Error},
    deploy::step::domain::DomainStep,
};

/// Runs one, on the API of that id where it is about one; gives the host that DNS has to lead a domain to that it made.
pub(super) async fn run<A: Aws>(
    aws: &A,
    step: &DomainStep,
    api: &str,
) -> Result<Option<String>, Error> {
    match step {
        DomainStep::Create {
            name,
            certificate,
            tags,
        } => {
            let target = aws.create_domain(name, certificate, tags).await?;
            return Ok(Some(target));
        }
        DomainStep::Update { name, certificate } => aws.update_domain(name, certificate).await?,
        DomainStep::Delete { name } => aws.delete_domain(name).await?,
        DomainStep::CreateMapping {
            domain, key, stage, ..
        } => aws.create_mapping(domain, key, api, stage).await?,
        DomainStep::UpdateMapping {
            domain, id, stage, ..
        } => aws.update_mapping(domain, id, api, stage).await?,
        DomainStep::DeleteMapping { domain, id, .. } => aws.delete_mapping(domain, id).await?,
    }
    Ok(None)
}
