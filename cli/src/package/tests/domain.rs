//! A domain of one's own in a template: whose it is in the account that was made, and what the template tells of it.

use super::*;
use crate::deploy::{
    names::{Names, TAG_DOMAIN},
    observe::Actual,
};

/// What the planner cannot tell apart: a domain that is not the deployment's own is shared, and nothing is to do of it.
pub(super) fn is_as_desired(desired: &Desired, actual: &Actual) {
    let name = desired.domain.as_ref().map(|domain| domain.name.clone());
    assert_eq!(desired.names.sought.domain, name);
    let main = actual.function(&desired.names.function).function.ours();
    let tags = &main.unwrap().tags;
    assert_eq!(tags.get(TAG_DOMAIN), name.as_ref());
    assert_eq!(Names::domains(tags).next(), name);
    for other in desired.before(desired.api().unwrap()) {
        let tags = &actual.function(&other.name).function.ours().unwrap().tags;
        assert!(!tags.contains_key(TAG_DOMAIN), "{}", other.name);
    }
    let Some(domain) = &desired.domain else {
        assert!(actual.domains.is_empty());
        return;
    };
    let whole = actual.domain(&domain.name).unwrap();
    let found = whole.found.as_ref().unwrap();
    match &domain.certificate {
        Some(certificate) => {
            assert_eq!(found.certificate, *certificate);
            assert_eq!(found.tags, desired.names.tags());
        }
        None => assert!(found.tags.is_empty()),
    }
    assert!(whole.mapping(domain.key()).is_some());
    assert_eq!(actual.custom().unwrap().0, domain.url());
}

/// The outputs of a document: their names and values.
fn outputs(format: PackageFormat, with: &str) -> BTreeMap<String, Value> {
    let document = document(format, &manifest("s3test"), &settings(with));
    let (all, value) = match format {
        PackageFormat::Terraform => (&document["output"], "value"),
        _ => (&document["Outputs"], "Value"),
    };
    let all = all.as_object().unwrap().iter();
    all.map(|(name, said)| (name.clone(), said[value].clone()))
        .collect()
}

#[test]
fn a_template_tells_the_domains_url_and_where_dns_has_to_lead() {
    for gateway in ["http-api", "rest-api"] {
        let base = format!("gateway = \"{gateway}\"");
        let own = format!("{base}{DOMAIN}base_path = \"v1\"");
        let shared = format!("{base}\n[domain]\nname = \"api.example.org\"");
        for format in FORMATS {
            let (names, target) = match format {
                PackageFormat::Terraform => (
                    ["url", "gateway_url", "dns_target"],
                    json!(
                        "${aws_apigatewayv2_domain_name.app.domain_name_configuration[0].target_domain_name}"
                    ),
                ),
                _ => (
                    ["Url", "GatewayUrl", "DnsTarget"],
                    json!({ "Fn::GetAtt": ["Domain", "RegionalDomainName"] }),
                ),
            };
            let [url, gateway, dns] = names;
            let without = outputs(format, &base);
            assert_eq!(without.len(), 1);
            let told = outputs(format, &own);
            assert_eq!(told[url], "https://api.example.org/v1");
            assert_eq!(told[gateway], without[url]);
            assert_eq!(told[dns], target);
            // Who shares a domain leads DNS there.
            let told = outputs(format, &shared);
            assert_eq!(told[url], "https://api.example.org");
            assert!(!told.contains_key(dns), "{format:?}");
        }
    }
}

/// Without a certificate the domain is somebody else's: the template leads from it, and neither makes nor takes it away.
#[test]
fn a_shared_domain_is_in_no_template() {
    let shared = settings("[domain]\nname = \"api.example.org\"");
    for format in FORMATS {
        let document = document(format, &manifest("s3test"), &shared);
        let SaidDomain { name, own, mapping } = said(format, &document, "api").domain.unwrap();
        assert_eq!(name, "api.example.org");
        assert_eq!(own, None);
        assert_eq!(mapping, (String::new(), "$default".to_owned()));
    }
}
