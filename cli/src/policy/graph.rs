//! Which of the app's functions can reach which of its sources: a call graph by names.
//!
//! All functions are one executable. A process of an authorizer runs `main` (which names the
//! handlers but does not call them), the state's initialiser, and the authorizer. So what these can
//! reach belongs to the authorizer, and everything else to the app. Types are not known: a name
//! stands for everything with this name, a method for those of all types, and a type for what its
//! implementations of other crates' traits do, because those are called without being named. So a
//! function may seem to reach more than it does, but never less.

mod items;
mod names;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::LineColumn;

use crate::settings::APP;

/// A name in an item's source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mention {
    /// `.name(…)`.
    Method(String),
    /// The last segment of a path: a function, a method, a type, a constant, a macro.
    Path(String),
    /// The last segment of a path whose segment before is a type that another crate may have: the
    /// type and the segment.
    Of(String, String),
    /// Names that cannot be a function: other segments of a path, a name in a pattern.
    Thing(String),
    /// In a list of routes, which calls nothing.
    Listed(String),
}

/// The kind of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A function that is called by a path.
    Function,
    /// A function with a receiver.
    Method,
    /// A type, a trait, a constant, a macro.
    Thing,
}

/// Why an item runs that nothing calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    /// It runs only if something calls it.
    No,
    /// Every process runs it, or may.
    Shared,
    /// A route's handler.
    Handler,
    /// An `#[authorizer]`.
    Authorizer,
}

/// An item that has a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    file: String,
    from: LineColumn,
    to: LineColumn,
    name: String,
    kind: Kind,
    root: Root,
    mentions: BTreeSet<Mention>,
    /// For a function that implements a trait: what it may be called with unnamed.
    with: Option<With>,
}

/// An implementation of a trait.
#[derive(Clone, Debug, PartialEq, Eq)]
struct With {
    /// The trait.
    of: String,
    /// The first segment of its path, or of the path that it is imported by.
    from: Option<String>,
    /// The names next to which its functions may be called: the type's, and in a trait the trait's.
    names: BTreeSet<String>,
}

/// The items of all sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Graph {
    items: Vec<Item>,
    /// Macros of the app's own.
    macros: BTreeSet<String>,
    /// Names of the app's own traits.
    traits: BTreeSet<String>,
    /// Names of types and traits, and what has implementations.
    types: BTreeSet<String>,
    /// Names of modules.
    modules: BTreeSet<String>,
    /// True if some sources are not visible and may lead anywhere.
    blind: bool,
}

impl Graph {
    /// Adds a file's items.
    pub(super) fn file(&mut self, name: &str, parsed: &syn::File) {
        items::collect(self, name, parsed);
    }

    /// Records that some sources cannot be read.
    pub(super) const fn blind(&mut self) {
        self.blind = true;
    }

    /// Determines the owner of each item.
    pub(super) fn owners(&self) -> Owners {
        let reach = Reach::new(self);
        let named = |root: Root| {
            let items = self.items.iter().enumerate();
            items.filter(move |(_, item)| item.root == root)
        };
        let shared: Vec<usize> = named(Root::Shared).map(|(at, _)| at).collect();
        let mut authorizers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, item) in named(Root::Authorizer) {
            authorizers.entry(&item.name).or_default().push(at);
        }
        let mut all: Vec<BTreeSet<String>> = vec![BTreeSet::new(); self.items.len()];
        let mut asked = vec![false; self.items.len()];
        for (name, own) in &authorizers {
            let reached = reach.from(shared.iter().chain(own).copied());
            for (at, _) in reached.iter().enumerate().filter(|(_, reached)| **reached) {
                all[at].insert((*name).to_owned());
                asked[at] = true;
            }
        }
        let listed: BTreeSet<&String> = self
            .items
            .iter()
            .flat_map(|item| &item.mentions)
            .filter_map(|mention| match mention {
                Mention::Listed(name) => Some(name),
                _ => None,
            })
            .collect();
        // Everything that no authorizer reaches belongs to the app, even if its caller is not
        // known.
        let apps = self.items.iter().enumerate().filter(|(at, item)| {
            let handler = item.root == Root::Handler || listed.contains(&item.name);
            (!asked[*at] || handler) && item.root != Root::Authorizer
        });
        let apps: Vec<usize> = apps.map(|(at, _)| at).collect();
        let reached = reach.from(shared.iter().chain(&apps).copied());
        for (at, _) in reached.iter().enumerate().filter(|(_, reached)| **reached) {
            all[at].insert(APP.to_owned());
        }
        let functions: BTreeSet<String> = authorizers
            .keys()
            .map(|name| (*name).to_owned())
            .chain([APP.to_owned()])
            .collect();
        let items = self.items.iter().zip(all);
        Owners {
            // Without a `main` it is not known what every process runs.
            known: !shared.is_empty() && !self.blind,
            functions,
            items: items
                .map(|(item, owners)| (item.file.clone(), item.from, item.to, owners))
                .collect(),
        }
    }
}

impl Graph {
    /// The names next to which the functions of an implementation may be called without being
    /// named. None for a trait of the app, which only the app's own sources can call.
    fn company<'g>(&self, with: &'g With) -> Vec<&'g String> {
        let own = |first: &String| {
            matches!(first.as_str(), "crate" | "self" | "super") || self.modules.contains(first)
        };
        if self.traits.contains(&with.of) && with.from.as_ref().is_none_or(own) {
            return Vec::new();
        }
        let known = |name: &&String| self.types.contains(*name);
        let owns: Vec<&String> = with.names.iter().filter(known).collect();
        match owns.is_empty() {
            true => with.names.iter().collect(),
            false => owns,
        }
    }
}

/// The items that each item's mentions lead to.
struct Reach {
    edges: Vec<Vec<usize>>,
}

impl Reach {
    fn new(graph: &Graph) -> Self {
        let (mut methods, mut paths, mut things, mut with) =
            (Index::new(), Index::new(), Index::new(), Index::new());
        for (at, item) in graph.items.iter().enumerate() {
            let name = item.name.as_str();
            match item.kind {
                Kind::Method => {
                    methods.entry(name).or_default().push(at);
                    paths.entry(name).or_default().push(at);
                }
                Kind::Function => paths.entry(name).or_default().push(at),
                Kind::Thing => {
                    paths.entry(name).or_default().push(at);
                    things.entry(name).or_default().push(at);
                }
            }
            for name in item.with.iter().flat_map(|with| graph.company(with)) {
                with.entry(name.as_str()).or_default().push(at);
            }
        }
        // A macro of the app's own may be called as the framework's is.
        let lists = graph.macros.contains("routes");
        let edges = graph.items.iter().map(|item| {
            let lists = item.mentions.iter().flat_map(|mention| match mention {
                Mention::Of(owner, _) if !graph.types.contains(owner) => [None, None],
                Mention::Listed(_) if !lists => [None, None],
                Mention::Of(_, name) | Mention::Listed(name) => {
                    [paths.get(name.as_str()), with.get(name.as_str())]
                }
                Mention::Method(name) => [methods.get(name.as_str()), None],
                Mention::Path(name) => [paths.get(name.as_str()), with.get(name.as_str())],
                Mention::Thing(name) => [things.get(name.as_str()), with.get(name.as_str())],
            });
            lists.flatten().flatten().copied().collect()
        });
        Self {
            edges: edges.collect(),
        }
    }

    /// For each item: true if it is reached from those.
    fn from(&self, roots: impl Iterator<Item = usize>) -> Vec<bool> {
        let mut reached = vec![false; self.edges.len()];
        let mut open: Vec<usize> = roots.collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut reached[at], true) {
                open.extend(&self.edges[at]);
            }
        }
        reached
    }
}

/// Items by name.
type Index<'a> = BTreeMap<&'a str, Vec<usize>>;

/// The owners of each item.
#[derive(Clone, Debug)]
pub(super) struct Owners {
    known: bool,
    /// The app, and the authorizers that were found.
    pub(super) functions: BTreeSet<String>,
    items: Vec<(String, LineColumn, LineColumn, BTreeSet<String>)>,
}

impl Owners {
    /// The functions that can reach that place of a file: all of them, where that is not known.
    pub(super) fn of(&self, file: &str, at: LineColumn) -> &BTreeSet<String> {
        let around = self
            .items
            .iter()
            .filter(|(name, from, to, _)| name == file && *from <= at && at < *to);
        // The innermost starts last.
        let innermost = around.max_by_key(|(_, from, _, _)| *from);
        match innermost {
            Some((_, _, _, owners)) if self.known && !owners.is_empty() => owners,
            _ => &self.functions,
        }
    }
}

#[cfg(test)]
mod tests;
