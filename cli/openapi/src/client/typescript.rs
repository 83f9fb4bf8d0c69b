//! A client in TypeScript: one file without imports, types and code.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Map, Value};

use super::{
    comment::block,
    component,
    operations::{self, Operation, Parameter},
};

/// What every client has.
const RUNTIME: &str = include_str!("runtime.ts");

/// The client for a document of 3.1.
///
/// Each operation is a method of what `client()` returns, named by its id. An answer is a union by status: after `if (answer.status === 200)` its body
/// has the type of a 200. The file compiles under `strict`, and the same document makes the same bytes.
#[must_use]
pub fn typescript(document: &Value) -> String {
    let title = text(document, "/info/title");
    let version = text(document, "/info/version");
    let mut code = format!(
        "// {title} {version}, made by `cargo fw client ts`: changes are lost.\n/* eslint-disable */\n\n"
    );
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    for (name, schema) in schemas.into_iter().flatten() {
        code += &block("", &spoken(schema));
        let _ = writeln!(code, "export type {} = {};\n", ident(name), of(schema, ""));
    }
    code += RUNTIME;
    code += "\n/** The API's methods. `baseUrl` is where it is served, without a slash at the end. */\n";
    code +=
        "export function client(options: Options) {\n  const call = caller(options);\n  return {\n";
    for operation in operations::of(document) {
        method(&mut code, &operation);
    }
    code += "  };\n}\n";
    code
}

fn text<'d>(document: &'d Value, pointer: &str) -> &'d str {
    let found = document.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default()
}

/// What a schema says of itself in words.
fn spoken(schema: &Value) -> String {
    let mut lines = Vec::new();
    if let Some(description) = schema.get("description").and_then(Value::as_str) {
        lines.push(description.trim().to_owned());
    }
    let format = schema.get("format").and_then(Value::as_str);
    if format.is_some_and(|format| matches!(format, "int64" | "uint64")) {
        lines.push("A number beyond 2^53 loses digits in JavaScript.".to_owned());
    }
    if schema.get("deprecated") == Some(&Value::Bool(true)) {
        lines.push("@deprecated".to_owned());
    }
    lines.join("\n")
}

/// A type's name. Letters, digits, `_` and `$` are left of it.
fn ident(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '_'
            }
        })
        .collect();
    const TAKEN: [&str; 28] = [
        "AbortSignal",
        "Answer",
        "Array",
        "BodyInit",
        "Exclude",
        "RequestInit",
        "URLSearchParams",
        "Uint8Array",
        "Blob",
        "Boolean",
        "Caller",
        "Client4",
        "Date",
        "Error",
        "Headers",
        "Input",
        "JSON",
        "Map",
        "Number",
        "Object",
        "Options",
        "Promise",
        "Record",
        "Response",
        "Server5",
        "Set",
        "String",
        "Symbol",
    ];
    if TAKEN.contains(&plain.as_str()) || plain.starts_with(|first: char| first.is_ascii_digit()) {
        return format!("{plain}_");
    }
    plain
}

/// A text as a literal.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A member's name, quoted where it has to be.
fn key(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters
        .next()
        .is_some_and(|it| it.is_ascii_alphabetic() || it == '_');
    if first && letters.all(|it| it.is_ascii_alphanumeric() || it == '_') {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// The type of a schema's values.
fn of(schema: &Value, indent: &str) -> String {
    let Value::Object(members) = schema else {
        return "unknown".to_owned();
    };
    let mut parts = Vec::new();
    if let Some(name) = component(schema) {
        parts.push(ident(name));
    }
    if let Some(value) = members.get("const") {
        return value.to_string();
    }
    if let Some(Value::Array(values)) = members.get("enum") {
        return union(values.iter().map(Value::to_string));
    }
    for word in ["anyOf", "oneOf"] {
        if let Some(Value::Array(variants)) = members.get(word) {
            parts.push(union(variants.iter().map(|one| of(one, indent))));
        }
    }
    if let Some(Value::Array(all)) = members.get("allOf") {
        parts.extend(all.iter().map(|one| bracketed(of(one, indent))));
    }
    let kinds: Vec<&str> = match members.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ if members.contains_key("properties") => vec!["object"],
        _ => Vec::new(),
    };
    let object = kinds.contains(&"object") && !members.contains_key("properties");
    // Beside variants, `type: object` adds nothing.
    if !(kinds.is_empty() || (object && !parts.is_empty())) {
        parts.push(union(kinds.iter().map(|kind| plain(kind, members, indent))));
    }
    match parts.as_slice() {
        [] if members.contains_key("not") => "never".to_owned(),
        [] => "unknown".to_owned(),
        [one] => one.clone(),
        many => many
            .iter()
            .map(|part| bracketed(part.clone()))
            .collect::<Vec<_>>()
            .join(" & "),
    }
}

/// A union, each of its members once.
fn union(all: impl Iterator<Item = String>) -> String {
    let mut members: Vec<String> = Vec::new();
    for one in all {
        if !members.contains(&one) {
            members.push(one);
        }
    }
    if members.is_empty() {
        return "never".to_owned();
    }
    members.join(" | ")
}

/// A union within brackets, so that more can stand beside it.
fn bracketed(ty: String) -> String {
    if ty.contains(" | ") && !(ty.starts_with('{') && ty.ends_with('}')) || ty.contains(" & ") {
        format!("({ty})")
    } else {
        ty
    }
}

fn plain(kind: &str, members: &Map<String, Value>, indent: &str) -> String {
    match kind {
        "string" if members.contains_key("contentMediaType") => "Blob".to_owned(),
        "string" => "string".to_owned(),
        "integer" | "number" => "number".to_owned(),
        "boolean" => "boolean".to_owned(),
        "null" => "null".to_owned(),
        "array" => list(members, indent),
        "object" => object(members, indent),
        _ => "unknown".to_owned(),
    }
}

fn list(members: &Map<String, Value>, indent: &str) -> String {
    if let Some(Value::Array(places)) = members.get("prefixItems") {
        let places: Vec<String> = places.iter().map(|one| of(one, indent)).collect();
        return format!("[{}]", places.join(", "));
    }
    let items = members.get("items").unwrap_or(&Value::Null);
    let item = of(items, indent);
    if item.contains(' ')
        && !(item.starts_with('{') && item.ends_with('}') && !item.contains("} |"))
    {
        format!("Array<{item}>")
    } else {
        format!("{item}[]")
    }
}

fn object(members: &Map<String, Value>, indent: &str) -> String {
    let others = members
        .get("additionalProperties")
        .filter(|value| value.is_object())
        .or_else(|| {
            let patterns = members.get("patternProperties")?.as_object()?;
            patterns.values().next()
        });
    let properties = members.get("properties").and_then(Value::as_object);
    let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
        let value = others.map_or_else(|| "unknown".to_owned(), |schema| of(schema, indent));
        return format!("Record<string, {value}>");
    };
    let required: BTreeSet<&str> = members
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let inner = format!("{indent}  ");
    let mut text = "{\n".to_owned();
    for (name, schema) in properties {
        text += &block(&inner, &spoken(schema));
        let mark = if required.contains(name.as_str()) {
            ""
        } else {
            "?"
        };
        let _ = writeln!(text, "{inner}{}{mark}: {};", key(name), of(schema, &inner));
    }
    text += &format!("{indent}}}");
    match others {
        Some(schema) => format!("{text} & Record<string, {}>", of(schema, indent)),
        None => text,
    }
}

/// A method of the client.
fn method(code: &mut String, operation: &Operation<'_>) {
    let mut said = operation.summary.to_owned();
    if !operation.description.is_empty() {
        said = format!("{said}\n\n{}", operation.description);
    }
    if operation.deprecated {
        said += "\n@deprecated";
    }
    *code += &block("    ", &said);
    let (input, optional) = input(operation);
    let names = |place: &str| {
        let all = operation.parameters.iter().filter(|one| one.place == place);
        let all: Vec<String> = all
            .map(|one| {
                let member = member(operation, one);
                if member == one.name {
                    quoted(one.name)
                } else {
                    quoted(&format!("{}={member}", one.name))
                }
            })
            .collect();
        format!("[{}]", all.join(", "))
    };
    let mut path = operation.path.to_owned();
    for one in operation
        .parameters
        .iter()
        .filter(|one| one.place == "path")
    {
        let mark = if one.greedy { "+" } else { "" };
        let member = member(operation, one);
        path = path.replace(&format!("{{{}}}", one.name), &format!("{{{member}{mark}}}"));
    }
    let mut arguments = vec![quoted(&operation.method), quoted(&path), "input".to_owned()];
    let (query, header) = (names("query"), names("header"));
    let media = operation
        .body
        .as_ref()
        .map(|body| quoted(body.content_type));
    let wanted = [
        (query != "[]").then_some(query),
        (header != "[]").then_some(header),
        media,
    ];
    let last = wanted
        .iter()
        .rposition(Option::is_some)
        .map_or(0, |at| at + 1);
    for argument in wanted.into_iter().take(last) {
        arguments.push(argument.unwrap_or_else(|| "[]".to_owned()));
    }
    let parameter = match (input.as_str(), optional) {
        ("{}", _) => "input: Input = {}".to_owned(),
        (input, true) => format!("input: {input} & Input = {{}}"),
        (input, false) => format!("input: {input} & Input"),
    };
    let _ = writeln!(
        code,
        "    {}: ({parameter}) =>\n      call<{}>({}),",
        key(operation.id),
        answer(operation),
        arguments.join(", ")
    );
}

/// The name of a parameter in the input: its own, unless another place has the same.
fn member(operation: &Operation<'_>, parameter: &Parameter<'_>) -> String {
    let taken = operation
        .parameters
        .iter()
        .any(|other| other.name == parameter.name && other.place != parameter.place);
    let reserved = ["body", "signal", "headers"].contains(&parameter.name);
    if reserved || (taken && parameter.place != "path") {
        format!("{}_{}", parameter.name, parameter.place)
    } else {
        parameter.name.to_owned()
    }
}

/// The type of the input, and whether it may be left out.
fn input(operation: &Operation<'_>) -> (String, bool) {
    let mut members = Vec::new();
    let mut optional = true;
    for one in &operation.parameters {
        let mark = if one.required { "" } else { "?" };
        optional &= !one.required;
        let comment = if one.description.is_empty() {
            String::new()
        } else {
            let line = one
                .description
                .replace('\n', " ")
                .replace("*/", "*\u{2215}");
            format!("/** {line} */ ")
        };
        let member = key(&member(operation, one));
        members.push(format!(
            "{comment}{member}{mark}: {}",
            of(one.schema, "      ")
        ));
    }
    if let Some(body) = &operation.body {
        let mark = if body.required { "" } else { "?" };
        optional &= !body.required;
        let ty = if body.content_type.ends_with("octet-stream") {
            "Blob | Uint8Array<ArrayBuffer>".to_owned()
        } else {
            of(body.schema, "      ")
        };
        members.push(format!("body{mark}: {ty}"));
    }
    if members.is_empty() {
        return ("{}".to_owned(), true);
    }
    (format!("{{ {} }}", members.join("; ")), optional)
}

/// The union of the answers. Statuses of one body are one member.
fn answer(operation: &Operation<'_>) -> String {
    let exact: Vec<&str> = operation
        .answers
        .keys()
        .copied()
        .filter(|status| !status.ends_with("XX"))
        .collect();
    let mut grouped: Vec<(String, Vec<String>)> = Vec::new();
    for (status, media) in &operation.answers {
        let statuses = match *status {
            "4XX" => except("Client4", &exact, '4'),
            "5XX" => except("Server5", &exact, '5'),
            "2XX" | "3XX" => "number".to_owned(),
            status => status.to_owned(),
        };
        let body = if media.is_empty() {
            "undefined".to_owned()
        } else {
            union(media.iter().map(|(content_type, schema)| {
                if content_type.starts_with("text/") {
                    "string".to_owned()
                } else {
                    of(schema, "      ")
                }
            }))
        };
        match grouped.iter_mut().find(|(known, _)| *known == body) {
            Some((_, all)) => all.push(statuses),
            None => grouped.push((body, vec![statuses])),
        }
    }
    let members = grouped
        .into_iter()
        .map(|(body, statuses)| format!("Answer<{}, {body}>", statuses.join(" | ")));
    union(members)
}

fn except(class: &str, exact: &[&str], first: char) -> String {
    let known: Vec<&str> = exact
        .iter()
        .copied()
        .filter(|status| status.starts_with(first))
        .collect();
    if known.is_empty() {
        class.to_owned()
    } else {
        format!("Exclude<{class}, {}>", known.join(" | "))
    }
}
