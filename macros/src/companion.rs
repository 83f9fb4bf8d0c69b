//! The type next to a function that carries its item, and how a list finds it.
//!
//! The type must not take the function's name in the namespace of types and modules: next to
//! `async fn orders` there may be `mod orders`, and in `async fn csv` the crate `csv` is in use.
//! But an imported or renamed function must bring its type along, and only a type with the
//! function's name does. So there are two ways to it:
//!
//! - `__fw_item_NAME`, in the function's own module. A list looks there first: in the module that a path names, or in its own.
//! - `NAME`, by a glob import. Anything else with this name in that module has priority. For the
//!   name of a crate it is left out: a module's glob import would have priority over the crate.

use std::path::Path;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, ext::IdentExt};

use crate::{crates, model::Function, table::Found};

/// The place of an attribute, as part of a name. Modules that glob-import each other may have
/// functions with the same name, and each needs its own module for its type.
#[derive(Clone, Debug)]
pub(crate) struct Place(String);

impl Place {
    /// This line and column of this file.
    pub(crate) fn new(file: &str, line: usize, column: usize) -> Self {
        let path = Path::new(file).with_extension("");
        let mut parts = path.components().rev().take(2);
        // The file alone is not enough: many are called `mod.rs`.
        let (file, folder) = (parts.next(), parts.next());
        let mut text = String::new();
        for part in [folder, file].into_iter().flatten() {
            let part = part.as_os_str().to_string_lossy();
            text.extend(
                part.chars()
                    .filter(|it| it.is_ascii_alphanumeric() || *it == '_'),
            );
            text.push('_');
        }
        Self(format!("{text}{line}_{column}"))
    }
}

/// The name by which a list finds the type of that function.
pub(crate) fn item_name(function: &Ident) -> Ident {
    format_ident!("__fw_item_{}", function.unraw(), span = function.span())
}

/// The declaration of the type, and the name under which it is known there.
pub(crate) fn declare(
    function: &Function,
    found: Found,
    cfgs: &[Attribute],
    place: &Place,
) -> (TokenStream, Ident) {
    let (name, vis) = (&function.sig.ident, &function.vis);
    if found == Found::Named {
        let declaration = quote! {
            #(#cfgs)*
            #[doc(hidden)]
            #[allow(
                non_camel_case_types,
                missing_debug_implementations,
                unreachable_pub,
                clippy::redundant_pub_crate
            )]
            #vis struct #name {}
        };
        return (declaration, name.clone());
    }
    let item = item_name(name);
    let module = format_ident!("__fw_{}_in_{}", name.unraw(), place.0, span = name.span());
    let by_name = (!crates::is_taken(&name.unraw().to_string())).then(|| {
        quote! {
            #(#cfgs)*
            #[doc(hidden)]
            #[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
            #vis use #module::*;
        }
    });
    let declaration = quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, missing_debug_implementations, unreachable_pub)]
        mod #module {
            pub struct #name {}
        }
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(unused_imports, unreachable_pub, clippy::redundant_pub_crate)]
        #vis use #module::#name as #item;
        #by_name
    };
    (declaration, item)
}
