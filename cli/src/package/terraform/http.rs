//! An HTTP API in Terraform.

use serde_json::{Value, json};

use super::{Module, literal, named};
use crate::{
    aws::apigateway::{Checks, Stage, invocation},
    deploy::names::{ASK_GRANT, GRANT},
    package::{cors, map_strings, patience, table},
    values::gateway::Rate,
};

pub(super) const API: &str = "${aws_apigatewayv2_api.app.id}";

impl Module<'_> {
    /// The API with its routes, its authorizers and its stage; returns its URL.
    pub(super) fn http(&mut self) -> String {
        let desired = self.desired;
        let api = table([
            ("name", json!(desired.names.function)),
            ("protocol_type", json!("HTTP")),
            (
                "cors_configuration",
                cors(
                    desired.cors.as_ref(),
                    [
                        "allow_origins",
                        "allow_methods",
                        "allow_headers",
                        "expose_headers",
                        "max_age",
                        "allow_credentials",
                    ],
                ),
            ),
            ("tags", self.tags()),
        ]);
        self.add("aws_apigatewayv2_api", "app", api);
        let integration = table([
            ("api_id", json!(API)),
            ("integration_type", json!("AWS_PROXY")),
            ("integration_method", json!("POST")),
            (
                "integration_uri",
                self.placed(&desired.place.alias(&desired.names.function)),
            ),
            (
                "payload_format_version",
                json!(desired.http.format.as_str()),
            ),
            ("timeout_milliseconds", patience(desired)),
        ]);
        self.add("aws_apigatewayv2_integration", "app", integration);
        let asked = desired.http.functions(&desired.place);
        let api = "aws_apigatewayv2_api.app.execution_arn";
        self.gateways_permissions(api, [GRANT, ASK_GRANT], asked);
        for (name, checks) in &desired.http.authorizers {
            let authorizer = self.authorizer(name, checks);
            let label = named("authorizer_", &[name]);
            self.add("aws_apigatewayv2_authorizer", label, authorizer);
        }
        for key in &desired.routes {
            let guard = desired.http.guard(key);
            let authorizer = guard.authorizer().map(|name| {
                let name = named("authorizer_", &[name]);
                format!("${{aws_apigatewayv2_authorizer.{name}.id}}")
            });
            let route = table([
                ("api_id", json!(API)),
                ("route_key", literal(key)),
                ("authorization_type", json!(guard.kind())),
                ("authorizer_id", json!(authorizer)),
                ("authorization_scopes", json!(guard.scopes())),
                (
                    "target",
                    json!("integrations/${aws_apigatewayv2_integration.app.id}"),
                ),
            ]);
            self.add("aws_apigatewayv2_route", named("route_", &[key]), route);
        }
        let log = self.logging(desired.http.stage.log.as_ref());
        let stage = stage(&desired.http.stage, log, &self.tags());
        self.add("aws_apigatewayv2_stage", "app", stage);
        let prefix = desired.http.stage.prefix();
        format!("${{aws_apigatewayv2_api.app.api_endpoint}}{prefix}")
    }

    fn authorizer(&self, name: &str, checks: &Checks) -> Value {
        match checks {
            Checks::Jwt {
                issuer,
                audience,
                identity,
            } => json!({
                "api_id": API,
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
            } => table([
                ("api_id", json!(API)),
                ("name", json!(name)),
                ("authorizer_type", json!("REQUEST")),
                ("authorizer_uri", self.placed(&invocation(function))),
                ("identity_sources", map_strings(&json!(identity), &literal)),
                ("authorizer_result_ttl_in_seconds", json!(ttl)),
                ("authorizer_payload_format_version", json!(format.as_str())),
                ("enable_simple_responses", json!(simple)),
            ]),
        }
    }
}

/// API Gateway accepts throttles only for existing routes, so the stage comes after them.
fn stage(stage: &Stage, log: Value, tags: &Value) -> Value {
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
        ("api_id", json!(API)),
        ("name", json!(stage.name)),
        ("auto_deploy", json!(stage.auto)),
        (
            "stage_variables",
            map_strings(&json!(stage.variables), &literal),
        ),
        (
            "default_route_settings",
            json!(stage.throttle.as_ref().map(bucket)),
        ),
        ("route_settings", routes.into()),
        ("access_log_settings", log),
        ("depends_on", after),
        ("tags", tags.clone()),
    ])
}
