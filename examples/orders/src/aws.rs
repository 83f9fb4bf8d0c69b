//! What the shop does in AWS: its queue, its bucket and its topic, found by the variables that `cargo fw` sets.

#[cfg(test)]
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use fw::{Error, Result};
use serde::Serialize;
use tokio::sync::OnceCell;

/// The app's state, made once per cold start.
#[derive(Debug)]
pub(crate) struct Shop {
    /// The configuration of the clients, made by the first call: loading the root certificates is most of what a client costs.
    config: OnceCell<SdkConfig>,
    /// In tests, calls are written down here and go nowhere.
    #[cfg(test)]
    log: Option<Log>,
}

impl Shop {
    /// Connects to nothing yet.
    pub(crate) async fn connect() -> Result<Self> {
        Ok(Self {
            config: OnceCell::new(),
            #[cfg(test)]
            log: None,
        })
    }

    async fn config(&self) -> &SdkConfig {
        self.config
            .get_or_init(|| async {
                let tls = tls::Provider::Rustls(CryptoMode::Ring);
                let http = aws_smithy_http_client::Builder::new()
                    .tls_provider(tls)
                    .build_https();
                aws_config::defaults(aws_config::BehaviorVersion::latest())
                    .http_client(http)
                    .load()
                    .await
            })
            .await
    }

    /// Sends an order to the queue.
    pub(crate) async fn send(&self, order: &impl Serialize) -> Result<()> {
        let body = serde_json::to_string(order)?;
        #[cfg(test)]
        if self.noted(format!("send {body}")) {
            return Ok(());
        }
        let sqs = aws_sdk_sqs::Client::new(self.config().await);
        let message = sqs.send_message().queue_url(variable("FW_QUEUE_ORDERS")?);
        message.message_body(body).send().await?;
        Ok(())
    }

    /// Writes an object into the bucket.
    pub(crate) async fn write(&self, key: &str, text: &str) -> Result<()> {
        #[cfg(test)]
        if self.noted(format!("write {key} {text}")) {
            return Ok(());
        }
        let s3 = aws_sdk_s3::Client::new(self.config().await);
        let object = s3
            .put_object()
            .bucket(variable("FW_BUCKET_LABELS")?)
            .key(key);
        object.body(text.as_bytes().to_vec().into()).send().await?;
        Ok(())
    }

    /// Counts the objects whose keys begin with that, up to a thousand.
    pub(crate) async fn count(&self, prefix: &str) -> Result<usize> {
        #[cfg(test)]
        if self.log.is_some() {
            return Ok(0);
        }
        let s3 = aws_sdk_s3::Client::new(self.config().await);
        let list = s3.list_objects_v2().bucket(variable("FW_BUCKET_LABELS")?);
        let found = list.prefix(prefix).send().await?;
        Ok(found.contents().len())
    }

    /// Publishes a message to the topic.
    pub(crate) async fn publish(&self, text: &str) -> Result<()> {
        #[cfg(test)]
        if self.noted(format!("publish {text}")) {
            return Ok(());
        }
        let sns = aws_sdk_sns::Client::new(self.config().await);
        let topic = variable("FW_TOPIC_SHIPPED")?;
        sns.publish().topic_arn(topic).message(text).send().await?;
        Ok(())
    }
}

fn variable(name: &str) -> Result<String> {
    std::env::var(name).map_err(|error| Error::internal(format!("{name}: {error}")))
}

/// What a shop in memory was asked to do.
#[cfg(test)]
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

#[cfg(test)]
impl Log {
    /// What was done since the last look.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("the log"))
    }
}

#[cfg(test)]
impl Shop {
    /// A shop that writes down what it would do.
    pub(crate) fn in_memory() -> (Self, Log) {
        let log = Log::default();
        let shop = Self {
            config: OnceCell::new(),
            log: Some(log.clone()),
        };
        (shop, log)
    }

    fn noted(&self, line: String) -> bool {
        let Some(Log(lines)) = &self.log else {
            return false;
        };
        lines.lock().expect("the log").push(line);
        true
    }
}
