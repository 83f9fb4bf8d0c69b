//! The seam for a database: its tables are behind the endpoint, under the same clock and the same policies.
//!
//! The database is a crate of its own, as its engine costs more to build than all services here.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use crate::access::{Access, Caller, NotLetIn};
use crate::clock::Clock;
use crate::reply::Body;

/// The most bytes of a request for a database: a batch of writes has 16 MB.
pub(crate) const MOST_BODY: usize = 17 * 1024 * 1024;

/// The target of an operation on tables, and of one on their streams, without the operation's name.
const TABLES: &str = "DynamoDB_20120810.";
const STREAMS: &str = "DynamoDBStreams_20120810.";

/// What a database shares with the services.
#[derive(Clone)]
pub struct TablesPlace {
    /// The account of all tables, twelve digits.
    pub account: Arc<str>,
    /// The region of all tables.
    pub region: Arc<str>,
    /// The clock of all services.
    pub clock: Clock,
    /// Decides which caller may do what.
    pub access: Arc<dyn Access>,
}

impl std::fmt::Debug for TablesPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TablesPlace")
            .field("account", &self.account)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A call of an operation on tables or streams.
#[derive(Clone, Debug)]
pub struct TableCall {
    /// The caller, or why the request is not let in.
    pub caller: Result<Caller, RefusedCaller>,
    /// The operation, such as `PutItem`.
    pub operation: String,
    /// True for an operation of DynamoDB Streams.
    pub of_streams: bool,
    /// The input, JSON.
    pub body: Bytes,
}

/// Why a request is not let in, as services that speak JSON write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCaller {
    /// The code, such as `UnrecognizedClientException`.
    pub code: &'static str,
    /// The text for the client.
    pub message: String,
}

impl RefusedCaller {
    pub(crate) fn of(why: &NotLetIn) -> Self {
        let (code, message) = match why {
            NotLetIn::Unsigned => (
                "MissingAuthenticationTokenException",
                "Request is missing Authentication Token".into(),
            ),
            NotLetIn::UnknownKey => (
                "UnrecognizedClientException",
                "The security token included in the request is invalid.".into(),
            ),
            NotLetIn::Signature(error) => ("InvalidSignatureException", error.message()),
        };
        Self { code, message }
    }
}

/// A database behind the endpoint.
pub trait Tables: Send + Sync + 'static {
    /// Called once, when the services start, on their runtime.
    fn start(&self, place: TablesPlace);

    /// Answers a call.
    fn call(&self, call: TableCall) -> Pin<Box<dyn Future<Output = Response<Body>> + Send + '_>>;

    /// Removes all tables and streams.
    fn reset(&self);

    /// The names of all tables, sorted.
    fn names(&self) -> Vec<String>;
}

/// The operation of a target, and whether it is one of streams. `None` if the target is another service's.
pub(crate) fn operation(target: &str) -> Option<(&str, bool)> {
    if let Some(operation) = target.strip_prefix(TABLES) {
        return Some((operation, false));
    }
    target
        .strip_prefix(STREAMS)
        .map(|operation| (operation, true))
}
