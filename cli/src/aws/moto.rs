//! The real clients on a moto server, for tests: no credentials or settings of this machine are read.

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sts::config::Credentials;

use super::{Account, signed::Signed};

impl Account {
    /// The account of the moto server at that URL.
    pub(crate) async fn of_moto(url: &str, region: &str) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .region(Region::new(region.to_owned()))
            .endpoint_url(url)
            .load()
            .await;
        Self {
            signed: Signed::new(&config, region),
            region: region.to_owned(),
            iam: aws_sdk_iam::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            apigateway: aws_sdk_apigatewayv2::Client::new(&config),
            rest: aws_sdk_apigateway::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            tagging: aws_sdk_resourcegroupstagging::Client::new(&config),
            caller: std::sync::Arc::default(),
        }
    }
}
