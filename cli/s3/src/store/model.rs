//! What is kept: buckets, versions of objects, uploads, and the records that change them.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::checksum::Algorithm;

/// The id of a version that was put while the bucket had no versioning.
pub(crate) const NULL: &str = "null";

/// Some bytes of a data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Segment {
    #[serde(rename = "f")]
    pub(crate) file: u64,
    #[serde(rename = "o", default, skip_serializing_if = "is_zero")]
    pub(crate) offset: u64,
    #[serde(rename = "n")]
    pub(crate) length: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Whose something is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What a checksum is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ChecksumKind {
    #[default]
    Full,
    /// Of the checksums of the parts.
    Composite,
}

impl ChecksumKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Full => "FULL_OBJECT",
            Self::Composite => "COMPOSITE",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checksum {
    #[serde(rename = "a")]
    pub(crate) algorithm: Algorithm,
    /// In base64; a composite one ends with `-` and the number of parts.
    #[serde(rename = "v")]
    pub(crate) value: String,
    #[serde(rename = "k", default)]
    pub(crate) kind: ChecksumKind,
}

/// A part of an object that was uploaded in parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ObjectPart {
    pub(crate) number: u32,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<String>,
}

/// How an object is encrypted. Data at rest is not: what applications see of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Encryption {
    /// With keys of S3's.
    S3,
    /// With a key of KMS's, by its name.
    Kms {
        key: String,
        #[serde(default)]
        dual: bool,
        #[serde(default)]
        context: Option<String>,
        #[serde(default)]
        bucket_key: bool,
    },
    /// With a key of the caller's, of which the digest is kept.
    Customer { md5: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retention {
    /// `GOVERNANCE` or `COMPLIANCE`.
    pub(crate) mode: String,
    pub(crate) until: u64,
}

/// A permission, and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) grantee: Grantee,
    pub(crate) permission: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Grantee {
    User(Owner),
    /// By its URI.
    Group(String),
}

/// What few objects have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Extra {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<ObjectPart>,
    /// Headers that come back as they were given, such as `content-type`, by their names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<(String, String)>,
    /// The caller's own, without `x-amz-meta-`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) metadata: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<(String, String)>,
    /// Without one the owner has full control, and nobody else anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) acl: Option<Vec<Grant>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption: Option<Encryption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storage_class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redirect: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retention: Option<Retention>,
    /// `Some(true)` while a legal hold is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hold: Option<bool>,
    /// Whose it is, where it is not the bucket's owner's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<Owner>,
}

static NO_EXTRA: LazyLock<Extra> = LazyLock::new(Extra::default);

/// One version of an object, or a delete marker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) id: String,
    /// Versions of a key are in the order of these, the newest has the highest.
    #[serde(rename = "s")]
    pub(crate) sequence: u64,
    #[serde(rename = "t")]
    pub(crate) modified: u64,
    #[serde(rename = "d", default, skip_serializing_if = "is_false")]
    pub(crate) marker: bool,
    #[serde(rename = "n", default)]
    pub(crate) size: u64,
    /// Without quotes.
    #[serde(rename = "e", default, skip_serializing_if = "String::is_empty")]
    pub(crate) etag: String,
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) segments: Vec<Segment>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<Checksum>,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub(crate) extra: Option<Box<Extra>>,
}

impl Version {
    pub(crate) fn extra(&self) -> &Extra {
        self.extra.as_deref().unwrap_or(&NO_EXTRA)
    }

    pub(crate) fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// Sets what few objects have; nothing is kept of what is empty.
    pub(crate) fn set_extra(&mut self, extra: Extra) {
        self.extra = (extra != Extra::default()).then(|| Box::new(extra));
    }

    pub(crate) fn is_null(&self) -> bool {
        self.id == NULL
    }

    /// A stored header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let headers = &self.extra().headers;
        headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A part of an upload under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) number: u32,
    pub(crate) size: u64,
    pub(crate) etag: String,
    pub(crate) modified: u64,
    pub(crate) segments: Vec<Segment>,
    /// Of the algorithm of the upload.
    #[serde(default)]
    pub(crate) checksum: Option<Checksum>,
}

/// An upload in parts that is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) initiated: u64,
    pub(crate) initiator: Owner,
    /// What the object will have.
    pub(crate) extra: Extra,
    /// The algorithm that the client named.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) kind: ChecksumKind,
    #[serde(default)]
    pub(crate) parts: BTreeMap<u32, Part>,
}

/// What is known about a bucket, apart from what is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct BucketInfo {
    pub(crate) created: u64,
    pub(crate) owner: Owner,
    pub(crate) region: Option<String>,
    pub(crate) acl: Option<Vec<Grant>>,
    /// `Some(true)` if versioning is enabled, `Some(false)` if it is suspended.
    pub(crate) versioning: Option<bool>,
    /// Whether objects can be locked.
    pub(crate) lock: bool,
    /// Settings by the name of their parameter (`cors`, `policy`), as documents.
    pub(crate) settings: BTreeMap<String, String>,
}

impl BucketInfo {
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }
}

/// A change. The journal is a list of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Record {
    /// A bucket is there, with this.
    Bucket {
        name: String,
        info: BucketInfo,
    },
    NoBucket {
        name: String,
    },
    /// A version is there. One of the same id is replaced.
    Put {
        #[serde(rename = "b")]
        bucket: String,
        #[serde(rename = "k")]
        key: String,
        #[serde(rename = "v")]
        version: Arc<Version>,
    },
    Remove {
        bucket: String,
        key: String,
        id: String,
    },
    Upload {
        bucket: String,
        upload: Box<Upload>,
    },
    Part {
        bucket: String,
        upload: String,
        part: Part,
    },
    NoUpload {
        bucket: String,
        upload: String,
    },
    /// Changes that happen together or not at all.
    Together(Vec<Record>),
}
