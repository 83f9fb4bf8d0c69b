//! JSON Schemas of bodies, as REST APIs take them for models: draft 4, made from what `schemars` derives. And what checks a body by them.
//!
//! `[D]` docs.aws.amazon.com, "Data models for REST APIs": the draft is 4. `schemars` writes draft 7, which is close; what draft 4 says
//! otherwise is rewritten, and what it does not know is left out, so that a schema is never stricter than the type.

#[cfg(feature = "schema")]
use std::sync::{Arc, OnceLock};

#[cfg(feature = "schema")]
use fw_gateway::{Model, ModelError};
use serde_json::Value;
#[cfg(feature = "schema")]
use serde_json::{Map, json};

#[cfg(feature = "schema")]
use crate::{
    error::{Error, Problem},
    request::Request,
    route::BodyInfo,
};

/// A type that has a JSON Schema: with the feature `schema`, each that derives `schemars::JsonSchema`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no JSON Schema, so `validate` cannot check it",
    label = "has no schema",
    note = "derive `schemars::JsonSchema` for it and enable the feature `schema` of `fw-lambda`, or leave `validate` out"
)]
pub trait HasSchema: checked::Checked {
    /// The schema, in draft 4.
    fn schema() -> Value;
}

/// A type has a schema only where bodies are also checked by it, so that `validate` is never without effect.
mod checked {
    pub trait Checked {}

    #[cfg(feature = "schema")]
    impl<T: schemars::JsonSchema> Checked for T {}
}

/// The schema of a type, as routes name it.
#[doc(hidden)]
#[must_use]
pub fn schema<T: HasSchema>() -> Value {
    T::schema()
}

#[cfg(feature = "schema")]
#[diagnostic::do_not_recommend]
impl<T: schemars::JsonSchema> HasSchema for T {
    fn schema() -> Value {
        let generator = schemars::generate::SchemaSettings::draft07().into_generator();
        let mut schema = generator.into_root_schema_for::<T>().to_value();
        draft_4(&mut schema);
        if let Value::Object(schema) = &mut schema {
            schema.insert(
                "$schema".to_owned(),
                json!("http://json-schema.org/draft-04/schema#"),
            );
        }
        schema
    }
}

/// Rewrites a schema of draft 7, and all in it.
#[cfg(feature = "schema")]
fn draft_4(schema: &mut Value) {
    match schema {
        // Draft 4 has no schemas that are booleans.
        Value::Bool(true) => *schema = json!({}),
        Value::Bool(false) => *schema = json!({ "not": {} }),
        Value::Object(members) => {
            rewrite(members);
            for (name, value) in members {
                match (name.as_str(), value) {
                    // Names of the user's, with a schema each.
                    (
                        "properties" | "patternProperties" | "definitions" | "dependencies",
                        Value::Object(named),
                    ) => named.values_mut().for_each(draft_4),
                    ("allOf" | "anyOf" | "oneOf" | "items", Value::Array(list)) => {
                        list.iter_mut().for_each(draft_4);
                    }
                    ("items" | "not", value) => draft_4(value),
                    // Here draft 4 takes a boolean.
                    ("additionalProperties" | "additionalItems", value @ Value::Object(_)) => {
                        draft_4(value);
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// The keywords of draft 4. Whatever else `schemars` writes, as `deprecated` of a field that is, makes a REST API refuse the model.
#[cfg(feature = "schema")]
const KEYWORDS: [&str; 32] = [
    "$ref",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "definitions",
    "dependencies",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "properties",
    "required",
    "title",
    "type",
    "uniqueItems",
];

/// Rewrites a schema's own members.
#[cfg(feature = "schema")]
fn rewrite(members: &mut Map<String, Value>) {
    if let Some(value) = members.remove("const") {
        members.insert("enum".to_owned(), json!([value]));
    }
    members.retain(|name, _| KEYWORDS.contains(&name.as_str()));
    for (exclusive, inclusive) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        if let Some(bound @ Value::Number(_)) = members.get(exclusive).cloned() {
            members.insert(inclusive.to_owned(), bound);
            members.insert(exclusive.to_owned(), Value::Bool(true));
        }
    }
}

/// What checks the bodies of an app's routes, made when a route is first called.
#[cfg(feature = "schema")]
#[derive(Debug, Default)]
pub(crate) struct Models(Vec<OnceLock<Result<BodyModel, String>>>);

#[cfg(feature = "schema")]
impl Models {
    /// For so many routes.
    pub(crate) fn of(routes: usize) -> Self {
        Self(std::iter::repeat_with(OnceLock::new).take(routes).collect())
    }

    /// Lays what checks the body of the route of that number beside the request, where [`Json`](crate::Json) finds it.
    ///
    /// # Errors
    ///
    /// 500 if the schema cannot be used; [`compile`] says so before the app is served.
    pub(crate) fn attach(
        &self,
        route: usize,
        body: Option<BodyInfo>,
        request: &mut Request<'_>,
    ) -> Result<(), Error> {
        let Some(schema) = body.and_then(|body| body.schema) else {
            return Ok(());
        };
        let model = self
            .0
            .get(route)
            .map(|model| model.get_or_init(|| compile(schema).map_err(|error| error.to_string())));
        match model {
            Some(Ok(model)) => {
                request.extensions.insert(model.clone());
                Ok(())
            }
            Some(Err(problem)) => Err(Error::internal(problem.clone())),
            None => Err(Error::internal("a route's index is out of bounds")),
        }
    }
}

/// A schema as what checks by it.
///
/// # Errors
///
/// When it has what the checker does not know: in a regular expression, look-around and back-references.
#[cfg(feature = "schema")]
pub(crate) fn compile(schema: fn() -> Value) -> Result<BodyModel, ModelError> {
    Model::new(&schema()).map(|model| BodyModel(Arc::new(model)))
}

/// What checks a body.
#[cfg(feature = "schema")]
#[derive(Clone, Debug)]
pub(crate) struct BodyModel(Arc<Model>);

#[cfg(feature = "schema")]
impl BodyModel {
    /// All that is wrong with a body.
    ///
    /// # Errors
    ///
    /// When it is not JSON, and so cannot be checked.
    pub(crate) fn problems(&self, body: &[u8]) -> Result<Vec<Problem>, serde_json::Error> {
        let body: Value = serde_json::from_slice(body)?;
        let violations = self.0.violations(&body).into_iter();
        Ok(violations
            .map(|violation| Problem::pointer(violation.pointer, violation.detail))
            .collect())
    }
}

#[cfg(all(test, feature = "schema"))]
mod tests {
    use serde_json::json;

    use super::draft_4;

    #[test]
    fn what_draft_4_says_otherwise_is_rewritten() {
        let mut schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "properties": {
                "const": {"const": "a", "examples": ["a"]},
                "if": {"exclusiveMinimum": 0, "maximum": 9},
                "any": true,
                "old": {"type": "string", "deprecated": true, "contentEncoding": "base64", "$comment": "c"},
                "list": {"type": "array", "items": [true, {"const": 1}], "additionalItems": false},
            },
            "anyOf": [{"$ref": "#/definitions/T"}, false],
            "additionalProperties": false,
            "definitions": {"T": {"if": {}, "then": {}}},
        });
        draft_4(&mut schema);
        assert_eq!(
            schema,
            json!({
                "properties": {
                    "const": {"enum": ["a"]},
                    "if": {"minimum": 0, "exclusiveMinimum": true, "maximum": 9},
                    "any": {},
                    "old": {"type": "string"},
                    "list": {"type": "array", "items": [{}, {"enum": [1]}], "additionalItems": false},
                },
                "anyOf": [{"$ref": "#/definitions/T"}, {"not": {}}],
                "additionalProperties": false,
                "definitions": {"T": {}},
            })
        );
    }
}
