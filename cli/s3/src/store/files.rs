//! Files with data: packs of small objects, and a file of its own for each large piece.
//!
//! A file is written before the journal names it, and removed after the journal no longer does. What a crash leaves between is removed
//! when the folder is opened.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, FileExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::model::Segment;

/// A pack that is longer is not added to.
const LONGEST_PACK: u64 = 64 * 1024 * 1024;

/// A data file. It is removed once it is not wanted and nobody reads it.
#[derive(Debug)]
pub(crate) struct DataFile {
    pub(crate) id: u64,
    path: PathBuf,
    open: OnceLock<File>,
    wanted: AtomicBool,
}

impl DataFile {
    /// The file, open for reading. A pack stays open; another file is opened by each of its readers.
    pub(crate) fn reader(self: &Arc<Self>) -> io::Result<Reader> {
        if self.open.get().is_some() {
            return Ok(Reader {
                kept: Arc::clone(self),
                own: None,
            });
        }
        let file = File::open(&self.path)?;
        Ok(Reader {
            kept: Arc::clone(self),
            own: Some(file),
        })
    }

    /// Says whether the file stays when nobody has it in his hands any more.
    pub(super) fn want(&self, wanted: bool) {
        self.wanted.store(wanted, Ordering::Release);
    }

    pub(super) fn length(&self) -> u64 {
        fs::metadata(&self.path).map_or(0, |metadata| metadata.len())
    }
}

impl Drop for DataFile {
    fn drop(&mut self) {
        if !*self.wanted.get_mut() {
            // What cannot be removed now is removed at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A data file that is being read, and stays until then.
#[derive(Debug)]
pub(crate) struct Reader {
    kept: Arc<DataFile>,
    own: Option<File>,
}

impl Reader {
    /// Reads as many bytes as the buffer has.
    pub(crate) fn read(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match (&self.own, self.kept.open.get()) {
            (Some(file), _) | (None, Some(file)) => file.read_exact_at(buffer, offset),
            (None, None) => Err(io::Error::other("the data file is closed")),
        }
    }
}

/// The folder of the data files.
#[derive(Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    next: AtomicU64,
    pack: Mutex<Option<Pack>>,
}

#[derive(Debug)]
struct Pack {
    file: Arc<DataFile>,
    end: u64,
}

/// Data that was written and that no record names yet. It goes away unless a record does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) segments: Vec<Segment>,
    pub(crate) files: Vec<Arc<DataFile>>,
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Writing {
    file: Arc<DataFile>,
    handle: File,
    length: u64,
}

impl Writing {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.handle.write_all_at(bytes, self.length)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    pub(crate) fn finish(self) -> Written {
        let segment = Segment {
            file: self.file.id,
            offset: 0,
            length: self.length,
        };
        Written {
            segments: vec![segment],
            files: vec![self.file],
        }
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(0o600);
    options
}

impl Files {
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        create_folder(&folder)?;
        let files = Self {
            folder,
            next: AtomicU64::new(1),
            pack: Mutex::new(None),
        };
        let last = files.ids()?.into_iter().max().unwrap_or(0);
        files.next.store(last + 1, Ordering::Relaxed);
        Ok(files)
    }

    /// The numbers of all files there are.
    fn ids(&self) -> io::Result<Vec<u64>> {
        let mut ids = Vec::new();
        for folder in fs::read_dir(&self.folder)? {
            let folder = folder?.path();
            if !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(folder)? {
                ids.extend(
                    file?
                        .file_name()
                        .to_str()
                        .and_then(|name| name.parse::<u64>().ok()),
                );
            }
        }
        Ok(ids)
    }

    fn path(&self, id: u64) -> PathBuf {
        self.folder
            .join(format!("{:02x}", id % 256))
            .join(id.to_string())
    }

    /// A file that is there.
    pub(super) fn existing(&self, id: u64) -> Arc<DataFile> {
        Arc::new(DataFile {
            id,
            path: self.path(id),
            open: OnceLock::new(),
            wanted: AtomicBool::new(true),
        })
    }

    /// Removes all files but those.
    pub(super) fn sweep(&self, keep: impl Fn(u64) -> bool) -> io::Result<()> {
        for id in self.ids()? {
            if !keep(id) {
                fs::remove_file(self.path(id))?;
            }
        }
        Ok(())
    }

    /// Takes a file from elsewhere on the same file system, which stays where it is in addition.
    pub(super) fn adopt(&self, path: &Path) -> io::Result<u64> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let own = self.path(id);
        create_folder(own.parent().unwrap_or(&self.folder))?;
        fs::hard_link(path, &own).or_else(|_| fs::copy(path, &own).map(|_| ()))?;
        Ok(id)
    }

    fn create(&self) -> io::Result<(Arc<DataFile>, File)> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path(id);
        let handle = match options().open(&path) {
            Err(failed) if failed.kind() == io::ErrorKind::NotFound => {
                create_folder(path.parent().unwrap_or(&self.folder))?;
                options().open(&path)?
            }
            opened => opened?,
        };
        let file = DataFile {
            id,
            path,
            open: OnceLock::new(),
            wanted: AtomicBool::new(false),
        };
        Ok((Arc::new(file), handle))
    }

    /// Starts a file of its own.
    pub(crate) fn start(&self) -> io::Result<Writing> {
        let (file, handle) = self.create()?;
        Ok(Writing {
            file,
            handle,
            length: 0,
        })
    }

    /// Writes a small piece into a pack.
    pub(crate) fn pack(&self, bytes: &[u8]) -> io::Result<Written> {
        if bytes.is_empty() {
            return Ok(Written::default());
        }
        let mut pack = self.pack.lock().unwrap_or_else(PoisonError::into_inner);
        if pack.as_ref().is_none_or(|pack| pack.end > LONGEST_PACK) {
            let (file, handle) = self.create()?;
            // A new file's cell is empty.
            let _ = file.open.set(handle);
            *pack = Some(Pack { file, end: 0 });
        }
        let Some(pack) = pack.as_mut() else {
            return Err(io::Error::other("no pack"));
        };
        let Some(handle) = pack.file.open.get() else {
            return Err(io::Error::other("the pack is closed"));
        };
        handle.write_all_at(bytes, pack.end)?;
        let segment = Segment {
            file: pack.file.id,
            offset: pack.end,
            length: bytes.len() as u64,
        };
        pack.end += segment.length;
        Ok(Written {
            segments: vec![segment],
            files: vec![Arc::clone(&pack.file)],
        })
    }
}

/// Takes away from other users what they may do with a folder and everything below it, as an older version may have left it. What cannot
/// be changed stays.
pub(super) fn tighten(path: &Path) {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return;
    };
    let mode = metadata.permissions().mode();
    if mode & 0o077 != 0 && !metadata.is_symlink() {
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o7700));
    }
    if metadata.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            tighten(&entry.path());
        }
    }
}

/// Creates a folder that its user alone can read, and those above it.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path)
}
