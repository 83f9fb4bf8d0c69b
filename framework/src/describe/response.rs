//! What the answers have: status, media type, body.

use std::{borrow::Cow, convert::Infallible};

use bytes::Bytes;
use fw_manifest::{ApiHeader, ApiResponse};
use http::StatusCode;
use schemars::JsonSchema;

use super::{DescribeResponse, Operation, PROBLEM, Untyped};
use crate::{
    error::Error,
    response::{
        Content, Created, Either, Html, IntoBody, Json, NoContent, Redirect, Response, Status,
        WithHeader, WithHeaderField,
    },
};

impl Operation<'_> {
    /// An answer that nothing is known of, but for the statuses that the handler's code names.
    pub(super) fn unknown_answer(&mut self) {
        for status in self.dynamic("2XX", &[2, 3]) {
            self.add(ApiResponse::new(status));
        }
        for status in self.named(&[4, 5]) {
            self.add(ApiResponse::new(status.to_string()));
        }
    }

    /// A problem document of any status of a class.
    pub(super) fn any_problem(&mut self, class: &str) {
        self.answer(class.to_owned(), PROBLEM, None);
    }

    /// The statuses of these classes that the handler's code names, or where it names none, a class.
    fn dynamic(&self, otherwise: &str, classes: &[u16]) -> Vec<String> {
        let named: Vec<String> = self
            .named(classes)
            .map(|status| status.to_string())
            .collect();
        if named.is_empty() {
            return vec![otherwise.to_owned()];
        }
        named
    }

    /// Lets `describe` add, and gives its successes a header.
    fn success_header<T: JsonSchema + ?Sized>(
        &mut self,
        describe: fn(&mut Operation<'_>),
        name: &str,
        description: &str,
    ) {
        let before = std::mem::take(&mut self.api);
        describe(self);
        let schema = self.schemas.response.subschema_for::<T>().to_value();
        let mut added = std::mem::replace(&mut self.api, before);
        for response in &mut added.responses {
            if response.status.starts_with(['2', '3']) {
                let header = ApiHeader::new(name, description, schema.clone());
                response.headers.push(header);
            }
        }
        self.merge(added);
    }

    /// Lets `describe` add, and gives its successes other statuses.
    fn with_statuses(&mut self, describe: fn(&mut Operation<'_>), statuses: &[String]) {
        let before = std::mem::take(&mut self.api);
        describe(self);
        let mut added = std::mem::replace(&mut self.api, before);
        for response in std::mem::take(&mut added.responses) {
            let success = response.status.starts_with(['2', '3']);
            if success {
                for status in statuses {
                    let mut response = response.clone();
                    response.status.clone_from(status);
                    added.responses.push(response);
                }
            } else {
                added.responses.push(response);
            }
        }
        self.merge(added);
    }
}

impl<T: JsonSchema> DescribeResponse for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.json::<T>(200);
    }
}

impl<T> DescribeResponse<Untyped> for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.answer("200".to_owned(), "application/json", None);
    }
}

/// Implements it for types whose answer is always the same.
macro_rules! fixed {
    ($($type:ty => |$operation:ident| $body:expr;)*) => {
        $(impl<M> DescribeResponse<M> for $type {
            fn describe($operation: &mut Operation<'_>) {
                $body;
            }
        })*
    };
}

fixed! {
    String => |operation| operation.text(200, "text/plain");
    &str => |operation| operation.text(200, "text/plain");
    Cow<'_, str> => |operation| operation.text(200, "text/plain");
    Bytes => |operation| operation.binary(200, "application/octet-stream");
    Vec<u8> => |operation| operation.binary(200, "application/octet-stream");
    &[u8] => |operation| operation.binary(200, "application/octet-stream");
    Content => |operation| operation.answer("200".to_owned(), "*/*", None);
    () => |operation| operation.empty(204);
    NoContent => |operation| operation.empty(204);
    Response => |operation| operation.unknown_answer();
    StatusCode => |operation| operation.unknown_answer();
}

/// It is never answered.
impl<M> DescribeResponse<M> for Infallible {
    fn describe(_: &mut Operation<'_>) {}
}

impl<M, T: IntoBody> DescribeResponse<M> for Html<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.text(200, "text/html");
    }
}

impl<M, T: DescribeResponse<M>> DescribeResponse<M> for (StatusCode, T) {
    fn describe(operation: &mut Operation<'_>) {
        let statuses = operation.dynamic("2XX", &[2, 3]);
        operation.with_statuses(T::describe, &statuses);
    }
}

impl<M, const STATUS: u16, T: DescribeResponse<M>> DescribeResponse<M> for Status<STATUS, T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.with_statuses(T::describe, &[STATUS.to_string()]);
    }
}

impl<M, T: DescribeResponse<M>> DescribeResponse<M> for Created<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.success_header::<str>(
            |operation| operation.with_statuses(T::describe, &["201".to_owned()]),
            "location",
            "Where the new resource is.",
        );
    }
}

impl<M, T: DescribeResponse<M>, H: WithHeaderField + JsonSchema> DescribeResponse<M>
    for WithHeader<T, H>
{
    fn describe(operation: &mut Operation<'_>) {
        operation.success_header::<H>(T::describe, H::NAME, "");
    }
}

impl<M, A: DescribeResponse<M>, B: DescribeResponse<M>> DescribeResponse<M> for Either<A, B> {
    fn describe(operation: &mut Operation<'_>) {
        A::describe(operation);
        B::describe(operation);
    }
}

impl<M> DescribeResponse<M> for Redirect {
    fn describe(operation: &mut Operation<'_>) {
        for status in operation.dynamic("3XX", &[3]) {
            operation.add(ApiResponse::new(status));
            operation.header::<str>("location", "Where to go.");
        }
    }
}

impl<M, T: DescribeResponse<M>> DescribeResponse<M> for Option<T> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
        operation.problem(404);
    }
}

impl<M, T: DescribeResponse<M>, E: DescribeResponse<M>> DescribeResponse<M> for Result<T, E> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
        E::describe(operation);
    }
}

/// The statuses that the handler's code names; and as it may call what answers others, any.
impl<M> DescribeResponse<M> for Error {
    fn describe(operation: &mut Operation<'_>) {
        for status in operation.named(&[4, 5]) {
            operation.problem(status);
        }
        operation.any_problem("4XX");
        operation.any_problem("5XX");
    }
}
