//! `CloudFormation`, and SAM, which is the same with a function that uploads its zip and publishes by itself.

use serde_json::{Map, Value, json};

use super::{cors, map_strings, named, options, patience, secrets, table, tags};
use crate::{
    aws::{
        apigateway::{Checks, Stage, invocation},
        lambda::Configuration,
    },
    deploy::model::{ALIAS, Desired, DesiredRole, POLICY},
    settings::access::Rate,
};

/// `CloudFormation`'s pseudo parameters: partition, account, region.
pub(super) const PLACE: (&str, &str, &str) =
    ("${AWS::Partition}", "${AWS::AccountId}", "${AWS::Region}");

/// Where the function's code is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Code<'a> {
    /// In a bucket that the stack's parameters name.
    Parameters,
    /// Beside the template: `sam deploy` uploads it.
    Serverless {
        /// The file's name.
        zip: &'a str,
    },
}

pub(super) fn document(desired: &Desired, code: &Code<'_>) -> Value {
    let Desired { names, .. } = desired;
    let mut resources = Map::new();
    let mut add = |name: &str, value: Value| {
        resources.insert(name.to_owned(), value);
    };
    if let Some(own) = &desired.main.role {
        add("Role", role(desired, own));
    }
    add(
        "Logs",
        json!({
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "LogGroupName": names.log_group,
                "RetentionInDays": desired.log_retention,
                "Tags": list_of_tags(desired),
            },
        }),
    );
    let alias = match code {
        Code::Parameters => {
            let version = version(desired);
            add("Function", function(desired));
            add(
                &version,
                json!({
                    "Type": "AWS::Lambda::Version",
                    "DeletionPolicy": "Retain",
                    "UpdateReplacePolicy": "Retain",
                    "Properties": {
                        "FunctionName": { "Ref": "Function" },
                        "CodeSha256": desired.code.sha256,
                    },
                }),
            );
            add(
                "Alias",
                json!({
                    "Type": "AWS::Lambda::Alias",
                    "Properties": table([
                        ("Name", json!(ALIAS)),
                        ("FunctionName", json!({ "Ref": "Function" })),
                        ("FunctionVersion", json!({ "Fn::GetAtt": [version, "Version"] })),
                        ("ProvisionedConcurrencyConfig", provisioned(desired)),
                    ]),
                }),
            );
            json!({ "Ref": "Alias" })
        }
        Code::Serverless { zip } => {
            add("Function", serverless(desired, zip));
            json!({ "Ref": "Function.Alias" })
        }
    };
    gateway(desired, &alias, &mut add);
    let mut document = Map::new();
    document.insert("AWSTemplateFormatVersion".to_owned(), json!("2010-09-09"));
    match code {
        Code::Parameters => {
            let parameters = json!({
                "CodeBucket": {
                    "Type": "String",
                    "Description": "The bucket that the zip was uploaded to, in the stack's region",
                },
                "CodeKey": { "Type": "String", "Description": "The zip's key in it" },
            });
            document.insert("Parameters".to_owned(), parameters);
        }
        Code::Serverless { .. } => {
            document.insert("Transform".to_owned(), json!("AWS::Serverless-2016-10-31"));
        }
    }
    let description = format!("{}, stage {}; written by cargo fw", names.app, names.stage);
    document.insert("Description".to_owned(), description.into());
    document.insert("Resources".to_owned(), resources.into());
    document.insert(
        "Outputs".to_owned(),
        json!({ "Url": {
            "Description": "Where the app answers",
            "Value": match desired.http.stage.prefix().as_str() {
                "" => json!({ "Fn::GetAtt": ["Api", "ApiEndpoint"] }),
                prefix => json!({ "Fn::Sub": format!("${{Api.ApiEndpoint}}{prefix}") }),
            },
        } }),
    );
    document.into()
}

fn role(desired: &Desired, own: &DesiredRole) -> Value {
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": table([
            ("RoleName", sub(&own.name)),
            ("AssumeRolePolicyDocument", map_strings(&desired.trust, &sub)),
            ("Policies", json!([{
                "PolicyName": POLICY,
                "PolicyDocument": map_strings(&own.policy, &sub),
            }])),
            ("PermissionsBoundary", json!(desired.boundary)),
            ("Tags", list_of_tags(desired)),
        ]),
    })
}

/// The role that the function runs as: the stack's, or one that the settings name.
fn role_of(desired: &Desired) -> Value {
    match desired.main.role {
        Some(_) => json!({ "Fn::GetAtt": ["Role", "Arn"] }),
        None => json!(desired.main.configuration.role),
    }
}

/// What is provisioned of an alias.
fn provisioned(desired: &Desired) -> Value {
    let count = desired.main.provisioned;
    count.map_or(
        Value::Null,
        |count| json!({ "ProvisionedConcurrentExecutions": count }),
    )
}

fn function(desired: &Desired) -> Value {
    let configuration = &desired.main.configuration;
    json!({
        "Type": "AWS::Lambda::Function",
        "DependsOn": ["Logs"],
        "Properties": table([
            ("FunctionName", json!(desired.names.function)),
            ("Code", json!({
                "S3Bucket": { "Ref": "CodeBucket" },
                "S3Key": { "Ref": "CodeKey" },
            })),
            ("Runtime", json!(configuration.runtime)),
            ("Handler", json!(configuration.handler)),
            ("Architectures", json!([desired.code.architecture.as_str()])),
            ("MemorySize", json!(configuration.memory)),
            ("Timeout", json!(configuration.timeout)),
            ("Environment", table([("Variables", variables(configuration))])),
            ("Role", role_of(desired)),
            ("ReservedConcurrentExecutions", json!(desired.main.reserved)),
            ("Tags", list_of_tags(desired)),
        ].into_iter().chain(options::stack(&configuration.options))),
    })
}

fn serverless(desired: &Desired, zip: &str) -> Value {
    let configuration = &desired.main.configuration;
    json!({
        "Type": "AWS::Serverless::Function",
        "DependsOn": ["Logs"],
        "Properties": table([
            ("FunctionName", json!(desired.names.function)),
            ("CodeUri", json!(zip)),
            ("Runtime", json!(configuration.runtime)),
            ("Handler", json!(configuration.handler)),
            ("Architectures", json!([desired.code.architecture.as_str()])),
            ("MemorySize", json!(configuration.memory)),
            ("Timeout", json!(configuration.timeout)),
            ("Environment", table([("Variables", variables(configuration))])),
            ("Role", role_of(desired)),
            ("ReservedConcurrentExecutions", json!(desired.main.reserved)),
            ("AutoPublishAlias", json!(ALIAS)),
            ("ProvisionedConcurrencyConfig", provisioned(desired)),
            // A changed setting is published too, and not changed code alone.
            ("AutoPublishAliasAllProperties", json!(true)),
            ("Tags", json!(tags(desired))),
        ].into_iter().chain(options::serverless(&configuration.options))),
    })
}

fn gateway(desired: &Desired, alias: &Value, add: &mut impl FnMut(&str, Value)) {
    let tags = json!(tags(desired));
    let api = json!({ "Ref": "Api" });
    add(
        "Api",
        json!({
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": table([
                ("Name", json!(desired.names.function)),
                ("ProtocolType", json!("HTTP")),
                ("CorsConfiguration", cors(desired.cors.as_ref(), [
                    "AllowOrigins", "AllowMethods", "AllowHeaders", "ExposeHeaders", "MaxAge", "AllowCredentials",
                ])),
                ("Tags", tags.clone()),
            ]),
        }),
    );
    add(
        "Integration",
        json!({
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": table([
                ("ApiId", api.clone()),
                ("IntegrationType", json!("AWS_PROXY")),
                ("IntegrationMethod", json!("POST")),
                ("IntegrationUri", alias.clone()),
                ("PayloadFormatVersion", json!(desired.http.format.as_str())),
                ("TimeoutInMillis", patience(desired)),
            ]),
        }),
    );
    add(
        "Permission",
        json!({
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": alias,
                "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": sub(&desired.place.api("${Api}")),
            },
        }),
    );
    for (name, checks) in &desired.http.authorizers {
        add(&named("Authorizer", &[name]), authorizer(name, checks));
    }
    for key in &desired.routes {
        let guard = desired.http.guard(key);
        let authorizer = guard.authorizer();
        let authorizer = authorizer.map(|name| json!({ "Ref": named("Authorizer", &[name]) }));
        add(
            &named("Route", &[key]),
            json!({
                "Type": "AWS::ApiGatewayV2::Route",
                "Properties": table([
                    ("ApiId", api.clone()),
                    ("RouteKey", json!(key)),
                    ("AuthorizationType", json!(guard.kind())),
                    ("AuthorizerId", json!(authorizer)),
                    ("AuthorizationScopes", json!(guard.scopes())),
                    ("Target", json!({ "Fn::Sub": "integrations/${Integration}" })),
                ]),
            }),
        );
    }
    add("Stage", stage(&desired.http.stage, &tags));
}

fn authorizer(name: &str, checks: &Checks) -> Value {
    let properties = match checks {
        Checks::Jwt {
            issuer,
            audience,
            identity,
        } => json!({
            "ApiId": { "Ref": "Api" },
            "Name": name,
            "AuthorizerType": "JWT",
            "IdentitySource": [identity],
            "JwtConfiguration": { "Issuer": issuer, "Audience": audience },
        }),
        Checks::Function {
            function,
            identity,
            ttl,
            format,
            simple,
        } => json!({
            "ApiId": { "Ref": "Api" },
            "Name": name,
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": sub(&invocation(function)),
            "IdentitySource": identity,
            "AuthorizerResultTtlInSeconds": ttl,
            "AuthorizerPayloadFormatVersion": format.as_str(),
            "EnableSimpleResponses": simple,
        }),
    };
    json!({ "Type": "AWS::ApiGatewayV2::Authorizer", "Properties": properties })
}

/// API Gateway knows the buckets of routes that are there only, so the stage comes after them.
fn stage(stage: &Stage, tags: &Value) -> Value {
    let bucket = |rate: &Rate| {
        json!({
            "ThrottlingRateLimit": rate.rate,
            "ThrottlingBurstLimit": rate.burst,
        })
    };
    let routes = stage.routes.iter();
    let routes: Map<String, Value> = routes
        .map(|(key, rate)| (key.clone(), bucket(rate)))
        .collect();
    let after: Vec<String> = stage
        .routes
        .keys()
        .map(|key| named("Route", &[key]))
        .collect();
    table([
        ("Type", json!("AWS::ApiGatewayV2::Stage")),
        ("DependsOn", json!(after)),
        (
            "Properties",
            table([
                ("ApiId", json!({ "Ref": "Api" })),
                ("StageName", json!(stage.name)),
                ("AutoDeploy", json!(stage.auto)),
                ("StageVariables", json!(stage.variables)),
                (
                    "DefaultRouteSettings",
                    json!(stage.throttle.as_ref().map(bucket)),
                ),
                ("RouteSettings", routes.into()),
                ("Tags", tags.clone()),
            ]),
        ),
    ])
}

/// The variables. Their values are taken as they are, and secrets are looked up by the stack.
fn variables(configuration: &Configuration) -> Value {
    map_strings(&json!(configuration.environment), &|value| {
        secrets::stack(value).unwrap_or_else(|| literal(value))
    })
}

/// A version is made once for each name: the name changes with what is in the version.
fn version(desired: &Desired) -> String {
    let configuration = format!("{:?}", desired.main.configuration);
    named("Version", &[&desired.code.sha256, &configuration])
}

fn list_of_tags(desired: &Desired) -> Value {
    tags(desired)
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

/// A text that the stack takes as it is. Only `Fn::Sub` would read `${` in it, but the linter takes it for a mistake.
fn literal(text: &str) -> Value {
    if text.contains("${") {
        json!({ "Fn::Sub": text.replace("${", "${!") })
    } else {
        text.into()
    }
}

/// A text in which the stack fills in what it knows. IAM's own variables, `${aws:username}`, are left to IAM.
fn sub(text: &str) -> Value {
    let ours = ["${AWS::", "${Api}"];
    if !ours.iter().any(|variable| text.contains(variable)) {
        return text.into();
    }
    let mut parts = text.split("${");
    let mut written = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = part.starts_with("AWS::") || part.starts_with("Api}");
        written.push_str(if known { "${" } else { "${!" });
        written.push_str(part);
    }
    json!({ "Fn::Sub": written })
}
