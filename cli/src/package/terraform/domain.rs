//! A domain of one's own in front of an API in Terraform, and what the document tells once it is made.

use serde_json::{Value, json};

use super::{Module, literal};
use crate::package::table;

impl Module<'_> {
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
                let own = json!({
                    "domain_name": domain.name,
                    "domain_name_configuration": {
                        "certificate_arn": literal(certificate),
                        "endpoint_type": "REGIONAL",
                        "security_policy": "TLS_1_2",
                    },
                    "tags": self.tags(),
                });
                self.add("aws_apigatewayv2_domain_name", "app", own);
                json!("${aws_apigatewayv2_domain_name.app.domain_name}")
            }
        };
        // The stage by reference, so that the mapping is made after it and gone before it.
        let (api, stage) = match desired.rest {
            Some(_) => (super::rest::API, super::rest::STAGE),
            None => (super::http::API, "${aws_apigatewayv2_stage.app.name}"),
        };
        let key = Some(domain.key()).filter(|key| !key.is_empty());
        let mapping = table([
            ("domain_name", name),
            ("api_id", json!(api)),
            ("stage", json!(stage)),
            ("api_mapping_key", json!(key.map(literal))),
        ]);
        self.add("aws_apigatewayv2_api_mapping", "app", mapping);
    }

    /// Where the app answers, where its gateway does, and where DNS has to lead the domain; `url` is the gateway's.
    pub(super) fn outputs(&self, url: &str) -> Value {
        let said =
            |description: &str, value: &str| json!({ "description": description, "value": value });
        let Some(domain) = &self.desired.domain else {
            return json!({ "url": said("Where the app answers", url) });
        };
        let target = domain.certificate.as_ref().map(|_| {
            // The block is a list of one, and the host is known once it is made (the provider's documentation).
            let host = "${aws_apigatewayv2_domain_name.app.domain_name_configuration[0].target_domain_name}";
            said("The host that DNS has to lead the domain to", host)
        });
        table([
            ("url", said("Where the app answers", &domain.url())),
            ("gateway_url", said("Where its API answers", url)),
            ("dns_target", json!(target)),
        ])
    }
}
