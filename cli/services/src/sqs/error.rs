//! The errors of SQS. Each has two codes: one for the JSON protocol, one for the query protocol and for the SDKs that show it.

use std::borrow::Cow;

use crate::access::NotLetIn;

/// An error for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqsError {
    /// The `__type` of the JSON protocol, without its namespace.
    pub(crate) json_type: &'static str,
    /// The code of the query protocol.
    pub(crate) code: &'static str,
    pub(crate) status: u16,
    pub(crate) message: Cow<'static, str>,
}

impl SqsError {
    fn new(
        json_type: &'static str,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            json_type,
            code,
            status: 400,
            message: message.into(),
        }
    }

    fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn no_queue() -> Self {
        Self::new(
            "QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
            "The specified queue does not exist.",
        )
    }

    pub(crate) fn queue_exists(attribute: &str) -> Self {
        Self::new(
            "QueueNameExists",
            "QueueAlreadyExists",
            format!(
                "A queue already exists with the same name and a different value for attribute {attribute}"
            ),
        )
    }

    pub(crate) fn deleted_recently() -> Self {
        Self::new(
            "QueueDeletedRecently",
            "AWS.SimpleQueueService.QueueDeletedRecently",
            "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        )
    }

    pub(crate) fn purge_in_progress(queue: &str) -> Self {
        Self::new(
            "PurgeQueueInProgress",
            "AWS.SimpleQueueService.PurgeQueueInProgress",
            format!("Only one PurgeQueue operation on {queue} is allowed every 60 seconds."),
        )
        .with_status(403)
    }

    pub(crate) fn missing(parameter: &str) -> Self {
        Self::new(
            "MissingRequiredParameterException",
            "MissingParameter",
            format!("The request must contain the parameter {parameter}."),
        )
    }

    pub(crate) fn parameter(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            "InvalidParameterValueException",
            "InvalidParameterValue",
            message,
        )
    }

    /// The common form of a refused value.
    pub(crate) fn value(value: &str, parameter: &str, reason: &str) -> Self {
        Self::parameter(format!(
            "Value {value} for parameter {parameter} is invalid. Reason: {reason}"
        ))
    }

    pub(crate) fn attribute_name(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("InvalidAttributeName", "InvalidAttributeName", message)
    }

    pub(crate) fn unknown_attribute(name: &str) -> Self {
        Self::attribute_name(format!("Unknown Attribute {name}."))
    }

    pub(crate) fn attribute_value(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("InvalidAttributeValue", "InvalidAttributeValue", message)
    }

    pub(crate) fn contents(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("InvalidMessageContents", "InvalidMessageContents", message)
    }

    pub(crate) fn receipt_handle(handle: &str) -> Self {
        Self::new(
            "ReceiptHandleIsInvalid",
            "ReceiptHandleIsInvalid",
            format!("The input receipt handle \"{handle}\" is not a valid receipt handle."),
        )
    }

    pub(crate) fn too_many_entries(count: usize) -> Self {
        Self::new(
            "TooManyEntriesInBatchRequest",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            format!("Maximum number of entries per request are 10. You have sent {count}."),
        )
    }

    /// The text is unverified: only the code is known.
    pub(crate) fn empty_batch(entry: &str) -> Self {
        Self::new(
            "EmptyBatchRequest",
            "AWS.SimpleQueueService.EmptyBatchRequest",
            format!("There should be at least one {entry} in the request."),
        )
    }

    pub(crate) fn entry_id() -> Self {
        Self::new(
            "InvalidBatchEntryId",
            "AWS.SimpleQueueService.InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
        )
    }

    /// The text is unverified: only the code is known.
    pub(crate) fn entry_ids_not_distinct(id: &str) -> Self {
        Self::new(
            "BatchEntryIdsNotDistinct",
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            format!("Id {id} repeated."),
        )
    }

    pub(crate) fn batch_too_long(sent: usize) -> Self {
        Self::new(
            "BatchRequestTooLong",
            "AWS.SimpleQueueService.BatchRequestTooLong",
            format!(
                "Batch requests cannot be longer than 1048576 bytes. You have sent {sent} bytes."
            ),
        )
    }

    /// Too many messages in flight. Status and text are unverified.
    pub(crate) fn over_limit() -> Self {
        Self::new(
            "OverLimit",
            "OverLimit",
            "Too many messages in flight: a queue has at most 120000.",
        )
        .with_status(403)
    }

    pub(crate) fn no_resource(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(
            "ResourceNotFoundException",
            "ResourceNotFoundException",
            message,
        )
        .with_status(404)
    }

    pub(crate) fn action(action: &str) -> Self {
        Self::new(
            "InvalidAction",
            "InvalidAction",
            format!("The action {action} is not valid for this endpoint."),
        )
    }

    pub(crate) fn not_implemented(operation: &str) -> Self {
        Self::new(
            "NotImplemented",
            "NotImplemented",
            format!("{operation} is not implemented by these services"),
        )
        .with_status(501)
    }

    pub(crate) fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new("SerializationException", "MalformedInput", message)
    }

    pub(crate) fn denied(message: String) -> Self {
        Self::new("AccessDeniedException", "AccessDenied", message).with_status(403)
    }

    pub(crate) fn not_let_in(why: &NotLetIn) -> Self {
        let error = match why {
            NotLetIn::Unsigned => Self::new(
                "MissingAuthenticationToken",
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            ),
            NotLetIn::UnknownKey => Self::new(
                "InvalidClientTokenId",
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            ),
            // The type of the JSON protocol is unverified.
            NotLetIn::Signature(error) => Self::new(
                "InvalidSignatureException",
                "SignatureDoesNotMatch",
                error.message(),
            ),
        };
        error.with_status(403)
    }

    /// The member `Type` of query errors.
    pub(crate) fn fault(&self) -> &'static str {
        if self.status < 500 {
            "Sender"
        } else {
            "Receiver"
        }
    }
}
