//! A REST API in Terraform: the document that a deploy imports, with its deployment, its stage, its keys and usage plans.

use serde_json::{Value, json};

use super::{Module, literal, named};
use crate::{
    aws::{apigateway::is_invocation, rest::RestStage},
    deploy::{
        kind::rest_api::desired::{Plan, Rest},
        names::{REST_ASK_GRANT, REST_GRANT},
    },
    package::{map_strings, table},
    values::gateway::Rate,
};

pub(super) const API: &str = "${aws_api_gateway_rest_api.app.id}";
pub(super) const STAGE: &str = "${aws_api_gateway_stage.app.stage_name}";

impl Module<'_> {
    /// The API with everything that belongs to it; returns its URL.
    pub(super) fn rest(&mut self, rest: &Rest) -> String {
        let desired = self.desired;
        let document = map_strings(&rest.document, &|text| match is_invocation(text) {
            true => self.placed(text),
            false => literal(text),
        });
        let api = json!({
            "name": desired.names.function,
            "endpoint_configuration": { "types": ["REGIONAL"] },
            "body": document.to_string(),
            "tags": self.tags(),
        });
        self.add("aws_api_gateway_rest_api", "app", api);
        let api = "aws_api_gateway_rest_api.app.execution_arn";
        let asked = rest.asked.iter().cloned();
        self.gateways_permissions(api, [REST_GRANT, REST_ASK_GRANT], asked);
        // Another document creates another deployment; the old one is deleted once the stage serves
        // the new one.
        let digest = rest.digest();
        let deployment = json!({
            "rest_api_id": API,
            "description": digest,
            "triggers": { "document": digest },
            "lifecycle": { "create_before_destroy": true },
        });
        self.add("aws_api_gateway_deployment", "app", deployment);
        let log = self.logging(rest.stage.log.as_ref());
        let stage = table([
            ("rest_api_id", json!(API)),
            (
                "deployment_id",
                json!("${aws_api_gateway_deployment.app.id}"),
            ),
            ("stage_name", json!(rest.stage.name)),
            (
                "variables",
                map_strings(&json!(rest.stage.variables), &literal),
            ),
            ("access_log_settings", log),
            ("tags", self.tags()),
        ]);
        self.add("aws_api_gateway_stage", "app", stage);
        self.settings(&rest.stage);
        self.keys(rest);
        for (name, plan) in &rest.plans {
            self.plan(name, plan);
        }
        "${aws_api_gateway_stage.app.invoke_url}".to_owned()
    }

    /// The buckets, one after the other: each is a change of the one stage.
    fn settings(&mut self, stage: &RestStage) {
        let whole = stage.throttle.iter();
        let whole = whole.map(|rate| ("all".to_owned(), "*/*".to_owned(), *rate));
        let methods = stage.methods.iter().map(|(key, rate)| {
            let (method, path) = key.split_once(' ').unwrap_or(("*", key));
            // Without the path's first slash (the provider's documentation of `method_path`).
            let path = format!("{}/{method}", path.trim_start_matches('/'));
            (named("method_", &[key]), path, *rate)
        });
        let mut after: Option<String> = None;
        for (label, path, Rate { rate, burst }) in whole.chain(methods) {
            let settings = table([
                ("rest_api_id", json!(API)),
                ("stage_name", json!(STAGE)),
                ("method_path", literal(&path)),
                (
                    "settings",
                    json!({ "throttling_rate_limit": rate, "throttling_burst_limit": burst }),
                ),
                ("depends_on", json!(after.as_slice())),
            ]);
            self.add("aws_api_gateway_method_settings", &label, settings);
            after = Some(format!("aws_api_gateway_method_settings.{label}"));
        }
    }

    /// The keys. If the settings have a value, it is a variable that Terraform does not show.
    fn keys(&mut self, rest: &Rest) {
        for (name, key) in &rest.keys {
            let value = key.value.as_ref().map(|_| {
                let variable = named("api_key_value_", &[name]);
                let said = json!({
                    "type": "string",
                    "sensitive": true,
                    "description": format!("The value of the API key {name}"),
                });
                self.inputs.insert(variable.clone(), said);
                format!("${{var.{variable}}}")
            });
            let key = table([
                ("name", json!(name)),
                ("enabled", json!(key.enabled)),
                ("value", json!(value)),
                ("tags", self.tags()),
            ]);
            self.add("aws_api_gateway_api_key", named("key_", &[name]), key);
        }
    }

    fn plan(&mut self, name: &str, plan: &Plan) {
        let throttle = plan.limits.throttle.as_ref();
        let throttle =
            throttle.map(|rate| json!({ "rate_limit": rate.rate, "burst_limit": rate.burst }));
        let quota = plan.limits.quota.as_ref();
        let quota = quota.map(|(limit, period)| json!({ "limit": limit, "period": period }));
        let label = named("plan_", &[name]);
        let said: Value = table([
            ("name", json!(name)),
            ("api_stages", json!([{ "api_id": API, "stage": STAGE }])),
            ("throttle_settings", json!(throttle)),
            ("quota_settings", json!(quota)),
            ("tags", self.tags()),
        ]);
        self.add("aws_api_gateway_usage_plan", &label, said);
        for key in &plan.keys {
            let held = json!({
                "key_id": format!("${{aws_api_gateway_api_key.{}.id}}", named("key_", &[key])),
                "key_type": "API_KEY",
                "usage_plan_id": format!("${{aws_api_gateway_usage_plan.{label}.id}}"),
            });
            let label = named("plan_key_", &[name, key]);
            self.add("aws_api_gateway_usage_plan_key", label, held);
        }
    }
}
