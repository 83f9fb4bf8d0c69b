//! Terraform, and `OpenTofu`, in their JSON syntax, with the AWS provider's resources.

use serde_json::{Map, Value, json};

use super::{cors, named, options, secrets, table, tags};
use crate::{
    aws::apigateway::DEFAULT_STAGE,
    deploy::model::{ALIAS, Desired, GRANT, POLICY},
};

/// The provider's data sources: partition, account, region.
pub(super) const PLACE: (&str, &str, &str) = (
    "${data.aws_partition.current.partition}",
    "${data.aws_caller_identity.current.account_id}",
    "${data.aws_region.current.name}",
);

pub(super) fn document(desired: &Desired, zip: &str) -> Value {
    let Desired { names, main, .. } = desired;
    let configuration = &main.configuration;
    let tags = json!(tags(desired));
    let routes: Map<String, Value> = desired
        .routes
        .iter()
        .map(|key| {
            let route = json!({
                "api_id": "${aws_apigatewayv2_api.app.id}",
                "route_key": literal(key),
                "target": "integrations/${aws_apigatewayv2_integration.app.id}",
            });
            (named("route_", &[key]), route)
        })
        .collect();
    let environment = configuration.environment.iter();
    let variables: Map<String, Value> = environment
        .map(|(key, value)| {
            let value = secrets::terraform(key, value).unwrap_or_else(|| literal(value));
            (key.clone(), value)
        })
        .collect();
    let mut data = Map::from_iter([
        ("aws_partition".to_owned(), json!({ "current": {} })),
        ("aws_caller_identity".to_owned(), json!({ "current": {} })),
        ("aws_region".to_owned(), json!({ "current": {} })),
    ]);
    data.extend(secrets::sources(&configuration.environment));
    json!({
        "terraform": {
            "required_providers": { "aws": { "source": "hashicorp/aws", "version": ">= 5.0" } },
        },
        "data": data,
        "resource": {
            "aws_iam_role": { "app": {
                "name": placed(&names.role),
                "assume_role_policy": placed(&desired.trust.to_string()),
                "tags": tags,
            } },
            "aws_iam_role_policy": { "app": {
                "name": POLICY,
                "role": "${aws_iam_role.app.id}",
                "policy": placed(&desired.policy.to_string()),
            } },
            "aws_cloudwatch_log_group": { "app": {
                "name": names.log_group,
                "retention_in_days": desired.log_retention,
                "tags": tags,
            } },
            "aws_lambda_function": { "app": table([
                ("function_name", json!(names.function)),
                ("filename", json!(format!("${{path.module}}/{zip}"))),
                ("source_code_hash", json!(desired.code.sha256)),
                ("runtime", json!(configuration.runtime)),
                ("handler", json!(configuration.handler)),
                ("architectures", json!([desired.code.architecture.as_str()])),
                ("memory_size", json!(configuration.memory)),
                ("timeout", json!(configuration.timeout)),
                ("environment", table([("variables", variables.into())])),
                ("role", json!("${aws_iam_role.app.arn}")),
                ("publish", json!(true)),
                ("tags", tags.clone()),
                ("depends_on", json!(["aws_cloudwatch_log_group.app", "aws_iam_role_policy.app"])),
            ].into_iter().chain(options::terraform(&configuration.options))) },
            "aws_lambda_alias": { "live": {
                "name": ALIAS,
                "function_name": "${aws_lambda_function.app.function_name}",
                "function_version": "${aws_lambda_function.app.version}",
            } },
            "aws_apigatewayv2_api": { "app": table([
                ("name", json!(names.function)),
                ("protocol_type", json!("HTTP")),
                ("cors_configuration", cors(desired.cors.as_ref(), [
                    "allow_origins", "allow_methods", "allow_headers", "expose_headers", "max_age", "allow_credentials",
                ])),
                ("tags", tags.clone()),
            ]) },
            "aws_apigatewayv2_integration": { "app": {
                "api_id": "${aws_apigatewayv2_api.app.id}",
                "integration_type": "AWS_PROXY",
                "integration_method": "POST",
                "integration_uri": "${aws_lambda_alias.live.arn}",
                "payload_format_version": "2.0",
            } },
            "aws_apigatewayv2_route": routes,
            "aws_apigatewayv2_stage": { "app": {
                "api_id": "${aws_apigatewayv2_api.app.id}",
                "name": DEFAULT_STAGE,
                "auto_deploy": true,
                "tags": tags,
            } },
            "aws_lambda_permission": { "app": {
                "statement_id": GRANT,
                "action": "lambda:InvokeFunction",
                "function_name": "${aws_lambda_function.app.function_name}",
                "qualifier": "${aws_lambda_alias.live.name}",
                "principal": "apigateway.amazonaws.com",
                "source_arn": "${aws_apigatewayv2_api.app.execution_arn}/*/*",
            } },
        },
        "output": { "url": {
            "description": "Where the app answers",
            "value": "${aws_apigatewayv2_api.app.api_endpoint}",
        } },
    })
}

/// A text that Terraform takes as it is (Terraform language, "Strings and Templates": `$${` and `%%{`).
fn literal(text: &str) -> Value {
    text.replace("${", "$${").replace("%{", "%%{").into()
}

/// A text in which Terraform fills in the place, and nothing else.
fn placed(text: &str) -> Value {
    let mut written = text.replace("${", "$${").replace("%{", "%%{");
    let (partition, account, region) = PLACE;
    for variable in [partition, account, region] {
        written = written.replace(&format!("${variable}"), variable);
    }
    written.into()
}
