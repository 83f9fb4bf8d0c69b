//! `cargo fw diff`: what a new version of an API means for the clients of the old one.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use fw_contract::Verdict;
use fw_manifest::Manifest;
use fw_openapi::Version;
use serde_json::Value;

use super::{
    contract::{self, Changes, Deployed, Sources},
    deploy::host_manifest,
    openapi,
};
use crate::{
    args::{self, Output},
    aws::{self, Aws as _, lambda::Lambda as _},
    console::{Console, GOOD},
    deploy::{self, names::Names},
    error::{Context as _, Exit, Failure, Result},
    project::Project,
    settings::{Settings, api::Allowed},
    values::{lambda::ALIAS, names::FILE_NAME},
};

/// The word for what is deployed, instead of a file.
const DEPLOYED: &str = "deployed";

/// Compares two documents. The exit code says whether clients break.
pub(super) fn diff(args: &args::Diff, console: &Console) -> Result<Exit> {
    if let (Some(before), Some(after)) = (&args.before, &args.after) {
        let (before, after) = (document(before)?, document(after)?);
        let changes = Changes::between(&before, &after, &Sources::default(), &[]);
        return told(&changes, args.output, console);
    }
    let project = Project::find(&args.which)?;
    let mut settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    let reason = args.reason.as_deref().unwrap_or_default();
    let allow = args.allow.iter();
    let allow: Vec<Allowed> = allow
        .map(|change| Allowed::parse(change, reason))
        .collect::<Result<_>>()?;
    settings.api.allow.extend(allow.iter().cloned());
    let against = args.against.as_deref().unwrap_or_default();
    let changes = if against == DEPLOYED {
        with_deployed(args, &project, &settings, console)?
    } else {
        let before = match against.strip_prefix("git:") {
            Some(place) => parsed(&in_git(place)?, against)?,
            None => document(Path::new(against))?,
        };
        let (manifest, after) =
            openapi::of_project(&args.which, &args.stage, Vec::new(), Version::V3_1, console)?;
        let sources = Sources::of_manifests(&[&manifest]);
        Changes::between(&before, &after, &sources, &settings.api.allow)
    };
    for line in &allow {
        if changes.unused.contains(line) {
            return Err(Failure::input(format!(
                "no change that breaks clients has this rule and this route: `{}@{}`",
                line.rule, line.route
            ))
            .hint("`cargo fw diff` without `--allow` prints the changes"));
        }
    }
    if !allow.is_empty() {
        record(&project, &settings, &allow)?;
        console.status("Allowed", format_args!("in {FILE_NAME}"));
    }
    unneeded(&changes, console);
    told(&changes, args.output, console)
}

/// Warns of lines that allow nothing.
pub(super) fn unneeded(changes: &Changes, console: &Console) {
    for line in &changes.unused {
        console.warning(format_args!(
            "`api.allow` in {FILE_NAME} has a line that allows nothing here: `{}` at `{}`; remove it once every stage has the change",
            line.rule, line.route
        ));
    }
}

/// Prints the changes.
fn told(changes: &Changes, output: Output, console: &Console) -> Result<Exit> {
    match output {
        Output::Json => {
            let text = changes.json();
            console.result(serde_json::to_string_pretty(&text).context("cannot write JSON")?);
        }
        Output::Text => changes.lines().iter().for_each(|line| console.result(line)),
    }
    Ok(match changes.verdict() {
        Verdict::Breaking => {
            if output == Output::Text {
                console.line("the change breaks clients");
            }
            Exit::Failure
        }
        verdict => {
            if output == Output::Text {
                console.line(match verdict {
                    Verdict::Info => format!("{GOOD}the change does not break clients{GOOD:#}"),
                    _ => format!("{GOOD}compatible{GOOD:#}"),
                });
            }
            Exit::Success
        }
    })
}

/// The changes from what is deployed to the app here.
fn with_deployed(
    args: &args::Diff,
    project: &Project,
    settings: &Settings,
    console: &Console,
) -> Result<Changes> {
    let manifest = host_manifest(project, console)?;
    deploy::block_on(async {
        let aws = aws::Account::connect(&args.account).await?;
        let names = Names::new(&manifest.app, &settings.stage, aws.region())?;
        let before = running(&aws, &names).await?;
        contract::changes(project, settings, &before, &manifest)
    })
}

/// The manifest of the version that has the traffic.
async fn running(aws: &aws::Account, names: &Names) -> Result<Manifest> {
    let unreadable = |error: aws::Error| error.into_failure("cannot read what is deployed");
    let function = &names.function;
    let main = aws.function(function, None).await.map_err(unreadable)?;
    let absent = || {
        let Names { app, stage, .. } = names;
        let failure = Failure::new(format!(
            "`{app}` is not deployed to stage `{stage}` in {}",
            aws.region()
        ));
        failure.hint("choose another place with `--stage`, `--region` and `--profile`")
    };
    main.filter(|main| names.own(&main.tags))
        .ok_or_else(absent)?;
    let aliases = aws.aliases(function).await.map_err(unreadable)?;
    let live = aliases.get(ALIAS).ok_or_else(absent)?;
    match contract::deployed(aws, function, &live.version).await? {
        Deployed::Manifest(manifest) => Ok(*manifest),
        Deployed::Silent(why) => Err(Failure::new(format!(
            "the deployed version {} does not say what its API is",
            live.version
        ))
        .because_of(why)
        .hint("`--against FILE` compares with a document of `cargo fw openapi`")),
    }
}

/// Adds lines to the settings.
fn record(project: &Project, settings: &Settings, lines: &[Allowed]) -> Result<()> {
    let path = project.package_dir().join(FILE_NAME);
    let cannot = |error: std::io::Error| {
        Failure::new(format!("cannot write `{}`", path.display())).because_of(error.to_string())
    };
    let mut text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(cannot(error)),
    };
    let before = text.clone();
    for line in lines {
        if !text.is_empty() {
            text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
        }
        text.push_str(&line.to_toml());
    }
    fs::write(&path, text).map_err(cannot)?;
    // `api = { … }` in one line cannot be continued.
    if let Err(failure) = Settings::load(project.package_dir(), &settings.stage) {
        fs::write(&path, before).map_err(cannot)?;
        let lines: Vec<String> = lines.iter().map(Allowed::to_toml).collect();
        return Err(failure.hint(format!(
            "add it to {FILE_NAME} yourself:\n{}",
            lines.join("\n")
        )));
    }
    Ok(())
}

/// A file of a revision, `main:openapi.json`.
fn in_git(place: &str) -> Result<Vec<u8>> {
    let Some((revision, path)) = place.split_once(':') else {
        return Err(
            Failure::input(format!("not a file of a revision: `git:{place}`"))
                .hint("write `git:REVISION:PATH`, such as `git:main:openapi.json`"),
        );
    };
    // `./` means a path from here, and not from the repository's root.
    let path = if path.starts_with(['/', '.']) {
        path.to_owned()
    } else {
        format!("./{path}")
    };
    let output = Command::new("git")
        // A revision is not an option, whatever it begins with.
        .args(["cat-file", "blob", "--end-of-options"])
        .arg(format!("{revision}:{path}"))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::unavailable("cannot run `git`").because_of(error.to_string()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let cause = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::input(format!("git has no file `{place}`")).because_of(cause))
}

/// Reads a document.
fn document(path: &Path) -> Result<Value> {
    let text = fs::read(path).map_err(|error| {
        Failure::input(format!("cannot read `{}`", path.display())).because_of(error.to_string())
    })?;
    parsed(&text, &path.display().to_string())
}

fn parsed(text: &[u8], name: &str) -> Result<Value> {
    let document: Value = serde_json::from_slice(text).map_err(|error| {
        Failure::input(format!("`{name}` is not valid JSON")).because_of(error.to_string())
    })?;
    let version = document.get("openapi").and_then(Value::as_str);
    if version.is_some_and(|version| version.starts_with("3.")) && document.is_object() {
        return Ok(document);
    }
    Err(
        Failure::input(format!("`{name}` is not an OpenAPI 3 document"))
            .because_of("the member `openapi` does not start with `3.`"),
    )
}
