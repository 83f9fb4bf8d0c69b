//! The items of a file and the names in them.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, LineColumn, Span, TokenStream, TokenTree};
use syn::{
    Attribute, Expr, Pat, Token,
    parse::Parser as _,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use super::{
    Graph, Item, Kind, Mention, Root, With,
    names::{Idents, Names, idents},
};
use crate::policy::modules::for_tests;

/// The attributes of handlers; what they name they do not call.
const ROUTES: [&str; 9] = [
    "route", "get", "put", "post", "patch", "delete", "head", "options", "any",
];

/// Attributes of functions that code outside the sources calls.
const CALLED_UNSEEN: [&str; 7] = [
    "proc_macro",
    "proc_macro_attribute",
    "proc_macro_derive",
    "no_mangle",
    "export_name",
    "ctor",
    "panic_handler",
];

/// Adds the items of a file.
pub(super) fn collect(graph: &mut Graph, name: &str, parsed: &syn::File) {
    let mut names = Names::default();
    names.visit_file(parsed);
    graph.macros.extend(names.macros);
    graph.traits.extend(names.traits);
    graph.types.extend(names.types);
    graph.modules.extend(names.modules);
    let mut file = File {
        graph,
        name,
        imports: names.imports,
        open: Vec::new(),
        scopes: Vec::new(),
        header: None,
    };
    file.visit_file(parsed);
}

/// The state while one file is visited.
struct File<'g> {
    graph: &'g mut Graph,
    name: &'g str,
    imports: BTreeMap<String, String>,
    /// The items that the visit is in, the innermost last.
    open: Vec<usize>,
    /// The local variables of the innermost item, by block.
    scopes: Vec<BTreeSet<String>>,
    /// The implementation that the visit is in.
    header: Option<Header>,
}

/// The part of an implementation before its functions.
#[derive(Clone)]
struct Header {
    mentions: BTreeSet<Mention>,
    /// The trait, if it implements one.
    with: Option<With>,
}

impl File<'_> {
    fn mention(&mut self, mention: Mention) {
        let plain = |name: String| match name.strip_prefix("r#") {
            Some(plain) => plain.to_owned(),
            None => name,
        };
        let mention = match mention {
            Mention::Method(name) => Mention::Method(plain(name)),
            Mention::Path(name) => Mention::Path(plain(name)),
            Mention::Of(owner, name) => Mention::Of(owner, plain(name)),
            Mention::Thing(name) => Mention::Thing(plain(name)),
            Mention::Listed(name) => Mention::Listed(plain(name)),
        };
        if let Some(at) = self.open.last() {
            self.graph.items[*at].mentions.insert(mention);
        }
    }

    /// Visits an item with its own mentions.
    fn item(
        &mut self,
        (name, kind, root): (String, Kind, Root),
        (from, to): (LineColumn, LineColumn),
        inside: impl FnOnce(&mut Self),
    ) {
        let header = self.header.take();
        // A declaration inside a function is called by its name, from there.
        self.graph.items.push(Item {
            file: self.name.to_owned(),
            from,
            to,
            name,
            kind,
            root,
            with: header.as_ref().and_then(|header| header.with.clone()),
            mentions: header
                .as_ref()
                .map(|header| header.mentions.clone())
                .unwrap_or_default(),
        });
        self.open.push(self.graph.items.len() - 1);
        let scopes = std::mem::take(&mut self.scopes);
        inside(self);
        self.scopes = scopes;
        self.open.pop();
        self.header = header;
    }

    /// A type, a constant, a macro.
    fn thing(
        &mut self,
        name: &Ident,
        span: (LineColumn, LineColumn),
        inside: impl FnOnce(&mut Self),
    ) {
        // Nothing can name `const _`, and `use … as _` is not a name.
        let root = if name == "_" { Root::Shared } else { Root::No };
        self.item((name.to_string(), Kind::Thing, root), span, inside);
    }

    fn function(
        &mut self,
        signature: &syn::Signature,
        attributes: &[Attribute],
        body: Option<&syn::Block>,
        inside: impl FnOnce(&mut Self),
    ) {
        let kind = match signature.receiver() {
            Some(_) => Kind::Method,
            None => Kind::Function,
        };
        let name = signature.ident.to_string();
        let name = name.trim_start_matches("r#").to_owned();
        let last = |attribute: &Attribute| {
            let segment = attribute.path().segments.last();
            segment.map(|segment| segment.ident.to_string())
        };
        let attributes: Vec<String> = attributes.iter().filter_map(last).collect();
        let has = |names: &[&str]| attributes.iter().any(|name| names.contains(&name.as_str()));
        let root = if has(&["authorizer"]) {
            Root::Authorizer
        } else if has(&ROUTES) {
            Root::Handler
        } else if (name == "main" && self.header.is_none()) || has(&CALLED_UNSEEN) {
            Root::Shared
        } else {
            Root::No
        };
        let end = body.map_or_else(|| signature.ident.span(), closed);
        let span = (signature.ident.span().start(), end.end());
        self.item((name, kind, root), span, |file| {
            file.within(|file| {
                let typed = signature.inputs.iter().filter_map(|input| match input {
                    syn::FnArg::Typed(typed) => Some(&*typed.pat),
                    syn::FnArg::Receiver(_) => None,
                });
                typed.for_each(|pat| file.bind(pat));
                inside(file);
            });
        });
    }

    /// Visits something with its own variables.
    fn within(&mut self, inside: impl FnOnce(&mut Self)) {
        self.scopes.push(BTreeSet::new());
        inside(self);
        self.scopes.pop();
    }

    /// From here on the pattern's names are variables.
    fn bind(&mut self, pat: &Pat) {
        struct Bound<'s>(&'s mut BTreeSet<String>);
        impl<'ast> Visit<'ast> for Bound<'_> {
            fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
                let name = pat.ident.to_string();
                // A name that starts with a capital letter may be a constant or a variant.
                if name.starts_with(|c: char| c.is_lowercase() || c == '_') {
                    self.0.insert(name);
                }
                visit::visit_pat_ident(self, pat);
            }
        }
        if let Some(scope) = self.scopes.last_mut() {
            Bound(scope).visit_pat(pat);
        }
    }

    /// The implementation of that trait, with the names in it.
    fn implements(&self, path: &syn::Path, names: BTreeSet<String>) -> Option<With> {
        let of = path.segments.last()?.ident.to_string();
        let from = match path.segments.len() {
            1 => self.imports.get(&of).cloned(),
            _ => path.segments.first().map(|first| first.ident.to_string()),
        };
        Some(With { of, from, names })
    }

    /// True if this is a type that the file imports by its name from outside the crate.
    fn may_be_foreign(&self, name: &str) -> bool {
        let from = self.imports.get(name).map(String::as_str);
        name.starts_with(char::is_uppercase)
            && from.is_some_and(|from| !matches!(from, "crate" | "self" | "super"))
    }

    /// New names for existing items.
    fn renames(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.renames(&path.tree),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.renames(tree);
                }
            }
            syn::UseTree::Rename(given) => {
                self.thing(&given.rename, named(&given.rename), |file| {
                    file.mention(Mention::Path(given.ident.to_string()));
                });
            }
            syn::UseTree::Name(_) | syn::UseTree::Glob(_) => {}
        }
    }

    /// A macro among items: its output, and so its owner, is not known.
    fn makes(&mut self, called: &syn::Macro) {
        if called.path.is_ident("include") {
            self.graph.blind();
        }
        let it = (String::new(), Kind::Thing, Root::Shared);
        let first = called.path.segments.first();
        let start = first.map_or_else(|| end(called), |first| first.ident.span().start());
        self.item(it, (start, end(called)), |file| {
            file.visit_path(&called.path);
            file.words(called.tokens.clone());
        });
    }

    fn words(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.words(group.stream()),
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    self.mention(Mention::Method(name.clone()));
                    self.mention(Mention::Path(name));
                }
                TokenTree::Literal(literal) => {
                    // Attributes name functions in texts: `#[serde(default = "none")]`.
                    let text = literal.to_string();
                    if text.starts_with('"') {
                        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                        for word in words.filter(|word| !word.is_empty()) {
                            self.mention(Mention::Path(word.to_owned()));
                        }
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

/// The end of a block.
fn closed(block: &syn::Block) -> Span {
    block.brace_token.span.close()
}

/// The end of a macro's tokens.
fn end(called: &syn::Macro) -> LineColumn {
    let span = match &called.delimiter {
        syn::MacroDelimiter::Paren(token) => token.span,
        syn::MacroDelimiter::Brace(token) => token.span,
        syn::MacroDelimiter::Bracket(token) => token.span,
    };
    span.close().end()
}

/// The place of what has no code in it.
fn named(name: &Ident) -> (LineColumn, LineColumn) {
    (name.span().start(), name.span().end())
}

impl<'ast> Visit<'ast> for File<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.renames(&item.tree);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !for_tests(&item.attrs) {
            let header = self.header.take();
            self.function(&item.sig, &item.attrs, Some(&item.block), |file| {
                visit::visit_item_fn(file, item);
            });
            self.header = header;
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !for_tests(&item.attrs) {
            self.function(&item.sig, &item.attrs, Some(&item.block), |file| {
                visit::visit_impl_item_fn(file, item);
            });
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if !for_tests(&item.attrs) {
            self.function(&item.sig, &item.attrs, item.default.as_ref(), |file| {
                visit::visit_trait_item_fn(file, item);
            });
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if for_tests(&item.attrs) {
            return;
        }
        let mut said = BTreeSet::new();
        Idents(&mut said).visit_type(&item.self_ty);
        let mut mentioned = said.clone();
        Idents(&mut mentioned).visit_generics(&item.generics);
        let mut with = None;
        if let Some((path, _)) = &item.trait_ {
            Idents(&mut said).visit_path(path);
            mentioned.extend(said.iter().cloned());
            with = self.implements(path, said);
        }
        let before = self.header.replace(Header {
            mentions: mentioned.into_iter().map(Mention::Thing).collect(),
            with,
        });
        let scopes = std::mem::take(&mut self.scopes);
        for inside in &item.items {
            self.visit_impl_item(inside);
        }
        self.scopes = scopes;
        self.header = before;
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        let span = (item.ident.span().start(), item.semi_token.span.end());
        self.thing(&item.ident, span, |file| {
            visit::visit_impl_item_const(file, item);
        });
    }

    fn visit_impl_item_type(&mut self, item: &'ast syn::ImplItemType) {
        self.thing(&item.ident, named(&item.ident), |file| {
            visit::visit_impl_item_type(file, item);
        });
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        if for_tests(&item.attrs) {
            return;
        }
        let before = self.header.take();
        self.thing(&item.ident, named(&item.ident), |file| {
            for bound in &item.supertraits {
                file.visit_type_param_bound(bound);
            }
        });
        self.header = Some(Header {
            mentions: BTreeSet::new(),
            with: None,
        });
        for inside in &item.items {
            self.visit_trait_item(inside);
        }
        self.header = before;
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        let span = (item.ident.span().start(), item.semi_token.span.end());
        self.thing(&item.ident, span, |file| {
            visit::visit_trait_item_const(file, item);
        });
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.thing(&item.ident, named(&item.ident), |file| {
            visit::visit_item_struct(file, item);
        });
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.thing(&item.ident, named(&item.ident), |file| {
            visit::visit_item_enum(file, item);
        });
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.thing(&item.ident, named(&item.ident), |file| {
            visit::visit_item_union(file, item);
        });
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.thing(&item.ident, named(&item.ident), |file| {
            visit::visit_item_type(file, item);
        });
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let span = (item.ident.span().start(), item.semi_token.span.end());
        self.thing(&item.ident, span, |file| {
            visit::visit_item_const(file, item);
        });
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        let span = (item.ident.span().start(), item.semi_token.span.end());
        self.thing(&item.ident, span, |file| {
            visit::visit_item_static(file, item);
        });
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        match &item.ident {
            Some(name) => {
                let span = (name.span().start(), end(&item.mac));
                self.thing(name, span, |file| file.words(item.mac.tokens.clone()));
            }
            None => self.makes(&item.mac),
        }
    }

    fn visit_impl_item_macro(&mut self, item: &'ast syn::ImplItemMacro) {
        self.makes(&item.mac);
    }

    fn visit_trait_item_macro(&mut self, item: &'ast syn::TraitItemMacro) {
        self.makes(&item.mac);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let last = attribute.path().segments.last();
        let name = last.map(|last| last.ident.to_string()).unwrap_or_default();
        let says_nothing = matches!(name.as_str(), "doc" | "allow" | "expect" | "cfg" | "warn");
        if says_nothing || name == "authorizer" || ROUTES.contains(&name.as_str()) {
            return;
        }
        self.visit_path(attribute.path());
        if let syn::Meta::List(list) = &attribute.meta {
            self.words(list.tokens.clone());
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let last = path.segments.len().saturating_sub(1);
        for (at, segment) in path.segments.iter().enumerate() {
            let name = segment.ident.to_string();
            let owner = at
                .checked_sub(1)
                .and_then(|before| path.segments.get(before));
            let owner = owner.map(|owner| owner.ident.to_string());
            let owner = owner.filter(|owner| self.may_be_foreign(owner));
            self.mention(match (at == last, owner) {
                (true, Some(owner)) => Mention::Of(owner, name),
                (true, None) => Mention::Path(name),
                (false, _) => Mention::Thing(name),
            });
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_path(&mut self, expr: &'ast syn::ExprPath) {
        let variable = expr.path.get_ident().is_some_and(|name| {
            let name = name.to_string();
            self.scopes.iter().any(|scope| scope.contains(&name))
        });
        if !variable {
            visit::visit_expr_path(self, expr);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        let guards = name == "authorizer";
        self.mention(Mention::Method(name));
        self.visit_expr(&call.receiver);
        // `.authorizer::<door>()` names the authorizer but does not call it.
        if let Some(of) = call.turbofish.as_ref().filter(|_| !guards) {
            self.visit_angle_bracketed_generic_arguments(of);
        }
        // `.uses(&ORDERS)` lists a handle, and calls nothing of it.
        if call.method != "uses" {
            call.args.iter().for_each(|arg| self.visit_expr(arg));
        }
    }

    fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
        self.mention(Mention::Thing(pat.ident.to_string()));
        visit::visit_pat_ident(self, pat);
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.within(|file| visit::visit_block(file, block));
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        visit::visit_local(self, local);
        self.bind(&local.pat);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.within(|file| {
            closure.inputs.iter().for_each(|input| file.bind(input));
            visit::visit_expr_closure(file, closure);
        });
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.within(|file| {
            file.bind(&arm.pat);
            visit::visit_arm(file, arm);
        });
    }

    fn visit_expr_for_loop(&mut self, each: &'ast syn::ExprForLoop) {
        self.visit_expr(&each.expr);
        self.within(|file| {
            file.visit_pat(&each.pat);
            file.bind(&each.pat);
            file.visit_block(&each.body);
        });
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        let tokens = called.tokens.clone();
        let last = called.path.segments.last();
        let name = last.map(|last| last.ident.to_string()).unwrap_or_default();
        if name == "routes" {
            // It names the handlers but does not call them.
            let mut listed = BTreeSet::new();
            idents(tokens, &mut listed);
            for name in listed {
                self.mention(Mention::Listed(name));
            }
            return;
        }
        if name == "include" {
            self.graph.blind();
        }
        self.visit_path(&called.path);
        let expressions = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
        if let Ok(expressions) = expressions {
            expressions.iter().for_each(|expr| self.visit_expr(expr));
        } else if let Ok(statements) = syn::Block::parse_within.parse2(tokens.clone()) {
            self.within(|file| statements.iter().for_each(|one| file.visit_stmt(one)));
        } else {
            self.words(tokens);
        }
    }
}
