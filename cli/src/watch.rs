//! Watches what the app is built from.

mod git;
mod inputs;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _, event::ModifyKind};
use tokio::{sync::mpsc, time::timeout};

use self::inputs::Inputs;
use crate::{
    compile::Built,
    error::{Context, Exit, Result},
    project::Project,
};

/// How long the files must be unchanged before a build starts: an editor's save is several events
/// within a few milliseconds.
const REST: Duration = Duration::from_millis(20);

/// A path that changed, and whether it was created, removed or renamed.
type Change = (PathBuf, bool);

/// Reports when a file changed that the app is built from.
#[derive(Debug)]
pub(crate) struct Watcher {
    watcher: RecommendedWatcher,
    events: mpsc::UnboundedReceiver<Change>,
    counted: Counted,
    watched: BTreeSet<PathBuf>,
}

/// Which of the changes count.
#[derive(Debug)]
enum Counted {
    All,
    Of(BTreeSet<PathBuf>),
    Inputs(Box<Inputs>),
}

impl Counted {
    fn has(&self, path: &Path, came_or_went: bool) -> bool {
        match self {
            Self::All => true,
            Self::Of(files) => files.contains(path),
            // Lost events count as a change of all files.
            Self::Inputs(inputs) => path == Path::new(LOST) || inputs.matter(path, came_or_went),
        }
    }
}

impl Watcher {
    /// Watches the package, its path dependencies, and the workspace's manifest and lock file. Until the first build works,
    /// what it reads is not known.
    ///
    /// # Errors
    ///
    /// If the system's limit of watches is reached; exit code 69.
    pub(crate) fn new(project: &Project) -> Result<Self> {
        let mut this = Self::idle()?;
        this.follow(project)?;
        Ok(this)
    }

    /// Watches only these files, even if they are replaced or do not exist yet.
    ///
    /// # Errors
    ///
    /// As [`Watcher::new`].
    pub(crate) fn of_files(files: impl IntoIterator<Item = PathBuf>) -> Result<Self> {
        let mut this = Self::idle()?;
        let files: BTreeSet<_> = files
            .into_iter()
            .map(|file| std::path::absolute(&file).unwrap_or(file))
            .collect();
        for folder in files.iter().filter_map(|file| file.parent()) {
            this.watch(folder, RecursiveMode::NonRecursive)?;
        }
        this.counted = Counted::Of(files);
        Ok(this)
    }

    /// Watches nothing yet.
    fn idle() -> Result<Self> {
        let (sender, events) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            for change in changes(event) {
                // The receiver is dropped only when nothing waits for changes any more.
                let _ = sender.send(change);
            }
        })
        .context("cannot watch files")
        .map_err(|failure| failure.exiting(Exit::Unavailable))?;
        Ok(Self {
            watcher,
            events,
            counted: Counted::All,
            watched: BTreeSet::new(),
        })
    }

    /// Also watches what the project has come to depend on.
    pub(crate) fn follow(&mut self, project: &Project) -> Result<()> {
        match &mut self.counted {
            Counted::Inputs(inputs) => inputs.follow(project),
            counted => *counted = Counted::Inputs(Box::new(Inputs::of(project))),
        }
        self.watch(project.workspace_root(), RecursiveMode::NonRecursive)?;
        for dir in project.source_dirs() {
            self.watch_package(dir, project.target_dir())?;
        }
        self.watch_further();
        Ok(())
    }

    /// From now on counts what that build has read.
    pub(crate) fn built(&mut self, built: &Built) {
        if let Counted::Inputs(inputs) = &mut self.counted {
            inputs.built(built);
            self.watch_further();
        }
    }

    /// A build failed. From now on a file counts, too, that may be what it lacks.
    pub(crate) fn failed(&mut self) {
        if let Counted::Inputs(inputs) = &mut self.counted {
            inputs.failed();
        }
    }

    /// The changes of files that the last build has read. Others were temporary, such as an
    /// editor's files.
    pub(crate) fn named(&self, changed: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
        let Counted::Inputs(inputs) = &self.counted else {
            return changed.clone();
        };
        let read = changed.iter().filter(|path| inputs.are(path));
        let read: BTreeSet<_> = read.cloned().collect();
        if read.is_empty() {
            let left = changed.iter().filter(|path| path.exists());
            return left.cloned().collect();
        }
        read
    }

    /// The folders of inputs that are outside of the packages.
    fn watch_further(&mut self) {
        let Counted::Inputs(inputs) = &self.counted else {
            return;
        };
        let folders = inputs.folders().into_iter().map(Path::to_owned);
        let further: Vec<_> = folders
            .filter(|folder| !self.watched.contains(folder) && folder.is_dir())
            .collect();
        for folder in further {
            // Of use, and all else works without it.
            let _ = self.watch(&folder, RecursiveMode::NonRecursive);
        }
    }

    /// A package's folder and its content, except the target folder, which is often inside and
    /// changes constantly, and files that git ignores.
    fn watch_package(&mut self, dir: &Path, target: &Path) -> Result<()> {
        self.watch(dir, RecursiveMode::NonRecursive)?;
        let entries = std::fs::read_dir(dir)
            .with_context(|| format!("cannot read the folder: {}", dir.display()))?;
        for entry in entries.filter_map(Result::ok) {
            let path = entry.path();
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            if path.is_dir() && !is_hidden && path != target && !git::ignores(&path) {
                self.watch(&path, RecursiveMode::Recursive)?;
            }
        }
        Ok(())
    }

    fn watch(&mut self, path: &Path, mode: RecursiveMode) -> Result<()> {
        if self.watched.insert(path.to_owned()) {
            self.watcher
                .watch(path, mode)
                .with_context(|| format!("cannot watch the folder: {}", path.display()))
                .map_err(|failure| {
                    failure
                        .exiting(Exit::Unavailable)
                        .hint("raise the system's limit for file watches, or use `--no-reload`")
                })?;
        }
        Ok(())
    }

    /// Waits for the next change and for the files to rest; returns the changed ones.
    pub(crate) async fn changed(&mut self) -> BTreeSet<PathBuf> {
        let mut changed = BTreeSet::new();
        loop {
            let next = if changed.is_empty() {
                self.events.recv().await
            } else {
                match timeout(REST, self.events.recv()).await {
                    Ok(next) => next,
                    Err(_) => return changed,
                }
            };
            let Some((path, came_or_went)) = next else {
                return std::future::pending().await;
            };
            if !self.counted.has(&path, came_or_went) {
                continue;
            }
            if path.is_dir() {
                // A new folder, or one that replaces a watched folder. It may be gone again.
                self.watched.remove(&path);
                let _ = self.watch(&path, RecursiveMode::Recursive);
                // Changes before the watch started cause no events.
                let entries = std::fs::read_dir(&path);
                if entries.is_ok_and(|mut entries| entries.next().is_none()) {
                    continue;
                }
            }
            changed.insert(path);
        }
    }
}

/// Stands for what is not known.
const LOST: &str = "Cargo.toml";

/// The paths that an event names. If the system lost events, or watching failed, the event names
/// none. Then cargo's manifest stands for all files, and cargo finds the changes.
fn changes(event: notify::Result<notify::Event>) -> Vec<Change> {
    match event {
        Ok(event) if event.need_rescan() => vec![(PathBuf::from(LOST), false)],
        Ok(event) if matters(event.kind) => {
            let came_or_went = came_or_went(event.kind);
            let paths = event.paths.into_iter();
            paths.map(|path| (path, came_or_went)).collect()
        }
        Ok(_) => Vec::new(),
        Err(_) => vec![(PathBuf::from(LOST), false)],
    }
}

/// True if this creates, removes or renames a file.
const fn came_or_went(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    )
}

fn matters(kind: EventKind) -> bool {
    match kind {
        EventKind::Create(_) | EventKind::Remove(_) => true,
        EventKind::Modify(what) => !matches!(what, ModifyKind::Metadata(_)),
        EventKind::Any | EventKind::Other => true,
        EventKind::Access(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
        time::Duration,
    };

    use notify::{
        Event, EventKind,
        event::{AccessKind, CreateKind, Flag, MetadataKind, ModifyKind},
    };

    use super::{Watcher, changes};

    /// Waits until a change of this path is reported.
    async fn until(watcher: &mut Watcher, path: &Path) {
        let told = async { while !watcher.changed().await.contains(path) {} };
        let told = tokio::time::timeout(Duration::from_secs(20), told).await;
        assert!(told.is_ok(), "no change of {}", path.display());
    }

    #[tokio::test]
    async fn a_folder_in_the_place_of_another_is_watched_as_that_one_was() {
        let package = tempfile::tempdir().unwrap();
        let package = package.path().canonicalize().unwrap();
        let (sources, file) = (package.join("src"), package.join("src/main.rs"));
        fs::create_dir(&sources).unwrap();
        let mut watcher = Watcher::idle().unwrap();
        watcher.watch_package(&package, Path::new("/none")).unwrap();
        fs::write(&file, "1").unwrap();
        until(&mut watcher, &file).await;
        // As a tool that writes a new file and moves it into place.
        let (new, old) = (package.join("src.new"), package.join("src.old"));
        fs::create_dir(&new).unwrap();
        fs::write(new.join("main.rs"), "2").unwrap();
        fs::rename(&sources, &old).unwrap();
        fs::rename(&new, &sources).unwrap();
        fs::remove_dir_all(&old).unwrap();
        until(&mut watcher, &sources).await;
        fs::write(&file, "3").unwrap();
        until(&mut watcher, &file).await;
    }

    #[test]
    fn what_was_lost_counts_as_a_change() {
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        let whole = [(PathBuf::from("Cargo.toml"), false)];
        assert_eq!(changes(Ok(lost)), whole);
        let failed = Err(notify::Error::generic("no more watches"));
        assert_eq!(changes(failed), whole);
    }

    #[test]
    fn reading_a_file_or_its_times_is_no_change() {
        let event = |kind| Ok(Event::new(kind).add_path(PathBuf::from("src/main.rs")));
        let of_file = [(PathBuf::from("src/main.rs"), true)];
        assert_eq!(changes(event(EventKind::Create(CreateKind::File))), of_file);
        assert!(changes(event(EventKind::Access(AccessKind::Any))).is_empty());
        let metadata = ModifyKind::Metadata(MetadataKind::AccessTime);
        assert!(changes(event(EventKind::Modify(metadata))).is_empty());
    }
}
