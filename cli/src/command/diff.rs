//! `cargo fw diff`: what a new version of an API means for the clients of the old one.

use std::{fs, path::Path};

use fw_contract::{Finding, Report, Verdict, compare};
use serde_json::{Value, json};

use crate::{
    args::{self, Output},
    console::{BAD, Console, GOOD, WARN},
    error::{Context as _, Exit, Failure, Result},
};

/// Compares two documents. The exit code says whether clients break.
pub(super) fn diff(args: &args::Diff, console: &Console) -> Result<Exit> {
    let (before, after) = (document(&args.before)?, document(&args.after)?);
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let report = compare(&before, &after, &today);
    match args.output {
        Output::Json => {
            let text = serde_json::to_string_pretty(&json(&report)).context("cannot write JSON")?;
            console.result(text);
        }
        Output::Text => print(&report, console),
    }
    Ok(match report.verdict() {
        Verdict::Breaking => Exit::Failure,
        Verdict::Info | Verdict::Compatible => Exit::Success,
    })
}

/// Reads a document.
fn document(path: &Path) -> Result<Value> {
    let text = fs::read(path).map_err(|error| {
        Failure::input(format!("cannot read `{}`", path.display())).because_of(error.to_string())
    })?;
    let document: Value = serde_json::from_slice(&text).map_err(|error| {
        Failure::input(format!("`{}` is not valid JSON", path.display()))
            .because_of(error.to_string())
    })?;
    let version = document.get("openapi").and_then(Value::as_str);
    if version.is_some_and(|version| version.starts_with("3.")) && document.is_object() {
        return Ok(document);
    }
    Err(
        Failure::input(format!("`{}` is not an OpenAPI 3 document", path.display()))
            .because_of("the member `openapi` does not start with `3.`"),
    )
}

fn json(report: &Report) -> Value {
    let findings: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| {
            json!({
                "verdict": finding.verdict.as_str(),
                "rule": finding.rule,
                "route": finding.route,
                "place": finding.place,
                "pointer": finding.pointer,
                "message": finding.message,
            })
        })
        .collect();
    json!({"schema": 1, "verdict": report.verdict().as_str(), "findings": findings})
}

/// The breaking findings first, then what is worth knowing.
fn print(report: &Report, console: &Console) {
    for verdict in [Verdict::Breaking, Verdict::Info] {
        let style = if verdict == Verdict::Breaking {
            BAD
        } else {
            WARN
        };
        let of_this = |finding: &&Finding| finding.verdict == verdict;
        for finding in report.findings.iter().filter(of_this) {
            let (word, rule) = (verdict.as_str(), finding.rule);
            console.result(format_args!("{style}{word}{style:#} {finding} [{rule}]"));
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
