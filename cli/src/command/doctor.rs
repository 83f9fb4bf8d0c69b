//! `cargo fw doctor`: checks whether this machine and this account can build and deploy, and says
//! how to fix problems.

mod account;
mod machine;

use serde::Serialize;

use crate::{
    args::{self, Output},
    aws::Account,
    console::{BAD, Console, DIM, GOOD, HINT, WARN},
    deploy,
    error::{Context as _, Exit, Result},
    policy,
    project::Project,
    settings::Settings,
};

/// The version of the JSON document.
const SCHEMA: u32 = 1;

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// Everything is right.
    Ok,
    /// It works, but may cause problems.
    Warning,
    /// It does not work.
    Failed,
    /// It could not be determined.
    Unknown,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Check {
    name: &'static str,
    outcome: Outcome,
    said: String,
    /// What to do about it.
    mend: Option<String>,
}

impl Check {
    fn new(name: &'static str, outcome: Outcome, said: impl Into<String>) -> Self {
        Self {
            name,
            outcome,
            said: said.into(),
            mend: None,
        }
    }

    fn ok(name: &'static str, said: impl Into<String>) -> Self {
        Self::new(name, Outcome::Ok, said)
    }

    fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }
}

/// Checks everything, and fails when something does not work.
pub(super) fn doctor(args: &args::Doctor, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which);
    let settings = match &project {
        Ok(project) => Settings::load(project.package_dir(), &args.stage.stage).map(Some),
        Err(_) => Ok(None),
    };
    if let Ok(Some(settings)) = &settings {
        super::notes::note(settings, console);
    }
    let mut checks = vec![machine::toolchain()];
    checks.push(match (&project, &settings) {
        (Err(failure), _) => Check::new("project", Outcome::Unknown, failure.message()).mend(
            failure
                .advice()
                .unwrap_or("run it in your project's folder"),
        ),
        (Ok(_), Err(failure)) => Check::new("project", Outcome::Failed, failure.to_string()).mend(
            failure
                .advice()
                .unwrap_or("correct `fw.toml`; docs/settings.md lists every key"),
        ),
        (Ok(project), Ok(_)) => Check::ok(
            "project",
            format!("package `{}`, binary `{}`", project.name(), project.bin()),
        ),
    });
    let settings = settings.ok().flatten();
    if let (Ok(project), Some(settings)) = (&project, &settings) {
        checks.push(machine::target(project, settings));
    }
    checks.extend(machine::c_library(settings.as_ref()));
    let name = project.as_ref().ok().map(Project::name);
    // What cannot be read shows nothing, and a build says it.
    let sources = project.as_ref().ok().map(policy::sources);
    let sources = sources.and_then(Result::ok).unwrap_or_default();
    checks.extend(deploy::block_on(async {
        match Account::connect(&args.account).await {
            Ok(aws) => {
                let settings = settings.as_ref().map(|settings| (settings, &sources));
                Ok(account::checks(&aws, name, &args.stage.stage, settings).await)
            }
            Err(failure) => {
                let region = failure.exit() == Exit::Usage;
                let name = if region { "region" } else { "credentials" };
                Ok(vec![
                    Check::new(name, Outcome::Failed, failure.to_string())
                        .mend(failure.advice().unwrap_or_default()),
                ])
            }
        }
    })?);
    print(&checks, args.output, console)?;
    let failed = checks.iter().any(|check| check.outcome == Outcome::Failed);
    Ok(if failed { Exit::Failure } else { Exit::Success })
}

fn print(checks: &[Check], output: Output, console: &Console) -> Result<()> {
    if output == Output::Json {
        let document = serde_json::json!({ "schema": SCHEMA, "checks": checks });
        let text = serde_json::to_string_pretty(&document).context("cannot write JSON")?;
        console.result(text);
        return Ok(());
    }
    for Check {
        name,
        outcome,
        said,
        mend,
    } in checks
    {
        let (word, style) = match outcome {
            Outcome::Ok => ("ok", GOOD),
            Outcome::Warning => ("warning", WARN),
            Outcome::Failed => ("failed", BAD),
            Outcome::Unknown => ("unknown", DIM),
        };
        console.result(format_args!("{style}{word:>8}{style:#}  {name}: {said}"));
        if let Some(mend) = mend {
            console.result(format_args!("          {HINT}hint{HINT:#}: {mend}"));
        }
    }
    Ok(())
}
