//! The streams: what changed in each table, for 24 hours.
//!
//! The engine notes each change within the transaction of its write. A trigger moves the note to a table of our own in the same transaction,
//! so that none is lost or doubled, and a stream outlives its table. Numbers are given across all streams, in the order of the writes.
//!
//! Each stream has one shard, which is open until the stream is disabled. AWS has several and closes each after about four hours.

mod api;
mod iterator;
mod record;

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;

pub(crate) use api::{describe, get_records, list, shard_iterator};
pub(crate) use iterator::stream_of_iterator;
pub(crate) use record::Record;

use crate::failure::Failure;
use crate::names::Arns;
use crate::timestamp;

/// How long a record can be read.
pub(crate) const RETENTION_MS: u64 = 24 * 3600 * 1000;
/// Sequence numbers have 21 digits at least.
const FIRST_NUMBER: u128 = 100_000_000_000_000_000_000;

/// The names hold a character that tables of users cannot have.
const SCHEMA: &str = r#"
CREATE TABLE IF NOT EXISTS "fw:streams" (
    table_name TEXT NOT NULL,
    label TEXT NOT NULL,
    view_type TEXT NOT NULL,
    key_schema TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    disabled_ms INTEGER,
    -- The number of the last record of any stream before the first and after the last of this one.
    after_id INTEGER NOT NULL,
    last_id INTEGER,
    shard TEXT NOT NULL,
    PRIMARY KEY (table_name, label)
);
CREATE TABLE IF NOT EXISTS "fw:records" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name TEXT NOT NULL,
    label TEXT NOT NULL,
    event TEXT NOT NULL,
    keys TEXT NOT NULL,
    new_image TEXT,
    old_image TEXT,
    created_s INTEGER NOT NULL,
    by_service INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS "fw:records_of_stream" ON "fw:records" (table_name, label, id);
CREATE TRIGGER IF NOT EXISTS "fw:record" AFTER INSERT ON _stream_records BEGIN
    INSERT INTO "fw:records" (table_name, label, event, keys, new_image, old_image, created_s, by_service)
    SELECT NEW.table_name, stream_label, NEW.event_name, NEW.keys_json, NEW.new_image, NEW.old_image, NEW.created_at,
        NEW.user_identity IS NOT NULL
    FROM _tables WHERE table_name = NEW.table_name;
    DELETE FROM _stream_records WHERE id = NEW.id;
END;
"#;

/// A stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stream {
    pub(crate) table: String,
    pub(crate) label: String,
    pub(crate) view_type: String,
    key_schema: String,
    created_ms: u64,
    disabled_ms: Option<u64>,
    after_id: i64,
    last_id: Option<i64>,
    shard: String,
}

impl Stream {
    pub(crate) fn is_enabled(&self) -> bool {
        self.disabled_ms.is_none()
    }

    /// The number before its first record.
    pub(crate) fn first(&self) -> i64 {
        self.after_id
    }

    pub(crate) fn shard(&self) -> &str {
        &self.shard
    }
}

/// A number as clients see it.
pub(crate) fn number(id: i64) -> String {
    (FIRST_NUMBER + u128::try_from(id).unwrap_or_default()).to_string()
}

/// The number of ours that clients see as that.
fn id_of(number: &str) -> Option<i64> {
    let number: u128 = number.parse().ok()?;
    i64::try_from(number.checked_sub(FIRST_NUMBER)?).ok()
}

/// Creates what is missing in a database.
pub(crate) fn prepare(storage: &Storage) -> Result<(), DynoxideError> {
    storage.conn().execute_batch(SCHEMA)?;
    Ok(())
}

/// Removes all streams and records. Numbers go on, so that no position of a reader becomes valid again.
pub(crate) fn clear(storage: &Storage) -> Result<(), Failure> {
    let all = r#"DELETE FROM "fw:streams"; DELETE FROM "fw:records";"#;
    storage
        .conn()
        .execute_batch(all)
        .map_err(DynoxideError::from)?;
    Ok(())
}

/// The number of the last record of all streams.
pub(crate) fn last_id(storage: &Storage) -> Result<i64, Failure> {
    let sql = r#"SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'fw:records'"#;
    let found = storage.conn().query_row(sql, [], |row| row.get(0));
    Ok(found.map_err(DynoxideError::from)?)
}

/// Enables a stream on a table that has none.
pub(crate) fn enable(
    storage: &Storage,
    table: &str,
    view_type: &str,
    now_ms: u64,
) -> Result<(), Failure> {
    let Some(meta) = storage.get_table_metadata(table)? else {
        return Err(Failure::no_table(table));
    };
    // Two streams of a table have two labels, whatever the clock says.
    let mut at_ms = now_ms;
    while find(storage, table, &label(at_ms))?.is_some() {
        at_ms += 1;
    }
    let label = label(at_ms);
    let shard = format!("shardId-{at_ms:020}-{:08x}", crate::wire::random() >> 32);
    let after = last_id(storage)?;
    let sql = r#"INSERT INTO "fw:streams" (table_name, label, view_type, key_schema, created_ms, after_id, shard)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"#;
    let created = i64::try_from(at_ms).unwrap_or(i64::MAX);
    let row = (
        table,
        &label,
        view_type,
        &meta.key_schema,
        created,
        after,
        &shard,
    );
    storage
        .conn()
        .execute(sql, row)
        .map_err(DynoxideError::from)?;
    // The engine keeps both images whatever the view type is: they show which changes change nothing.
    storage.enable_stream(table, "NEW_AND_OLD_IMAGES", &label)?;
    Ok(())
}

/// Disables the stream of a table. It can still be read.
pub(crate) fn disable(storage: &Storage, table: &str, now_ms: u64) -> Result<(), Failure> {
    let sql = r#"UPDATE "fw:streams" SET disabled_ms = ?1, last_id = ?2 WHERE table_name = ?3 AND disabled_ms IS NULL"#;
    let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
    let row = (now, last_id(storage)?, table);
    storage
        .conn()
        .execute(sql, row)
        .map_err(DynoxideError::from)?;
    Ok(())
}

/// Notes that a table with a stream is gone.
pub(crate) fn table_deleted(storage: &Storage, table: &str, now_ms: u64) -> Result<(), Failure> {
    disable(storage, table, now_ms)
}

/// A stream that can be read.
pub(crate) fn find(storage: &Storage, table: &str, label: &str) -> Result<Option<Stream>, Failure> {
    let found = select(
        storage,
        "WHERE table_name = ?1 AND label = ?2",
        (table, label),
    )?;
    Ok(found.into_iter().next())
}

/// The stream of an ARN.
pub(crate) fn by_arn(storage: &Storage, arns: &Arns, arn: &str) -> Option<Stream> {
    let (table, label) = arns.parse_stream(arn)?;
    find(storage, table, label).ok()?
}

/// The newest stream of a table, which the table's description names.
pub(crate) fn latest(storage: &Storage, table: &str) -> Result<Option<Stream>, Failure> {
    let tail = "WHERE table_name = ?1 AND label >= ?2 ORDER BY created_ms DESC LIMIT 1";
    let found = select(storage, tail, (table, ""))?;
    Ok(found.into_iter().next())
}

/// All streams in the order of their names, of one table or of all.
pub(crate) fn all(storage: &Storage, table: Option<&str>) -> Result<Vec<Stream>, Failure> {
    let tail = "WHERE (?1 = '' OR table_name = ?1) AND label >= ?2 ORDER BY table_name, label";
    select(storage, tail, (table.unwrap_or_default(), ""))
}

fn select(storage: &Storage, tail: &str, parameters: (&str, &str)) -> Result<Vec<Stream>, Failure> {
    let sql = format!(
        r#"SELECT table_name, label, view_type, key_schema, created_ms, disabled_ms, after_id, last_id, shard FROM "fw:streams" {tail}"#
    );
    let mut statement = storage.conn().prepare(&sql).map_err(DynoxideError::from)?;
    let rows = statement
        .query_map(parameters, |row| {
            let created: i64 = row.get(4)?;
            let disabled: Option<i64> = row.get(5)?;
            Ok(Stream {
                table: row.get(0)?,
                label: row.get(1)?,
                view_type: row.get(2)?,
                key_schema: row.get(3)?,
                created_ms: u64::try_from(created).unwrap_or_default(),
                disabled_ms: disabled.map(|at| u64::try_from(at).unwrap_or_default()),
                after_id: row.get(6)?,
                last_id: row.get(7)?,
                shard: row.get(8)?,
            })
        })
        .map_err(DynoxideError::from)?;
    let mut streams = Vec::new();
    for row in rows {
        streams.push(row.map_err(DynoxideError::from)?);
    }
    Ok(streams)
}

/// Records of a stream after a number, the oldest first. The second value is the number after which to go on.
pub(crate) fn records(
    storage: &Storage,
    stream: &Stream,
    after: i64,
    most: usize,
    now_ms: u64,
) -> Result<(Vec<Record>, i64), Failure> {
    let oldest_s = i64::try_from(now_ms.saturating_sub(RETENTION_MS) / 1000).unwrap_or_default();
    let sql = r#"SELECT id, event, keys, new_image, old_image, created_s, by_service FROM "fw:records"
        WHERE table_name = ?1 AND label = ?2 AND id > ?3 AND created_s >= ?4 ORDER BY id"#;
    let mut statement = storage.conn().prepare(sql).map_err(DynoxideError::from)?;
    let rows = statement
        .query_map((&stream.table, &stream.label, after, oldest_s), |row| {
            Ok(record::Row {
                id: row.get(0)?,
                event: row.get(1)?,
                keys: row.get(2)?,
                new_image: row.get(3)?,
                old_image: row.get(4)?,
                created_s: row.get(5)?,
                by_service: row.get(6)?,
            })
        })
        .map_err(DynoxideError::from)?;
    let (mut found, mut last) = (Vec::new(), after);
    for row in rows {
        if found.len() == most {
            break;
        }
        let row = row.map_err(DynoxideError::from)?;
        last = row.id;
        // A write that changes nothing is no change.
        found.extend(row.record(&stream.view_type));
    }
    Ok((found, last))
}

/// Removes what is too old to be read.
pub(crate) fn trim(storage: &Storage, now_ms: u64) -> Result<(), Failure> {
    let oldest = i64::try_from(now_ms.saturating_sub(RETENTION_MS)).unwrap_or_default();
    let conn = storage.conn();
    let records = r#"DELETE FROM "fw:records" WHERE id <= (SELECT COALESCE(MAX(id), 0) FROM "fw:records" WHERE created_s < ?1)"#;
    conn.execute(records, [oldest / 1000])
        .map_err(DynoxideError::from)?;
    let streams = r#"DELETE FROM "fw:streams" WHERE disabled_ms < ?1"#;
    conn.execute(streams, [oldest])
        .map_err(DynoxideError::from)?;
    Ok(())
}

/// The label of a stream that is created then: `2026-01-31T23:59:59.123`.
fn label(at_ms: u64) -> String {
    timestamp::of(at_ms)
}

/// Deletes the items whose time to live is over. Returns how many there were.
pub(crate) fn sweep(storage: &Storage) -> Result<usize, Failure> {
    if storage.list_ttl_enabled_tables()?.is_empty() {
        return Ok(0);
    }
    crate::engine::finish(dynoxide::ttl::sweep_expired_items(storage))
}
