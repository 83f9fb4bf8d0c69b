//! Every call of cargo's, with the environment that the user's shell would give it.
//!
//! `cargo fw` often runs below a cargo itself: by the alias (`cargo run`), or in a test. That cargo sets variables that
//! describe the package that it runs. A build script that watches one of them, as `ring`'s does, would be run again, and
//! all above it compiled again, whenever the caller changes. Without them, `cargo fw`, a plain `cargo build` and an
//! editor's cargo share one build.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::Command,
};

use crate::env;

/// Variables that cargo sets for each program that it runs, and for rustc (The Cargo Book,
/// "Environment Variables").
const SET: [&str; 9] = [
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    env::CARGO_MANIFEST_DIR,
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_RUSTC_CURRENT_DIR",
    "CARGO_SBOM_PATH",
    "CARGO_TARGET_TMPDIR",
];

/// The beginnings of further names of the same kind.
const SET_WITH_PREFIX: [&str; 5] = [
    "CARGO_BIN_EXE_",
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_PKG_",
    "DEP_",
];

/// Variables that cargo sets only for build scripts. The user may have variables with these names
/// too, so they are kept outside a build script.
const SET_FOR_BUILD_SCRIPTS: [&str; 11] = [
    "CARGO_ENCODED_RUSTFLAGS",
    "DEBUG",
    "HOST",
    "NUM_JOBS",
    "OPT_LEVEL",
    "OUT_DIR",
    "PROFILE",
    "RUSTC",
    "RUSTC_LINKER",
    "RUSTDOC",
    "TARGET",
];

/// The variable in which the loader looks for libraries. Cargo puts its own folders first.
const LIBRARY_PATH: &str = if cfg!(target_os = "macos") {
    "DYLD_FALLBACK_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// Cargo, without arguments.
///
/// Variables of rustup stay: they choose the same toolchain again, and a plain `cargo` has them as
/// well.
pub(crate) fn command() -> Command {
    let mut cargo = Command::new(std::env::var_os(env::CARGO).unwrap_or_else(|| "cargo".into()));
    clean(&mut cargo);
    cargo
}

/// Takes what an outer cargo has set out of the command's environment.
fn clean(command: &mut Command) {
    for (name, value) in changes(std::env::vars_os(), |folder| {
        folder.join("CACHEDIR.TAG").is_file()
    }) {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// The variables that an outer cargo has set, with their previous values. `is_target` says whether
/// a folder is cargo's target folder.
fn changes(
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    is_target: impl Fn(&Path) -> bool,
) -> Vec<(OsString, Option<OsString>)> {
    let environment: Vec<_> = environment.into_iter().collect();
    let get = |wanted: &str| {
        let mut all = environment.iter();
        all.find_map(|(name, value)| (name == wanted).then_some(value))
    };
    // Cargo sets it for all that it runs. An external subcommand is not among that.
    if get(env::CARGO_MANIFEST_DIR).is_none() {
        return Vec::new();
    }
    let in_build_script = get("CARGO_CFG_TARGET_ARCH").is_some();
    let is_in_target = |path: &Path| path.ancestors().any(&is_target);
    let is_set = |name: &OsStr, value: &OsStr| {
        let Some(name) = name.to_str() else {
            return false;
        };
        SET.contains(&name)
            || SET_WITH_PREFIX
                .iter()
                .any(|prefix| name.starts_with(prefix) && (*prefix != "DEP_" || in_build_script))
            || (in_build_script && SET_FOR_BUILD_SCRIPTS.contains(&name))
            // This includes programs whose package has a build script.
            || (name == "OUT_DIR" && is_in_target(Path::new(value)))
    };
    let mut changes: Vec<_> = environment
        .iter()
        .filter(|(name, value)| is_set(name, value))
        .map(|(name, _)| (name.clone(), None))
        .collect();
    if let Some(value) = get(LIBRARY_PATH) {
        changes.push((LIBRARY_PATH.into(), library_path(value, is_in_target)));
    }
    changes
}

/// The library path without the folders that cargo has put first: those in a target folder, and the toolchain's
/// libraries for a target. `None` where nothing else is in it.
fn library_path(value: &OsStr, is_in_target: impl Fn(&Path) -> bool) -> Option<OsString> {
    let of_cargo = |path: &Path| {
        let of_toolchain = || path.iter().any(|part| part == "rustlib") && path.ends_with("lib");
        path.is_absolute() && (is_in_target(path) || of_toolchain())
    };
    let mut rest = std::env::split_paths(value).skip_while(|path| of_cargo(path));
    let first = rest.next()?;
    // The parts can be joined again.
    std::env::join_paths(std::iter::once(first).chain(rest)).ok()
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, path::Path};

    use super::{LIBRARY_PATH, changes};

    fn changed(environment: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let text = |value: OsString| value.into_string().unwrap();
        let environment = environment
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        changes(environment, |folder| folder == Path::new("/clone/target"))
            .into_iter()
            .map(|(name, value)| (text(name), value.map(text)))
            .collect()
    }

    #[test]
    fn what_cargo_sets_for_a_program_is_taken_out_and_the_users_own_stays() {
        let removed: Vec<_> = changed(&[
            ("CARGO", "/toolchain/bin/cargo"),
            ("CARGO_BIN_EXE_other", "x"),
            ("CARGO_HOME", "/toolchain/home"),
            ("CARGO_INCREMENTAL", "0"),
            ("CARGO_MANIFEST_DIR", "/clone/cli"),
            ("CARGO_MANIFEST_PATH", "/clone/cli/Cargo.toml"),
            ("CARGO_PKG_NAME", "cargo-fw"),
            ("CARGO_PRIMARY_PACKAGE", "1"),
            ("CARGO_PROFILE_DEV_DEBUG", "0"),
            ("CARGO_TARGET_DIR", "/t"),
            (
                "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS",
                "-Cdebuginfo=0",
            ),
            ("CARGO_TARGET_TMPDIR", "/clone/target/tmp"),
            ("DEP_X", "1"),
            ("OUT_DIR", "/clone/target/debug/build/x-1/out"),
            ("PROFILE", "mine"),
            ("RUSTFLAGS", "-Cdebuginfo=0"),
            ("RUSTUP_TOOLCHAIN", "stable"),
        ])
        .into_iter()
        .map(|(name, value)| {
            assert_eq!(value, None);
            name
        })
        .collect();
        assert_eq!(
            removed,
            [
                "CARGO_BIN_EXE_other",
                "CARGO_MANIFEST_DIR",
                "CARGO_MANIFEST_PATH",
                "CARGO_PKG_NAME",
                "CARGO_PRIMARY_PACKAGE",
                "CARGO_TARGET_TMPDIR",
                "OUT_DIR"
            ]
        );
        let own = ("OUT_DIR", "/somewhere/out");
        assert_eq!(changed(&[("CARGO_MANIFEST_DIR", "/x"), own]).len(), 1);
    }

    #[test]
    fn outside_of_a_cargo_nothing_is_taken_out() {
        let environment = [
            ("CARGO", "/toolchain/bin/cargo"),
            ("CARGO_PKG_NAME", "mine"),
            (LIBRARY_PATH, "/clone/target/debug"),
        ];
        assert_eq!(changed(&environment), []);
    }

    #[test]
    fn in_a_build_script_its_variables_go_too() {
        let environment = [
            ("CARGO_CFG_TARGET_ARCH", "x86_64"),
            ("CARGO_MANIFEST_DIR", "/x"),
            ("DEP_Z_ROOT", "/z"),
            ("TARGET", "x86_64-unknown-linux-gnu"),
        ];
        assert_eq!(changed(&environment).len(), environment.len());
    }

    #[test]
    fn the_library_path_is_as_it_was_before_cargo() {
        let before = |value: &str| {
            let all = changed(&[("CARGO_MANIFEST_DIR", "/x"), (LIBRARY_PATH, value)]);
            let (name, value) = all.last().unwrap().clone();
            assert_eq!(name, LIBRARY_PATH);
            value
        };
        let cargos = "/clone/target/debug/build/z-1/out:/clone/target/debug:/clone/target/debug/deps:/tools/lib/rustlib/x/lib";
        assert_eq!(before(cargos), None);
        let rest = "/tools/lib:/opt/lib:/clone/target/debug";
        assert_eq!(before(&format!("{cargos}:{rest}")).as_deref(), Some(rest));
        assert_eq!(before(rest).as_deref(), Some(rest));
    }
}
