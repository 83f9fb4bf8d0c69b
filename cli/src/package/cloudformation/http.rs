//! An HTTP API of a stack.

use serde_json::{Map, Value, json};

use super::{Stack, literal};
use crate::{
    aws::apigateway::{Checks, Stage, invocation},
    package::{cors, map_strings, named, patience, table, tags},
    values::gateway::Rate,
};

impl Stack<'_> {
    /// The API with its routes, its authorizers and its stage; returns its URL.
    pub(super) fn http(&mut self) -> Value {
        let desired = self.desired;
        let tags = json!(tags(desired));
        let api = json!({ "Ref": "Api" });
        let properties = table([
            ("Name", json!(desired.names.function)),
            ("ProtocolType", json!("HTTP")),
            (
                "CorsConfiguration",
                cors(
                    desired.cors.as_ref(),
                    [
                        "AllowOrigins",
                        "AllowMethods",
                        "AllowHeaders",
                        "ExposeHeaders",
                        "MaxAge",
                        "AllowCredentials",
                    ],
                ),
            ),
            ("Tags", tags.clone()),
        ]);
        self.add("Api", "AWS::ApiGatewayV2::Api", properties);
        let main = desired.api();
        let properties = table([
            ("ApiId", api.clone()),
            ("IntegrationType", json!("AWS_PROXY")),
            ("IntegrationMethod", json!("POST")),
            (
                "IntegrationUri",
                main.map_or(Value::Null, |main| self.alias(main)),
            ),
            ("PayloadFormatVersion", json!(desired.http.format.as_str())),
            ("TimeoutInMillis", patience(desired)),
        ]);
        self.add("Integration", "AWS::ApiGatewayV2::Integration", properties);
        self.gateways_permissions(desired.http.functions(&desired.place));
        for (name, checks) in &desired.http.authorizers {
            let properties = self.authorizer(name, checks);
            let id = named("Authorizer", &[name]);
            self.add(id, "AWS::ApiGatewayV2::Authorizer", properties);
        }
        for key in &desired.routes {
            let guard = desired.http.guard(key);
            let authorizer = guard.authorizer();
            let authorizer = authorizer.map(|name| json!({ "Ref": named("Authorizer", &[name]) }));
            let properties = table([
                ("ApiId", api.clone()),
                ("RouteKey", json!(key)),
                ("AuthorizationType", json!(guard.kind())),
                ("AuthorizerId", json!(authorizer)),
                ("AuthorizationScopes", json!(guard.scopes())),
                (
                    "Target",
                    json!({ "Fn::Sub": "integrations/${Integration}" }),
                ),
            ]);
            let id = named("Route", &[key]);
            self.add(id, "AWS::ApiGatewayV2::Route", properties);
        }
        let stage = &desired.http.stage;
        // API Gateway accepts throttles only for existing routes, so the stage comes after them.
        let after = stage.routes.keys().map(|key| named("Route", &[key]));
        let mut after: Vec<String> = after.collect();
        after.extend(self.access_log());
        let log = self.logging(stage.log.as_ref());
        let kind = "AWS::ApiGatewayV2::Stage";
        self.add_after("Stage", kind, &after, self::stage(stage, log, &tags));
        match stage.prefix().as_str() {
            "" => json!({ "Fn::GetAtt": ["Api", "ApiEndpoint"] }),
            prefix => json!({ "Fn::Sub": format!("${{Api.ApiEndpoint}}{prefix}") }),
        }
    }

    fn authorizer(&self, name: &str, checks: &Checks) -> Value {
        match checks {
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
            } => table([
                ("ApiId", json!({ "Ref": "Api" })),
                ("Name", json!(name)),
                ("AuthorizerType", json!("REQUEST")),
                ("AuthorizerUri", self.sub(&invocation(function))),
                ("IdentitySource", json!(identity)),
                ("AuthorizerResultTtlInSeconds", json!(ttl)),
                ("AuthorizerPayloadFormatVersion", json!(format.as_str())),
                ("EnableSimpleResponses", json!(simple)),
            ]),
        }
    }
}

fn stage(stage: &Stage, log: Value, tags: &Value) -> Value {
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
    table([
        ("ApiId", json!({ "Ref": "Api" })),
        ("StageName", json!(stage.name)),
        ("AutoDeploy", json!(stage.auto)),
        (
            "StageVariables",
            map_strings(&json!(stage.variables), &literal),
        ),
        (
            "DefaultRouteSettings",
            json!(stage.throttle.as_ref().map(bucket)),
        ),
        ("RouteSettings", routes.into()),
        ("AccessLogSettings", log),
        ("Tags", tags.clone()),
    ])
}
