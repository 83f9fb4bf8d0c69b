//! Access control lists: of buckets and of objects, in documents and in headers.

use std::sync::Arc;

use super::list::{owner_element, owner_of};
use super::{ok, tagging, versions};
use crate::error::{S3Result, error, error_with, invalid_argument};
use crate::operation::Operation;
use crate::reply::{Reply, set, xml};
use crate::request::{Call, Caller};
use crate::service::Shared;
use crate::store::model::{BucketInfo, Grant, Grantee, Owner, Record};
use crate::store::{Written, bucket_of};
use crate::xml::{Element, Xml};

pub(crate) const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
pub(crate) const AUTHENTICATED: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";
const PERMISSIONS: [&str; 5] = ["FULL_CONTROL", "WRITE", "WRITE_ACP", "READ", "READ_ACP"];
const GRANT_HEADERS: [(&str, &str); 5] = [
    ("x-amz-grant-full-control", "FULL_CONTROL"),
    ("x-amz-grant-write", "WRITE"),
    ("x-amz-grant-write-acp", "WRITE_ACP"),
    ("x-amz-grant-read", "READ"),
    ("x-amz-grant-read-acp", "READ_ACP"),
];
/// Grants in a list, at most.
const MOST: usize = 100;

/// Who owns what is written into a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// The bucket's owner; lists do not count.
    Enforced,
    /// The bucket's owner where the writer says so.
    Preferred,
    Writer,
}

/// The setting of a bucket. A bucket without one is of the older kind.
pub(crate) fn ownership(info: &BucketInfo) -> Ownership {
    match info.setting("ownershipControls") {
        Some(text) if text.contains("BucketOwnerEnforced") => Ownership::Enforced,
        Some(text) if text.contains("BucketOwnerPreferred") => Ownership::Preferred,
        _ => Ownership::Writer,
    }
}

/// The owner of an object that is written now, where it is not the bucket's.
pub(crate) fn new_owner(_shared: &Shared, call: &Call, info: &BucketInfo) -> Option<Owner> {
    let writer = match &call.caller {
        Caller::Anonymous => Owner {
            id: call.caller.id().to_owned(),
            name: String::new(),
        },
        Caller::User { user, .. } => Owner {
            id: user.id.clone(),
            name: user.display_name.clone(),
        },
    };
    let takes = match ownership(info) {
        Ownership::Enforced => true,
        Ownership::Preferred => {
            call.header("x-amz-acl").as_deref() == Some("bucket-owner-full-control")
        }
        Ownership::Writer => false,
    };
    (!takes && writer.id != info.owner.id).then_some(writer)
}

fn grant(grantee: Grantee, permission: &str) -> Grant {
    Grant {
        grantee,
        permission: permission.to_owned(),
    }
}

fn canned(name: &str, owner: &Owner, bucket_owner: &Owner) -> S3Result<Vec<Grant>> {
    let mut grants = Vec::new();
    let mut group = |uri: &str, permission: &str| {
        grants.push(grant(Grantee::Group(uri.to_owned()), permission));
    };
    match name {
        "private" | "aws-exec-read" => {}
        "public-read" => group(ALL_USERS, "READ"),
        "public-read-write" => {
            group(ALL_USERS, "READ");
            group(ALL_USERS, "WRITE");
        }
        "authenticated-read" => group(AUTHENTICATED, "READ"),
        "log-delivery-write" => {
            group(LOG_DELIVERY, "WRITE");
            group(LOG_DELIVERY, "READ_ACP");
        }
        "bucket-owner-read" | "bucket-owner-full-control" => {
            let permission = if name == "bucket-owner-read" {
                "READ"
            } else {
                "FULL_CONTROL"
            };
            if owner.id != bucket_owner.id {
                grants.push(grant(Grantee::User(bucket_owner.clone()), permission));
            }
        }
        other => return Err(invalid_argument("Invalid canned ACL", "x-amz-acl", other)),
    }
    grants.push(grant(Grantee::User(owner.clone()), "FULL_CONTROL"));
    Ok(grants)
}

/// A user by the id.
fn user(shared: &Shared, id: &str) -> S3Result<Grantee> {
    let known = shared.users.iter().find(|user| user.id == id);
    let known = known.ok_or_else(|| invalid_argument("Invalid id", "CanonicalUser/ID", id))?;
    Ok(Grantee::User(Owner {
        id: known.id.clone(),
        name: known.display_name.clone(),
    }))
}

fn by_email(shared: &Shared, email: &str) -> S3Result<Grantee> {
    let known = shared.users.iter().find(|user| {
        user.email
            .as_deref()
            .is_some_and(|own| own.eq_ignore_ascii_case(email))
    });
    let known = known
        .ok_or_else(|| error("UnresolvableGrantByEmailAddress").member("EmailAddress", email))?;
    Ok(Grantee::User(Owner {
        id: known.id.clone(),
        name: known.display_name.clone(),
    }))
}

fn group(uri: &str) -> S3Result<Grantee> {
    if [ALL_USERS, AUTHENTICATED, LOG_DELIVERY].contains(&uri) {
        return Ok(Grantee::Group(uri.to_owned()));
    }
    Err(invalid_argument("Invalid group uri", "Group/URI", uri))
}

/// The grants of the headers: `id="…", uri="…", emailAddress="…"`.
fn of_grant_headers(shared: &Shared, call: &Call) -> S3Result<Vec<Grant>> {
    let mut grants = Vec::new();
    for (header, permission) in GRANT_HEADERS {
        let Some(value) = call.header(header) else {
            continue;
        };
        for grantee in value
            .split(',')
            .map(str::trim)
            .filter(|grantee| !grantee.is_empty())
        {
            let invalid = || invalid_argument("Argument format not recognized", header, &value);
            let (kind, name) = grantee.split_once('=').ok_or_else(invalid)?;
            let name = name.trim().trim_matches('"');
            let grantee = match kind.trim() {
                "id" => user(shared, name)?,
                "uri" => group(name)?,
                "emailAddress" => by_email(shared, name)?,
                _ => return Err(invalid()),
            };
            grants.push(grant(grantee, permission));
        }
    }
    Ok(grants)
}

/// Whether the request has headers with a list.
pub(crate) fn has_headers(call: &Call) -> bool {
    call.has_header("x-amz-acl")
        || GRANT_HEADERS
            .iter()
            .any(|(header, _)| call.has_header(header))
}

/// The list that the headers of a request ask for, for a new bucket or a new object.
///
/// # Errors
/// `AccessControlListNotSupported` where lists do not count, `InvalidRequest` for both kinds of headers, `AccessDenied` where public
/// lists are blocked.
pub(crate) fn of_headers(
    shared: &Shared,
    call: &Call,
    info: &BucketInfo,
    is_object: bool,
) -> S3Result<Option<Vec<Grant>>> {
    if !has_headers(call) {
        return Ok(None);
    }
    let named = call.some_header("x-amz-acl");
    let grants = of_grant_headers(shared, call)?;
    if named.is_some() && !grants.is_empty() {
        return Err(error_with(
            "InvalidRequest",
            "Specifying both Canned ACLs and Header Grants is not allowed",
        ));
    }
    if ownership(info) == Ownership::Enforced {
        let harmless = match named.as_deref() {
            Some("bucket-owner-full-control") => true,
            Some("private") => !is_object,
            Some(_) => false,
            None => grants.is_empty(),
        };
        if harmless {
            return Ok(None);
        }
        return Err(match is_object || !call.key.is_empty() {
            true => error_with(
                "AccessControlListNotSupported",
                "The bucket does not allow ACLs",
            ),
            false => error("InvalidBucketAclWithObjectOwnership"),
        });
    }
    let owner = match is_object {
        true => new_owner(shared, call, info).unwrap_or_else(|| info.owner.clone()),
        false => info.owner.clone(),
    };
    let list = match named {
        Some(name) => canned(&name, &owner, &info.owner)?,
        None => grants,
    };
    check_public(info, &list)?;
    Ok(Some(list))
}

/// # Errors
/// `AccessDenied` if the list is public and the bucket blocks public lists.
fn check_public(info: &BucketInfo, list: &[Grant]) -> S3Result<()> {
    if is_public(list) && blocks(info, "BlockPublicAcls") {
        return Err(error("AccessDenied"));
    }
    Ok(())
}

/// Whether a list lets everybody in.
pub(crate) fn is_public(list: &[Grant]) -> bool {
    list.iter().any(|grant| matches!(&grant.grantee, Grantee::Group(uri) if uri == ALL_USERS || uri == AUTHENTICATED))
}

/// A switch of the bucket's public access block.
pub(crate) fn blocks(info: &BucketInfo, switch: &str) -> bool {
    let document = info
        .setting("publicAccessBlock")
        .and_then(|text| Element::parse(text.as_bytes()).ok());
    document.is_some_and(|document| {
        document
            .value(switch)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    })
}

fn write(owner: &Owner, list: Option<&Vec<Grant>>) -> String {
    let mut document = Xml::root("AccessControlPolicy");
    owner_element(&mut document, "Owner", owner);
    document.open("AccessControlList");
    let own = vec![grant(Grantee::User(owner.clone()), "FULL_CONTROL")];
    // Groups stand first, as in the lists that S3 makes of canned ones. The order means nothing.
    let mut ordered: Vec<&Grant> = list.unwrap_or(&own).iter().collect();
    ordered.sort_by_key(|grant| matches!(grant.grantee, Grantee::User(_)));
    for grant in ordered {
        document.open("Grant");
        match &grant.grantee {
            Grantee::User(user) => {
                document.open_typed("Grantee", "CanonicalUser");
                document.text("ID", &user.id);
                document.text("DisplayName", &user.name);
            }
            Grantee::Group(uri) => {
                document.open_typed("Grantee", "Group");
                document.text("URI", uri);
            }
        }
        document.close("Grantee");
        document.text("Permission", &grant.permission);
        document.close("Grant");
    }
    document.close("AccessControlList");
    document.close("AccessControlPolicy");
    document.finish()
}

fn of_document(shared: &Shared, document: &Element, owner: &Owner) -> S3Result<Vec<Grant>> {
    let malformed = || error("MalformedACLError");
    if document.name != "AccessControlPolicy" {
        return Err(malformed());
    }
    let named = document
        .child("Owner")
        .and_then(|owner| owner.value("ID"))
        .ok_or_else(malformed)?;
    if named != owner.id {
        return Err(error("AccessDenied"));
    }
    let list = document.child("AccessControlList").ok_or_else(malformed)?;
    let mut grants = Vec::new();
    for element in list.all("Grant") {
        let grantee = element.child("Grantee").ok_or_else(malformed)?;
        let permission = element
            .value("Permission")
            .filter(|named| PERMISSIONS.contains(named))
            .ok_or_else(malformed)?;
        let grantee = match (
            grantee.value("ID"),
            grantee.value("URI"),
            grantee.value("EmailAddress"),
        ) {
            (Some(id), _, _) => user(shared, id)?,
            (_, Some(uri), _) => group(uri)?,
            (_, _, Some(email)) => by_email(shared, email)?,
            _ => return Err(malformed()),
        };
        grants.push(grant(grantee, permission));
    }
    if grants.len() > MOST {
        return Err(malformed());
    }
    Ok(grants)
}

/// The list that a request to set one asks for.
fn asked(
    shared: &Shared,
    call: &Call,
    info: &BucketInfo,
    owner: &Owner,
    body: &[u8],
) -> S3Result<Vec<Grant>> {
    if ownership(info) == Ownership::Enforced {
        return Err(error("AccessControlListNotSupported"));
    }
    let named = call.some_header("x-amz-acl");
    let grants = of_grant_headers(shared, call)?;
    let list = match named {
        Some(_) if !grants.is_empty() => {
            return Err(error_with(
                "InvalidRequest",
                "Specifying both Canned ACLs and Header Grants is not allowed",
            ));
        }
        Some(_) if !body.is_empty() => {
            return Err(
                error_with("UnexpectedContent", "This request does not support content")
                    .status_is(http::StatusCode::BAD_REQUEST),
            );
        }
        Some(name) => canned(&name, owner, &info.owner)?,
        None if !grants.is_empty() => grants,
        None if body.is_empty() => {
            return Err(error_with(
                "MissingSecurityHeader",
                "Your request was missing a required header",
            )
            .member("MissingHeaderName", "x-amz-acl"));
        }
        None => of_document(
            shared,
            &Element::parse(body).map_err(|_| error("MalformedACLError"))?,
            owner,
        )?,
    };
    check_public(info, &list)?;
    Ok(list)
}

/// `GetBucketAcl`, `PutBucketAcl`, `GetObjectAcl`, `PutObjectAcl`.
pub(super) fn operate(
    shared: &Arc<Shared>,
    call: &Call,
    operation: Operation,
    body: &[u8],
) -> S3Result<Reply> {
    match operation {
        Operation::GetBucketAcl => shared.store.bucket(&call.bucket, |bucket| {
            Ok(xml(write(
                &bucket.info.owner,
                listed(&bucket.info, bucket.info.acl.as_ref()),
            )))
        }),
        Operation::PutBucketAcl => {
            shared.store.change(&Written::default(), |state| {
                let bucket = bucket_of(state, &call.bucket)?;
                let mut info = (*bucket.info).clone();
                info.acl = Some(asked(shared, call, &info, &info.owner, body)?);
                Ok((
                    vec![Record::Bucket {
                        name: call.bucket.clone(),
                        info,
                    }],
                    (),
                ))
            })?;
            Ok(ok())
        }
        Operation::GetObjectAcl => {
            let id = versions::named(call)?;
            shared.store.bucket(&call.bucket, |bucket| {
                let version = versions::readable(bucket, &call.key, id)?;
                let mut reply = xml(write(
                    owner_of(bucket, version),
                    listed(&bucket.info, version.extra().acl.as_ref()),
                ));
                if bucket.info.versioning.is_some() {
                    set(&mut reply, "x-amz-version-id", &version.id);
                }
                Ok(reply)
            })
        }
        _ => {
            let mut is_new = false;
            let (version, shown) = tagging::update(shared, call, |bucket, version| {
                let owner = owner_of(bucket, version).clone();
                let list = asked(shared, call, &bucket.info, &owner, body)?;
                let private = vec![grant(Grantee::User(owner), "FULL_CONTROL")];
                is_new = *version.extra().acl.as_ref().unwrap_or(&private) != list;
                version.extra_mut().acl = Some(list);
                Ok(())
            })?;
            // A list that is as before is not reported (case s3e-011).
            if is_new {
                tagging::report(shared, call, "ObjectAcl:Put", &version);
            }
            let mut reply = ok();
            if let Some(shown) = shown {
                set(&mut reply, "x-amz-version-id", &shown);
            }
            Ok(reply)
        }
    }
}

/// A list as it is shown: where lists do not count, the owner alone is in it.
fn listed<'a>(info: &BucketInfo, list: Option<&'a Vec<Grant>>) -> Option<&'a Vec<Grant>> {
    list.filter(|_| ownership(info) != Ownership::Enforced)
}

/// Whether a list grants a permission to a caller.
pub(crate) fn grants(
    list: Option<&Vec<Grant>>,
    owner: &Owner,
    caller: &Caller,
    permission: &str,
    ignore_public: bool,
) -> bool {
    let Some(list) = list else {
        return caller.user().is_some_and(|user| user.id == owner.id);
    };
    list.iter().any(|grant| {
        if grant.permission != permission && grant.permission != "FULL_CONTROL" {
            return false;
        }
        match &grant.grantee {
            Grantee::User(user) => caller.user().is_some_and(|caller| caller.id == user.id),
            Grantee::Group(_) if ignore_public => false,
            Grantee::Group(uri) if uri == ALL_USERS => true,
            Grantee::Group(uri) if uri == AUTHENTICATED => caller.user().is_some(),
            Grantee::Group(_) => false,
        }
    })
}
