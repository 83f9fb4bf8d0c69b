//! Custom domains of API Gateway, and the mappings that lead from their paths to the stages of APIs.
//!
//! All calls are those of API Gateway v2, also for REST APIs: both versions see the same domains
//! and mappings, and only v2 accepts paths with several segments (developer guide, "Use API
//! mappings to connect API stages to a custom domain name for REST APIs").

use aws_sdk_apigatewayv2::types::{DomainNameConfiguration, EndpointType, SecurityPolicy};

use crate::{
    aws::{
        account::Account,
        error::{Operation, Result},
    },
    values::names::Tags,
};

pub(super) const GET_DOMAIN: Operation = Operation::new("apigateway", "GetDomainName");
pub(super) const GET_MAPPINGS: Operation = Operation::new("apigateway", "GetApiMappings");
pub(super) const CREATE_DOMAIN: Operation = Operation::new("apigateway", "CreateDomainName");
pub(super) const UPDATE_DOMAIN: Operation = Operation::new("apigateway", "UpdateDomainName");
pub(super) const DELETE_DOMAIN: Operation = Operation::new("apigateway", "DeleteDomainName");
pub(super) const CREATE_MAPPING: Operation = Operation::new("apigateway", "CreateApiMapping");
pub(super) const UPDATE_MAPPING: Operation = Operation::new("apigateway", "UpdateApiMapping");
pub(super) const DELETE_MAPPING: Operation = Operation::new("apigateway", "DeleteApiMapping");

/// A custom domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DomainName {
    /// The host's name.
    pub(crate) name: String,
    /// The ARN of its certificate.
    pub(crate) certificate: String,
    /// The host that the DNS record must point to.
    pub(crate) target: String,
    /// True if it supports base paths with several segments: it is regional and uses at least TLS
    /// 1.2.
    pub(crate) levels: bool,
    /// Its tags.
    pub(crate) tags: Tags,
}

/// A path of a domain that leads to a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// Its id, chosen by API Gateway.
    pub(crate) id: String,
    /// The API's id.
    pub(crate) api: String,
    /// The stage's name.
    pub(crate) stage: String,
    /// The path without slashes around it; empty for everything that no other mapping takes.
    pub(crate) key: String,
}

/// The calls used. Lists are read to their last page.
pub(crate) trait Domains {
    /// `GetDomainName`.
    async fn domain(&self, name: &str) -> Result<Option<DomainName>>;
    /// `GetApiMappings`; empty for a domain that does not exist.
    async fn mappings(&self, domain: &str) -> Result<Vec<Mapping>>;
    /// `CreateDomainName`: regional, TLS 1.2. Returns the host that the DNS record must point to.
    async fn create_domain(&self, name: &str, certificate: &str, tags: &Tags) -> Result<String>;
    /// `UpdateDomainName`, the certificate only.
    async fn update_domain(&self, name: &str, certificate: &str) -> Result<()>;
    /// `DeleteDomainName`.
    async fn delete_domain(&self, name: &str) -> Result<()>;
    /// `CreateApiMapping`.
    async fn create_mapping(&self, domain: &str, key: &str, api: &str, stage: &str) -> Result<()>;
    /// `UpdateApiMapping`: it leads there from now on.
    async fn update_mapping(&self, domain: &str, id: &str, api: &str, stage: &str) -> Result<()>;
    /// `DeleteApiMapping`.
    async fn delete_mapping(&self, domain: &str, id: &str) -> Result<()>;
}

fn configuration(certificate: &str) -> DomainNameConfiguration {
    DomainNameConfiguration::builder()
        .certificate_arn(certificate)
        .endpoint_type(EndpointType::Regional)
        .security_policy(SecurityPolicy::Tls12)
        .build()
}

impl Domains for Account {
    async fn domain(&self, name: &str) -> Result<Option<DomainName>> {
        let request = self.apigateway.get_domain_name().domain_name(name);
        let Some(answer) = GET_DOMAIN.sort_found(request.send().await)? else {
            return Ok(None);
        };
        let found = answer.domain_name_configurations().first();
        let text = |of: fn(&DomainNameConfiguration) -> Option<&str>| {
            found.and_then(of).unwrap_or_default().to_owned()
        };
        Ok(Some(DomainName {
            name: name.to_owned(),
            certificate: text(DomainNameConfiguration::certificate_arn),
            target: text(DomainNameConfiguration::api_gateway_domain_name),
            levels: found.is_some_and(|found| {
                found.endpoint_type() == Some(&EndpointType::Regional)
                    && found.security_policy() != Some(&SecurityPolicy::Tls10)
            }),
            tags: answer.tags.unwrap_or_default().into_iter().collect(),
        }))
    }

    async fn mappings(&self, domain: &str) -> Result<Vec<Mapping>> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = self.apigateway.get_api_mappings().domain_name(domain);
            let request = request.set_next_token(next);
            let Some(answer) = GET_MAPPINGS.sort_found(request.send().await)? else {
                return Ok(found);
            };
            let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
            found.extend(answer.items().iter().map(|one| Mapping {
                id: owned(one.api_mapping_id()),
                api: owned(one.api_id()),
                stage: owned(one.stage()),
                key: owned(one.api_mapping_key().filter(|key| *key != "(none)")),
            }));
            next = answer.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn create_domain(&self, name: &str, certificate: &str, tags: &Tags) -> Result<String> {
        let request = self
            .apigateway
            .create_domain_name()
            .domain_name(name)
            .domain_name_configurations(configuration(certificate))
            .set_tags(Some(tags.clone().into_iter().collect()));
        let answer = CREATE_DOMAIN.sort(request.send().await)?;
        let found = answer.domain_name_configurations().first();
        let target = found.and_then(DomainNameConfiguration::api_gateway_domain_name);
        Ok(target.unwrap_or_default().to_owned())
    }

    async fn update_domain(&self, name: &str, certificate: &str) -> Result<()> {
        let request = self.apigateway.update_domain_name().domain_name(name);
        let request = request.domain_name_configurations(configuration(certificate));
        UPDATE_DOMAIN.sort(request.send().await).map(drop)
    }

    async fn delete_domain(&self, name: &str) -> Result<()> {
        let request = self.apigateway.delete_domain_name().domain_name(name);
        DELETE_DOMAIN.sort(request.send().await).map(drop)
    }

    async fn create_mapping(&self, domain: &str, key: &str, api: &str, stage: &str) -> Result<()> {
        let request = self
            .apigateway
            .create_api_mapping()
            .domain_name(domain)
            .set_api_mapping_key((!key.is_empty()).then(|| key.to_owned()))
            .api_id(api)
            .stage(stage);
        CREATE_MAPPING.sort(request.send().await).map(drop)
    }

    async fn update_mapping(&self, domain: &str, id: &str, api: &str, stage: &str) -> Result<()> {
        let request = self
            .apigateway
            .update_api_mapping()
            .domain_name(domain)
            .api_mapping_id(id)
            .api_id(api)
            .stage(stage);
        UPDATE_MAPPING.sort(request.send().await).map(drop)
    }

    async fn delete_mapping(&self, domain: &str, id: &str) -> Result<()> {
        let request = self.apigateway.delete_api_mapping().domain_name(domain);
        let answer = request.api_mapping_id(id).send().await;
        DELETE_MAPPING.sort(answer).map(drop)
    }
}
