//! A custom domain in front of an API in Terraform, and the outputs for it.

use serde_json::{Value, json};

use super::{Module, literal};
use crate::package::table;

impl Module<'_> {
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
        // A reference to the stage, so that the mapping is created after it and deleted before it.
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

    /// The app's URL, its gateway's URL, and the target of the DNS record; `url` is the gateway's.
    pub(super) fn outputs(&self, url: &str) -> Value {
        let said =
            |description: &str, value: &str| json!({ "description": description, "value": value });
        let Some(domain) = &self.desired.domain else {
            return json!({ "url": said("The app's URL", url) });
        };
        let target = domain.certificate.as_ref().map(|_| {
            // The block is a list of one, and the host is known once it is created (the provider's
            // documentation).
            let host = "${aws_apigatewayv2_domain_name.app.domain_name_configuration[0].target_domain_name}";
            said("The host that the domain's DNS record has to point to", host)
        });
        table([
            ("url", said("The app's URL", &domain.url())),
            ("gateway_url", said("The URL of its API", url)),
            ("dns_target", json!(target)),
        ])
    }
}
