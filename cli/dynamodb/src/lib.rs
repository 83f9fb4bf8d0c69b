//! DynamoDB and its streams in this process: tables in memory or in a folder, for local runs and tests.
//!
//! The tables are behind the endpoint of [`fw_services`], under its clock and its policies:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use fw_dynamodb::DynamoDb;
//! use fw_services::{Options, Services};
//!
//! let database = Arc::new(DynamoDb::open(None)?);
//! let options = Options { tables: Some(database), ..Options::default() };
//! let services = Services::start(options).await?;
//! let endpoint = services.endpoint(); // for AWS_ENDPOINT_URL_DYNAMODB
//! # assert!(endpoint.starts_with("http://127.0.0.1:"));
//! services.shutdown().await?;
//! # Ok(()) }
//! ```
//!
//! The engine is [`dynoxide`], over `SQLite`. What is not right in it is corrected in front of it; the streams are our own.

mod access;
mod declare;
mod engine;
mod expressions;
mod failure;
mod front;
mod indexes;
mod keys;
mod legacy;
mod names;
mod pool;
mod reads;
mod shapes;
mod streams;
mod tables;
mod tags;
mod timestamp;
mod tokens;
mod updates;
mod wire;
mod wording;

use std::fs::{DirBuilder, OpenOptions};
use std::future::Future;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fw_services::{Body, DeclaredTable, StreamEnds, StreamPage, TableCall, Tables, TablesPlace};
use http::Response;
use tokio::sync::watch;

use crate::engine::Engine;
use crate::failure::Failure;
use crate::front::{Front, Place};
use crate::names::Arns;
use crate::pool::Pool;

/// The database in a folder.
const FILE: &str = "dynamodb.sqlite";
/// What the owner of a folder may do, and nobody else.
const OWN_FOLDER: u32 = 0o700;
/// What the owner of a file may do, and nobody else.
const OWN_FILE: u32 = 0o600;
/// How often expired items are looked for, on the clock of the services.
const SWEEP: Duration = Duration::from_secs(1);

/// Tables and their streams.
#[derive(Debug)]
pub struct DynamoDb {
    front: Arc<Front>,
    pool: Arc<Pool>,
}

impl DynamoDb {
    /// Opens the tables in a folder, which is created if needed, or empty ones in memory.
    ///
    /// An acknowledged write in a folder outlives the process, also if it is killed.
    ///
    /// # Errors
    /// Those of the file system and of threads, and `InvalidData` if the file is no database or was written by a newer version.
    pub fn open(folder: Option<&Path>) -> io::Result<Self> {
        let file = match folder {
            Some(folder) => {
                let mut builder = DirBuilder::new();
                builder.recursive(true).mode(OWN_FOLDER).create(folder)?;
                let file = folder.join(FILE);
                // Items may be confidential. The files beside it get the same mode from SQLite.
                let mut options = OpenOptions::new();
                options
                    .append(true)
                    .create(true)
                    .mode(OWN_FILE)
                    .open(&file)?;
                Some(file)
            }
            None => None,
        };
        let engine = Engine::open(file.as_deref()).map_err(|error| {
            let place = file.as_deref().map(|file| file.display().to_string());
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{}: {error}", place.unwrap_or_default()),
            )
        })?;
        Ok(Self {
            front: Arc::new(Front::new(engine)),
            pool: Arc::new(Pool::start()?),
        })
    }
}

impl Tables for DynamoDb {
    fn start(&self, place: TablesPlace) {
        self.front.engine.clock.follow(&place.clock);
        let clock = place.clock.clone();
        let arns = Arns::of(&place);
        let _ = self.front.place.set(Place { place, arns });
        let (front, pool) = (Arc::downgrade(&self.front), Arc::clone(&self.pool));
        tokio::spawn(async move {
            loop {
                let due = clock.now_ms() + u64::try_from(SWEEP.as_millis()).unwrap_or(1000);
                clock.sleep_until(due).await;
                let Some(front) = front.upgrade() else {
                    return;
                };
                // What is not deleted now is tried again at the next turn.
                let _ = pool.run(move || front.sweep()).await;
            }
        });
    }

    fn call(&self, call: TableCall) -> Pin<Box<dyn Future<Output = Response<Body>> + Send + '_>> {
        let front = Arc::clone(&self.front);
        Box::pin(async move {
            let result = self.pool.run(move || front.answer(call)).await;
            wire::answer(result.unwrap_or_else(|| Err(Failure::internal("the engine failed"))))
        })
    }

    fn reset(&self) {
        let front = Arc::clone(&self.front);
        // An engine that cannot delete says so at the next call.
        let _ = self.pool.run_blocking(move || front.clear());
    }

    fn names(&self) -> Vec<String> {
        let front = Arc::clone(&self.front);
        let names = move || front.engine.storage().list_table_names();
        let names = self.pool.run_blocking(names);
        names.and_then(Result::ok).unwrap_or_default()
    }

    fn declare(&self, name: &str, table: &DeclaredTable) -> Result<(), String> {
        let (front, name, table) = (Arc::clone(&self.front), name.to_owned(), table.clone());
        let declared = self.pool.run_blocking(move || front.declare(&name, &table));
        declared.unwrap_or_else(|| Err("the engine failed".into()))
    }

    fn stream(&self, arn: &str) -> Option<StreamEnds> {
        let (front, arn) = (Arc::clone(&self.front), arn.to_owned());
        self.pool.run_blocking(move || front.stream_ends(&arn))?
    }

    fn read_stream<'a>(
        &'a self,
        arn: &'a str,
        after: i64,
        most: usize,
    ) -> Pin<Box<dyn Future<Output = Option<StreamPage>> + Send + 'a>> {
        let (front, arn) = (Arc::clone(&self.front), arn.to_owned());
        Box::pin(async move {
            let page = self.pool.run(move || front.stream_page(&arn, after, most));
            page.await?
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.front.changed.subscribe()
    }
}
