//! From JSON to a model; all that is wrong with a schema is found here.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use crate::model::{
    Additional, ArrayRules, Dependency, Id, Items, ModelError, Node, NumberRules, ObjectRules,
    Pattern, TextRules, Type,
};

/// The maximum nesting of schemas: the depth of a JSON text that serde reads.
const DEPTH: usize = 128;

/// Keywords that do not restrict the value: draft 4's metadata, and the additions of `OpenAPI` 2.0.
const ANNOTATIONS: [&str; 13] = [
    "$schema",
    "default",
    "definitions",
    "description",
    "discriminator",
    "example",
    "examples",
    "externalDocs",
    "format",
    "id",
    "readOnly",
    "title",
    "xml",
];

/// All schemas that a document has, the root first.
pub(super) fn compile(schema: &Value) -> Result<Vec<Node>, ModelError> {
    let mut compiler = Compiler {
        root: schema,
        nodes: Vec::new(),
        places: BTreeMap::new(),
    };
    compiler.schema(schema, "", 0)?;
    compiler.refuse_loops()?;
    Ok(compiler.nodes)
}

struct Compiler<'s> {
    root: &'s Value,
    nodes: Vec<Node>,
    /// The schemas so far, by their pointers.
    places: BTreeMap<String, Id>,
}

fn error<T>(what: impl Into<String>, place: &str) -> Result<T, ModelError> {
    Err(ModelError {
        what: what.into(),
        place: place.into(),
    })
}

/// The pointer of a member (RFC 6901 §3).
fn member(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Compiler<'_> {
    /// The schema at a place, which may be there already.
    fn schema(&mut self, schema: &Value, place: &str, depth: usize) -> Result<Id, ModelError> {
        if let Some(&id) = self.places.get(place) {
            return Ok(id);
        }
        let Value::Object(object) = schema else {
            return error("a draft 4 schema must be an object", place);
        };
        if depth > DEPTH {
            return error(format!("schemas are nested more than {DEPTH} deep"), place);
        }
        let id = self.nodes.len();
        self.nodes.push(Node::default());
        self.places.insert(place.to_owned(), id);
        let node = self.node(object, place, depth + 1)?;
        if let Some(entry) = self.nodes.get_mut(id) {
            *entry = node;
        }
        Ok(id)
    }

    fn node(
        &mut self,
        object: &Map<String, Value>,
        place: &str,
        depth: usize,
    ) -> Result<Node, ModelError> {
        let mut node = Node::default();
        if let Some(reference) = object.get("$ref") {
            node.reference = Some(self.reference(reference, place, depth)?);
            return Ok(node);
        }
        for (keyword, value) in object {
            let at = member(place, keyword);
            match keyword.as_str() {
                "type" => node.types = Some(types(value, &at)?),
                "enum" => match value {
                    Value::Array(values) if !values.is_empty() => {
                        node.values = Some(values.clone());
                    }
                    _ => return error("`enum` must be a list of at least one value", &at),
                },
                "allOf" => node.all = self.list(value, &at, depth)?,
                "anyOf" => node.any = self.list(value, &at, depth)?,
                "oneOf" => node.one = self.list(value, &at, depth)?,
                "not" => node.not = Some(self.schema(value, &at, depth)?),
                _ => {
                    let known = number(&mut node.number, object, keyword, value, &at)?
                        || text(&mut node.text, keyword, value, &at)?
                        || self.array(&mut node.array, keyword, value, &at, depth)?
                        || self.object(&mut node.object, keyword, value, &at, depth)?
                        || ANNOTATIONS.contains(&keyword.as_str())
                        || keyword.starts_with("x-");
                    if !known {
                        return error(
                            format!("JSON Schema draft 4 has no keyword `{keyword}`"),
                            place,
                        );
                    }
                }
            }
        }
        Ok(node)
    }

    /// A schema of the same document.
    fn reference(
        &mut self,
        reference: &Value,
        place: &str,
        depth: usize,
    ) -> Result<Id, ModelError> {
        let Some(text) = reference.as_str() else {
            return error("`$ref` must be a text", place);
        };
        let root = self.root;
        let target = text
            .strip_prefix('#')
            .map(crate::text::decode_path)
            .and_then(|pointer| root.pointer(&pointer).map(|target| (pointer, target)));
        match target {
            Some((pointer, target)) => self.schema(target, &pointer, depth),
            None => error(
                format!("`$ref` does not name a schema of this document: `{text}`"),
                place,
            ),
        }
    }

    fn list(&mut self, value: &Value, place: &str, depth: usize) -> Result<Vec<Id>, ModelError> {
        match value {
            Value::Array(schemas) if !schemas.is_empty() => schemas
                .iter()
                .enumerate()
                .map(|(at, schema)| self.schema(schema, &format!("{place}/{at}"), depth))
                .collect(),
            _ => error("expected a list of at least one schema", place),
        }
    }

    fn additional(
        &mut self,
        value: &Value,
        place: &str,
        depth: usize,
    ) -> Result<Additional, ModelError> {
        Ok(match value {
            Value::Bool(true) => Additional::Allowed,
            Value::Bool(false) => Additional::Forbidden,
            schema => Additional::Checked(self.schema(schema, place, depth)?),
        })
    }

    fn array(
        &mut self,
        rules: &mut ArrayRules,
        keyword: &str,
        value: &Value,
        place: &str,
        depth: usize,
    ) -> Result<bool, ModelError> {
        match keyword {
            "items" => {
                rules.items = match value {
                    Value::Array(_) => Items::ByPlace(self.list(value, place, depth)?),
                    schema => Items::Each(self.schema(schema, place, depth)?),
                }
            }
            "additionalItems" => rules.additional = self.additional(value, place, depth)?,
            "maxItems" => rules.max = Some(count(value, place)?),
            "minItems" => rules.min = count(value, place)?,
            "uniqueItems" => rules.unique = flag(value, place)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn object(
        &mut self,
        rules: &mut ObjectRules,
        keyword: &str,
        value: &Value,
        place: &str,
        depth: usize,
    ) -> Result<bool, ModelError> {
        match keyword {
            "maxProperties" => rules.max = Some(count(value, place)?),
            "minProperties" => rules.min = count(value, place)?,
            "required" => {
                rules.required = names(value, place)?;
                if rules.required.is_empty() {
                    return error("`required` must be a list of at least one name", place);
                }
            }
            "properties" => {
                for (name, schema) in members(value, place)? {
                    let id = self.schema(schema, &member(place, name), depth)?;
                    rules.properties.insert(name.clone(), id);
                }
            }
            "patternProperties" => {
                for (pattern, schema) in members(value, place)? {
                    let at = member(place, pattern);
                    let id = self.schema(schema, &at, depth)?;
                    rules.patterns.push((expression(pattern, &at)?, id));
                }
            }
            "additionalProperties" => rules.additional = self.additional(value, place, depth)?,
            "dependencies" => {
                for (name, value) in members(value, place)? {
                    let at = member(place, name);
                    let dependency = match value {
                        Value::Array(_) => Dependency::Properties(names(value, &at)?),
                        schema => Dependency::Schema(self.schema(schema, &at, depth)?),
                    };
                    rules.dependencies.push((name.clone(), dependency));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Refuses schemas that come back to themselves for the same value, as checking them would not end.
    fn refuse_loops(&self) -> Result<(), ModelError> {
        // Schemas that apply to the same value, and not to a part of it.
        let next = |id: Id| {
            let node = self.nodes.get(id);
            node.into_iter().flat_map(|node| {
                let schemas =
                    node.object.dependencies.iter().filter_map(
                        |(_, dependency)| match dependency {
                            Dependency::Schema(id) => Some(*id),
                            Dependency::Properties(_) => None,
                        },
                    );
                let lists = [&node.all, &node.any, &node.one].into_iter().flatten();
                lists
                    .copied()
                    .chain(node.reference)
                    .chain(node.not)
                    .chain(schemas)
            })
        };
        // Kahn's algorithm: schemas without predecessors are removed, until nothing or only loops
        // are left.
        let mut before = vec![0_usize; self.nodes.len()];
        for id in 0..self.nodes.len() {
            for target in next(id) {
                before[target] += 1;
            }
        }
        let mut free: Vec<Id> = (0..before.len()).filter(|&id| before[id] == 0).collect();
        while let Some(id) = free.pop() {
            for target in next(id) {
                before[target] -= 1;
                if before[target] == 0 {
                    free.push(target);
                }
            }
        }
        match self.places.iter().find(|&(_, &id)| before[id] > 0) {
            None => Ok(()),
            Some((place, _)) => error("the schema refers to itself endlessly", place),
        }
    }
}

fn types(value: &Value, place: &str) -> Result<Vec<Type>, ModelError> {
    let one = |value: &Value| {
        Ok(match value.as_str() {
            Some("null") => Type::Null,
            Some("boolean") => Type::Boolean,
            Some("integer") => Type::Integer,
            Some("number") => Type::Number,
            Some("string") => Type::Text,
            Some("array") => Type::Array,
            Some("object") => Type::Object,
            _ => return error(format!("unknown type in draft 4: {value}"), place),
        })
    };
    match value {
        Value::Array(values) if !values.is_empty() => values.iter().map(one).collect(),
        value => one(value).map(|one| vec![one]),
    }
}

fn number(
    rules: &mut NumberRules,
    object: &Map<String, Value>,
    keyword: &str,
    value: &Value,
    place: &str,
) -> Result<bool, ModelError> {
    let limit = |exclusive: &str| match value {
        Value::Number(number) => {
            let exclusive = object.get(exclusive).and_then(Value::as_bool);
            Ok(Some((number.clone(), exclusive.unwrap_or(false))))
        }
        _ => error(format!("`{keyword}` must be a number"), place),
    };
    match keyword {
        "maximum" => rules.maximum = limit("exclusiveMaximum")?,
        "minimum" => rules.minimum = limit("exclusiveMinimum")?,
        // Draft 6 made them numbers; here they say how to read the limit (draft 4 §5.1.2, §5.1.3).
        "exclusiveMaximum" | "exclusiveMinimum" => {
            let partner = if keyword == "exclusiveMaximum" {
                "maximum"
            } else {
                "minimum"
            };
            flag(value, place)?;
            if !object.contains_key(partner) {
                return error(format!("`{keyword}` needs `{partner}`"), place);
            }
        }
        "multipleOf" => match value {
            Value::Number(number) if positive(number) => {
                rules.multiple_of = Some(number.clone());
            }
            _ => return error("`multipleOf` must be a number above 0", place),
        },
        _ => return Ok(false),
    }
    Ok(true)
}

fn positive(number: &Number) -> bool {
    number.as_f64().is_some_and(|number| number > 0.0)
}

fn text(
    rules: &mut TextRules,
    keyword: &str,
    value: &Value,
    place: &str,
) -> Result<bool, ModelError> {
    match keyword {
        "maxLength" => rules.max = Some(count(value, place)?),
        "minLength" => rules.min = count(value, place)?,
        "pattern" => match value.as_str() {
            Some(pattern) => rules.pattern = Some(expression(pattern, place)?),
            None => return error("`pattern` must be a text", place),
        },
        _ => return Ok(false),
    }
    Ok(true)
}

fn expression(pattern: &str, place: &str) -> Result<Pattern, ModelError> {
    Pattern::new(pattern).or_else(|what| error(what, place))
}

fn count(value: &Value, place: &str) -> Result<usize, ModelError> {
    value
        .as_u64()
        .and_then(|count| usize::try_from(count).ok())
        .map_or_else(|| error("expected a whole number of at least 0", place), Ok)
}

fn flag(value: &Value, place: &str) -> Result<bool, ModelError> {
    value
        .as_bool()
        .map_or_else(|| error("expected `true` or `false`", place), Ok)
}

fn names(value: &Value, place: &str) -> Result<Vec<String>, ModelError> {
    let names = value.as_array().and_then(|values| {
        let names = values.iter().map(|name| name.as_str().map(str::to_owned));
        names.collect()
    });
    names.map_or_else(|| error("expected a list of names", place), Ok)
}

fn members<'v>(value: &'v Value, place: &str) -> Result<&'v Map<String, Value>, ModelError> {
    value
        .as_object()
        .map_or_else(|| error("expected an object", place), Ok)
}
