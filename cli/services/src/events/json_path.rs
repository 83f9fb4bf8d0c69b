//! The part of `JSONPath` that EventBridge takes: members after dots, indices and `*` in brackets (user guide, "Input transformation").

use std::collections::HashMap;

use serde_json::value::RawValue;

/// A checked path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Index(usize),
    All,
}

impl JsonPath {
    /// Reads a path, such as `$.detail.items[0].sku`. Returns `None` if it is not one, or has what EventBridge does not take.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('$')?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                if after.is_empty() && steps.is_empty() {
                    break;
                }
                let end = after.find(['.', '[']).unwrap_or(after.len());
                let (name, after) = after.split_at(end);
                let is_allowed =
                    |character: char| character.is_alphanumeric() || "-_/:@ ".contains(character);
                match name {
                    "*" => steps.push(Step::All),
                    "" => return None,
                    name if name.chars().all(is_allowed) => {
                        steps.push(Step::Member(name.to_owned()));
                    }
                    _ => return None,
                }
                rest = after;
            } else {
                let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
                steps.push(match inside {
                    "*" => Step::All,
                    index => Step::Index(index.parse().ok()?),
                });
                rest = after;
            }
        }
        Some(Self(steps))
    }

    /// The JSON at the path, in the text of the document, or `None` if nothing is there. A path with `*` gives the list of all.
    pub(super) fn find(&self, document: &str) -> Option<String> {
        let root: &RawValue = serde_json::from_str(document).ok()?;
        let mut found = vec![root];
        let mut is_list = false;
        for step in &self.0 {
            found = match step {
                Step::Member(name) => found
                    .into_iter()
                    .filter_map(|one| {
                        let members: HashMap<String, &RawValue> =
                            serde_json::from_str(one.get()).ok()?;
                        members.get(name).copied()
                    })
                    .collect(),
                Step::Index(index) => found
                    .into_iter()
                    .filter_map(|one| items(one).get(*index).copied())
                    .collect(),
                Step::All => {
                    is_list = true;
                    found.into_iter().flat_map(items).collect()
                }
            };
        }
        if is_list {
            let texts: Vec<_> = found.into_iter().map(RawValue::get).collect();
            return Some(format!("[{}]", texts.join(",")));
        }
        found.first().map(|one| one.get().to_owned())
    }
}

/// The items of a list, or the values of an object.
fn items(json: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(json.get()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_members_items_and_all() {
        let document = r#"{"detail-type":"T","detail":{"z":1,"a":[{"b":"x"},{"b":true}]}}"#;
        let find = |path: &str| JsonPath::parse(path).unwrap().find(document);
        assert_eq!(find("$").as_deref(), Some(document));
        assert_eq!(find("$.detail-type").as_deref(), Some("\"T\""));
        assert_eq!(find("$.detail.a[1].b").as_deref(), Some("true"));
        assert_eq!(find("$.detail.a[*].b").as_deref(), Some("[\"x\",true]"));
        assert_eq!(find("$.detail.a[0]").as_deref(), Some("{\"b\":\"x\"}"));
        assert_eq!(find("$.detail.nothing"), None);
        assert_eq!(find("$.detail.a[7]"), None);
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        for text in [
            "",
            "detail",
            "$.a..b",
            "$.a[?(@.b)]",
            "$.a['b']",
            "$.a[",
            "$a",
        ] {
            assert_eq!(JsonPath::parse(text), None, "{text}");
        }
        assert!(JsonPath::parse("$.").is_some());
    }
}
