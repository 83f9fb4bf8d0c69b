//! Encryption as applications see it: headers, what they must agree with, and keys by name. Data at rest is not encrypted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checksum::md5_of;
use crate::error::{S3Error, S3Result, error, error_with, invalid_argument};
use crate::reply::{Reply, set};
use crate::request::Call;
use crate::store::model::{BucketInfo, Encryption};
use crate::xml::Element;

const HEADER: &str = "x-amz-server-side-encryption";
const KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const CONTEXT: &str = "x-amz-server-side-encryption-context";
const BUCKET_KEY: &str = "x-amz-server-side-encryption-bucket-key-enabled";
const CUSTOMER: &str = "x-amz-server-side-encryption-customer";
const SOURCE: &str = "x-amz-copy-source-server-side-encryption-customer";
/// The key that stands for AWS's own.
const DEFAULT_KEY: &str = "alias/aws/s3";

fn invalid(message: &str) -> S3Error {
    error_with("InvalidRequest", message)
}

/// The digest of the key that a request carries in the headers with that prefix.
fn customer(call: &Call, prefix: &str) -> S3Result<Option<String>> {
    let algorithm = call.header(&format!("{prefix}-algorithm"));
    let key = call.header(&format!("{prefix}-key"));
    let md5 = call.header(&format!("{prefix}-key-md5"));
    if algorithm.is_none() && key.is_none() && md5.is_none() {
        return Ok(None);
    }
    let argument =
        |message: &str| invalid_argument(message, &format!("{prefix}-algorithm"), "null");
    let algorithm = algorithm.ok_or_else(|| {
        argument("Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.")
    })?;
    if algorithm != "AES256" {
        return Err(error("InvalidEncryptionAlgorithmError")
            .member("ArgumentName", format!("{prefix}-algorithm"))
            .member("ArgumentValue", algorithm));
    }
    let key = key.ok_or_else(|| {
        argument("Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.")
    })?;
    let md5 = md5.ok_or_else(|| {
        argument("Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.")
    })?;
    let bytes = STANDARD.decode(&key).ok().filter(|bytes| bytes.len() == 32);
    let bytes =
        bytes.ok_or_else(|| argument("The secret key was invalid for the specified algorithm."))?;
    if STANDARD.encode(md5_of(&bytes)) != md5 {
        return Err(argument(
            "The calculated MD5 hash of the key did not match the hash that was provided.",
        ));
    }
    Ok(Some(md5))
}

/// The encryption that an object is written with: that of the request, or the bucket's.
///
/// # Errors
/// Those of headers that cannot be or contradict each other.
pub(crate) fn of_request(call: &Call, info: &BucketInfo) -> S3Result<Option<Encryption>> {
    let customer = customer(call, CUSTOMER)?;
    let kind = call.some_header(HEADER);
    if let Some(md5) = customer {
        if kind.is_some() {
            return Err(invalid_argument(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
                HEADER,
                &kind.unwrap_or_default(),
            ));
        }
        return Ok(Some(Encryption::Customer { md5 }));
    }
    let key = call.some_header(KEY);
    let is_kms = matches!(kind.as_deref(), Some("aws:kms" | "aws:kms:dsse"));
    if key.is_some() && !is_kms {
        return Err(match kind {
            None => invalid_argument(
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
                KEY,
                &key.unwrap_or_default(),
            ),
            Some(kind) => invalid_argument(
                "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms or aws:kms:dsse",
                HEADER,
                &kind,
            ),
        });
    }
    match kind.as_deref() {
        None => Ok(Some(of_bucket(info))),
        Some("AES256") => Ok(Some(Encryption::S3)),
        Some(kind @ ("aws:kms" | "aws:kms:dsse")) => {
            let context = call.some_header(CONTEXT);
            if let Some(context) = &context {
                let is_map = STANDARD
                    .decode(context)
                    .ok()
                    .and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok());
                if !is_map.is_some_and(|json| json.is_object()) {
                    return Err(invalid_argument(
                        "The header 'x-amz-server-side-encryption-context' shall be Base64 encoded UTF-8 string holding JSON with the encryption context key-value pairs.",
                        CONTEXT,
                        context,
                    ));
                }
            }
            Ok(Some(Encryption::Kms {
                key: key.unwrap_or_else(|| DEFAULT_KEY.to_owned()),
                dual: kind.ends_with("dsse"),
                context,
                bucket_key: call
                    .header(BUCKET_KEY)
                    .is_some_and(|flag| flag.eq_ignore_ascii_case("true")),
            }))
        }
        Some(other) => Err(invalid_argument(
            "The encryption method specified is not supported",
            HEADER,
            other,
        )),
    }
}

/// The encryption of objects that say nothing: S3's own keys, unless the bucket has another setting (S3 user guide, "Setting default
/// server-side encryption behavior").
fn of_bucket(info: &BucketInfo) -> Encryption {
    let set = || {
        let document = Element::parse(info.setting("encryption")?.as_bytes()).ok()?;
        let rule = document.child("Rule")?.clone();
        let by = rule.child("ApplyServerSideEncryptionByDefault")?;
        match by.value("SSEAlgorithm")? {
            kind @ ("aws:kms" | "aws:kms:dsse") => Some(Encryption::Kms {
                key: by.value("KMSMasterKeyID").unwrap_or(DEFAULT_KEY).to_owned(),
                dual: kind.ends_with("dsse"),
                context: None,
                bucket_key: rule.value("BucketKeyEnabled") == Some("true"),
            }),
            _ => Some(Encryption::S3),
        }
    };
    set().unwrap_or(Encryption::S3)
}

/// The headers that say how an object is encrypted.
pub(crate) fn describe(reply: &mut Reply, encryption: Option<&Encryption>) {
    match encryption {
        None | Some(Encryption::S3) => set(reply, HEADER, "AES256"),
        Some(Encryption::Kms {
            key,
            dual,
            bucket_key,
            ..
        }) => {
            set(
                reply,
                HEADER,
                if *dual { "aws:kms:dsse" } else { "aws:kms" },
            );
            set(reply, KEY, key);
            if *bucket_key {
                set(reply, BUCKET_KEY, "true");
            }
        }
        Some(Encryption::Customer { md5 }) => {
            set(
                reply,
                "x-amz-server-side-encryption-customer-algorithm",
                "AES256",
            );
            set(reply, "x-amz-server-side-encryption-customer-key-md5", md5);
        }
    }
}

/// Whether the request has the key of an object that is read.
///
/// # Errors
/// `InvalidRequest` without a key or with one too many, `AccessDenied` with another key.
pub(crate) fn check_read(call: &Call, encryption: Option<&Encryption>) -> S3Result<()> {
    if call.has_header(HEADER) {
        return Err(invalid_argument(
            "x-amz-server-side-encryption header is not supported for this operation.",
            HEADER,
            &call.header(HEADER).unwrap_or_default(),
        ));
    }
    check_key(customer(call, CUSTOMER)?, encryption)
}

/// The same for the source of a copy.
///
/// # Errors
/// Those of [`check_read`].
pub(crate) fn check_source(call: &Call, encryption: Option<&Encryption>) -> S3Result<()> {
    check_key(customer(call, SOURCE)?, encryption)
}

fn check_key(given: Option<String>, encryption: Option<&Encryption>) -> S3Result<()> {
    match (given, encryption) {
        (None, Some(Encryption::Customer { .. })) => Err(invalid(
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.",
        )),
        (Some(given), Some(Encryption::Customer { md5 })) if given != *md5 => {
            Err(error("AccessDenied"))
        }
        (Some(_), None | Some(Encryption::S3 | Encryption::Kms { .. })) => Err(invalid(
            "The encryption parameters are not applicable to this object.",
        )),
        _ => Ok(()),
    }
}

/// Whether a part has the key that its upload was begun with.
///
/// # Errors
/// `InvalidRequest`.
pub(crate) fn check_part(call: &Call, encryption: Option<&Encryption>) -> S3Result<()> {
    match (customer(call, CUSTOMER)?, encryption) {
        (None, Some(Encryption::Customer { .. })) => Err(invalid(
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
        )),
        (Some(given), Some(Encryption::Customer { md5 })) if given != *md5 => Err(invalid(
            "The provided encryption parameters did not match the ones used originally.",
        )),
        (Some(_), None | Some(Encryption::S3 | Encryption::Kms { .. })) => Err(invalid(
            "The multipart upload initiate did not request encryption. Please resend the request without sending encryption parameters.",
        )),
        _ => Ok(()),
    }
}

/// Whether the request to complete has the right key, if it has one.
///
/// # Errors
/// `InvalidRequest`.
pub(crate) fn check_complete(call: &Call, encryption: Option<&Encryption>) -> S3Result<()> {
    match (customer(call, CUSTOMER)?, encryption) {
        // The API reference asks for the key "only when the object was created using a checksum algorithm"; ceph/s3-tests finds that S3
        // refuses every request without it.
        (None, Some(Encryption::Customer { .. })) => Err(invalid(
            "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
        )),
        (Some(given), Some(Encryption::Customer { md5 })) if given != *md5 => Err(invalid(
            "The provided encryption parameters did not match the ones used originally.",
        )),
        _ => Ok(()),
    }
}
