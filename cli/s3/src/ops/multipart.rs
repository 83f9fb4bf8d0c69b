//! Uploads in parts: begin, add a part, complete, abort.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::write::{self, MOST_AT_ONCE, New, Put};
use super::{attributes, check_md5, checksums, document, done, encryption, lock};
use crate::auth::body::BodyReader;
use crate::checksum::{Algorithm, hex, md5_of, unhex};
use crate::error::{S3Error, S3Result, error, error_with, invalid_argument};
use crate::ids;
use crate::reply::{Reply, set, xml};
use crate::request::Call;
use crate::service::Shared;
use crate::store::model::{
    Checksum, ChecksumKind, ObjectPart, Owner, Part, Record, Segment, Upload,
};
use crate::store::{Bucket, Written, bucket_of};
use crate::xml::{Element, Xml};

/// All parts but the last have this many bytes at least (S3 user guide, "Amazon S3 multipart upload limits").
const LEAST_PART: u64 = 5 * 1024 * 1024;

/// The upload that a request names.
pub(super) fn of_call(call: &Call) -> &str {
    call.query.get("uploadId").unwrap_or_default()
}

/// # Errors
/// `NoSuchUpload`.
pub(super) fn find<'a>(bucket: &'a Bucket, key: &str, id: &str) -> S3Result<&'a Upload> {
    bucket
        .uploads
        .get(id)
        .filter(|upload| upload.key == key)
        .ok_or_else(|| error("NoSuchUpload").member("UploadId", id))
}

pub(super) fn part_number(call: &Call) -> S3Result<u32> {
    let text = call.query.get("partNumber").unwrap_or_default();
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=10_000).contains(number));
    number.ok_or_else(|| {
        invalid_argument(
            "Part number must be an integer between 1 and 10000, inclusive",
            "partNumber",
            text,
        )
    })
}

/// The algorithm and the kind of checksum that an upload is begun with.
fn algorithm(call: &Call) -> S3Result<(Option<Algorithm>, ChecksumKind)> {
    let invalid = |message: String| error_with("InvalidRequest", message);
    let algorithm = match call.some_header("x-amz-checksum-algorithm") {
        None => None,
        Some(name) => Some(Algorithm::of_name(&name).ok_or_else(|| {
            invalid("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]".to_owned())
        })?),
    };
    let kind = match call.some_header("x-amz-checksum-type").as_deref() {
        None => None,
        Some("FULL_OBJECT") => Some(ChecksumKind::Full),
        Some("COMPOSITE") => Some(ChecksumKind::Composite),
        Some(_) => {
            return Err(invalid(
                "Value for x-amz-checksum-type header is invalid.".to_owned(),
            ));
        }
    };
    let Some(algorithm) = algorithm else {
        return match kind {
            Some(_) => Err(invalid("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.".to_owned())),
            None => Ok((None, ChecksumKind::Full)),
        };
    };
    let usual = if algorithm == Algorithm::Crc64Nvme {
        ChecksumKind::Full
    } else {
        ChecksumKind::Composite
    };
    let kind = kind.unwrap_or(usual);
    let possible = match kind {
        ChecksumKind::Full => algorithm.combines(),
        ChecksumKind::Composite => algorithm != Algorithm::Crc64Nvme,
    };
    if possible {
        return Ok((Some(algorithm), kind));
    }
    Err(invalid(format!(
        "The {} checksum type cannot be used with the {} checksum algorithm.",
        kind.name(),
        algorithm.name().to_lowercase()
    )))
}

/// `CreateMultipartUpload`.
pub(super) fn create(shared: &Shared, call: &Call) -> S3Result<Reply> {
    write::check_key(&call.key)?;
    let (algorithm, kind) = algorithm(call)?;
    let owner = shared.owner();
    let initiator = call.caller.user().unwrap_or(&owner);
    let initiator = Owner {
        id: initiator.id.clone(),
        name: initiator.display_name.clone(),
    };
    let upload = shared.store.change(&Written::default(), |state| {
        let bucket = bucket_of(state, &call.bucket)?;
        let extra = attributes::read(shared, call, bucket)?;
        let upload = Upload {
            id: ids::upload(),
            key: call.key.clone(),
            initiated: call.now,
            initiator,
            extra,
            algorithm,
            kind,
            parts: std::collections::BTreeMap::new(),
        };
        let record = Record::Upload {
            bucket: call.bucket.clone(),
            upload: Box::new(upload.clone()),
        };
        Ok((vec![record], upload))
    })?;
    let mut document = Xml::root("InitiateMultipartUploadResult");
    document.text("Bucket", &call.bucket);
    document.text("Key", &call.key);
    document.text("UploadId", &upload.id);
    document.close("InitiateMultipartUploadResult");
    let mut reply = xml(document.finish());
    if let Some(algorithm) = algorithm {
        set(&mut reply, "x-amz-checksum-algorithm", algorithm.name());
        set(&mut reply, "x-amz-checksum-type", kind.name());
    }
    encryption::describe(&mut reply, upload.extra.encryption.as_ref());
    Ok(reply)
}

/// What a part must be like.
pub(super) struct Wanted {
    algorithm: Option<Algorithm>,
    kind: ChecksumKind,
    pub(super) encryption: Option<crate::store::model::Encryption>,
}

impl Wanted {
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }
}

pub(super) fn wanted(shared: &Shared, call: &Call) -> S3Result<Wanted> {
    shared.store.bucket(&call.bucket, |bucket| {
        let upload = find(bucket, &call.key, of_call(call))?;
        encryption::check_part(call, upload.extra.encryption.as_ref())?;
        lock::needs_checksum(call, &bucket.info)?;
        Ok(Wanted {
            algorithm: upload.algorithm,
            kind: upload.kind,
            encryption: upload.extra.encryption.clone(),
        })
    })
}

/// Adds a part that was received to its upload.
pub(super) fn add_part(
    shared: &Shared,
    call: &Call,
    written: &Written,
    part: Part,
) -> S3Result<()> {
    shared.store.change(written, |state| {
        let bucket = bucket_of(state, &call.bucket)?;
        let upload = find(bucket, &call.key, of_call(call))?;
        let record = Record::Part {
            bucket: call.bucket.clone(),
            upload: upload.id.clone(),
            part,
        };
        Ok((vec![record], ()))
    })
}

/// `UploadPart`.
pub(super) async fn upload_part(
    shared: &Arc<Shared>,
    call: &Call,
    mut body: BodyReader,
) -> S3Result<Reply> {
    let number = part_number(call)?;
    let wanted = wanted(shared, call)?;
    let declared = checksums::declared(call, body.announced())?;
    let given = declared.as_ref().map(|declared| declared.algorithm);
    if let Some(expected) = wanted.algorithm
        && given != Some(expected)
        // What a whole is combined of can be computed here; the values of parts that the client lists at the end cannot.
        && (given.is_some() || wanted.kind == ChecksumKind::Composite)
    {
        return Err(type_mismatch(expected, given));
    }
    let kept = wanted.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let algorithms = [kept].into_iter().chain(given);
    let received = write::receive(shared, &mut body, algorithms, MOST_AT_ONCE).await?;
    check_md5(call, received.found.md5)?;
    checksums::compare(declared.as_ref(), &body, &received.found)?;
    let part = Part {
        number,
        size: received.size,
        etag: write::etag(wanted.encryption.as_ref(), &received.found.md5),
        modified: call.now,
        segments: received.written.segments.clone(),
        checksum: checksums::kept(kept, &received.found),
    };
    let mut reply = super::ok();
    set(&mut reply, "etag", &format!("\"{}\"", part.etag));
    let shown = given.or(wanted.algorithm);
    if let Some((algorithm, value)) =
        shown.and_then(|algorithm| Some((algorithm, received.found.sum(algorithm)?)))
    {
        set(&mut reply, algorithm.header(), value);
    }
    encryption::describe(&mut reply, wanted.encryption.as_ref());
    add_part(shared, call, &received.written, part)?;
    Ok(reply)
}

fn type_mismatch(expected: Algorithm, actual: Option<Algorithm>) -> S3Error {
    let actual = actual.map_or_else(|| "null".to_owned(), |actual| actual.name().to_lowercase());
    error_with(
        "InvalidRequest",
        format!(
            "Checksum Type mismatch occurred, expected checksum Type: {}, actual checksum Type: {actual}",
            expected.name().to_lowercase()
        ),
    )
}

/// `AbortMultipartUpload`.
pub(super) fn abort(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let id = of_call(call);
    shared.store.change(&Written::default(), |state| {
        let bucket = bucket_of(state, &call.bucket)?;
        find(bucket, &call.key, id)?;
        let record = Record::NoUpload {
            bucket: call.bucket.clone(),
            upload: id.to_owned(),
        };
        Ok((vec![record], ()))
    })?;
    Ok(done())
}

/// A part as the request to complete lists it.
struct Listed {
    number: u32,
    etag: String,
    sums: Vec<(Algorithm, String)>,
}

fn listed(document: &Element) -> S3Result<Vec<Listed>> {
    let mut parts: Vec<Listed> = Vec::new();
    for part in document.all("Part") {
        let number: u32 = part
            .required("PartNumber")?
            .parse()
            .map_err(|_| error("MalformedXML"))?;
        if !(1..=10_000).contains(&number) {
            return Err(invalid_argument(
                "Part number must be an integer between 1 and 10000, inclusive",
                "partNumber",
                &number.to_string(),
            ));
        }
        let etag = part.required("ETag")?.trim_matches('"').to_owned();
        if parts.last().is_some_and(|before| before.number >= number) {
            return Err(error("InvalidPartOrder"));
        }
        let sums = Algorithm::ALL.into_iter();
        let sums = sums.filter_map(|algorithm| {
            Some((algorithm, part.value(&algorithm.element())?.to_owned()))
        });
        parts.push(Listed {
            number,
            etag,
            sums: sums.collect(),
        });
    }
    if parts.is_empty() {
        Err(error("MalformedXML"))
    } else {
        Ok(parts)
    }
}

/// What the whole of the listed parts is.
struct Whole {
    segments: Vec<Segment>,
    size: u64,
    etag: String,
    parts: Vec<ObjectPart>,
    checksum: Option<Checksum>,
}

fn assemble(upload: &Upload, listed: &[Listed]) -> S3Result<Whole> {
    let invalid = |listed: &Listed| {
        error("InvalidPart")
            .member("UploadId", &upload.id)
            .member("PartNumber", listed.number.to_string())
            .member("ETag", &listed.etag)
    };
    let mut whole = Whole {
        segments: Vec::new(),
        size: 0,
        etag: String::new(),
        parts: Vec::new(),
        checksum: None,
    };
    let mut digests = Vec::new();
    let count = listed.len();
    // A part that is missing counts before one that is too small.
    for listed in listed {
        let part = upload.parts.get(&listed.number);
        if part.is_none_or(|part| part.etag != listed.etag) {
            return Err(invalid(listed));
        }
    }
    for (index, listed) in listed.iter().enumerate() {
        let part = upload
            .parts
            .get(&listed.number)
            .ok_or_else(|| invalid(listed))?;
        let own = part.checksum.as_ref();
        for (algorithm, value) in &listed.sums {
            let is_own = own.is_some_and(|own| own.algorithm == *algorithm);
            let differs = is_own && own.is_some_and(|own| own.value != *value);
            if differs || (!is_own && upload.algorithm.is_some()) {
                return Err(invalid(listed));
            }
        }
        if let (Some(algorithm), ChecksumKind::Composite) = (upload.algorithm, upload.kind)
            && !listed.sums.iter().any(|(listed, _)| *listed == algorithm)
        {
            return Err(error_with(
                "InvalidRequest",
                format!(
                    "The upload was created using a {} checksum. The complete request must include the checksum for each part. It was \
                     missing for part {} in the request.",
                    algorithm.name().to_lowercase(),
                    listed.number
                ),
            ));
        }
        if part.size < LEAST_PART && index + 1 < count {
            return Err(error("EntityTooSmall")
                .member("ProposedSize", part.size.to_string())
                .member("MinSizeAllowed", LEAST_PART.to_string())
                .member("PartNumber", listed.number.to_string())
                .member("ETag", &listed.etag));
        }
        digests.extend(unhex(&part.etag).unwrap_or_default());
        whole.segments.extend(&part.segments);
        whole.size += part.size;
        whole.parts.push(ObjectPart {
            number: listed.number,
            size: part.size,
            checksum: own.map(|own| own.value.clone()),
        });
    }
    whole.etag = format!("{}-{}", hex(&md5_of(&digests)), count);
    whole.checksum = checksum_of(upload, &whole.parts);
    Ok(whole)
}

fn checksum_of(upload: &Upload, parts: &[ObjectPart]) -> Option<Checksum> {
    let algorithm = upload.algorithm.unwrap_or(Algorithm::Crc64Nvme);
    let sums: Option<Vec<(&str, u64)>> = parts
        .iter()
        .map(|part| Some((part.checksum.as_deref()?, part.size)))
        .collect();
    let sums = sums?;
    let value = match upload.kind {
        ChecksumKind::Full => algorithm.combine(sums.into_iter())?,
        ChecksumKind::Composite => format!(
            "{}-{}",
            algorithm.of_parts(sums.into_iter().map(|(sum, _)| sum))?,
            parts.len()
        ),
    };
    Some(Checksum {
        algorithm,
        value,
        kind: upload.kind,
    })
}

/// Compares what the request says about the whole with what it is.
fn check_whole(call: &Call, upload: &Upload, whole: &Whole) -> S3Result<()> {
    if let Some(size) = call.some_header("x-amz-mp-object-size")
        && size != whole.size.to_string()
    {
        let message = format!(
            "The provided 'x-amz-mp-object-size' header value {size} does not match what was computed: {}",
            whole.size
        );
        return Err(error_with("InvalidRequest", message));
    }
    if let Some(kind) = call.some_header("x-amz-checksum-type")
        && kind != upload.kind.name()
    {
        let message = format!(
            "The upload was created using the {} checksum mode. The complete request must use the same checksum mode.",
            upload.kind.name()
        );
        return Err(error_with("InvalidRequest", message));
    }
    for algorithm in Algorithm::ALL {
        let Some(given) = call.some_header(algorithm.header()) else {
            continue;
        };
        let own = whole
            .checksum
            .as_ref()
            .filter(|own| own.algorithm == algorithm);
        // A composite value may be given without the number of parts.
        let same = own.is_some_and(|own| {
            own.value == given || own.value.split('-').next() == Some(given.as_str())
        });
        if !same {
            return Err(match own {
                Some(_) => checksums::mismatch(algorithm),
                None => type_mismatch(
                    upload.algorithm.unwrap_or(Algorithm::Crc64Nvme),
                    Some(algorithm),
                ),
            });
        }
    }
    Ok(())
}

/// `CompleteMultipartUpload`.
pub(super) fn complete(shared: &Shared, call: &Call, body: &[u8]) -> S3Result<Reply> {
    super::conditions::check_write_form(call)?;
    if body.is_empty() {
        return Err(error("MalformedXML"));
    }
    let listed = listed(&document(body, "CompleteMultipartUpload")?)?;
    let id = of_call(call);
    let completed = shared.completed.find(id, &call.bucket, &call.key);
    if let Some(put) = completed {
        return Ok(completed_reply(shared, call, &put));
    }
    let (new, put_extra) = shared.store.read(|state| {
        let bucket = bucket_of(state, &call.bucket)?;
        let upload = find(bucket, &call.key, id)?;
        encryption::check_complete(call, upload.extra.encryption.as_ref())?;
        let whole = assemble(upload, &listed)?;
        check_whole(call, upload, &whole)?;
        let mut extra = upload.extra.clone();
        extra.parts = whole.parts;
        let record = Record::NoUpload {
            bucket: call.bucket.clone(),
            upload: id.to_owned(),
        };
        let new = New {
            written: shared.store.share(state, whole.segments),
            size: whole.size,
            etag: whole.etag,
            checksum: whole.checksum,
            extra,
            with: vec![record],
        };
        Ok::<_, S3Error>((new, upload.id.clone()))
    })?;
    let put = write::commit_upload(shared, call, &put_extra, new)?;
    let reply = completed_reply(shared, call, &put);
    shared.completed.add(id, &call.bucket, &call.key, put);
    Ok(reply)
}

fn completed_reply(shared: &Shared, call: &Call, put: &Put) -> Reply {
    let mut document = Xml::root("CompleteMultipartUploadResult");
    document.text("Location", &location(call));
    document.text("Bucket", &call.bucket);
    document.text("Key", &call.key);
    document.text("ETag", &format!("\"{}\"", put.version.etag));
    if let Some(checksum) = &put.version.checksum {
        document.text(&checksum.algorithm.element(), &checksum.value);
        document.text("ChecksumType", checksum.kind.name());
    }
    document.close("CompleteMultipartUploadResult");
    let mut reply = xml(document.finish());
    if let Some(id) = &put.shown {
        set(&mut reply, "x-amz-version-id", id);
    }
    encryption::describe(&mut reply, put.version.extra().encryption.as_ref());
    if let Some(expiration) =
        super::lifecycle::expiration_header(shared, &call.bucket, &call.key, &put.version)
    {
        set(&mut reply, "x-amz-expiration", &expiration);
    }
    reply
}

/// Uploads that were completed of late.
#[derive(Debug, Default)]
pub(crate) struct Completed(Mutex<VecDeque<(String, String, String, Put)>>);

impl Completed {
    /// How many are remembered. After a restart none is.
    const MOST: usize = 1000;

    fn find(&self, id: &str, bucket: &str, key: &str) -> Option<Put> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known
            .iter()
            .find(|(of, in_bucket, named, _)| of == id && in_bucket == bucket && named == key);
        found.map(|(.., put)| put.clone())
    }

    fn add(&self, id: &str, bucket: &str, key: &str, put: Put) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() == Self::MOST {
            known.pop_front();
        }
        known.push_back((id.to_owned(), bucket.to_owned(), key.to_owned(), put));
    }
}

/// The URL of the object of a request.
pub(super) fn location(call: &Call) -> String {
    format!(
        "http://{}/{}/{}",
        call.host,
        call.bucket,
        crate::request::uri_encode(&call.key, true)
    )
}
