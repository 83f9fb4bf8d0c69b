//! How a plan and its outcome are told: lines for people, one versioned JSON document for scripts.

use serde::Serialize;

use super::{
    model::{Names, Place},
    step::{Action, Plan},
};
use crate::console::{BAD, BOLD, Console, DIM, GOOD, WARN, columns};

/// The newest schema of [`Document`].
const SCHEMA: u32 = 1;

/// What `--output json` prints. Fields may be added within a schema; none is removed or changed.
#[derive(Debug, Serialize)]
pub(crate) struct Document<'a> {
    /// The schema of this document.
    schema: u32,
    /// The app.
    app: &'a str,
    /// The stage.
    stage: &'a str,
    /// The account's twelve digits.
    account: &'a str,
    /// The region.
    region: &'a str,
    /// What is, or was, to change, in order.
    changes: Vec<Change<'a>>,
    /// The URL, when there is one.
    url: Option<&'a str>,
}

/// One change.
#[derive(Debug, Serialize)]
struct Change<'a> {
    action: Action,
    resource: &'static str,
    name: &'a str,
    reason: &'a str,
}

/// The document of a plan.
pub(crate) fn document<'a>(
    names: &'a Names,
    place: &'a Place,
    plan: &'a Plan,
    url: Option<&'a str>,
) -> String {
    let changes = plan.steps.iter().map(|planned| {
        let (action, resource) = planned.step.subject();
        Change {
            action,
            resource: resource.kind,
            name: resource.name,
            reason: &planned.reason,
        }
    });
    let document = Document {
        schema: SCHEMA,
        app: &names.app,
        stage: &names.stage,
        account: &place.account,
        region: &place.region,
        changes: changes.collect(),
        url,
    };
    // Strings and numbers alone: it cannot fail.
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// The line above a plan.
pub(crate) fn headline(names: &Names, place: &Place) -> String {
    format!(
        "{BOLD}{}{BOLD:#}, stage {BOLD}{}{BOLD:#}, in {} of account {}",
        names.app, names.stage, place.region, place.account
    )
}

/// A plan's lines: a sign, what, and why.
pub(crate) fn lines(plan: &Plan) -> Vec<String> {
    let rows: Vec<Vec<String>> = plan
        .steps
        .iter()
        .map(|planned| {
            let (action, resource) = planned.step.subject();
            vec![
                format!("{} {}", action.sign(), action.verb()),
                resource.to_string(),
                planned.reason.clone(),
            ]
        })
        .collect();
    let colours = plan.steps.iter().map(|planned| match planned.step.subject().0 {
        Action::Create => GOOD,
        Action::Update => WARN,
        Action::Delete => BAD,
    });
    // Colours go on after the columns are lined up: their bytes have no width.
    columns(&rows)
        .iter()
        .zip(colours)
        .map(|(line, colour)| {
            let (sign, rest) = line.split_at_checked(8).unwrap_or((line, ""));
            format!("  {colour}{sign}{colour:#}{rest}")
        })
        .collect()
}

/// Shows a plan on standard error, where everything but results goes.
pub(crate) fn show(console: &Console, names: &Names, place: &Place, plan: &Plan) {
    console.line(headline(names, place));
    for line in lines(plan) {
        console.line(line);
    }
    if plan.is_empty() {
        console.line(format_args!("  {DIM}no changes{DIM:#}"));
    }
}
