//! Checks of this machine: toolchain, target, C library.

use std::process::{Command, Stdio};

use super::{Check, Outcome};
use crate::{compile, project::Project, settings::Settings, values::lambda::Architecture};

/// The oldest Rust that builds the framework and the CLI, as in the workspace's manifest.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");
/// The C library of `provided.al2023` (Amazon Linux 2023 user guide: glibc 2.34).
const GLIBC: (u32, u32) = (2, 34);

/// Checks that `rustc` exists and is new enough.
pub(super) fn toolchain() -> Check {
    toolchain_of(said("rustc", &["--version"]).as_deref())
}

fn toolchain_of(said: Option<&str>) -> Check {
    let name = "toolchain";
    let Some(said) = said else {
        return Check::new(name, Outcome::Failed, "no `rustc` in `PATH`")
            .mend("install Rust from https://rustup.rs");
    };
    let version = said.split_whitespace().nth(1).unwrap_or_default();
    match (numbers(version), numbers(OLDEST)) {
        (Some(found), Some(oldest)) if found < oldest => Check::new(
            name,
            Outcome::Failed,
            format!("Rust {version}, but fw needs {OLDEST} or newer"),
        )
        .mend("run `rustup update stable`"),
        (None, _) => Check::new(
            name,
            Outcome::Unknown,
            format!("cannot find a version in: {said}"),
        ),
        _ => Check::ok(name, format!("Rust {version}")),
    }
}

/// Checks that a build for the function's architecture has what it needs.
pub(super) fn target(project: &Project, settings: &Settings) -> Check {
    let name = "target";
    let architecture = settings.architecture;
    match compile::can_build(project, architecture) {
        Ok(()) if architecture == Architecture::HOST => Check::ok(
            name,
            format!("{}, this machine's architecture", architecture.as_str()),
        ),
        Ok(()) => Check::ok(name, format!("{}, built across", architecture.as_str())),
        Err(failure) => Check::new(name, Outcome::Failed, failure.to_string())
            .mend(failure.advice().unwrap_or_default()),
    }
}

/// Warns if a build here may need a newer C library than Lambda has. `None` for a cross build,
/// which links against no glibc of this machine.
pub(super) fn c_library(settings: Option<&Settings>) -> Option<Check> {
    if !cfg!(target_env = "gnu")
        || settings.is_some_and(|settings| settings.architecture != Architecture::HOST)
    {
        return None;
    }
    Some(c_library_of(&said("ldd", &["--version"])?))
}

fn c_library_of(said: &str) -> Check {
    let name = "C library";
    let version = said
        .lines()
        .next()
        .and_then(|line| line.split_whitespace().next_back());
    let version = version.unwrap_or_default();
    let (major, minor) = GLIBC;
    match numbers(version) {
        Some([found_major, found_minor, _]) if (found_major, found_minor) > GLIBC => Check::new(
            name,
            Outcome::Warning,
            format!("glibc {version} here, {major}.{minor} on Lambda: a build may need symbols that Lambda does not have"),
        )
        .mend(
            "nothing to do unless `cargo fw deploy` refuses the executable, which it checks before the upload; then build in a container \
             of `amazonlinux:2023`",
        ),
        Some(_) => Check::ok(name, format!("glibc {version}, and {major}.{minor} on Lambda")),
        None => Check::new(name, Outcome::Unknown, "`ldd --version` does not print a version"),
    }
}

/// Up to three numbers of a version: `1.95.0-nightly` is `[1, 95, 0]`.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let plain = version.split(['-', '+']).next()?;
    let mut found = [0; 3];
    let mut parts = plain.split('.');
    for (index, number) in found.iter_mut().enumerate() {
        match parts.next() {
            Some(part) => *number = part.parse().ok()?,
            None if index == 0 => return None,
            None => {}
        }
    }
    Some(found)
}

/// The first thing that a program prints; `None` when it cannot be run.
fn said(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Outcome, c_library_of, toolchain_of};

    #[test]
    fn an_old_or_missing_toolchain_is_told() {
        let of = |said| toolchain_of(said).outcome;
        assert_eq!(of(None), Outcome::Failed);
        assert_eq!(of(Some("rustc 1.80.0 (x 2024-07-21)")), Outcome::Failed);
        assert_eq!(of(Some("rustc 1.94.1 (x 2026-03-26)")), Outcome::Ok);
        assert_eq!(of(Some("rustc 2.0.0-nightly (x)")), Outcome::Ok);
        assert_eq!(of(Some("something else")), Outcome::Unknown);
        assert!(toolchain_of(None).mend.unwrap().contains("rustup"));
    }

    #[test]
    fn a_newer_c_library_is_a_warning() {
        let of = |said| c_library_of(said).outcome;
        assert_eq!(of("ldd (GNU libc) 2.34"), Outcome::Ok);
        assert_eq!(
            of("ldd (Debian GLIBC 2.36-9+deb12u7) 2.36\nmore"),
            Outcome::Warning
        );
        assert_eq!(of("musl libc"), Outcome::Unknown);
    }
}
