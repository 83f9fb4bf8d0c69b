//! `cargo fw new` and `cargo fw init`: a project from a template in this binary.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    args::{Init, New, Template},
    console::{BOLD, Console, HINT},
    error::{Context, Exit, Failure, Result},
};

/// The framework beside this CLI's own source: until it is published, a new project takes it from there.
const FRAMEWORK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../framework");

/// The checkout that this CLI was built in.
const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Longer names leave no room for the stage in an IAM role's 64 characters.
const LONGEST: usize = 40;

/// Names that would clash: with the framework in `use`, with the compiler's crates, or with folders of cargo's.
const TAKEN: [&str; 10] = [
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "fw",
    "incremental",
    "proc_macro",
    "std",
    "test",
];

/// Rust's own words, which cargo does not take for a package (The Rust Reference, "Keywords").
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The template's files: path in the project, text.
fn files(template: Template) -> [(&'static str, &'static str); 4] {
    let ignore = (".gitignore", "/target\n/fw.secrets.toml\n");
    match template {
        Template::Hello => [
            ignore,
            (
                "Cargo.toml",
                include_str!("../../templates/hello/Cargo.toml"),
            ),
            ("fw.toml", include_str!("../../templates/hello/fw.toml")),
            (
                "src/main.rs",
                include_str!("../../templates/hello/src/main.rs"),
            ),
        ],
        Template::S3 => [
            ignore,
            ("Cargo.toml", include_str!("../../templates/s3/Cargo.toml")),
            ("fw.toml", include_str!("../../templates/s3/fw.toml")),
            (
                "src/main.rs",
                include_str!("../../templates/s3/src/main.rs"),
            ),
        ],
    }
}

/// Makes a project in a new folder.
pub(super) fn new(args: &New, console: &Console) -> Result<Exit> {
    check_name(&args.name)?;
    let folder = Path::new(&args.name);
    make(folder, &args.name, args.template)?;
    tell(console, &args.name, args.template, Some(folder));
    Ok(Exit::Success)
}

/// Makes a project in this folder.
pub(super) fn init(args: &Init, console: &Console) -> Result<Exit> {
    let folder = std::env::current_dir().context("cannot tell the current folder")?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    };
    check_name(&name).map_err(|failure| match args.name {
        Some(_) => failure,
        None => failure.hint("the folder's name does not serve; give one with `--name`"),
    })?;
    make(&folder, &name, args.template)?;
    tell(console, &name, args.template, None);
    Ok(Exit::Success)
}

fn tell(console: &Console, name: &str, template: Template, folder: Option<&Path>) {
    console.status("Created", format_args!("the project {BOLD}{name}{BOLD:#}"));
    let go = folder.map_or_else(String::new, |folder| format!("cd {} && ", folder.display()));
    let request = match template {
        Template::Hello => "curl -i localhost:8000/hello",
        Template::S3 => {
            "curl -i -X PUT localhost:8000/objects/a.json -H 'content-type: application/json' -d '{\"value1\":123}'"
        }
    };
    console.line(format_args!(
        "\nNext:\n  {HINT}{go}cargo fw local{HINT:#}\n  {HINT}{request}{HINT:#}"
    ));
}

/// A name must do as a Cargo package, as a folder, and as the stem of every resource's name in AWS.
fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let why = if name.is_empty() {
        "it is empty".to_owned()
    } else if name.len() > LONGEST {
        format!(
            "it has {} characters, and {LONGEST} are the most",
            name.len()
        )
    } else if let Some(odd) = name.chars().find(|c| !plain(*c)) {
        format!(
            "`{}` is no lower-case letter, digit or hyphen",
            odd.escape_debug()
        )
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        "it does not start with a letter".to_owned()
    } else if name.ends_with('-') || name.contains("--") {
        "its hyphens do not stand singly between letters or digits".to_owned()
    } else if KEYWORDS.contains(&name) {
        "it is a word of the Rust language".to_owned()
    } else if TAKEN.contains(&name) {
        "the name is taken by Rust, cargo or the framework".to_owned()
    } else {
        return Ok(());
    };
    let failure =
        Failure::input(format!("not a project's name: `{}`", name.escape_debug())).because_of(why);
    let mended = mended(name);
    Err(if mended.is_empty() || mended == name {
        failure
    } else {
        failure.hint(format!("`{mended}` would do"))
    })
}

/// The nearest good name, or nothing.
fn mended(name: &str) -> String {
    let mut mended = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        let wanted = if c.is_ascii_alphanumeric() { c } else { '-' };
        if wanted != '-' || !(mended.is_empty() || mended.ends_with('-')) {
            mended.push(wanted);
        }
    }
    mended.truncate(LONGEST);
    let mended = mended
        .trim_end_matches('-')
        .trim_start_matches(|c: char| !c.is_ascii_lowercase());
    if TAKEN.contains(&mended) || KEYWORDS.contains(&mended) {
        format!("{mended}-app")
    } else {
        mended.to_owned()
    }
}

/// Writes the files into a folder that has nothing in it.
fn make(folder: &Path, name: &str, template: Template) -> Result<()> {
    check_empty(folder)?;
    for (path, text) in files(template) {
        let path = folder.join(path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .with_context(|| format!("cannot make the folder: {}", parent.display()))?;
        fs::write(&path, fill(text, name))
            .with_context(|| format!("cannot write the file: {}", path.display()))?;
    }
    if let Some(checkout) = own_checkout() {
        let path = folder.join(".cargo/config.toml");
        let failed = || format!("cannot write the file: {}", path.display());
        fs::create_dir_all(folder.join(".cargo")).with_context(failed)?;
        fs::write(&path, alias(&checkout)).with_context(failed)?;
    }
    Ok(())
}

/// The checkout, when this very CLI runs from its target folder: then `cargo fw` is an alias of the checkout, and the new
/// project needs one as well. An installed CLI needs none.
fn own_checkout() -> Option<PathBuf> {
    let checkout = PathBuf::from(CHECKOUT).canonicalize().ok()?;
    let running = std::env::current_exe().ok()?.canonicalize().ok()?;
    running.starts_with(&checkout).then_some(checkout)
}

fn alias(checkout: &Path) -> String {
    let manifest = checkout.join("Cargo.toml").display().to_string();
    format!(
        "[alias]\n# Until fw is published: the CLI of the checkout that made this project.\nfw = [\"run\", \"--manifest-path\", {manifest:?}, \"--package\", \"cargo-fw\", \"--\"]\n"
    )
}

/// A folder that is there must have nothing in it but what git or an operating system puts there.
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
        .because_of(format!(
            "it has `{}`, and nothing of yours is ever overwritten",
            entry.file_name().display()
        ))
        .hint("choose another name, or empty the folder yourself")),
    }
}

fn fill(text: &str, name: &str) -> String {
    text.replace("{{name}}", name)
        .replace("{{fw_test}}", &dependency(&[("features", "[\"test\"]")]))
        .replace("{{fw}}", &dependency(&[]))
}

/// The framework as a dependency: from the checkout that built this CLI while that exists, else from crates.io.
fn dependency(more: &[(&str, &str)]) -> String {
    let source = match PathBuf::from(FRAMEWORK).canonicalize() {
        Ok(path) => format!("path = {:?}", path.display().to_string()),
        Err(_) => format!("version = {:?}", env!("CARGO_PKG_VERSION")),
    };
    let more: String = more
        .iter()
        .map(|(key, value)| format!(", {key} = {value}"))
        .collect();
    format!("{{ package = \"fw-lambda\", {source}{more} }}")
}

#[cfg(test)]
mod tests {
    use super::{check_name, make};
    use crate::args::Template;

    #[test]
    fn a_bad_name_is_refused_with_a_better_one() {
        for (name, hint) in [
            ("My App", Some("`my-app` would do")),
            ("fw", Some("`fw-app` would do")),
            ("fn", Some("`fn-app` would do")),
            ("9lives", Some("`lives` would do")),
            ("a--b", Some("`a-b` would do")),
            ("über", Some("`ber` would do")),
            ("../evil", Some("`evil` would do")),
            ("", None),
            ("!!!", None),
        ] {
            let failure = check_name(name).unwrap_err();
            assert_eq!(failure.advice(), hint, "{name}");
        }
        for name in ["a", "s3test", "my-api-2"] {
            check_name(name).unwrap();
        }
    }

    #[test]
    fn a_folder_with_files_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Cargo.toml"), "mine").unwrap();
        let failure = make(folder.path(), "x", Template::Hello).unwrap_err();
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
            for (path, text) in super::files(template) {
                if path.ends_with(".rs") || path == "fw.toml" {
                    let file = format!("{examples}/{example}/{path}");
                    let mut found = std::fs::read_to_string(&file).unwrap();
                    let text = text.replace("{{name}}", example);
                    if path == "fw.toml" && found.starts_with(&text) {
                        // An example goes on with what a new project does not begin with: stages, and settings of all kinds.
                        found.truncate(text.len());
                    }
                    assert_eq!(found, text, "{file}");
                }
            }
        }
    }
}
