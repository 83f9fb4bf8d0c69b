//! The failure of an AWS call, classified by what a deployment can do about it.

use std::fmt;

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::error::{Exit, Failure};

/// An AWS call's result.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// One operation of one service, as in the IAM and API references.
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

    /// True if it changes the account.
    #[cfg(test)]
    pub(crate) fn writes(self) -> bool {
        !["Get", "List", "Describe"]
            .iter()
            .any(|prefix| self.name.starts_with(prefix))
    }

    /// The IAM action that allows it.
    ///
    /// API Gateway's management actions are the HTTP methods of its calls, tagging's too (Service Authorization Reference,
    /// "Amazon API Gateway Management V2"); the other services' are named like their operations.
    pub(crate) fn action(self) -> String {
        let name = match (self.service, self.name) {
            ("apigateway", name) if name.starts_with("Get") => "GET",
            ("apigateway", "TagResource") => "POST",
            ("apigateway", "UntagResource") => "DELETE",
            ("apigateway", name) if name.starts_with("Create") => "POST",
            ("apigateway", name) if name.starts_with("Update") => "PATCH",
            ("apigateway", name) if name.starts_with("Put") => "PUT",
            ("apigateway", name) if name.starts_with("Delete") => "DELETE",
            // Service Authorization Reference, "Amazon S3": the action of an operation, if its name
            // differs.
            ("s3", "ListObjectsV2") => "ListBucket",
            ("s3", "GetBucketNotificationConfiguration") => "GetBucketNotification",
            ("s3", "PutBucketNotificationConfiguration") => "PutBucketNotification",
            ("s3", "GetPublicAccessBlock") => "GetBucketPublicAccessBlock",
            ("s3", "PutPublicAccessBlock") => "PutBucketPublicAccessBlock",
            (_, name) => name,
        };
        format!("{}:{name}", self.service)
    }

    /// The call's answer, or its error sorted.
    pub(crate) fn sort<T, E>(self, answer: Result<T, SdkError<E, HttpResponse>>) -> Result<T, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        answer.map_err(|error| Error::from_sdk(self, &error))
    }

    /// The same for a read: `None` if it does not exist.
    pub(crate) fn sort_found<T, E>(
        self,
        answer: Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<Option<T>, Error>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
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
    /// It already exists, is in use, or is being changed.
    Conflict,
    /// The credentials do not allow it.
    Denied,
    /// AWS does not accept the credentials.
    Credentials,
    /// Too many calls.
    Throttled,
    /// The account has as many of these as it may have.
    Quota,
    /// No answer came, or one that is not AWS's.
    Unreachable,
    /// Anything else, with AWS's reason.
    Other,
}

impl Kind {
    /// The kind of an error code; the codes are from the services' API references.
    fn of_code(code: &str) -> Self {
        match code {
            "NoSuchEntity"
            | "ResourceNotFoundException"
            | "NotFoundException"
            | "ParameterNotFound"
            | "QueueDoesNotExist"
            | "NotFound"
            | "NoSuchBucket" => Self::NotFound,
            "EntityAlreadyExists"
            | "ResourceConflictException"
            | "ConflictException"
            | "ResourceAlreadyExistsException"
            | "DeleteConflict"
            | "BucketAlreadyExists"
            | "BucketAlreadyOwnedByYou"
            | "BucketNotEmpty"
            | "QueueNameExists"
            | "OperationAborted"
            | "ConcurrentModification"
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
    /// An error with this code from AWS.
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

    fn from_sdk<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        if let SdkError::ServiceError(answer) = error
            && let Some(code) = answer.err().code()
        {
            let message = answer.err().message().unwrap_or("no reason given");
            return Self::answered(operation, code, message);
        }
        let unreachable = |message: String| Self {
            operation,
            kind: Kind::Unreachable,
            code: String::new(),
            message,
        };
        match (error, error.raw_response().map(HttpResponse::status)) {
            (SdkError::DispatchFailure(_) | SdkError::TimeoutError(_), _) => {
                unreachable(chain(error))
            }
            // A proxy, a login page, or the server of `--endpoint-url` answered; its body is shown.
            (_, Some(status)) if !status.is_success() => unreachable(format!(
                "HTTP status {} without a reason from AWS",
                status.as_u16()
            )),
            (SdkError::ResponseError(_), Some(status)) => unreachable(format!(
                "HTTP status {} with a body that is not from AWS: {}",
                status.as_u16(),
                chain(error)
            )),
            _ => Self {
                kind: Kind::Other,
                ..unreachable(chain(error))
            },
        }
    }

    /// The failure to show: what was being done, why it failed, and what to do about it.
    pub(crate) fn into_failure(self, doing: impl Into<String>) -> Failure {
        let failure = Failure::new(doing).because_of(self.to_string());
        match self.kind {
            Kind::Denied => failure.exiting(Exit::Denied).hint(self.permit()),
            Kind::Credentials => failure.exiting(Exit::Denied).hint(
                "the credentials are wrong or expired, or the account has not enabled this region: \
                 `aws sts get-caller-identity` tests them, `aws sso login` or new keys renew them, `--region` chooses another",
            ),
            // The resolver's message, through the HTTP client.
            Kind::Unreachable if self.message.contains("dns error") => failure
                .exiting(Exit::Unavailable)
                .hint("the address is unknown: check the region's name (`--region`, `AWS_REGION` or the profile's), then the network"),
            Kind::Unreachable => failure
                .exiting(Exit::Unavailable)
                .hint("check the network, the region and `--endpoint-url`"),
            Kind::Throttled => failure
                .exiting(Exit::Unavailable)
                .hint("AWS accepts no more calls at the moment: wait a minute and run the command again"),
            Kind::Quota => failure.because_of("the account cannot have more of them in this region").hint(format!(
                "remove what you no longer need (`cargo fw list` shows what is deployed), or request more of `{}` in the \
                 Service Quotas console; `cargo fw doctor` shows what is left",
                self.operation.service
            )),
            Kind::NotFound | Kind::Conflict | Kind::Other => failure,
        }
    }
}

impl Error {
    /// The hint for a denied call: a statement that allows it.
    ///
    /// A call may need more actions than the one with its name: `CreateFunction` also needs
    /// `iam:PassRole` on the role. AWS names the missing action, its resource, and whose policies
    /// lack it (IAM user guide, "Troubleshoot access denied error messages").
    fn permit(&self) -> String {
        let named = |before: &str| {
            let rest = self.message.split(before).nth(1)?;
            let word = rest.split_whitespace().next()?;
            Some(word.trim_end_matches(['.', ',', ';']).to_owned())
        };
        let action = named("not authorized to perform: ").filter(|action| action.contains(':'));
        let action = action.unwrap_or_else(|| self.operation.action());
        if self.message.contains("explicit deny") {
            return format!(
                "a policy denies `{action}` explicitly, so no other policy can allow it: change this policy, or ask the people who \
                 manage the account"
            );
        }
        let resource = named("on resource: ").filter(|resource| resource.starts_with("arn:"));
        let statement = serde_json::json!({
            "Effect": "Allow",
            "Action": action,
            "Resource": resource.as_deref().unwrap_or("*"),
        });
        let whose = if self.message.contains("no service control policy allows") {
            "the organization's service control policy has to allow"
        } else if self.message.contains("no permissions boundary allows") {
            "the permissions boundary of the credentials has to allow"
        } else {
            "the credentials need a policy that allows"
        };
        format!("{whose} `{action}`: {statement}")
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
            write!(
                f,
                "no usable response from `{service}` to {name}: {message}"
            )
        } else {
            write!(f, "{service} answered {name} with {code}: {message}")
        }
    }
}

impl std::error::Error for Error {}

/// An error and its sources in one line, each once.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
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

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::{
        client::{orchestrator::HttpResponse, result::SdkError},
        http::StatusCode,
    };
    use aws_smithy_types::{body::SdkBody, error::ErrorMetadata};

    use super::{Error, Kind, Operation};
    use crate::error::Exit;

    const CREATE_FUNCTION: Operation = Operation::new("lambda", "CreateFunction");

    /// The hint for a call that was denied in those words.
    fn hint(message: &str) -> String {
        let error = Error::answered(CREATE_FUNCTION, "AccessDeniedException", message);
        let failure = error.into_failure("cannot create the function");
        assert_eq!(failure.exit(), Exit::Denied);
        failure.advice().unwrap().to_owned()
    }

    #[test]
    fn the_action_that_is_denied_may_be_another_than_the_calls() {
        let who = "User: arn:aws:iam::1:user/ci is not authorized to perform:";
        let role = "arn:aws:iam::1:role/notes-dev-eu-central-1";
        let told = hint(&format!(
            "{who} iam:PassRole on resource: {role} because no identity-based policy allows the iam:PassRole action"
        ));
        assert!(
            told.contains("a policy that allows `iam:PassRole`"),
            "{told}"
        );
        let statement =
            format!("{{\"Effect\":\"Allow\",\"Action\":\"iam:PassRole\",\"Resource\":\"{role}\"}}");
        assert!(told.ends_with(&statement), "{told}");
        assert!(!told.contains("CreateFunction"), "{told}");

        let told = hint(&format!("{who} lambda:TagResource"));
        assert!(
            told.contains("\"Action\":\"lambda:TagResource\",\"Resource\":\"*\""),
            "{told}"
        );
        let told = hint(&format!(
            "{who} kms:CreateGrant on resource: arn:aws:kms:r:1:key/k because no permissions boundary allows the \
             kms:CreateGrant action"
        ));
        assert!(told.starts_with("the permissions boundary"), "{told}");
        let told = hint(&format!(
            "{who} iam:PassRole on resource: {role} with an explicit deny in a service control policy"
        ));
        assert!(
            told.contains("`iam:PassRole`") && !told.contains("Allow"),
            "{told}"
        );
        // Messages without such names.
        assert!(hint("no").contains("`lambda:CreateFunction`"));
    }

    #[test]
    fn an_answer_that_is_not_awss_tells_its_status() {
        let body = SdkBody::from("<html>Bad Gateway</html>");
        let response = HttpResponse::new(StatusCode::try_from(502).unwrap(), body);
        let error: SdkError<ErrorMetadata, HttpResponse> =
            SdkError::service_error(ErrorMetadata::builder().build(), response);
        let error = CREATE_FUNCTION.sort::<(), _>(Err(error)).unwrap_err();
        assert_eq!(error.kind, Kind::Unreachable);
        assert!(error.to_string().contains("HTTP status 502"), "{error}");
        let failure = error.into_failure("cannot create the function");
        assert_eq!(failure.exit(), Exit::Unavailable);
        assert!(failure.advice().unwrap().contains("--endpoint-url"));
    }

    #[test]
    fn tags_of_an_api_are_allowed_by_http_methods() {
        let action = |name| Operation::new("apigateway", name).action();
        assert_eq!(action("TagResource"), "apigateway:POST");
        assert_eq!(action("UntagResource"), "apigateway:DELETE");
        assert_eq!(action("UpdateRoute"), "apigateway:PATCH");
    }

    #[test]
    fn an_unknown_address_speaks_of_the_region() {
        let error = Error {
            operation: CREATE_FUNCTION,
            kind: Kind::Unreachable,
            code: String::new(),
            message: "dispatch failure: io error: client error (Connect): dns error: no".to_owned(),
        };
        let failure = error.into_failure("cannot check the AWS credentials");
        assert_eq!(failure.exit(), Exit::Unavailable);
        assert!(failure.advice().unwrap().contains("the region's name"));
    }
}
