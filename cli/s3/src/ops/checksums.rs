//! The checksums that a request declares, taken as a whole, and their comparison with what came.
//!
//! S3 user guide, "Checking object integrity"; the texts are those that S3 answers.

use http::HeaderMap;

use super::check_document_md5;
use crate::auth::body::BodyReader;
use crate::checksum::{Algorithm, Found};
use crate::error::{S3Error, S3Result, error_with};
use crate::request::{Call, text};
use crate::store::model::{Checksum, ChecksumKind};

fn invalid(message: impl Into<String>) -> S3Error {
    error_with("InvalidRequest", message)
}

/// What a request says about the checksum of its body.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) algorithm: Algorithm,
    /// The value, unless it comes in the trailer.
    pub(crate) value: Option<String>,
}

fn names() -> String {
    let names: Vec<&str> = Algorithm::ALL.into_iter().map(Algorithm::name).collect();
    names.join(", ")
}

/// The checksum headers of a request.
fn values(headers: &HeaderMap) -> S3Result<Vec<(Algorithm, String)>> {
    let mut found = Vec::new();
    for (name, value) in headers {
        let Some(rest) = name.as_str().strip_prefix("x-amz-checksum-") else {
            continue;
        };
        if matches!(rest, "algorithm" | "type" | "mode") {
            continue;
        }
        let algorithm = Algorithm::of_header(name.as_str()).ok_or_else(|| {
            invalid("The algorithm type you specified in x-amz-checksum- header is invalid.")
        })?;
        found.push((algorithm, text(value)));
    }
    Ok(found)
}

/// Reads the checksum that a request declares for its body.
///
/// # Errors
/// `InvalidRequest` if the headers contradict each other or have values that cannot be.
pub(crate) fn declared(call: &Call, announced: Option<&str>) -> S3Result<Option<Declared>> {
    let named = match call.some_header("x-amz-sdk-checksum-algorithm") {
        Some(name) => Some(Algorithm::of_name(&name).ok_or_else(|| {
            invalid(format!("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [{}]", names()))
        })?),
        None => None,
    };
    let values = values(&call.headers)?;
    let trailer = announced.and_then(Algorithm::of_header);
    if values.len() + usize::from(trailer.is_some()) > 1 {
        return Err(invalid(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        ));
    }
    let declared = match (values.into_iter().next(), trailer) {
        (Some((algorithm, value)), _) => {
            if !algorithm.is_valid(&value) {
                return Err(invalid(format!(
                    "Value for {} header is invalid.",
                    algorithm.header()
                )));
            }
            Some(Declared {
                algorithm,
                value: Some(value),
            })
        }
        (None, Some(algorithm)) => Some(Declared {
            algorithm,
            value: None,
        }),
        (None, None) => None,
    };
    match (named, &declared) {
        // Presigned URLs name the algorithm without a value: what comes is not known when they are made.
        (Some(_), None) if call.signed == crate::request::Signed::Query => Ok(None),
        (Some(_), None) => Err(invalid(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
        )),
        (Some(named), Some(declared)) if named != declared.algorithm => Err(invalid(
            "Value for x-amz-sdk-checksum-algorithm header is invalid.",
        )),
        _ => Ok(declared),
    }
}

/// Compares what was declared with what came.
///
/// # Errors
/// `BadDigest`, `InvalidRequest` for a trailer's value that cannot be.
pub(crate) fn compare(
    declared: Option<&Declared>,
    body: &BodyReader,
    found: &Found,
) -> S3Result<()> {
    let Some(declared) = declared else {
        return Ok(());
    };
    let header = declared.algorithm.header();
    let value = match &declared.value {
        Some(value) => value.as_str(),
        None => {
            let value = body.trailer(header).unwrap_or_default();
            if !declared.algorithm.is_valid(value) {
                return Err(invalid(format!(
                    "Value for {header} trailing header is invalid."
                )));
            }
            value
        }
    };
    if found.sum(declared.algorithm) == Some(value) {
        Ok(())
    } else {
        Err(mismatch(declared.algorithm))
    }
}

pub(crate) fn mismatch(algorithm: Algorithm) -> S3Error {
    error_with(
        "BadDigest",
        format!(
            "The {} you specified did not match the calculated checksum.",
            algorithm.name()
        ),
    )
}

/// Holds a document against `Content-MD5` and its checksum.
///
/// # Errors
/// Those of [`declared`] and [`compare`], `BadDigest`, `InvalidDigest`.
pub(crate) fn check_document(call: &Call, body: &BodyReader, document: &[u8]) -> S3Result<()> {
    check_document_md5(call, document)?;
    // Completing an upload and a copy have headers with checksums of the object, not of the document.
    let is_of_object = call.query.has("uploadId")
        || call.query.has("uploads")
        || call.has_header("x-amz-copy-source");
    if document.is_empty() || is_of_object {
        return Ok(());
    }
    let Some(declared) = declared(call, body.announced())? else {
        return Ok(());
    };
    let found = Found {
        sums: vec![(declared.algorithm, declared.algorithm.of(document))],
        ..Found::default()
    };
    compare(Some(&declared), body, &found)
}

/// The checksum that is kept of an object of one piece.
pub(crate) fn kept(algorithm: Algorithm, found: &Found) -> Option<Checksum> {
    let value = found.sum(algorithm)?.to_owned();
    Some(Checksum {
        algorithm,
        value,
        kind: ChecksumKind::Full,
    })
}
