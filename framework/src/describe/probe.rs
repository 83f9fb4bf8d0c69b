//! How the macros find out whether a type describes itself, without a bound that would make the others fail to compile.
//!
//! They call a method on `&&&Probe<T>`: rustc takes the implementation with the most references whose bound on `T` holds.

use std::{fmt, marker::PhantomData};

use fw_manifest::Place;
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::{DescribeRequest, DescribeResponse, Operation, Typed, Untyped};
use crate::schema::HasSchema;

/// Stands for a type.
pub struct Probe<T>(PhantomData<fn() -> T>);

impl<T> Probe<T> {
    /// The one value.
    pub const TYPE: Self = Self(PhantomData);
}

impl<T> fmt::Debug for Probe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

/// The answer of a type that describes itself with schemas.
pub trait TypedAnswer {
    /// Adds it.
    fn answer(&self, operation: &mut Operation<'_>);
}

impl<T: DescribeResponse<Typed>> TypedAnswer for &&Probe<T> {
    fn answer(&self, operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

/// The answer of a type whose bodies have no schemas.
pub trait UntypedAnswer {
    /// Adds it.
    fn answer(&self, operation: &mut Operation<'_>);
}

impl<T: DescribeResponse<Untyped>> UntypedAnswer for &Probe<T> {
    fn answer(&self, operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

/// The answer of any other type.
pub trait UnknownAnswer {
    /// Adds it.
    fn answer(&self, operation: &mut Operation<'_>);
}

impl<T> UnknownAnswer for Probe<T> {
    fn answer(&self, operation: &mut Operation<'_>) {
        operation.unknown_answer();
    }
}

/// An argument of a type that describes itself with schemas.
pub trait TypedArgument {
    /// Adds what it reads.
    fn argument(&self, operation: &mut Operation<'_>);
}

impl<T: DescribeRequest<Typed>> TypedArgument for &&Probe<T> {
    fn argument(&self, operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

/// An argument of a type whose body has no schema.
pub trait UntypedArgument {
    /// Adds what it reads.
    fn argument(&self, operation: &mut Operation<'_>);
}

impl<T: DescribeRequest<Untyped>> UntypedArgument for &Probe<T> {
    fn argument(&self, operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

/// An argument of any other type.
pub trait UnknownArgument {
    /// Adds what it may answer.
    fn argument(&self, operation: &mut Operation<'_>);
}

impl<T> UnknownArgument for Probe<T> {
    fn argument(&self, operation: &mut Operation<'_>) {
        operation.any_problem("4XX");
    }
}

/// A parameter of a type that has a schema.
pub trait TypedParameter {
    /// Adds it.
    fn parameter(&self, operation: &mut Operation<'_>, place: Place, name: &'static str);
}

impl<T: JsonSchema> TypedParameter for &Probe<T> {
    fn parameter(&self, operation: &mut Operation<'_>, place: Place, name: &'static str) {
        operation.parameter_of::<T>(place, name);
    }
}

/// A parameter of any other type: a text.
pub trait UntypedParameter {
    /// Adds it.
    fn parameter(&self, operation: &mut Operation<'_>, place: Place, name: &'static str);
}

impl<T> UntypedParameter for Probe<T> {
    fn parameter(&self, operation: &mut Operation<'_>, place: Place, name: &'static str) {
        // Whether it may be missing or repeated is known to the route.
        operation.add_parameter(place, name, true, json!({ "type": "string" }));
        operation.problem(400);
    }
}

/// A body of a type that has a schema.
pub trait TypedBody {
    /// Its schema in draft 4.
    fn body(&self) -> Option<Value>;
}

impl<T: HasSchema> TypedBody for &Probe<T> {
    fn body(&self) -> Option<Value> {
        Some(T::schema())
    }
}

/// A body of any other type.
pub trait UntypedBody {
    /// Nothing.
    fn body(&self) -> Option<Value>;
}

impl<T> UntypedBody for Probe<T> {
    fn body(&self) -> Option<Value> {
        None
    }
}
