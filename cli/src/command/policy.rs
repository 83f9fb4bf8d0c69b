//! `cargo fw policy`: what the app's sources need in the account, and what its settings add.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    args::{self, Output},
    console::{BOLD, Console, DIM, WARN},
    error::{Context as _, Exit, Result},
    policy::{self, Derived, Needed, Use},
    project::Project,
    settings::{Effect, Settings, Statement},
};

/// The version of the JSON document.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    /// What the role is given besides the function's own logs.
    document: Value,
    derived: &'a [Needed],
    /// What could not be derived.
    notes: &'a [String],
}

/// Prints the policy.
pub(super) fn policy(args: &args::Policy, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which)?;
    let settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    let derived = policy::derive(&project, &settings, "aws")?;
    match args.output {
        Output::Json => {
            let mut complete = settings;
            policy::complete(&mut complete, &derived);
            let document = Document {
                schema: SCHEMA,
                document: json!({
                    "Version": "2012-10-17",
                    "Statement": complete.policy.iter().map(Statement::to_json).collect::<Vec<_>>(),
                }),
                derived: &derived.needed,
                notes: &derived.notes,
            };
            let text = serde_json::to_string_pretty(&document).context("cannot write JSON")?;
            console.result(text);
        }
        Output::Text => {
            for line in lines(&derived, &settings) {
                console.result(line);
            }
            tell(&derived, console);
        }
    }
    Ok(Exit::Success)
}

/// Derives the statements of a project and puts them into its settings, telling what could not be derived.
///
/// # Errors
///
/// When the sources cannot be read.
pub(super) fn complete(
    project: &Project,
    settings: &mut Settings,
    partition: &str,
    console: &Console,
) -> Result<()> {
    let derived = policy::derive(project, settings, partition)?;
    tell(&derived, console);
    policy::complete(settings, &derived);
    Ok(())
}

fn tell(derived: &Derived, console: &Console) {
    for needed in derived.needed.iter().filter(|needed| needed.unnamed) {
        let actions: Vec<&str> = needed.actions.keys().map(String::as_str).collect();
        console.warning(format_args!(
            "the settings do not name what `{}` is for, so the policy allows it on `*`: a `[[policy]]` with that action and \
             your resources narrows it",
            actions.join("`, `")
        ));
    }
    for note in &derived.notes {
        console.warning(note);
    }
}

fn lines(derived: &Derived, settings: &Settings) -> Vec<String> {
    let mut lines = Vec::new();
    if !settings.derive_policy {
        lines.push("nothing is derived: the settings say `derive_policy = false`".to_owned());
    }
    for needed in &derived.needed {
        let mark = if needed.unnamed {
            format!(" {WARN}(named nowhere){WARN:#}")
        } else {
            String::new()
        };
        lines.push(format!(
            "{BOLD}allow on {}{BOLD:#}{mark}",
            needed.resources.join(", ")
        ));
        for (action, uses) in &needed.actions {
            lines.push(format!("  {action}  {DIM}{}{DIM:#}", places(uses)));
        }
    }
    for statement in &settings.policy {
        let effect = match statement.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        };
        lines.push(format!(
            "{BOLD}{effect} on {}{BOLD:#}",
            statement.resources.join(", ")
        ));
        for action in &statement.actions {
            lines.push(format!("  {action}  {DIM}written in the settings{DIM:#}"));
        }
    }
    if lines.is_empty() {
        lines.push("the app calls no AWS service: its role allows its own logs alone".to_owned());
    }
    lines
}

/// The operations and where they are called: `GetObject src/main.rs:62, 80`.
fn places(uses: &[Use]) -> String {
    let mut text = String::new();
    let mut before: Option<&Use> = None;
    for one in uses {
        let same =
            before.filter(|before| before.operation == one.operation && before.file == one.file);
        // Writing to a string cannot fail.
        let _ = match (same, before) {
            (Some(_), _) => write!(text, ", {}", one.line),
            (None, None) => write!(text, "{} {}:{}", one.operation, one.file, one.line),
            (None, Some(_)) => write!(text, "; {} {}:{}", one.operation, one.file, one.line),
        };
        before = Some(one);
    }
    text
}
