//! A custom domain in front of a stack's API, and the stack's outputs for it.

use serde_json::{Value, json};

use super::{Stack, literal};
use crate::package::{stage, table, tags};

impl Stack<'_> {
    /// The domain if the settings name its certificate, and the mapping from it to the stage.
    /// Without a certificate the domain exists and belongs to somebody else.
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

    /// The app's URL, its gateway's URL, and the target of the DNS record; `url` is the gateway's.
    pub(super) fn outputs(&self, url: &Value) -> Value {
        let said =
            |description: &str, value: Value| json!({ "Description": description, "Value": value });
        let Some(domain) = &self.desired.domain else {
            return json!({ "Url": said("The app's URL", url.clone()) });
        };
        let target = domain.certificate.as_ref().map(|_| {
            let host = json!({ "Fn::GetAtt": ["Domain", "RegionalDomainName"] });
            said(
                "The host that the domain's DNS record has to point to",
                host,
            )
        });
        table([
            ("Url", said("The app's URL", json!(domain.url()))),
            ("GatewayUrl", said("The URL of its API", url.clone())),
            ("DnsTarget", json!(target)),
        ])
    }
}
