//! `cargo fw diff`: what a new version of an API means for the clients of the old one.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use fw_contract::{Finding, Report, Verdict, compare};
use fw_openapi::Version;
use serde_json::{Value, json};

use super::openapi;
use crate::{
    args::{self, Output},
    console::{BAD, Console, DIM, GOOD, WARN},
    error::{Context as _, Exit, Failure, Result},
};

/// Compares two documents. The exit code says whether clients break.
pub(super) fn diff(args: &args::Diff, console: &Console) -> Result<Exit> {
    let (before, after, sources) = documents(args, console)?;
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let report = compare(&before, &after, &today);
    match args.output {
        Output::Json => {
            let text = json(&report, &sources);
            let text = serde_json::to_string_pretty(&text).context("cannot write JSON")?;
            console.result(text);
        }
        Output::Text => print(&report, &sources, console),
    }
    Ok(match report.verdict() {
        Verdict::Breaking => Exit::Failure,
        Verdict::Info | Verdict::Compatible => Exit::Success,
    })
}

/// Where the handlers of routes are, by method and path; nothing is known of documents in files.
type Sources = BTreeMap<String, String>;

/// The two documents, and where the handlers of the second are.
fn documents(args: &args::Diff, console: &Console) -> Result<(Value, Value, Sources)> {
    if let (Some(before), Some(after)) = (&args.before, &args.after) {
        return Ok((document(before)?, document(after)?, Sources::new()));
    }
    let against = args.against.as_deref().unwrap_or_default();
    let before = match against.strip_prefix("git:") {
        Some(place) => parsed(&in_git(place)?, against)?,
        None => document(Path::new(against))?,
    };
    let (manifest, after) =
        openapi::of_project(&args.which, &args.stage, Vec::new(), Version::V3_1, console)?;
    let sources = manifest.routes.iter().filter_map(|route| {
        let source = route.source.as_ref()?;
        let path = route.path.replace("+}", "}");
        Some((
            format!("{} {path}", route.method),
            format!("{}:{}", source.file, source.line),
        ))
    });
    Ok((before, after, sources.collect()))
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

fn json(report: &Report, sources: &Sources) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            let mut told = json!({
                "verdict": finding.verdict.as_str(),
                "rule": finding.rule,
                "route": finding.route,
                "place": finding.place,
                "pointer": finding.pointer,
                "message": finding.message,
            });
            if let Some(source) = sources.get(&finding.route) {
                told["source"] = source.clone().into();
            }
            told
        })
        .collect();
    json!({"schema": 1, "verdict": report.verdict().as_str(), "findings": findings})
}

/// The breaking findings first, then what is worth knowing.
fn print(report: &Report, sources: &Sources, console: &Console) {
    for verdict in [Verdict::Breaking, Verdict::Info] {
        let style = if verdict == Verdict::Breaking {
            BAD
        } else {
            WARN
        };
        let of_this = |finding: &&Finding| finding.verdict == verdict;
        for finding in report.findings.iter().filter(of_this) {
            let (word, rule) = (verdict.as_str(), finding.rule);
            let source = sources.get(&finding.route);
            let source = source
                .map(|source| format!(" {DIM}{source}{DIM:#}"))
                .unwrap_or_default();
            console.result(format_args!(
                "{style}{word}{style:#} {finding} [{rule}]{source}"
            ));
        }
    }
    match report.verdict() {
        Verdict::Breaking => console.line("the change breaks clients"),
        Verdict::Info => console.line(format_args!(
            "{GOOD}the change does not break clients{GOOD:#}"
        )),
        Verdict::Compatible => console.line(format_args!("{GOOD}compatible{GOOD:#}")),
    }
}
