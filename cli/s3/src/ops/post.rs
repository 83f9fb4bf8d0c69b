//! Uploads by a form: `multipart/form-data`, its policy and its signature (S3 API reference, "Browser-Based Uploads Using POST").

mod form;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use self::form::{FILE_NAME, Form, MOST_FIELDS, boundary, parse};
use super::write::{self, New};
use super::{attributes, checksums, conditions};
use crate::auth::body::BodyReader;
use crate::auth::{ALGORITHM, Credential, old_signature, owner_of, same};
use crate::authorize;
use crate::checksum::{Algorithm, hex, hmac, hmac_sha1, md5_of};
use crate::error::{S3Error, S3Result, error, error_with, invalid_argument};
use crate::reply::{Reply, empty, set, xml};
use crate::request::{Call, Signed, check_key_length};
use crate::service::Shared;
use crate::time;
use crate::xml::{Element, Xml};

/// The largest file of a form. It is in memory until the fields have been checked.
const MOST_FILE: usize = 64 * 1024 * 1024;

/// The `POST` of a form.
pub(crate) async fn post_object(
    shared: &Arc<Shared>,
    call: &mut Call,
    mut body: BodyReader,
) -> S3Result<Reply> {
    let boundary = boundary(call)?;
    if call.header("content-length").is_none() {
        return Err(error("MissingContentLength"));
    }
    super::names::check(call, crate::operation::Operation::PostObject)?;
    let mut whole = BytesMut::new();
    while let Some(bytes) = body.next().await? {
        if whole.len() + bytes.len() > MOST_FILE + MOST_FIELDS {
            return Err(error("EntityTooLarge").member("MaxSizeAllowed", MOST_FILE.to_string()));
        }
        whole.extend_from_slice(&bytes);
    }
    let form = parse(&whole.freeze(), &boundary)?;
    shared.store.bucket(&call.bucket, |_| Ok(()))?;
    let file = form.file.clone().ok_or_else(|| {
        invalid_argument(
            "POST requires exactly one file upload per request.",
            "file",
            "0",
        )
    })?;
    let key = form.get("key").filter(|key| !key.is_empty()).ok_or_else(|| {
        invalid_argument("Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.", "key", "")
    })?;
    // A browser may send the path of the file, of which the name counts.
    let name = form
        .file_name
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default();
    call.key = key.replace(FILE_NAME, name);
    check_key_length(&call.key)?;
    authenticate(shared, call, &form, &file)?;
    authorize::check_form(shared, call)?;
    // The signed policy has seen the fields as they are. From here on the file's name stands in all of them.
    let form = form.named(name);
    apply_fields(call, &form);
    check_digest(&form, &file)?;
    let tags = match form.get("tagging") {
        Some(document) => Some(super::tagging::of_document(
            &Element::parse(document.as_bytes())?,
            10,
        )?),
        None => None,
    };
    let redirect = form
        .get("success_action_redirect")
        .or_else(|| form.get("redirect"))
        .map(str::to_owned);
    let status = form.get("success_action_status").map(str::to_owned);
    store(
        shared,
        call,
        file,
        tags,
        (redirect.as_deref(), status.as_deref()),
    )
    .await
}

/// Holds the field `Content-MD5` against the file (S3 API reference, "POST Object").
///
/// # Errors
/// `BadDigest`, `InvalidDigest`.
fn check_digest(form: &Form, file: &Bytes) -> S3Result<()> {
    match form.get("content-md5") {
        Some(given) => super::check_digest(given, md5_of(file)),
        None => Ok(()),
    }
}

/// Fields that are headers of an upload become those of this request.
fn apply_fields(call: &mut Call, form: &Form) {
    for name in attributes::STORED {
        call.headers.remove(name);
    }
    for (name, value) in &form.fields {
        let is_header = attributes::STORED.contains(&name.as_str())
            || name.starts_with("x-amz-meta-")
            || name.starts_with("x-amz-server-side-encryption")
            || name.starts_with("x-amz-checksum-")
            || name.starts_with("x-amz-object-lock-")
            || matches!(
                name.as_str(),
                "x-amz-storage-class"
                    | "x-amz-website-redirect-location"
                    | "x-amz-sdk-checksum-algorithm"
            );
        let header = match name.as_str() {
            "acl" => Some("x-amz-acl"),
            other if is_header => Some(other),
            _ => None,
        };
        if let Some(Ok(header)) = header.map(|header| HeaderName::from_bytes(header.as_bytes()))
            && let Ok(value) = HeaderValue::from_bytes(value.as_bytes())
        {
            call.headers.insert(header, value);
        }
    }
}

async fn store(
    shared: &Arc<Shared>,
    call: &Call,
    file: Bytes,
    tags: Option<super::tagging::Tags>,
    (redirect, status): (Option<&str>, Option<&str>),
) -> S3Result<Reply> {
    conditions::check_write_form(call)?;
    let mut extra = shared.store.bucket(&call.bucket, |bucket| {
        attributes::read(shared, call, bucket)
    })?;
    if let Some(tags) = tags {
        extra.tags = tags;
    }
    let declared = checksums::declared(call, None)?;
    let algorithm = declared
        .as_ref()
        .map_or(Algorithm::Crc64Nvme, |declared| declared.algorithm);
    let mut body = BodyReader::of(file);
    let received = write::receive(shared, &mut body, [algorithm], write::MOST_AT_ONCE).await?;
    checksums::compare(declared.as_ref(), &body, &received.found)?;
    let etag = write::etag(extra.encryption.as_ref(), &received.found.md5);
    let checksum = checksums::kept(algorithm, &received.found);
    let new = New {
        written: received.written,
        size: received.size,
        etag,
        checksum,
        extra,
        with: Vec::new(),
    };
    let put = write::commit(shared, call, "ObjectCreated:Post", new)?;
    let etag = format!("\"{}\"", put.version.etag);
    let location = super::multipart::location(call);
    let mut reply = match (
        redirect.and_then(|url| redirected(url, call, &etag)),
        status,
    ) {
        (Some(url), _) => {
            let mut reply = empty(StatusCode::SEE_OTHER);
            set(&mut reply, "location", &url);
            write::describe(shared, call, &mut reply, &put);
            return Ok(reply);
        }
        (None, Some("201")) => {
            let mut document = Xml::document();
            document.open("PostResponse");
            document.text("Location", &location);
            document.text("Bucket", &call.bucket);
            document.text("Key", &call.key);
            document.text("ETag", &etag);
            document.close("PostResponse");
            let mut reply = xml(document.finish());
            *reply.status_mut() = StatusCode::CREATED;
            reply
        }
        (None, Some("200")) => super::ok(),
        (None, _) => super::done(),
    };
    write::describe(shared, call, &mut reply, &put);
    set(&mut reply, "location", &location);
    Ok(reply)
}

/// The URL that a successful form leads to, with what was stored. `None` if it cannot be one.
fn redirected(url: &str, call: &Call, etag: &str) -> Option<String> {
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return None;
    }
    let encode = |text: &str| crate::request::uri_encode(text, false);
    let separator = if url.contains('?') { '&' } else { '?' };
    Some(format!(
        "{url}{separator}bucket={}&key={}&etag={}",
        encode(&call.bucket),
        encode(&call.key),
        encode(etag)
    ))
}

/// Finds out who sent the form, and holds it against its policy.
fn authenticate(shared: &Shared, call: &mut Call, form: &Form, file: &Bytes) -> S3Result<()> {
    let policy = form.get("policy");
    if let (true, Some(key), Some(policy)) =
        (shared.older_buckets, form.get("awsaccesskeyid"), policy)
    {
        return authenticate_old(shared, call, form, key, policy, file.len() as u64);
    }
    if form.get("awsaccesskeyid").is_some()
        || (form.get("signature").is_some() && form.get("x-amz-signature").is_none())
    {
        return Err(old_signature());
    }
    let Some(policy) = policy else {
        if form.get("x-amz-signature").is_some() {
            return Err(invalid_argument(
                "Bucket POST must contain a field named 'Policy'.  If it is specified, please check the order of the fields.",
                "Policy",
                "",
            ));
        }
        // An anonymous form: the bucket decides.
        return Ok(());
    };
    let field = |name: &'static str, shown: &'static str| {
        form.get(name).ok_or_else(|| {
            invalid_argument(
                &format!("Bucket POST must contain a field named '{shown}'.  If it is specified, please check the order of the fields."),
                shown,
                "",
            )
        })
    };
    let signature = field("x-amz-signature", "X-Amz-Signature")?;
    let algorithm = field("x-amz-algorithm", "X-Amz-Algorithm")?;
    let credential_text = field("x-amz-credential", "X-Amz-Credential")?;
    let date = field("x-amz-date", "X-Amz-Date")?;
    if algorithm != ALGORITHM {
        return Err(invalid_argument(
            "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"",
            "X-Amz-Algorithm",
            algorithm,
        ));
    }
    let invalid = |complaint: &str| {
        invalid_argument(
            &format!("Error parsing the X-Amz-Credential parameter; {complaint}"),
            "X-Amz-Credential",
            credential_text,
        )
    };
    let credential = Credential::parse(credential_text)
        .ok_or_else(|| invalid("the Credential is mal-formed"))?;
    if let Some((complaint, _)) = credential.complaint(shared) {
        return Err(invalid(&complaint));
    }
    if time::parse_compact(date).is_none() {
        return Err(invalid_argument(
            "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"",
            "X-Amz-Date",
            date,
        ));
    }
    let (caller, secret) = owner_of(shared, &credential.access_key)?;
    let expected = hex(&hmac(&credential.key(&secret), policy.as_bytes()));
    if !same(&expected, signature) {
        return Err(error("SignatureDoesNotMatch")
            .member("AWSAccessKeyId", &credential.access_key)
            .member("StringToSign", policy)
            .member("SignatureProvided", signature));
    }
    check_policy(call, form, policy, file.len() as u64)?;
    call.caller = caller;
    call.signed = Signed::Form;
    Ok(())
}

/// A form with a signature of version 2: HMAC-SHA1 over the policy (S3 user guide, "Appendix: Using the REST API").
fn authenticate_old(
    shared: &Shared,
    call: &mut Call,
    form: &Form,
    key: &str,
    policy: &str,
    size: u64,
) -> S3Result<()> {
    let signature = form.get("signature").ok_or_else(|| {
        invalid_argument("Bucket POST must contain a field named 'Signature'.  If it is specified, please check the order of the fields.", "Signature", "")
    })?;
    let (caller, secret) = owner_of(shared, key)?;
    if !same(
        &STANDARD.encode(hmac_sha1(secret.as_bytes(), policy.as_bytes())),
        signature,
    ) {
        return Err(error("SignatureDoesNotMatch")
            .member("AWSAccessKeyId", key)
            .member("StringToSign", policy)
            .member("SignatureProvided", signature));
    }
    check_policy(call, form, policy, size)?;
    call.caller = caller;
    call.signed = Signed::Form;
    Ok(())
}

fn invalid_policy(message: &str) -> S3Error {
    error_with(
        "InvalidPolicyDocument",
        format!("Invalid Policy: {message}"),
    )
}

fn failed(condition: &str) -> S3Error {
    error_with(
        "AccessDenied",
        format!("Invalid according to Policy: Policy Condition failed: {condition}"),
    )
}

/// Holds a form against the conditions of its policy.
fn check_policy(call: &Call, form: &Form, policy: &str, size: u64) -> S3Result<()> {
    let text = STANDARD
        .decode(policy.trim())
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(|| invalid_policy("Invalid base64 encoding."))?;
    let document: Value =
        serde_json::from_str(&text).map_err(|_| invalid_policy("Invalid JSON."))?;
    let document = document
        .as_object()
        .ok_or_else(|| invalid_policy("Invalid JSON."))?;
    let expiration = document
        .get("expiration")
        .ok_or_else(|| invalid_policy("Policy missing expiration."))?;
    let expiration = expiration
        .as_str()
        .and_then(|text| text.contains('T').then(|| time::parse_iso(text)).flatten());
    let expiration = expiration.ok_or_else(|| invalid_policy("Invalid 'expiration' value."))?;
    if expiration <= time::machine_ms() {
        return Err(error_with(
            "AccessDenied",
            "Invalid according to Policy: Policy expired.",
        ));
    }
    let conditions = document
        .get("conditions")
        .ok_or_else(|| invalid_policy("Policy missing conditions."))?;
    let conditions = conditions
        .as_array()
        .ok_or_else(|| invalid_policy("Invalid 'conditions' value: must be a List."))?;
    let mut named: Vec<String> = Vec::new();
    let value_of = |name: &str| -> String {
        match name {
            "bucket" => call.bucket.clone(),
            "key" => call.key.clone(),
            "content-type" => form.get("content-type").unwrap_or_default().to_owned(),
            other => form.get(other).unwrap_or_default().to_owned(),
        }
    };
    for condition in conditions {
        match condition {
            Value::Object(map) => {
                if map.len() != 1 {
                    return Err(invalid_policy(
                        "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
                    ));
                }
                for (name, expected) in map {
                    let expected = expected.as_str().ok_or_else(|| {
                        invalid_policy("Invalid Simple-Condition: value must be a string.")
                    })?;
                    let lower = name.to_lowercase();
                    if value_of(&lower) != expected {
                        return Err(failed(&format!("[\"eq\", \"${name}\", \"{expected}\"]")));
                    }
                    named.push(lower);
                }
            }
            Value::Array(items) => check_list(items, size, &value_of, &mut named)?,
            _ => return Err(invalid_policy("Invalid 'conditions' value.")),
        }
    }
    for (name, _) in &form.fields {
        let needs_none = matches!(
            name.as_str(),
            "policy" | "x-amz-signature" | "file" | "awsaccesskeyid" | "signature"
        ) || name.starts_with("x-ignore-");
        if !needs_none && !named.contains(name) {
            return Err(error_with(
                "AccessDenied",
                format!("Invalid according to Policy: Extra input fields: {name}"),
            ));
        }
    }
    Ok(())
}

/// A condition such as `["starts-with", "$key", "user/"]`.
fn check_list(
    items: &[Value],
    size: u64,
    value_of: &impl Fn(&str) -> String,
    named: &mut Vec<String>,
) -> S3Result<()> {
    let operator = items.first().and_then(Value::as_str).map(str::to_lowercase);
    let [_, first, second] = items else {
        return Err(invalid_policy(
            "Invalid Condition: wrong number of arguments.",
        ));
    };
    let operator = operator.ok_or_else(|| invalid_policy("Invalid Condition."))?;
    let shown = || serde_json::to_string(&items).unwrap_or_default();
    if operator == "content-length-range" {
        let number = |value: &Value| -> Option<i64> {
            value.as_i64().or_else(|| value.as_str()?.parse().ok())
        };
        let (Some(least), Some(most)) = (number(first), number(second)) else {
            return Err(invalid_policy(
                "Invalid content-length-range: arguments must be numbers.",
            ));
        };
        if least < 0 || most < least {
            return Err(invalid_policy("Invalid content-length-range."));
        }
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        if size > most {
            return Err(error("EntityTooLarge")
                .member("ProposedSize", size.to_string())
                .member("MaxSizeAllowed", most.to_string()));
        }
        if size < least {
            return Err(error("EntityTooSmall")
                .member("ProposedSize", size.to_string())
                .member("MinSizeAllowed", least.to_string()));
        }
        return Ok(());
    }
    let (Some(name), Some(expected)) = (first.as_str(), second.as_str()) else {
        return Err(invalid_policy(
            "Invalid Condition: arguments must be strings.",
        ));
    };
    let name = name
        .strip_prefix('$')
        .ok_or_else(|| invalid_policy("Invalid Condition: the name must begin with '$'."))?
        .to_lowercase();
    let value = value_of(&name);
    let holds = match operator.as_str() {
        "eq" => value == expected,
        // A list of types must begin so in each item.
        "starts-with" if name == "content-type" => {
            value.split(',').all(|one| one.trim().starts_with(expected))
        }
        "starts-with" => value.starts_with(expected),
        other => {
            return Err(invalid_policy(&format!(
                "Invalid Condition: unknown operation '{other}'."
            )));
        }
    };
    named.push(name);
    if holds { Ok(()) } else { Err(failed(&shown())) }
}
