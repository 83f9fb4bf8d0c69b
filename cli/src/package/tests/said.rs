//! What a template says, read by somebody who knows its language and not how it was written.

use super::*;
use crate::package::map_strings;

/// What a template's own language knows once its resources are made.
pub(super) struct Known(BTreeMap<&'static str, String>);

impl Known {
    pub(super) fn new() -> Self {
        let account = Fake::ACCOUNT;
        let region = Fake::REGION;
        let function = format!("arn:aws:lambda:{region}:{account}:function:s3test-dev");
        let role = format!("arn:aws:iam::{account}:role/s3test-dev-{region}");
        Self(BTreeMap::from([
            ("AWS::Partition", "aws".to_owned()),
            ("AWS::AccountId", account.to_owned()),
            ("AWS::Region", region.to_owned()),
            ("Role.Arn", role.clone()),
            ("Alias", format!("{function}:live")),
            ("Function.Alias", format!("{function}:live")),
            ("data.aws_partition.current.partition", "aws".to_owned()),
            (
                "data.aws_caller_identity.current.account_id",
                account.to_owned(),
            ),
            ("data.aws_region.current.name", region.to_owned()),
            ("aws_iam_role.app.arn", role),
            ("aws_lambda_alias.live.arn", format!("{function}:live")),
        ]))
    }

    pub(super) fn api(&mut self, id: &str) {
        let arn = format!(
            "arn:aws:execute-api:{}:{}:{id}",
            Fake::REGION,
            Fake::ACCOUNT
        );
        self.0.insert("Api", id.to_owned());
        self.0.insert("aws_apigatewayv2_api.app.execution_arn", arn);
    }

    pub(super) fn get(&self, name: &str) -> String {
        let found = self.0.get(name);
        found
            .unwrap_or_else(|| panic!("nothing is known of `{name}`"))
            .clone()
    }

    /// Fills in variables; `escape` is how a dollar sign is written that is none of a variable's.
    pub(super) fn fill(&self, text: &str, escape: &str) -> String {
        let mut text = text.replace(escape, "\u{0}");
        while let Some((before, rest)) = text.split_once("${") {
            let (name, after) = rest.split_once('}').unwrap();
            text = format!("{before}{}{after}", self.get(name));
        }
        text.replace('\u{0}', "${").replace("%%{", "%{")
    }

    /// A value of `CloudFormation`'s.
    pub(super) fn stack(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) if map.len() == 1 => {
                let (key, inner) = map.iter().next().unwrap();
                match key.as_str() {
                    "Ref" => self.get(inner.as_str().unwrap()).into(),
                    "Fn::Sub" => self.fill(inner.as_str().unwrap(), "${!").into(),
                    "Fn::GetAtt" => {
                        let name = format!(
                            "{}.{}",
                            inner[0].as_str().unwrap(),
                            inner[1].as_str().unwrap()
                        );
                        self.get(&name).into()
                    }
                    _ => json!({ key: self.stack(inner) }),
                }
            }
            Value::Object(map) => map
                .iter()
                .map(|(key, inner)| (key.clone(), self.stack(inner)))
                .collect(),
            Value::Array(list) => list.iter().map(|one| self.stack(one)).collect(),
            other => other.clone(),
        }
    }

    /// A value of Terraform's.
    pub(super) fn terraform(&self, value: &Value) -> Value {
        map_strings(value, &|text| self.fill(text, "$${").into())
    }
}

pub(super) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

pub(super) fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

pub(super) fn table(value: &Value) -> BTreeMap<String, String> {
    match value {
        Value::Array(list) => list
            .iter()
            .map(|tag| (text(&tag["Key"]), text(&tag["Value"])))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), text(value)))
            .collect(),
        _ => BTreeMap::new(),
    }
}

pub(super) fn cors(value: &Value, names: [&str; 6]) -> Option<Cors> {
    value.is_object().then(|| {
        let list = |name: &str| {
            let list = value[name].as_array().cloned().unwrap_or_default();
            list.iter().map(text).collect::<Vec<_>>()
        };
        Cors {
            allow_origins: list(names[0]),
            allow_methods: list(names[1]),
            allow_headers: list(names[2]),
            expose_headers: list(names[3]),
            max_age: value.get(names[4]).map(number),
            allow_credentials: value[names[5]] == true,
        }
    })
}

/// What a template says, whatever its language.
pub(super) struct Said {
    pub(super) role: (String, Value, Tags),
    pub(super) boundary: Option<String>,
    /// Reserved and provisioned.
    pub(super) concurrency: [Option<u32>; 2],
    pub(super) policy: (String, Value),
    pub(super) group: (String, u32, Tags),
    pub(super) function: (String, Configuration, String, Tags),
    pub(super) api: (String, Option<Cors>, Tags),
    pub(super) integration: (String, String, String),
    /// In milliseconds, where something is said.
    pub(super) patience: Option<u32>,
    pub(super) authorizers: BTreeMap<String, Checks>,
    pub(super) routes: BTreeMap<String, Guard<String>>,
    pub(super) stage: Stage,
    pub(super) alias: String,
}

/// `CloudFormation`'s words for a bucket.
pub(super) const BUCKET: [&str; 2] = ["ThrottlingRateLimit", "ThrottlingBurstLimit"];
/// Terraform's.
pub(super) const TERRAFORMS_BUCKET: [&str; 2] = ["throttling_rate_limit", "throttling_burst_limit"];

/// A bucket, whatever its words.
pub(super) fn rate(value: &Value, names: [&str; 2]) -> Option<Rate> {
    value.is_object().then(|| Rate {
        rate: value[names[0]].as_f64().unwrap(),
        burst: number(&value[names[1]]),
    })
}

pub(super) fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

pub(super) fn format_of(value: &Value) -> PayloadFormat {
    serde_json::from_value(value.clone()).unwrap()
}

/// A route's guard; `named` finds the authorizer that a reference means.
pub(super) fn guard(
    kind: &Value,
    authorizer: &Value,
    scopes: &Value,
    named: impl Fn(&Value) -> String,
) -> Guard<String> {
    match text(kind).as_str() {
        "NONE" => Guard::Open,
        "AWS_IAM" => Guard::Iam,
        "JWT" => Guard::Jwt(named(authorizer), texts(scopes).into_iter().collect()),
        "CUSTOM" => Guard::Lambda(named(authorizer)),
        other => panic!("no such guard: {other}"),
    }
}

pub(super) fn said_by_stack(document: &Value, known: &Known) -> Said {
    let of = |name: &str| known.stack(&document["Resources"][name]["Properties"]);
    let role = known.stack(&document["Resources"]["Role"]["Properties"]);
    let (group, api, integration, stage) = (of("Logs"), of("Api"), of("Integration"), of("Stage"));
    // Its code is the stack's parameters' business.
    let mut function = document["Resources"]["Function"]["Properties"].clone();
    function.as_object_mut().unwrap().remove("Code");
    let variables = known.stack(&function["Environment"]["Variables"]);
    function.as_object_mut().unwrap().remove("Environment");
    let function = known.stack(&function);
    let resources = document["Resources"].as_object().unwrap();
    let of_type = |kind: &'static str| {
        let all = resources.iter();
        all.filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.clone(), &resource["Properties"]))
    };
    let authorizers: BTreeMap<String, (String, Checks)> = of_type("AWS::ApiGatewayV2::Authorizer")
        .map(|(logical, said)| {
            assert_eq!(said["ApiId"], json!({ "Ref": "Api" }));
            let identity = texts(&said["IdentitySource"]);
            let checks = match text(&said["AuthorizerType"]).as_str() {
                "JWT" => Checks::Jwt {
                    issuer: text(&said["JwtConfiguration"]["Issuer"]),
                    audience: texts(&said["JwtConfiguration"]["Audience"]),
                    identity: identity[0].clone(),
                },
                other => panic!("no such authorizer: {other}"),
            };
            (logical, (text(&said["Name"]), checks))
        })
        .collect();
    let routes = of_type("AWS::ApiGatewayV2::Route");
    let alias = &resources.get("Alias").unwrap_or(&Value::Null)["Properties"];
    let provisioned = [alias, &function]
        .map(|one| &one["ProvisionedConcurrencyConfig"])
        .into_iter()
        .find(|one| one.is_object())
        .cloned()
        .unwrap_or_default();
    let alias = match &resources["Function"]["Type"] {
        kind if kind == "AWS::Serverless::Function" => function["AutoPublishAlias"].clone(),
        _ => resources["Alias"]["Properties"]["Name"].clone(),
    };
    Said {
        role: (
            text(&role["RoleName"]),
            role["AssumeRolePolicyDocument"].clone(),
            table(&role["Tags"]),
        ),
        boundary: role["PermissionsBoundary"].as_str().map(str::to_owned),
        concurrency: [
            &function["ReservedConcurrentExecutions"],
            &provisioned["ProvisionedConcurrentExecutions"],
        ]
        .map(|count| count.is_u64().then(|| number(count))),
        policy: (
            text(&role["Policies"][0]["PolicyName"]),
            role["Policies"][0]["PolicyDocument"].clone(),
        ),
        group: (
            text(&group["LogGroupName"]),
            number(&group["RetentionInDays"]),
            table(&group["Tags"]),
        ),
        function: (
            text(&function["FunctionName"]),
            Configuration {
                role: text(&function["Role"]),
                runtime: text(&function["Runtime"]),
                handler: text(&function["Handler"]),
                memory: number(&function["MemorySize"]),
                timeout: number(&function["Timeout"]),
                environment: table(&variables),
                options: options::of_stack(&function),
            },
            text(&function["Architectures"][0]),
            table(&function["Tags"]),
        ),
        api: (
            text(&api["Name"]),
            cors(
                &api["CorsConfiguration"],
                [
                    "AllowOrigins",
                    "AllowMethods",
                    "AllowHeaders",
                    "ExposeHeaders",
                    "MaxAge",
                    "AllowCredentials",
                ],
            ),
            table(&api["Tags"]),
        ),
        integration: (
            text(&integration["IntegrationUri"]),
            text(&integration["IntegrationType"]),
            text(&integration["PayloadFormatVersion"]),
        ),
        patience: integration.get("TimeoutInMillis").map(number),
        routes: routes
            .map(|(_, route)| {
                let named = |value: &Value| authorizers[&text(&value["Ref"])].0.clone();
                let guard = guard(
                    &route["AuthorizationType"],
                    &route["AuthorizerId"],
                    &route["AuthorizationScopes"],
                    named,
                );
                (text(&route["RouteKey"]), guard)
            })
            .collect(),
        authorizers: authorizers.values().cloned().collect(),
        stage: Stage {
            name: text(&stage["StageName"]),
            auto: stage["AutoDeploy"] == true,
            variables: table(&stage["StageVariables"]),
            throttle: rate(&stage["DefaultRouteSettings"], BUCKET),
            routes: stage["RouteSettings"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(key, said)| (key.clone(), rate(said, BUCKET).unwrap()))
                .collect(),
            log: None,
        },
        alias: text(&alias),
    }
}

pub(super) fn said_by_terraform(document: &Value, known: &Known) -> Said {
    let of = |kind: &str, fields: &[&str]| {
        let resource = &document["resource"][kind]["app"];
        let pairs = fields
            .iter()
            .map(|&field| (field.to_owned(), known.terraform(&resource[field])));
        Value::Object(pairs.collect())
    };
    let json_of = |value: &Value| serde_json::from_str::<Value>(value.as_str().unwrap()).unwrap();
    let role = of(
        "aws_iam_role",
        &["name", "assume_role_policy", "permissions_boundary", "tags"],
    );
    let provisioned = &document["resource"]["aws_lambda_provisioned_concurrency_config"]["live"];
    let policy = of("aws_iam_role_policy", &["name", "policy"]);
    let group = of(
        "aws_cloudwatch_log_group",
        &["name", "retention_in_days", "tags"],
    );
    let function = of(
        "aws_lambda_function",
        &[
            "function_name",
            "role",
            "runtime",
            "handler",
            "memory_size",
            "timeout",
            "environment",
            "architectures",
            "reserved_concurrent_executions",
            "ephemeral_storage",
            "logging_config",
            "kms_key_arn",
            "vpc_config",
            "layers",
            "tracing_config",
            "dead_letter_config",
            "tags",
        ],
    );
    let api = of(
        "aws_apigatewayv2_api",
        &["name", "cors_configuration", "tags"],
    );
    let integration = of(
        "aws_apigatewayv2_integration",
        &[
            "integration_uri",
            "integration_type",
            "payload_format_version",
            "timeout_milliseconds",
        ],
    );
    let stage = of(
        "aws_apigatewayv2_stage",
        &[
            "name",
            "auto_deploy",
            "stage_variables",
            "default_route_settings",
            "route_settings",
        ],
    );
    let authorizers = document["resource"]["aws_apigatewayv2_authorizer"].as_object();
    let authorizers: BTreeMap<String, (String, Checks)> = authorizers
        .into_iter()
        .flatten()
        .map(|(logical, said)| {
            let mut said = said.clone();
            said.as_object_mut().unwrap().remove("api_id");
            let said = known.terraform(&said);
            let identity = texts(&said["identity_sources"]);
            let checks = match text(&said["authorizer_type"]).as_str() {
                "JWT" => Checks::Jwt {
                    issuer: text(&said["jwt_configuration"][0]["issuer"]),
                    audience: texts(&said["jwt_configuration"][0]["audience"]),
                    identity: identity[0].clone(),
                },
                other => panic!("no such authorizer: {other}"),
            };
            let reference = format!("${{aws_apigatewayv2_authorizer.{logical}.id}}");
            (reference, (text(&said["name"]), checks))
        })
        .collect();
    let routes = document["resource"]["aws_apigatewayv2_route"]
        .as_object()
        .unwrap();
    Said {
        role: (
            text(&role["name"]),
            json_of(&role["assume_role_policy"]),
            table(&role["tags"]),
        ),
        boundary: role["permissions_boundary"].as_str().map(str::to_owned),
        concurrency: [
            &function["reserved_concurrent_executions"],
            &provisioned["provisioned_concurrent_executions"],
        ]
        .map(|count| count.is_u64().then(|| number(count))),
        policy: (text(&policy["name"]), json_of(&policy["policy"])),
        group: (
            text(&group["name"]),
            number(&group["retention_in_days"]),
            table(&group["tags"]),
        ),
        function: (
            text(&function["function_name"]),
            Configuration {
                role: text(&function["role"]),
                runtime: text(&function["runtime"]),
                handler: text(&function["handler"]),
                memory: number(&function["memory_size"]),
                timeout: number(&function["timeout"]),
                environment: table(&function["environment"]["variables"]),
                options: options::of_terraform(&function),
            },
            text(&function["architectures"][0]),
            table(&function["tags"]),
        ),
        api: (
            text(&api["name"]),
            cors(
                &api["cors_configuration"],
                [
                    "allow_origins",
                    "allow_methods",
                    "allow_headers",
                    "expose_headers",
                    "max_age",
                    "allow_credentials",
                ],
            ),
            table(&api["tags"]),
        ),
        integration: (
            text(&integration["integration_uri"]),
            text(&integration["integration_type"]),
            text(&integration["payload_format_version"]),
        ),
        patience: integration["timeout_milliseconds"]
            .is_u64()
            .then(|| number(&integration["timeout_milliseconds"])),
        routes: routes
            .values()
            .map(|route| {
                let guard = guard(
                    &route["authorization_type"],
                    &route["authorizer_id"],
                    &route["authorization_scopes"],
                    |value| authorizers[&text(value)].0.clone(),
                );
                (text(&known.terraform(&route["route_key"])), guard)
            })
            .collect(),
        authorizers: authorizers.values().cloned().collect(),
        stage: Stage {
            name: text(&stage["name"]),
            auto: stage["auto_deploy"] == true,
            variables: table(&stage["stage_variables"]),
            throttle: rate(&stage["default_route_settings"], TERRAFORMS_BUCKET),
            routes: stage["route_settings"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|said| {
                    let key = text(&said["route_key"]);
                    (key, rate(said, TERRAFORMS_BUCKET).unwrap())
                })
                .collect(),
            log: None,
        },
        alias: text(&document["resource"]["aws_lambda_alias"]["live"]["name"]),
    }
}
