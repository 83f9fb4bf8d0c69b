//! Terraform.

use super::*;
use crate::package::map_strings;

const BUCKET: [&str; 2] = ["throttling_rate_limit", "throttling_burst_limit"];
const LOG: [&str; 2] = ["destination_arn", "format"];
const EVENTS: [&str; 8] = [
    "function_name",
    "qualifier",
    "maximum_retry_attempts",
    "maximum_event_age_in_seconds",
    "destination_config",
    "on_success",
    "on_failure",
    "destination",
];
const MAPPING: [&str; 14] = [
    "event_source_arn",
    "function_name",
    "batch_size",
    "maximum_batching_window_in_seconds",
    "filter_criteria",
    "filter",
    "pattern",
    "scaling_config",
    "maximum_concurrency",
    "provisioned_poller_config",
    "minimum_pollers",
    "maximum_pollers",
    "function_response_types",
    "enabled",
];
const QUEUE: [&str; 9] = [
    "name",
    "fifo_queue",
    "visibility_timeout_seconds",
    "delay_seconds",
    "message_retention_seconds",
    "redrive_policy",
    "content_based_deduplication",
    "kms_master_key_id",
    "sqs_managed_sse_enabled",
];
const TOPIC: [&str; 4] = [
    "name",
    "fifo_topic",
    "content_based_deduplication",
    "kms_master_key_id",
];
const SUBSCRIPTION: [&str; 7] = [
    "topic_arn",
    "protocol",
    "endpoint",
    "filter_policy",
    "filter_policy_scope",
    "raw_message_delivery",
    "redrive_policy",
];
const CORS: [&str; 6] = [
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "max_age",
    "allow_credentials",
];

/// A document's resources, read with what they know of each other.
struct Reader<'a> {
    document: &'a Value,
    known: Known,
}

impl<'a> Reader<'a> {
    fn new(document: &'a Value, api: &str) -> Self {
        let mut known = Known(BTreeMap::new());
        known.set("data.aws_partition.current.partition", "aws");
        known.set("data.aws_caller_identity.current.account_id", Fake::ACCOUNT);
        known.set("data.aws_region.current.name", Fake::REGION);
        known.set("path.module", ".");
        let arn = format!(
            "arn:aws:execute-api:{}:{}:{api}",
            Fake::REGION,
            Fake::ACCOUNT
        );
        for kind in ["aws_apigatewayv2_api", "aws_api_gateway_rest_api"] {
            known.set(format!("{kind}.app.id"), api);
            known.set(format!("{kind}.app.execution_arn"), &arn);
        }
        let variables = document["variable"].as_object();
        for (name, variable) in variables.into_iter().flatten() {
            let hidden = variable["sensitive"] == true;
            let value = if hidden { SECRET } else { "given" };
            known.set(format!("var.{name}"), value);
        }
        known.set("aws_s3_object.code.bucket", "given");
        known.set("aws_s3_object.code.key", "app.zip");
        let mut reader = Self { document, known };
        for (label, group) in reader.of("aws_cloudwatch_log_group") {
            let (region, account) = (Fake::REGION, Fake::ACCOUNT);
            let name = text(&group["name"]);
            let arn = format!("arn:aws:logs:{region}:{account}:log-group:{name}");
            let kind = format!("aws_cloudwatch_log_group.{label}");
            reader.known.set(format!("{kind}.arn"), arn);
        }
        for (label, queue) in reader.of("aws_sqs_queue") {
            let arn = queue_arn(&text(&queue["name"]));
            let kind = format!("aws_sqs_queue.{label}");
            reader.known.set(format!("{kind}.url"), queue_url(&arn));
            reader.known.set(format!("{kind}.arn"), arn);
        }
        for (label, bus) in reader.of("aws_cloudwatch_event_bus") {
            let name = text(&bus["name"]);
            let kind = format!("aws_cloudwatch_event_bus.{label}");
            reader.known.set(format!("{kind}.arn"), bus_arn(&name));
            reader.known.set(format!("{kind}.name"), name);
        }
        for kind in ["aws_scheduler_schedule_group", "aws_cloudwatch_event_rule"] {
            for (label, one) in reader.of(kind) {
                let name = text(&one["name"]);
                reader.known.set(format!("{kind}.{label}.name"), name);
            }
        }
        for (label, topic) in reader.of("aws_sns_topic") {
            let arn = topic_arn(&text(&topic["name"]));
            reader.known.set(format!("aws_sns_topic.{label}.arn"), arn);
        }
        for (label, bucket) in reader.of("aws_s3_bucket") {
            let name = text(&reader.value(&bucket["bucket"]));
            reader.known.set(format!("aws_s3_bucket.{label}.id"), name);
        }
        for (label, role) in reader.of("aws_iam_role") {
            let name = text(&reader.value(&role["name"]));
            let kind = format!("aws_iam_role.{label}");
            reader.known.set(format!("{kind}.arn"), Known::role(&name));
            reader.known.set(format!("{kind}.id"), name);
        }
        for (label, function) in reader.of("aws_lambda_function") {
            let kind = format!("aws_lambda_function.{label}");
            assert_eq!(function["publish"], true);
            let name = text(&function["function_name"]);
            // What is published last is what an alias of it serves.
            reader.known.set(format!("{kind}.version"), &name);
            reader.known.set(format!("{kind}.function_name"), name);
        }
        for (label, alias) in reader.of("aws_lambda_alias") {
            let function = text(&reader.value(&alias["function_name"]));
            assert_eq!(text(&reader.value(&alias["function_version"])), function);
            let name = text(&alias["name"]);
            let kind = format!("aws_lambda_alias.{label}");
            let arn = Known::alias(&function, &name);
            reader.known.set(format!("{kind}.arn"), arn);
            reader.known.set(format!("{kind}.name"), name);
        }
        // Ids that are chosen when it is made are known by the reference itself.
        for (kind, attribute) in [
            ("aws_apigatewayv2_authorizer", "id"),
            ("aws_apigatewayv2_integration", "id"),
            ("aws_api_gateway_deployment", "id"),
            ("aws_api_gateway_stage", "stage_name"),
            ("aws_apigatewayv2_stage", "name"),
            ("aws_apigatewayv2_domain_name", "domain_name"),
            ("aws_api_gateway_api_key", "id"),
            ("aws_api_gateway_usage_plan", "id"),
        ] {
            for (label, _) in reader.of(kind) {
                let name = format!("{kind}.{label}.{attribute}");
                reader.known.set(&name, &name);
            }
        }
        reader
    }

    /// What there is of a kind, by label.
    fn of(&self, kind: &str) -> Vec<(&'a String, &'a Value)> {
        let all = self.document["resource"][kind].as_object();
        all.into_iter().flatten().collect()
    }

    fn all(&self, kind: &str) -> Vec<Value> {
        let all = self.of(kind).into_iter();
        all.map(|(_, said)| self.value(said)).collect()
    }

    fn one(&self, kind: &str) -> Value {
        let mut all = self.all(kind);
        assert_eq!(all.len(), 1, "{kind}");
        all.remove(0)
    }

    fn value(&self, value: &Value) -> Value {
        map_strings(value, &|text| self.known.fill(text, "$${").into())
    }

    fn functions(&self) -> Vec<SaidFunction> {
        let aliases = self.all("aws_lambda_alias");
        let provisioned = self.all("aws_lambda_provisioned_concurrency_config");
        let functions = self.all("aws_lambda_function").into_iter();
        let function = |said: Value| {
            let name = text(&said["function_name"]);
            let of = |one: &&Value| one["function_name"] == name.as_str();
            let alias = text(&aliases.iter().find(of).unwrap()["name"]);
            let kept = provisioned.iter().find(of);
            let kept = kept.map(|kept| {
                assert_eq!(kept["qualifier"], alias.as_str());
                kept["provisioned_concurrent_executions"].clone()
            });
            SaidFunction {
                configuration: Configuration {
                    role: text(&said["role"]),
                    runtime: text(&said["runtime"]),
                    handler: text(&said["handler"]),
                    memory: number(&said["memory_size"]),
                    timeout: number(&said["timeout"]),
                    environment: table(&said["environment"]["variables"]),
                    options: options::of_terraform(&said),
                },
                architecture: text(&said["architectures"][0]),
                tags: table(&said["tags"]),
                concurrency: numbers([
                    &said["reserved_concurrent_executions"],
                    &kept.unwrap_or_default(),
                ]),
                name,
                alias,
            }
        };
        functions.map(function).collect()
    }

    fn http(&self) -> SaidHttp {
        let api = self.one("aws_apigatewayv2_api");
        let integration = self.one("aws_apigatewayv2_integration");
        let stage = self.one("aws_apigatewayv2_stage");
        let authorizers: BTreeMap<String, (String, Checks)> = self
            .of("aws_apigatewayv2_authorizer")
            .into_iter()
            .map(|(label, said)| {
                let said = self.value(said);
                let jwt = &said["jwt_configuration"][0];
                let checks = checks([
                    &said["authorizer_type"],
                    &said["identity_sources"],
                    &jwt["issuer"],
                    &jwt["audience"],
                    &said["authorizer_uri"],
                    &said["authorizer_result_ttl_in_seconds"],
                    &said["authorizer_payload_format_version"],
                    &said["enable_simple_responses"],
                ]);
                let reference = format!("aws_apigatewayv2_authorizer.{label}.id");
                (reference, (text(&said["name"]), checks))
            })
            .collect();
        let routes = self.all("aws_apigatewayv2_route").into_iter();
        SaidHttp {
            api: (
                text(&api["name"]),
                cors(&api["cors_configuration"], CORS),
                table(&api["tags"]),
            ),
            integration: (
                text(&integration["integration_uri"]),
                text(&integration["integration_type"]),
                text(&integration["payload_format_version"]),
            ),
            patience: integration.get("timeout_milliseconds").map(number),
            routes: routes
                .map(|route| {
                    let guard = guard(
                        &route["authorization_type"],
                        &route["authorizer_id"],
                        &route["authorization_scopes"],
                        |value| authorizers[&text(value)].0.clone(),
                    );
                    (text(&route["route_key"]), guard)
                })
                .collect(),
            authorizers: authorizers.values().cloned().collect(),
            stage: Stage {
                name: text(&stage["name"]),
                auto: stage["auto_deploy"] == true,
                variables: table(&stage["stage_variables"]),
                throttle: rate(&stage["default_route_settings"], BUCKET),
                routes: stage["route_settings"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|said| (text(&said["route_key"]), rate(said, BUCKET).unwrap()))
                    .collect(),
                log: access_log(&stage["access_log_settings"], LOG),
            },
        }
    }

    fn rest(&self) -> SaidRest {
        let api = self.one("aws_api_gateway_rest_api");
        assert_eq!(api["endpoint_configuration"]["types"], json!(["REGIONAL"]));
        let deployment = self.one("aws_api_gateway_deployment");
        assert_eq!(
            deployment["triggers"]["document"],
            deployment["description"]
        );
        assert_eq!(deployment["lifecycle"]["create_before_destroy"], true);
        let stage = self.one("aws_api_gateway_stage");
        assert_eq!(stage["deployment_id"], "aws_api_gateway_deployment.app.id");
        let mut throttle = None;
        let mut methods = BTreeMap::new();
        for said in self.all("aws_api_gateway_method_settings") {
            let bucket = rate(&said["settings"], BUCKET).unwrap();
            let path = text(&said["method_path"]);
            let (path, method) = path.rsplit_once('/').unwrap();
            match (method, path) {
                ("*", "*") => throttle = Some(bucket),
                (method, path) => drop(methods.insert(format!("{method} /{path}"), bucket)),
            }
        }
        let reference = |kind: &str, label: &str| format!("{kind}.{label}.id");
        let names: BTreeMap<String, String> = self
            .of("aws_api_gateway_api_key")
            .into_iter()
            .map(|(label, said)| {
                let key = reference("aws_api_gateway_api_key", label);
                (key, text(&said["name"]))
            })
            .collect();
        let held = self.all("aws_api_gateway_usage_plan_key");
        let keys = self.all("aws_api_gateway_api_key").into_iter();
        let plans = self.of("aws_api_gateway_usage_plan").into_iter();
        SaidRest {
            name: text(&api["name"]),
            tags: table(&api["tags"]),
            document: serde_json::from_str(&text(&api["body"])).unwrap(),
            description: text(&deployment["description"]),
            stage: RestStage {
                name: text(&stage["stage_name"]),
                deployment: None,
                variables: table(&stage["variables"]),
                throttle,
                methods,
                log: access_log(&stage["access_log_settings"], LOG),
            },
            keys: keys
                .map(|said| {
                    let value = said["value"].as_str().map(str::to_owned);
                    let enabled = said["enabled"] == true;
                    (text(&said["name"]), value, enabled, table(&said["tags"]))
                })
                .collect(),
            plans: plans
                .map(|(label, said)| {
                    let said = self.value(said);
                    let stages = &said["api_stages"];
                    assert_eq!(stages.as_array().map(Vec::len), Some(1));
                    assert_eq!(
                        stages[0]["api_id"],
                        self.known.get("aws_api_gateway_rest_api.app.id").as_str()
                    );
                    assert_eq!(stages[0]["stage"], "aws_api_gateway_stage.app.stage_name");
                    let of = reference("aws_api_gateway_usage_plan", label);
                    let held = held
                        .iter()
                        .filter(|held| held["usage_plan_id"] == of.as_str());
                    let keys = held.map(|held| {
                        assert_eq!(held["key_type"], "API_KEY");
                        names[&text(&held["key_id"])].clone()
                    });
                    let quota = &said["quota_settings"];
                    let limits = PlanLimits {
                        throttle: rate(&said["throttle_settings"], ["rate_limit", "burst_limit"]),
                        quota: quota
                            .is_object()
                            .then(|| (number(&quota["limit"]), text(&quota["period"]))),
                    };
                    (
                        text(&said["name"]),
                        limits,
                        keys.collect(),
                        table(&said["tags"]),
                    )
                })
                .collect(),
        }
    }

    fn domain(&self) -> Option<SaidDomain> {
        self.of("aws_apigatewayv2_api_mapping").first()?;
        let mapping = self.one("aws_apigatewayv2_api_mapping");
        let api = self.known.get("aws_apigatewayv2_api.app.id");
        assert_eq!(mapping["api_id"], api.as_str());
        let stage = match text(&mapping["stage"]).as_str() {
            "aws_apigatewayv2_stage.app.name" => self.one("aws_apigatewayv2_stage")["name"].clone(),
            "aws_api_gateway_stage.app.stage_name" => {
                self.one("aws_api_gateway_stage")["stage_name"].clone()
            }
            other => panic!("no such stage: {other}"),
        };
        let key = mapping.get("api_mapping_key").map(text);
        let mapped = (key.unwrap_or_default(), text(&stage));
        if self.of("aws_apigatewayv2_domain_name").is_empty() {
            return Some(SaidDomain {
                name: text(&mapping["domain_name"]),
                own: None,
                mapping: mapped,
            });
        }
        assert_eq!(
            mapping["domain_name"],
            "aws_apigatewayv2_domain_name.app.domain_name"
        );
        let domain = self.one("aws_apigatewayv2_domain_name");
        let said = &domain["domain_name_configuration"];
        assert_eq!(said["endpoint_type"], "REGIONAL");
        assert_eq!(said["security_policy"], "TLS_1_2");
        Some(SaidDomain {
            name: text(&domain["domain_name"]),
            own: Some((text(&said["certificate_arn"]), table(&domain["tags"]))),
            mapping: mapped,
        })
    }
}

pub(in super::super) fn said_by_terraform(document: &Value, api: &str) -> Said {
    let reader = Reader::new(document, api);
    let has = |kind: &str| !reader.of(kind).is_empty();
    let door = if has("aws_lambda_function_url") {
        let url = reader.one("aws_lambda_function_url");
        let cors = cors(&url["cors"], CORS);
        let settings = url_settings(&url["authorization_type"], &url["invoke_mode"], cors);
        let arn = Known::alias(&text(&url["function_name"]), &text(&url["qualifier"]));
        SaidDoor::Url(arn, settings)
    } else if has("aws_api_gateway_rest_api") {
        SaidDoor::Rest(Box::new(reader.rest()))
    } else {
        SaidDoor::Http(Box::new(reader.http()))
    };
    let json_of = |value: &Value| serde_json::from_str::<Value>(value.as_str().unwrap()).unwrap();
    let policies = reader.all("aws_iam_role_policy");
    Said {
        roles: reader
            .all("aws_iam_role")
            .iter()
            .map(|role| {
                let of = |policy: &&Value| policy["role"] == role["name"];
                let policy = policies.iter().find(of).unwrap();
                SaidRole {
                    name: text(&role["name"]),
                    trust: json_of(&role["assume_role_policy"]),
                    boundary: role["permissions_boundary"].as_str().map(str::to_owned),
                    policy: (text(&policy["name"]), json_of(&policy["policy"])),
                    tags: table(&role["tags"]),
                }
            })
            .collect(),
        groups: reader
            .all("aws_cloudwatch_log_group")
            .iter()
            .map(|group| {
                (
                    text(&group["name"]),
                    number(&group["retention_in_days"]),
                    table(&group["tags"]),
                )
            })
            .collect(),
        functions: reader.functions(),
        queues: reader
            .all("aws_sqs_queue")
            .iter()
            .map(|said| queue(said, QUEUE, &said["tags"]))
            .collect(),
        mappings: reader
            .all("aws_lambda_event_source_mapping")
            .iter()
            .map(|said| mapping(said, MAPPING, &said["tags"]))
            .collect(),
        buckets: {
            let reports = reader.all("aws_s3_bucket_notification");
            let blocks = reader.all("aws_s3_bucket_public_access_block");
            let all = reader.all("aws_s3_bucket");
            all.iter()
                .map(|said| {
                    let name = text(&said["bucket"]);
                    assert!(
                        blocks
                            .iter()
                            .any(|block| block["bucket"] == name
                                && block["block_public_acls"] == true)
                    );
                    let own = reports.iter().filter(|one| one["bucket"] == name);
                    let own = own.flat_map(|one| one["lambda_function"].as_array().unwrap());
                    let own = own.map(|one| Notification {
                        id: text(&one["id"]),
                        receiver: Receiver::Function(text(&one["lambda_function_arn"])),
                        events: texts(&one["events"]).into_iter().collect(),
                        prefix: one["filter_prefix"].as_str().map(str::to_owned),
                        suffix: one["filter_suffix"].as_str().map(str::to_owned),
                    });
                    SaidBucket {
                        name: name.clone(),
                        tags: table(&said["tags"]),
                        reports: own.collect(),
                    }
                })
                .collect()
        },
        events: reader
            .all("aws_lambda_function_event_invoke_config")
            .iter()
            .map(|said| events(said, EVENTS))
            .collect(),
        senders: reader
            .all("aws_sqs_queue_policy")
            .iter()
            .map(|said| senders(&said["policy"]))
            .collect(),
        topics: reader
            .all("aws_sns_topic")
            .iter()
            .map(|said| topic_of(said, TOPIC, &said["tags"]))
            .collect(),
        subscriptions: reader
            .all("aws_sns_topic_subscription")
            .iter()
            .map(|said| subscription(said, SUBSCRIPTION))
            .collect(),
        buses: reader
            .all("aws_cloudwatch_event_bus")
            .iter()
            .map(|said| (text(&said["name"]), table(&said["tags"])))
            .collect(),
        rules: {
            let targets = reader.all("aws_cloudwatch_event_target");
            let rules = reader.all("aws_cloudwatch_event_rule");
            let rules = rules.iter().map(|said| {
                let mut targets = targets.iter();
                let target = targets.find(|target| {
                    target["rule"] == said["name"]
                        && target["event_bus_name"] == said["event_bus_name"]
                });
                (rule(said, target.unwrap()), table(&said["tags"]))
            });
            rules.collect()
        },
        schedule_groups: reader
            .all("aws_scheduler_schedule_group")
            .iter()
            .map(|said| (text(&said["name"]), table(&said["tags"])))
            .collect(),
        schedules: reader
            .all("aws_scheduler_schedule")
            .iter()
            .map(schedule)
            .collect(),
        grants: reader
            .all("aws_lambda_permission")
            .iter()
            .map(|said| {
                let words = [
                    "action",
                    "principal",
                    "source_arn",
                    "source_account",
                    "function_url_auth_type",
                    "invoked_via_function_url",
                ];
                let id = text(&said["statement_id"]);
                let mut grant = grant(&id, words.map(|word| &said[word]));
                grant.account = said["source_account"].as_str().map(str::to_owned);
                (
                    text(&said["function_name"]),
                    text(&said["qualifier"]),
                    grant,
                )
            })
            .collect(),
        door,
        domain: reader.domain(),
    }
}

/// A rule with its target.
fn rule(said: &Value, target: &Value) -> DesiredRule {
    let transformer = &target["input_transformer"];
    let retry = &target["retry_policy"];
    let when = |block: &Value, of: Value| if block.is_null() { Value::Null } else { of };
    let queue = &target["dead_letter_config"]["arn"];
    DesiredRule {
        bus: text(&said["event_bus_name"]),
        name: text(&said["name"]),
        pattern: serde_json::from_str(&text(&said["event_pattern"])).unwrap(),
        enabled: said["state"] == "ENABLED",
        target: members([
            ("Id", target["target_id"].clone()),
            ("Arn", target["arn"].clone()),
            ("InputPath", target["input_path"].clone()),
            (
                "InputTransformer",
                when(
                    transformer,
                    members([
                        ("InputTemplate", transformer["input_template"].clone()),
                        ("InputPathsMap", transformer["input_paths"].clone()),
                    ]),
                ),
            ),
            ("DeadLetterConfig", when(queue, json!({ "Arn": queue }))),
            (
                "RetryPolicy",
                when(
                    retry,
                    members([
                        (
                            "MaximumEventAgeInSeconds",
                            retry["maximum_event_age_in_seconds"].clone(),
                        ),
                        (
                            "MaximumRetryAttempts",
                            retry["maximum_retry_attempts"].clone(),
                        ),
                    ]),
                ),
            ),
        ]),
    }
}

/// A schedule with its group.
fn schedule(said: &Value) -> (String, DesiredSchedule) {
    let window = &said["flexible_time_window"];
    let target = &said["target"];
    let queue = &target["dead_letter_config"]["arn"];
    let dead_letters = match queue {
        Value::Null => Value::Null,
        queue => json!({ "Arn": queue }),
    };
    let document = json!({
        "ScheduleExpression": said["schedule_expression"],
        "ScheduleExpressionTimezone": said["schedule_expression_timezone"],
        "FlexibleTimeWindow": members([
            ("Mode", window["mode"].clone()),
            ("MaximumWindowInMinutes", window["maximum_window_in_minutes"].clone()),
        ]),
        "State": said["state"],
        "Target": members([
            ("Arn", target["arn"].clone()),
            ("RoleArn", target["role_arn"].clone()),
            ("Input", target["input"].clone()),
            ("RetryPolicy", json!({
                "MaximumEventAgeInSeconds": target["retry_policy"]["maximum_event_age_in_seconds"],
                "MaximumRetryAttempts": target["retry_policy"]["maximum_retry_attempts"],
            })),
            ("DeadLetterConfig", dead_letters),
        ]),
    });
    let name = text(&said["name"]);
    (
        text(&said["group_name"]),
        DesiredSchedule { name, document },
    )
}
