//! What a template makes is what a deploy makes: the planner finds nothing to do in an account made from it.

use std::collections::BTreeMap;

use fw::manifest::Manifest;
use serde_json::{Value, json};

mod options;

use super::{place, template};
use crate::{
    args::PackageFormat,
    aws::{
        Aws as _, Tags,
        apigateway::{ApiGateway as _, Checks, Guard, Stage},
        concurrency::Concurrency as _,
        fake::Fake,
        iam::Iam as _,
        lambda::{Code, Configuration, Grant, Lambda as _},
        logs::Logs as _,
    },
    deploy::{
        self,
        model::{Desired, GRANT, Place},
        plan::plan,
        report,
    },
    settings::{Architecture, Cors, Settings, access::Rate, door::PayloadFormat},
};

const FORMATS: [PackageFormat; 3] = [
    PackageFormat::Cloudformation,
    PackageFormat::Sam,
    PackageFormat::Terraform,
];

/// Settings with everything that a template must carry over, and texts that its language would read as its own.
const ALL: &str = r#"
memory = 512
timeout = 20
architecture = "arm64"
log_retention = 7
ephemeral_storage = 1024
tags = { team = "shop", cost = "a b" }
concurrency = 5
provisioned_concurrency = 2
permissions_boundary = "arn:aws:iam::123456789012:policy/most"
log_format = "json"
system_log_level = "warn"
kms_key = "arn:aws:kms:eu-central-1:123456789012:key/one"
vpc = { subnets = ["subnet-2", "subnet-1"], security_groups = ["sg-1"] }
layers = ["arn:aws:lambda:eu-central-1:123456789012:layer:agent:3"]
tracing = "active"
dead_letter = "arn:aws:sns:eu-central-1:123456789012:failed"
payload_format = "1.0"
stage_name = "v1"
[stage_variables]
table = "notes"
[throttle]
rate = 100.5
burst = 200
[throttle.routes."GET /objects/{key}"]
rate = 5
burst = 10
[jwt.users]
issuer = "https://issuer.example.org/"
audience = ["notes", "more"]
[environment]
TABLE = "notes"
PLAIN = "${AWS::Region} ${data.aws_region.current.name} %{if} $x"
[cors]
allow_origins = ["https://example.org"]
allow_methods = ["GET"]
allow_headers = ["content-type"]
expose_headers = ["etag"]
max_age = 60
allow_credentials = true
[[policy]]
actions = ["s3:GetObject"]
resources = ["arn:aws:s3:::home/${aws:username}/*"]
[[policy]]
effect = "deny"
actions = ["s3:*"]
resources = ["arn:aws:s3:::home/secret"]
"#;

fn settings(text: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fw.toml"), text).unwrap();
    Settings::load(folder.path(), "dev").unwrap()
}

fn manifest(example: &str) -> Manifest {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/");
    let text = std::fs::read_to_string(format!("{path}{example}/manifest.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The same app with each kind of guard.
fn guarded() -> Manifest {
    let mut manifest = manifest("s3test");
    let guards = [
        json!({ "type": "jwt", "name": "users", "scopes": ["notes:read", "notes:all"] }),
        json!({ "type": "iam" }),
    ];
    for (route, guard) in manifest.routes.iter_mut().zip(guards) {
        route.authorization = serde_json::from_value(guard).unwrap();
    }
    manifest
}

fn desired(manifest: &Manifest, settings: &Settings, place: Place) -> Desired {
    let code = Code {
        zip: "the zip".into(),
        sha256: "c2hhMjU2".to_owned(),
        architecture: settings.architecture,
    };
    Desired::new(manifest, settings, code, place).unwrap()
}

fn document(format: PackageFormat, manifest: &Manifest, settings: &Settings) -> Value {
    let desired = desired(manifest, settings, place(format));
    template(format, &desired, "app.zip").unwrap().document
}

/// What a template's own language knows once its resources are made.
struct Known(BTreeMap<&'static str, String>);

impl Known {
    fn new() -> Self {
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

    fn api(&mut self, id: &str) {
        let arn = format!(
            "arn:aws:execute-api:{}:{}:{id}",
            Fake::REGION,
            Fake::ACCOUNT
        );
        self.0.insert("Api", id.to_owned());
        self.0.insert("aws_apigatewayv2_api.app.execution_arn", arn);
    }

    fn get(&self, name: &str) -> String {
        let found = self.0.get(name);
        found
            .unwrap_or_else(|| panic!("nothing is known of `{name}`"))
            .clone()
    }

    /// Fills in variables; `escape` is how a dollar sign is written that is none of a variable's.
    fn fill(&self, text: &str, escape: &str) -> String {
        let mut text = text.replace(escape, "\u{0}");
        while let Some((before, rest)) = text.split_once("${") {
            let (name, after) = rest.split_once('}').unwrap();
            text = format!("{before}{}{after}", self.get(name));
        }
        text.replace('\u{0}', "${").replace("%%{", "%{")
    }

    /// A value of `CloudFormation`'s.
    fn stack(&self, value: &Value) -> Value {
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
    fn terraform(&self, value: &Value) -> Value {
        super::map_strings(value, &|text| self.fill(text, "$${").into())
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn table(value: &Value) -> BTreeMap<String, String> {
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

fn cors(value: &Value, names: [&str; 6]) -> Option<Cors> {
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
struct Said {
    role: (String, Value, Tags),
    boundary: Option<String>,
    /// Reserved and provisioned.
    concurrency: [Option<u32>; 2],
    policy: (String, Value),
    group: (String, u32, Tags),
    function: (String, Configuration, String, Tags),
    api: (String, Option<Cors>, Tags),
    integration: (String, String, String),
    authorizers: BTreeMap<String, Checks>,
    routes: BTreeMap<String, Guard<String>>,
    stage: Stage,
    alias: String,
}

/// `CloudFormation`'s words for a bucket.
const BUCKET: [&str; 2] = ["ThrottlingRateLimit", "ThrottlingBurstLimit"];
/// Terraform's.
const TERRAFORMS_BUCKET: [&str; 2] = ["throttling_rate_limit", "throttling_burst_limit"];

/// A bucket, whatever its words.
fn rate(value: &Value, names: [&str; 2]) -> Option<Rate> {
    value.is_object().then(|| Rate {
        rate: value[names[0]].as_f64().unwrap(),
        burst: number(&value[names[1]]),
    })
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn format_of(value: &Value) -> PayloadFormat {
    serde_json::from_value(value.clone()).unwrap()
}

/// A route's guard; `named` finds the authorizer that a reference means.
fn guard(
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

fn said_by_stack(document: &Value, known: &Known) -> Said {
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

fn said_by_terraform(document: &Value, known: &Known) -> Said {
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

/// An account that was made from a template: what it says, and nothing else.
async fn made(format: PackageFormat, document: &Value) -> Fake {
    let fake = Fake::default();
    let mut known = Known::new();
    // The API's id is known before it is made: the account's first.
    let id = {
        let probe = Fake::default();
        probe.create_api("x", None, &Tags::new()).await.unwrap().id
    };
    known.api(&id);
    let (said, source) = if format == PackageFormat::Terraform {
        let source = &document["resource"]["aws_lambda_permission"]["app"]["source_arn"];
        (said_by_terraform(document, &known), known.terraform(source))
    } else {
        let source = &document["Resources"]["Permission"]["Properties"]["SourceArn"];
        (said_by_stack(document, &known), known.stack(source))
    };
    let (name, trust, tags) = &said.role;
    fake.create_role(name, trust, said.boundary.as_deref(), tags)
        .await
        .unwrap();
    fake.put_role_policy(name, &said.policy.0, &said.policy.1)
        .await
        .unwrap();
    let (group, days, tags) = &said.group;
    fake.create_log_group(group, tags).await.unwrap();
    fake.put_retention(group, *days).await.unwrap();
    let (function, configuration, architecture, tags) = &said.function;
    let code = Code {
        zip: "the zip".into(),
        sha256: "c2hhMjU2".to_owned(),
        architecture: match architecture.as_str() {
            "arm64" => Architecture::Arm64,
            _ => Architecture::X86_64,
        },
    };
    let (api_name, api_cors, api_tags) = &said.api;
    let api = fake
        .create_api(api_name, api_cors.as_ref(), api_tags)
        .await
        .unwrap();
    assert_eq!(api.id, id);
    fake.create_function(function, &code, configuration, tags)
        .await
        .unwrap();
    let version = fake.publish_version(function, &code.sha256).await.unwrap();
    fake.create_alias(function, &said.alias, &version)
        .await
        .unwrap();
    let [reserved, provisioned] = said.concurrency;
    if reserved.is_some() {
        fake.reserve(function, reserved).await.unwrap();
        fake.provision(function, &said.alias, provisioned)
            .await
            .unwrap();
    }
    let (uri, kind, payload) = &said.integration;
    assert_eq!(kind, "AWS_PROXY");
    let format = format_of(&json!(payload));
    let integration = fake.create_integration(&id, uri, format).await.unwrap();
    let mut ids = BTreeMap::new();
    for (name, checks) in &said.authorizers {
        let made = fake.create_authorizer(&id, name, checks).await.unwrap();
        ids.insert(name.clone(), made);
    }
    for (key, guard) in &said.routes {
        let guard = guard.try_map(|name| ids.get(name).cloned().ok_or(()));
        fake.create_route(&id, key, &integration, &guard.unwrap())
            .await
            .unwrap();
    }
    fake.create_stage(&id, &said.stage, api_tags).await.unwrap();
    // CloudFormation names the statement itself.
    let grant = Grant::of_api(GRANT, text(&source));
    fake.add_permission(function, &said.alias, &grant)
        .await
        .unwrap();
    fake
}

#[test]
fn a_template_makes_what_a_deploy_makes() {
    for (manifest, with) in [(manifest("s3test"), ""), (guarded(), ALL)] {
        let settings = settings(with);
        for format in FORMATS {
            let document = document(format, &manifest, &settings);
            deploy::block_on(async {
                let fake = made(format, &document).await;
                let place = deploy::place(&fake).await.unwrap();
                assert_eq!(place.region, fake.region());
                let desired = desired(&manifest, &settings, place);
                let actual = deploy::observe(&fake, &desired.names).await.unwrap();
                let plan = plan(&desired, &actual);
                assert!(plan.is_empty(), "{format:?}: {:#?}", report::lines(&plan));
                Ok(())
            })
            .unwrap();
        }
    }
}

#[test]
fn a_template_names_secrets_and_never_holds_them() {
    let settings = settings(
        "[environment]\nONE = \"secret:db\"\nTWO = \"secret:db#password\"\nTHREE = \"secret:ssm:/token\"",
    );
    let manifest = manifest("hello");
    for format in [PackageFormat::Cloudformation, PackageFormat::Sam] {
        let document = document(format, &manifest, &settings);
        assert_eq!(
            document["Resources"]["Function"]["Properties"]["Environment"]["Variables"],
            json!({
                "ONE": "{{resolve:secretsmanager:db:SecretString}}",
                "TWO": "{{resolve:secretsmanager:db:SecretString:password}}",
                "THREE": "{{resolve:ssm:/token}}",
            })
        );
    }
    let document = document(PackageFormat::Terraform, &manifest, &settings);
    assert_eq!(
        document["resource"]["aws_lambda_function"]["app"]["environment"]["variables"],
        json!({
            "ONE": "${data.aws_secretsmanager_secret_version.ONE.secret_string}",
            "TWO": "${jsondecode(data.aws_secretsmanager_secret_version.TWO.secret_string)[\"password\"]}",
            "THREE": "${data.aws_ssm_parameter.THREE.value}",
        })
    );
    let data = &document["data"];
    assert_eq!(data["aws_ssm_parameter"]["THREE"]["name"], "/token");
    assert_eq!(
        data["aws_secretsmanager_secret_version"]["TWO"]["secret_id"],
        "db"
    );
}

#[test]
fn a_stack_publishes_a_version_for_each_change_and_not_otherwise() {
    let manifest = manifest("hello");
    let versions = |with: &str| {
        let document = document(PackageFormat::Cloudformation, &manifest, &settings(with));
        let resources = document["Resources"].as_object().unwrap().clone();
        let names = resources.into_iter().map(|(name, _)| name);
        names
            .filter(|name| name.starts_with("Version"))
            .collect::<Vec<_>>()
    };
    assert_eq!(versions("").len(), 1);
    assert_eq!(versions(""), versions("log_retention = 7"));
    assert_ne!(versions(""), versions("memory = 256"));
}

/// Every resource that a Terraform document speaks of is in it.
#[test]
fn terraform_speaks_of_nothing_that_is_not_there() {
    let document = document(PackageFormat::Terraform, &guarded(), &settings(ALL));
    let text = document.to_string().replace("$${", "");
    let mut seen = 0;
    for variable in text.split("${").skip(1) {
        let name = variable.split('}').next().unwrap();
        let mut parts = name.split('.');
        let (one, two, three) = (parts.next().unwrap(), parts.next().unwrap(), parts.next());
        let found = match one {
            "path" => two == "module",
            "data" => document["data"][two][three.unwrap()].is_object(),
            kind => document["resource"][kind][two].is_object(),
        };
        assert!(found, "{name}");
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
}

/// One file per example and format: a change of a template shows in a review.
#[test]
fn the_examples_templates_are_pinned() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/package/");
    for example in ["hello", "s3test"] {
        let folder = format!("{}/../examples/{example}", env!("CARGO_MANIFEST_DIR"));
        let mut settings = Settings::load(folder.as_ref(), "dev").unwrap();
        // The host's, unless it is set: the same files on every machine.
        settings.architecture = Architecture::Arm64;
        for format in FORMATS {
            let desired = desired(&manifest(example), &settings, place(format));
            let text = template(format, &desired, "app.zip")
                .unwrap()
                .text()
                .unwrap();
            let path = format!(
                "{root}{}",
                format!("{example}.{format:?}.json").to_lowercase()
            );
            if std::env::var_os("FW_BLESS").is_some() {
                std::fs::create_dir_all(root).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let pinned = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                text == pinned,
                "{path} is not what is written now; `FW_BLESS=1` writes it, for `git diff` to show:\n{text}"
            );
        }
    }
}
