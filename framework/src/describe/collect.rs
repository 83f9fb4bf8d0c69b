//! The schemas of all routes, collected by name.

use std::collections::BTreeMap;

use fw_manifest::{ManifestSchema, ManifestSchemas};
use schemars::{
    SchemaGenerator,
    generate::{Contract, SchemaSettings},
};

/// What collects the schemas: those of requests and those of responses apart, as `serde` may read a type in another shape than it writes it.
#[derive(Debug)]
pub(crate) struct Describer {
    pub(crate) request: SchemaGenerator,
    pub(crate) response: SchemaGenerator,
}

impl Default for Describer {
    fn default() -> Self {
        let generator = |contract| {
            let mut settings = SchemaSettings::draft2020_12();
            settings.contract = contract;
            settings.into_generator()
        };
        Self {
            request: generator(Contract::Deserialize),
            response: generator(Contract::Serialize),
        }
    }
}

impl Describer {
    /// All schemas that have a name.
    pub(crate) fn finish(self) -> ManifestSchemas {
        let mut schemas = ManifestSchemas::default();
        schemas.request = named(self.request);
        schemas.response = named(self.response);
        schemas
    }
}

fn named(mut generator: SchemaGenerator) -> BTreeMap<String, ManifestSchema> {
    if generator.definitions().is_empty() {
        return BTreeMap::new();
    }
    let ids = ids(&format!("{generator:?}"));
    let definitions = generator.take_definitions(true).into_iter();
    definitions
        .map(|(name, schema)| {
            let id = ids.get(&name).cloned().unwrap_or_default();
            (name, ManifestSchema::new(id, schema))
        })
        .collect()
}

/// The types that the names stand for: `shop::Page<shop::Order>` of `Page2`.
///
/// A generic type's name says nothing of its parameters, and a second type of a name gets a number, in the order of first use. Only the
/// generator knows which is which, and shows it in its `Debug` text alone. What is not found there has no id, and keeps its name.
fn ids(generator: &str) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    let Some((_, mut rest)) = generator.split_once("schema_id_to_name: {") else {
        return ids;
    };
    while let Some(entry) = rest.trim_start_matches(", ").strip_prefix("SchemaUid(\"") {
        let Some((id, after)) = entry.split_once("\", ") else {
            break;
        };
        let Some((name, after)) = after
            .split_once("): \"")
            .and_then(|(_, after)| after.split_once('"'))
        else {
            break;
        };
        ids.insert(name.to_owned(), id.to_owned());
        rest = after;
    }
    ids
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::Describer;

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Order {
        id: u32,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Hit {
        text: Option<String>,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Page<T> {
        items: Vec<T>,
    }

    #[test]
    fn types_of_one_name_are_told_apart_whatever_comes_first() {
        let module = module_path!();
        let id = |order: &[fn(&mut Describer)], name: &str| {
            let mut describer = Describer::default();
            for describe in order {
                describe(&mut describer);
            }
            let schemas = describer.finish();
            let found = schemas.response[name].id.clone();
            assert!(!schemas.response[name].schema.is_boolean());
            found
        };
        let orders: fn(&mut Describer) = |all| drop(all.response.subschema_for::<Page<Order>>());
        let hits: fn(&mut Describer) = |all| drop(all.response.subschema_for::<Page<Hit>>());
        let of_orders = format!("{module}::Page<{module}::Order>");
        let of_hits = format!("{module}::Page<{module}::Hit>");
        assert_eq!(id(&[orders, hits], "Page"), of_orders);
        assert_eq!(id(&[orders, hits], "Page2"), of_hits);
        assert_eq!(id(&[hits, orders], "Page"), of_hits);
        assert_eq!(id(&[hits, orders], "Hit"), format!("{module}::Hit"));
    }

    #[test]
    fn a_request_and_a_response_have_schemas_of_their_own() {
        let mut describer = Describer::default();
        let _ = describer.request.subschema_for::<Hit>();
        let _ = describer.response.subschema_for::<Hit>();
        let schemas = describer.finish();
        assert!(schemas.request["Hit"].schema.get("required").is_none());
        assert_eq!(schemas.response["Hit"].schema["required"][0], "text");
    }
}
