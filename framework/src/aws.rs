//! Clients of AWS's services, created when they are first used.
//!
//! What a client costs is mostly reading the system's root certificates, 6 to 9 ms. A cold start should not wait for it, and a
//! request that needs no client should not either. So [`Lazy`] creates a client on its first use, and all clients share one
//! [configuration](config): credentials, region and retries of the AWS SDK's defaults, TLS by `ring`, one pool of connections.
//!
//! ```ignore
//! use fw::{App, Result, aws::Lazy, get, routes};
//!
//! struct Store {
//!     bucket: String,
//!     s3: Lazy<aws_sdk_s3::Client>,
//! }
//!
//! /// Count the documents.
//! #[get("/count")]
//! async fn count(store: &Store) -> Result<String> {
//!     let list = store.s3.get().await.list_objects_v2().bucket(&store.bucket);
//!     Ok(list.send().await?.key_count().unwrap_or_default().to_string())
//! }
//!
//! fn app() -> App<Store> {
//!     App::new("documents", async || {
//!         let bucket = std::env::var("BUCKET")?;
//!         Ok::<_, fw::Error>(Store { bucket, s3: Lazy::new(aws_sdk_s3::Client::new) })
//!     })
//!     .routes(routes![count])
//! }
//! ```
//!
//! Only the SDK crate of each service is a dependency of your own: `aws-sdk-s3` without default features, with `rt-tokio`.

use std::fmt;

use aws_config::BehaviorVersion;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::sync::OnceCell;

pub use aws_config::SdkConfig;

/// The configuration that all clients share, read on the first call: region and credentials are those of the environment.
pub async fn config() -> &'static SdkConfig {
    static CONFIG: OnceCell<SdkConfig> = OnceCell::const_new();
    CONFIG
        .get_or_init(|| async {
            let http = aws_smithy_http_client::Builder::new()
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .build_https();
            let defaults = aws_config::defaults(BehaviorVersion::latest());
            defaults.http_client(http).load().await
        })
        .await
}

/// A client that is created when it is first used.
///
/// It is a constant expression, so it may also be a `static`: `static S3: Lazy<Client> = Lazy::new(Client::new);`.
pub struct Lazy<C> {
    create: fn(&SdkConfig) -> C,
    client: OnceCell<C>,
}

impl<C> Lazy<C> {
    /// A client that `create` makes of the shared configuration: the `Client::new` of an SDK crate.
    pub const fn new(create: fn(&SdkConfig) -> C) -> Self {
        Self {
            create,
            client: OnceCell::const_new(),
        }
    }

    /// The client. The first call creates it.
    pub async fn get(&self) -> &C {
        let create = async || (self.create)(config().await);
        self.client.get_or_init(create).await
    }
}

/// A client that is there already: in a test, one that answers by itself.
impl<C> From<C> for Lazy<C> {
    fn from(client: C) -> Self {
        Self {
            create: |_| unreachable!("the client is there"),
            client: OnceCell::new_with(Some(client)),
        }
    }
}

impl<C> fmt::Debug for Lazy<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy")
            .field("created", &self.client.initialized())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Lazy;

    #[tokio::test]
    async fn a_client_is_created_by_its_first_use_only() {
        let lazy: Lazy<u8> = Lazy::new(|_| panic!("nobody has asked"));
        assert_eq!(format!("{lazy:?}"), "Lazy { created: false, .. }");
        let given = Lazy::from("given");
        assert_eq!(*given.get().await, "given");
    }
}
