//! The real account: the SDK's clients, created once, with the user's credentials and region.

use std::{sync::Arc, time::Duration};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig, retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig, timeout::TimeoutConfig,
};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::OnceCell;

use super::{error::chain, profile, signed::Signed, sts::Caller};
use crate::{
    env,
    error::{Exit, Failure, Result},
    values::{account::WhichAccount, credentials},
};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a call may take.
const SHORT: Duration = Duration::from_secs(60);
/// The limit for a call that waits for a function, for at most 900 s, or that uploads its code.
const LONG: Duration = Duration::from_secs(930);

/// An account in a region, over the network.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(super) region: String,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) lambda: aws_sdk_lambda::Client,
    pub(super) apigateway: aws_sdk_apigatewayv2::Client,
    pub(super) rest: aws_sdk_apigateway::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) tagging: aws_sdk_resourcegroupstagging::Client,
    pub(super) s3: aws_sdk_s3::Client,
    pub(super) signed: Signed,
    /// The caller, once it is known.
    pub(super) caller: Arc<OnceCell<Caller>>,
}

impl Account {
    /// Finds credentials and region where every AWS tool does: the arguments, the environment, the profile, SSO, the
    /// machine's role. Calls no service that would need them.
    ///
    /// # Errors
    ///
    /// If there is no region or its name is not valid (exit code 64), or if there is no such
    /// profile or there are no credentials (exit code 77).
    pub(crate) async fn connect(args: &WhichAccount) -> Result<Self> {
        if let Some(named) = &args.profile {
            profile::known(named)?;
        }
        let config = load(args).await;
        let region = region(&config)?;
        if args.endpoint_url.is_none() {
            is_region(&region)?;
        }
        credentials(&config, args.profile.as_deref()).await?;
        Ok(Self::of(&config, region))
    }

    /// The region that [`Account::connect`] would take; asks for no credentials, and calls no service.
    ///
    /// # Errors
    ///
    /// If there is none or its name is not valid; exit code 64.
    pub(crate) async fn region_of(args: &WhichAccount) -> Result<String> {
        let region = region(&load(args).await)?;
        is_region(&region)?;
        Ok(region)
    }

    pub(super) fn of(config: &SdkConfig, region: String) -> Self {
        Self {
            signed: Signed::new(config, &region),
            region,
            iam: aws_sdk_iam::Client::new(config),
            lambda: aws_sdk_lambda::Client::new(
                &config.to_builder().timeout_config(timeouts(LONG)).build(),
            ),
            apigateway: aws_sdk_apigatewayv2::Client::new(config),
            rest: aws_sdk_apigateway::Client::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
            tagging: aws_sdk_resourcegroupstagging::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(
                aws_sdk_s3::config::Builder::from(config)
                    // A custom endpoint does not have a host name for each bucket.
                    .force_path_style(config.endpoint_url().is_some())
                    .timeout_config(timeouts(LONG))
                    .build(),
            ),
            caller: Arc::default(),
        }
    }
}

impl Account {
    /// The local server's Lambda API at this URL, instead of an account.
    pub(crate) fn local(url: &str) -> Self {
        let region = credentials::region();
        // Lambda's API listens only on loopback and does not check signatures.
        let own = credentials::LocalCredentials::well_known();
        let token = Some(own.session_token().to_owned());
        let credentials =
            Credentials::new(credentials::ACCESS_KEY, own.secret_key(), token, None, "fw");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(url)
            .region(Region::new(region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            // A function may take as long as its timeout, and its failure must be visible
            // immediately.
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Self::of(&config, region)
    }
}

/// The developer's credentials and region, as the variables that Lambda sets for a function's role.
/// They are read once: when they expire, the local server must be restarted.
///
/// # Errors
///
/// As for [`Account::connect`].
pub(crate) async fn developer_environment() -> Result<Vec<(String, String)>> {
    let config = load(&WhichAccount::default()).await;
    let region = region(&config)?;
    let credentials = credentials(&config, None).await?;
    Ok([
        (env::AWS_ACCESS_KEY_ID, credentials.access_key_id()),
        (env::AWS_SECRET_ACCESS_KEY, credentials.secret_access_key()),
        (
            env::AWS_SESSION_TOKEN,
            credentials.session_token().unwrap_or_default(),
        ),
        (env::AWS_REGION, &region),
        (env::AWS_DEFAULT_REGION, &region),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into())
}

/// The configuration that every AWS tool would find, overridden by the arguments.
async fn load(args: &WhichAccount) -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .timeout_config(timeouts(SHORT));
    if let Some(profile) = &args.profile {
        // The flag overrides credentials of the environment, which the default chain would use
        // first: a named account must never silently be another one.
        let client = ProviderConfig::without_region().with_http_client(http.clone());
        let named = ProfileFileCredentialsProvider::builder()
            .configure(&client)
            .profile_name(profile);
        loader = loader
            .profile_name(profile)
            .credentials_provider(named.build());
    }
    if let Some(region) = &args.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(url) = &args.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

/// The time limit of each attempt, so that no call waits forever for a lost network.
fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(attempt)
        .build()
}

fn region(config: &SdkConfig) -> Result<String> {
    if let Some(region) = config.region() {
        return Ok(region.to_string());
    }
    // Its region would be used.
    known_profile()?;
    Err(Failure::new("no AWS region is set")
        .exiting(Exit::Usage)
        .hint("pass `--region eu-central-1`, set `AWS_REGION`, or set `region` in the profile with `aws configure`"))
}

/// Stops at a region that cannot be one: letters, hyphens, and a number at the end.
fn is_region(region: &str) -> Result<()> {
    let (rest, number) = region.rsplit_once('-').unwrap_or_default();
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_lowercase());
    let named = rest.contains('-') && rest.split('-').all(letters);
    if named && !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()) {
        return Ok(());
    }
    Err(Failure::new(format!("not an AWS region: `{}`", region.escape_debug()))
        .exiting(Exit::Usage)
        .hint("regions have names like `eu-central-1` and `us-east-2`: pass one with `--region`, or set `AWS_REGION`"))
}

/// Stops when `AWS_PROFILE` names a profile that is nowhere.
fn known_profile() -> Result<()> {
    match std::env::var(env::AWS_PROFILE) {
        Ok(named) if !named.is_empty() => profile::known(&named),
        _ => Ok(()),
    }
}

/// Looks for credentials before the first call, so that a clear message reports missing ones.
async fn credentials(config: &SdkConfig, named: Option<&str>) -> Result<Credentials> {
    use aws_sdk_sts::config::ProvideCredentials as _;
    let none = || {
        Failure::new("no AWS credentials were found")
            .exiting(Exit::Denied)
            .hint("run `aws configure` or `aws sso login`, choose a profile with `--profile`, or set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`")
    };
    let provider = config.credentials_provider().ok_or_else(none)?;
    let found = provider.provide_credentials().await;
    found.or_else(|error| {
        let told = chain(&error);
        // The chain of providers without credentials: our own text for each provider's reason, not
        // the SDK's.
        if told.starts_with("the credential provider was not enabled") {
            let failure = none();
            return Err(match named {
                Some(named) => failure.because_of(format!("the profile `{named}` has no credentials")),
                None => {
                    known_profile()?;
                    failure
                }
            });
        }
        let lines: Vec<&str> = told.lines().map(str::trim).collect();
        Err(Failure::new("the AWS credentials cannot be used")
            .exiting(Exit::Denied)
            .because_of(lines.join("; "))
            .hint("`aws sso login` renews a session, `aws configure` writes new keys, `--profile` chooses others"))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_region_is_told_from_what_is_none() {
        for region in [
            "eu-central-1",
            "us-gov-west-1",
            "ap-southeast-5",
            "us-isob-east-1",
        ] {
            super::is_region(region).unwrap();
        }
        for nonsense in [
            "",
            "Frankfurt",
            "eu-central",
            "eu-central-1a",
            "eu central-1",
            "eu-1",
            "-a-1",
            "a--1",
        ] {
            let failure = super::is_region(nonsense).unwrap_err();
            assert_eq!(failure.exit(), crate::error::Exit::Usage);
            assert!(failure.message().contains(nonsense), "{failure}");
        }
    }
}
