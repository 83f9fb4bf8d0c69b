//! `cargo fw`, called in any way, and a plain cargo beside it build once.

use std::{fs, path::Path, process::Command};

use tempfile::TempDir;

use crate::local_support::project;

/// A build script that is run again when any variable changes that an outer cargo sets for its callees.
const BUILD_SCRIPT: &str = r#"
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for name in [
        "CARGO_BIN_EXE_runner", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_LINKS",
        "CARGO_MANIFEST_PATH", "CARGO_PKG_AUTHORS", "CARGO_PKG_DESCRIPTION", "CARGO_PKG_HOMEPAGE", "CARGO_PKG_LICENSE",
        "CARGO_PKG_LICENSE_FILE", "CARGO_PKG_NAME", "CARGO_PKG_README", "CARGO_PKG_REPOSITORY", "CARGO_PKG_RUST_VERSION",
        "CARGO_PKG_VERSION", "CARGO_PKG_VERSION_MAJOR", "CARGO_PKG_VERSION_MINOR", "CARGO_PKG_VERSION_PATCH",
        "CARGO_PKG_VERSION_PRE", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_DIR", "CARGO_TARGET_TMPDIR",
        "DYLD_FALLBACK_LIBRARY_PATH", "LD_LIBRARY_PATH", "OUT_DIR", "PATH", "RUSTC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN",
        "RUST_RECURSION_COUNT",
    ] {
        println!("cargo::rerun-if-env-changed={name}");
    }
}
"#;

/// Runs the CLI as a user's program below cargo would be run: with a build script, so that `OUT_DIR` is set as well.
const RUNNER: &str = r#"
fn main() {
    run(std::env::args().skip(1));
}

fn run(args: impl Iterator<Item = String>) {
    assert!(std::env::var_os("OUT_DIR").is_some());
    let status = std::process::Command::new(std::env::var("CLI").unwrap()).arg("fw").args(args).status();
    assert!(status.unwrap().success());
}

#[test]
fn routes() {
    run(["routes", "--package", "app"].map(String::from).into_iter());
}
"#;

fn workspace() -> TempDir {
    let folder = project("app");
    let path = |path: &str| folder.path().join(path);
    fs::create_dir_all(path("runner/src")).expect("a folder");
    fs::create_dir(path(".cargo")).expect("a folder");
    fs::write(path("build.rs"), BUILD_SCRIPT).expect("a build script");
    fs::write(path("runner/build.rs"), "fn main() {}").expect("a build script");
    fs::write(path("runner/src/main.rs"), RUNNER).expect("a source");
    let package = "[package]\nname = \"runner\"\nversion = \"1.2.3-x\"\nedition = \"2024\"\ndescription = \"x\"\n";
    fs::write(path("runner/Cargo.toml"), package).expect("a manifest");
    let manifest = fs::read_to_string(path("Cargo.toml")).expect("a manifest");
    fs::write(
        path("Cargo.toml"),
        manifest + "members = [\"runner\"]\nresolver = \"3\"\n",
    )
    .expect("a manifest");
    fs::write(
        path(".cargo/config.toml"),
        "[alias]\nfw = \"run --package runner --\"\n",
    )
    .expect("an alias");
    folder
}

/// That command in a shell of the user's: this test itself runs below a cargo.
fn shell(program: &str, folder: &Path, more: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear();
    for kept in [
        "PATH",
        "HOME",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
    ] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
        .env("CLI", env!("CARGO_BIN_EXE_cargo-fw"))
        .envs(more.iter().copied());
    command
}

/// How often it compiled that package.
fn compiled(mut command: Command, package: &str) -> usize {
    let output = command.output().expect("a program");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
    said.matches(&format!("Compiling {package} v")).count()
}

fn each_caller_finds_the_build(more: &[(&str, &str)]) {
    let folder = workspace();
    let root = folder.path();
    let cli = env!("CARGO_BIN_EXE_cargo-fw");
    let call = |program: &str, folder: &Path, args: &[&str]| {
        let mut command = shell(program, folder, more);
        command.args(args);
        compiled(command, "app")
    };
    let routes = ["routes", "--package", "app"];
    let direct = ["fw", "routes", "--package", "app"];
    assert_eq!(call(cli, root, &direct), 1, "the first build");
    assert_eq!(call("cargo", root, &["fw", routes[0]]), 0, "the alias");
    assert_eq!(call(cli, root, &direct), 0, "the program itself");
    assert_eq!(call("cargo", root, &["build"]), 0, "a plain cargo");
    let elsewhere = root.join("runner");
    assert_eq!(call(cli, &elsewhere, &direct), 0, "another folder");
    assert_eq!(
        call("cargo", root, &["test", "--package", "runner"]),
        0,
        "below a test"
    );
    let fw = ["fw", "-v", routes[0], routes[1], routes[2]];
    assert_eq!(call("cargo", &elsewhere, &fw), 0, "the alias elsewhere");
    assert_eq!(call("cargo", root, &["build"]), 0, "a plain cargo again");

    // As `cargo install` leaves it: cargo finds `cargo-fw` in `PATH`.
    fs::remove_file(root.join(".cargo/config.toml")).expect("the alias");
    let mut installed = shell("cargo", root, more);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder_of_cli = Path::new(cli).parent().expect("a folder").to_owned();
    let path = std::env::split_paths(&path).chain([folder_of_cli.clone()]);
    let path = std::env::join_paths(path).expect("a path");
    installed.env("PATH", &path).args(["fw"]).args(routes);
    // `PATH` itself has changed, and a plain cargo would see that as well.
    assert_eq!(
        compiled(installed, "app"),
        1,
        "the installed command, once for its `PATH`"
    );
    let mut plain = shell("cargo", root, more);
    plain.env("PATH", &path).arg("build");
    assert_eq!(compiled(plain, "app"), 0, "a plain cargo beside it");
}

#[test]
fn every_caller_and_a_plain_cargo_share_one_build() {
    each_caller_finds_the_build(&[]);
}

#[test]
fn so_they_do_with_settings_of_the_users_own() {
    each_caller_finds_the_build(&[
        ("CARGO_PROFILE_DEV_DEBUG", "0"),
        ("LD_LIBRARY_PATH", "/opt/lib:/opt/more"),
        ("RUSTFLAGS", "-Cdebuginfo=0"),
    ]);
}

#[test]
fn a_relative_target_folder_is_where_plain_cargo_would_have_it() {
    let folder = workspace();
    let more = [("CARGO_TARGET_DIR", "out")];
    let member = folder.path().join("runner");
    let mut first = shell("cargo", &member, &more);
    first.args(["build", "--package", "app"]);
    assert_eq!(compiled(first, "app"), 1);
    let mut second = shell(env!("CARGO_BIN_EXE_cargo-fw"), &member, &more);
    second.args(["fw", "routes", "--package", "app"]);
    assert_eq!(compiled(second, "app"), 0);
}
