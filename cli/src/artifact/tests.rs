//! The checks run on this very test binary, and on it with single fields of its ELF header changed.

use std::io::Read as _;

use fw_manifest::{Manifest, ManifestRoute};
use zip::ZipArchive;

use super::{BOOTSTRAP, Elf, MANIFEST, check, glibc_version, interpreter, pack};
use crate::{error::Exit, values::lambda::Architecture};

fn own() -> Vec<u8> {
    std::fs::read(std::env::current_exe().unwrap()).unwrap()
}

/// The header of a static executable for this machine, and nothing else.
fn smallest() -> Vec<u8> {
    let machine = match Architecture::HOST {
        Architecture::X86_64 => object::elf::EM_X86_64,
        Architecture::Arm64 => object::elf::EM_AARCH64,
    };
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(16, 0);
    header.extend([2, 0]);
    header.extend(machine.0.to_le_bytes());
    header.resize(64, 0);
    header
}

fn other() -> Architecture {
    match Architecture::HOST {
        Architecture::X86_64 => Architecture::Arm64,
        Architecture::Arm64 => Architecture::X86_64,
    }
}

fn manifest() -> Manifest {
    let mut manifest = Manifest::new("app");
    manifest.routes.push(ManifestRoute::new("GET", "/"));
    manifest
}

#[test]
fn the_same_bytes_give_the_same_hash_and_lambda_finds_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let executable = folder.path().join("app");
    std::fs::write(&executable, smallest()).unwrap();
    let one = pack(&executable, &manifest(), Architecture::HOST).unwrap();
    let again = pack(&executable, &manifest(), Architecture::HOST).unwrap();
    assert_eq!(one, again);
    assert_eq!(one.sha256.len(), 44, "{}", one.sha256);
    let mut other = manifest();
    other.routes.clear();
    let other = pack(&executable, &other, Architecture::HOST).unwrap();
    assert_ne!(one.sha256, other.sha256);

    let mut archive = ZipArchive::new(std::io::Cursor::new(one.zip)).unwrap();
    assert_eq!(archive.len(), 2);
    let mut bootstrap = archive.by_name(BOOTSTRAP).unwrap();
    assert_eq!(bootstrap.unix_mode().unwrap() & 0o777, 0o755);
    let time = bootstrap.last_modified().unwrap();
    assert_eq!((time.year(), time.month(), time.day()), (1980, 1, 1));
    let mut bytes = Vec::new();
    bootstrap.read_to_end(&mut bytes).unwrap();
    drop(bootstrap);
    assert_eq!(bytes, smallest());
    let read: Manifest = serde_json::from_reader(archive.by_name(MANIFEST).unwrap()).unwrap();
    assert_eq!(read, manifest());
}

#[test]
fn what_the_executable_says_is_read() {
    let elf = Elf::read(&own()).unwrap();
    assert_eq!(elf.machine, Some(Architecture::HOST));
    assert_eq!(
        elf.interpreter.as_deref(),
        Some(interpreter(Architecture::HOST))
    );
    assert!(elf.glibc > Some((2, 0)), "{elf:?}");
}

#[test]
fn what_cannot_run_on_lambda_is_refused() {
    let refused = |bytes: &[u8], architecture| {
        let failure = check(bytes, architecture).unwrap_err();
        assert_eq!(failure.exit(), Exit::Input);
        assert!(failure.advice().is_some());
        failure.message().to_owned()
    };
    assert_eq!(
        refused(b"#!/bin/sh", Architecture::HOST),
        "the executable is not for Linux"
    );
    assert!(refused(&own(), other()).contains("is built for"));
    let mut loader = own();
    let known = interpreter(Architecture::HOST).as_bytes();
    let at = loader
        .windows(known.len())
        .position(|window| window == known)
        .unwrap();
    loader[at + 1] = b'x';
    assert!(refused(&loader, Architecture::HOST).contains("loader"));
    let mut newer = own();
    let version = format!(
        "GLIBC_{}.{}",
        2,
        Elf::read(&newer).unwrap().glibc.unwrap().1
    );
    let mut from = 0;
    // Every place with the version, including the one in the string table.
    while let Some(at) = newer[from..]
        .windows(version.len())
        .position(|window| window == version.as_bytes())
    {
        let end = from + at + version.len();
        newer[end - 2..end].copy_from_slice(b"99");
        from = end;
    }
    assert!(refused(&newer, Architecture::HOST).contains("GLIBC_2.99"));
}

#[test]
fn versions_of_glibc_are_numbers() {
    assert_eq!(glibc_version(b"GLIBC_2.34"), Some((2, 34)));
    assert_eq!(glibc_version(b"GLIBC_2.2.5"), Some((2, 2)));
    assert_eq!(glibc_version(b"GLIBC_PRIVATE"), None);
    assert_eq!(glibc_version(b"GCC_3.0"), None);
}

#[test]
fn a_truncated_file_is_an_error_and_no_panic() {
    let own = own();
    for length in [0, 4, 16, 63, 64, 65, 500, 1000, own.len() / 2] {
        let _ = check(&own[..length], Architecture::HOST).unwrap_err();
    }
}
