//! Reads an account back with the SDK's own clients, not with the CLI's observer.

use std::{collections::BTreeMap, future::Future};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::types::FunctionConfiguration;
use serde_json::Value;

use crate::{deploy_moto::Moto, deploy_support::REGION};

pub(crate) struct Account {
    runtime: tokio::runtime::Runtime,
    pub(crate) config: SdkConfig,
}

/// An HTTP API as it is read back.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) id: String,
    pub(crate) endpoint: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) cors: Option<Vec<String>>,
    /// Route key to integration id.
    pub(crate) routes: BTreeMap<String, String>,
    /// Integration id to URI, type and payload version.
    pub(crate) integrations: BTreeMap<String, (String, String, String)>,
    /// Stage to whether it deploys by itself.
    pub(crate) stages: BTreeMap<String, bool>,
}

impl Account {
    pub(crate) fn of(moto: &Moto) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let http = aws_smithy_http_client::Builder::new().build_http();
        let credentials = aws_sdk_sts::config::Credentials::new("test", "test", None, None, "test");
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http)
            .credentials_provider(credentials)
            .region(Region::new(REGION))
            .endpoint_url(&moto.url)
            .load();
        let config = runtime.block_on(config);
        Self { runtime, config }
    }

    /// Runs one call to its end.
    pub(crate) fn run<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    pub(crate) fn functions(&self) -> Vec<FunctionConfiguration> {
        let client = aws_sdk_lambda::Client::new(&self.config);
        let answer = self.run(client.list_functions().send()).unwrap();
        answer.functions.unwrap_or_default()
    }

    /// A version's configuration.
    pub(crate) fn version(&self, name: &str, version: &str) -> FunctionConfiguration {
        let client = aws_sdk_lambda::Client::new(&self.config);
        let call = client.get_function().function_name(name).qualifier(version);
        self.run(call.send()).unwrap().configuration.unwrap()
    }

    pub(crate) fn alias(&self, name: &str) -> String {
        let client = aws_sdk_lambda::Client::new(&self.config);
        let call = client.get_alias().function_name(name).name("live");
        self.run(call.send()).unwrap().function_version.unwrap()
    }

    /// What the alias gives another version, in percent.
    pub(crate) fn canary(&self, name: &str) -> Option<(String, f64)> {
        let client = aws_sdk_lambda::Client::new(&self.config);
        let call = client.get_alias().function_name(name).name("live");
        let routing = self.run(call.send()).unwrap().routing_config?;
        let weights = routing.additional_version_weights?;
        weights
            .into_iter()
            .map(|(version, weight)| (version, weight * 100.0))
            .next()
    }

    /// The published versions' numbers.
    pub(crate) fn versions(&self, name: &str) -> Vec<String> {
        let client = aws_sdk_lambda::Client::new(&self.config);
        let call = client.list_versions_by_function().function_name(name);
        let versions = self.run(call.send()).unwrap().versions.unwrap_or_default();
        let numbers = versions.into_iter().filter_map(|one| one.version);
        numbers.filter(|number| number != "$LATEST").collect()
    }

    pub(crate) fn function_tags(&self, name: &str) -> BTreeMap<String, String> {
        let client = aws_sdk_lambda::Client::new(&self.config);
        let call = client.get_function().function_name(name);
        let tags = self.run(call.send()).unwrap().tags.unwrap_or_default();
        tags.into_iter().collect()
    }

    /// The alias' resource policy.
    pub(crate) fn policy(&self, name: &str) -> Value {
        let client = aws_sdk_lambda::Client::new(&self.config);
        let call = client.get_policy().function_name(name).qualifier("live");
        let policy = self.run(call.send()).unwrap().policy.unwrap();
        serde_json::from_str(&policy).unwrap()
    }

    pub(crate) fn roles(&self) -> Vec<String> {
        let client = aws_sdk_iam::Client::new(&self.config);
        let answer = self.run(client.list_roles().send()).unwrap();
        answer
            .roles
            .into_iter()
            .map(|role| role.role_name)
            .collect()
    }

    /// The role's inline policies, as they are sent.
    pub(crate) fn role_policy(&self, role: &str) -> String {
        let client = aws_sdk_iam::Client::new(&self.config);
        let names = self.run(client.list_role_policies().role_name(role).send());
        let names = names.unwrap().policy_names;
        assert_eq!(names.len(), 1, "{names:?}");
        let call = client
            .get_role_policy()
            .role_name(role)
            .policy_name(&names[0]);
        let encoded = self.run(call.send()).unwrap().policy_document;
        percent_encoding::percent_decode_str(&encoded)
            .decode_utf8()
            .unwrap()
            .into_owned()
    }

    /// Log groups and their retention.
    pub(crate) fn log_groups(&self) -> BTreeMap<String, Option<i32>> {
        let client = aws_sdk_cloudwatchlogs::Client::new(&self.config);
        let answer = self.run(client.describe_log_groups().send()).unwrap();
        let groups = answer.log_groups.unwrap_or_default();
        groups
            .into_iter()
            .map(|group| (group.log_group_name.unwrap(), group.retention_in_days))
            .collect()
    }

    pub(crate) fn apis(&self) -> Vec<Api> {
        let client = aws_sdk_apigatewayv2::Client::new(&self.config);
        let answer = self.run(client.get_apis().send()).unwrap();
        let all = answer.items.unwrap_or_default();
        all.into_iter().map(|api| self.api(&client, api)).collect()
    }

    fn api(
        &self,
        client: &aws_sdk_apigatewayv2::Client,
        api: aws_sdk_apigatewayv2::types::Api,
    ) -> Api {
        let id = api.api_id.unwrap();
        let routes = self.run(client.get_routes().api_id(&id).send()).unwrap();
        let integrations = self.run(client.get_integrations().api_id(&id).send());
        let stages = self.run(client.get_stages().api_id(&id).send()).unwrap();
        let routes = routes.items.unwrap_or_default().into_iter().map(|route| {
            let target = route.target.unwrap_or_default();
            let target = target.strip_prefix("integrations/").unwrap_or_default();
            (route.route_key.unwrap(), target.to_owned())
        });
        let integrations = integrations.unwrap().items.unwrap_or_default();
        let integrations = integrations.into_iter().map(|integration| {
            let kind = integration.integration_type.unwrap();
            (
                integration.integration_id.unwrap(),
                (
                    integration.integration_uri.unwrap(),
                    kind.as_str().to_owned(),
                    integration.payload_format_version.unwrap(),
                ),
            )
        });
        let stages = stages.items.unwrap_or_default().into_iter();
        Api {
            endpoint: api.api_endpoint.unwrap(),
            tags: api.tags.unwrap_or_default().into_iter().collect(),
            cors: api
                .cors_configuration
                .map(|cors| cors.allow_origins.unwrap_or_default()),
            routes: routes.collect(),
            integrations: integrations.collect(),
            stages: stages
                .map(|stage| (stage.stage_name.unwrap(), stage.auto_deploy.unwrap()))
                .collect(),
            id,
        }
    }

    /// Nothing of any deployment is in it.
    #[track_caller]
    pub(crate) fn is_empty(&self) {
        assert_eq!(self.functions().len(), 0);
        assert_eq!(self.roles(), [""; 0]);
        assert_eq!(self.log_groups().len(), 0);
        assert_eq!(self.apis().len(), 0);
    }
}
