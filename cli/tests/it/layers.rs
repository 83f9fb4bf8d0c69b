//! The CLI's modules as a stack of floors: what a file imports is on its own floor or below, and no large circle ties files
//! together. Imports and paths are read from the sources, those of tests left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, visit::Visit};

/// The modules of the crate's root, the lowest first.
const FLOORS: [&str; 23] = [
    "env",
    "cargo",
    "error",
    "interrupt",
    "console",
    "values",
    "private_files",
    "process",
    "aws",
    "args",
    "project",
    "manifest",
    "compile",
    "watch",
    "artifact",
    "settings",
    "policy",
    "local",
    "deploy",
    "logs_view",
    "package",
    "command",
    "main",
];

/// What the embedded services may know of the rest, so that they start without the local server.
const SERVICES_MAY_USE: [&str; 4] = ["error", "values", "private_files", "policy"];

/// The most files that one circle may tie together.
const LARGEST_CIRCLE: usize = 8;

type Module = Vec<String>;
type Arrows = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn imports_go_down() {
    let mut wrong = String::new();
    for (from, to) in arrows(&sources()) {
        let floor = |module: &Module| {
            let room = module.first().map_or("main", String::as_str);
            let floor = FLOORS.iter().position(|floor| *floor == room);
            floor.unwrap_or_else(|| panic!("`{room}` is not on any floor: add it to `FLOORS`"))
        };
        for to in to {
            let up = floor(&to) > floor(&from);
            let services = from.starts_with(&["local".to_owned(), "services".to_owned()]);
            let foreign = services
                && !to.starts_with(&from[..2])
                && !SERVICES_MAY_USE.contains(&FLOORS[floor(&to)]);
            if up || foreign {
                writeln!(wrong, "{} → {}", from.join("::"), to.join("::")).unwrap();
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports of what stands above:\n{wrong}move what both need to `values`"
    );
}

#[test]
fn circles_are_small() {
    let arrows = arrows(&sources());
    let reached: BTreeMap<&Module, BTreeSet<&Module>> = arrows
        .keys()
        .map(|from| (from, reachable(from, &arrows)))
        .collect();
    for (module, reaches) in &reached {
        let back = |other: &&&Module| reached.get(**other).is_some_and(|it| it.contains(module));
        let circle: Vec<String> = reaches
            .iter()
            .filter(back)
            .map(|it| it.join("::"))
            .collect();
        assert!(
            circle.len() <= LARGEST_CIRCLE,
            "{} files import one another: {}",
            circle.len(),
            circle.join(", ")
        );
    }
}

fn reachable<'a>(from: &'a Module, arrows: &'a Arrows) -> BTreeSet<&'a Module> {
    let mut seen = BTreeSet::new();
    let mut next = vec![from];
    while let Some(module) = next.pop() {
        for to in arrows.get(module).into_iter().flatten() {
            if seen.insert(to) {
                next.push(to);
            }
        }
    }
    seen
}

/// The production files, by module.
fn sources() -> BTreeMap<Module, syn::File> {
    let mut all = BTreeMap::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    collect(&root, &mut Vec::new(), &mut all);
    assert!(all.len() > 200, "{} files", all.len());
    all
}

fn collect(folder: &Path, module: &mut Module, all: &mut BTreeMap<Module, syn::File>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // The account in memory and moto serve tests alone.
        if ["tests", "fake", "moto"].contains(&name.as_str()) {
            continue;
        }
        let own = !["mod", "main"].contains(&name.as_str());
        if own {
            module.push(name);
        }
        if path.is_dir() {
            collect(&path, module, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let file = syn::parse_file(&text).unwrap();
            all.insert(module.clone(), file);
        }
        if own {
            module.pop();
        }
    }
}

/// Which file imports which.
fn arrows(sources: &BTreeMap<Module, syn::File>) -> Arrows {
    let mut all = Arrows::new();
    for (module, file) in sources {
        let mut paths = Paths {
            module: module.clone(),
            sources,
            found: Vec::new(),
        };
        paths.visit_file(file);
        let to = paths.found.into_iter().filter_map(|path| {
            let lengths = (0..=path.len()).rev();
            let prefixes = lengths.map(|length| path[..length].to_vec());
            let mut files = prefixes.filter(|prefix| sources.contains_key(prefix));
            files.next().filter(|found| found != module)
        });
        let to = to.collect();
        all.insert(module.clone(), to);
    }
    all
}

/// Collects the paths of a file that lead into the crate, from the crate's root.
struct Paths<'a> {
    module: Module,
    sources: &'a BTreeMap<Module, syn::File>,
    found: Vec<Module>,
}

impl Paths<'_> {
    fn found(&mut self, path: &[String]) {
        let mut module = self.module.clone();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => {
                module.clear();
                rest = &path[1..];
            }
            Some("self") => rest = &path[1..],
            Some("super") => {
                while let [first, others @ ..] = rest
                    && first == "super"
                {
                    module.pop();
                    rest = others;
                }
            }
            Some(first) => {
                let child = [module.as_slice(), &[first.to_owned()]].concat();
                if !self.sources.contains_key(&child) {
                    return;
                }
            }
            None => return,
        }
        module.extend(rest.iter().cloned());
        self.found.push(module);
    }

    fn walk(&mut self, tree: &UseTree, path: &mut Vec<String>) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.walk(&inner.tree, path);
                path.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.walk(tree, path);
                }
            }
            UseTree::Name(name) => self.leaf(&name.ident.to_string(), path),
            UseTree::Rename(name) => self.leaf(&name.ident.to_string(), path),
            UseTree::Glob(_) => self.found(path),
        }
    }

    fn leaf(&mut self, name: &str, path: &mut Vec<String>) {
        path.push(name.to_owned());
        let own = if name == "self" {
            path.len() - 1
        } else {
            path.len()
        };
        self.found(&path[..own]);
        path.pop();
    }
}

fn only_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|condition| condition == "test")
    })
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Const(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !only_tests(attributes) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.walk(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        let names: Vec<String> = names.collect();
        if names.len() > 1 {
            self.found(&names);
        }
        syn::visit::visit_path(self, path);
    }

    /// `pub(in path)` names an ancestor, which it does not use.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
}
