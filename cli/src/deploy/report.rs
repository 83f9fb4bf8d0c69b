//! How a plan and its outcome are told: lines for people, one versioned JSON document for scripts.

use serde::Serialize;

use super::{
    model::{Desired, Names, Place},
    step::{Action, Plan},
};
use crate::console::{BAD, BOLD, Console, GOOD, WARN, columns};

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
pub(crate) fn document(desired: &Desired, plan: &Plan, url: Option<&str>) -> String {
    let Desired { names, place, .. } = desired;
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
    let colours = plan
        .steps
        .iter()
        .map(|planned| match planned.step.subject().0 {
            Action::Create => GOOD,
            Action::Update | Action::Check => WARN,
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

/// Shows a plan on standard error: what a deploy is about to do.
pub(crate) fn show(console: &Console, desired: &Desired, plan: &Plan) {
    told(desired, plan)
        .iter()
        .for_each(|line| console.line(line));
}

/// Prints a plan on standard output: what `--plan` was asked for.
pub(crate) fn result(console: &Console, desired: &Desired, plan: &Plan) {
    told(desired, plan)
        .iter()
        .for_each(|line| console.result(line));
}

fn told(desired: &Desired, plan: &Plan) -> Vec<String> {
    let mut all = vec![headline(&desired.names, &desired.place)];
    all.extend(lines(plan));
    if plan.is_empty() {
        all.push("  no changes".to_owned());
    }
    all
}

/// Where a deployed app answers, as JSON.
pub(crate) fn location(names: &Names, region: &str, url: &str) -> String {
    serde_json::json!({
        "schema": SCHEMA,
        "app": names.app,
        "stage": names.stage,
        "region": region,
        "url": url,
    })
    .to_string()
}
