//! A function URL in Terraform.

use serde_json::json;

use super::{Module, invoked};
use crate::{
    aws::lambda::UrlSettings,
    deploy::names::{THROUGH_URL_GRANT, URL_GRANT},
    package::{cors, table},
};

impl Module<'_> {
    /// The URL of the alias, and who may call it; returns the URL.
    pub(super) fn url(&mut self, settings: &UrlSettings) -> String {
        if let Some(main) = self.desired.api() {
            let [function, qualifier] = invoked(main);
            let url = table([
                function,
                qualifier,
                (
                    "authorization_type",
                    json!(if settings.iam { "AWS_IAM" } else { "NONE" }),
                ),
                (
                    "invoke_mode",
                    json!(match settings.stream {
                        true => "RESPONSE_STREAM",
                        false => "BUFFERED",
                    }),
                ),
                (
                    "cors",
                    cors(
                        settings.cors.as_ref(),
                        [
                            "allow_origins",
                            "allow_methods",
                            "allow_headers",
                            "expose_headers",
                            "max_age",
                            "allow_credentials",
                        ],
                    ),
                ),
            ]);
            self.add("aws_lambda_function_url", "app", url);
            // A URL whose callers sign grants nobody access by itself.
            if !settings.iam {
                let calls = vec![
                    ("action", json!("lambda:InvokeFunctionUrl")),
                    ("principal", json!("*")),
                    ("function_url_auth_type", json!("NONE")),
                ];
                self.permission("url", URL_GRANT, main, calls);
                let invokes = vec![
                    ("action", json!("lambda:InvokeFunction")),
                    ("principal", json!("*")),
                    ("invoked_via_function_url", json!(true)),
                ];
                self.permission("url_invoke", THROUGH_URL_GRANT, main, invokes);
            }
        }
        "${aws_lambda_function_url.app.function_url}".to_owned()
    }
}
