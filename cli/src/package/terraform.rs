//! Terraform, and `OpenTofu`, in their JSON syntax, with the AWS provider's resources.

mod bucket;
mod bus;
mod domain;
mod http;
mod invoke_config;
mod mapping;
mod queue;
mod rest;
mod schedule;
mod topic;
mod url;

use serde_json::{Map, Value, json};

use super::{PLACE, Variables, named, options, secrets, table, tags};
use crate::{
    aws::{apigateway::AccessLog, lambda::Configuration},
    deploy::{kind::function::desired::DesiredFunction, model::Desired, names::POLICY},
    values::{code::Way, lambda::ALIAS},
};

/// The provider's data sources: partition, account, region.
const SOURCES: [&str; 3] = [
    "data.aws_partition.current.partition",
    "data.aws_caller_identity.current.account_id",
    "data.aws_region.current.name",
];

/// A document that is being written.
struct Module<'a> {
    desired: &'a Desired,
    variables: Variables,
    inputs: Map<String, Value>,
    data: Map<String, Value>,
    resources: Map<String, Value>,
}

pub(super) fn document(desired: &Desired, zip: &str) -> Value {
    let mut module = Module::new(desired);
    for one in &desired.functions {
        module.function(one, zip);
        module.invoker(one);
    }
    let url = match (&desired.url, &desired.rest) {
        (Some(settings), _) => module.url(settings),
        (None, Some(rest)) => module.rest(rest),
        (None, None) => module.http(),
    };
    module.domain();
    module.queues();
    module.mappings();
    module.invoke_configs();
    module.topics();
    module.buses();
    module.schedules();
    module.buckets();
    module.finish(&url)
}

impl<'a> Module<'a> {
    fn new(desired: &'a Desired) -> Self {
        let functions = &desired.functions;
        let aliases = functions.iter().map(|one| {
            let arn = desired.place.alias(&one.name);
            (arn, format!("aws_lambda_alias.{}.arn", alias(one)))
        });
        let place = PLACE.into_iter().zip(SOURCES);
        let place = place.map(|(text, source)| (text.to_owned(), source.to_owned()));
        let kinds = ["aws_partition", "aws_caller_identity", "aws_region"];
        Self {
            desired,
            variables: Variables(aliases.chain(place).collect()),
            inputs: Map::new(),
            data: kinds
                .map(|kind| (kind.to_owned(), json!({ "current": {} })))
                .into_iter()
                .collect(),
            resources: Map::new(),
        }
    }

    fn add(&mut self, kind: &str, label: impl Into<String>, resource: Value) {
        put(&mut self.resources, kind, label.into(), resource);
    }

    fn finish(self, url: &str) -> Value {
        let outputs = self.outputs(url);
        table([
            (
                "terraform",
                json!({ "required_providers": {
                    "aws": { "source": "hashicorp/aws", "version": self.provider() },
                } }),
            ),
            ("variable", self.inputs.into()),
            ("data", self.data.into()),
            ("resource", self.resources.into()),
            ("output", outputs),
        ])
    }

    /// The versions of the provider that know all of it.
    fn provider(&self) -> &'static str {
        let settings = self.desired.url.as_ref();
        // With `invoked_via_function_url` of `aws_lambda_permission`.
        match settings.is_some_and(|settings| !settings.iam) {
            true => ">= 6.28",
            false => ">= 5.0",
        }
    }

    fn tags(&self) -> Value {
        json!(tags(self.desired))
    }

    /// The role that a function runs with, if the settings name none.
    fn role(&mut self, one: &DesiredFunction) {
        let desired = self.desired;
        let Some(own) = &one.role else { return };
        let label = one.label("app");
        let role = table([
            ("name", self.placed(&own.name)),
            (
                "assume_role_policy",
                self.placed(&desired.trust.to_string()),
            ),
            ("permissions_boundary", json!(desired.boundary)),
            ("tags", self.tags()),
        ]);
        self.add("aws_iam_role", &label, role);
        let policy = json!({
            "name": POLICY,
            "role": format!("${{aws_iam_role.{label}.id}}"),
            "policy": self.placed(&own.policy.to_string()),
        });
        self.add("aws_iam_role_policy", label, policy);
    }

    /// A function with its role, its log group and its alias.
    fn function(&mut self, one: &DesiredFunction, zip: &str) {
        let desired = self.desired;
        self.role(one);
        let label = one.label("app");
        let configuration = &one.configuration;
        let group = json!({
            "name": one.log_group,
            "retention_in_days": desired.log_retention,
            "tags": self.tags(),
        });
        self.add("aws_cloudwatch_log_group", &label, group);
        let mut after = vec![format!("aws_cloudwatch_log_group.{label}")];
        let role = match one.role {
            Some(_) => {
                after.push(format!("aws_iam_role_policy.{label}"));
                json!(format!("${{aws_iam_role.{label}.arn}}"))
            }
            None => json!(configuration.role),
        };
        let looked_up = configuration.environment.iter();
        let looked_up = looked_up.map(|(key, value)| (self.source(key, value), value.clone()));
        for (kind, sources) in secrets::sources(&looked_up.collect()) {
            for (name, source) in sources.as_object().into_iter().flatten() {
                put(&mut self.data, &kind, name.clone(), source.clone());
            }
        }
        let said = [
            ("function_name", json!(one.name)),
            ("runtime", json!(configuration.runtime)),
            ("handler", json!(configuration.handler)),
            ("architectures", json!([desired.code.architecture.as_str()])),
            ("memory_size", json!(configuration.memory)),
            ("timeout", json!(configuration.timeout)),
            (
                "environment",
                table([("variables", self.environment(configuration))]),
            ),
            ("role", role),
            ("reserved_concurrent_executions", json!(one.reserved)),
            ("publish", json!(true)),
            ("tags", json!(one.tags(desired))),
            ("depends_on", json!(after)),
        ];
        let more = options::terraform(&configuration.options);
        let function = table(said.into_iter().chain(self.code(zip)).chain(more));
        self.add("aws_lambda_function", &label, function);
        // Traffic moves to their new versions first, as in a deploy.
        let before = desired.before(one);
        let before: Vec<String> = before
            .map(|one| format!("aws_lambda_alias.{}", alias(one)))
            .collect();
        let alias = alias(one);
        let live = table([
            ("name", json!(ALIAS)),
            (
                "function_name",
                json!(format!("${{aws_lambda_function.{label}.function_name}}")),
            ),
            (
                "function_version",
                json!(format!("${{aws_lambda_function.{label}.version}}")),
            ),
            ("depends_on", json!(before)),
        ]);
        self.add("aws_lambda_alias", &alias, live);
        if let Some(count) = one.provisioned {
            let [function, qualifier] = invoked(one);
            let kept = table([
                function,
                qualifier,
                ("provisioned_concurrent_executions", json!(count)),
            ]);
            self.add("aws_lambda_provisioned_concurrency_config", alias, kept);
        }
    }

    /// The log group of the access log, if there is one, and where and how a stage logs requests.
    fn logging(&mut self, log: Option<&AccessLog>) -> Value {
        let desired = self.desired;
        let (Some(log), Some(days)) = (log, desired.access_log) else {
            return Value::Null;
        };
        let group = json!({
            "name": desired.names.access_log(),
            "retention_in_days": days,
            "tags": self.tags(),
        });
        self.add("aws_cloudwatch_log_group", "access", group);
        json!({
            "destination_arn": "${aws_cloudwatch_log_group.access.arn}",
            "format": literal(&log.format),
        })
    }

    /// The variables: texts, or expressions of data sources.
    fn environment(&self, configuration: &Configuration) -> Value {
        let environment = configuration.environment.iter();
        let variables: Map<String, Value> = environment
            .map(|(key, value)| {
                let source = self.source(key, value);
                let known = secrets::terraform(&source, value)
                    .or_else(|| self.queue_url(value))
                    .or_else(|| self.topic_arn(value))
                    .or_else(|| self.bus_arn(value))
                    .or_else(|| self.bucket_name(value));
                (key.clone(), known.unwrap_or_else(|| literal(value)))
            })
            .collect();
        variables.into()
    }

    /// The name of the data source of a variable: the variable's, unless the app has another value in it.
    fn source(&self, key: &str, value: &str) -> String {
        let api = self.desired.api();
        let held = api.and_then(|api| api.configuration.environment.get(key));
        match held.is_some_and(|held| held == value) {
            true => key.to_owned(),
            false => named(&format!("{key}_"), &[value]),
        }
    }

    /// The location of the functions' code: next to the document, or in a bucket if it is too large
    /// for a call.
    fn code(&mut self, zip: &str) -> Vec<(&'static str, Value)> {
        let desired = self.desired;
        let file = format!("${{path.module}}/{zip}");
        let hash = json!(desired.code.sha256);
        if desired.code.way == Way::Sent {
            return vec![("filename", json!(file)), ("source_code_hash", hash)];
        }
        self.inputs.insert(
            "code_bucket".to_owned(),
            json!({
                "type": "string",
                "description": "A bucket in the same region, to which the zip is uploaded",
            }),
        );
        let object = json!({
            "bucket": "${var.code_bucket}",
            "key": zip,
            "source": file,
            "source_hash": hash,
        });
        self.add("aws_s3_object", "code", object);
        vec![
            ("s3_bucket", json!("${aws_s3_object.code.bucket}")),
            ("s3_key", json!("${aws_s3_object.code.key}")),
            ("source_code_hash", hash),
        ]
    }

    /// Lets a service, or everyone, use a function's alias.
    fn permission(
        &mut self,
        label: impl Into<String>,
        id: &str,
        one: &DesiredFunction,
        said: Vec<(&'static str, Value)>,
    ) {
        let id = ("statement_id", json!(id));
        let all = std::iter::once(id).chain(invoked(one)).chain(said);
        self.add("aws_lambda_permission", label, table(all));
    }

    /// Lets the service invoke a function that its source is of.
    fn invoker(&mut self, one: &DesiredFunction) {
        let Some(grant) = &one.invoker else { return };
        let account = grant.account.as_ref().map(|account| self.placed(account));
        let said = vec![
            ("action", json!("lambda:InvokeFunction")),
            ("principal", json!(grant.principal)),
            ("source_arn", self.placed(&grant.source)),
            ("source_account", json!(account)),
        ];
        self.permission(one.label("invoker"), &grant.id, one, said);
    }

    /// Lets an API invoke the app, and the authorizers that it asks; `api` is its execution ARN, and the statements have
    /// those ids.
    fn gateways_permissions(
        &mut self,
        api: &str,
        [invokes, asks]: [&str; 2],
        asked: impl Iterator<Item = String>,
    ) {
        let desired = self.desired;
        let main = desired.api();
        let main = main.into_iter().map(|one| (one, invokes, "*/*"));
        let asked = asked.filter_map(|function| desired.function(&function));
        let asked = asked.map(|one| (one, asks, "authorizers/*"));
        let granted: Vec<_> = main.chain(asked).collect();
        for (one, id, source) in granted {
            let said = vec![
                ("action", json!("lambda:InvokeFunction")),
                ("principal", json!("apigateway.amazonaws.com")),
                ("source_arn", json!(format!("${{{api}}}/{source}"))),
            ];
            self.permission(one.label("app"), id, one, said);
        }
    }

    /// A text in which Terraform fills in what it knows, and nothing else.
    fn placed(&self, text: &str) -> Value {
        let marked = self.variables.mark(text);
        let text = escaped(marked.as_deref().unwrap_or(text));
        text.replace(Variables::MARK, "${").into()
    }
}

/// Adds one of a kind.
fn put(map: &mut Map<String, Value>, kind: &str, label: String, one: Value) {
    let all = map.entry(kind).or_insert_with(|| json!({}));
    if let Some(all) = all.as_object_mut() {
        all.insert(label, one);
    }
}

/// Terraform's name for a function's alias.
fn alias(one: &DesiredFunction) -> String {
    one.label("live")
}

/// The attributes that refer to a function's alias.
fn invoked(one: &DesiredFunction) -> [(&'static str, Value); 2] {
    let (function, alias) = (one.label("app"), alias(one));
    [
        (
            "function_name",
            json!(format!("${{aws_lambda_function.{function}.function_name}}")),
        ),
        (
            "qualifier",
            json!(format!("${{aws_lambda_alias.{alias}.name}}")),
        ),
    ]
}

/// A literal text.
fn literal(text: &str) -> Value {
    escaped(text).into()
}

/// Terraform language, "Strings and Templates": `$${` and `%%{`.
fn escaped(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}
