//! Buckets: create, delete, look, list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{acl, done, list, ok, settings};
use crate::error::{S3Result, error, error_with, invalid_argument};
use crate::reply::{Reply, set, xml};
use crate::request::Call;
use crate::service::Shared;
use crate::store::model::{BucketInfo, Owner, Record};
use crate::store::{Written, bucket_of};
use crate::time;
use crate::xml::{Element, Xml};

/// The region that has no name in documents.
const FIRST_REGION: &str = "us-east-1";

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() >= 3
        && parts.iter().all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// The region and the tags that a new bucket is to have.
fn configuration(body: &[u8]) -> S3Result<(Option<String>, Option<super::tagging::Tags>)> {
    let mut region = None;
    let mut tags = None;
    if !body.is_empty() {
        let document = Element::parse(body)?.named("CreateBucketConfiguration")?;
        if let Some(kind) = document
            .child("Location")
            .or_else(|| document.child("Bucket"))
        {
            // Directory buckets.
            return Err(crate::error::not_implemented(&format!(
                "CreateBucket with {}",
                kind.name
            )));
        }
        match document.value("LocationConstraint") {
            None | Some("") => {}
            Some("EU") => region = Some("EU".to_owned()),
            // This region is named by leaving it out.
            Some(FIRST_REGION) => {
                return Err(error_with(
                    "InvalidLocationConstraint",
                    "The specified location-constraint is not valid",
                )
                .status_is(http::StatusCode::BAD_REQUEST)
                .member("LocationConstraint", FIRST_REGION));
            }
            Some(named) if is_region(named) => region = Some(named.to_owned()),
            Some(other) => {
                return Err(error_with(
                    "InvalidLocationConstraint",
                    "The specified location-constraint is not valid",
                )
                .status_is(http::StatusCode::BAD_REQUEST)
                .member("LocationConstraint", other));
            }
        }
        if let Some(set) = document.child("Tags") {
            tags = Some(super::tagging::of_elements(set.all("Tag"), 50)?);
        }
    }
    Ok((region, tags))
}

/// `CreateBucket`.
pub(super) fn create(shared: &Shared, call: &Call, body: &[u8]) -> S3Result<Reply> {
    let (region, tags) = configuration(body)?;
    let lock = match call
        .some_header("x-amz-bucket-object-lock-enabled")
        .as_deref()
    {
        None => false,
        Some(flag) if flag.eq_ignore_ascii_case("true") => true,
        Some(flag) if flag.eq_ignore_ascii_case("false") => false,
        Some(other) => {
            return Err(invalid_argument(
                "Invalid value",
                "x-amz-bucket-object-lock-enabled",
                other,
            ));
        }
    };
    let owner = shared.owner();
    let user = call.caller.user().unwrap_or(&owner);
    let mut info = BucketInfo {
        created: call.now,
        owner: Owner {
            id: user.id.clone(),
            name: user.display_name.clone(),
        },
        region,
        versioning: lock.then_some(true),
        lock,
        ..BucketInfo::default()
    };
    if let Some(tags) = tags {
        info.settings
            .insert("tagging".to_owned(), super::tagging::document(&tags));
    }
    settings::of_new_bucket(shared, call, &mut info)?;
    info.acl = acl::of_headers(shared, call, &info, false)?;
    shared.store.change(&Written::default(), |state| {
        if let Some(there) = state.buckets.get(&call.bucket) {
            // "If you re-create an existing bucket that you already own in us-east-1, Amazon S3 returns 200 OK and resets the bucket
            // access control lists" (S3 API reference, `CreateBucket`).
            if there.info.owner.id == info.owner.id
                && call.region.as_deref() == Some(FIRST_REGION)
                && info.region.is_none()
            {
                let info = BucketInfo {
                    acl: info.acl,
                    ..(*there.info).clone()
                };
                return Ok((
                    vec![Record::Bucket {
                        name: call.bucket.clone(),
                        info,
                    }],
                    (),
                ));
            }
            let code = if there.info.owner.id == info.owner.id {
                "BucketAlreadyOwnedByYou"
            } else {
                "BucketAlreadyExists"
            };
            return Err(error(code).member("BucketName", &call.bucket));
        }
        Ok((
            vec![Record::Bucket {
                name: call.bucket.clone(),
                info,
            }],
            (),
        ))
    })?;
    let mut reply = ok();
    set(&mut reply, "location", &format!("/{}", call.bucket));
    Ok(reply)
}

/// `DeleteBucket`.
pub(super) fn delete(shared: &Shared, call: &Call) -> S3Result<Reply> {
    shared.store.change(&Written::default(), |state| {
        let bucket = bucket_of(state, &call.bucket)?;
        if let Some(versions) = bucket.objects.values().next() {
            let message = match versions.first() {
                Some(version) if !version.marker && versions.len() == 1 => "The bucket you tried to delete is not empty",
                _ => "The bucket you tried to delete is not empty. You must delete all versions in the bucket.",
            };
            return Err(error_with("BucketNotEmpty", message).member("BucketName", &call.bucket));
        }
        Ok((vec![Record::NoBucket { name: call.bucket.clone() }], ()))
    })?;
    super::notification::forget(shared, &call.bucket);
    Ok(done())
}

/// `HeadBucket`.
pub(super) fn head(shared: &Shared, call: &Call) -> S3Result<Reply> {
    shared.store.bucket(&call.bucket, |bucket| {
        let mut reply = ok();
        let region = match bucket.info.region.as_deref() {
            Some("EU") => "eu-west-1",
            Some(region) => region,
            None => FIRST_REGION,
        };
        set(&mut reply, "x-amz-bucket-region", region);
        set(&mut reply, "x-amz-access-point-alias", "false");
        set(&mut reply, "content-type", "application/xml");
        Ok(reply)
    })
}

/// `GetBucketLocation`.
pub(super) fn location(shared: &Shared, call: &Call) -> S3Result<Reply> {
    shared.store.bucket(&call.bucket, |bucket| {
        let mut document = Xml::document();
        document.raw(&format!(
            "<LocationConstraint xmlns=\"{}\">",
            crate::xml::NAMESPACE
        ));
        crate::xml::escape_into(
            &mut document,
            bucket.info.region.as_deref().unwrap_or_default(),
        );
        document.close("LocationConstraint");
        Ok(xml(document.finish()))
    })
}

/// `ListBuckets`.
pub(super) fn list(shared: &Shared, call: &Call) -> S3Result<Reply> {
    let owner = shared.owner();
    let user = call.caller.user().unwrap_or(&owner);
    let most = match call.query.some("max-buckets") {
        None => None,
        Some(text) => Some(
            text.parse::<usize>()
                .ok()
                .filter(|number| (1..=10_000).contains(number))
                .ok_or_else(|| {
                    invalid_argument(
                        "Argument max-buckets must be an integer between 1 and 10000",
                        "max-buckets",
                        text,
                    )
                })?,
        ),
    };
    let prefix = call.query.get("prefix").unwrap_or_default();
    let region = call.query.some("bucket-region");
    let after = match call.query.some("continuation-token") {
        None => String::new(),
        Some(token) => {
            let name = URL_SAFE_NO_PAD
                .decode(token)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok());
            name.ok_or_else(|| {
                invalid_argument(
                    "The continuation token provided is incorrect",
                    "continuation-token",
                    token,
                )
            })?
        }
    };
    let owner = Owner {
        id: user.id.clone(),
        name: user.display_name.clone(),
    };
    let document = shared.store.read(|state| {
        let mut document = Xml::root("ListAllMyBucketsResult");
        list::owner_element(&mut document, "Owner", &owner);
        document.open("Buckets");
        let own = state.buckets.iter().filter(|(name, bucket)| {
            let of_region = region.is_none_or(|region| {
                bucket.info.region.as_deref().unwrap_or(FIRST_REGION) == region
            });
            bucket.info.owner.id == owner.id
                && name.starts_with(prefix)
                && of_region
                && **name > after
        });
        let mut last = "";
        let mut is_truncated = false;
        for (index, (name, bucket)) in own.enumerate() {
            if Some(index) == most {
                is_truncated = true;
                break;
            }
            document.open("Bucket");
            document.text("Name", name);
            document.text("CreationDate", &time::iso(bucket.info.created));
            if most.is_some() || region.is_some() {
                document.text(
                    "BucketRegion",
                    bucket.info.region.as_deref().unwrap_or(FIRST_REGION),
                );
            }
            document.close("Bucket");
            last = name;
        }
        document.close("Buckets");
        if !prefix.is_empty() {
            document.text("Prefix", prefix);
        }
        if is_truncated {
            document.text("ContinuationToken", &URL_SAFE_NO_PAD.encode(last));
        }
        document.close("ListAllMyBucketsResult");
        document.finish()
    });
    Ok(xml(document))
}
