//! A function URL of a stack.

use serde_json::{Value, json};

use super::Stack;
use crate::{
    aws::lambda::UrlSettings,
    package::{cors, table},
};

impl Stack<'_> {
    /// The URL of the alias, and who may call it; returns the URL.
    pub(super) fn url(&mut self, settings: &UrlSettings) -> Value {
        if let Some(main) = self.desired.api() {
            let properties = table([
                ("TargetFunctionArn", self.alias(main)),
                (
                    "AuthType",
                    json!(if settings.iam { "AWS_IAM" } else { "NONE" }),
                ),
                (
                    "InvokeMode",
                    json!(match settings.stream {
                        true => "RESPONSE_STREAM",
                        false => "BUFFERED",
                    }),
                ),
                (
                    "Cors",
                    cors(
                        settings.cors.as_ref(),
                        [
                            "AllowOrigins",
                            "AllowMethods",
                            "AllowHeaders",
                            "ExposeHeaders",
                            "MaxAge",
                            "AllowCredentials",
                        ],
                    ),
                ),
            ]);
            self.add("Url", "AWS::Lambda::Url", properties);
            // A URL whose callers sign grants nobody access by itself.
            if !settings.iam {
                let calls = vec![
                    ("Action", json!("lambda:InvokeFunctionUrl")),
                    ("Principal", json!("*")),
                    ("FunctionUrlAuthType", json!("NONE")),
                ];
                self.permission("UrlPermission", main, calls);
                let invokes = vec![
                    ("Action", json!("lambda:InvokeFunction")),
                    ("Principal", json!("*")),
                    ("InvokedViaFunctionUrl", json!(true)),
                ];
                self.permission("UrlInvokePermission", main, invokes);
            }
        }
        json!({ "Fn::GetAtt": ["Url", "FunctionUrl"] })
    }
}
