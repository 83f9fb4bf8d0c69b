//! Parameters of the query protocol: `application/x-www-form-urlencoded` text whose dotted names are lists and structures.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// The most parameters of a request. A batch of ten entries with ten attributes each has about five hundred.
const MOST_PARAMETERS: usize = 5_000;
/// The most parts of a dotted name. The deepest name of SQS and SNS has seven.
const DEEPEST: usize = 10;

/// The parameters of a request, in their order.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads the parameters of a query or of a body. Returns `None` if there are too many.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut pairs = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MOST_PARAMETERS {
                return None;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((decode(name), decode(value)));
        }
        Some(Self(pairs))
    }

    /// The value of a parameter by its whole name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The values of a parameter that is repeated.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.0.iter().filter(move |(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The parameters by the parts of their names.
    pub(crate) fn tree(self) -> Node {
        let mut root = Node::default();
        for (name, value) in self.0 {
            let parts: Vec<_> = name.split('.').collect();
            if parts.len() > DEEPEST {
                continue;
            }
            let mut node = &mut root;
            for part in parts {
                node = node.children.entry(part.to_owned()).or_default();
            }
            node.value = Some(value);
        }
        root
    }
}

/// One part of the dotted names.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) value: Option<String>,
    pub(crate) children: BTreeMap<String, Node>,
}

impl Node {
    /// The node below that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Node> {
        self.children.get(name)
    }

    /// The text at that name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.child(name)?.value.as_deref()
    }

    /// The items of a list (`1`, `2`, …) in their order. A list may sit below `member`.
    pub(crate) fn items(&self) -> Vec<&Node> {
        let list = self.child("member").unwrap_or(self);
        let mut items: Vec<_> = list
            .children
            .iter()
            .filter_map(|(index, node)| Some((index.parse::<u32>().ok()?, node)))
            .collect();
        items.sort_by_key(|(index, _)| *index);
        items.into_iter().map(|(_, node)| node).collect()
    }
}

/// Decodes a name or a value: `+` is a space, `%` starts two hexadecimal digits. Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn decode(text: &str) -> String {
    let spaced: Cow<'_, str> = if text.contains('+') {
        text.replace('+', " ").into()
    } else {
        text.into()
    };
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_names_become_lists_in_the_order_of_their_numbers() {
        let tree = Form::parse("A.10.Name=c&A.2.Name=b+%C3%BC&A.1.Name=a&X=1")
            .unwrap()
            .tree();
        let names: Vec<_> = tree
            .child("A")
            .unwrap()
            .items()
            .iter()
            .filter_map(|item| item.text("Name"))
            .collect();
        assert_eq!(names, ["a", "b ü", "c"]);
        assert_eq!(tree.text("X"), Some("1"));
    }

    #[test]
    fn parameters_and_depth_are_bounded() {
        assert!(Form::parse(&"a=1&".repeat(MOST_PARAMETERS + 1)).is_none());
        let deep = format!("{}=1", ["a"; 1000].join("."));
        assert!(Form::parse(&deep).unwrap().tree().children.is_empty());
    }
}
