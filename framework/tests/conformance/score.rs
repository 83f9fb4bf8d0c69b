//! The score: what came of every case, as `docs/fidelity.md` shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::chalice::{self, Decision};
use crate::{door, exceptions, services};

/// What is measured by hand.
const OUTSIDE: &str = include_str!("outside-suites.md");
/// What the document says that no case does.
const NOT_EMULATED: &str = include_str!("not-emulated.md");

/// How one app's answers differ between front doors: what `tests/front_doors.rs` checks.
const DIFFERENCES: &str = include_str!("../front-doors.tsv");

const COMMAND: &str = "FW_UPDATE=1 cargo test -p fw-lambda --test conformance fidelity";

/// How sure it is that AWS does so, the surest first.
const CONFIDENCES: [&str; 6] = [
    "recorded",
    "engine",
    "documented",
    "reported",
    "emulator",
    "inferred",
];

#[derive(Deserialize)]
pub(crate) struct Behaviour {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) source: String,
    pub(crate) confidence: String,
}

/// What came of a case.
pub(crate) enum Result {
    Passed,
    Listed(String),
    Failed,
}

pub(crate) type Scored = Vec<(Behaviour, Result)>;

#[test]
fn fidelity_is_of_this_day() {
    let path = root().join("docs/fidelity.md");
    let document = document();
    if std::env::var_os("FW_UPDATE").is_some() {
        std::fs::write(&path, document).expect("docs/fidelity.md can be written");
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == document,
        "docs/fidelity.md is stale; write it anew, and read the difference before it is committed: `{COMMAND}`"
    );
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

fn read(cases: &str) -> impl Iterator<Item = Behaviour> {
    let lines = cases.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).expect("each line is a case"))
}

/// Runs the cases of a front door.
fn run(cases: &str) -> Scored {
    let exceptions = exceptions();
    let lines = cases.lines().filter(|line| !line.trim().is_empty());
    let results = lines.map(|line| {
        let behaviour: Behaviour = serde_json::from_str(line).expect("each line is a case");
        let result = match exceptions.get(behaviour.id.as_str()) {
            Some(reason) => Result::Listed((*reason).to_owned()),
            None => match serde_json::from_str(line) {
                Ok(case) if door::run(&case).is_ok() => Result::Passed,
                _ => Result::Failed,
            },
        };
        (behaviour, result)
    });
    results.collect()
}

/// What the command line's tests wrote of Lambda's cases: they need processes. Nothing where that package is not there.
fn lambda() -> Scored {
    let folder = root().join("cli/tests/conformance");
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let (cases, score) = (text("lambda.jsonl"), text("score.tsv"));
    let results: BTreeMap<&str, Result> = score
        .lines()
        .filter_map(|line| {
            let mut fields = line.split('\t');
            let (id, _, result) = (fields.next()?, fields.next()?, fields.next()?);
            let reason = fields.next().unwrap_or_default().to_owned();
            let result = match result {
                "pass" => Result::Passed,
                "listed" => Result::Listed(reason),
                _ => Result::Failed,
            };
            Some((id, result))
        })
        .collect();
    let mut results = results;
    read(&cases)
        .map(|case| {
            let result = results.remove(case.id.as_str()).unwrap_or(Result::Failed);
            (case, result)
        })
        .collect()
}

fn document() -> String {
    let mut targets = vec![
        ("HTTP API", run(include_str!("http-api.jsonl"))),
        ("REST API", run(include_str!("rest-api.jsonl"))),
        ("function URL", run(include_str!("function-url.jsonl"))),
        ("Lambda", lambda()),
    ];
    let services = services::read();
    targets.extend(services.targets);
    let mut text = String::from(
        "# Fidelity\n\n\
         How close the local gateway, the local Lambda and the local services are to AWS, measured: each line below is a case that\n\
         the tests run. `recorded` was seen on AWS, `engine` is what AWS's open-source matcher of patterns answers, `documented` is what\n\
         AWS writes, `reported` is what users or maintainers measured, `emulator` is what another emulator does, `inferred` is our guess.\n\
         Where a source says nothing, the code says `unverified`.\n\n\
         This file is generated. ",
    );
    let _ = writeln!(
        text,
        "`{COMMAND}` writes it anew; the tests fail when it is stale.\n"
    );
    score(&mut text, &targets);
    let _ = writeln!(
        text,
        "Streams of Kinesis are not there: mappings of them are refused.\n\n\
         {OUTSIDE}\n\
         Of the {} recorded cases of the services, {} are `marker` cases: their test is marked as validated on AWS, and no recording\n\
         of its values is kept. They must pass as the others must.\n",
        services.recorded, services.markers
    );
    not_passing(&mut text, &targets);
    differences(&mut text);
    chalices(&mut text);
    text.push_str(NOT_EMULATED.trim_end());
    text.push_str("\n\n## Every behaviour\n");
    for (target, cases) in &targets {
        let _ = writeln!(
            text,
            "\n### {target}\n\n| case | behaviour | sure | source | |\n|---|---|---|---|---|"
        );
        for (case, result) in cases {
            let mark = match result {
                Result::Passed => "✓",
                Result::Listed(_) => "listed",
                Result::Failed => "✗",
            };
            let Behaviour {
                id,
                title,
                source,
                confidence,
            } = case;
            let _ = writeln!(
                text,
                "| {id} | {} | {confidence} | {} | {mark} |",
                cell(title),
                cell(source)
            );
        }
    }
    text
}

/// Text for a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace('<', "&lt;")
        .replace('\n', " ")
}

fn score(text: &mut String, targets: &[(&str, Scored)]) {
    let _ = writeln!(text, "## Score\n\n| | {} | all |", CONFIDENCES.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(CONFIDENCES.len() + 1));
    for (target, cases) in targets {
        let count = |confidence: Option<&str>| {
            let of = cases
                .iter()
                .filter(|(case, _)| confidence.is_none_or(|wanted| case.confidence == wanted));
            let (mut passed, mut all) = (0, 0);
            for (_, result) in of {
                all += 1;
                passed += usize::from(matches!(result, Result::Passed));
            }
            if all == 0 {
                "–".to_owned()
            } else {
                format!("{passed} of {all}")
            }
        };
        let columns: Vec<String> = CONFIDENCES.iter().map(|&name| count(Some(name))).collect();
        let _ = writeln!(
            text,
            "| {target} | {} | {} |",
            columns.join(" | "),
            count(None)
        );
    }
    text.push('\n');
}

fn not_passing(text: &mut String, targets: &[(&str, Scored)]) {
    text.push_str("## What does not pass\n\n");
    let mut none = true;
    for (case, result) in targets.iter().flat_map(|(_, cases)| cases) {
        let why = match result {
            Result::Passed => continue,
            Result::Listed(reason) => reason,
            Result::Failed => "fails",
        };
        none = false;
        let Behaviour {
            id,
            title,
            confidence,
            ..
        } = case;
        let _ = writeln!(
            text,
            "- {id} ({confidence}): {}. {}.",
            cell(title),
            cell(why)
        );
    }
    if none {
        text.push_str("Every case passes.\n");
    }
    text.push('\n');
}

fn differences(text: &mut String) {
    text.push_str(
        "## One app, every front door\n\n\
         The same app gives the same answers behind an HTTP API (payload 2.0 and 1.0), a REST API and a function URL, and behind\n\
         `$default` or `{proxy+}` where it matches paths by itself. Where it does not, the gateways themselves differ:\n\n\
         | request | front door | answer | why |\n|---|---|---|---|\n",
    );
    for line in DIFFERENCES.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [request, door, status, body, why] = fields[..] {
            let _ = writeln!(
                text,
                "| `{request}` | {door} | {status} `{}` | {} |",
                cell(body),
                cell(why)
            );
        }
    }
    text.push('\n');
}

fn chalices(text: &mut String) {
    let decisions = chalice::decisions();
    let count = |decision| {
        decisions
            .iter()
            .filter(|decided| decided.decision == decision)
            .count()
    };
    let model: Vec<(&str, &str)> = decisions
        .iter()
        .filter(|decided| decided.decision != Decision::Later)
        .filter_map(|decided| Some((&*decided.id, chalice::of_the_model_alone(&decided.id)?)))
        .collect();
    let shown = |decision| {
        let of = decisions.iter().filter(|it| it.decision == decision);
        of.filter(|it| !model.iter().any(|(id, _)| *id == it.id))
            .count()
    };
    let _ = writeln!(
        text,
        "## Chalice's tests\n\n\
         Of {} cases that Chalice's own tests pin, an app behind a REST API matches {} and answers {} otherwise on purpose. The model of the\n\
         gateway holds {} more, which no setting of `fw` brings about, and {} are about what fw does not have yet. Each is run but for the\n\
         last, through the model with the settings that a stage has: the handlers are those of one app that plays them all. What a user sets\n\
         for CORS, bytes and routes of an authorizer is tried through `#[route]`, `fw.toml` and the test client in `framework/tests/it`.\n",
        decisions.len(),
        shown(Decision::Match),
        shown(Decision::Beat),
        model.len(),
        count(Decision::Later),
    );
    let _ = writeln!(text, "| case of the model alone | why |\n|---|---|");
    for (id, why) in &model {
        let _ = writeln!(text, "| {id} | {why} |");
    }
    let _ = writeln!(text, "\n| case | its test | | why |\n|---|---|---|---|",);
    for decided in &decisions {
        let word = match decided.decision {
            Decision::Match => continue,
            Decision::Beat => "otherwise",
            Decision::Later => "later",
        };
        let source = chalice::source(&decided.id);
        let _ = writeln!(
            text,
            "| {} | {} | {word} | {} |",
            decided.id,
            cell(&source),
            cell(&decided.because)
        );
    }
    text.push('\n');
}
