//! Finds the calls of AWS operations in Rust sources.
//!
//! The sources are parsed, but types are not known. These count as a call: a method without
//! arguments that has the name of an operation or a waiter of an SDK that the app depends on
//! (`client.get_object()`, with any receiver), the same as a path (`Client::get_object(&client)`),
//! and the input of an operation that is built by hand (`GetObjectInput::builder()`). Code that is
//! compiled only for tests is left out. Tokens in macros are read as expressions if possible, and
//! otherwise scanned.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use fw_manifest::UseKind;
use proc_macro2::{Delimiter, Ident, LineColumn, TokenStream, TokenTree};
use syn::{
    Expr, Token,
    parse::Parser as _,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use super::{
    graph::Graph,
    modules::{self, for_tests},
    sdk::{Sdk, camel},
};
use crate::{
    error::{Context as _, Exit, Result},
    project::Sources,
};

/// Methods that end a call of the SDK: a method after one of them does not belong to the app.
const ENDS: [&str; 6] = [
    "send",
    "send_with",
    "into_paginator",
    "presigned",
    "customize",
    "wait",
];

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The operation, as a method: `get_object`.
    pub(super) operation: String,
    /// The file, from the workspace's root.
    pub(super) file: String,
    /// The line.
    pub(super) at: LineColumn,
    /// The methods that are called on its result, in any order.
    after: Vec<String>,
    /// The SDK crates that the file names.
    pub(super) crates: BTreeSet<String>,
}

impl Call {
    /// True if it ends as only an SDK call does.
    pub(super) fn is_sent(&self) -> bool {
        self.after
            .iter()
            .any(|method| ENDS.contains(&method.as_str()))
    }

    /// True if it sets this parameter while it is built.
    pub(super) fn sets(&self, name: &str) -> bool {
        let or_none = format!("set_{name}");
        self.after
            .iter()
            .any(|method| *method == name || *method == or_none)
    }
}

/// A handle of `fw::resource`: `Queue::new("orders")`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handle {
    /// What it is of.
    pub(super) kind: UseKind,
    /// The app's name for that.
    pub(super) name: String,
    /// The file, from the workspace's root.
    pub(super) file: String,
    /// Where in it.
    pub(super) at: LineColumn,
}

/// The results for all sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scan {
    /// The calls, in the order of files and lines.
    pub(super) calls: Vec<Call>,
    /// The handles, in the order of files and lines.
    pub(super) handles: Vec<Handle>,
    /// The names of the app's own functions.
    pub(super) own_functions: BTreeSet<String>,
    /// Where the sources distinguish a missing key of S3 from other failures: file and line.
    pub(super) tells_missing_keys: Vec<(String, LineColumn)>,
    /// Texts that may be names of variables, with the files and places that have them.
    pub(super) texts: BTreeMap<String, Vec<(String, LineColumn)>>,
    /// Variables that are read by their names: `env::var("TABLE")`.
    pub(super) variables: BTreeSet<String>,
    /// What the functions can reach.
    pub(super) graph: Graph,
    /// Files that could not be parsed, a sentence each.
    pub(super) unread: Vec<String>,
}

/// Scans all sources that the app may be built from.
///
/// # Errors
///
/// If a folder or a file cannot be read.
pub(super) fn scan(sources: &Sources, root: &Path, sdks: &[Sdk]) -> Result<Scan> {
    let mut scan = Scan::default();
    let files = modules::files(sources)
        .context("cannot read the folders of the sources")
        .map_err(|failure| failure.exiting(Exit::Input))?;
    for path in files {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read a source: {}", path.display()))
            .map_err(|failure| failure.exiting(Exit::Input))?;
        let shown = path.strip_prefix(root).unwrap_or(&path);
        scan.file(&shown.display().to_string(), &text, sdks);
    }
    Ok(scan)
}

impl Scan {
    /// Scans one file.
    pub(super) fn file(&mut self, name: &str, text: &str, sdks: &[Sdk]) {
        let parsed = match syn::parse_file(text) {
            Ok(parsed) => parsed,
            Err(error) => {
                let line = error.span().start().line;
                self.graph.blind();
                self.unread.push(format!(
                    "{name} cannot be parsed (line {line}: {error}), so nothing is derived from it"
                ));
                return;
            }
        };
        self.graph.file(name, &parsed);
        let mut file = File {
            sdks,
            name,
            calls: Vec::new(),
            handles: Vec::new(),
            names_fw: false,
            crates: BTreeSet::new(),
            scan: self,
        };
        file.visit_file(&parsed);
        let File {
            calls,
            handles,
            names_fw,
            crates,
            ..
        } = file;
        // A type of that name in another file is the app's own.
        if names_fw {
            self.handles.extend(handles);
        }
        self.calls
            .extend(calls.into_iter().map(|(method, at, after)| Call {
                operation: method,
                file: name.to_owned(),
                at,
                after,
                crates: crates.clone(),
            }));
    }
}

/// The state while one file is visited.
struct File<'s> {
    sdks: &'s [Sdk],
    name: &'s str,
    /// Operation, place, methods after it.
    calls: Vec<(String, LineColumn, Vec<String>)>,
    handles: Vec<Handle>,
    /// Whether it names the framework.
    names_fw: bool,
    crates: BTreeSet<String>,
    scan: &'s mut Scan,
}

impl File<'_> {
    /// The operation that a method of that name is, or waits with.
    fn operation(&self, method: &str) -> Option<String> {
        self.sdks.iter().find_map(|sdk| {
            sdk.operations
                .get(method)
                .or_else(|| sdk.waiters.get(method))
                .cloned()
        })
    }

    /// Records what a name says about its file.
    fn name(&mut self, name: &Ident) {
        let at = name.span().start();
        let name = name.to_string();
        if name.starts_with("aws_sdk_") {
            self.crates.insert(name);
        } else if name == "fw" {
            self.names_fw = true;
        } else if matches!(
            name.as_str(),
            "NoSuchKey" | "is_no_such_key" | "HeadObjectError"
        ) {
            let place = (self.name.to_owned(), at);
            self.scan.tells_missing_keys.push(place);
        }
    }

    /// Notes a text that may be the name of a variable.
    fn text(&mut self, text: &str, at: LineColumn) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !text.is_empty() && text.chars().all(plain) {
            let places = self.scan.texts.entry(text.to_owned()).or_default();
            places.push((self.name.to_owned(), at));
        }
    }

    fn call(&mut self, method: &Ident, after: &[String]) {
        let name = method.to_string();
        if let Some(operation) = self.operation(&name) {
            let mut after = after.to_vec();
            if operation != name {
                // A waiter has no other form.
                after.push("wait".to_owned());
            }
            self.calls.push((operation, method.span().start(), after));
        }
    }

    /// Notes a handle.
    fn handle(&mut self, call: &syn::ExprCall) {
        if let (Expr::Path(path), Some(Expr::Lit(first))) = (&*call.func, call.args.first())
            && let syn::Lit::Str(name) = &first.lit
            && let Some([of, new]) = path.path.segments.iter().collect::<Vec<_>>().last_chunk()
            && new.ident == "new"
        {
            let kind = match of.ident.to_string().as_str() {
                "Queue" => UseKind::Queue,
                "Topic" => UseKind::Topic,
                "Bus" => UseKind::Bus,
                "Bucket" => UseKind::Bucket,
                _ => return,
            };
            self.handles.push(Handle {
                kind,
                name: name.value(),
                file: self.name.to_owned(),
                at: new.ident.span().start(),
            });
        }
    }

    /// Follows a chain of methods from its end to its start.
    fn chain(&mut self, expr: &Expr, after: &mut Vec<String>) {
        match expr {
            Expr::MethodCall(call) => {
                if call.args.is_empty() {
                    self.call(&call.method, after);
                }
                self.name(&call.method);
                after.push(call.method.to_string());
                call.args.iter().for_each(|arg| self.visit_expr(arg));
                self.chain(&call.receiver, after);
            }
            Expr::Await(awaited) => self.chain(&awaited.base, after),
            Expr::Try(tried) => self.chain(&tried.expr, after),
            Expr::Paren(inner) => self.chain(&inner.expr, after),
            other => visit::visit_expr(self, other),
        }
    }

    /// Searches tokens that are not an expression: `. name ( )`, and the methods after it.
    fn tokens(&mut self, tokens: TokenStream) {
        let all: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in all.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(name) => {
                    self.name(name);
                    let dotted = index
                        .checked_sub(1)
                        .and_then(|before| all.get(before))
                        .is_some_and(is_dot);
                    let called = all.get(index + 1).is_some_and(|next| {
                        matches!(next, TokenTree::Group(group)
                            if group.delimiter() == Delimiter::Parenthesis && group.stream().is_empty())
                    });
                    if dotted && called {
                        let after: Vec<String> = all[index..]
                            .windows(2)
                            .take_while(|pair| !is_end(&pair[0]))
                            .filter(|pair| is_dot(&pair[0]))
                            .map(|pair| pair[1].to_string())
                            .collect();
                        self.call(name, &after);
                    }
                }
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    self.text(text.trim_matches('"'), literal.span().start());
                }
                TokenTree::Punct(_) => {}
            }
        }
    }
}

fn is_dot(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '.')
}

/// True if an expression ends here at the latest.
fn is_end(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), ';' | ',' | '='))
}

impl<'ast> Visit<'ast> for File<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if !for_tests(&function.attrs) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if !for_tests(&block.attrs) {
            visit::visit_item_impl(self, block);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.scan.own_functions.insert(signature.ident.to_string());
        visit::visit_signature(self, signature);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::MethodCall(_) | Expr::Await(_) | Expr::Try(_) => {
                self.chain(expr, &mut Vec::new());
            }
            other => visit::visit_expr(self, other),
        }
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        let mut names = path
            .path
            .segments
            .iter()
            .rev()
            .map(|segment| &segment.ident);
        if let (Some(last), Some(owner)) = (names.next(), names.next()) {
            let owner = owner.to_string();
            let sent = ["send".to_owned()];
            if owner.ends_with("Client") {
                self.call(last, &sent);
            } else if let Some(input) = owner.strip_suffix("Input")
                && last == "builder"
            {
                let operations = self.sdks.iter().flat_map(|sdk| &sdk.operations);
                let built = operations.into_iter().find(|name| camel(name) == input);
                if let Some(operation) = built.cloned() {
                    self.calls
                        .push((operation, last.span().start(), sent.into()));
                }
            }
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_ident(&mut self, name: &'ast Ident) {
        self.name(name);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let (Expr::Path(path), Some(Expr::Lit(first))) = (&*call.func, call.args.first())
            && let Some(last) = path.path.segments.last()
            && let syn::Lit::Str(name) = &first.lit
            && (last.ident == "var" || last.ident == "var_os")
        {
            self.scan.variables.insert(name.value());
        }
        self.handle(call);
        visit::visit_expr_call(self, call);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.text(&text.value(), text.span().start());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.visit_path(&called.path);
        let tokens = called.tokens.clone();
        let expressions = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
        if let Ok(expressions) = expressions {
            expressions.iter().for_each(|expr| self.visit_expr(expr));
        } else if let Ok(statements) = syn::Block::parse_within.parse2(tokens.clone()) {
            statements
                .iter()
                .for_each(|statement| self.visit_stmt(statement));
        } else {
            self.tokens(tokens);
        }
    }
}
