//! `cargo fw policy`: what the app's sources need in the account, and what its settings add.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    args::{self, Output},
    console::{BOLD, Console, DIM, HINT, WARN},
    error::{Context as _, Exit, Failure, Result},
    policy::{self, Derived, Needed, ShownSource, Use},
    project::Project,
    settings::{APP, Settings, mapping},
    values::{
        resources::{Reference, ResourceKind, bucket_of},
        statement::{Effect, Statement},
    },
};

/// The version of the JSON document.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct PolicyDocument<'a> {
    schema: u32,
    /// What the role of the app's function is given besides the function's own logs, or that of the function that was asked for.
    document: Value,
    derived: &'a [Needed],
    /// The same of each function: `app`, and the authorizers by their names.
    functions: BTreeMap<&'a str, Function<'a>>,
    /// What could not be derived.
    notes: &'a [String],
}

#[derive(Serialize)]
struct Function<'a> {
    document: Value,
    derived: &'a [Needed],
}

/// Prints the policy.
pub(super) fn policy(args: &args::Policy, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which)?;
    let settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    super::notes::note(&settings, console);
    super::deploy::warn_of_grants(&settings, console);
    let derived = policy::derive(&project, &settings, "aws")?;
    let mut complete = settings.clone();
    policy::complete(&mut complete, &derived);
    let sources = policy::sources(&project)?;
    complete.policy.extend(reading(&sources));
    let parts = parts(&settings, &derived, &sources);
    let asked = args.function.as_deref();
    if let Some(unknown) = asked.filter(|name| !parts.contains(name)) {
        return Err(Failure::new(format!("unknown function: `{unknown}`"))
            .exiting(Exit::Usage)
            .hint(format!("use one of: {}", parts.join(", "))));
    }
    let known = parts.clone();
    let parts: Vec<&str> = asked.map_or(parts, |one| vec![one]);
    match args.output {
        Output::Json => {
            let anywhere = |statement: &Statement| anywhere(statement, &settings);
            let of = |part: &str| {
                json!({
                    "Version": "2012-10-17",
                    "Statement": complete.policy_of(part).iter().map(anywhere).map(|one| one.to_json()).collect::<Vec<_>>(),
                })
            };
            let functions = parts.iter().map(|&part| {
                let (document, derived) = (of(part), derived.of(part));
                (part, Function { document, derived })
            });
            let shown = asked.unwrap_or(APP);
            let document = PolicyDocument {
                schema: SCHEMA,
                document: of(shown),
                derived: derived.of(shown),
                functions: functions.collect(),
                notes: &derived.notes,
            };
            let text = serde_json::to_string_pretty(&document).context("cannot write JSON")?;
            console.result(text);
        }
        Output::Text => {
            if !settings.derive_policy {
                console.result("nothing is derived: the settings say `derive_policy = false`");
            }
            for line in told(&parts, &derived, &complete) {
                console.result(line);
            }
            // Without sources nobody knows.
            let named = settings.policy.iter();
            let named = named.filter(|_| !derived.functions.is_empty());
            let named = named.filter_map(|one| one.functions.as_ref()).flatten();
            let unseen = named.filter(|name| !known.contains(&name.as_str()));
            for name in unseen.collect::<BTreeSet<_>>() {
                console.warning(format_args!(
                    "a `[[policy]]` has `functions = [\"{name}\"]`, but the sources have no such authorizer"
                ));
            }
            tell(&derived, console);
        }
    }
    Ok(Exit::Success)
}

/// The statement with ARNs in place of the app's own names for what a deploy creates: of any region, account and app, as neither is
/// known here.
fn anywhere(statement: &Statement, settings: &Settings) -> Statement {
    let mut statement = statement.clone();
    for resource in &mut statement.resources {
        if let Some(Reference { kind, name }) = Reference::of(resource) {
            let inside = match kind {
                ResourceKind::Queue | ResourceKind::Topic => "",
                ResourceKind::Bus => "event-bus/",
            };
            let (service, stage) = (kind.service(), &settings.stage);
            let suffix = settings.resources.suffix(kind, &name);
            *resource = format!("arn:aws:{service}:*:*:{inside}*-{stage}-{name}{suffix}");
        } else if let Some((name, inside)) = bucket_of(resource) {
            *resource = format!("arn:aws:s3:::*-{}-{name}-*{inside}", settings.stage);
        }
    }
    statement
}

/// What the functions that read queues need for that, each for itself.
fn reading(sources: &BTreeSet<ShownSource>) -> impl Iterator<Item = Statement> {
    let reads = sources.iter().filter(|one| one.attribute == "on_sqs");
    reads.filter_map(|one| {
        let functions = Some(vec![one.name.clone()]);
        let statement = mapping::reading(one.first.as_deref()?);
        Some(Statement {
            functions,
            ..statement
        })
    })
}

/// The functions, by what the settings call them: the app first.
fn parts<'a>(
    settings: &'a Settings,
    derived: &'a Derived,
    sources: &'a BTreeSet<ShownSource>,
) -> Vec<&'a str> {
    let written = settings.functions.keys();
    let shown = sources.iter().map(|source| &source.name);
    let others = derived.functions.keys().chain(written).chain(shown);
    let others: BTreeSet<&str> = others.map(String::as_str).collect();
    let others = others.into_iter().filter(|part| *part != APP);
    std::iter::once(APP).chain(others).collect()
}

/// The policies of those functions; those that are the same are told once.
fn told(parts: &[&str], derived: &Derived, complete: &Settings) -> Vec<String> {
    let mut groups: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for part in parts {
        let lines = lines(derived.of(part), &complete.policy_of(part));
        match groups.iter_mut().find(|(_, same)| *same == lines) {
            Some((names, _)) => names.push(part),
            None => groups.push((vec![part], lines)),
        }
    }
    let alone = groups.len() == 1;
    let mut all = Vec::new();
    if alone && complete.derive_policy && groups.iter().all(|(_, lines)| lines.is_empty()) {
        all.push(
            "the app does not call AWS services: its role allows only its own logs".to_owned(),
        );
    }
    for (names, lines) in groups {
        if !alone {
            all.push(format!("{HINT}{}{HINT:#}", names.join(", ")));
        }
        if !alone && lines.is_empty() {
            all.push("  only its own logs".to_owned());
        }
        let indent = if alone { "" } else { "  " };
        all.extend(lines.iter().map(|line| format!("{indent}{line}")));
    }
    all
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
    let unnamed: BTreeSet<Vec<&str>> = derived
        .functions
        .keys()
        .flat_map(|part| derived.of(part))
        .filter(|needed| needed.unnamed)
        .map(|needed| needed.actions.keys().map(String::as_str).collect())
        .collect();
    for actions in unnamed {
        console.warning(format_args!(
            "the settings do not name a resource for `{}`, so the policy allows it on `*`: a `[[policy]]` with this action and \
             your resources narrows it",
            actions.join("`, `")
        ));
    }
    for note in &derived.notes {
        console.warning(note);
    }
}

/// What a function needs, and what the settings say besides.
fn lines(needed: &[Needed], policy: &[Statement]) -> Vec<String> {
    let mut lines = Vec::new();
    for needed in needed {
        let mark = if needed.unnamed {
            format!(" {WARN}(not named in the settings){WARN:#}")
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
    // Of a function that the sources do not show, what the others need is derived too.
    let told = |statement: &&Statement| {
        needed
            .iter()
            .any(|one| Some(&one.sid) == statement.sid.as_ref())
    };
    for statement in policy.iter().filter(|statement| !told(statement)) {
        let effect = match statement.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        };
        lines.push(format!(
            "{BOLD}{effect} on {}{BOLD:#}",
            statement.resources.join(", ")
        ));
        let from = match statement.sid {
            Some(_) => "derived",
            None => "written in the settings",
        };
        for action in &statement.actions {
            lines.push(format!("  {action}  {DIM}{from}{DIM:#}"));
        }
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
