//! Which operation a request is: its method, whether it names a bucket and a key, and its parameters.

use http::Method;

use crate::error::{S3Result, error, invalid_argument, not_implemented};
use crate::request::Call;

macro_rules! operations {
    ($($name:ident),* $(,)?) => {
        /// An operation of the API, by its name there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Operation { $($name),* }

        impl Operation {
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

operations! {
    AbortMultipartUpload, CompleteMultipartUpload, CopyObject, CreateBucket, CreateMultipartUpload, DeleteBucket, DeleteBucketCors,
    DeleteBucketEncryption, DeleteBucketLifecycle, DeleteBucketOwnershipControls, DeleteBucketPolicy, DeleteBucketTagging,
    DeleteBucketWebsite, DeleteObject, DeleteObjectTagging, DeleteObjects, DeletePublicAccessBlock, GetBucketAccelerateConfiguration,
    GetBucketAcl, GetBucketCors, GetBucketEncryption, GetBucketLifecycleConfiguration, GetBucketLocation, GetBucketLogging,
    GetBucketNotificationConfiguration, GetBucketOwnershipControls, GetBucketPolicy, GetBucketPolicyStatus, GetBucketReplication,
    GetBucketRequestPayment, GetBucketTagging, GetBucketVersioning, GetBucketWebsite, GetObject, GetObjectAcl, GetObjectAttributes,
    GetObjectLegalHold, GetObjectLockConfiguration, GetObjectRetention, GetObjectTagging, GetPublicAccessBlock, HeadBucket, HeadObject,
    ListBuckets, ListMultipartUploads, ListObjectVersions, ListObjects, ListObjectsV2, ListParts, PostObject, Preflight, PutBucketAcl,
    PutBucketCors, PutBucketEncryption, PutBucketLifecycleConfiguration, PutBucketLogging, PutBucketNotificationConfiguration,
    PutBucketOwnershipControls, PutBucketPolicy, PutBucketRequestPayment, PutBucketTagging, PutBucketVersioning, PutBucketWebsite,
    PutObject, PutObjectAcl, PutObjectLegalHold, PutObjectLockConfiguration, PutObjectRetention, PutObjectTagging, PutPublicAccessBlock,
    UploadPart, UploadPartCopy,
}

use Operation as O;

/// What a parameter makes of a request: the operation by each method, or the name of one that is not here.
enum Means {
    Is(Operation),
    Not(&'static str),
}

use Means::{Is, Not};

/// Parameters that name a resource of a bucket.
const OF_BUCKET: &[(&str, &str, Means)] = &[
    ("accelerate", "GET", Is(O::GetBucketAccelerateConfiguration)),
    ("accelerate", "PUT", Not("PutBucketAccelerateConfiguration")),
    ("acl", "GET", Is(O::GetBucketAcl)),
    ("acl", "PUT", Is(O::PutBucketAcl)),
    ("abac", "GET", Not("GetBucketAbac")),
    ("abac", "PUT", Not("PutBucketAbac")),
    (
        "analytics",
        "DELETE",
        Not("DeleteBucketAnalyticsConfiguration"),
    ),
    ("analytics", "GET", Not("GetBucketAnalyticsConfiguration")),
    ("analytics", "PUT", Not("PutBucketAnalyticsConfiguration")),
    ("cors", "DELETE", Is(O::DeleteBucketCors)),
    ("cors", "GET", Is(O::GetBucketCors)),
    ("cors", "PUT", Is(O::PutBucketCors)),
    ("delete", "POST", Is(O::DeleteObjects)),
    ("encryption", "DELETE", Is(O::DeleteBucketEncryption)),
    ("encryption", "GET", Is(O::GetBucketEncryption)),
    ("encryption", "PUT", Is(O::PutBucketEncryption)),
    (
        "intelligent-tiering",
        "DELETE",
        Not("DeleteBucketIntelligentTieringConfiguration"),
    ),
    (
        "intelligent-tiering",
        "GET",
        Not("GetBucketIntelligentTieringConfiguration"),
    ),
    (
        "intelligent-tiering",
        "PUT",
        Not("PutBucketIntelligentTieringConfiguration"),
    ),
    (
        "inventory",
        "DELETE",
        Not("DeleteBucketInventoryConfiguration"),
    ),
    ("inventory", "GET", Not("GetBucketInventoryConfiguration")),
    ("inventory", "PUT", Not("PutBucketInventoryConfiguration")),
    ("lifecycle", "DELETE", Is(O::DeleteBucketLifecycle)),
    ("lifecycle", "GET", Is(O::GetBucketLifecycleConfiguration)),
    ("lifecycle", "PUT", Is(O::PutBucketLifecycleConfiguration)),
    ("location", "GET", Is(O::GetBucketLocation)),
    ("logging", "GET", Is(O::GetBucketLogging)),
    ("logging", "PUT", Is(O::PutBucketLogging)),
    (
        "metadataConfiguration",
        "DELETE",
        Not("DeleteBucketMetadataConfiguration"),
    ),
    (
        "metadataConfiguration",
        "GET",
        Not("GetBucketMetadataConfiguration"),
    ),
    (
        "metadataConfiguration",
        "POST",
        Not("CreateBucketMetadataConfiguration"),
    ),
    (
        "metadataTable",
        "DELETE",
        Not("DeleteBucketMetadataTableConfiguration"),
    ),
    (
        "metadataTable",
        "GET",
        Not("GetBucketMetadataTableConfiguration"),
    ),
    (
        "metadataTable",
        "POST",
        Not("CreateBucketMetadataTableConfiguration"),
    ),
    (
        "metadataAnnotationTable",
        "PUT",
        Not("UpdateBucketMetadataAnnotationTableConfiguration"),
    ),
    (
        "metadataInventoryTable",
        "PUT",
        Not("UpdateBucketMetadataInventoryTableConfiguration"),
    ),
    (
        "metadataJournalTable",
        "PUT",
        Not("UpdateBucketMetadataJournalTableConfiguration"),
    ),
    ("metrics", "DELETE", Not("DeleteBucketMetricsConfiguration")),
    ("metrics", "GET", Not("GetBucketMetricsConfiguration")),
    ("metrics", "PUT", Not("PutBucketMetricsConfiguration")),
    (
        "notification",
        "GET",
        Is(O::GetBucketNotificationConfiguration),
    ),
    (
        "notification",
        "PUT",
        Is(O::PutBucketNotificationConfiguration),
    ),
    ("object-lock", "GET", Is(O::GetObjectLockConfiguration)),
    ("object-lock", "PUT", Is(O::PutObjectLockConfiguration)),
    (
        "ownershipControls",
        "DELETE",
        Is(O::DeleteBucketOwnershipControls),
    ),
    (
        "ownershipControls",
        "GET",
        Is(O::GetBucketOwnershipControls),
    ),
    (
        "ownershipControls",
        "PUT",
        Is(O::PutBucketOwnershipControls),
    ),
    ("policy", "DELETE", Is(O::DeleteBucketPolicy)),
    ("policy", "GET", Is(O::GetBucketPolicy)),
    ("policy", "PUT", Is(O::PutBucketPolicy)),
    ("policyStatus", "GET", Is(O::GetBucketPolicyStatus)),
    (
        "publicAccessBlock",
        "DELETE",
        Is(O::DeletePublicAccessBlock),
    ),
    ("publicAccessBlock", "GET", Is(O::GetPublicAccessBlock)),
    ("publicAccessBlock", "PUT", Is(O::PutPublicAccessBlock)),
    ("replication", "DELETE", Not("DeleteBucketReplication")),
    ("replication", "GET", Is(O::GetBucketReplication)),
    ("replication", "PUT", Not("PutBucketReplication")),
    ("requestPayment", "GET", Is(O::GetBucketRequestPayment)),
    ("requestPayment", "PUT", Is(O::PutBucketRequestPayment)),
    ("session", "GET", Not("CreateSession")),
    ("tagging", "DELETE", Is(O::DeleteBucketTagging)),
    ("tagging", "GET", Is(O::GetBucketTagging)),
    ("tagging", "PUT", Is(O::PutBucketTagging)),
    ("uploads", "GET", Is(O::ListMultipartUploads)),
    ("versioning", "GET", Is(O::GetBucketVersioning)),
    ("versioning", "PUT", Is(O::PutBucketVersioning)),
    ("versions", "GET", Is(O::ListObjectVersions)),
    ("website", "DELETE", Is(O::DeleteBucketWebsite)),
    ("website", "GET", Is(O::GetBucketWebsite)),
    ("website", "PUT", Is(O::PutBucketWebsite)),
];

/// Parameters that name a resource of an object.
const OF_OBJECT: &[(&str, &str, Means)] = &[
    ("acl", "GET", Is(O::GetObjectAcl)),
    ("acl", "PUT", Is(O::PutObjectAcl)),
    ("annotation", "DELETE", Not("DeleteObjectAnnotation")),
    ("annotation", "GET", Not("GetObjectAnnotation")),
    ("annotation", "PUT", Not("PutObjectAnnotation")),
    ("append", "PUT", Not("AppendObject")),
    ("attributes", "GET", Is(O::GetObjectAttributes)),
    ("encryption", "PUT", Not("UpdateObjectEncryption")),
    ("legal-hold", "GET", Is(O::GetObjectLegalHold)),
    ("legal-hold", "PUT", Is(O::PutObjectLegalHold)),
    ("renameObject", "PUT", Not("RenameObject")),
    ("restore", "POST", Not("RestoreObject")),
    ("retention", "GET", Is(O::GetObjectRetention)),
    ("retention", "PUT", Is(O::PutObjectRetention)),
    ("select", "POST", Not("SelectObjectContent")),
    ("tagging", "DELETE", Is(O::DeleteObjectTagging)),
    ("tagging", "GET", Is(O::GetObjectTagging)),
    ("tagging", "PUT", Is(O::PutObjectTagging)),
    ("torrent", "GET", Not("GetObjectTorrent")),
    ("uploadId", "DELETE", Is(O::AbortMultipartUpload)),
    ("uploadId", "GET", Is(O::ListParts)),
    ("uploadId", "POST", Is(O::CompleteMultipartUpload)),
    ("uploads", "POST", Is(O::CreateMultipartUpload)),
];

impl Operation {
    /// # Errors
    /// `NotImplemented` with the name of an operation that is not here, `MethodNotAllowed` for what is not an operation.
    pub(crate) fn of(call: &Call) -> S3Result<Self> {
        let method = call.method.as_str();
        if call.method == Method::OPTIONS {
            return Ok(Self::Preflight);
        }
        if call.bucket.is_empty() {
            return match method {
                "GET" if call.key.is_empty() => Ok(Self::ListBuckets),
                "POST" if call.path == "/WriteGetObjectResponse" => {
                    Err(not_implemented("WriteGetObjectResponse"))
                }
                _ if !call.key.is_empty() => {
                    Err(error("InvalidBucketName").member("BucketName", ""))
                }
                _ => Err(not_allowed(call, "SERVICE")),
            };
        }
        let is_object = !call.key.is_empty();
        let table = if is_object { OF_OBJECT } else { OF_BUCKET };
        let mut is_known = false;
        for (parameter, by, means) in table {
            if call.query.has(parameter) {
                is_known = true;
                if *by == method {
                    return match means {
                        Is(operation) => Ok(*operation),
                        Not(name) => Err(not_implemented(name)),
                    };
                }
            }
        }
        // A part is uploaded by two parameters. What S3 answers to one of them was captured: versitygw #1226, #1236 and #1237.
        let (upload, number) = (call.query.has("uploadId"), call.query.has("partNumber"));
        let of_part = is_object && method == "PUT" && upload && number;
        if is_object && method == "PUT" && number && !upload {
            return Err(invalid_argument(
                "This operation does not accept partNumber without uploadId",
                "partNumber",
                "partNumber",
            ));
        }
        if is_known && !of_part && method != "HEAD" {
            let kind = match (is_object, upload) {
                (true, true) => "UPLOAD",
                (true, false) => "OBJECT",
                (false, _) => "BUCKET",
            };
            return Err(not_allowed(call, kind));
        }
        match (method, is_object) {
            ("GET", false) if call.query.get("list-type") == Some("2") => Ok(Self::ListObjectsV2),
            ("GET", false) => Ok(Self::ListObjects),
            ("HEAD", false) => Ok(Self::HeadBucket),
            ("PUT", false) => Ok(Self::CreateBucket),
            ("DELETE", false) => Ok(Self::DeleteBucket),
            ("POST", false) => Ok(Self::PostObject),
            ("GET", true) => Ok(Self::GetObject),
            ("HEAD", true) => Ok(Self::HeadObject),
            ("DELETE", true) => Ok(Self::DeleteObject),
            ("PUT", true) => {
                let copies = call.has_header("x-amz-copy-source");
                Ok(match (of_part, copies) {
                    (true, true) => Self::UploadPartCopy,
                    (true, false) => Self::UploadPart,
                    (false, true) => Self::CopyObject,
                    (false, false) => Self::PutObject,
                })
            }
            _ => Err(not_allowed(
                call,
                if is_object { "OBJECT" } else { "BUCKET" },
            )),
        }
    }

    /// Whether the operation reads a body that is stored.
    pub(crate) fn stores_body(self) -> bool {
        matches!(self, Self::PutObject | Self::UploadPart | Self::PostObject)
    }
}

/// The error names the methods that there are (RFC 9110, section 15.5.6).
fn not_allowed(call: &Call, resource: &str) -> crate::error::S3Error {
    let table = if call.key.is_empty() {
        OF_BUCKET
    } else {
        OF_OBJECT
    };
    let known = table
        .iter()
        .filter(|(parameter, ..)| call.query.has(parameter));
    let mut methods: Vec<&str> = known.map(|(_, method, _)| *method).collect();
    if methods.is_empty() {
        methods = match resource {
            "SERVICE" => vec!["GET"],
            "OBJECT" => vec!["DELETE", "GET", "HEAD", "PUT"],
            _ => vec!["DELETE", "GET", "HEAD", "POST", "PUT"],
        };
    }
    methods.sort_unstable();
    methods.dedup();
    error("MethodNotAllowed")
        .member("Method", call.method.as_str())
        .member("ResourceType", resource)
        .header("allow", &methods.join(", "))
}
