//! `cargo fw new` and `cargo fw init`, where a user types them: an empty folder, a workspace, a repository, a project.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::local_support::cli;

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    output(cli(folder, args))
}

fn output(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().expect("a program");
    (status.code(), String::from_utf8(stderr).expect("text"))
}

/// A folder without a repository or a workspace above it, and that path in it with these files.
fn folder(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = temporary.path().canonicalize().expect("a path");
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    (temporary, folder)
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What cargo sees in that folder: the workspace's root, its members, and whether it warns.
fn workspace(folder: &Path) -> (PathBuf, Vec<String>) {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(folder)
        .output()
        .expect("cargo");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && !said.contains("warning"),
        "{said}"
    );
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let names = found["packages"].as_array().expect("packages").iter();
    let names = names.map(|package| package["name"].as_str().expect("a name").to_owned());
    (
        found["workspace_root"].as_str().expect("a path").into(),
        names.collect(),
    )
}

/// The alias `fw`, as cargo has merged it. That also shows that cargo works in the folder.
fn alias(folder: &Path) -> String {
    let output = Command::new("cargo")
        .arg("--list")
        .current_dir(folder)
        .output()
        .expect("cargo");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = listed.lines().find(|line| line.trim().starts_with("fw "));
    line.unwrap_or_default().trim().to_owned()
}

#[test]
fn new_creates_a_project_and_never_overwrites_one() {
    let (_temporary, folder) = folder(&[]);
    for template in ["hello", "api", "s3"] {
        let name = format!("my-{template}");
        let (code, stderr) = run(&folder, &["new", &name, "--template", template]);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stderr.contains("cargo fw local"), "{stderr}");
        let project = folder.join(&name);
        let manifest = read(project.join("Cargo.toml"));
        assert!(manifest.contains(&format!("name = \"{name}\"")));
        assert!(manifest.contains("for this machine"), "{manifest}");
        assert!(manifest.contains("[profile.release]") && !manifest.contains("[workspace]"));
        let dependencies = manifest.split("[dev-dependencies]").next().expect("a part");
        assert!(dependencies.contains("fw = "), "{manifest}");
        assert!(read(project.join("src/main.rs")).contains(&format!("\"{name}\"")));
        for path in ["Cargo.toml", "fw.toml", "src/main.rs", ".cargo/config.toml"] {
            assert!(
                !read(project.join(path)).contains("{{"),
                "{path} is filled in"
            );
        }
        let ignored = read(project.join(".gitignore"));
        assert_eq!(ignored, "/target\n/fw.secrets.toml\n/.cargo/config.toml\n");
        assert!(
            project.join(".git").is_dir(),
            "a repository, as by `cargo new`"
        );
        assert_eq!(workspace(&project), (project, vec![name.clone()]));
        let (code, stderr) = run(&folder, &["new", &name]);
        assert_eq!(code, Some(65), "{stderr}");
        assert!(
            stderr.contains("not empty") && stderr.contains("cargo fw init"),
            "{stderr}"
        );
    }
    let (code, stderr) = run(&folder, &["new", "My App"]);
    assert_eq!(code, Some(65), "{stderr}");
    assert!(stderr.contains("use `my-app`"), "{stderr}");
    let (code, stderr) = run(&folder, &["new", ".."]);
    assert_eq!(code, Some(65), "{stderr}");
    assert!(stderr.contains("`cargo fw init`"), "{stderr}");
}

#[test]
fn new_takes_a_path_and_its_last_part_is_the_name() {
    let (_temporary, folder) = folder(&[]);
    let absolute = folder.join("one/two");
    for (path, more, at, name) in [
        ("sub/dir/app", None, "sub/dir/app", "app"),
        ("./near", None, "near", "near"),
        ("sub/../other/", None, "other", "other"),
        (absolute.to_str().expect("a path"), None, "one/two", "two"),
        ("Odd Name", Some("odd"), "Odd Name", "odd"),
    ] {
        let mut args = vec!["new", path];
        args.extend(more.iter().flat_map(|name| ["--name", name]));
        let (code, stderr) = run(&folder, &args);
        assert_eq!(code, Some(0), "{stderr}");
        let found = workspace(&folder.join(at));
        assert_eq!(found, (folder.join(at), vec![name.to_owned()]));
        let shown = if path.contains(' ') {
            format!("cd '{path}'")
        } else {
            format!("cd {path}")
        };
        assert!(stderr.contains(&shown), "{stderr}");
    }
}

#[test]
fn new_joins_the_workspace_above() {
    let root = "[workspace]\nmembers = [\"apps/*\"]\nresolver = \"3\"\n";
    let (_temporary, folder) = folder(&[("Cargo.toml", root), (".git/HEAD", "")]);
    let (code, stderr) = run(&folder, &["new", "apps/one"]);
    assert_eq!(code, Some(0), "{stderr}");
    // The pattern has it, and no other package would be built by the profile.
    let manifest = read(folder.join("Cargo.toml"));
    assert!(
        manifest.starts_with(root) && manifest.contains("[profile.release]"),
        "{manifest}"
    );
    assert!(stderr.contains("`[profile.release]`"), "{stderr}");
    assert!(!stderr.contains("members"), "{stderr}");
    assert!(!folder.join("apps/one/.git").exists());

    let (code, stderr) = run(&folder.join("apps"), &["new", "two", "--template", "s3"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(
        read(folder.join("Cargo.toml")),
        manifest,
        "nothing more to add"
    );
    // Outside of the pattern.
    let (code, stderr) = run(&folder, &["new", "more/three"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("Added `more/three` to the workspace's members"),
        "{stderr}"
    );
    let (found, mut members) = workspace(&folder.join("more/three"));
    members.sort();
    assert_eq!(
        (found, members.join(" ").as_str()),
        (folder.clone(), "one three two")
    );
    for member in ["apps/one", "apps/two", "more/three"] {
        let manifest = read(folder.join(member).join("Cargo.toml"));
        assert!(
            !manifest.contains("[profile") && !manifest.contains("[workspace]"),
            "{manifest}"
        );
        assert!(alias(&folder.join(member)).contains("--manifest-path"));
    }
    // One alias for all of them, which git does not see.
    assert!(alias(&folder).contains("--manifest-path"));
    assert!(read(folder.join(".cargo/.gitignore")).contains("/config.toml"));
}

#[test]
fn a_workspace_of_other_packages_keeps_its_profiles() {
    let root = "[workspace]\nmembers = [\"tool\"]\nexclude = [\"apart\"]\n";
    let tool = "[package]\nname = \"tool\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let (_temporary, folder) = folder(&[
        ("Cargo.toml", root),
        ("tool/Cargo.toml", tool),
        ("tool/src/lib.rs", ""),
    ]);
    let (code, stderr) = run(&folder, &["new", "app"]);
    assert_eq!(code, Some(0), "{stderr}");
    let manifest = read(folder.join("Cargo.toml"));
    assert_eq!(manifest, root.replace("\"tool\"]", "\"tool\", \"app\"]"));
    assert!(
        stderr.contains("For you to do") && stderr.contains("lto = \"fat\""),
        "{stderr}"
    );
    // What the workspace excludes stands alone.
    let (code, stderr) = run(&folder, &["new", "apart"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(read(folder.join("apart/Cargo.toml")).contains("[profile.release]"));
    assert_eq!(workspace(&folder.join("apart")).1, ["apart"]);
}

#[test]
fn an_alias_above_is_replaced_where_cargo_can() {
    let above = "[alias]\nfw = \"run --package cargo-fw --\"\n";
    let (_temporary, folder) = folder(&[(".cargo/config.toml", above)]);
    let (code, stderr) = run(&folder, &["new", "app"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        alias(&folder.join("app")).contains("--manifest-path"),
        "{stderr}"
    );
    let list = "[alias]\nfw = [\"run\", \"--package\", \"other\", \"--\"]\n";
    fs::write(folder.join(".cargo/config.toml"), list).expect("an alias");
    let (code, stderr) = run(&folder, &["new", "second"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("cargo install --path"), "{stderr}");
    assert!(
        alias(&folder.join("second")).contains("other"),
        "cargo works there"
    );
}

/// All files below the folder that are not git's, with their texts.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut all = BTreeMap::new();
    let mut next = vec![folder.to_owned()];
    while let Some(folder) = next.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.ends_with(".git") {
                continue;
            }
            match path.is_dir() {
                true => next.push(path),
                false => _ = all.insert(path.clone(), read(&path)),
            }
        }
    }
    all
}

/// Runs `init`, checks that each file of before is as it was, and gives what it printed and the names of the new ones.
fn init(folder: &Path) -> (String, Vec<String>) {
    let before = files(folder);
    let (code, stderr) = run(folder, &["init"]);
    assert_eq!(code, Some(0), "{stderr}");
    let mut after = files(folder);
    for (path, text) in before {
        assert_eq!(after.remove(&path), Some(text), "{}", path.display());
    }
    let added = after.keys().map(|path| {
        let path = path.strip_prefix(folder).expect("a path in the folder");
        path.display().to_string()
    });
    (stderr, added.collect())
}

#[test]
fn init_adds_what_an_almost_empty_repository_lacks() {
    let (_temporary, folder) = folder(&[
        ("notes/README.md", "# Notes\n"),
        ("notes/LICENSE", "MIT\n"),
        ("notes/.gitignore", "node_modules\n"),
        ("notes/.git/HEAD", "ref: refs/heads/main\n"),
    ]);
    let notes = folder.join("notes");
    let (stderr, added) = init(&notes);
    let wanted = [
        ".cargo/.gitignore",
        ".cargo/config.toml",
        "Cargo.toml",
        "fw.toml",
        "src/main.rs",
    ];
    assert_eq!(added, wanted);
    assert!(
        stderr.contains("add to .gitignore: `/target`, `/fw.secrets.toml`"),
        "{stderr}"
    );
    assert_eq!(workspace(&notes), (notes.clone(), vec!["notes".to_owned()]));
    // Once more there is nothing to add.
    let (stderr, added) = init(&notes);
    assert_eq!(added, [""; 0], "{stderr}");
}

#[test]
fn init_adds_to_a_project_what_it_lacks_and_says_what_is_left() {
    for (more, args) in [
        (&[][..], &[][..]),
        (
            &[("src/lib.rs", "//! Its library.\n")][..],
            &["--name", "my_notes"][..],
        ),
    ] {
        let (_temporary, folder) = folder(&[("x", "")]);
        let notes = folder.join("notes");
        let mut cargo = Command::new("cargo");
        cargo
            .args(["new", "--quiet", "notes"])
            .args(args)
            .current_dir(&folder);
        assert_eq!(output(cargo).0, Some(0));
        for (path, text) in more {
            fs::write(notes.join(path), text).expect("a file");
        }
        let (stderr, added) = init(&notes);
        assert_eq!(
            added,
            [".cargo/.gitignore", ".cargo/config.toml", "fw.toml"]
        );
        for wanted in [
            "Kept",
            "cargo add fw-lambda --rename fw --path",
            "--features test",
            "routes![",
            "`/fw.secrets.toml`",
        ] {
            assert!(stderr.contains(wanted), "{wanted}: {stderr}");
        }
    }
}

#[test]
fn init_in_a_workspace_without_a_package_says_how_to_add_one() {
    let (_temporary, folder) = folder(&[("Cargo.toml", "[workspace]\nmembers = []\n")]);
    let (code, stderr) = run(&folder, &["init"]);
    assert_eq!(code, Some(65), "{stderr}");
    assert!(stderr.contains("cargo fw new NAME"), "{stderr}");
    assert_eq!(files(&folder).len(), 1);
}

#[test]
fn a_pipeline_is_warned_of_what_this_machine_alone_has() {
    let package = |name: &str, more: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{more}"
        )
    };
    let (_temporary, folder) = folder(&[
        ("app/.git/HEAD", "ref: refs/heads/main\n"),
        (
            "app/Cargo.toml",
            &package(
                "app",
                "near = { path = \"near\" }\nfar = { path = \"../far\" }\n",
            ),
        ),
        ("app/src/main.rs", "fn main() {}\n"),
        ("app/near/Cargo.toml", &package("near", "")),
        ("app/near/src/lib.rs", ""),
        ("far/Cargo.toml", &package("far", "")),
        ("far/src/lib.rs", ""),
    ]);
    let (code, stderr) = run(
        &folder.join("app"),
        &["ci", "github", "--region", "eu-west-1"],
    );
    assert_eq!(code, Some(0), "{stderr}");
    let far = format!(
        "the pipeline cannot build it: `{}`",
        folder.join("far").display()
    );
    assert!(
        stderr.contains(&far) && !stderr.contains("near"),
        "{stderr}"
    );
}
