//! Queues, topics, buses and buckets that the code sends to, by the app's own names for them.
//!
//! A handle is a constant with the logical name and the type of what is sent. The app lists it with [`App::uses`](crate::App::uses), so the
//! manifest names it: `cargo fw local`, `deploy` and `package` refuse an app whose handle nobody declares, and the derived policy
//! allows what its methods call.
//!
//! ```
//! use fw::{App, Json, Result, StatusCode, post, resource::Queue, routes};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Order {
//!     id: u32,
//! }
//!
//! static ORDERS: Queue<Order> = Queue::new("orders");
//!
//! /// Take an order.
//! #[post("/orders")]
//! async fn order(order: Json<Order>) -> Result<StatusCode> {
//!     ORDERS.send(&order.0).await?;
//!     Ok(StatusCode::ACCEPTED)
//! }
//!
//! let app = App::stateless("shop").routes(routes![order]).uses(&ORDERS);
//! # #[cfg(feature = "test")] {
//! let client = fw::test::Client::new(app, ());
//! client.post("/orders").json(&Order { id: 7 }).send();
//! assert_eq!(client.sent()[0].to(), "queue orders");
//! assert_eq!(client.sent()[0].json::<Order>().id, 7);
//! # }
//! ```
//!
//! | handle | sends | variable, by which other clients find the same |
//! |---|---|---|
//! | [`Queue`] | messages to a queue of SQS | `FW_QUEUE_ORDERS`: its URL |
//! | [`Topic`] | messages to a topic of SNS | `FW_TOPIC_ALERTS`: its ARN |
//! | [`Bus`] | events to a bus of EventBridge | `FW_BUS_TRADE`: its ARN |
//! | [`Bucket`] | objects to a bucket of S3, and reads them | `FW_BUCKET_UPLOADS`: its name |
//!
//! The calls are signed requests of a small client inside `fw`, without an SDK: credentials, region and endpoints are those of the
//! environment. A call that fails for a passing reason is repeated twice.

mod bucket;
mod bus;
mod call;
mod connection;
mod queue;
mod sign;
mod topic;

use std::{
    env, fmt,
    sync::atomic::{AtomicBool, Ordering},
};

#[cfg(feature = "test")]
pub(crate) use self::call::sink;
pub use self::{
    bucket::Bucket,
    bus::{Bus, PutEvent},
    queue::{Queue, SendMessage},
    topic::{Publish, Topic},
};
pub use fw_manifest::UseKind;

/// A handle, as [`App::uses`](crate::App::uses) takes it.
pub trait Resource: sealed::Sealed {
    /// What it is.
    fn kind(&self) -> UseKind;

    /// The app's name for it.
    fn name(&self) -> &'static str;
}

mod sealed {
    pub trait Sealed {
        fn handle(&self) -> &super::Handle;
    }
}

/// The name of a resource, and whether the app has listed it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Handle {
    kind: UseKind,
    name: &'static str,
    listed: AtomicBool,
}

impl Handle {
    const fn new(kind: UseKind, name: &'static str) -> Self {
        Self {
            kind,
            name,
            listed: AtomicBool::new(false),
        }
    }

    /// Notes that the app has listed it.
    pub(crate) fn list(&self) -> (UseKind, &'static str) {
        self.listed.store(true, Ordering::Relaxed);
        (self.kind, self.name)
    }

    /// Where it is: what its variable holds.
    ///
    /// # Errors
    ///
    /// When the app has not listed it, so that nobody has checked its name, or the variable is not set.
    fn place(&self) -> Result<String, ResourceError> {
        self.check()?;
        let variable = self.kind.variable(self.name);
        env::var(&variable).map_err(|_| {
            self.error(format!(
                "the variable `{variable}` is not set: is it declared in `fw.toml`?"
            ))
        })
    }

    /// Refuses a handle that the app has not listed.
    fn check(&self) -> Result<(), ResourceError> {
        match self.listed.load(Ordering::Relaxed) {
            true => Ok(()),
            false => {
                Err(self.error("the app does not list it: add `.uses(&…)` to the `App`".to_owned()))
            }
        }
    }

    fn error(&self, problem: String) -> ResourceError {
        ResourceError {
            resource: format!("{self}"),
            status: None,
            code: String::new(),
            problem,
        }
    }
}

/// `queue orders`.
impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.name)
    }
}

/// Lists a handle.
pub(crate) fn list(resource: &impl Resource) -> (UseKind, &'static str) {
    sealed::Sealed::handle(resource).list()
}

/// Gives a handle's type what all have in common.
macro_rules! handle {
    ($(<$parameter:ident>)? $type:ident $kind:ident) => {
        impl$(<$parameter: ?Sized>)? super::sealed::Sealed for $type$(<$parameter>)? {
            fn handle(&self) -> &super::Handle {
                &self.handle
            }
        }

        impl$(<$parameter: ?Sized>)? super::Resource for $type$(<$parameter>)? {
            fn kind(&self) -> super::UseKind {
                super::UseKind::$kind
            }

            fn name(&self) -> &'static str {
                self.handle.name
            }
        }

        impl$(<$parameter: ?Sized>)? std::fmt::Debug for $type$(<$parameter>)? {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($type)).field(&self.handle.name).finish()
            }
        }
    };
}
use handle;

/// Makes a type of a call something to await: `.await` sends it.
macro_rules! awaited {
    ($type:ident) => {
        impl<'h> std::future::IntoFuture for $type<'h> {
            type Output = Result<(), super::ResourceError>;
            type IntoFuture = crate::route::BoxFuture<'h, Self::Output>;

            fn into_future(self) -> Self::IntoFuture {
                Box::pin(self.go())
            }
        }
    };
}
use awaited;

/// Why a call did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceError {
    resource: String,
    status: Option<u16>,
    code: String,
    problem: String,
}

impl ResourceError {
    /// The HTTP status of AWS's answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// AWS's code for the error, as `AccessDenied`; empty if there was no answer.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }
}

impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            resource, problem, ..
        } = self;
        write!(f, "{resource}: {problem}")
    }
}

impl std::error::Error for ResourceError {}
