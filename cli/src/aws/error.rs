//! What an AWS call fails with, sorted by what a deployment can do about it.

use std::fmt;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::error::{Exit, Failure};

/// One operation of one service, as the IAM and API references name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The service's prefix in IAM actions: `lambda`.
    pub(crate) service: &'static str,
    /// The operation: `CreateFunction`.
    pub(crate) name: &'static str,
}

impl Operation {
    pub(crate) const fn new(service: &'static str, name: &'static str) -> Self {
        Self { service, name }
    }

    /// Whether it changes the account.
    #[cfg(test)]
    pub(crate) fn writes(self) -> bool {
        !["Get", "List", "Describe"]
            .iter()
            .any(|prefix| self.name.starts_with(prefix))
    }

    /// The IAM action that allows it.
    ///
    /// API Gateway's management actions are HTTP methods (Service Authorization Reference, "Amazon API Gateway
    /// Management V2"); the other services' are named like their operations.
    pub(crate) fn action(self) -> String {
        let name = match (self.service, self.name) {
            ("apigateway", name) if name.starts_with("Get") => "GET",
            ("apigateway", name) if name.starts_with("Create") => "POST",
            ("apigateway", name) if name.starts_with("Update") => "PATCH",
            ("apigateway", name) if name.starts_with("Put") => "PUT",
            ("apigateway", name) if name.starts_with("Delete") => "DELETE",
            // Service Authorization Reference, "Amazon S3": what an operation needs, where it is named otherwise.
            ("s3", "ListObjectsV2") => "ListBucket",
            ("s3", "GetPublicAccessBlock") => "GetBucketPublicAccessBlock",
            ("s3", "PutPublicAccessBlock") => "PutBucketPublicAccessBlock",
            (_, name) => name,
        };
        format!("{}:{name}", self.service)
    }

    /// The call's answer, or its error sorted.
    pub(crate) fn sort<T, E, R>(self, answer: Result<T, SdkError<E, R>>) -> Result<T, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        answer.map_err(|error| Error::from_sdk(self, &error))
    }

    /// The same for a read: what is not there is `None`.
    pub(crate) fn sort_found<T, E, R>(
        self,
        answer: Result<T, SdkError<E, R>>,
    ) -> Result<Option<T>, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        match self.sort(answer) {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The thing is not there.
    NotFound,
    /// It is there already, in use, or being changed.
    Conflict,
    /// The credentials do not allow it.
    Denied,
    /// AWS does not accept the credentials.
    Credentials,
    /// Too many calls.
    Throttled,
    /// The account has as many of these as it may have.
    Quota,
    /// No answer came.
    Unreachable,
    /// Anything else: AWS says why.
    Other,
}

impl Kind {
    /// The kind that an error code stands for; the codes are those of the services' API references.
    fn of_code(code: &str) -> Self {
        match code {
            "NoSuchEntity"
            | "ResourceNotFoundException"
            | "NotFoundException"
            | "ParameterNotFound"
            | "NoSuchBucket" => Self::NotFound,
            "EntityAlreadyExists"
            | "ResourceConflictException"
            | "ConflictException"
            | "ResourceAlreadyExistsException"
            | "DeleteConflict"
            | "BucketAlreadyExists"
            | "BucketAlreadyOwnedByYou"
            | "BucketNotEmpty"
            | "OperationAborted"
            | "OperationAbortedException" => Self::Conflict,
            "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Self::Denied,
            "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "SignatureDoesNotMatch"
            | "InvalidSignatureException"
            | "IncompleteSignature"
            | "MissingAuthenticationToken" => Self::Credentials,
            "Throttling"
            | "ThrottlingException"
            | "TooManyRequestsException"
            | "SlowDown"
            | "RequestLimitExceeded" => Self::Throttled,
            // IAM's, Lambda's, and those of API Gateway and of CloudWatch Logs.
            "LimitExceeded"
            | "LimitExceededException"
            | "CodeStorageExceededException"
            | "TooManyBuckets"
            | "ServiceQuotaExceededException" => Self::Quota,
            _ => Self::Other,
        }
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    /// The call.
    pub(crate) operation: Operation,
    /// What kind of failure it is.
    pub(crate) kind: Kind,
    /// AWS's code for it, or empty.
    pub(crate) code: String,
    /// AWS's words for it, or the connection's.
    pub(crate) message: String,
}

impl Error {
    /// What AWS answers with that code.
    pub(crate) fn answered(
        operation: Operation,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let code = code.into();
        Self {
            operation,
            kind: Kind::of_code(&code),
            code,
            message: message.into(),
        }
    }

    fn from_sdk<E, R>(operation: Operation, error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        if let SdkError::ServiceError(answer) = error
            && let Some(code) = answer.err().code()
        {
            let message = answer.err().message().unwrap_or("no reason given");
            return Self::answered(operation, code, message);
        }
        let kind = match error {
            SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => Kind::Unreachable,
            _ => Kind::Other,
        };
        Self {
            operation,
            kind,
            code: String::new(),
            message: chain(error),
        }
    }

    /// The failure to show: what was being done, why it failed, and what to do about it.
    pub(crate) fn into_failure(self, doing: impl Into<String>) -> Failure {
        let failure = Failure::new(doing).because_of(self.to_string());
        match self.kind {
            Kind::Denied => failure.exiting(Exit::Denied).hint(format!(
                "the credentials need a policy that allows `{}`: {}",
                self.operation.action(),
                self.allowing()
            )),
            Kind::Credentials => failure.exiting(Exit::Denied).hint(
                "the credentials are wrong or have expired: `aws sts get-caller-identity` tests them, `aws sso login` \
                 or new keys renew them",
            ),
            Kind::Unreachable => failure
                .exiting(Exit::Unavailable)
                .hint("check the network, the region and `--endpoint-url`"),
            Kind::Throttled => failure
                .exiting(Exit::Unavailable)
                .hint("AWS takes no more calls for the moment: wait a minute and run it again"),
            Kind::Quota => failure.because_of("the account may have no more of them in this region").hint(format!(
                "remove what is not needed any more (`cargo fw list` tells what is deployed), or ask for more of `{}` in the \
                 Service Quotas console; `cargo fw doctor` tells what is left",
                self.operation.service
            )),
            Kind::NotFound | Kind::Conflict | Kind::Other => failure,
        }
    }
}

impl Error {
    /// The statement that would allow the call, on the resource that AWS names, or on all.
    fn allowing(&self) -> String {
        // "… is not authorized to perform: iam:GetRole on resource: role x because no identity-based policy …"
        let named = self.message.split("on resource: ").nth(1);
        let resource = named.and_then(|rest| rest.split_whitespace().next());
        let resource = resource.filter(|resource| resource.starts_with("arn:"));
        serde_json::json!({
            "Effect": "Allow",
            "Action": self.operation.action(),
            "Resource": resource.unwrap_or("*"),
        })
        .to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation: Operation { service, name },
            code,
            message,
            ..
        } = self;
        if code.is_empty() {
            write!(f, "no usable answer from `{service}` to {name}: {message}")
        } else {
            write!(f, "{service} answered {name} with {code}: {message}")
        }
    }
}

impl std::error::Error for Error {}

/// An error and its sources in one line, each once.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = source.source();
    }
    text
}
