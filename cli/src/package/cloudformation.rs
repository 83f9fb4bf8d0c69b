//! `CloudFormation`, and SAM, which is the same with functions that upload their zip and publish by themselves.

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

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{PLACE, Variables, map_strings, named, options, secrets, table, tags};
use crate::{
    aws::{apigateway::AccessLog, lambda::Configuration},
    deploy::{kind::function::desired::DesiredFunction, model::Desired, names::POLICY},
    values::lambda::ALIAS,
};

/// `CloudFormation`'s pseudo parameters: partition, account, region.
const PSEUDO: [&str; 3] = ["AWS::Partition", "AWS::AccountId", "AWS::Region"];
/// A reference to the API's id.
const API: &str = "${fw-api}";

/// The location of the functions' code.
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

/// A stack that is being written.
struct Stack<'a> {
    desired: &'a Desired,
    code: Code<'a>,
    variables: Variables,
    parameters: Map<String, Value>,
    resources: Map<String, Value>,
}

pub(super) fn document(desired: &Desired, code: Code<'_>) -> Value {
    let mut stack = Stack::new(desired, code);
    for one in &desired.functions {
        stack.function(one);
        stack.invoker(one);
    }
    let url = match (&desired.url, &desired.rest) {
        (Some(settings), _) => stack.url(settings),
        (None, Some(rest)) => stack.rest(rest),
        (None, None) => stack.http(),
    };
    stack.domain();
    stack.queues();
    stack.mappings();
    stack.invoke_configs();
    stack.topics();
    stack.buses();
    stack.schedules();
    stack.buckets();
    stack.finish(&url)
}

impl<'a> Stack<'a> {
    fn new(desired: &'a Desired, code: Code<'a>) -> Self {
        let mut stack = Self {
            desired,
            code,
            variables: Variables(Vec::new()),
            parameters: Map::new(),
            resources: Map::new(),
        };
        let functions = &desired.functions;
        let mut variables: Vec<(String, String)> = functions
            .iter()
            .map(|one| (desired.place.alias(&one.name), stack.alias_name(one)))
            .collect();
        let place = PLACE.into_iter().chain([API]);
        let pseudo = PSEUDO.into_iter().chain(["Api"]);
        let fixed = place.zip(pseudo);
        variables.extend(fixed.map(|(text, name)| (text.to_owned(), name.to_owned())));
        stack.variables = Variables(variables);
        if matches!(code, Code::Parameters) {
            let text = |description: &str| json!({ "Type": "String", "Description": description });
            let bucket = "The bucket that the zip was uploaded to, in the stack's region";
            stack.parameter("CodeBucket", text(bucket));
            stack.parameter("CodeKey", text("The zip's key in this bucket"));
        }
        stack
    }

    fn parameter(&mut self, name: impl Into<String>, parameter: Value) {
        self.parameters.insert(name.into(), parameter);
    }

    fn add(&mut self, name: impl Into<String>, kind: &str, properties: Value) {
        self.add_after(name, kind, &[], properties);
    }

    /// The same, created after others that it does not refer to.
    fn add_after(
        &mut self,
        name: impl Into<String>,
        kind: &str,
        after: &[String],
        properties: Value,
    ) {
        let resource = table([
            ("Type", json!(kind)),
            ("DependsOn", json!(after)),
            ("Properties", properties),
        ]);
        self.resources.insert(name.into(), resource);
    }

    fn finish(self, url: &Value) -> Value {
        let outputs = self.outputs(url);
        let names = &self.desired.names;
        let mut document = Map::new();
        document.insert("AWSTemplateFormatVersion".to_owned(), json!("2010-09-09"));
        if let Code::Serverless { .. } = self.code {
            document.insert("Transform".to_owned(), json!("AWS::Serverless-2016-10-31"));
        }
        if !self.parameters.is_empty() {
            document.insert("Parameters".to_owned(), self.parameters.into());
        }
        let description = format!("{}, stage {}; written by cargo fw", names.app, names.stage);
        document.insert("Description".to_owned(), description.into());
        document.insert("Resources".to_owned(), self.resources.into());
        document.insert("Outputs".to_owned(), outputs);
        document.into()
    }

    /// The stack's name for a function's alias.
    fn alias_name(&self, one: &DesiredFunction) -> String {
        match self.code {
            Code::Parameters => one.id("Alias"),
            Code::Serverless { .. } => format!("{}.Alias", one.id("Function")),
        }
    }

    /// A function's alias, by ARN.
    fn alias(&self, one: &DesiredFunction) -> Value {
        json!({ "Ref": self.alias_name(one) })
    }

    /// The log group of the access log, if there is one. Returns its name, which a stage with logs
    /// depends on.
    fn access_log(&mut self) -> Option<String> {
        let desired = self.desired;
        let days = desired.access_log?;
        self.log_group("AccessLogs", &desired.names.access_log(), days);
        Some("AccessLogs".to_owned())
    }

    fn log_group(&mut self, id: &str, name: &str, days: u32) {
        let tags = self.list_of_tags();
        self.resources.insert(
            id.to_owned(),
            json!({
                "Type": "AWS::Logs::LogGroup",
                "DeletionPolicy": "Delete",
                "UpdateReplacePolicy": "Delete",
                "Properties": { "LogGroupName": name, "RetentionInDays": days, "Tags": tags },
            }),
        );
    }

    /// Where a stage logs requests, and in which format.
    fn logging(&self, log: Option<&AccessLog>) -> Value {
        log.map_or(
            Value::Null,
            |log| json!({ "DestinationArn": self.sub(&log.group), "Format": literal(&log.format) }),
        )
    }

    /// The resources that move the aliases before a function's alias, as in a deploy.
    fn aliases_before(&self, one: &DesiredFunction) -> Vec<String> {
        let before = self.desired.before(one);
        before.map(|one| self.alias_resource(one)).collect()
    }

    /// The stack's name for the resource that is a function's alias.
    fn alias_resource(&self, one: &DesiredFunction) -> String {
        match self.code {
            Code::Parameters => one.id("Alias"),
            // SAM developer guide, "Generated CloudFormation resources".
            Code::Serverless { .. } => format!("{}Alias{ALIAS}", one.id("Function")),
        }
    }

    /// The role that a function runs with, if the settings name none.
    fn role(&mut self, one: &DesiredFunction) {
        let desired = self.desired;
        let Some(own) = &one.role else { return };
        let said = |value: &Value| map_strings(value, &|text| self.sub(text));
        let properties = table([
            ("RoleName", self.sub(&own.name)),
            ("AssumeRolePolicyDocument", said(&desired.trust)),
            (
                "Policies",
                json!([{ "PolicyName": POLICY, "PolicyDocument": said(&own.policy) }]),
            ),
            ("PermissionsBoundary", json!(desired.boundary)),
            ("Tags", self.list_of_tags()),
        ]);
        self.add(one.id("Role"), "AWS::IAM::Role", properties);
    }

    /// A function with its role, its log group, its version and its alias.
    fn function(&mut self, one: &DesiredFunction) {
        let desired = self.desired;
        self.role(one);
        let logs = one.id("Logs");
        self.log_group(&logs, &one.log_group, desired.log_retention);
        match self.code {
            Code::Parameters => self.versioned(one, logs),
            Code::Serverless { zip } => self.serverless(one, logs, zip),
        }
    }

    fn versioned(&mut self, one: &DesiredFunction, logs: String) {
        let function = one.id("Function");
        let code = json!({ "S3Bucket": { "Ref": "CodeBucket" }, "S3Key": { "Ref": "CodeKey" } });
        let properties = self.configured(
            one,
            ("Code", code),
            ("Tags", list(one.tags(self.desired))),
            options::stack(&one.configuration.options),
        );
        self.add_after(&function, "AWS::Lambda::Function", &[logs], properties);
        let version = version(self.desired, &one.configuration);
        self.resources.insert(
            version.clone(),
            json!({
                "Type": "AWS::Lambda::Version",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": {
                    "FunctionName": { "Ref": function },
                    "CodeSha256": self.desired.code.sha256,
                },
            }),
        );
        let properties = table([
            ("Name", json!(ALIAS)),
            ("FunctionName", json!({ "Ref": function })),
            (
                "FunctionVersion",
                json!({ "Fn::GetAtt": [version, "Version"] }),
            ),
            ("ProvisionedConcurrencyConfig", provisioned(one)),
        ]);
        let after = self.aliases_before(one);
        self.add_after(one.id("Alias"), "AWS::Lambda::Alias", &after, properties);
    }

    fn serverless(&mut self, one: &DesiredFunction, logs: String, zip: &str) {
        let mut more = vec![
            ("AutoPublishAlias", json!(ALIAS)),
            ("ProvisionedConcurrencyConfig", provisioned(one)),
            // A changed setting is also published, not only changed code.
            ("AutoPublishAliasAllProperties", json!(true)),
        ];
        more.extend(options::serverless(&one.configuration.options));
        let properties = self.configured(
            one,
            ("CodeUri", json!(zip)),
            ("Tags", json!(one.tags(self.desired))),
            more,
        );
        let mut after = vec![logs];
        after.extend(self.aliases_before(one));
        let kind = "AWS::Serverless::Function";
        self.add_after(one.id("Function"), kind, &after, properties);
    }

    /// The properties that both kinds of function share.
    fn configured(
        &self,
        one: &DesiredFunction,
        code: (&'static str, Value),
        tags: (&'static str, Value),
        more: Vec<(&'static str, Value)>,
    ) -> Value {
        let configuration = &one.configuration;
        let role = match one.role {
            Some(_) => json!({ "Fn::GetAtt": [one.id("Role"), "Arn"] }),
            None => json!(configuration.role),
        };
        let said = [
            ("FunctionName", json!(one.name)),
            code,
            ("Runtime", json!(configuration.runtime)),
            ("Handler", json!(configuration.handler)),
            (
                "Architectures",
                json!([self.desired.code.architecture.as_str()]),
            ),
            ("MemorySize", json!(configuration.memory)),
            ("Timeout", json!(configuration.timeout)),
            (
                "Environment",
                table([("Variables", self.environment(configuration))]),
            ),
            ("Role", role),
            ("ReservedConcurrentExecutions", json!(one.reserved)),
        ];
        table(said.into_iter().chain(more).chain([tags]))
    }

    /// The variables. Their values are taken as they are, secrets are looked up by the stack, and what leads to its queues and
    /// topics is known to it.
    fn environment(&self, configuration: &Configuration) -> Value {
        map_strings(&json!(configuration.environment), &|value| {
            let known = secrets::stack(value)
                .or_else(|| self.queue_url(value))
                .or_else(|| self.topic_arn(value))
                .or_else(|| self.bus_arn(value))
                .or_else(|| self.bucket_name(value));
            known.unwrap_or_else(|| literal(value))
        })
    }

    /// Lets a service, or everyone, use a function's alias.
    fn permission(&mut self, id: &str, one: &DesiredFunction, said: Vec<(&'static str, Value)>) {
        let function = ("FunctionName", self.alias(one));
        let properties = table(std::iter::once(function).chain(said));
        self.add(id, "AWS::Lambda::Permission", properties);
    }

    /// Lets the service invoke a function that its source is of.
    fn invoker(&mut self, one: &DesiredFunction) {
        let Some(grant) = &one.invoker else { return };
        let said = vec![
            ("Action", json!("lambda:InvokeFunction")),
            ("Principal", json!(grant.principal)),
            ("SourceArn", self.sub(&grant.source)),
            (
                "SourceAccount",
                json!(grant.account.as_ref().map(|account| self.sub(account))),
            ),
        ];
        self.permission(&one.id("Invoker"), one, said);
    }

    /// Lets API Gateway invoke the app, and the authorizers that it asks.
    fn gateways_permissions(&mut self, asked: impl Iterator<Item = String>) {
        let desired = self.desired;
        let place = &desired.place;
        let main = desired.api();
        let mut granted: Vec<_> = main.into_iter().map(|one| (one, place.api(API))).collect();
        let asked = asked.filter_map(|function| desired.function(&function));
        granted.extend(asked.map(|one| (one, place.asking(API))));
        for (one, source) in granted {
            let said = vec![
                ("Action", json!("lambda:InvokeFunction")),
                ("Principal", json!("apigateway.amazonaws.com")),
                ("SourceArn", self.sub(&source)),
            ];
            self.permission(&one.id("Permission"), one, said);
        }
    }

    fn list_of_tags(&self) -> Value {
        list(tags(self.desired))
    }

    /// A text in which the stack fills in what it knows. IAM's own variables, `${aws:username}`, are left to IAM.
    fn sub(&self, text: &str) -> Value {
        let Some(marked) = self.variables.mark(text) else {
            return text.into();
        };
        let text = marked.replace("${", "${!");
        json!({ "Fn::Sub": text.replace(Variables::MARK, "${") })
    }
}

/// Tags as most of a stack's resources have them.
fn list(tags: BTreeMap<String, String>) -> Value {
    tags.into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

/// The provisioned concurrency of an alias.
fn provisioned(one: &DesiredFunction) -> Value {
    one.provisioned.map_or(
        Value::Null,
        |count| json!({ "ProvisionedConcurrentExecutions": count }),
    )
}

/// A version is created once for each name, so the name changes with the version's content.
fn version(desired: &Desired, configuration: &Configuration) -> String {
    let configuration = format!("{configuration:?}");
    named("Version", &[&desired.code.sha256, &configuration])
}

/// A literal text. Only `Fn::Sub` would interpret `${` in it, but the linter reports it as a
/// mistake.
fn literal(text: &str) -> Value {
    if text.contains("${") {
        json!({ "Fn::Sub": text.replace("${", "${!") })
    } else {
        text.into()
    }
}
