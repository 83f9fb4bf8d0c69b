//! `CloudFormation`, and SAM.

use super::*;

const BUCKET: [&str; 2] = ["ThrottlingRateLimit", "ThrottlingBurstLimit"];
const LOG: [&str; 2] = ["DestinationArn", "Format"];
const QUEUE: [&str; 9] = [
    "QueueName",
    "FifoQueue",
    "VisibilityTimeout",
    "DelaySeconds",
    "MessageRetentionPeriod",
    "RedrivePolicy",
    "ContentBasedDeduplication",
    "KmsMasterKeyId",
    "SqsManagedSseEnabled",
];
const MAPPING: [&str; 14] = [
    "EventSourceArn",
    "FunctionName",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FilterCriteria",
    "Filters",
    "Pattern",
    "ScalingConfig",
    "MaximumConcurrency",
    "ProvisionedPollerConfig",
    "MinimumPollers",
    "MaximumPollers",
    "FunctionResponseTypes",
    "Enabled",
];
const EVENTS: [&str; 8] = [
    "FunctionName",
    "Qualifier",
    "MaximumRetryAttempts",
    "MaximumEventAgeInSeconds",
    "DestinationConfig",
    "OnSuccess",
    "OnFailure",
    "Destination",
];
const TOPIC: [&str; 4] = [
    "TopicName",
    "FifoTopic",
    "ContentBasedDeduplication",
    "KmsMasterKeyId",
];
const SUBSCRIPTION: [&str; 7] = [
    "TopicArn",
    "Protocol",
    "Endpoint",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
];
const CORS: [&str; 6] = [
    "AllowOrigins",
    "AllowMethods",
    "AllowHeaders",
    "ExposeHeaders",
    "MaxAge",
    "AllowCredentials",
];

/// A template's resources, read with what they know of each other.
struct Reader<'a> {
    resources: &'a serde_json::Map<String, Value>,
    known: Known,
}

impl<'a> Reader<'a> {
    fn new(document: &'a Value, api: &str) -> Self {
        let resources = document["Resources"].as_object().unwrap();
        let mut known = Known(BTreeMap::new());
        known.set("AWS::Partition", "aws");
        known.set("AWS::AccountId", Fake::ACCOUNT);
        known.set("AWS::Region", Fake::REGION);
        known.set("Api", api);
        let parameters = document["Parameters"].as_object();
        for (name, parameter) in parameters.into_iter().flatten() {
            match parameter["NoEcho"] == true {
                true => known.set(name, SECRET),
                false => known.set(name, format!("the {name}")),
            }
        }
        let mut reader = Self { resources, known };
        let roles = reader.of("AWS::IAM::Role").collect::<Vec<_>>();
        for (id, role) in roles {
            let name = text(&reader.value(&role["RoleName"]));
            reader.known.set(format!("{id}.Arn"), Known::role(&name));
        }
        for (id, queue) in reader.of("AWS::SQS::Queue").collect::<Vec<_>>() {
            let arn = queue_arn(&text(&queue["QueueName"]));
            reader.known.set(id, queue_url(&arn));
            reader.known.set(format!("{id}.Arn"), arn);
        }
        for (id, bus) in reader.of("AWS::Events::EventBus").collect::<Vec<_>>() {
            let name = text(&bus["Name"]);
            reader.known.set(format!("{id}.Arn"), bus_arn(&name));
            reader.known.set(id, name);
        }
        for (id, group) in reader
            .of("AWS::Scheduler::ScheduleGroup")
            .collect::<Vec<_>>()
        {
            reader.known.set(id, text(&group["Name"]));
        }
        for (id, topic) in reader.of("AWS::SNS::Topic").collect::<Vec<_>>() {
            let arn = topic_arn(&text(&topic["TopicName"]));
            reader.known.set(id, arn);
        }
        for kind in ["AWS::Lambda::Function", "AWS::Serverless::Function"] {
            for (id, function) in reader.of(kind).collect::<Vec<_>>() {
                let name = text(&function["FunctionName"]);
                if let Some(alias) = function["AutoPublishAlias"].as_str() {
                    let arn = Known::alias(&name, alias);
                    reader.known.set(format!("{id}.Alias"), arn);
                }
                reader.known.set(id, name);
            }
        }
        for (id, alias) in reader.of("AWS::Lambda::Alias").collect::<Vec<_>>() {
            let function = text(&reader.value(&alias["FunctionName"]));
            let arn = Known::alias(&function, &text(&alias["Name"]));
            reader.known.set(id, arn);
        }
        reader
    }

    /// What there is of a kind, by the stack's name.
    fn of(&self, kind: &str) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let kind = kind.to_owned();
        let all = self.resources.iter();
        all.filter(move |(_, resource)| resource["Type"] == kind)
            .map(|(name, resource)| (name.as_str(), &resource["Properties"]))
    }

    fn all(&self, kind: &str) -> Vec<Value> {
        self.of(kind).map(|(_, said)| self.value(said)).collect()
    }

    fn one(&self, kind: &str) -> Value {
        let mut all = self.all(kind);
        assert_eq!(all.len(), 1, "{kind}");
        all.remove(0)
    }

    /// A value, with what the stack fills in; what refers to resources that nobody knows the ids of stays.
    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) if map.len() == 1 => {
                let (key, inner) = map.iter().next().unwrap();
                match key.as_str() {
                    "Ref" => {
                        let name = inner.as_str().unwrap();
                        match self.known.0.get(name) {
                            Some(known) => known.as_str().into(),
                            None => {
                                assert!(self.resources.contains_key(name), "{name}");
                                value.clone()
                            }
                        }
                    }
                    "Fn::Sub" if inner == "integrations/${Integration}" => value.clone(),
                    "Fn::Sub" => self.known.fill(inner.as_str().unwrap(), "${!").into(),
                    "Fn::GetAtt" if inner[1] == "Version" => value.clone(),
                    "Fn::GetAtt" => {
                        let name = format!("{}.{}", text(&inner[0]), text(&inner[1]));
                        self.known.get(&name).into()
                    }
                    _ => json!({ key: self.value(inner) }),
                }
            }
            Value::Object(map) => map
                .iter()
                .map(|(key, inner)| (key.clone(), self.value(inner)))
                .collect(),
            Value::Array(list) => list.iter().map(|one| self.value(one)).collect(),
            other => other.clone(),
        }
    }

    fn functions(&self) -> Vec<SaidFunction> {
        let mut all = Vec::new();
        for (id, said) in self.of("AWS::Serverless::Function") {
            let alias = text(&said["AutoPublishAlias"]);
            let provisioned = said["ProvisionedConcurrencyConfig"].clone();
            all.push(self.function(id, said, alias, &provisioned));
        }
        let aliases: Vec<_> = self.of("AWS::Lambda::Alias").collect();
        for (id, said) in self.of("AWS::Lambda::Function") {
            let function = json!({ "Ref": id });
            let alias = aliases
                .iter()
                .find(|(_, alias)| alias["FunctionName"] == function);
            let alias = alias.unwrap().1;
            // It serves a version of this function and of no other.
            let version = text(&alias["FunctionVersion"]["Fn::GetAtt"][0]);
            let version = &self.resources[&version];
            assert_eq!(version["Type"], "AWS::Lambda::Version");
            assert_eq!(version["Properties"]["FunctionName"], function);
            let provisioned = alias["ProvisionedConcurrencyConfig"].clone();
            all.push(self.function(id, said, text(&alias["Name"]), &provisioned));
        }
        all
    }

    fn function(&self, id: &str, said: &Value, alias: String, provisioned: &Value) -> SaidFunction {
        let after = texts(&self.resources[id]["DependsOn"]);
        let name = text(&said["FunctionName"]);
        let group = after.iter().find_map(|one| {
            let group = &self.resources.get(one)?["Properties"]["LogGroupName"];
            group.as_str()
        });
        assert_eq!(group, Some(format!("/aws/lambda/{name}").as_str()));
        let variables = self.value(&said["Environment"]["Variables"]);
        let said = self.value(said);
        SaidFunction {
            name,
            configuration: Configuration {
                role: text(&said["Role"]),
                runtime: text(&said["Runtime"]),
                handler: text(&said["Handler"]),
                memory: number(&said["MemorySize"]),
                timeout: number(&said["Timeout"]),
                environment: table(&variables),
                options: options::of_stack(&said),
            },
            architecture: text(&said["Architectures"][0]),
            tags: table(&said["Tags"]),
            alias,
            concurrency: numbers([
                &said["ReservedConcurrentExecutions"],
                &provisioned["ProvisionedConcurrentExecutions"],
            ]),
        }
    }

    fn grants(&self) -> Vec<(String, String, Grant)> {
        let mut all = Vec::new();
        for said in self.all("AWS::Lambda::Permission") {
            let arn = text(&said["FunctionName"]);
            let (function, alias) = arn.rsplit_once(':').unwrap();
            let function = function.rsplit(':').next().unwrap();
            let rest = self.of("AWS::ApiGateway::RestApi").next().is_some();
            let source = said["SourceArn"].as_str().unwrap_or_default();
            // The stack names the statement itself.
            let id = match (text(&said["Principal"]).as_str(), said["Action"].as_str()) {
                ("*", Some("lambda:InvokeFunctionUrl")) => URL_GRANT.to_owned(),
                ("*", _) => THROUGH_URL_GRANT.to_owned(),
                ("sns.amazonaws.com", _) => match source.ends_with('*') {
                    true => "fw-sns".to_owned(),
                    false => permission::of_one("fw-sns", source),
                },
                ("s3.amazonaws.com", _) => permission::of_one("fw-s3", stem(source)),
                ("events.amazonaws.com", _) => match source.split('/').collect::<Vec<_>>()[..] {
                    [_, bus, _] => permission::of_one("fw-events", bus),
                    _ => "fw-events".to_owned(),
                },
                _ => match (rest, source.ends_with("/authorizers/*")) {
                    (false, false) => GRANT.to_owned(),
                    (false, true) => ASK_GRANT.to_owned(),
                    (true, false) => REST_GRANT.to_owned(),
                    (true, true) => REST_ASK_GRANT.to_owned(),
                },
            };
            let words = [
                "Action",
                "Principal",
                "SourceArn",
                "SourceAccount",
                "FunctionUrlAuthType",
                "InvokedViaFunctionUrl",
            ];
            let grant = grant(&id, words.map(|word| &said[word]));
            all.push((function.to_owned(), alias.to_owned(), grant));
        }
        all
    }

    fn http(&self) -> SaidHttp {
        let api = self.one("AWS::ApiGatewayV2::Api");
        let integration = self.one("AWS::ApiGatewayV2::Integration");
        let stage = self.one("AWS::ApiGatewayV2::Stage");
        let authorizers: BTreeMap<&str, (String, Checks)> = self
            .of("AWS::ApiGatewayV2::Authorizer")
            .map(|(id, said)| {
                assert_eq!(said["ApiId"], json!({ "Ref": "Api" }));
                let said = self.value(said);
                let jwt = &said["JwtConfiguration"];
                let checks = checks([
                    &said["AuthorizerType"],
                    &said["IdentitySource"],
                    &jwt["Issuer"],
                    &jwt["Audience"],
                    &said["AuthorizerUri"],
                    &said["AuthorizerResultTtlInSeconds"],
                    &said["AuthorizerPayloadFormatVersion"],
                    &said["EnableSimpleResponses"],
                ]);
                (id, (text(&said["Name"]), checks))
            })
            .collect();
        let routes = self.all("AWS::ApiGatewayV2::Route").into_iter();
        SaidHttp {
            api: (
                text(&api["Name"]),
                cors(&api["CorsConfiguration"], CORS),
                table(&api["Tags"]),
            ),
            integration: (
                text(&integration["IntegrationUri"]),
                text(&integration["IntegrationType"]),
                text(&integration["PayloadFormatVersion"]),
            ),
            patience: integration.get("TimeoutInMillis").map(number),
            routes: routes
                .map(|route| {
                    let named = |value: &Value| {
                        let id = text(&value["Ref"]);
                        authorizers[id.as_str()].0.clone()
                    };
                    let words = [
                        &route["AuthorizationType"],
                        &route["AuthorizerId"],
                        &route["AuthorizationScopes"],
                    ];
                    let guard = guard(words[0], words[1], words[2], named);
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
                log: access_log(&stage["AccessLogSettings"], LOG),
            },
        }
    }

    fn rest(&self) -> SaidRest {
        let api = self.one("AWS::ApiGateway::RestApi");
        assert_eq!(api["EndpointConfiguration"]["Types"], json!(["REGIONAL"]));
        let deployment = self.one("AWS::ApiGateway::Deployment");
        let (deployment_id, _) = self.of("AWS::ApiGateway::Deployment").next().unwrap();
        let stage = self.one("AWS::ApiGateway::Stage");
        assert_eq!(stage["DeploymentId"], json!({ "Ref": deployment_id }));
        let (stage_id, _) = self.of("AWS::ApiGateway::Stage").next().unwrap();
        let mut throttle = None;
        let mut methods = BTreeMap::new();
        for said in stage["MethodSettings"].as_array().into_iter().flatten() {
            let bucket = rate(said, BUCKET).unwrap();
            let path = text(&said["ResourcePath"]);
            match (text(&said["HttpMethod"]).as_str(), path.as_str()) {
                ("*", "/*") => throttle = Some(bucket),
                (method, "/") => drop(methods.insert(format!("{method} /"), bucket)),
                (method, path) => {
                    let path = path.strip_prefix('/').unwrap().replace("~1", "/");
                    methods.insert(format!("{method} {path}"), bucket);
                }
            }
        }
        let names: BTreeMap<&str, String> = self
            .of("AWS::ApiGateway::ApiKey")
            .map(|(id, said)| (id, text(&said["Name"])))
            .collect();
        let held = self.all("AWS::ApiGateway::UsagePlanKey");
        let keys = self.all("AWS::ApiGateway::ApiKey").into_iter();
        let plans = self.of("AWS::ApiGateway::UsagePlan");
        SaidRest {
            name: text(&api["Name"]),
            tags: table(&api["Tags"]),
            document: api["Body"].clone(),
            description: text(&deployment["Description"]),
            stage: RestStage {
                name: text(&stage["StageName"]),
                deployment: None,
                variables: table(&stage["Variables"]),
                throttle,
                methods,
                log: access_log(&stage["AccessLogSetting"], LOG),
            },
            keys: keys
                .map(|said| {
                    let value = said["Value"].as_str().map(str::to_owned);
                    let enabled = said["Enabled"] == true;
                    (text(&said["Name"]), value, enabled, table(&said["Tags"]))
                })
                .collect(),
            plans: plans
                .map(|(id, said)| {
                    assert_eq!(
                        said["ApiStages"],
                        json!([{ "ApiId": { "Ref": "Api" }, "Stage": { "Ref": stage_id } }])
                    );
                    let of = json!({ "Ref": id });
                    let held = held.iter().filter(|held| held["UsagePlanId"] == of);
                    let keys = held.map(|held| {
                        assert_eq!(held["KeyType"], "API_KEY");
                        let id = text(&held["KeyId"]["Ref"]);
                        names[id.as_str()].clone()
                    });
                    let quota = &said["Quota"];
                    let limits = PlanLimits {
                        throttle: rate(&said["Throttle"], ["RateLimit", "BurstLimit"]),
                        quota: quota
                            .is_object()
                            .then(|| (number(&quota["Limit"]), text(&quota["Period"]))),
                    };
                    let name = text(&said["UsagePlanName"]);
                    (name, limits, keys.collect(), table(&said["Tags"]))
                })
                .collect(),
        }
    }

    fn domain(&self) -> Option<SaidDomain> {
        let (id, _) = self.of("AWS::ApiGatewayV2::ApiMapping").next()?;
        // Nothing but this says that the stage is there first.
        assert_eq!(self.resources[id]["DependsOn"], json!(["Stage"]));
        let mapping = self.one("AWS::ApiGatewayV2::ApiMapping");
        assert_eq!(mapping["ApiId"], self.known.get("Api").as_str());
        let key = mapping.get("ApiMappingKey").map(text);
        let mapped = (key.unwrap_or_default(), text(&mapping["Stage"]));
        let Some((id, _)) = self.of("AWS::ApiGatewayV2::DomainName").next() else {
            return Some(SaidDomain {
                name: text(&mapping["DomainName"]),
                own: None,
                mapping: mapped,
            });
        };
        assert_eq!(mapping["DomainName"], json!({ "Ref": id }));
        let domain = self.one("AWS::ApiGatewayV2::DomainName");
        let said = &domain["DomainNameConfigurations"];
        assert_eq!(said.as_array().map(Vec::len), Some(1));
        assert_eq!(said[0]["EndpointType"], "REGIONAL");
        assert_eq!(said[0]["SecurityPolicy"], "TLS_1_2");
        Some(SaidDomain {
            name: text(&domain["DomainName"]),
            own: Some((text(&said[0]["CertificateArn"]), table(&domain["Tags"]))),
            mapping: mapped,
        })
    }
}

pub(in super::super) fn said_by_stack(document: &Value, api: &str) -> Said {
    let reader = Reader::new(document, api);
    let has = |kind: &str| reader.of(kind).next().is_some();
    let door = if has("AWS::Lambda::Url") {
        let url = reader.one("AWS::Lambda::Url");
        let cors = cors(&url["Cors"], CORS);
        let settings = url_settings(&url["AuthType"], &url["InvokeMode"], cors);
        SaidDoor::Url(text(&url["TargetFunctionArn"]), settings)
    } else if has("AWS::ApiGateway::RestApi") {
        SaidDoor::Rest(Box::new(reader.rest()))
    } else {
        SaidDoor::Http(Box::new(reader.http()))
    };
    Said {
        roles: reader
            .all("AWS::IAM::Role")
            .iter()
            .map(|role| SaidRole {
                name: text(&role["RoleName"]),
                trust: role["AssumeRolePolicyDocument"].clone(),
                boundary: role["PermissionsBoundary"].as_str().map(str::to_owned),
                policy: (
                    text(&role["Policies"][0]["PolicyName"]),
                    role["Policies"][0]["PolicyDocument"].clone(),
                ),
                tags: table(&role["Tags"]),
            })
            .collect(),
        groups: reader
            .all("AWS::Logs::LogGroup")
            .iter()
            .map(|group| {
                (
                    text(&group["LogGroupName"]),
                    number(&group["RetentionInDays"]),
                    table(&group["Tags"]),
                )
            })
            .collect(),
        functions: reader.functions(),
        queues: reader
            .all("AWS::SQS::Queue")
            .iter()
            .map(|said| queue(said, QUEUE, &said["Tags"]))
            .collect(),
        mappings: reader
            .all("AWS::Lambda::EventSourceMapping")
            .iter()
            .map(|said| mapping(said, MAPPING, &said["Tags"]))
            .collect(),
        buckets: reader
            .all("AWS::S3::Bucket")
            .iter()
            .map(|said| {
                let block = said["PublicAccessBlockConfiguration"].as_object().unwrap();
                assert!(block.len() == 4 && block.values().all(|one| *one == true));
                let reports = said["NotificationConfiguration"]["LambdaConfigurations"].as_array();
                let reports = reports.into_iter().flatten().map(|one| {
                    let rule = |name: &str| {
                        let mut all = one["Filter"]["S3Key"]["Rules"]
                            .as_array()
                            .into_iter()
                            .flatten();
                        all.find(|rule| rule["Name"] == name)
                            .map(|rule| text(&rule["Value"]))
                    };
                    Notification {
                        id: String::new(),
                        receiver: Receiver::Function(text(&one["Function"])),
                        events: [text(&one["Event"])].into(),
                        prefix: rule("prefix"),
                        suffix: rule("suffix"),
                    }
                });
                SaidBucket {
                    name: text(&said["BucketName"]),
                    tags: table(&said["Tags"]),
                    reports: reports.collect(),
                }
            })
            .collect(),
        events: reader
            .all("AWS::Lambda::EventInvokeConfig")
            .iter()
            .map(|said| events(said, EVENTS))
            .collect(),
        senders: reader
            .all("AWS::SQS::QueuePolicy")
            .iter()
            .map(|said| senders(&said["PolicyDocument"]))
            .collect(),
        topics: reader
            .all("AWS::SNS::Topic")
            .iter()
            .map(|said| topic_of(said, TOPIC, &said["Tags"]))
            .collect(),
        subscriptions: reader
            .all("AWS::SNS::Subscription")
            .iter()
            .map(|said| subscription(said, SUBSCRIPTION))
            .collect(),
        buses: reader
            .all("AWS::Events::EventBus")
            .iter()
            .map(|said| (text(&said["Name"]), table(&said["Tags"])))
            .collect(),
        rules: reader
            .all("AWS::Events::Rule")
            .iter()
            .map(|said| {
                assert_eq!(said["Targets"].as_array().unwrap().len(), 1);
                let rule = DesiredRule {
                    bus: text(&said["EventBusName"]),
                    name: text(&said["Name"]),
                    pattern: said["EventPattern"].clone(),
                    enabled: said["State"] == "ENABLED",
                    target: said["Targets"][0].clone(),
                };
                (rule, table(&said["Tags"]))
            })
            .collect(),
        schedule_groups: reader
            .all("AWS::Scheduler::ScheduleGroup")
            .iter()
            .map(|said| (text(&said["Name"]), table(&said["Tags"])))
            .collect(),
        schedules: reader
            .all("AWS::Scheduler::Schedule")
            .iter()
            .map(|said| {
                let mut document = said.clone();
                let all = document.as_object_mut().unwrap();
                let name = text(&all.remove("Name").unwrap());
                let group = text(&all.remove("GroupName").unwrap());
                (group, DesiredSchedule { name, document })
            })
            .collect(),
        grants: reader.grants(),
        door,
        domain: reader.domain(),
    }
}
