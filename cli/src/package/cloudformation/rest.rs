//! A REST API of a stack: the document that a deploy imports, with its deployment, its stage, its keys and usage plans.

use serde_json::{Value, json};

use super::{Stack, literal};
use crate::{
    deploy::kind::rest_api::desired::{Plan, Rest},
    package::{map_strings, named, table},
    values::gateway::Rate,
};

impl Stack<'_> {
    /// The API with everything that belongs to it; returns its URL.
    pub(super) fn rest(&mut self, rest: &Rest) -> Value {
        let desired = self.desired;
        let api = json!({ "Ref": "Api" });
        let properties = table([
            ("Name", json!(desired.names.function)),
            ("EndpointConfiguration", json!({ "Types": ["REGIONAL"] })),
            (
                "Body",
                map_strings(&rest.document, &|text| self.imported(text)),
            ),
            ("Tags", self.list_of_tags()),
        ]);
        self.add("Api", "AWS::ApiGateway::RestApi", properties);
        self.gateways_permissions(rest.asked.iter().cloned());
        // A deployment is created once for each name. Another document creates another one, which
        // the stage then serves.
        let digest = rest.digest();
        let deployment = named("Deployment", &[&digest]);
        let properties = table([("RestApiId", api.clone()), ("Description", json!(digest))]);
        self.add(&deployment, "AWS::ApiGateway::Deployment", properties);
        let stage = &rest.stage;
        let whole = stage.throttle.iter().map(|rate| bucket("*", "/*", rate));
        let methods = stage.methods.iter().map(|(key, rate)| {
            let (method, path) = key.split_once(' ').unwrap_or(("*", key));
            bucket(method, &encoded(path), rate)
        });
        let after: Vec<String> = self.access_log().into_iter().collect();
        let properties = table([
            ("RestApiId", api.clone()),
            ("DeploymentId", json!({ "Ref": deployment })),
            ("StageName", json!(stage.name)),
            ("Variables", map_strings(&json!(stage.variables), &literal)),
            ("MethodSettings", whole.chain(methods).collect()),
            ("AccessLogSetting", self.logging(stage.log.as_ref())),
            ("Tags", self.list_of_tags()),
        ]);
        self.add_after("Stage", "AWS::ApiGateway::Stage", &after, properties);
        self.keys(rest);
        for (name, plan) in &rest.plans {
            self.plan(name, plan);
        }
        let stage = &stage.name;
        json!({ "Fn::Sub": format!("https://${{Api}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{stage}") })
    }

    /// The keys. If the settings have a value, it is a parameter that the stack does not show.
    fn keys(&mut self, rest: &Rest) {
        for (name, key) in &rest.keys {
            let value = key.value.as_ref().map(|_| {
                let parameter = named("ApiKeyValue", &[name]);
                self.parameter(
                    &parameter,
                    json!({
                        "Type": "String",
                        "NoEcho": true,
                        "MinLength": 20,
                        "MaxLength": 128,
                        "Description": format!("The value of the API key {name}"),
                    }),
                );
                json!({ "Ref": parameter })
            });
            let properties = table([
                ("Name", json!(name)),
                ("Enabled", json!(key.enabled)),
                ("Value", json!(value)),
                ("Tags", self.list_of_tags()),
            ]);
            let id = named("ApiKey", &[name]);
            self.add(id, "AWS::ApiGateway::ApiKey", properties);
        }
    }

    fn plan(&mut self, name: &str, plan: &Plan) {
        let throttle = plan.limits.throttle.as_ref();
        let throttle =
            throttle.map(|rate| json!({ "RateLimit": rate.rate, "BurstLimit": rate.burst }));
        let quota = plan.limits.quota.as_ref();
        let quota = quota.map(|(limit, period)| json!({ "Limit": limit, "Period": period }));
        let properties = table([
            ("UsagePlanName", json!(name)),
            (
                "ApiStages",
                json!([{ "ApiId": { "Ref": "Api" }, "Stage": { "Ref": "Stage" } }]),
            ),
            ("Throttle", json!(throttle)),
            ("Quota", json!(quota)),
            ("Tags", self.list_of_tags()),
        ]);
        let id = named("UsagePlan", &[name]);
        self.add(&id, "AWS::ApiGateway::UsagePlan", properties);
        for key in &plan.keys {
            let properties = json!({
                "KeyId": { "Ref": named("ApiKey", &[key]) },
                "KeyType": "API_KEY",
                "UsagePlanId": { "Ref": id },
            });
            let id = named("UsagePlanKey", &[name, key]);
            self.add(id, "AWS::ApiGateway::UsagePlanKey", properties);
        }
    }

    /// A text of the document. The stack fills in the functions' ARNs and takes the rest literally.
    fn imported(&self, text: &str) -> Value {
        match crate::aws::apigateway::is_invocation(text) {
            true => self.sub(text),
            false => literal(text),
        }
    }
}

fn bucket(method: &str, path: &str, rate: &Rate) -> Value {
    json!({
        "HttpMethod": method,
        "ResourcePath": path,
        "ThrottlingRateLimit": rate.rate,
        "ThrottlingBurstLimit": rate.burst,
    })
}

/// A path as a stage's settings have it: `/a/{x}` is `/~1a~1{x}`, and the root `/` (`CloudFormation` template reference,
/// `AWS::ApiGateway::Stage MethodSetting`).
fn encoded(path: &str) -> String {
    match path {
        "/" => path.to_owned(),
        _ => format!("/{}", path.replace('/', "~1")),
    }
}
