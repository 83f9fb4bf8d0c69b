//! Terraform, and `OpenTofu`, in their JSON syntax, with the AWS provider's resources.

use serde_json::{Map, Value, json};

use super::{cors, named, options, patience, secrets, table, tags};
use crate::{
    aws::apigateway::{Checks, Stage, invocation},
    deploy::model::{ALIAS, Desired, GRANT, POLICY},
    settings::access::Rate,
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
            let guard = desired.http.guard(key);
            let authorizer = guard.authorizer().map(|name| {
                let name = named("authorizer_", &[name]);
                format!("${{aws_apigatewayv2_authorizer.{name}.id}}")
            });
            let route = table([
                ("api_id", json!("${aws_apigatewayv2_api.app.id}")),
                ("route_key", literal(key)),
                ("authorization_type", json!(guard.kind())),
                ("authorizer_id", json!(authorizer)),
                ("authorization_scopes", json!(guard.scopes())),
                (
                    "target",
                    json!("integrations/${aws_apigatewayv2_integration.app.id}"),
                ),
            ]);
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
    let mut document = json!({
        "terraform": {
            "required_providers": { "aws": { "source": "hashicorp/aws", "version": ">= 5.0" } },
        },
        "data": data,
        "resource": {
            "aws_iam_role": {},
            "aws_iam_role_policy": {},
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
                ("reserved_concurrent_executions", json!(desired.main.reserved)),
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
            "aws_apigatewayv2_integration": { "app": table([
                ("api_id", json!("${aws_apigatewayv2_api.app.id}")),
                ("integration_type", json!("AWS_PROXY")),
                ("integration_method", json!("POST")),
                ("integration_uri", json!("${aws_lambda_alias.live.arn}")),
                ("payload_format_version", json!(desired.http.format.as_str())),
                ("timeout_milliseconds", patience(desired)),
            ]) },
            "aws_apigatewayv2_route": routes,
            "aws_apigatewayv2_authorizer": authorizers(desired),
            "aws_apigatewayv2_stage": { "app": stage(&desired.http.stage, &tags) },
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
            "value": format!("${{aws_apigatewayv2_api.app.api_endpoint}}{}", desired.http.stage.prefix()),
        } },
    });
    let resources = &mut document["resource"];
    if let Some(count) = desired.main.provisioned {
        resources["aws_lambda_provisioned_concurrency_config"] = json!({ "live": {
            "function_name": "${aws_lambda_function.app.function_name}",
            "qualifier": "${aws_lambda_alias.live.name}",
            "provisioned_concurrent_executions": count,
        } });
    }
    if let Some(own) = &desired.main.role {
        resources["aws_iam_role"]["app"] = table([
            ("name", placed(&own.name)),
            ("assume_role_policy", placed(&desired.trust.to_string())),
            ("tags", tags.clone()),
            ("permissions_boundary", json!(desired.boundary)),
        ]);
        resources["aws_iam_role_policy"]["app"] = json!({
            "name": POLICY,
            "role": "${aws_iam_role.app.id}",
            "policy": placed(&own.policy.to_string()),
        });
    } else {
        let function = &mut resources["aws_lambda_function"]["app"];
        function["role"] = json!(configuration.role);
        function["depends_on"] = json!(["aws_cloudwatch_log_group.app"]);
    }
    if let Some(resources) = document["resource"].as_object_mut() {
        resources.retain(|_, found| *found != json!({}));
    }
    document
}

fn authorizers(desired: &Desired) -> Map<String, Value> {
    let all = desired.http.authorizers.iter();
    all.map(|(name, checks)| (named("authorizer_", &[name]), authorizer(name, checks)))
        .collect()
}

fn authorizer(name: &str, checks: &Checks) -> Value {
    match checks {
        Checks::Jwt {
            issuer,
            audience,
            identity,
        } => json!({
            "api_id": "${aws_apigatewayv2_api.app.id}",
            "name": name,
            "authorizer_type": "JWT",
            "identity_sources": [literal(identity)],
            "jwt_configuration": [{ "issuer": literal(issuer), "audience": audience }],
        }),
        Checks::Function {
            function,
            identity,
            ttl,
            format,
            simple,
        } => json!({
            "api_id": "${aws_apigatewayv2_api.app.id}",
            "name": name,
            "authorizer_type": "REQUEST",
            "authorizer_uri": placed(&invocation(function)),
            "identity_sources": identity,
            "authorizer_result_ttl_in_seconds": ttl,
            "authorizer_payload_format_version": format.as_str(),
            "enable_simple_responses": simple,
        }),
    }
}

/// API Gateway knows the buckets of routes that are there only, so the stage comes after them.
fn stage(stage: &Stage, tags: &Value) -> Value {
    let bucket = |rate: &Rate| {
        json!({
            "throttling_rate_limit": rate.rate,
            "throttling_burst_limit": rate.burst,
        })
    };
    let routes = stage.routes.iter().map(|(key, rate)| {
        let mut settings = bucket(rate);
        settings["route_key"] = literal(key);
        settings
    });
    let routes: Vec<Value> = routes.collect();
    let after = match routes.is_empty() {
        true => Value::Null,
        false => json!(["aws_apigatewayv2_route"]),
    };
    table([
        ("api_id", json!("${aws_apigatewayv2_api.app.id}")),
        ("name", json!(stage.name)),
        ("auto_deploy", json!(stage.auto)),
        (
            "stage_variables",
            super::map_strings(&json!(stage.variables), &literal),
        ),
        (
            "default_route_settings",
            json!(stage.throttle.as_ref().map(bucket)),
        ),
        ("route_settings", routes.into()),
        ("depends_on", after),
        ("tags", tags.clone()),
    ])
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
