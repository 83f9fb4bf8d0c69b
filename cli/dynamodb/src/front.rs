//! The front of the engine: each request is read, checked, allowed, run and answered here.

use std::sync::{Mutex, OnceLock};

use dynoxide::storage::Storage;
use fw_services::{DeclaredTable, StreamEnds, StreamPage, TableCall, TablesPlace};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use crate::engine::Engine;
use crate::failure::Failure;
use crate::names::Arns;
use crate::tokens::Tokens;
use crate::wording::Quoted;
use crate::{
    access, declare, expressions, keys, legacy, reads, shapes, streams, tables, tags, updates,
    wording,
};

/// The operations that change items, after which readers of streams look for records.
const WRITES: [&str; 8] = [
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "TransactWriteItems",
    "ExecuteStatement",
    "ExecuteTransaction",
    "BatchExecuteStatement",
];

/// The operations that are here.
const KNOWN: [&str; 24] = [
    "BatchExecuteStatement",
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "DescribeLimits",
    "DescribeTable",
    "DescribeTimeToLive",
    "ExecuteStatement",
    "ExecuteTransaction",
    "GetItem",
    "ListTables",
    "ListTagsOfResource",
    "PutItem",
    "Query",
    "Scan",
    "TagResource",
    "TransactGetItems",
    "TransactWriteItems",
    "UntagResource",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
];

/// Operations of DynamoDB that are not here, which are refused by name.
const MISSING: [&str; 21] = [
    "CreateBackup",
    "CreateGlobalTable",
    "DeleteBackup",
    "DeleteResourcePolicy",
    "DescribeBackup",
    "DescribeContinuousBackups",
    "DescribeContributorInsights",
    "DescribeEndpoints",
    "DescribeExport",
    "DescribeGlobalTable",
    "DescribeKinesisStreamingDestination",
    "DescribeTableReplicaAutoScaling",
    "EnableKinesisStreamingDestination",
    "ExportTableToPointInTime",
    "GetResourcePolicy",
    "ImportTable",
    "ListBackups",
    "ListGlobalTables",
    "PutResourcePolicy",
    "RestoreTableFromBackup",
    "UpdateContinuousBackups",
];

const STREAMS: [&str; 4] = [
    "ListStreams",
    "DescribeStream",
    "GetShardIterator",
    "GetRecords",
];

/// The message for values that are nested too deeply.
const NESTING: &str = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";

/// What the engine is placed in, once the services run.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) place: TablesPlace,
    pub(crate) arns: Arns,
}

/// The engine with all that surrounds it.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) engine: Engine,
    pub(crate) place: OnceLock<Place>,
    tokens: Mutex<Tokens>,
    /// Changes after each write.
    pub(crate) changed: watch::Sender<u64>,
}

impl Front {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            place: OnceLock::new(),
            tokens: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    /// Answers a call. It runs on a thread with a large stack.
    pub(crate) fn answer(&self, call: TableCall) -> Result<Vec<u8>, Failure> {
        let TableCall {
            caller,
            operation,
            of_streams,
            body,
        } = call;
        let Some(place) = self.place.get() else {
            return Err(Failure::internal("the services have not started"));
        };
        let known: &[&str] = if of_streams { &STREAMS } else { &KNOWN };
        if !known.contains(&operation.as_str()) {
            return Err(match MISSING.contains(&operation.as_str()) {
                true => Failure::not_implemented(&format!("DynamoDB {operation}")),
                false => Failure::unknown_operation(),
            });
        }
        let caller = caller.map_err(|why| Failure::coral(why.code, &why.message))?;
        let mut input = read(&body)?;
        shapes::check(&operation, &input)?;
        place.arns.to_engine(&mut input);
        for (action, resource) in access::needs(&operation, of_streams, &input, &place.arns) {
            let access = &place.place.access;
            access
                .decide(&caller, &action, &resource)
                .map_err(|text| Failure::coral("AccessDeniedException", &text))?;
        }
        legacy::key_conditions(&mut input);
        expressions::check(&operation, &input)?;
        legacy::check(&input)?;
        let quoted = Quoted::of(&input);
        let result = {
            let storage = self.engine.storage();
            self.run(&storage, place, &operation, input)
        };
        if WRITES.contains(&operation.as_str()) && result.is_ok() {
            self.wake();
        }
        result.map_err(|mut failure| {
            failure.reword(|text| place.arns.in_text(text));
            failure.reword(|text| wording::older(&operation, &quoted, text));
            failure.first_reason_alone();
            failure
        })
    }

    /// Wakes the readers of streams.
    pub(crate) fn wake(&self) {
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    fn run(
        &self,
        storage: &Storage,
        place: &Place,
        operation: &str,
        input: Map<String, Value>,
    ) -> Result<Vec<u8>, Failure> {
        let (arns, now_ms) = (&place.arns, self.engine.clock.now_ms());
        let document = match operation {
            "CreateTable" | "UpdateTable" | "DeleteTable" | "DescribeTable" => {
                tables::run(&self.engine, storage, arns, operation, input)?
            }
            "UpdateTimeToLive" => {
                tables::check_time_to_live(storage, &input)?;
                return self.engine.run(storage, operation, input);
            }
            "TransactWriteItems" | "ExecuteTransaction" => {
                let mut tokens = self
                    .tokens
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                return tokens.run(operation, input, now_ms, |input| {
                    self.engine.run(storage, operation, input)
                });
            }
            "UpdateItem" => {
                keys::check(storage, operation, &input)?;
                return updates::run(&self.engine, storage, input);
            }
            "PutItem" | "BatchWriteItem" => {
                keys::check(storage, operation, &input)?;
                return self.engine.run(storage, operation, input);
            }
            "Query" | "Scan" => {
                reads::check(storage, &input)?;
                return self.engine.run(storage, operation, input);
            }
            "TransactGetItems" => {
                let projections = reads::projections(&input);
                let answer = self.engine.run(storage, operation, input)?;
                return reads::project(answer, &projections);
            }
            // These two answer nothing, without even an object.
            "TagResource" | "UntagResource" => {
                tags::check(&input)?;
                self.engine.run(storage, operation, input)?;
                return Ok(Vec::new());
            }
            "ListTagsOfResource" => {
                tags::check(&input)?;
                return self.engine.run(storage, operation, input);
            }
            "DescribeLimits" => json!({
                "AccountMaxReadCapacityUnits": 80_000,
                "AccountMaxWriteCapacityUnits": 80_000,
                "TableMaxReadCapacityUnits": 40_000,
                "TableMaxWriteCapacityUnits": 40_000,
            }),
            "ListStreams" => streams::list(storage, &input, arns)?,
            "DescribeStream" => streams::describe(storage, &input, arns)?,
            "GetShardIterator" => streams::shard_iterator(storage, &input, arns, now_ms)?,
            "GetRecords" => {
                streams::get_records(storage, &input, arns, &place.place.region, now_ms)?
            }
            _ => return self.engine.run(storage, operation, input),
        };
        Ok(document.to_string().into_bytes())
    }

    /// Brings a table to a declaration.
    ///
    /// # Errors
    /// Why it cannot be, in one line.
    pub(crate) fn declare(&self, name: &str, table: &DeclaredTable) -> Result<(), String> {
        let place = self.place.get().ok_or("the services have not started")?;
        let storage = self.engine.storage();
        declare::declare(&self.engine, &storage, place, name, table)
    }

    /// Where a stream begins and ends.
    pub(crate) fn stream_ends(&self, arn: &str) -> Option<StreamEnds> {
        let place = self.place.get()?;
        let storage = self.engine.storage();
        let stream = streams::by_arn(&storage, &place.arns, arn)?;
        let last = streams::last_id(&storage).ok()?;
        Some(StreamEnds {
            first: stream.first(),
            last,
        })
    }

    /// Records of a stream as functions get them.
    pub(crate) fn stream_page(&self, arn: &str, after: i64, most: usize) -> Option<StreamPage> {
        let place = self.place.get()?;
        let storage = self.engine.storage();
        let stream = streams::by_arn(&storage, &place.arns, arn)?;
        let now_ms = self.engine.clock.now_ms();
        let (found, last) = streams::records(&storage, &stream, after, most, now_ms).ok()?;
        let records = found
            .iter()
            .map(|record| record.for_function(&place.place.region, arn))
            .collect();
        Some(StreamPage {
            shard: stream.shard().to_owned(),
            records,
            last,
        })
    }

    /// Removes all tables and streams.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        self.engine.clear()?;
        let mut tokens = self
            .tokens
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *tokens = Tokens::default();
        drop(tokens);
        self.wake();
        Ok(())
    }

    /// Deletes what is expired: items by their time to live, and records of streams.
    pub(crate) fn sweep(&self) -> Result<(), Failure> {
        let deleted = {
            let storage = self.engine.storage();
            streams::trim(&storage, self.engine.clock.now_ms())?;
            streams::sweep(&storage)?
        };
        if deleted > 0 {
            self.wake();
        }
        Ok(())
    }
}

/// Reads the input of an operation.
fn read(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(input)) => Ok(input),
        Ok(_) => Err(Failure::serialization(None)),
        // An item has 32 levels at most, and the reader follows four times as many.
        Err(error) if error.to_string().starts_with("recursion limit exceeded") => {
            Err(Failure::validation(NESTING))
        }
        Err(_) => Err(Failure::serialization(None)),
    }
}
