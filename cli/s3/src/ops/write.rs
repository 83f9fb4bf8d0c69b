//! `PutObject`, and how data comes in.

use std::sync::Arc;

use bytes::BytesMut;

use super::{attributes, check_md5, checksums, conditions, encryption, lifecycle, ok, versions};
use crate::auth::body::BodyReader;
use crate::changes::Change;
use crate::checksum::{Algorithm, Digests, Found, hex, md5_of};
use crate::error::{S3Error, S3Result, error, error_with};
use crate::reply::{Reply, set};
use crate::request::Call;
use crate::service::Shared;
use crate::store::model::{Encryption, Extra, NULL, Record, Version};
use crate::store::{Bucket, Written, bucket_of};

/// The largest object that is put at once, and the largest part: 5 GiB (S3 user guide, "Uploading objects").
pub(crate) const MOST_AT_ONCE: u64 = 5 * 1024 * 1024 * 1024;
/// Objects up to this size go into packs.
const SMALL: u64 = 128 * 1024;
/// Bytes that are digested and written at once, on another thread.
const BLOCK: usize = 1024 * 1024;

/// Data that came in.
pub(crate) struct Received {
    pub(crate) written: Written,
    pub(crate) found: Found,
    pub(crate) size: u64,
}

/// Reads a body to its end and writes it.
///
/// # Errors
/// Those of the body, `EntityTooLarge`, those of writing.
pub(crate) async fn receive(
    shared: &Arc<Shared>,
    body: &mut BodyReader,
    algorithms: impl IntoIterator<Item = Algorithm>,
    most: u64,
) -> S3Result<Received> {
    if body.length().is_some_and(|length| length > most) {
        return Err(too_large(body.length().unwrap_or(0), most));
    }
    let mut digests = Digests::new(algorithms);
    let mut first = BytesMut::new();
    if body.length().is_some_and(|length| length <= SMALL) {
        while let Some(bytes) = body.next().await? {
            first.extend_from_slice(&bytes);
            if first.len() as u64 > SMALL {
                return Err(error("IncompleteBody"));
            }
        }
        digests.update(&first);
        let written = shared.store.files.pack(&first)?;
        return Ok(Received {
            size: first.len() as u64,
            written,
            found: digests.finish(),
        });
    }
    let mut writing = shared.store.files.start()?;
    let mut size = 0;
    let mut is_over = false;
    while !is_over {
        let mut block = BytesMut::with_capacity(BLOCK);
        while block.len() < BLOCK {
            match body.next().await? {
                Some(bytes) => block.extend_from_slice(&bytes),
                None => {
                    is_over = true;
                    break;
                }
            }
        }
        size += block.len() as u64;
        if size > most {
            return Err(too_large(size, most));
        }
        let wrote = tokio::task::spawn_blocking(move || {
            digests.update(&block);
            writing.write(&block).map(|()| (digests, writing))
        });
        (digests, writing) = wrote.await.map_err(std::io::Error::other)??;
    }
    if size == 0 {
        return Ok(Received {
            written: Written::default(),
            found: digests.finish(),
            size,
        });
    }
    Ok(Received {
        written: writing.finish(),
        found: digests.finish(),
        size,
    })
}

fn too_large(size: u64, most: u64) -> S3Error {
    error("EntityTooLarge")
        .member("ProposedSize", size.to_string())
        .member("MaxSizeAllowed", most.to_string())
}

/// The entity tag of data: its MD5, or digits that say nothing where a key of KMS's or of the caller's encrypts it (S3 API reference,
/// `Object`, under `ETag`).
pub(crate) fn etag(encryption: Option<&Encryption>, md5: &[u8; 16]) -> String {
    match encryption {
        None | Some(Encryption::S3) => hex(md5),
        // The same data has the same tag, so that a part can be sent again.
        Some(Encryption::Kms { key: name, .. } | Encryption::Customer { md5: name }) => {
            let mut text = md5.to_vec();
            text.extend_from_slice(name.as_bytes());
            hex(&md5_of(&text))
        }
    }
}

/// Data that is to become a version.
pub(crate) struct New {
    pub(crate) written: Written,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) checksum: Option<crate::store::model::Checksum>,
    pub(crate) extra: Extra,
    /// Records that are made together with it.
    pub(crate) with: Vec<Record>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub(crate) struct Put {
    pub(crate) version: Arc<Version>,
    /// The id as answers show it.
    pub(crate) shown: Option<String>,
}

/// Adds a version if the conditions of the request hold. The only way an object appears.
///
/// # Errors
/// `NoSuchBucket`, those of conditions, those of writing.
pub(crate) fn commit(shared: &Shared, call: &Call, event: &'static str, new: New) -> S3Result<Put> {
    commit_if(shared, call, event, new, |_| Ok(()))
}

/// The same for an upload that must still be there: of two that complete it one wins.
pub(crate) fn commit_upload(shared: &Shared, call: &Call, upload: &str, new: New) -> S3Result<Put> {
    commit_if(
        shared,
        call,
        "ObjectCreated:CompleteMultipartUpload",
        new,
        |bucket| super::multipart::find(bucket, &call.key, upload).map(|_| ()),
    )
}

fn commit_if(
    shared: &Shared,
    call: &Call,
    event: &'static str,
    new: New,
    check: impl FnOnce(&Bucket) -> S3Result<()>,
) -> S3Result<Put> {
    let New {
        written,
        size,
        etag,
        checksum,
        extra,
        with,
    } = new;
    let put = shared.store.change(&written, |state| {
        let bucket = bucket_of(state, &call.bucket)?;
        check(bucket)?;
        conditions::check_write(call, bucket.latest(&call.key).map(Arc::as_ref))?;
        let id = versions::new_id(bucket);
        if id == NULL
            && let Some(before) = bucket.version(&call.key, NULL)
        {
            super::lock::check_overwrite(call, bucket, before)?;
        }
        let shown = versions::shown(bucket, &id);
        let mut version = Version {
            id,
            sequence: versions::next_sequence(state),
            modified: call.now,
            marker: false,
            size,
            etag,
            segments: written.segments.clone(),
            checksum,
            ..Version::default()
        };
        version.set_extra(extra);
        let version = Arc::new(version);
        let record = Record::Put {
            bucket: call.bucket.clone(),
            key: call.key.clone(),
            version: Arc::clone(&version),
        };
        let mut records = vec![record];
        records.extend(with);
        Ok((records, Put { version, shown }))
    })?;
    shared.changes.report(|| Change {
        bucket: call.bucket.clone(),
        key: call.key.clone(),
        name: event,
        size: Some(size),
        etag: Some(put.version.etag.clone()),
        version: (!put.version.is_null()).then(|| put.version.id.clone()),
    });
    Ok(put)
}

/// `PutObject`.
pub(crate) async fn put_object(
    shared: &Arc<Shared>,
    call: &Call,
    mut body: BodyReader,
) -> S3Result<Reply> {
    conditions::check_write_form(call)?;
    if call.has_header("x-amz-write-offset-bytes") {
        return Err(error("NotImplemented").member("Header", "x-amz-write-offset-bytes"));
    }
    let extra = shared.store.bucket(&call.bucket, |bucket| {
        super::lock::needs_checksum(call, &bucket.info)?;
        attributes::read(shared, call, bucket)
    })?;
    let declared = checksums::declared(call, body.announced())?;
    // S3 keeps a CRC-64/NVME of what comes without a checksum (S3 user guide, "Checking object integrity").
    let algorithm = declared
        .as_ref()
        .map_or(Algorithm::Crc64Nvme, |declared| declared.algorithm);
    let received = receive(shared, &mut body, [algorithm], MOST_AT_ONCE).await?;
    check_md5(call, received.found.md5)?;
    checksums::compare(declared.as_ref(), &body, &received.found)?;
    let etag = etag(extra.encryption.as_ref(), &received.found.md5);
    let new = New {
        written: received.written,
        size: received.size,
        etag,
        checksum: checksums::kept(algorithm, &received.found),
        extra,
        with: Vec::new(),
    };
    let put = commit(shared, call, "ObjectCreated:Put", new)?;
    let mut reply = ok();
    describe(shared, call, &mut reply, &put);
    Ok(reply)
}

/// The headers that answer a version that was added.
pub(crate) fn describe(shared: &Shared, call: &Call, reply: &mut Reply, put: &Put) {
    let version = &put.version;
    set(reply, "etag", &format!("\"{}\"", version.etag));
    if let Some(id) = &put.shown {
        set(reply, "x-amz-version-id", id);
    }
    if let Some(checksum) = &version.checksum {
        set(reply, checksum.algorithm.header(), &checksum.value);
        set(reply, "x-amz-checksum-type", checksum.kind.name());
    }
    encryption::describe(reply, version.extra().encryption.as_ref());
    if let Some(expiration) = lifecycle::expiration_header(shared, &call.bucket, &call.key, version)
    {
        set(reply, "x-amz-expiration", &expiration);
    }
}

/// # Errors
/// `InvalidRequest` if a key is needed and the request does not have one.
pub(crate) fn check_key(key: &str) -> S3Result<()> {
    if key.is_empty() {
        return Err(error_with(
            "InvalidArgument",
            "Object key must not be empty",
        ));
    }
    Ok(())
}
