//! The XML of query answers as JSON. Lists are `member` elements, maps are `entry` elements.

use serde_json::{Map, Value};

/// Lists that are there without items.
const LISTS: [&str; 5] = ["Failed", "Successful", "Subscriptions", "Tags", "Topics"];

/// The content of the document's root.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let start = text.find("?>").map_or(0, |end| end + 2);
    let (_, value, _) = element(text.get(start..)?.trim_start())?;
    Some(value)
}

/// An element at the start of the text: its name, its content and the text after it.
fn element(text: &str) -> Option<(&str, Value, &str)> {
    let (head, mut rest) = text.strip_prefix('<')?.split_once('>')?;
    let name = head.split([' ', '/']).next()?;
    if head.ends_with('/') {
        return Some((name, empty(name), rest));
    }
    let end = format!("</{name}>");
    if !rest.starts_with('<') || rest.starts_with(&end) {
        let (content, rest) = rest.split_once(&end)?;
        let value = if content.is_empty() {
            empty(name)
        } else {
            unescape(content).into()
        };
        return Some((name, value, rest));
    }
    let mut children = Vec::new();
    while !rest.starts_with(&end) {
        let (name, value, after) = element(rest)?;
        children.push((name, value));
        rest = after;
    }
    Some((name, combine(children), rest.strip_prefix(&end)?))
}

fn empty(name: &str) -> Value {
    if LISTS.contains(&name) {
        return Value::Array(Vec::new());
    }
    if name.ends_with("Result") {
        return Value::Object(Map::new());
    }
    "".into()
}

fn combine(children: Vec<(&str, Value)>) -> Value {
    match children.first() {
        Some(("member", _)) => children.into_iter().map(|(_, value)| value).collect(),
        Some(("entry", _)) => children
            .into_iter()
            .filter_map(|(_, entry)| {
                Some((entry["key"].as_str()?.to_owned(), entry["value"].clone()))
            })
            .collect::<Map<_, _>>()
            .into(),
        _ => children
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<Map<_, _>>()
            .into(),
    }
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#xD;", "\r")
        .replace("&amp;", "&")
}
