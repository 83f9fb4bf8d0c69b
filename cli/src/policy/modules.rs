//! Which files the app is built from: `mod` declarations, followed from the roots of its crates.
//!
//! A file is left out only if it certainly has nothing of the app: only a declaration for tests
//! leads to it, or another target of the package does (a second binary, for example). All other
//! files count, because a file may be used in ways that are not followed: `include!`, a macro that
//! writes `mod`, a build script.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Expr, ItemMod, Lit, Meta, Token,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use crate::project::Sources;

/// The files of those packages that the app may be built from, in their order.
///
/// # Errors
///
/// If a folder cannot be read.
pub(super) fn files(sources: &Sources) -> std::io::Result<BTreeSet<PathBuf>> {
    // By their real paths, as declarations may lead to a file on several ways.
    let mut all = BTreeMap::new();
    for folder in &sources.folders {
        collect(folder, folder, &mut all)?;
    }
    let mut built = Walk::default();
    built.follow(sources.built.iter().cloned().map(Start::root).collect());
    let mut apart = Walk {
        with_tests: true,
        ..Walk::default()
    };
    let others = sources.others.iter().cloned().map(Start::root);
    apart.follow(others.chain(built.for_tests.iter().cloned()).collect());
    if !built.blind {
        all.retain(|file, _| !apart.files.contains(file) || built.may_have(file));
    }
    for file in built.files {
        all.entry(file.clone()).or_insert(file);
    }
    Ok(all.into_values().collect())
}

/// The `.rs` files of a package: not those of its tests, benchmarks and examples, nor of packages inside it.
fn collect(
    folder: &Path,
    package: &Path,
    files: &mut BTreeMap<PathBuf, PathBuf>,
) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            let apart = folder == package
                && matches!(name.as_ref(), "tests" | "benches" | "examples" | "target");
            if !apart && !name.starts_with('.') && !path.join("Cargo.toml").exists() {
                collect(&path, package, files)?;
            }
        } else if name.ends_with(".rs") && name != "build.rs" {
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            files.entry(real).or_insert(path);
        }
    }
    Ok(())
}

/// True if something is compiled only for tests: `#[test]` and similar, or a `cfg` that only tests
/// meet.
pub(super) fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let is_test = path
            .segments
            .last()
            .is_some_and(|segment| segment.ident == "test");
        let cfg_test = path.is_ident("cfg")
            && attribute
                .parse_args::<Meta>()
                .is_ok_and(|condition| needs_test(&condition));
        is_test || cfg_test
    })
}

/// True if a `cfg` condition holds only in tests: not `any(test, …)` with something else, nor
/// `not(test)`.
fn needs_test(condition: &Meta) -> bool {
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let Ok(parts) = parts else { return false };
            let mut parts = parts.iter();
            if list.path.is_ident("all") {
                parts.any(needs_test)
            } else {
                list.path.is_ident("any") && parts.len() > 0 && parts.all(needs_test)
            }
        }
        Meta::NameValue(_) => false,
    }
}

/// A file to follow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Start {
    file: PathBuf,
    /// True if its modules' files are in its own folder: a crate's root, a `mod.rs`, or a file that
    /// `#[path]` names.
    beside: bool,
}

impl Start {
    const fn root(file: PathBuf) -> Self {
        Self { file, beside: true }
    }
}

/// The files that the declarations lead to.
#[derive(Default)]
struct Walk {
    /// True if declarations for tests are followed like all others.
    with_tests: bool,
    seen: BTreeSet<Start>,
    files: BTreeSet<PathBuf>,
    /// The files that only declarations for tests lead to.
    for_tests: BTreeSet<Start>,
    /// Names that macros call, from any counted place.
    named: BTreeSet<PathBuf>,
    /// True if there are declarations that cannot be read.
    blind: bool,
}

impl Walk {
    fn follow(&mut self, mut open: Vec<Start>) {
        while let Some(Start { file, beside }) = open.pop() {
            // A module may be generated elsewhere, or not exist for this target.
            let Ok(file) = file.canonicalize() else {
                continue;
            };
            let start = Start { file, beside };
            if !self.seen.insert(start.clone()) {
                continue;
            }
            let text = std::fs::read_to_string(&start.file).ok();
            let Some(parsed) = text.and_then(|text| syn::parse_file(&text).ok()) else {
                self.blind = true;
                self.files.insert(start.file);
                continue;
            };
            if for_tests(&parsed.attrs) && !self.with_tests {
                self.for_tests.insert(start);
                continue;
            }
            let folder = start.file.parent().unwrap_or(Path::new("")).to_owned();
            let own = match start.file.file_stem() {
                Some(stem) if !beside => folder.join(stem),
                _ => folder.clone(),
            };
            let mut modules = Modules {
                walk: self,
                folder,
                own,
                tested: false,
                found: Vec::new(),
            };
            modules.visit_file(&parsed);
            open.append(&mut modules.found);
            self.files.insert(start.file);
        }
    }

    /// True if the file is one of these, or a macro may include it.
    fn may_have(&self, file: &Path) -> bool {
        self.files.contains(file) || self.named.iter().any(|name| file.ends_with(name))
    }
}

/// The declarations of one file.
struct Modules<'w> {
    walk: &'w mut Walk,
    /// The base folder for `#[path]`.
    folder: PathBuf,
    /// The folder of the modules' files.
    own: PathBuf,
    /// True if the visit is inside code for tests only.
    tested: bool,
    found: Vec<Start>,
}

impl Modules<'_> {
    fn find(&mut self, file: PathBuf, beside: bool, tested: bool) {
        let start = Start { file, beside };
        if tested && !self.walk.with_tests {
            self.walk.for_tests.insert(start);
        } else {
            self.found.push(start);
        }
    }

    /// The files that a module of that name may be in.
    fn find_named(&mut self, name: &str, tested: bool) {
        let name = name.trim_start_matches("r#");
        self.find(self.own.join(format!("{name}.rs")), false, tested);
        self.find(self.own.join(name).join("mod.rs"), true, tested);
    }

    /// The files that a macro's tokens may declare or include.
    fn tokens(&mut self, tokens: TokenStream) {
        let all: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in all.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = syn::parse_str::<syn::LitStr>(&literal.to_string());
                    if let Ok(text) = text.map(|text| text.value())
                        && text.ends_with(".rs")
                    {
                        self.find(self.folder.join(&text), true, false);
                        let name = text.trim_start_matches(['.', '/']);
                        self.walk.named.insert(name.into());
                    }
                }
                TokenTree::Ident(word) if word == "mod" => {
                    let ends = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(end)) if end.as_char() == ';');
                    match all.get(index + 1) {
                        Some(TokenTree::Ident(name)) if ends(all.get(index + 2)) => {
                            self.find_named(&name.to_string(), false);
                        }
                        // `mod $name;`
                        Some(TokenTree::Punct(_)) if ends(all.get(index + 3)) => {
                            self.walk.blind = true;
                        }
                        _ => {}
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    /// Visits something that may be only for tests.
    fn within(&mut self, attributes: &[Attribute], inside: impl FnOnce(&mut Self)) {
        let before = self.tested;
        self.tested |= for_tests(attributes);
        inside(self);
        self.tested = before;
    }
}

/// The text of `path = "…"`.
fn path_of(meta: &Meta) -> Option<String> {
    match meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(value) => match &value.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Modules<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        let name = item.ident.to_string();
        let path = item.attrs.iter().find_map(|one| path_of(&one.meta));
        self.within(&item.attrs, |modules| {
            if item.content.is_some() {
                let inside = match &path {
                    Some(path) => modules.folder.join(path),
                    None => modules.own.join(name.trim_start_matches("r#")),
                };
                let folder = std::mem::replace(&mut modules.folder, inside.clone());
                let own = std::mem::replace(&mut modules.own, inside);
                visit::visit_item_mod(modules, item);
                modules.folder = folder;
                modules.own = own;
                return;
            }
            if let Some(path) = path {
                modules.find(modules.folder.join(path), true, modules.tested);
                return;
            }
            modules.find_named(&name, modules.tested);
            // `#[cfg_attr(CONDITION, path = "…")]`
            let conditional = item
                .attrs
                .iter()
                .filter(|one| one.path().is_ident("cfg_attr"));
            for one in conditional {
                let parts = one.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                let parts = parts.unwrap_or_default();
                let tested = modules.tested || parts.first().is_some_and(needs_test);
                for path in parts.iter().skip(1).filter_map(path_of) {
                    modules.find(modules.folder.join(path), true, tested);
                }
            }
        });
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within(&item.attrs, |modules| visit::visit_item_fn(modules, item));
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        // Something that only may be a declaration excludes nothing.
        if !self.tested && !self.walk.with_tests {
            self.tokens(called.tokens.clone());
        }
    }
}

#[cfg(test)]
mod tests;
