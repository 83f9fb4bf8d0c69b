//! The types of a document in Rust, with serde's attributes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use serde_json::{Map, Value};

use crate::client::component;

/// The types: those of the components, and those that need a name in addition.
#[derive(Debug)]
pub(super) struct Types<'d> {
    schemas: BTreeMap<&'d str, &'d Value>,
    /// By name, in order: the declarations that are made on the way.
    declared: BTreeMap<String, String>,
    /// The components that are variants with a tag, which their enum declares: without the tag, as serde reads it.
    variants: BTreeSet<String>,
}

impl<'d> Types<'d> {
    pub(super) fn of(document: &'d Value) -> Self {
        let schemas = document
            .pointer("/components/schemas")
            .and_then(Value::as_object);
        let schemas: BTreeMap<&str, &Value> = schemas
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.as_str(), schema))
            .collect();
        let mut types = Self {
            schemas: schemas.clone(),
            declared: BTreeMap::new(),
            variants: BTreeSet::new(),
        };
        for (name, schema) in schemas {
            types.component(name, schema);
        }
        types
    }

    /// All declarations.
    pub(super) fn declarations(self) -> String {
        self.declared.into_values().collect()
    }

    fn component(&mut self, name: &str, schema: &Value) {
        let name = type_name(name);
        // A variant stands after its enum, as its name begins with that of the enum.
        if self.variants.contains(&name) {
            return;
        }
        // Taken before its parts are made, so that none of them takes it.
        self.declared.insert(name.clone(), String::new());
        let declaration = self.named(schema, &name).unwrap_or_else(|| {
            let ty = self.inline(schema, &format!("{name}Value"));
            format!("{}pub type {name} = {ty};\n\n", doc(schema, ""))
        });
        self.declared.insert(name, declaration);
    }

    /// A schema's type; one without a name gets that name where it needs one.
    pub(super) fn of_named(&mut self, schema: &Value, name: &str) -> String {
        if let Some(reference) = component(schema) {
            return type_name(reference);
        }
        self.inline(schema, name)
    }

    /// A union of several schemas.
    pub(super) fn union(&mut self, all: &[&Value], name: &str) -> String {
        let all: Vec<Value> = all.iter().map(|one| (*one).clone()).collect();
        let schema = serde_json::json!({ "anyOf": all });
        self.inline(&schema, name)
    }

    fn inline(&mut self, schema: &Value, name: &str) -> String {
        let Value::Object(members) = schema else {
            return "serde_json::Value".to_owned();
        };
        if let Some((inner, rest)) = optional(schema) {
            if rest {
                return format!("Option<{}>", self.of_named(&inner, name));
            }
            return "()".to_owned();
        }
        if let Some(Value::Array(all)) = members.get("allOf")
            && let [only] = all.as_slice()
            && !members.contains_key("properties")
        {
            return self.of_named(only, name);
        }
        match members.get("type").and_then(Value::as_str) {
            Some("string") if !members.contains_key("enum") && !members.contains_key("const") => {
                return "String".to_owned();
            }
            Some("integer") => return integer(members).to_owned(),
            Some("number") => {
                let single = members.get("format").and_then(Value::as_str) == Some("float");
                return if single { "f32" } else { "f64" }.to_owned();
            }
            Some("boolean") => return "bool".to_owned(),
            Some("null") => return "()".to_owned(),
            Some("array") => return self.list(members, name),
            Some("object") if !has_fields(members) => {
                let values = members.get("additionalProperties");
                let values = values.filter(|schema| schema.is_object());
                let ty = values.map_or_else(
                    || "serde_json::Value".to_owned(),
                    |schema| self.of_named(schema, &format!("{name}Value")),
                );
                return format!("std::collections::BTreeMap<String, {ty}>");
            }
            _ => {}
        }
        let name = self.free(name);
        self.declared.insert(name.clone(), String::new());
        match self.named(schema, &name) {
            Some(declaration) => {
                self.declared.insert(name.clone(), declaration);
                name
            }
            None => {
                self.declared.remove(&name);
                "serde_json::Value".to_owned()
            }
        }
    }

    /// A name that no other type has.
    fn free(&self, name: &str) -> String {
        let name = type_name(name);
        let taken = |name: &str| {
            self.declared.contains_key(name)
                || self.schemas.keys().any(|known| type_name(known) == name)
        };
        if !taken(&name) {
            return name;
        }
        (2_u32..)
            .map(|number| format!("{name}{number}"))
            .find(|name| !taken(name))
            .unwrap_or(name)
    }

    fn list(&mut self, members: &Map<String, Value>, name: &str) -> String {
        if let Some(Value::Array(places)) = members.get("prefixItems") {
            let places: Vec<String> = places
                .iter()
                .enumerate()
                .map(|(at, one)| self.of_named(one, &format!("{name}{at}")))
                .collect();
            let comma = if places.len() == 1 { "," } else { "" };
            return format!("({}{comma})", places.join(", "));
        }
        let items = members.get("items").unwrap_or(&Value::Null);
        format!("Vec<{}>", self.of_named(items, &format!("{name}Item")))
    }

    /// The declaration of a struct or an enum; nothing for what needs no name.
    fn named(&mut self, schema: &Value, name: &str) -> Option<String> {
        let members = schema.as_object()?;
        if let Some(Value::Array(values)) = members.get("enum") {
            return words(schema, values, name);
        }
        if let Some(value) = members.get("const") {
            return words(schema, std::slice::from_ref(value), name);
        }
        let variants = ["oneOf", "anyOf"]
            .iter()
            .find_map(|word| match members.get(*word) {
                Some(Value::Array(list)) => Some(list),
                _ => None,
            });
        match variants {
            Some(_) if optional(schema).is_some() => None,
            Some(variants) if !members.contains_key("properties") => {
                Some(self.variants(schema, variants, name))
            }
            _ if has_fields(members) => Some(self.structure(schema, name, None)),
            _ => None,
        }
    }

    fn variants(&mut self, schema: &Value, variants: &[Value], name: &str) -> String {
        if let Some(tag) = schema
            .pointer("/discriminator/propertyName")
            .and_then(Value::as_str)
        {
            return self.tagged(schema, tag, name);
        }
        if let Some(declaration) = self.by_key(schema, variants, name) {
            return declaration;
        }
        let mut code = header(schema, "");
        let _ = writeln!(code, "#[serde(untagged)]\npub enum {name} {{");
        let mut seen = BTreeSet::new();
        for (number, variant) in variants.iter().enumerate() {
            let ty = self.of_named(variant, &format!("{name}{number}"));
            let word = component(variant).map_or_else(|| format!("Variant{number}"), type_name);
            let word = if seen.insert(word.clone()) {
                word
            } else {
                format!("Variant{number}")
            };
            code += &doc(variant, "    ");
            let _ = writeln!(code, "    {word}({}),", self.boxed(variant, &ty, name));
        }
        code + "}\n\n"
    }

    /// An enum with a tag: the variants are components, from which the tag is left out.
    fn tagged(&mut self, schema: &Value, tag: &str, name: &str) -> String {
        let mut code = header(schema, "");
        let _ = writeln!(code, "#[serde(tag = {tag:?})]\npub enum {name} {{");
        let mapping = schema
            .pointer("/discriminator/mapping")
            .and_then(Value::as_object)
            .cloned()
            .unwrap_or_default();
        for (value, target) in &mapping {
            let target = target.as_str().unwrap_or_default();
            let target = target.rsplit('/').next().unwrap_or_default();
            let variant = self
                .schemas
                .get(target)
                .copied()
                .cloned()
                .unwrap_or_default();
            let fields = variant.get("properties").and_then(Value::as_object);
            self.variants.insert(type_name(target));
            code += &doc(&variant, "    ");
            let _ = writeln!(code, "    #[serde(rename = {value:?})]");
            let null = |field: &Value| field.get("type").and_then(Value::as_str) == Some("null");
            let filled =
                |fields: &Map<String, Value>| fields.values().filter(|one| !null(one)).count();
            if fields.is_some_and(|fields| filled(fields) > 1) {
                let declared = self.structure(&variant, &type_name(target), Some(tag));
                self.declared.insert(type_name(target), declared);
                let _ = writeln!(code, "    {}({}),", pascal(value), type_name(target));
            } else {
                self.declared.remove(&type_name(target));
                let _ = writeln!(code, "    {},", pascal(value));
            }
        }
        code + "}\n\n"
    }

    /// An enum whose variants are a word, or an object with a single key.
    fn by_key(&mut self, schema: &Value, variants: &[Value], name: &str) -> Option<String> {
        let key = |variant: &Value| -> Option<(String, Option<Value>)> {
            if let Some(word) = variant.get("const").and_then(Value::as_str) {
                return Some((word.to_owned(), None));
            }
            let fields = variant.get("properties")?.as_object()?;
            let closed = variant.get("additionalProperties") == Some(&Value::Bool(false));
            let (key, inner) = fields
                .iter()
                .next()
                .filter(|_| fields.len() == 1 && closed)?;
            Some((key.clone(), Some(inner.clone())))
        };
        let mut keys = Vec::new();
        for variant in variants {
            if let Some(Value::Array(many)) = variant.get("enum") {
                for word in many {
                    keys.push((word.as_str()?.to_owned(), None, Value::Null));
                }
                continue;
            }
            let (key, inner) = key(variant)?;
            keys.push((key, inner, variant.clone()));
        }
        let mut code = header(schema, "");
        let _ = writeln!(code, "pub enum {name} {{");
        for (key, inner, variant) in keys {
            code += &doc(&variant, "    ");
            let word = pascal(&key);
            if word != key {
                let _ = writeln!(code, "    #[serde(rename = {key:?})]");
            }
            match inner {
                None => {
                    let _ = writeln!(code, "    {word},");
                }
                Some(inner) => {
                    let ty = self.of_named(&inner, &format!("{name}{word}"));
                    let _ = writeln!(code, "    {word}({}),", self.boxed(&inner, &ty, name));
                }
            }
        }
        Some(code + "}\n\n")
    }

    /// A struct; of a variant with a tag, the tag is left out.
    fn structure(&mut self, schema: &Value, name: &str, without: Option<&str>) -> String {
        let mut code = header(schema, "");
        let _ = writeln!(code, "pub struct {name} {{");
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fields = schema.get("properties").and_then(Value::as_object);
        let mut taken = BTreeSet::new();
        for (key, inner) in fields.into_iter().flatten() {
            let null = inner.get("type").and_then(Value::as_str) == Some("null");
            if without == Some(key.as_str()) || null {
                continue;
            }
            let mut local = field(key);
            while !taken.insert(local.clone()) {
                local.push('_');
            }
            let ty = self.of_named(inner, &format!("{name}{}", pascal(key)));
            let ty = self.boxed(inner, &ty, name);
            code += &doc(inner, "    ");
            if inner.get("deprecated") == Some(&Value::Bool(true)) {
                code += "    #[deprecated]\n";
            }
            let needed = required.contains(&key.as_str());
            let mut said = Vec::new();
            if local.trim_start_matches("r#") != key {
                said.push(format!("rename = {key:?}"));
            }
            let ty = if needed {
                ty
            } else {
                said.push("default".to_owned());
                said.push("skip_serializing_if = \"Option::is_none\"".to_owned());
                if ty.starts_with("Option<") {
                    ty
                } else {
                    format!("Option<{ty}>")
                }
            };
            if !said.is_empty() {
                let _ = writeln!(code, "    #[serde({})]", said.join(", "));
            }
            let _ = writeln!(code, "    pub {local}: {ty},");
        }
        for word in ["oneOf", "anyOf"] {
            if let Some(Value::Array(variants)) = schema.get(word) {
                let inner = self.free(&format!("{name}Variant"));
                self.declared.insert(inner.clone(), String::new());
                let declared = self.variants(&serde_json::json!({}), variants, &inner);
                self.declared.insert(inner.clone(), declared);
                let _ = writeln!(code, "    #[serde(flatten)]\n    pub variant: {inner},");
            }
        }
        if let Some(values) = schema
            .get("additionalProperties")
            .filter(|it| it.is_object())
        {
            let ty = self.of_named(values, &format!("{name}Value"));
            let _ = writeln!(
                code,
                "    #[serde(flatten)]\n    pub others: std::collections::BTreeMap<String, {ty}>,"
            );
        }
        code + "}\n\n"
    }

    /// A type behind a pointer, where it leads back to the one that holds it without a list between.
    fn boxed(&self, schema: &Value, ty: &str, holder: &str) -> String {
        let mut seen = BTreeSet::new();
        if self.leads_to(schema, holder, &mut seen) {
            match ty
                .strip_prefix("Option<")
                .and_then(|rest| rest.strip_suffix('>'))
            {
                Some(inner) => format!("Option<Box<{inner}>>"),
                None => format!("Box<{ty}>"),
            }
        } else {
            ty.to_owned()
        }
    }

    fn leads_to(&self, schema: &Value, holder: &str, seen: &mut BTreeSet<String>) -> bool {
        if let Some(name) = component(schema) {
            if type_name(name) == holder {
                return true;
            }
            return seen.insert(name.to_owned())
                && self
                    .schemas
                    .get(name)
                    .is_some_and(|inner| self.leads_to(inner, holder, seen));
        }
        let Value::Object(members) = schema else {
            return false;
        };
        members
            .iter()
            .any(|(key, value)| match (key.as_str(), value) {
                ("properties", Value::Object(fields)) => {
                    fields.values().any(|one| self.leads_to(one, holder, seen))
                }
                ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                    list.iter().any(|one| self.leads_to(one, holder, seen))
                }
                _ => false,
            })
    }
}

/// What is left of a schema without null; with whether anything is.
fn optional(schema: &Value) -> Option<(Value, bool)> {
    let members = schema.as_object()?;
    if let Some(Value::Array(types)) = members.get("type") {
        let others: Vec<&Value> = types.iter().filter(|kind| *kind != "null").collect();
        if let ([one], true) = (others.as_slice(), others.len() < types.len()) {
            let mut inner = members.clone();
            inner.insert("type".to_owned(), (*one).clone());
            return Some((inner.into(), true));
        }
    }
    let variants = members.get("anyOf")?.as_array()?;
    let null = |one: &&Value| one.get("type").and_then(Value::as_str) == Some("null");
    if !variants.iter().any(|one| null(&one)) {
        return None;
    }
    let others: Vec<&Value> = variants.iter().filter(|one| !null(one)).collect();
    match others.as_slice() {
        [] => Some((Value::Null, false)),
        [one] => Some(((*one).clone(), true)),
        many => Some((serde_json::json!({ "anyOf": many }), true)),
    }
}

fn has_fields(members: &Map<String, Value>) -> bool {
    let fields = members.get("properties").and_then(Value::as_object);
    fields.is_some_and(|fields| !fields.is_empty())
}

fn integer(members: &Map<String, Value>) -> &'static str {
    match members.get("format").and_then(Value::as_str) {
        Some("uint8") => "u8",
        Some("uint16") => "u16",
        Some("uint32") => "u32",
        Some("uint64") => "u64",
        Some("int8") => "i8",
        Some("int16") => "i16",
        Some("int32") => "i32",
        _ if members
            .get("minimum")
            .and_then(Value::as_i64)
            .is_some_and(|least| least >= 0) =>
        {
            "u64"
        }
        Some("int64") => "i64",
        _ => "i128",
    }
}

/// An enum of words.
fn words(schema: &Value, values: &[Value], name: &str) -> Option<String> {
    let mut code = header(schema, "");
    code = code.replace(
        "Clone, Debug, PartialEq,",
        "Clone, Copy, Debug, PartialEq, Eq,",
    );
    let _ = writeln!(code, "pub enum {name} {{");
    let mut seen = BTreeSet::new();
    for value in values {
        let value = value.as_str()?;
        let mut word = pascal(value);
        while !seen.insert(word.clone()) {
            word.push('_');
        }
        let _ = writeln!(code, "    #[serde(rename = {value:?})]\n    {word},");
    }
    Some(code + "}\n\n")
}

fn header(schema: &Value, indent: &str) -> String {
    format!(
        "{}{indent}#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]\n",
        doc(schema, indent)
    )
}

fn doc(schema: &Value, indent: &str) -> String {
    let text = schema.get("description").and_then(Value::as_str);
    let mut code = String::new();
    for line in text.unwrap_or_default().lines() {
        let _ = writeln!(code, "{indent}/// {}", line.trim());
    }
    code
}

/// Words without what separates them, each with a capital: `PayWhatYouWant`.
pub(super) fn pascal(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let name: String = words
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect();
    match name.chars().next() {
        None => "Empty".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("N{name}"),
        // Neither can be written raw.
        Some(_) if name == "Self" => "Self_".to_owned(),
        Some(_) => name,
    }
}

/// A type's name: that of the document, in Rust's spelling, unless the client has one of that name.
pub(super) fn type_name(name: &str) -> String {
    const TAKEN: [&str; 16] = [
        "Box",
        "Client",
        "Clone",
        "Copy",
        "Debug",
        "Eq",
        "Error",
        "Option",
        "PartialEq",
        "Reply",
        "Request",
        "Result",
        "Reqwest",
        "String",
        "Transport",
        "Vec",
    ];
    let name = pascal(name);
    if TAKEN.contains(&name.as_str()) {
        format!("{name}_")
    } else {
        name
    }
}

/// A name of a field, a function or an argument: lower case, with `_` between words.
pub(super) fn field(name: &str) -> String {
    let mut text = String::new();
    let mut lower = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && lower {
            text.push('_');
        }
        lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        if letter.is_ascii_alphanumeric() {
            text.push(letter.to_ascii_lowercase());
        } else if !text.ends_with('_') {
            text.push('_');
        }
    }
    let text = text.trim_matches('_');
    const WORDS: [&str; 37] = [
        "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
        "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
        "macro", "match", "mod", "move", "mut", "pub", "ref", "return", "static", "struct",
        "trait", "try", "type", "where",
    ];
    const MORE: [&str; 11] = [
        "override", "priv", "true", "typeof", "unsafe", "unsized", "use", "virtual", "while",
        "yield", "abstract",
    ];
    match text {
        "" => "empty".to_owned(),
        "self" | "super" | "crate" => format!("{text}_"),
        _ if WORDS.contains(&text) || MORE.contains(&text) => format!("r#{text}"),
        _ if text.starts_with(|first: char| first.is_ascii_digit()) => format!("n{text}"),
        _ => text.to_owned(),
    }
}
