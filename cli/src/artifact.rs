//! The artifact to upload: the executable, checked against Lambda's runtime and packed so that
//! equal input gives an equal hash.

use std::{
    io::{Cursor, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use fw_manifest::Manifest;
use object::{
    Endianness,
    elf::{EM_AARCH64, EM_X86_64, FileHeader64},
    read::elf::{FileHeader as _, ProgramHeader as _},
};
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    error::{Context as _, Exit, Failure, Result},
    values::{
        code::{Code, MOST_UNZIPPED},
        lambda::Architecture,
    },
};

/// The executable's name in the zip, which `provided.al2023` starts.
pub(crate) const BOOTSTRAP: &str = "bootstrap";
/// The manifest's name in the zip. With it the artifact says which routes it answers.
pub(crate) const MANIFEST: &str = "fw-manifest.json";

/// The C library of `provided.al2023` (Amazon Linux 2023 user guide: glibc 2.34).
const GLIBC: (u32, u32) = (2, 34);

/// Checks an executable and packs it with the manifest.
///
/// # Errors
///
/// When it cannot be read, or would not run on Lambda: each failure says what to change.
pub(crate) fn pack(
    executable: &Path,
    manifest: &Manifest,
    architecture: Architecture,
) -> Result<Code> {
    let bytes = std::fs::read(executable)
        .with_context(|| format!("cannot read the executable: {}", executable.display()))?;
    check(&bytes, architecture)?;
    let manifest = serde_json::to_vec(manifest).context("cannot write the manifest as JSON")?;
    fits(bytes.len() + manifest.len())?;
    let zip = zip(&bytes, &manifest).context("cannot pack the executable")?;
    Ok(Code::new(zip, architecture))
}

/// Reads what [`pack`] wrote: the manifest, the code to upload, and the executable.
///
/// # Errors
///
/// If it cannot be read, is not a zip of `cargo fw`, or would not run on Lambda; exit code 65.
pub(crate) fn unpack(file: &Path, architecture: Architecture) -> Result<(Manifest, Code, Vec<u8>)> {
    let shown = file.display();
    let reading = || format!("cannot read the artifact: {shown}");
    let input = |failure: Failure| {
        let failure = failure.exiting(Exit::Input);
        failure.hint("`cargo fw package --format zip OUT` writes an artifact")
    };
    let zip = std::fs::read(file).with_context(reading).map_err(input)?;
    let mut archive = ZipArchive::new(Cursor::new(zip.as_slice()))
        .with_context(reading)
        .map_err(input)?;
    // Other files in the zip count too. If such a file does not declare its size, its size in the
    // zip is the minimum.
    let unpacked = archive.decompressed_size();
    let unpacked = unpacked.and_then(|size| usize::try_from(size).ok());
    fits(unpacked.unwrap_or(zip.len()))?;
    let mut entry = |name: &str| -> Result<Vec<u8>> {
        let missing = |failure: Failure| {
            failure.exiting(Exit::Input).hint(
                "`cargo fw package --format zip OUT` writes an artifact with everything in it",
            )
        };
        let found = archive.by_name(name);
        let mut found = found
            .with_context(|| format!("the artifact has no `{name}`: {shown}"))
            .map_err(missing)?;
        if name == BOOTSTRAP && found.unix_mode().is_some_and(|mode| mode & 0o111 == 0) {
            return Err(Failure::input(format!(
                "`{name}` in the artifact is not executable: {shown}"
            ))
            .because_of("Lambda starts it with the file mode from the zip"));
        }
        let mut bytes = Vec::new();
        // An entry that is too large is not read to its end.
        let most = MOST_UNZIPPED as u64 + 1;
        found
            .by_ref()
            .take(most)
            .read_to_end(&mut bytes)
            .with_context(reading)
            .map_err(input)?;
        Ok(bytes)
    };
    let bootstrap = entry(BOOTSTRAP)?;
    check(&bootstrap, architecture)?;
    let manifest = String::from_utf8_lossy(&entry(MANIFEST)?).into_owned();
    let manifest = crate::manifest::parse(&manifest)?;
    Ok((manifest, Code::new(zip, architecture), bootstrap))
}

/// The manifest in a zip that [`pack`] wrote. The end of the zip is enough.
///
/// # Errors
///
/// If it is not a zip of `cargo fw`, or the manifest is not in the given part.
pub(crate) fn manifest_of(zip: &[u8]) -> Result<Manifest> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).context("its code is not a zip")?;
    let found = archive.by_name(MANIFEST);
    let found = found.context("its code does not contain a manifest")?;
    let mut text = String::new();
    let most = MOST_UNZIPPED as u64;
    let read = found.take(most).read_to_string(&mut text);
    read.context("cannot read the manifest in its code")?;
    crate::manifest::parse(&text)
}

/// An executable in its own folder, to be run. It is removed with the folder.
///
/// # Errors
///
/// If it cannot be written.
pub(crate) fn unpacked(bootstrap: &[u8]) -> Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir().context("cannot create a folder for the executable")?;
    let path = folder.path().join(BOOTSTRAP);
    std::fs::write(&path, bootstrap)
        .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)))
        .context("cannot unpack the executable")?;
    Ok((folder, path))
}

/// Two entries with zip's first possible time, so that nothing depends on when or where the
/// artifact was built.
fn zip(executable: &[u8], manifest: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    writer.start_file(BOOTSTRAP, options.unix_permissions(0o755))?;
    writer.write_all(executable)?;
    writer.start_file(MANIFEST, options.unix_permissions(0o644))?;
    writer.write_all(manifest)?;
    Ok(writer.finish()?.into_inner())
}

/// Checks that Lambda's runtime can start it.
fn check(bytes: &[u8], architecture: Architecture) -> Result<()> {
    fits(bytes.len())?;
    let elf = Elf::read(bytes).map_err(|error| {
        Failure::input("the executable is not for Linux")
            .because_of(error.to_string())
            .hint("Lambda runs 64-bit Linux: build there, or set `architecture` to cross-compile")
    })?;
    if elf.machine != Some(architecture) {
        let built = elf.machine.map_or("another machine", Architecture::as_str);
        let wanted = architecture.as_str();
        return Err(Failure::input(format!(
            "the executable is built for {built}, but the settings say {wanted}"
        ))
        .hint(format!(
            "set `architecture = \"{wanted}\"` only with a build for this architecture"
        )));
    }
    let known = interpreter(architecture);
    if let Some(found) = elf.interpreter.filter(|found| found != known) {
        return Err(Failure::input(format!(
            "the executable needs a loader that Lambda does not have: {found}"
        ))
        .because_of(format!("`provided.al2023` has {known}"))
        .hint("build for the `gnu` target of the architecture, or statically for `musl`"));
    }
    if let Some((major, minor)) = elf.glibc.filter(|version| *version > GLIBC) {
        let (has_major, has_minor) = GLIBC;
        return Err(Failure::input(format!(
            "the executable needs a newer C library than Lambda has: GLIBC_{major}.{minor}"
        ))
        .because_of(format!(
            "`provided.al2023` has GLIBC_{has_major}.{has_minor}"
        ))
        .hint("build on an older system (Debian 12, Amazon Linux 2023), or install `cargo-zigbuild`, or build for `musl`"));
    }
    Ok(())
}

/// Checks that Lambda accepts an artifact with this unpacked size.
fn fits(size: usize) -> Result<()> {
    if size <= MOST_UNZIPPED {
        return Ok(());
    }
    let megabytes = |bytes: usize| bytes.div_ceil(1024 * 1024);
    Err(Failure::input(format!("the executable is too large: {} MB unpacked", megabytes(size)))
        .because_of(format!("Lambda takes {} MB, layers included", megabytes(MOST_UNZIPPED)))
        .hint("strip it (`strip = true` in the release profile), build for size (`opt-level = \"s\"`, `lto = \"fat\"`), or remove dependencies"))
}

/// The loader of `provided.al2023`, as the ABI supplements of System V name it.
fn interpreter(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "/lib64/ld-linux-x86-64.so.2",
        Architecture::Arm64 => "/lib/ld-linux-aarch64.so.1",
    }
}

/// What an ELF file says about the systems that it runs on.
#[derive(Debug, PartialEq, Eq)]
struct Elf {
    /// The instruction set, when it is one of Lambda's.
    machine: Option<Architecture>,
    /// The loader, unless it is linked statically.
    interpreter: Option<String>,
    /// The highest version of glibc's symbols that it needs.
    glibc: Option<(u32, u32)>,
}

impl Elf {
    fn read(bytes: &[u8]) -> object::Result<Self> {
        let header = FileHeader64::<Endianness>::parse(bytes)?;
        let endian = header.endian()?;
        let machine = match header.e_machine(endian) {
            EM_X86_64 => Some(Architecture::X86_64),
            EM_AARCH64 => Some(Architecture::Arm64),
            _ => None,
        };
        let mut interpreter = None;
        for segment in header.program_headers(endian, bytes)? {
            if let Some(path) = segment.interpreter(endian, bytes)? {
                interpreter = Some(String::from_utf8_lossy(path).into_owned());
            }
        }
        let mut glibc = None;
        let sections = header.sections(endian, bytes)?;
        if let Some((mut libraries, link)) = sections.gnu_verneed(endian, bytes)? {
            let strings = sections.strings(endian, bytes, link)?;
            while let Some((_, mut versions)) = libraries.next()? {
                while let Some(version) = versions.next()? {
                    glibc = glibc.max(glibc_version(version.name(endian, strings)?));
                }
            }
        }
        Ok(Self {
            machine,
            interpreter,
            glibc,
        })
    }
}

/// `GLIBC_2.34` as numbers; `None` for other libraries' versions and for `GLIBC_PRIVATE`.
fn glibc_version(name: &[u8]) -> Option<(u32, u32)> {
    let name = std::str::from_utf8(name).ok()?;
    let mut parts = name.strip_prefix("GLIBC_")?.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().map_or(Some(0), |minor| minor.parse().ok())?;
    Some((major, minor))
}

pub(crate) mod trial;

#[cfg(test)]
mod tests;
