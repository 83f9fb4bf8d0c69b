//! `cargo fw s3 cp`.

use std::path::{Component, Path, PathBuf};

use tempfile::NamedTempFile;
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncWriteExt as _},
};

use super::{
    failure,
    location::{Location, ObjectUrl},
    server::Server,
};
use crate::{
    args,
    aws::objects::Entry,
    console::Console,
    error::{Context as _, Exit, Failure, Result},
};

/// Content types by the extension of a file (IANA, "Media Types").
const TYPES: [(&str, &str); 24] = [
    ("avif", "image/avif"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mjs", "text/javascript"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("wasm", "application/wasm"),
    ("webp", "image/webp"),
    ("woff2", "font/woff2"),
    ("xml", "text/xml"),
    ("zip", "application/zip"),
];

/// A copy of one object or several.
struct Copy<'a> {
    server: &'a Server,
    content_type: Option<&'a str>,
    console: &'a Console,
}

/// Copies what the arguments name.
pub(super) async fn copy(args: &args::S3Cp, server: &Server, console: &Console) -> Result<Exit> {
    let copy = Copy {
        server,
        content_type: args.content_type.as_deref(),
        console,
    };
    let (from, to) = (Location::parse(&args.from)?, Location::parse(&args.to)?);
    match (from, to, args.recursive) {
        (Location::Path(from), Location::Object(to), false) => {
            let name = from.file_name().and_then(|name| name.to_str());
            copy.upload(&from, &to.with_name(name.unwrap_or_default()).object()?)
                .await?;
        }
        (Location::Path(from), Location::Object(to), true) => {
            copy.upload_all(&from, &to.folder()).await?;
        }
        (Location::Object(from), Location::Path(to), false) => {
            let from = from.object()?;
            let path = target(&from, to)?;
            copy.download(&from, &path).await?;
        }
        (Location::Object(from), Location::Path(to), true) => {
            copy.download_all(&from.folder(), &to).await?;
        }
        (Location::Object(from), Location::Object(to), false) => {
            let from = from.object()?;
            let to = to.with_name(from.name()).object()?;
            copy.inside(&from, &to).await?;
        }
        (Location::Object(from), Location::Object(to), true) => {
            copy.inside_all(&from.folder(), &to.folder()).await?;
        }
        (Location::Stream, Location::Object(to), false) => {
            let to = to.object()?;
            copy.write(&to, None, tokio::io::stdin()).await?;
            copy.done("standard input", &to);
        }
        (Location::Object(from), Location::Stream, false) => copy.print(&from.object()?).await?,
        (Location::Stream, _, true) | (_, Location::Stream, true) => {
            return Err(Failure::input(
                "`-` is one object, so it does not go with `--recursive`",
            ));
        }
        _ => {
            return Err(Failure::input("neither the source nor the target is in S3")
                .hint("write `s3://BUCKET/KEY` for one of them"));
        }
    }
    Ok(Exit::Success)
}

impl Copy<'_> {
    fn done(&self, from: impl std::fmt::Display, to: impl std::fmt::Display) {
        self.console
            .status("Copied", format_args!("{from} to {to}"));
    }

    async fn write(
        &self,
        to: &ObjectUrl,
        content_type: Option<&str>,
        from: impl AsyncRead + Unpin,
    ) -> Result<()> {
        let content_type = self.content_type.or(content_type);
        let written = self
            .server
            .store
            .write(&to.bucket, &to.key, content_type, from);
        let written = written.await;
        written.map_err(|error| failure(self.server, &to.bucket, error))
    }

    async fn upload(&self, from: &Path, to: &ObjectUrl) -> Result<()> {
        if from.is_dir() {
            return Err(
                Failure::input(format!("this is a folder: {}", from.display()))
                    .hint("copy everything in it with `--recursive`"),
            );
        }
        let file = File::open(from).await;
        let file = file
            .with_context(|| format!("cannot read the file: {}", from.display()))
            .map_err(|failure| failure.exiting(Exit::Input))?;
        self.write(to, content_type(from), file).await?;
        self.done(from.display(), to);
        Ok(())
    }

    async fn upload_all(&self, folder: &Path, to: &ObjectUrl) -> Result<()> {
        for path in files(folder)? {
            let below = path.strip_prefix(folder).unwrap_or(&path);
            let parts: Option<Vec<&str>> = below
                .components()
                .map(|part| part.as_os_str().to_str())
                .collect();
            let Some(parts) = parts else {
                return Err(Failure::input(format!(
                    "the file's name is not UTF-8, so it cannot be a key: {}",
                    path.display()
                )));
            };
            let to = ObjectUrl {
                bucket: to.bucket.clone(),
                key: format!("{}{}", to.key, parts.join("/")),
            };
            self.upload(&path, &to).await?;
        }
        Ok(())
    }

    /// Downloads into a file that appears when it is whole.
    async fn download(&self, from: &ObjectUrl, to: &Path) -> Result<()> {
        let read = self.server.store.read(&from.bucket, &from.key).await;
        let mut read = read.map_err(|error| failure(self.server, &from.bucket, error))?;
        let cannot = || format!("cannot write the file: {}", to.display());
        let folder = match to.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(folder).with_context(cannot)?;
        let (file, path) = NamedTempFile::new_in(folder)
            .with_context(cannot)?
            .into_parts();
        let mut file = File::from_std(file);
        tokio::io::copy(&mut read, &mut file)
            .await
            .with_context(cannot)?;
        file.flush().await.with_context(cannot)?;
        path.persist(to).with_context(cannot)?;
        self.done(from, to.display());
        Ok(())
    }

    async fn download_all(&self, from: &ObjectUrl, folder: &Path) -> Result<()> {
        for key in self.keys(from).await? {
            // A key that ends with a slash stands for a folder in S3's console, and a file cannot have its name.
            if key.ends_with('/') {
                continue;
            }
            let Some(below) = below(&key[from.key.len()..]) else {
                return Err(Failure::input(format!(
                    "the key is not a path below the folder: {}",
                    key.escape_debug()
                ))
                .hint("copy this object with a file name of your own"));
            };
            let from = ObjectUrl {
                bucket: from.bucket.clone(),
                key,
            };
            self.download(&from, &folder.join(below)).await?;
        }
        Ok(())
    }

    async fn inside(&self, from: &ObjectUrl, to: &ObjectUrl) -> Result<()> {
        let pair = |url: &ObjectUrl| (url.bucket.clone(), url.key.clone());
        let ((from_bucket, from_key), (to_bucket, to_key)) = (pair(from), pair(to));
        let copied = self
            .server
            .store
            .copy((&from_bucket, &from_key), (&to_bucket, &to_key));
        let copied = copied.await;
        copied.map_err(|error| failure(self.server, &from.bucket, error))?;
        self.done(from, to);
        Ok(())
    }

    async fn inside_all(&self, from: &ObjectUrl, to: &ObjectUrl) -> Result<()> {
        for key in self.keys(from).await? {
            let to = ObjectUrl {
                bucket: to.bucket.clone(),
                key: format!("{}{}", to.key, &key[from.key.len()..]),
            };
            let from = ObjectUrl {
                bucket: from.bucket.clone(),
                key,
            };
            self.inside(&from, &to).await?;
        }
        Ok(())
    }

    async fn print(&self, from: &ObjectUrl) -> Result<()> {
        let read = self.server.store.read(&from.bucket, &from.key).await;
        let mut read = read.map_err(|error| failure(self.server, &from.bucket, error))?;
        let mut out = tokio::io::stdout();
        let copied = async {
            tokio::io::copy(&mut read, &mut out).await?;
            out.flush().await
        };
        match copied.await {
            // The reader has seen enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            copied => copied.context("cannot write to standard output"),
        }
    }

    /// All keys below a prefix, before anything is copied: the copies may be in the same bucket.
    async fn keys(&self, from: &ObjectUrl) -> Result<Vec<String>> {
        let mut keys = Vec::new();
        let mut next = None;
        loop {
            let page = self.server.store.page(&from.bucket, &from.key, true, next);
            let page = page
                .await
                .map_err(|error| failure(self.server, &from.bucket, error))?;
            keys.extend(page.entries.into_iter().filter_map(|entry| match entry {
                Entry::Object { key, .. } => Some(key),
                Entry::Prefix(_) => None,
            }));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        if keys.is_empty() {
            return Err(Failure::new(format!(
                "no key begins with this prefix: {from}"
            )));
        }
        Ok(keys)
    }
}

/// The path of a download: inside a folder if the target is one.
fn target(from: &ObjectUrl, to: PathBuf) -> Result<PathBuf> {
    let is_folder = to.is_dir() || to.as_os_str().to_string_lossy().ends_with('/');
    if !is_folder {
        return Ok(to);
    }
    match below(from.name()) {
        Some(name) => Ok(to.join(name)),
        None => Err(
            Failure::input(format!("the key ends with no file name: {from}"))
                .hint("write the file's name after the folder"),
        ),
    }
}

/// The path that a key has below a folder. `None` if it would lead out of the folder or is not its normal form: two keys must not
/// share a file.
fn below(key: &str) -> Option<PathBuf> {
    let path = Path::new(key);
    let normal = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let clean: PathBuf = path.components().collect();
    let same = clean.as_os_str() == path.as_os_str();
    (normal && same && !key.is_empty() && !key.contains('\0')).then_some(clean)
}

/// The files of a folder and its folders, sorted. Links are followed, as in `aws s3 cp`.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let walk = ignore::WalkBuilder::new(folder)
        .standard_filters(false)
        .follow_links(true)
        .sort_by_file_path(Ord::cmp)
        .build();
    for entry in walk {
        let entry = entry
            .with_context(|| format!("cannot read the folder: {}", folder.display()))
            .map_err(|failure| failure.exiting(Exit::Input))?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

fn content_type(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    let found = TYPES.iter().find(|(known, _)| *known == extension);
    found.map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{below, content_type};

    #[test]
    fn keys_stay_below_their_folder() {
        assert_eq!(below("a/b c.txt").as_deref(), Some(Path::new("a/b c.txt")));
        for key in [
            "", "/etc/x", "../x", "a/../x", "a//b", "./a", "a/./b", "a\0b",
        ] {
            assert_eq!(below(key), None, "{key:?}");
        }
    }

    #[test]
    fn extensions_give_content_types() {
        assert_eq!(content_type(Path::new("a/B.HTML")), Some("text/html"));
        assert_eq!(content_type(Path::new("a")), None);
        let extensions: Vec<&str> = super::TYPES.iter().map(|(known, _)| *known).collect();
        assert!(extensions.is_sorted());
    }
}
