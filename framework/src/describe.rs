//! What a route takes and answers, told by its types: what `cargo fw openapi` makes the document of the API from. It needs the feature `schema`.
//!
//! Every extractor and every answer of `fw` describes itself. A type of your own implements [`DescribeRequest`] or [`DescribeResponse`] with a line
//! for each thing that it reads or answers; without that the document says nothing of it.
//!
//! ```
//! use fw::{IntoResponse, Json, Response, StatusCode, describe::{DescribeResponse, Operation}};
//!
//! #[derive(serde::Serialize, schemars::JsonSchema)]
//! struct Order {
//!     id: u32,
//! }
//!
//! /// The order, or nothing where the client has it already.
//! enum Fetched {
//!     Order(Order),
//!     NotModified,
//! }
//!
//! impl IntoResponse for Fetched {
//!     fn into_response(self) -> Response {
//!         match self {
//!             Self::Order(order) => Json(order).into_response(),
//!             Self::NotModified => StatusCode::NOT_MODIFIED.into_response(),
//!         }
//!     }
//! }
//!
//! impl DescribeResponse for Fetched {
//!     fn describe(operation: &mut Operation<'_>) {
//!         operation.json::<Order>(200);
//!         operation.empty(304);
//!     }
//! }
//! ```

mod collect;
mod probe;
mod request;
mod response;

use fw_manifest::{ApiBody, ApiHeader, ApiParameter, ApiResponse, Place, RouteApi};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use crate::route::ParamInfo;

pub(crate) use self::collect::Describer;
#[doc(hidden)]
pub use self::probe::{
    Probe, TypedAnswer, TypedArgument, TypedBody, TypedParameter, UnknownAnswer, UnknownArgument,
    UntypedAnswer, UntypedArgument, UntypedBody, UntypedParameter,
};

/// Marks a description in which each body has its schema.
#[derive(Debug)]
pub enum Typed {}

/// Marks a description without schemas: what is left where a type in a body does not derive `schemars::JsonSchema`.
#[derive(Debug)]
pub enum Untyped {}

/// An answer that says which statuses, media types and bodies it has.
pub trait DescribeResponse<M = Typed> {
    /// Adds them to the operation.
    fn describe(operation: &mut Operation<'_>);
}

/// An argument that says what of a request it reads, and how it fails.
pub trait DescribeRequest<M = Typed> {
    /// Adds that to the operation.
    fn describe(operation: &mut Operation<'_>);
}

/// The media type of problem documents (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// One method of one path, while its arguments and its answer describe it.
#[derive(Debug)]
pub struct Operation<'d> {
    schemas: &'d mut Describer,
    api: RouteApi,
    /// The statuses that the handler's own code names.
    named: &'static [u16],
}

impl<'d> Operation<'d> {
    pub(crate) fn new(schemas: &'d mut Describer, named: &'static [u16]) -> Self {
        Self {
            schemas,
            api: RouteApi::default(),
            named,
        }
    }

    pub(crate) fn finish(self) -> RouteApi {
        self.api
    }

    /// Adds an answer with a JSON body: its status, and the body's type.
    pub fn json<T: JsonSchema + ?Sized>(&mut self, status: u16) -> &mut Self {
        let schema = self.schemas.response.subschema_for::<T>();
        self.answer(status.to_string(), "application/json", Some(schema))
    }

    /// Adds an answer with a body of another media type, of text: its status, and the media type without parameters.
    pub fn text(&mut self, status: u16, content_type: &str) -> &mut Self {
        let schema = schemars::json_schema!({ "type": "string" });
        self.answer(status.to_string(), content_type, Some(schema))
    }

    /// Adds an answer with a body of bytes: its status, and the media type without parameters.
    pub fn binary(&mut self, status: u16, content_type: &str) -> &mut Self {
        self.answer(status.to_string(), content_type, Some(bytes(content_type)))
    }

    /// Adds an answer without a body.
    pub fn empty(&mut self, status: u16) -> &mut Self {
        self.add(ApiResponse::new(status.to_string()))
    }

    /// Adds a problem document (RFC 9457), as [`Error`](crate::Error) answers it.
    pub fn problem(&mut self, status: u16) -> &mut Self {
        self.answer(status.to_string(), PROBLEM, None)
    }

    /// Says what the answer that was added last means; without it the status says all.
    pub fn meaning(&mut self, description: &str) -> &mut Self {
        if let Some(last) = self.api.responses.last_mut() {
            description.clone_into(&mut last.description);
        }
        self
    }

    /// Adds a header, by its name in lower case, to the answer that was added last. The answer always has it.
    pub fn header<T: JsonSchema + ?Sized>(&mut self, name: &str, description: &str) -> &mut Self {
        let schema = self.schemas.response.subschema_for::<T>().to_value();
        if let Some(last) = self.api.responses.last_mut() {
            last.headers.push(ApiHeader::new(name, description, schema));
        }
        self
    }

    /// Adds a parameter: where it stands, its name, whether a request without it is refused, and its type.
    pub fn parameter<T: JsonSchema + ?Sized>(&mut self, place: Place, name: &str, required: bool) {
        let schema = self.schemas.request.subschema_for::<T>();
        self.add_parameter(place, name, required, schema.to_value());
    }

    /// Adds a JSON body of the request: its type, and whether a request without it is refused.
    pub fn json_body<T: JsonSchema + ?Sized>(&mut self, required: bool) {
        let schema = self.schemas.request.subschema_for::<T>();
        self.body("application/json", required, Some(schema));
    }

    fn answer(&mut self, status: String, content_type: &str, schema: Option<Schema>) -> &mut Self {
        let mut response = ApiResponse::new(status);
        response.content_type = Some(content_type.to_owned());
        response.schema = schema.map(Schema::to_value);
        self.add(response)
    }

    /// Adds an answer at the end; one that is there already is moved there, so that what follows is said of it.
    fn add(&mut self, response: ApiResponse) -> &mut Self {
        let same = |other: &ApiResponse| {
            other.status == response.status
                && other.content_type == response.content_type
                && other.schema == response.schema
        };
        let found = self.api.responses.iter().position(same);
        let response = found.map_or(response, |at| self.api.responses.remove(at));
        self.api.responses.push(response);
        self
    }

    fn body(&mut self, content_type: &str, required: bool, schema: Option<Schema>) {
        let schema = schema.map(Schema::to_value);
        let body = ApiBody::new(content_type, required, schema);
        self.api.bodies.push(body);
    }

    fn add_parameter(&mut self, place: Place, name: &str, required: bool, schema: Value) {
        // What is read twice is one parameter, which is needed if either needs it.
        let mut known = self.api.parameters.iter_mut();
        match known.find(|known| known.place == place && known.name == name) {
            Some(known) => known.required |= required,
            None => {
                let parameter = ApiParameter::new(name, place, required, schema);
                self.api.parameters.push(parameter);
            }
        }
    }

    /// Lets `describe` add, and then takes what it added for optional: its bodies and parameters.
    fn optional(&mut self, describe: fn(&mut Operation<'_>)) {
        let before = std::mem::take(&mut self.api);
        describe(self);
        let mut added = std::mem::replace(&mut self.api, before);
        for body in &mut added.bodies {
            body.required = false;
        }
        for parameter in &mut added.parameters {
            parameter.required = false;
        }
        self.merge(added);
    }

    fn merge(&mut self, added: RouteApi) {
        self.api.bodies.extend(added.bodies);
        for parameter in added.parameters {
            let ApiParameter {
                place,
                name,
                required,
                schema,
                ..
            } = parameter;
            self.add_parameter(place, &name, required, schema);
        }
        for response in added.responses {
            self.add(response);
        }
    }

    /// Takes the statuses among the named ones that are of these classes, of `2XX` as 2.
    fn named(&self, classes: &[u16]) -> impl Iterator<Item = u16> + use<> {
        let named = self.named.iter().copied();
        let named: Vec<u16> = named
            .filter(|status| classes.contains(&(status / 100)))
            .collect();
        named.into_iter()
    }
}

/// Adds what the route knows of its parameters and their types do not say: whether they may be missing or repeated.
pub(crate) fn complete(api: &mut RouteApi, params: &[ParamInfo]) {
    for param in params {
        let mut known = api.parameters.iter_mut();
        let found = known.find(|known| known.place == param.place && known.name == param.name);
        if let Some(found) = found {
            found.required = param.required;
            let list = found.schema.get("type") == Some(&json!("array"));
            if param.multiple && !list {
                found.schema = json!({ "type": "array", "items": found.schema });
            }
        }
    }
}

/// The schema of bytes that are sent as they are.
fn bytes(content_type: &str) -> Schema {
    let schema = json!({ "type": "string", "contentMediaType": content_type });
    Schema::try_from(schema).unwrap_or_default()
}
