//! Errors as S3 reports them: a code, its status, a message and the members that some codes have in addition.
//!
//! Codes, statuses and texts are those of S3 API reference, "Error responses".

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, StatusCode};

use crate::xml::Xml;

pub(crate) type S3Result<T> = Result<T, S3Error>;

/// The statuses and default messages of the codes.
const CODES: &[(&str, u16, &str)] = &[
    (
        "AccessControlListNotSupported",
        400,
        "The bucket does not allow ACLs",
    ),
    ("AccessDenied", 403, "Access Denied"),
    (
        "AuthorizationHeaderMalformed",
        400,
        "The authorization header that you provided is not valid.",
    ),
    (
        "AuthorizationQueryParametersError",
        400,
        "The authorization query parameters that you provided are not valid.",
    ),
    (
        "BadDigest",
        400,
        "The Content-MD5 you specified did not match what we received.",
    ),
    (
        "BucketAlreadyExists",
        409,
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Select a different name and try again.",
    ),
    (
        "BucketAlreadyOwnedByYou",
        409,
        "Your previous request to create the named bucket succeeded and you already own it.",
    ),
    (
        "BucketNotEmpty",
        409,
        "The bucket you tried to delete is not empty",
    ),
    (
        "ConditionalRequestConflict",
        409,
        "The conditional request cannot succeed due to a conflicting operation against this resource.",
    ),
    (
        "CORSResponse",
        403,
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
    ),
    (
        "EntityTooLarge",
        400,
        "Your proposed upload exceeds the maximum allowed size",
    ),
    (
        "EntityTooSmall",
        400,
        "Your proposed upload is smaller than the minimum allowed size",
    ),
    ("ExpiredToken", 400, "The provided token has expired."),
    (
        "IllegalLocationConstraintException",
        400,
        "The specified location constraint is not valid.",
    ),
    (
        "IllegalVersioningConfigurationException",
        400,
        "The versioning configuration specified in the request is invalid.",
    ),
    (
        "IncompleteBody",
        400,
        "The request body terminated unexpectedly",
    ),
    (
        "InternalError",
        500,
        "We encountered an internal error. Please try again.",
    ),
    (
        "InvalidAccessKeyId",
        403,
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    ("InvalidArgument", 400, "Invalid Argument"),
    (
        "InvalidBucketAclWithObjectOwnership",
        400,
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    ),
    (
        "InvalidBucketName",
        400,
        "The specified bucket is not valid.",
    ),
    (
        "InvalidBucketState",
        409,
        "The request is not valid with the current state of the bucket.",
    ),
    (
        "InvalidChunkSizeError",
        403,
        "Only the last chunk is allowed to have a size less than 8192 bytes",
    ),
    (
        "InvalidDigest",
        400,
        "The Content-MD5 you specified was invalid.",
    ),
    (
        "InvalidEncryptionAlgorithmError",
        400,
        "The encryption request you specified is not valid. Supported value: AES256.",
    ),
    (
        "InvalidObjectState",
        403,
        "The operation is not valid for the object's storage class",
    ),
    (
        "InvalidPart",
        400,
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    ),
    (
        "InvalidPartNumber",
        416,
        "The requested partnumber is not satisfiable",
    ),
    (
        "InvalidPartOrder",
        400,
        "The list of parts was not in ascending order. Parts must be ordered by part number.",
    ),
    (
        "InvalidPolicyDocument",
        400,
        "The content of the form does not meet the conditions specified in the policy document.",
    ),
    (
        "InvalidRange",
        416,
        "The requested range is not satisfiable",
    ),
    ("InvalidRequest", 400, "Invalid Request"),
    (
        "InvalidRetentionPeriod",
        400,
        "The retention period is not valid.",
    ),
    (
        "InvalidStorageClass",
        400,
        "The storage class you specified is not valid",
    ),
    ("InvalidTag", 400, "The tag provided was not a valid tag."),
    (
        "InvalidTargetBucketForLogging",
        400,
        "The target bucket for logging does not exist, is not owned by you, or does not have the appropriate grants.",
    ),
    (
        "InvalidToken",
        400,
        "The provided token is malformed or otherwise invalid.",
    ),
    ("InvalidURI", 400, "Couldn't parse the specified URI."),
    ("KeyTooLongError", 400, "Your key is too long"),
    (
        "KMS.DisabledException",
        400,
        "The request was rejected because the specified KMS key is disabled.",
    ),
    (
        "KMS.NotFoundException",
        400,
        "The request was rejected because the specified KMS key is not found.",
    ),
    (
        "MalformedACLError",
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    (
        "MalformedPOSTRequest",
        400,
        "The body of your POST request is not well-formed multipart/form-data.",
    ),
    (
        "MalformedPolicy",
        400,
        "Policies must be valid JSON and the first byte must be '{'",
    ),
    (
        "MalformedTrailerError",
        400,
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    ),
    (
        "MalformedXML",
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    ),
    ("MaxMessageLengthExceeded", 400, "Your request was too big."),
    (
        "MetadataTooLarge",
        400,
        "Your metadata headers exceed the maximum allowed metadata size",
    ),
    (
        "MethodNotAllowed",
        405,
        "The specified method is not allowed against this resource.",
    ),
    (
        "MissingContentLength",
        411,
        "You must provide the Content-Length HTTP header.",
    ),
    (
        "MissingSecurityHeader",
        400,
        "Your request was missing a required header",
    ),
    ("NoSuchBucket", 404, "The specified bucket does not exist"),
    (
        "NoSuchBucketPolicy",
        404,
        "The bucket policy does not exist",
    ),
    (
        "NoSuchCORSConfiguration",
        404,
        "The CORS configuration does not exist",
    ),
    ("NoSuchKey", 404, "The specified key does not exist."),
    (
        "NoSuchLifecycleConfiguration",
        404,
        "The lifecycle configuration does not exist",
    ),
    (
        "NoSuchObjectLockConfiguration",
        404,
        "The specified object does not have a ObjectLock configuration",
    ),
    (
        "NoSuchPublicAccessBlockConfiguration",
        404,
        "The public access block configuration was not found",
    ),
    ("NoSuchTagSet", 404, "The TagSet does not exist"),
    (
        "NoSuchUpload",
        404,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
    ),
    (
        "NoSuchVersion",
        404,
        "The specified version does not exist.",
    ),
    (
        "NoSuchWebsiteConfiguration",
        404,
        "The specified bucket does not have a website configuration",
    ),
    (
        "NotImplemented",
        501,
        "A header you provided implies functionality that is not implemented",
    ),
    (
        "ObjectLockConfigurationNotFoundError",
        404,
        "Object Lock configuration does not exist for this bucket",
    ),
    (
        "OperationAborted",
        409,
        "A conflicting conditional operation is currently in progress against this resource. Try again.",
    ),
    (
        "OwnershipControlsNotFoundError",
        404,
        "The bucket ownership controls were not found",
    ),
    (
        "PreconditionFailed",
        412,
        "At least one of the pre-conditions you specified did not hold",
    ),
    (
        "ReplicationConfigurationNotFoundError",
        404,
        "The replication configuration was not found",
    ),
    (
        "RequestTimeout",
        400,
        "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed.",
    ),
    (
        "RequestTimeTooSkewed",
        403,
        "The difference between the request time and the current time is too large.",
    ),
    (
        "ServerSideEncryptionConfigurationNotFoundError",
        404,
        "The server side encryption configuration was not found",
    ),
    (
        "SignatureDoesNotMatch",
        403,
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    ),
    (
        "TooManyBuckets",
        400,
        "You have attempted to create more buckets than allowed",
    ),
    (
        "UnresolvableGrantByEmailAddress",
        400,
        "The email address you provided does not match any account on record.",
    ),
    (
        "XAmzContentSHA256Mismatch",
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
    ),
];

/// An error that S3 answers.
#[derive(Debug)]
pub(crate) struct S3Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: &'static str,
    status: StatusCode,
    message: String,
    /// Members of the document in addition to those that all have.
    members: Vec<(Cow<'static, str>, String)>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The error of that code with its own message.
pub(crate) fn error(code: &'static str) -> S3Error {
    let found = CODES.iter().find(|(named, ..)| *named == code);
    let (status, message) = found.map_or((500, ""), |(_, status, message)| (*status, *message));
    S3Error(Box::new(Inner {
        code,
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        message: message.to_owned(),
        members: Vec::new(),
        headers: Vec::new(),
    }))
}

/// The error of that code with another message.
pub(crate) fn error_with(code: &'static str, message: impl Into<String>) -> S3Error {
    let mut made = error(code);
    made.0.message = message.into();
    made
}

/// `InvalidArgument` about a named argument.
pub(crate) fn invalid_argument(message: &str, name: &str, value: &str) -> S3Error {
    error_with("InvalidArgument", message)
        .member("ArgumentName", name)
        .member("ArgumentValue", value)
}

/// An operation or a setting that is not here, refused by its name.
pub(crate) fn not_implemented(what: &str) -> S3Error {
    error_with(
        "NotImplemented",
        format!("{what} is not implemented by the embedded S3"),
    )
}

impl S3Error {
    /// Adds a member to the document.
    pub(crate) fn member(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        self.0.members.push((name.into(), value.into()));
        self
    }

    /// Adds a header to the answer.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    /// The same error with another status.
    pub(crate) fn status_is(mut self, status: StatusCode) -> Self {
        self.0.status = status;
        self
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    /// The document that the client gets.
    pub(crate) fn document(&self, resource: &str, request_id: &str, host_id: &str) -> String {
        let mut xml = Xml::document();
        xml.open("Error");
        xml.text("Code", self.0.code);
        xml.text("Message", &self.0.message);
        for (name, value) in &self.0.members {
            xml.text(name, value);
        }
        let named = |name: &str| self.0.members.iter().any(|(member, _)| *member == name);
        if !named("Resource") {
            xml.text("Resource", resource);
        }
        xml.text("RequestId", request_id);
        xml.text("HostId", host_id);
        xml.close("Error");
        xml.finish()
    }
}

/// A failure of the machine. The client sees what kind it is, so that a full disk is not a riddle.
impl From<std::io::Error> for S3Error {
    fn from(failure: std::io::Error) -> Self {
        let message = match failure.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                "The data folder of the embedded S3 is full: no space is left on its device"
                    .to_owned()
            }
            _ => format!("The embedded S3 cannot use its data folder: {failure}"),
        };
        error_with("InternalError", message)
    }
}
