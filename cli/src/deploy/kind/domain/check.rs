//! Checks of a custom domain before the first write.

use crate::{
    deploy::{model::Desired, names::Names, observe::Actual, snapshot},
    error::{Failure, Result},
};

/// The longest value of a tag (Lambda developer guide, "Using tags on Lambda functions").
const LONGEST_TAG: usize = 256;

/// Stops if the domain cannot be created, or its path belongs to somebody else.
///
/// # Errors
///
/// A failure that says which, and what to do.
pub(crate) fn check(desired: &Desired, actual: &Actual) -> Result<()> {
    let Some(domain) = &desired.domain else {
        return Ok(());
    };
    let (name, region) = (&domain.name, &desired.place.region);
    // API Gateway developer guide, "Set up a Regional custom domain name in API Gateway": a
    // regional domain needs a certificate in its own region.
    let elsewhere = domain.certificate.as_deref().and_then(|arn| {
        let of = arn.split(':').nth(3).unwrap_or_default();
        (of != region && *region != snapshot::nowhere().region).then_some(of)
    });
    if let Some(of) = elsewhere {
        return Err(Failure::input(format!(
            "the certificate of `{name}` is in another region: `{of}`"
        ))
        .because_of(format!(
            "a domain in {region} needs a certificate in {region}"
        ))
        .hint("request one from ACM in this region, and set `domain.certificate` to its ARN"));
    }
    let whole = actual.domain(name);
    let found = whole.and_then(|whole| whole.found.as_ref());
    let Some(found) = found else {
        if domain.certificate.is_none() {
            return Err(Failure::input(format!(
                "the domain does not exist in {region} and cannot be created without a certificate: `{name}`"
            ))
            .hint("set `domain.certificate` to the ARN of a certificate in ACM; nothing was changed"));
        }
        return noted(desired, actual);
    };
    let key = domain.key();
    if key.contains('/') && !found.levels {
        return Err(Failure::input(format!(
            "the domain does not support a path with several segments: `{key}`"
        ))
        .because_of(format!("`{name}` is not regional, or speaks TLS 1.0"))
        .hint("use a `base_path` without a slash; nothing was changed"));
    }
    let taken = whole.and_then(|whole| whole.mapping(key));
    if let Some(mapping) = taken.filter(|one| !actual.api_ids().any(|id| id == one.api)) {
        return Err(Failure::new(format!(
            "the path is already in use: {}",
            domain.url()
        ))
        .because_of(format!(
            "it leads to the API `{}`, stage `{}`, which does not belong to this deployment",
            mapping.api, mapping.stage
        ))
        .hint(format!(
            "use another `base_path`, or remove the mapping: `aws apigatewayv2 delete-api-mapping --domain-name {name} \
             --api-mapping-id {}`; nothing was changed",
            mapping.id
        )));
    }
    noted(desired, actual)
}

/// Stops where more domains are on their way than the function can note.
fn noted(desired: &Desired, actual: &Actual) -> Result<()> {
    let Some(domain) = &desired.domain else {
        return Ok(());
    };
    let function = actual.function(&desired.names.function).function.ours();
    let noted = function.map(|function| Names::domains(&function.tags));
    let noted: usize = noted.into_iter().flatten().map(|name| name.len() + 1).sum();
    if noted + domain.name.len() <= LONGEST_TAG {
        return Ok(());
    }
    Err(Failure::new(format!(
        "too many domains replace each other: `{}`",
        domain.name
    ))
    .because_of("earlier deploys were interrupted while they changed the domain")
    .hint("set the `domain` of the last deploy and complete it, then run this one; nothing was changed"))
}
