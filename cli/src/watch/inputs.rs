//! The inputs of a build, as cargo reports them, and so the changes that need a new build.

use std::{
    collections::BTreeSet,
    fs, io,
    os::{fd::AsFd as _, unix::fs::MetadataExt as _},
    path::{Component, Path, PathBuf},
};

use super::git;
use crate::{
    compile::Built,
    project::Project,
    values::names::{FILE_NAME, SECRETS_FILE},
};

/// The files of a project that its build and its settings are read from.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    /// Files, and folders that a build script reads as a whole. What is gone stays: it may come back.
    read: BTreeSet<PathBuf>,
    /// Packages whose build script does not declare its inputs: cargo then takes every file as an
    /// input (The Cargo Book, "Build Scripts", "Change Detection").
    whole: Vec<PathBuf>,
    /// All packages' folders.
    packages: Vec<PathBuf>,
    target: PathBuf,
    /// True if the last build worked, so that all its inputs are known.
    known: bool,
    /// Output of this process may go to a file of the project.
    outputs: Vec<(u64, u64)>,
}

impl Inputs {
    pub(super) fn of(project: &Project) -> Self {
        let mut this = Self {
            outputs: outputs(),
            ..Self::default()
        };
        this.follow(project);
        this
    }

    /// Adds the current manifests and settings of the project.
    pub(super) fn follow(&mut self, project: &Project) {
        self.target = project.target_dir().to_owned();
        self.packages = project.source_dirs().to_vec();
        for folder in project.source_dirs() {
            // Cargo finds the last three without an entry in the manifest, so a new one is a new
            // input.
            for name in ["Cargo.toml", "build.rs", "src/lib.rs", "src/main.rs"] {
                self.read.insert(folder.join(name));
            }
        }
        let root = project.workspace_root();
        for name in ["Cargo.toml", "Cargo.lock"] {
            self.read.insert(root.join(name));
        }
        for name in [FILE_NAME, SECRETS_FILE] {
            self.read.insert(project.package_dir().join(name));
        }
        // Cargo looks in the folder where it runs, and above.
        let here = std::env::current_dir().unwrap_or_default();
        for above in here.ancestors() {
            for name in [".cargo/config.toml", ".cargo/config"] {
                self.read.insert(above.join(name));
            }
            for name in ["rust-toolchain.toml", "rust-toolchain"] {
                self.read.insert(above.join(name));
            }
        }
    }

    /// Learns what a build that worked has read.
    pub(super) fn built(&mut self, built: &Built) {
        let Ok(text) = fs::read_to_string(built.executable.with_extension("d")) else {
            return self.failed();
        };
        self.read
            .extend(dependencies(&text).flat_map(|path| spellings(&path)));
        self.whole.clone_from(&built.whole_packages);
        self.known = true;
    }

    /// A build failed: what the next one reads is not known.
    pub(super) fn failed(&mut self) {
        self.known = false;
    }

    /// The folders of what is read.
    pub(super) fn folders(&self) -> BTreeSet<&Path> {
        self.read.iter().filter_map(|path| path.parent()).collect()
    }

    /// True if the next build may read something different now that this path has changed.
    /// `came_or_went` says that it was created, removed or renamed.
    pub(super) fn matter(&self, path: &Path, came_or_went: bool) -> bool {
        if path.starts_with(&self.target) || self.is_output(path) {
            return false;
        }
        if self.are(path) {
            return true;
        }
        if is_scratch(path) {
            return false;
        }
        let below = |folder: &PathBuf| path.starts_with(folder) && path != folder;
        // A folder that is read as a whole.
        let in_read = || {
            path.ancestors()
                .skip(1)
                .any(|above| self.read.contains(above))
        };
        // A file that a failing build needs, or that caused the failure, and that cargo did not
        // report.
        let missing = || {
            let is_source = path.extension().is_some_and(|extension| extension == "rs");
            !self.known
                && (came_or_went || is_source)
                && self.packages.iter().any(below)
                && !self.is_apart(path)
        };
        (in_read() || self.whole.iter().any(below) || missing()) && !git::ignores(path)
    }

    /// True if a path is one of them, or a parent folder of one.
    pub(super) fn are(&self, path: &Path) -> bool {
        let mut from = self.read.range(path.to_owned()..);
        from.next().is_some_and(|read| read.starts_with(path))
    }

    /// True if a file is in a folder of a package that does not belong to an app.
    fn is_apart(&self, path: &Path) -> bool {
        self.packages.iter().any(|package| {
            ["tests", "benches", "examples"]
                .iter()
                .any(|apart| path.starts_with(package.join(apart)))
        })
    }

    fn is_output(&self, path: &Path) -> bool {
        !self.outputs.is_empty()
            && fs::metadata(path)
                .is_ok_and(|found| self.outputs.contains(&(found.dev(), found.ino())))
    }
}

/// Editors' scratch files: Vim probes a folder by creating a file `4913`; Emacs locks with `.#name` and saves `#name#`.
fn is_scratch(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name.ends_with('~') || name.starts_with('#') || name == "4913"
}

/// The files that standard output and standard error are.
fn outputs() -> Vec<(u64, u64)> {
    let (out, err) = (io::stdout(), io::stderr());
    [out.as_fd(), err.as_fd()]
        .into_iter()
        .filter_map(|stream| {
            let file = fs::File::from(stream.try_clone_to_owned().ok()?);
            let found = file.metadata().ok()?;
            found.is_file().then(|| (found.dev(), found.ino()))
        })
        .collect()
}

/// The files of a dep-info file of cargo's: `target: file file`, where a space in a name is `\ `.
fn dependencies(text: &str) -> impl Iterator<Item = PathBuf> {
    text.lines().flat_map(|line| {
        let mut files = vec![String::new()];
        let mut all = line.split_once(": ").map_or("", |(_, files)| files).chars();
        while let Some(c) = all.next() {
            match (c, files.last_mut()) {
                (' ', _) => files.push(String::new()),
                // The character after it is literal.
                ('\\', Some(file)) => match all.next() {
                    Some(' ') => file.push(' '),
                    Some(other) => file.extend(['\\', other]),
                    None => file.push('\\'),
                },
                (c, Some(file)) => file.push(c),
                (_, None) => {}
            }
        }
        files
            .into_iter()
            .filter(|file| !file.is_empty())
            .map(PathBuf::from)
    })
}

/// The ways in which the system may report a path: without `..`, and without links.
fn spellings(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    let real = path.canonicalize().ok();
    [Some(plain), real].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::{Inputs, dependencies, spellings};

    #[test]
    fn dep_info_is_read_with_spaces_in_it() {
        let text = "/t/app: /my\\ app/src/main.rs /my\\ app/src/a\\b.rs\n\n/t/lib: /x\n";
        let found: Vec<_> = dependencies(text).collect();
        let wanted = ["/my app/src/main.rs", "/my app/src/a\\b.rs", "/x"];
        assert_eq!(found, wanted.map(PathBuf::from));
        assert_eq!(dependencies("").count() + dependencies("x:").count(), 0);
        let plain: Vec<_> = spellings(Path::new("/no/where/./src/../data.txt")).collect();
        assert_eq!(plain, [PathBuf::from("/no/where/data.txt")]);
    }

    #[test]
    fn what_the_build_reads_matters_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("src")).unwrap();
        fs::write(root.join(".gitignore"), "*.log\n/dist\n").unwrap();
        let read = ["src/main.rs", "fw.toml", "data/greeting.txt", "migrations"];
        let mut inputs = Inputs {
            read: read.iter().map(|path| root.join(path)).collect(),
            packages: vec![root.clone()],
            target: root.join("target"),
            known: true,
            ..Inputs::default()
        };
        let all = [
            "README.md",
            "data",
            "data/greeting.txt",
            "dist/app.js",
            "fw.toml",
            "local.log",
            "migrations/1.sql",
            "migrations/1.log",
            "new.txt",
            "src",
            "src/main.rs",
            "src/main.rs~",
            "src/new.rs",
            "target/debug/app",
            "tests/it.rs",
        ];
        let matter = |inputs: &Inputs, came: bool| -> BTreeSet<&str> {
            let all = all.iter().copied();
            all.filter(|path| inputs.matter(&root.join(path), came))
                .collect()
        };
        let mut wanted = BTreeSet::from([
            "data",
            "data/greeting.txt",
            "fw.toml",
            "migrations/1.sql",
            "src",
            "src/main.rs",
        ]);
        assert_eq!(matter(&inputs, false), wanted);
        assert_eq!(matter(&inputs, true), wanted);
        // After a failure, a source that is saved may be the cure, and so may any file that comes.
        inputs.failed();
        wanted.insert("src/new.rs");
        assert_eq!(matter(&inputs, false), wanted);
        wanted.extend(["README.md", "new.txt"]);
        assert_eq!(matter(&inputs, true), wanted);
        // A build script that does not declare its inputs.
        inputs.known = true;
        inputs.whole = vec![root.clone()];
        wanted.insert("tests/it.rs");
        assert_eq!(matter(&inputs, false), wanted);
        assert!(!inputs.matter(Path::new("/elsewhere/x.rs"), true));
    }
}
