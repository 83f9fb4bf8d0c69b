//! A domain of one's own in front of a stack's API, and what the stack tells once it is made.

use serde_json::{Value, json};

use super::{Stack, literal};
use crate::package::{stage, table, tags};

impl Stack<'_> {
    /// The domain where its certificate is named, and the mapping that leads from it to the stage; without a certificate the
    /// domain is there and somebody else's.
    pub(super) fn domain(&mut self) {
        let desired = self.desired;
        let Some(domain) = &desired.domain else {
            return;
        };
        let name = match &domain.certificate {
            None => json!(domain.name),
            Some(certificate) => {
                let properties = json!({
                    "DomainName": domain.name,
                    "DomainNameConfigurations": [{
                        "CertificateArn": literal(certificate),
                        "EndpointType": "REGIONAL",
                        "SecurityPolicy": "TLS_1_2",
                    }],
                    "Tags": tags(desired),
                });
                self.add("Domain", "AWS::ApiGatewayV2::DomainName", properties);
                json!({ "Ref": "Domain" })
            }
        };
        let key = Some(domain.key()).filter(|key| !key.is_empty());
        let properties = table([
            ("DomainName", name),
            ("ApiId", json!({ "Ref": "Api" })),
            ("Stage", json!(stage(desired))),
            ("ApiMappingKey", json!(key)),
        ]);
        let kind = "AWS::ApiGatewayV2::ApiMapping";
        self.add_after("Mapping", kind, &["Stage".to_owned()], properties);
    }

    /// Where the app answers, where its gateway does, and where DNS has to lead the domain; `url` is the gateway's.
    pub(super) fn outputs(&self, url: &Value) -> Value {
        let said =
            |description: &str, value: Value| json!({ "Description": description, "Value": value });
        let Some(domain) = &self.desired.domain else {
            return json!({ "Url": said("Where the app answers", url.clone()) });
        };
        let target = domain.certificate.as_ref().map(|_| {
            let host = json!({ "Fn::GetAtt": ["Domain", "RegionalDomainName"] });
            said("The host that DNS has to lead the domain to", host)
        });
        table([
            ("Url", said("Where the app answers", json!(domain.url()))),
            ("GatewayUrl", said("Where its API answers", url.clone())),
            ("DnsTarget", json!(target)),
        ])
    }
}
