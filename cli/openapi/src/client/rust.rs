//! A client in Rust: a crate with the types, a method for each operation, and a trait for what sends requests.

mod types;

use std::fmt::Write as _;

use serde_json::Value;

use self::types::{Types, field, pascal};
use super::operations::{self, Operation, Parameter};

/// What every client has.
const RUNTIME: &str = include_str!("runtime.rs.txt");

/// A file of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFile {
    /// Its path in the crate.
    pub path: &'static str,
    /// What is in it.
    pub text: String,
}

/// The files of a crate for a document of 3.1.
///
/// The crate has a trait, `Transport`, for what sends a request; with its feature `reqwest`, which is on unless it is switched off, there is one that does.
/// An answer is an enum by status, so a client sees which statuses it has to expect.
#[must_use]
pub fn rust(document: &Value) -> Vec<ClientFile> {
    let title = text(document, "/info/title");
    let version = text(document, "/info/version");
    let name: String = title
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    let manifest = format!(
        "[package]\nname = \"{}-client\"\nversion = \"{}\"\nedition = \"2024\"\npublish = false\n\n[features]\ndefault = [\"reqwest\"]\n\n[dependencies]\nreqwest = {{ version = \"0.12\", default-features = false, features = [\"rustls-tls\"], optional = true }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n",
        name.trim_matches('-').to_ascii_lowercase(),
        semver(version),
    );
    vec![
        ClientFile {
            path: "Cargo.toml",
            text: manifest,
        },
        ClientFile {
            path: "src/lib.rs",
            text: library(document, title, version),
        },
    ]
}

/// A version that cargo takes; `1` is 1.0.0.
fn semver(version: &str) -> String {
    let core: Vec<&str> = version
        .split(['-', '+'])
        .next()
        .unwrap_or_default()
        .split('.')
        .collect();
    let number = |at: usize| {
        let part = core.get(at).copied().unwrap_or("0");
        part.parse::<u32>().unwrap_or_default()
    };
    format!("{}.{}.{}", number(0), number(1), number(2))
}

fn text<'d>(document: &'d Value, pointer: &str) -> &'d str {
    let found = document.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

fn library(document: &Value, title: &str, version: &str) -> String {
    let mut types = Types::of(document);
    let operations = operations::of(document);
    let mut methods = String::new();
    let mut answers = String::new();
    for operation in &operations {
        answer(&mut answers, operation, &mut types);
        method(&mut methods, operation, &mut types);
    }
    let declared = types.declarations();
    let mut code = format!(
        "//! A client of {title} {version}, made by `cargo fw client rust`: changes are lost.\n#![allow(clippy::all, clippy::pedantic, dead_code, deprecated, unused_mut)]\n\n"
    );
    code += RUNTIME;
    code += &declared;
    code += &answers;
    code += "/// The API's operations.\nimpl<T: Transport> Client<T> {\n";
    code += &methods;
    code += "}\n";
    code
}

/// The enum of an operation's answers.
fn answer(code: &mut String, operation: &Operation<'_>, types: &mut Types<'_>) {
    let name = format!("{}Answer", pascal(operation.id));
    let _ = write!(
        code,
        "/// What `{}` answers.\n#[derive(Clone, Debug, PartialEq)]\npub enum {name} {{\n",
        operation.id
    );
    let mut read = String::new();
    for (status, media) in &operation.answers {
        let Ok(number) = status.parse::<u16>() else {
            continue;
        };
        let variant = format!("Status{number}");
        let (ty, reader) = body(&format!("{name}{number}"), media, types);
        match ty {
            None => {
                let _ = writeln!(code, "    /// {number}.\n    {variant},");
                let _ = writeln!(read, "            {number} => Ok(Self::{variant}),");
            }
            Some(ty) => {
                let _ = writeln!(code, "    /// {number}.\n    {variant}({ty}),");
                let _ = writeln!(
                    read,
                    "            {number} => {reader}.map(Self::{variant}),"
                );
            }
        }
    }
    let _ = write!(
        code,
        "    /// Any other status.\n    Other(Reply),\n}}\n\nimpl {name} {{\n    fn read(reply: Reply) -> Result<Self, serde_json::Error> {{\n        match reply.status {{\n{read}            _ => Ok(Self::Other(reply)),\n        }}\n    }}\n}}\n\n"
    );
}

/// The type of a body, and the expression that reads it; none where there is no body.
fn body(
    name: &str,
    media: &[(&str, &Value)],
    types: &mut Types<'_>,
) -> (Option<String>, &'static str) {
    let json: Vec<&Value> = media
        .iter()
        .filter(|(content_type, _)| content_type.ends_with("json"))
        .map(|(_, schema)| *schema)
        .collect();
    match (media, json.as_slice()) {
        ([], _) => (None, ""),
        (_, [one]) if media.len() == 1 => (
            Some(types.of_named(one, name)),
            "serde_json::from_slice(&reply.body)",
        ),
        (_, several) if several.len() == media.len() => (
            Some(types.union(several, name)),
            "serde_json::from_slice(&reply.body)",
        ),
        ([(content_type, _)], _) if content_type.starts_with("text/") => (
            Some("String".to_owned()),
            "Ok(String::from_utf8_lossy(&reply.body).into_owned())",
        ),
        _ => (Some("Vec<u8>".to_owned()), "Ok(reply.body)"),
    }
}

/// The method of an operation.
fn method(code: &mut String, operation: &Operation<'_>, types: &mut Types<'_>) {
    for line in operation
        .summary
        .lines()
        .chain(if operation.description.is_empty() {
            "".lines()
        } else {
            operation.description.lines()
        })
    {
        let _ = writeln!(code, "    /// {}", line.trim());
    }
    if operation.deprecated {
        code.push_str("    #[deprecated]\n");
    }
    let name = pascal(operation.id);
    let mut arguments = String::new();
    let mut made = String::new();
    let mut path = operation.path.to_owned();
    let mut segments = String::new();
    for one in &operation.parameters {
        let local = argument(operation, one);
        let list = one.schema.get("type").and_then(Value::as_str) == Some("array");
        let ty = types.of_named(one.schema, &format!("{name}{}", pascal(one.name)));
        let ty = if list || one.required {
            ty
        } else {
            format!("Option<{ty}>")
        };
        let _ = write!(arguments, ", {local}: {ty}");
        let put = match one.place {
            "path" => {
                let call = if one.greedy { "segments" } else { "segment" };
                path = path.replace(&format!("{{{}}}", one.name), "{}");
                let _ = write!(segments, ", {call}(&text(&{local}))");
                continue;
            }
            "query" => format!("query.push(({:?}, text(&value)))", one.name),
            "header" => format!("headers.push(({:?}.to_owned(), text(&value)))", one.name),
            _ => continue,
        };
        let _ = if list {
            writeln!(
                made,
                "        for value in {local} {{\n            {put};\n        }}"
            )
        } else if !one.required {
            writeln!(
                made,
                "        if let Some(value) = {local} {{\n            {put};\n        }}"
            )
        } else {
            writeln!(
                made,
                "        {{\n            let value = {local};\n            {put};\n        }}"
            )
        };
    }
    let mut sent = "None".to_owned();
    if let Some(body) = &operation.body {
        let json = body.content_type.ends_with("json");
        let form = body.content_type.ends_with("x-www-form-urlencoded");
        let ty = if json || form {
            types.of_named(body.schema, &format!("{name}Body"))
        } else if body.content_type.starts_with("text/") {
            "String".to_owned()
        } else {
            "Vec<u8>".to_owned()
        };
        let value = if json {
            "serde_json::to_vec(&body)?"
        } else if form {
            "form(&serde_json::to_value(&body)?)"
        } else {
            "Vec::from(body)"
        };
        let content_type = body.content_type;
        if body.required {
            let _ = write!(arguments, ", body: {ty}");
            let _ = writeln!(
                made,
                "        headers.push((\"content-type\".to_owned(), {content_type:?}.to_owned()));\n        let body = Some({value});"
            );
        } else {
            let _ = write!(arguments, ", body: Option<{ty}>");
            let _ = writeln!(
                made,
                "        let body = match body {{\n            None => None,\n            Some(body) => {{\n                headers.push((\"content-type\".to_owned(), {content_type:?}.to_owned()));\n                Some({value})\n            }}\n        }};"
            );
        }
        "body".clone_into(&mut sent);
    }
    let path = if segments.is_empty() {
        format!("{path:?}.to_owned()")
    } else {
        format!("format!({path:?}{segments})")
    };
    let _ = write!(
        code,
        "    pub async fn {}(&self{arguments}) -> Result<{name}Answer, Error<T::Error>> {{\n        let mut query: Vec<(&str, String)> = Vec::new();\n        let mut headers = self.headers.clone();\n        let path = {path};\n{made}        let reply = self.send({:?}, path, query, headers, {sent}).await?;\n        Ok({name}Answer::read(reply)?)\n    }}\n\n",
        field(operation.id),
        operation.method,
    );
}

/// The argument of a parameter: its name, with its place after it where another place has the same.
fn argument(operation: &Operation<'_>, parameter: &Parameter<'_>) -> String {
    let taken = operation
        .parameters
        .iter()
        .any(|other| other.name == parameter.name && other.place != parameter.place);
    let reserved = ["body", "query", "headers", "path", "reply", "value"].contains(&parameter.name);
    if reserved || (taken && parameter.place != "path") {
        field(&format!("{}_{}", parameter.name, parameter.place))
    } else {
        field(parameter.name)
    }
}
