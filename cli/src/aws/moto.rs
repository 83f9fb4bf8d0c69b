//! The real clients on a moto server, for tests: no credentials or settings of this machine are read.

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sts::config::Credentials;

use crate::aws::account::Account;

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
        Self::of(&config, region.to_owned())
    }
}
