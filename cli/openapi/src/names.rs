//! The names of components: one for each type, and a second where a type is read in another shape than it is written.

use std::collections::{BTreeMap, BTreeSet};

use fw_manifest::{ManifestSchema, ManifestSchemas};
use serde_json::Value;

use crate::{
    fault::Fault,
    rewrite::{self, Direction},
    types,
};

/// The components' names, by the manifest's.
#[derive(Debug, Default)]
pub(crate) struct Names {
    request: BTreeMap<String, String>,
    response: BTreeMap<String, String>,
}

impl Names {
    /// Finds them.
    ///
    /// # Errors
    ///
    /// When two types have one name.
    pub(crate) fn of(schemas: &ManifestSchemas) -> Result<Self, Fault> {
        let ids = |list: &BTreeMap<String, ManifestSchema>| -> Vec<String> {
            list.values().map(|found| found.id.clone()).collect()
        };
        let mut known = ids(&schemas.request);
        known.extend(ids(&schemas.response));
        let known: Vec<&str> = known
            .iter()
            .map(String::as_str)
            .filter(|id| !id.is_empty())
            .collect();
        let mut names = Self {
            request: plain(&schemas.request, &known)?,
            response: plain(&schemas.response, &known)?,
        };
        let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
        for (list, named) in [
            (&schemas.response, &names.response),
            (&schemas.request, &names.request),
        ] {
            for (key, name) in named {
                let id = list.get(key).map_or("", |found| found.id.as_str());
                match owners.insert(name, id) {
                    Some(other) if other != id => {
                        return Err(Fault::same_name(name, other, id));
                    }
                    _ => {}
                }
            }
        }
        let taken: BTreeSet<String> = owners.keys().map(|name| (*name).to_owned()).collect();
        for name in differing(schemas, &names) {
            let input = format!("{name}Input");
            if taken.contains(&input) {
                return Err(Fault::reserved(&input));
            }
            for found in names.request.values_mut().filter(|found| **found == name) {
                found.clone_from(&input);
            }
        }
        Ok(names)
    }

    /// The component's name.
    pub(crate) fn get(&self, direction: Direction, key: &str) -> &str {
        let names = match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        };
        // What refers to nothing is a manifest's mistake, and a validator reports it.
        names.get(key).map_or("Unknown", String::as_str)
    }
}

/// The names that follow from the types alone.
fn plain(
    schemas: &BTreeMap<String, ManifestSchema>,
    known: &[&str],
) -> Result<BTreeMap<String, String>, Fault> {
    let mut names = BTreeMap::new();
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for (key, found) in schemas {
        let name = component(key, &found.id, known, schemas)?;
        if let Some(other) = owners.insert(name.clone(), &found.id) {
            return Err(Fault::same_name(&name, other, &found.id));
        }
        names.insert(key.clone(), name);
    }
    Ok(names)
}

fn component(
    key: &str,
    id: &str,
    known: &[&str],
    schemas: &BTreeMap<String, ManifestSchema>,
) -> Result<String, Fault> {
    let stem = key.trim_end_matches(|last: char| last.is_ascii_digit());
    // A type that is renamed by a pattern, `{T}Page`, has a name that says its parameters already.
    let generic = id.contains('<') && !id.contains('{');
    let declared = id.split('<').next().unwrap_or_default();
    let declared = declared.rsplit("::").next().unwrap_or_default();
    let derived = if generic || (stem != key && declared == stem) {
        types::name(id, known)
    } else {
        None
    };
    let name = match derived {
        Some(name) => name,
        None if id.is_empty() && stem != key && schemas.contains_key(stem) => {
            return Err(Fault::numbered(key));
        }
        None => key.to_owned(),
    };
    let allowed = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
    Ok(name.chars().filter(allowed).collect())
}

/// The names of types that are read in another shape than they are written: their own schema differs, or one that it refers to.
fn differing(schemas: &ManifestSchemas, names: &Names) -> BTreeSet<String> {
    let both: BTreeMap<&str, (Value, Value)> = names
        .request
        .iter()
        .filter_map(|(key, name)| {
            let (other, _) = names.response.iter().find(|(_, other)| *other == name)?;
            let request = &schemas.request.get(key)?.schema;
            let response = &schemas.response.get(other)?.schema;
            let request = rewrite::schema(request, Direction::Request, names);
            let response = rewrite::schema(response, Direction::Response, names);
            Some((name.as_str(), (request, response)))
        })
        .collect();
    let mut found: BTreeSet<String> = both
        .iter()
        .filter(|(_, (request, response))| request != response)
        .map(|(name, _)| (*name).to_owned())
        .collect();
    loop {
        let more: Vec<String> = both
            .iter()
            .filter(|(name, (request, _))| {
                !found.contains(**name) && found.iter().any(|other| refers(request, other))
            })
            .map(|(name, _)| (*name).to_owned())
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// True if a schema, or one in it, refers to that component.
fn refers(schema: &Value, name: &str) -> bool {
    match schema {
        Value::Object(members) => members.iter().any(|(key, value)| {
            let direct = key == "$ref"
                && value
                    .as_str()
                    .and_then(|path| path.strip_prefix(rewrite::COMPONENTS))
                    == Some(name);
            direct || refers(value, name)
        }),
        Value::Array(list) => list.iter().any(|one| refers(one, name)),
        _ => false,
    }
}
