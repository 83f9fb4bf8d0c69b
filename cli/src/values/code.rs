//! The code to upload, and how to upload it.

use std::fmt;

use base64::Engine as _;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::lambda::Architecture;

use crate::values::text::hex;

/// Lambda's limit for what is unpacked, in bytes (Lambda developer guide, "Lambda quotas": 250 MB, "including layers and custom
/// runtimes", whichever way the zip comes).
pub(crate) const MOST_UNZIPPED: usize = 250 * 1024 * 1024;

/// The code to upload: the zip, and the values that Lambda reports for it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code {
    /// The zip file.
    pub(crate) zip: Bytes,
    /// Its SHA-256 in base64, as in Lambda's `CodeSha256`.
    pub(crate) sha256: String,
    /// The instruction set that it was built for.
    pub(crate) architecture: Architecture,
    /// How it is uploaded.
    pub(crate) way: Way,
}

impl Code {
    /// The most that a zip may have that is sent with a call, in bytes (Lambda developer guide, "Lambda quotas": 50 MB "when
    /// uploaded through the Lambda API or SDKs. Upload larger files with Amazon S3").
    pub(crate) const MOST_SENT: usize = 50 * 1024 * 1024;

    /// A zip, built for an instruction set.
    pub(crate) fn new(zip: Vec<u8>, architecture: Architecture) -> Self {
        let sha256 = Sha256::digest(&zip);
        Self {
            sha256: base64::engine::general_purpose::STANDARD.encode(sha256),
            way: match zip.len() > Self::MOST_SENT {
                true => Way::Large,
                false => Way::Sent,
            },
            zip: zip.into(),
            architecture,
        }
    }

    /// Its SHA-256 in hexadecimal digits.
    pub(crate) fn digits(&self) -> String {
        let bytes = base64::engine::general_purpose::STANDARD.decode(&self.sha256);
        hex(&bytes.unwrap_or_default())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code")
            .field("bytes", &self.zip.len())
            .field("sha256", &self.sha256)
            .field("architecture", &self.architecture)
            .field("way", &self.way)
            .finish()
    }
}

/// How a zip is uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// In the call that creates or changes the function.
    Sent,
    /// Through a bucket, because it is too large for a call.
    Large,
    /// Through that bucket.
    Stored {
        /// Its name.
        bucket: String,
        /// The object's key in it.
        key: String,
    },
}
