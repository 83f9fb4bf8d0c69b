//! The seam for a database: its tables are behind the endpoint, under the same clock and the same policies.
//!
//! The database is a crate of its own, as its engine costs more to build than all services here.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use tokio::sync::watch;

use crate::access::{Access, Caller, NotLetIn};
use crate::clock::Clock;
use crate::declare::DeclaredTable;
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

    /// Creates a table, or brings the one of that name to a declaration: its global indexes, its stream and its time to live. Its items stay.
    ///
    /// # Errors
    /// Why it cannot be: another key, for example.
    fn declare(&self, name: &str, table: &DeclaredTable) -> Result<(), String>;

    /// A stream by its ARN, or `None` if it is not there.
    fn stream(&self, arn: &str) -> Option<StreamEnds>;

    /// Reads records of a stream that follow a number, at most so many. `None` if the stream is not there.
    fn read_stream<'a>(
        &'a self,
        arn: &'a str,
        after: i64,
        most: usize,
    ) -> Pin<Box<dyn Future<Output = Option<StreamPage>> + Send + 'a>>;

    /// Changes after each write that a stream may have recorded.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// Where a stream begins and ends now: the numbers after which its oldest record and its next record come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamEnds {
    /// The number before the oldest record.
    pub first: i64,
    /// The number before the next record.
    pub last: i64,
}

/// Records of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamPage {
    /// The id of the shard.
    pub shard: String,
    /// The records, the oldest first.
    pub records: Vec<StreamRecord>,
    /// The number after which to go on.
    pub last: i64,
}

/// A record of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRecord {
    /// Its number, by which records have an order.
    pub number: i64,
    /// The number as clients see it.
    pub sequence: String,
    /// The same for all records of an item.
    pub key: u64,
    /// When it was written, in seconds since the Unix epoch.
    pub created_s: u64,
    /// The record as functions get it.
    pub document: Value,
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
