//! What the extractors read, and how they fail.

use bytes::Bytes;
use fw_manifest::Place;
use http::Method;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Value, json};

use super::{DescribeRequest, Operation, Untyped, bytes};
use crate::{
    context::LambdaContext,
    extract::{
        AuthContext, Bearer, Claims, Cookies, Event, Extension, Form, Header, HeaderField, Headers,
        IamIdentity, Principal, Query, RequestId, SourceIp, Stage, StageVariables,
    },
    response::Json,
};

const FORM: &str = "application/x-www-form-urlencoded";

impl Operation<'_> {
    /// Adds a parameter of a type that may be an `Option` or a `Vec`. Whether it may be missing is known to the route.
    pub(super) fn parameter_of<T: JsonSchema>(&mut self, place: Place, name: &'static str) {
        let mut schema = self.schemas.request.subschema_for::<T>().to_value();
        without_null(&mut schema);
        // Any text is one, so nothing can be wrong with it but that it is missing.
        let text = schema == json!({ "type": "string" });
        self.add_parameter(place, name, true, schema);
        if !(text && place == Place::Path) {
            self.problem(400);
        }
    }

    fn refusals(&mut self, statuses: &[u16]) {
        for &status in statuses {
            self.problem(status);
        }
    }
}

/// Takes the `null` out of an optional parameter's schema: it can be left out, and cannot be null.
fn without_null(schema: &mut Value) {
    let Value::Object(members) = schema else {
        return;
    };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            members.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(variants)) = members.get_mut("enum") {
        variants.retain(|variant| !variant.is_null());
    }
    for word in ["anyOf", "oneOf"] {
        if let Some(Value::Array(variants)) = members.get_mut(word) {
            variants.retain(|variant| variant.get("type") != Some(&json!("null")));
            if let [one] = variants.as_slice() {
                let one = one.clone();
                members.remove(word);
                if let (Value::Object(one), true) = (&one, members.is_empty()) {
                    *members = one.clone();
                } else {
                    members.insert("allOf".to_owned(), json!([one]));
                }
            }
        }
    }
}

impl<T: JsonSchema> DescribeRequest for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.json_body::<T>(true);
        operation.refusals(&[400, 415, 422]);
    }
}

impl<T> DescribeRequest<Untyped> for Json<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.body("application/json", true, None);
        operation.refusals(&[400, 415, 422]);
    }
}

impl<T: JsonSchema> DescribeRequest for Form<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = operation.schemas.request.subschema_for::<T>();
        operation.body(FORM, true, Some(schema));
        operation.refusals(&[400, 415, 422]);
    }
}

impl<T> DescribeRequest<Untyped> for Form<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = json_schema!({ "type": "object" });
        operation.body(FORM, true, Some(schema));
        operation.refusals(&[400, 415, 422]);
    }
}

#[cfg(feature = "garde")]
impl<M, T: DescribeRequest<M>> DescribeRequest<M> for crate::extract::Valid<T> {
    fn describe(operation: &mut Operation<'_>) {
        T::describe(operation);
    }
}

/// A parameter for each property, so that the type itself has no name in the document.
impl<T: JsonSchema> DescribeRequest for Query<T> {
    fn describe(operation: &mut Operation<'_>) {
        let schema = T::json_schema(&mut operation.schemas.request);
        operation.properties(&schema.to_value());
        operation.problem(400);
    }
}

impl<T> DescribeRequest<Untyped> for Query<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.problem(400);
    }
}

impl Operation<'_> {
    /// Adds the properties of an object as parameters of the query, those of flattened parts too.
    fn properties(&mut self, schema: &Value) {
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let Some(name) = reference.and_then(|path| path.strip_prefix("#/$defs/")) {
            let found = self.schemas.request.definitions().get(name).cloned();
            self.properties(&found.unwrap_or_default());
        }
        for part in schema
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.properties(part);
        }
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut properties: Vec<_> = properties.into_iter().flatten().collect();
        // The order of a map depends on a feature of `serde_json` that any crate of the build may switch on.
        properties.sort_unstable_by_key(|(name, _)| *name);
        for (name, property) in properties {
            let mut property = property.clone();
            without_null(&mut property);
            // A query without the name gives an empty list.
            let list = property.get("type") == Some(&json!("array"));
            let required = required.contains(&name.as_str()) && !list;
            self.add_parameter(Place::Query, name, required, property);
        }
    }
}

/// Headers that a document says elsewhere, so that a parameter of their name is passed over (`OpenAPI` 3.1.1, "Parameter Object").
const SAID_ELSEWHERE: [&str; 3] = ["accept", "authorization", "content-type"];

impl<H: HeaderField + JsonSchema> DescribeRequest for Header<H> {
    fn describe(operation: &mut Operation<'_>) {
        operation.problem(400);
        if !SAID_ELSEWHERE.contains(&H::NAME) {
            operation.parameter::<H>(Place::Header, H::NAME, true);
        }
    }
}

impl<H: HeaderField> DescribeRequest<Untyped> for Header<H> {
    fn describe(operation: &mut Operation<'_>) {
        operation.problem(400);
        if !SAID_ELSEWHERE.contains(&H::NAME) {
            operation.add_parameter(Place::Header, H::NAME, true, json!({ "type": "string" }));
        }
    }
}

/// Bytes of any media type.
impl<M> DescribeRequest<M> for Bytes {
    fn describe(operation: &mut Operation<'_>) {
        let any = "application/octet-stream";
        operation.body(any, false, Some(bytes(any)));
    }
}

impl<M> DescribeRequest<M> for Vec<u8> {
    fn describe(operation: &mut Operation<'_>) {
        <Bytes as DescribeRequest<M>>::describe(operation);
    }
}

impl<M> DescribeRequest<M> for String {
    fn describe(operation: &mut Operation<'_>) {
        let schema: Schema = json_schema!({ "type": "string" });
        operation.body("text/plain", false, Some(schema));
        operation.problem(400);
    }
}

impl<M> DescribeRequest<M> for Bearer {
    fn describe(operation: &mut Operation<'_>) {
        operation.problem(401);
    }
}

impl<M, T> DescribeRequest<M> for Claims<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.problem(403);
    }
}

/// Those that every request has, or that fail with 500, which every route may answer.
macro_rules! silent {
    ($($type:ident $(<$inner:ident>)?),* $(,)?) => {
        $(impl<M, $($inner)?> DescribeRequest<M> for $type $(<$inner>)? {
            fn describe(_: &mut Operation<'_>) {}
        })*
    };
}

silent! {
    AuthContext<T>, Cookies, Event<T>, Extension<T>, Headers, IamIdentity, LambdaContext, Method, Principal, RequestId, SourceIp, Stage,
    StageVariables,
}

impl<M, T: DescribeRequest<M>> DescribeRequest<M> for Option<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.optional(T::describe);
    }
}

/// The handler judges for itself what cannot be read.
impl<M, T: DescribeRequest<M>, E> DescribeRequest<M> for Result<T, E> {
    fn describe(operation: &mut Operation<'_>) {
        operation.optional(T::describe);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::without_null;

    #[test]
    fn an_optional_parameter_is_not_null() {
        for (schema, expected) in [
            (
                json!({"type": ["integer", "null"], "minimum": 0}),
                json!({"type": "integer", "minimum": 0}),
            ),
            (
                json!({"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}),
                json!({"$ref": "#/$defs/A"}),
            ),
            (
                json!({"description": "d", "anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}),
                json!({"description": "d", "allOf": [{"$ref": "#/$defs/A"}]}),
            ),
            (
                json!({"type": ["string", "null"], "enum": ["a", null]}),
                json!({"type": "string", "enum": ["a"]}),
            ),
            (json!({"type": "string"}), json!({"type": "string"})),
            (json!(true), json!(true)),
        ] {
            let mut found = schema.clone();
            without_null(&mut found);
            assert_eq!(found, expected, "{schema}");
        }
    }
}
