//! `cargo fw new` and `cargo fw init`: a project from a template in this binary.

mod around;
mod checkout;
mod name;
mod workspace;

use std::{
    fs,
    path::{Path, PathBuf},
};

use self::{around::Alias, checkout::Checkout, name::check_name, workspace::Place};
use crate::{
    args::{Init, New, Template},
    console::{BOLD, Console, HINT},
    error::{Context, Exit, Failure, Result},
    project::FRAMEWORK,
    values::names::{FILE_NAME, SECRETS_FILE},
};

/// The profiles of an app, where its manifest is the workspace's too.
const PROFILES: [(&str, &str); 2] = [
    ("dev", include_str!("../../templates/profile.dev.toml")),
    (
        "release",
        include_str!("../../templates/profile.release.toml"),
    ),
];

/// The table that keeps a project out of the workspace around it.
const ALONE: &str =
    "\n# This project is its own workspace, although its folder is inside fw's.\n[workspace]\n";

/// A template's files.
struct Files {
    manifest: &'static str,
    settings: &'static str,
    main: &'static str,
}

const fn files(template: Template) -> Files {
    match template {
        Template::Hello => Files {
            manifest: include_str!("../../templates/hello/Cargo.toml"),
            settings: include_str!("../../templates/hello/fw.toml"),
            main: include_str!("../../templates/hello/src/main.rs"),
        },
        Template::Api => Files {
            manifest: include_str!("../../templates/api/Cargo.toml"),
            settings: include_str!("../../templates/api/fw.toml"),
            main: include_str!("../../templates/api/src/main.rs"),
        },
        Template::S3 => Files {
            manifest: include_str!("../../templates/s3/Cargo.toml"),
            settings: include_str!("../../templates/s3/fw.toml"),
            main: include_str!("../../templates/s3/src/main.rs"),
        },
    }
}

/// Creates a project in a new folder.
pub(super) fn new(args: &New, console: &Console) -> Result<Exit> {
    let Some(last) = args.path.file_name() else {
        return Err(
            Failure::input(format!("not a new folder: {}", args.path.display()))
                .hint("run `cargo fw init` to add what is missing to this folder"),
        );
    };
    let name = match &args.name {
        Some(name) => name.clone(),
        None => last.to_string_lossy().into_owned(),
    };
    check_name(&name)?;
    check_empty(&args.path)?;
    fs::create_dir_all(&args.path)
        .with_context(|| format!("cannot create the folder: {}", args.path.display()))?;
    let mut project = Project::at(&args.path, name, args.template)?;
    project.create()?;
    project.report(console, Some(&args.path));
    Ok(Exit::Success)
}

/// Adds to this folder what it lacks of a project.
pub(super) fn init(args: &Init, console: &Console) -> Result<Exit> {
    let folder = std::env::current_dir().context("cannot read the current folder's path")?;
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok();
    let package = manifest.as_deref().map(package_name);
    let name = match (&args.name, package) {
        (_, Some(None)) => {
            return Err(Failure::input(
                "the `Cargo.toml` in this folder is for a workspace and has no package",
            )
            .hint("run `cargo fw new NAME` to create a project in a folder of the workspace"));
        }
        // Its name is already chosen, and other packages may depend on it.
        (_, Some(Some(name))) => name,
        (Some(name), None) => {
            check_name(name)?;
            name.clone()
        }
        (None, None) => {
            let name = folder.file_name().unwrap_or_default();
            let name = name.to_string_lossy().into_owned();
            check_name(&name).map_err(|failure| {
                failure.hint(
                    "the folder's name cannot be the project's name; pass another with `--name`",
                )
            })?;
            name
        }
    };
    let mut project = Project::at(&folder, name, args.template)?;
    project.create()?;
    project.report(console, None);
    Ok(Exit::Success)
}

/// The package's name, if the manifest has one.
fn package_name(manifest: &str) -> Option<String> {
    let table: toml::Table = manifest.parse().ok()?;
    let name = table.get("package")?.get("name")?.as_str()?;
    Some(name.to_owned())
}

/// A project that is being created, with the notes for the user.
struct Project {
    folder: PathBuf,
    name: String,
    template: Template,
    checkout: Option<Checkout>,
    /// Files that were created, by their path in the folder.
    created: Vec<String>,
    /// Files that were there, and stay as they are.
    kept: Vec<String>,
    /// Further things that were done, each with its verb.
    done: Vec<(&'static str, String)>,
    /// What the user has to do, because existing files are not changed.
    left: Vec<String>,
}

impl Project {
    fn at(folder: &Path, name: String, template: Template) -> Result<Self> {
        let folder = folder
            .canonicalize()
            .with_context(|| format!("cannot use the folder: {}", folder.display()))?;
        Ok(Self {
            checkout: Checkout::of(&folder),
            folder,
            name,
            template,
            created: Vec::new(),
            kept: Vec::new(),
            done: Vec::new(),
            left: Vec::new(),
        })
    }

    /// Writes missing files and never overwrites existing ones.
    fn create(&mut self) -> Result<()> {
        let files = files(self.template);
        let mut root = self.folder.clone();
        if self.folder.join("Cargo.toml").exists() {
            self.kept.push("Cargo.toml".to_owned());
            self.look_at_package()?;
            match workspace::place(&self.folder) {
                Ok(Place::Listed(workspace)) => root = workspace,
                Ok(Place::NotListed(above)) => self.left.push(format!(
                    "add `{}` to `workspace.members` in {}",
                    self.member_of(&above),
                    above.join("Cargo.toml").display()
                )),
                Ok(Place::Alone) => {}
                Err(failure) => self.left.push(failure.to_string()),
            }
        } else {
            self.write("src/main.rs", &self.fill(files.main))?;
            root = self.write_manifest(files.manifest)?;
        }
        self.write(FILE_NAME, &self.fill(files.settings))?;
        let repository = around::create_repository(&self.folder);
        if repository {
            self.done.push(("Created", "a git repository".to_owned()));
        }
        let alias = self.write_alias(&root)?;
        self.write_ignored(alias)
    }

    /// Writes the file if it is missing. Tells whether it was.
    fn write(&mut self, path: &str, text: &str) -> Result<bool> {
        let file = self.folder.join(path);
        if file.exists() {
            self.kept.push(path.to_owned());
            return Ok(false);
        }
        write(&file, text)?;
        self.created.push(path.to_owned());
        Ok(true)
    }

    fn fill(&self, text: &str) -> String {
        let dependency = |more: &str| match &self.checkout {
            Some(checkout) => checkout.dependency(&self.folder, more),
            None => {
                let version = env!("CARGO_PKG_VERSION");
                format!("{{ package = \"{FRAMEWORK}\", version = {version:?}{more} }}")
            }
        };
        let comment = match &self.checkout {
            Some(_) => {
                "# Until fw is published, it comes from a checkout. The path is for this machine; another machine, or a pipeline,\n# needs its own.\n"
            }
            None => "",
        };
        text.replace("{{name}}", &self.name)
            .replace("{{fw_test}}", &dependency(", features = [\"test\"]"))
            .replace(
                "{{fw_api}}",
                &dependency(", features = [\"resources\", \"schema\"]"),
            )
            .replace("{{fw_aws}}", &dependency(", features = [\"aws\"]"))
            .replace("{{fw_comment}}\n", comment)
            .replace("{{fw}}", &dependency(""))
    }

    /// Writes the manifest for the folder's location: alone, or in the workspace around it. Returns
    /// the workspace's folder.
    fn write_manifest(&mut self, manifest: &str) -> Result<PathBuf> {
        let manifest = self.fill(manifest);
        let alone = || {
            let profiles = PROFILES.map(|(_, profile)| profile).join("\n");
            format!("{manifest}\n{profiles}")
        };
        if workspace::above(&self.folder).is_none() {
            self.write("Cargo.toml", &alone())?;
            return Ok(self.folder.clone());
        }
        // Cargo itself knows best whether the workspace has it: by a pattern, by a path, or excluded.
        self.write("Cargo.toml", &manifest)?;
        let file = self.folder.join("Cargo.toml");
        let in_checkout = |root: &Path| {
            let checkout = self.checkout.as_ref();
            checkout.is_some_and(|checkout| checkout.root() == root)
        };
        match workspace::place(&self.folder) {
            Ok(Place::Alone) => write(&file, &alone())?,
            Ok(Place::Listed(root)) => {
                self.keep_profiles(&root)?;
                return Ok(root);
            }
            // fw's own repository is not a workspace for the user's packages.
            Ok(Place::NotListed(root)) if in_checkout(&root) => {
                write(&file, &(alone() + ALONE))?;
                self.done.push((
                    "Note",
                    format!(
                        "{} is inside fw's own checkout, where git lists it as untracked",
                        self.folder.display()
                    ),
                ));
            }
            Ok(Place::NotListed(root)) => {
                self.join(&root)?;
                self.keep_profiles(&root)?;
                return Ok(root);
            }
            Err(failure) => self.left.push(failure.to_string()),
        }
        Ok(self.folder.clone())
    }

    /// Adds the project to the members of a workspace.
    fn join(&mut self, root: &Path) -> Result<()> {
        let file = root.join("Cargo.toml");
        let member = self.member_of(root);
        let text = fs::read_to_string(&file)
            .with_context(|| format!("cannot read the file: {}", file.display()))?;
        match workspace::with_member(&text, &member) {
            Some(text) => {
                write(&file, &text)?;
                self.done.push((
                    "Added",
                    format!(
                        "`{member}` to the workspace's members in {}",
                        file.display()
                    ),
                ));
            }
            None => self.left.push(format!(
                "add `{member}` to `workspace.members` in {}",
                file.display()
            )),
        }
        Ok(())
    }

    /// Its path in a workspace.
    fn member_of(&self, root: &Path) -> String {
        let member = self.folder.strip_prefix(root).unwrap_or(&self.folder);
        member.display().to_string()
    }

    /// Cargo reads profiles only in the workspace's manifest.
    fn keep_profiles(&mut self, root: &Path) -> Result<()> {
        let file = root.join("Cargo.toml");
        let mut text = fs::read_to_string(&file)
            .with_context(|| format!("cannot read the file: {}", file.display()))?;
        let there = workspace::profiles(&text);
        let missing = PROFILES.iter().filter(|(name, _)| {
            let mut there = there.iter();
            !there.any(|there| there == name)
        });
        let missing: Vec<_> = missing.collect();
        if missing.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = missing
            .iter()
            .map(|(name, _)| format!("`[profile.{name}]`"))
            .collect();
        let names = names.join(" and ");
        if workspace::has_apps_alone(root, &self.folder) {
            for (_, profile) in missing {
                text = format!("{}\n\n{profile}", text.trim_end());
            }
            write(&file, &text)?;
            self.done
                .push(("Added", format!("{names} to {}", file.display())));
        } else {
            let profiles: String = missing.iter().map(|(_, profile)| *profile).collect();
            self.left.push(format!(
                "for a small artifact and fast builds, add {names} to {}; they also apply to the other packages of the workspace\
                 too:\n{}",
                file.display(),
                indented(&profiles)
            ));
        }
        Ok(())
    }

    /// What an existing package lacks, according to its manifest.
    fn look_at_package(&mut self) -> Result<()> {
        let file = self.folder.join("Cargo.toml");
        let text = fs::read_to_string(&file)
            .with_context(|| format!("cannot read the file: {}", file.display()))?;
        let table: toml::Table = text.parse().unwrap_or_default();
        let dependencies = table.get("dependencies").and_then(toml::Value::as_table);
        let has = dependencies.is_some_and(|dependencies| {
            dependencies.iter().any(|(name, dependency)| {
                let package = dependency.get("package").and_then(toml::Value::as_str);
                name == FRAMEWORK || package == Some(FRAMEWORK) || name == "fw"
            })
        });
        if has {
            return Ok(());
        }
        let from = self.checkout.as_ref().map_or_else(String::new, |checkout| {
            format!(" --path {}", checkout.framework(&self.folder))
        });
        self.left.push(format!(
            "`cargo add {FRAMEWORK} --rename fw{from}`, and the same with `--dev --features test` for the test client"
        ));
        self.left.push(
            "an app is a binary that runs its routes:\n    \
             fn main() -> std::process::ExitCode {\n        \
             fw::App::stateless(\"NAME\").routes(fw::routes![…]).run()\n    }"
                .replace("NAME", &self.name),
        );
        Ok(())
    }

    /// Writes the alias, where `cargo fw` is not installed. Tells whether it is the project's own.
    fn write_alias(&mut self, root: &Path) -> Result<bool> {
        let words = self.checkout.as_ref().and_then(Checkout::alias);
        let Some(words) = words else {
            return Ok(false);
        };
        // The checkout's own alias is enough for its own members.
        if self
            .checkout
            .as_ref()
            .is_some_and(|checkout| checkout.root() == root)
        {
            return Ok(false);
        }
        let text = match around::alias(&self.folder, &words) {
            Alias::There => return Ok(false),
            Alias::Impossible(why) => {
                self.left.push(format!(
                    "{why}. `cargo install --path {}` installs the command",
                    self.checkout_folder("cli")
                ));
                return Ok(false);
            }
            Alias::Write(text) => text,
        };
        let folder = root.join(".cargo");
        let (file, own) = (folder.join("config.toml"), root == self.folder);
        if file.exists() || folder.join("config").exists() {
            self.left
                .push(format!("add to {}:\n{}", file.display(), indented(&text)));
            return Ok(false);
        }
        write(&file, &text)?;
        let shown = file.strip_prefix(&self.folder).unwrap_or(&file);
        self.created.push(shown.display().to_string());
        // The path is of this machine.
        if !own || self.folder.join(".gitignore").exists() {
            write(&folder.join(".gitignore"), "/.gitignore\n/config.toml\n")?;
            return Ok(false);
        }
        Ok(true)
    }

    fn checkout_folder(&self, folder: &str) -> String {
        let root = self
            .checkout
            .as_ref()
            .map_or(Path::new("."), Checkout::root);
        root.join(folder).display().to_string()
    }

    /// Keeps out of git what must not be in it.
    fn write_ignored(&mut self, alias: bool) -> Result<()> {
        let mut ignored = vec!["/target".to_owned(), format!("/{SECRETS_FILE}")];
        if alias {
            ignored.push("/.cargo/config.toml".to_owned());
        }
        let file = self.folder.join(".gitignore");
        let text = fs::read_to_string(&file).unwrap_or_default();
        if self.write(".gitignore", &(ignored.join("\n") + "\n"))? {
            return Ok(());
        }
        let has = |wanted: &String| {
            let mut lines = text.lines().map(|line| line.trim().trim_matches('/'));
            lines.any(|line| line == wanted.trim_matches('/'))
        };
        ignored.retain(|wanted| !has(wanted));
        if !ignored.is_empty() {
            self.left
                .push(format!("add to .gitignore: `{}`", ignored.join("`, `")));
        }
        Ok(())
    }

    fn report(&self, console: &Console, folder: Option<&Path>) {
        let name = &self.name;
        match self.created.as_slice() {
            [] => console.status("Kept", format_args!("{name}: every file exists")),
            created => {
                let created = created.join(", ");
                console.status(
                    "Created",
                    format_args!("the project {BOLD}{name}{BOLD:#}: {created}"),
                );
            }
        }
        if !self.kept.is_empty() && !self.created.is_empty() {
            console.status("Kept", format_args!("{}", self.kept.join(", ")));
        }
        for (verb, text) in &self.done {
            console.status(verb, text);
        }
        if !self.left.is_empty() {
            console.line("\nFor you to do:");
            for text in &self.left {
                console.line(format_args!("  {text}"));
            }
        }
        let go = folder.map_or_else(String::new, |folder| {
            let folder = folder.display().to_string();
            match folder.contains(char::is_whitespace) {
                true => format!("cd '{folder}' && "),
                false => format!("cd {folder} && "),
            }
        });
        let request = match self.template {
            // An existing app answers other requests.
            _ if self.kept.iter().any(|path| path == "Cargo.toml") => "curl -i localhost:8000/",
            Template::Hello => "curl -i localhost:8000/hello/Ada",
            Template::Api => {
                "curl -i -X PUT localhost:8000/notes/first -H 'content-type: application/json' -d '{\"title\":\"Milk\"}'"
            }
            Template::S3 => {
                "curl -i -X PUT localhost:8000/objects/a.json -H 'content-type: application/json' -d '{\"value1\":123}'"
            }
        };
        console.line(format_args!(
            "\nNext:\n  {HINT}{go}cargo fw local{HINT:#}\n  {HINT}{request}{HINT:#}"
        ));
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    let parent = file.parent().unwrap_or(file);
    fs::create_dir_all(parent)
        .with_context(|| format!("cannot create the folder: {}", parent.display()))?;
    fs::write(file, text).with_context(|| format!("cannot write the file: {}", file.display()))
}

fn indented(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| format!("    {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// An existing folder may only contain files of git or of the operating system.
fn check_empty(folder: &Path) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot use the folder: {}", folder.display()));
        }
    };
    let in_the_way = entries
        .filter_map(Result::ok)
        .find(|entry| !matches!(entry.file_name().to_str(), Some(".git" | ".DS_Store")));
    match in_the_way {
        None => Ok(()),
        Some(entry) => Err(Failure::input(format!(
            "the folder is not empty: {}",
            folder.display()
        ))
        .because_of(format!("it has `{}`", entry.file_name().display()))
        .hint("choose another name, or run `cargo fw init` in the folder to add what is missing without changing files")),
    }
}

#[cfg(test)]
mod tests {
    use super::check_empty;
    use crate::args::Template;

    #[test]
    fn a_folder_with_files_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Cargo.toml"), "mine").unwrap();
        let failure = check_empty(folder.path()).unwrap_err();
        assert!(failure.to_string().contains("not empty"), "{failure}");
        assert_eq!(
            std::fs::read_to_string(folder.path().join("Cargo.toml")).unwrap(),
            "mine"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_examples_are_the_templates() {
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
        for (example, template) in [("hello", Template::Hello), ("s3test", Template::S3)] {
            let files = super::files(template);
            for (path, text) in [("src/main.rs", files.main), ("fw.toml", files.settings)] {
                let file = format!("{examples}/{example}/{path}");
                let mut found = std::fs::read_to_string(&file).unwrap();
                let text = text.replace("{{name}}", example);
                if path == "fw.toml" && found.starts_with(&text) {
                    // An example has more than a new project: stages, and all kinds of settings.
                    found.truncate(text.len());
                }
                assert_eq!(found, text, "{file}");
            }
        }
    }
}
