//! AWS's query protocol (SNS): parameters as a form, answers as XML. Both are documents to the rest, so that a kind of resource makes its
//! calls as it does where a service speaks JSON.
//!
//! Lists are `Tags.member.1.Key`, maps `Attributes.entry.1.key` (SNS API reference, `CreateTopic`).

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::{
    Reader,
    escape::resolve_predefined_entity,
    events::{BytesRef, Event},
};
use serde_json::{Map, Value};

/// What a form has as it is (RFC 3986, "Unreserved Characters").
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The most levels that an answer may have.
const DEPTH: usize = 32;

/// The form of a call: the operation, the version of the service's model, and parameters.
pub(super) fn form(operation: &str, version: &str, parameters: &Value) -> String {
    let mut form = format!("Action={operation}&Version={version}");
    let all = parameters.as_object().into_iter().flatten();
    for (name, value) in all {
        add(&mut form, name, value);
    }
    form
}

/// Adds a parameter: a scalar, a list of scalars or of structures of them, or a map of scalars. `null` is left out.
fn add(form: &mut String, name: &str, value: &Value) {
    match value {
        Value::Array(list) => {
            for (at, one) in list.iter().enumerate() {
                let name = format!("{name}.member.{}", at + 1);
                match one.as_object() {
                    Some(fields) => {
                        for (field, value) in fields {
                            pair(form, &format!("{name}.{field}"), value);
                        }
                    }
                    None => pair(form, &name, one),
                }
            }
        }
        Value::Object(map) => {
            for (at, (key, value)) in map.iter().enumerate() {
                let name = format!("{name}.entry.{}", at + 1);
                pair(form, &format!("{name}.key"), &Value::from(key.as_str()));
                pair(form, &format!("{name}.value"), value);
            }
        }
        scalar => pair(form, name, scalar),
    }
}

fn pair(form: &mut String, name: &str, value: &Value) {
    let text = match value {
        Value::Null => return,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let text = utf8_percent_encode(&text, ESCAPED);
    // Writing to a text does not fail.
    let _ = write!(form, "&{name}={text}");
}

/// The result of a response, as a document: `null` if the response has no result or is not XML.
pub(super) fn result(operation: &str, xml: &str) -> Value {
    let mut answer = document(xml).unwrap_or_default();
    let result = answer.get_mut(format!("{operation}Result"));
    result.map(Value::take).unwrap_or_default()
}

/// The code and the message in a refusal.
pub(super) fn refusal(xml: &str) -> (Option<String>, Option<String>) {
    let answer = document(xml).unwrap_or_default();
    let text = |key: &str| answer["Error"][key].as_str().map(str::to_owned);
    (text("Code"), text("Message"))
}

/// An element that is being read: its name, its children and its text.
#[derive(Default)]
struct Open {
    name: String,
    children: Vec<(String, Value)>,
    text: String,
}

impl Open {
    /// A list of `member`, a map of `entry`, a structure, or a text.
    fn close(self) -> Value {
        let Self { children, text, .. } = self;
        let all = |name: &str| !children.is_empty() && children.iter().all(|(one, _)| one == name);
        if all("member") {
            return children.into_iter().map(|(_, value)| value).collect();
        }
        if all("entry") {
            let entries = children.into_iter().filter_map(|(_, entry)| {
                let key = entry["key"].as_str()?.to_owned();
                Some((key, entry["value"].clone()))
            });
            return Value::Object(entries.collect());
        }
        match children.is_empty() {
            true => Value::String(text),
            false => Value::Object(children.into_iter().collect::<Map<_, _>>()),
        }
    }
}

/// What is inside of the root element; `None` for what is not XML, or has more than [`DEPTH`] levels.
fn document(xml: &str) -> Option<Value> {
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Open> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                if open.len() >= DEPTH {
                    return None;
                }
                let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                open.push(Open {
                    name,
                    ..Open::default()
                });
            }
            Event::Empty(empty) => {
                let name = String::from_utf8_lossy(empty.local_name().as_ref()).into_owned();
                let empty = Value::String(String::new());
                match open.last_mut() {
                    Some(parent) => parent.children.push((name, empty)),
                    None => return Some(empty),
                }
            }
            Event::Text(text) => {
                if let Some(open) = open.last_mut() {
                    open.text.push_str(&text.decode().ok()?);
                }
            }
            Event::CData(text) => {
                if let Some(open) = open.last_mut() {
                    open.text.push_str(&text.decode().ok()?);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(open) = open.last_mut() {
                    open.text.push_str(&referred(&reference)?);
                }
            }
            Event::End(_) => {
                let mut done = open.pop()?;
                let name = std::mem::take(&mut done.name);
                let value = done.close();
                match open.last_mut() {
                    Some(parent) => parent.children.push((name, value)),
                    None => return Some(value),
                }
            }
            Event::Eof => return None,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
        }
    }
}

/// The text that `&quot;` or `&#13;` stands for.
fn referred(reference: &BytesRef<'_>) -> Option<String> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(character.to_string());
    }
    let name = reference.decode().ok()?;
    resolve_predefined_entity(&name).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{form, refusal, result};

    #[test]
    fn parameters_are_a_form() {
        let parameters = json!({
            "Name": "a b&c", "Yes": true, "None": null,
            "Tags": [{ "Key": "one", "Value": "1/ü" }, { "Key": "two", "Value": "" }],
            "TagKeys": ["x"],
            "Attributes": { "FifoTopic": "true", "FilterPolicy": "{\"a\":[1]}" },
        });
        assert_eq!(
            form("CreateTopic", "2010-03-31", &parameters),
            "Action=CreateTopic&Version=2010-03-31&Name=a%20b%26c&Yes=true\
             &Tags.member.1.Key=one&Tags.member.1.Value=1%2F%C3%BC&Tags.member.2.Key=two&Tags.member.2.Value=\
             &TagKeys.member.1=x\
             &Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true\
             &Attributes.entry.2.key=FilterPolicy&Attributes.entry.2.value=%7B%22a%22%3A%5B1%5D%7D"
        );
    }

    #[test]
    fn an_answer_is_a_document() {
        let topics = "<?xml version=\"1.0\"?><ListTopicsResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\">\n  <ListTopicsResult>\n    \
                      <Topics>\n <member><TopicArn>a</TopicArn></member><member><TopicArn>b</TopicArn></member></Topics>\
                      <NextToken/></ListTopicsResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></ListTopicsResponse>";
        let wanted =
            json!({ "Topics": [{ "TopicArn": "a" }, { "TopicArn": "b" }], "NextToken": "" });
        assert_eq!(result("ListTopics", topics), wanted);
        let attributes = "<R><GetTopicAttributesResult><Attributes><entry><key>Policy</key><value>{&quot;a&quot;:&#39;&amp;&lt;é&gt;}</value></entry>\
                          <entry><key>DisplayName</key><value></value></entry></Attributes></GetTopicAttributesResult></R>";
        assert_eq!(
            result("GetTopicAttributes", attributes)["Attributes"],
            json!({ "Policy": "{\"a\":'&<é>}", "DisplayName": "" })
        );
        let refused = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>";
        assert_eq!(
            refusal(refused),
            (
                Some("NotFound".to_owned()),
                Some("Topic does not exist".to_owned())
            )
        );
    }

    #[test]
    fn what_is_not_an_answer_is_nothing() {
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        for xml in ["", "no", "<a>", "<a></b>", "<a>&nothing;</a>", &deep, "{}"] {
            assert_eq!(result("A", xml), Value::Null);
            assert_eq!(refusal(xml), (None, None));
        }
        assert_eq!(result("A", "<R><AResult/></R>"), json!(""));
    }
}
