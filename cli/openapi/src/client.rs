//! Clients, made from a document of 3.1.

mod comment;
mod operations;
mod rust;
mod typescript;

use serde_json::Value;

pub use self::{
    rust::{ClientFile, rust},
    typescript::typescript,
};

/// A schema's name, of a reference to a component.
fn component(schema: &Value) -> Option<&str> {
    let path = schema.get("$ref")?.as_str()?;
    path.strip_prefix(crate::rewrite::COMPONENTS)
}
