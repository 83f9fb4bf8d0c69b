//! S3 in this process: strict, complete as far as applications use it, with its data in a folder.
//!
//! [`S3::start`] serves it on a loopback port; [`S3Service::handle`] is the same without a socket. What AWS refuses is refused, and an
//! operation that is not here is answered 501 with its name.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let mut options = fw_s3::Options::new(folder.path().to_owned());
//! options.buckets.push("photos".to_owned());
//! let s3 = fw_s3::S3::start(options).await?;
//! let endpoint = s3.endpoint(); // http://127.0.0.1:PORT, for the SDK; the key and the secret are `test`
//! assert_eq!(s3.buckets(), ["photos"]);
//! s3.shutdown().await;
//! # Ok(()) }
//! ```
//!
//! A request passes five rooms: what it asks for (`operation`), who sent it (`auth`), whether that caller may (`authorize`, `policy`),
//! the work (`ops`, one file a group) and the data folder (`store`).

mod auth;
mod authorize;
mod changes;
mod checksum;
mod error;
mod ids;
mod names;
mod notifications;
mod operation;
mod ops;
mod policy;
mod reply;
mod request;
mod server;
mod service;
mod store;
mod time;
mod users;
mod xml;

pub use changes::{Change, Changes};
pub use names::broken_rule;
pub use notifications::{BucketReports, Notifier, Receiver, TestIds};
pub use reply::S3Body;
pub use server::{Options, S3, StartError};
pub use service::{Now, S3Service};
pub use users::{Access, Attempt, OpenAccess, User};
