//! JSON Schemas of bodies, as REST APIs take them for models: draft 4, made from what `schemars` derives. And what checks a body by them.
//!
//! `[D]` docs.aws.amazon.com, "Data models for REST APIs": the draft is 4. `schemars` writes draft 7, which is close; what draft 4 says
//! otherwise is rewritten, and what it does not know is left out, so that a schema is never stricter than the type.

#[cfg(feature = "schema")]
pub(crate) mod pairs;

#[cfg(feature = "schema")]
use std::sync::{Arc, OnceLock};

#[cfg(feature = "schema")]
use fw_gateway::{Model, ModelError};
use serde_json::Value;
#[cfg(feature = "schema")]
use serde_json::{Map, json};

#[cfg(feature = "schema")]
use self::pairs::{FormModel, PairsModel, QueryModel};
#[cfg(feature = "schema")]
use crate::{
    error::{Error, Problem},
    request::Request,
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

/// What a route's body and query are checked by: the schemas of their types, where they have one. They are the document's, so what they forbid
/// is refused.
#[cfg(feature = "schema")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checks {
    /// The schema of a JSON body on a route with `validate`.
    pub(crate) asked: Option<fn() -> Value>,
    /// The schema of a JSON body.
    pub(crate) body: Option<fn() -> Option<Value>>,
    /// The schema of a form.
    pub(crate) form: Option<fn() -> Option<Value>>,
    /// The schema of a query that is read as a whole.
    pub(crate) query: Option<fn() -> Option<Value>>,
}

/// What checks the requests of an app's routes, made when a route is first called.
#[cfg(feature = "schema")]
#[derive(Debug, Default)]
pub(crate) struct Models(Vec<OnceLock<Result<RouteModels, String>>>);

/// What checks the requests of a route.
#[cfg(feature = "schema")]
#[derive(Debug)]
struct RouteModels {
    body: Option<BodyModel>,
    form: Option<FormModel>,
    query: Option<QueryModel>,
}

#[cfg(feature = "schema")]
impl Models {
    /// For so many routes.
    pub(crate) fn of(routes: usize) -> Self {
        Self(std::iter::repeat_with(OnceLock::new).take(routes).collect())
    }

    /// Lays what checks a request of the route of that number beside it, where [`Json`](crate::Json) and the others find it.
    ///
    /// # Errors
    ///
    /// 500 if the schema cannot be used; [`compile`] says so before the app is served.
    pub(crate) fn attach(
        &self,
        route: usize,
        checks: &Checks,
        request: &mut Request<'_>,
    ) -> Result<(), Error> {
        let models = self
            .0
            .get(route)
            .map(|models| models.get_or_init(|| checks.models().map_err(|it| it.to_string())));
        match models {
            Some(Ok(models)) => {
                let RouteModels { body, form, query } = models;
                let extensions = &mut request.extensions;
                body.clone().map(|body| extensions.insert(body));
                form.clone().map(|form| extensions.insert(form));
                query.clone().map(|query| extensions.insert(query));
                Ok(())
            }
            Some(Err(problem)) => Err(Error::internal(problem.clone())),
            None => Err(Error::internal("a route's index is out of bounds")),
        }
    }
}

#[cfg(feature = "schema")]
impl Checks {
    /// What checks by them; nothing where reading the type refuses all that the schema forbids.
    fn models(&self) -> Result<RouteModels, ModelError> {
        let body = match (self.asked, self.body) {
            (Some(schema), _) => Some(compile(schema)?),
            (None, schema) => schema
                .and_then(|schema| schema())
                .filter(has_bounds)
                // What no body can be checked by is an error only where a check is asked for.
                .and_then(|schema| Model::new(&schema).ok())
                .map(|model| BodyModel(Arc::new(model))),
        };
        let pairs = |schema: Option<fn() -> Option<Value>>| {
            let schema = schema.and_then(|schema| schema());
            schema.and_then(PairsModel::new)
        };
        Ok(RouteModels {
            body,
            form: pairs(self.form).map(FormModel),
            query: pairs(self.query).map(QueryModel),
        })
    }
}

/// True if a schema, or one in it, forbids what the type itself can be read from: a number too small, a text too long.
#[cfg(feature = "schema")]
fn has_bounds(schema: &Value) -> bool {
    const BOUNDS: [&str; 11] = [
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "minItems",
        "minLength",
        "minProperties",
        "multipleOf",
        "pattern",
        "uniqueItems",
    ];
    match schema {
        Value::Object(members) => {
            let width = || {
                let format = members.get("format").and_then(Value::as_str)?;
                width(format)
            };
            let beyond = |name: &str, of_type: fn((i64, i64)) -> i64| {
                let bound = members.get(name).filter(|bound| bound.is_number());
                bound.is_some_and(|bound| bound.as_i64() != width().map(of_type))
            };
            BOUNDS
                .iter()
                .any(|word| members.get(*word).is_some_and(|value| !value.is_object()))
                || beyond("minimum", |(least, _)| least)
                || beyond("maximum", |(_, most)| most)
                || is_buffered(members)
                || members.values().any(has_bounds)
        }
        Value::Array(list) => list.iter().any(has_bounds),
        _ => false,
    }
}

/// True if a schema is of variants with fields. `serde` reads most of these from a buffer, where it takes an array for a struct.
#[cfg(feature = "schema")]
fn is_buffered(members: &Map<String, Value>) -> bool {
    let fields = |variant: &Value| variant.get("properties").is_some();
    ["anyOf", "oneOf"].iter().any(|word| {
        let variants = members.get(*word).and_then(Value::as_array);
        variants.is_some_and(|variants| variants.iter().any(fields))
    })
}

/// The least and the greatest number of a type whose bounds `schemars` writes, by its format: reading it refuses others.
#[cfg(feature = "schema")]
fn width(format: &str) -> Option<(i64, i64)> {
    Some(match format {
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint" | "uint32" | "uint64" | "uint128" => (0, i64::MAX),
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        _ => return None,
    })
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
    use schemars::JsonSchema;
    use serde_json::json;

    use super::{HasSchema as _, draft_4, has_bounds};

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Plain {
        maximum: u8,
        pattern: i16,
        list: Vec<Option<u64>>,
        at: f64,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Bounded {
        inner: Option<Count>,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only its schema is looked at")]
    struct Count(#[schemars(range(min = 1))] u32);

    #[test]
    fn only_what_a_type_itself_does_not_refuse_is_a_bound() {
        assert!(!has_bounds(&Plain::schema()));
        assert!(has_bounds(&Bounded::schema()));
        assert!(has_bounds(&std::collections::HashSet::<String>::schema()));
    }

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
