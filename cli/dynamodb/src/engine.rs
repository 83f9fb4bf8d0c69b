//! The engine under one lock, with the tables of our own beside its.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use dynoxide::actions::vector_lifecycle::VectorIndexLifecycle;
use dynoxide::storage::Storage;
use dynoxide::storage_backend::Clock as EngineClock;
use dynoxide::{DynoxideError, actions};
use fw_services::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::{self, Failure};
use crate::streams;

/// The clock of the services, once they run.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedClock(Arc<OnceLock<Clock>>);

impl SharedClock {
    pub(crate) fn follow(&self, clock: &Clock) {
        let _ = self.0.set(clock.clone());
    }

    /// Milliseconds since the epoch. Before the services run nothing asks.
    pub(crate) fn now_ms(&self) -> u64 {
        self.0.get().map_or(0, Clock::now_ms)
    }
}

impl EngineClock for SharedClock {
    fn now_unix_secs(&self) -> u64 {
        self.now_ms() / 1000
    }

    fn now_unix_secs_f64(&self) -> f64 {
        // Milliseconds of this age fit into the 53 bits.
        self.now_ms() as f64 / 1000.0
    }
}

/// The engine's storage. One call at a time uses it.
pub(crate) struct Engine {
    storage: Mutex<Storage>,
    lifecycle: VectorIndexLifecycle,
    pub(crate) clock: SharedClock,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Opens a database in a file, or one in memory.
    ///
    /// # Errors
    /// The engine's, in one line.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, DynoxideError> {
        let clock = SharedClock::default();
        let storage = match file {
            Some(file) => {
                let storage = Storage::new(&file.to_string_lossy())?;
                // An acknowledged write outlives the process. It need not outlive the machine's power, which would cost a sync each.
                storage
                    .conn()
                    .execute_batch("PRAGMA synchronous = NORMAL")?;
                storage
            }
            None => Storage::memory()?,
        };
        streams::prepare(&storage)?;
        Ok(Self {
            storage: Mutex::new(storage.with_clock(Arc::new(clock.clone()))),
            lifecycle: VectorIndexLifecycle::new(),
            clock,
        })
    }

    /// The storage for one call. A call that panicked has left a transaction open at worst, which is undone here.
    pub(crate) fn storage(&self) -> MutexGuard<'_, Storage> {
        match self.storage.lock() {
            Ok(storage) => storage,
            Err(poisoned) => {
                self.storage.clear_poison();
                let storage = PoisonError::into_inner(poisoned);
                let _ = storage.rollback();
                storage
            }
        }
    }

    /// Runs an operation that the engine has on an input that is already checked.
    ///
    /// # Errors
    /// Those of the operation.
    pub(crate) fn run(
        &self,
        storage: &Storage,
        operation: &str,
        input: Map<String, Value>,
    ) -> Result<Vec<u8>, Failure> {
        /// Reads the input, runs the action, and writes its answer.
        macro_rules! act {
            ($action:ident) => {
                write(finish(actions::$action::execute(storage, read(input)?))?)
            };
            ($action:ident, $lifecycle:expr) => {
                write(finish(actions::$action::execute(
                    storage,
                    read(input)?,
                    $lifecycle,
                ))?)
            };
        }
        match operation {
            "CreateTable" => act!(create_table),
            "DeleteTable" => act!(delete_table, &self.lifecycle),
            "DescribeTable" => act!(describe_table, &self.lifecycle),
            "UpdateTable" => act!(update_table, &self.lifecycle),
            "ListTables" => act!(list_tables),
            "PutItem" => act!(put_item),
            "GetItem" => act!(get_item),
            "DeleteItem" => act!(delete_item),
            "UpdateItem" => act!(update_item),
            "Query" => act!(query),
            "Scan" => act!(scan),
            "BatchGetItem" => act!(batch_get_item),
            "BatchWriteItem" => act!(batch_write_item),
            "TransactGetItems" => act!(transact_get_items),
            "TransactWriteItems" => act!(transact_write_items),
            "UpdateTimeToLive" => act!(update_time_to_live),
            "DescribeTimeToLive" => act!(describe_time_to_live),
            "ExecuteStatement" => act!(execute_statement),
            "ExecuteTransaction" => act!(execute_transaction),
            "BatchExecuteStatement" => act!(batch_execute_statement),
            "TagResource" => act!(tag_resource),
            "UntagResource" => act!(untag_resource),
            "ListTagsOfResource" => act!(list_tags_of_resource),
            other => Err(Failure::not_implemented(&format!("DynamoDB {other}"))),
        }
    }

    /// Deletes all tables and streams.
    ///
    /// # Errors
    /// The engine's.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        let storage = self.storage();
        for name in storage.list_table_names()? {
            storage.update_deletion_protection(&name, false)?;
            let request = actions::delete_table::DeleteTableRequest { table_name: name };
            finish(actions::delete_table::execute(
                &*storage,
                request,
                &self.lifecycle,
            ))?;
        }
        streams::clear(&storage)
    }
}

/// Reads an input of the engine.
fn read<T: DeserializeOwned>(input: Map<String, Value>) -> Result<T, Failure> {
    serde_json::from_value(Value::Object(input)).map_err(|error| failure::unreadable(&error))
}

/// Writes an answer of the engine.
fn write<T: Serialize>(answer: T) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(&answer).map_err(|error| Failure::internal(&error.to_string()))
}

/// Runs a future of the engine. With `SQLite` it never waits, so it is done when it is polled.
pub(crate) fn finish<T>(
    future: impl Future<Output = Result<T, DynoxideError>>,
) -> Result<T, Failure> {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(result) => result.map_err(Failure::from),
        Poll::Pending => Err(Failure::internal("the engine waits")),
    }
}
