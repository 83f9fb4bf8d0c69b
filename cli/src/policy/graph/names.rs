//! The names that a file declares and imports, and those in a piece of syntax.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The names that a file declares and imports.
#[derive(Default)]
pub(super) struct Names {
    pub(super) macros: BTreeSet<String>,
    pub(super) traits: BTreeSet<String>,
    pub(super) types: BTreeSet<String>,
    pub(super) modules: BTreeSet<String>,
    /// Imported names, with the first segment of their paths.
    pub(super) imports: BTreeMap<String, String>,
}

impl Names {
    fn import(&mut self, first: Option<&str>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                let own = path.ident.to_string();
                self.import(Some(first.unwrap_or(&own)), &path.tree);
            }
            syn::UseTree::Name(name) => {
                if let Some(first) = first {
                    self.imports
                        .insert(name.ident.to_string(), first.to_owned());
                }
            }
            syn::UseTree::Rename(name) => {
                // The target of the alias is not looked up.
                self.types.insert(name.rename.to_string());
                if let Some(first) = first {
                    self.imports
                        .insert(name.rename.to_string(), first.to_owned());
                }
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(first, tree);
                }
            }
            syn::UseTree::Glob(_) => {}
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import(None, &item.tree);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.modules.insert(item.ident.to_string());
        visit::visit_item_mod(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.traits.insert(item.ident.to_string());
        self.types.insert(item.ident.to_string());
        visit::visit_item_trait(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.types.insert(item.ident.to_string());
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.types.insert(item.ident.to_string());
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.types.insert(item.ident.to_string());
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.types.insert(item.ident.to_string());
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        Idents(&mut self.types).visit_type(&item.self_ty);
        visit::visit_item_impl(self, item);
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        self.macros
            .extend(item.ident.as_ref().map(Ident::to_string));
    }
}

/// The identifiers in a piece of syntax.
pub(super) struct Idents<'f>(pub(super) &'f mut BTreeSet<String>);

impl<'ast> Visit<'ast> for Idents<'_> {
    fn visit_ident(&mut self, name: &'ast Ident) {
        self.0.insert(name.to_string());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        idents(called.tokens.clone(), self.0);
        visit::visit_macro(self, called);
    }
}

/// The identifiers in tokens.
pub(super) fn idents(tokens: TokenStream, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => idents(group.stream(), found),
            TokenTree::Ident(name) => {
                found.insert(name.to_string());
            }
            _ => {}
        }
    }
}
