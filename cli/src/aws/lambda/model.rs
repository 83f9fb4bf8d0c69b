//! What Lambda holds, in our words.

use std::{collections::BTreeMap, fmt};

use base64::Engine as _;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    aws::{Tags, options::Options},
    settings::{Architecture, Cors},
};

/// What is uploaded: the zip, and what Lambda will say about it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code {
    /// The zip file.
    pub(crate) zip: Bytes,
    /// Its SHA-256 in base64, as Lambda's `CodeSha256`.
    pub(crate) sha256: String,
    /// The instruction set that it was built for.
    pub(crate) architecture: Architecture,
    /// How it gets to Lambda.
    pub(crate) way: Way,
}

/// How a zip gets to Lambda.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// In the call that makes or changes the function.
    Sent,
    /// Through a bucket, as it is too large for a call.
    Large,
    /// Through that bucket.
    Stored {
        /// Its name.
        bucket: String,
        /// The object's key in it.
        key: String,
    },
}

impl Code {
    /// The most that a zip may have that is sent with a call, in bytes (Lambda developer guide, "Lambda quotas": 50 MB "when
    /// uploaded through the Lambda API or SDKs. Upload larger files with Amazon S3").
    pub(crate) const MOST_SENT: usize = 50 * 1024 * 1024;

    /// That zip, built for that instruction set.
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
        let bytes = bytes.unwrap_or_default();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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

/// A function's configuration, besides its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Configuration {
    /// The ARN of the role that it runs as.
    pub(crate) role: String,
    /// `provided.al2023`.
    pub(crate) runtime: String,
    /// What the app finds in `_HANDLER`.
    pub(crate) handler: String,
    /// Memory in MB.
    pub(crate) memory: u32,
    /// The timeout in seconds.
    pub(crate) timeout: u32,
    /// The environment variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// All else.
    #[serde(default)]
    pub(crate) options: Options,
}

/// Whether a function can be invoked and changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It can.
    Ready,
    /// Lambda is still making or changing it.
    Pending,
    /// Lambda gave up, and says why.
    Failed(String),
}

/// A function, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its code's SHA-256 in base64.
    pub(crate) sha256: String,
    /// Its code's size in bytes, zipped.
    pub(crate) size: u64,
    /// Its instruction set, by Lambda's name.
    pub(crate) architecture: String,
    /// Its configuration.
    pub(crate) configuration: Configuration,
    /// How many invocations are kept for the function, whatever its version.
    pub(crate) reserved: Option<u32>,
    /// Whether it can be invoked and changed.
    pub(crate) readiness: Readiness,
    /// The function's tags.
    pub(crate) tags: Tags,
}

/// What came of an invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invoked {
    /// The result, or the error's document.
    pub(crate) payload: Bytes,
    /// Whether it is an error's document.
    pub(crate) failed: bool,
    /// The end of the log, where Lambda gave it.
    pub(crate) log: Option<String>,
}

/// Where an alias sends the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// The version that takes all of it, or what the other one leaves.
    pub(crate) version: String,
    /// The version that takes a part of it.
    pub(crate) canary: Option<Canary>,
}

/// A version that takes a part of an alias' traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Canary {
    /// Its number.
    pub(crate) version: String,
    /// Its part in percent, 1 to 99.
    pub(crate) percent: u32,
}

/// How a function URL is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UrlSettings {
    /// Whether callers sign their requests; everybody may call where they do not.
    pub(crate) iam: bool,
    /// Whether answers go out as they come.
    pub(crate) stream: bool,
    /// Its CORS configuration.
    pub(crate) cors: Option<Cors>,
}

/// An alias' URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionUrl {
    /// The URL, without a slash at the end.
    pub(crate) url: String,
    /// How it is set up.
    pub(crate) settings: UrlSettings,
}

/// What a statement of a resource policy allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Allows {
    /// Invoking, for a service.
    #[default]
    Service,
    /// Calling the URL without a signature, for everybody.
    Url,
    /// Invoking, for everybody, through the URL alone (Lambda developer guide, "Control access to Lambda function URLs": a
    /// URL of `NONE` needs both).
    ThroughUrl,
}

/// One statement of a function's resource policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The statement's id.
    pub(crate) id: String,
    /// The service that may invoke: `apigateway.amazonaws.com`.
    pub(crate) principal: String,
    /// The ARN pattern that the caller must match.
    pub(crate) source: String,
    /// What it allows.
    pub(crate) allows: Allows,
}

impl Grant {
    /// Lets everybody call the URL.
    pub(crate) fn of_url(id: impl Into<String>, allows: Allows) -> Self {
        Self {
            id: id.into(),
            principal: "*".to_owned(),
            source: String::new(),
            allows,
        }
    }

    /// Lets API Gateway invoke for every API and route that the ARN pattern matches.
    pub(crate) fn of_api(id: impl Into<String>, source: String) -> Self {
        Self {
            id: id.into(),
            principal: "apigateway.amazonaws.com".to_owned(),
            source,
            allows: Allows::Service,
        }
    }
}
