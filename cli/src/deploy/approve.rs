//! Asks before something is deleted, opened to more callers, or changed.

use super::{change::Change as _, report, step::Plan};
use crate::{
    args::Approval,
    console::Console,
    error::{Exit, Failure, Result},
    values::text::counted,
};

/// What a plan removes that somebody may use; not what it cleans up of its own.
pub(crate) fn losses(plan: &Plan) -> Vec<String> {
    let steps = plan.steps.iter();
    steps.flat_map(|planned| planned.step.loses()).collect()
}

/// What a plan opens to callers that are refused now.
pub(crate) fn openings(plan: &Plan) -> Vec<String> {
    let opening = plan.steps.iter().filter(|planned| planned.opens);
    opening
        .map(|planned| format!("{} ({})", planned.step.subject().1, planned.reason))
        .collect()
}

/// True if the user must be asked about this plan.
pub(crate) fn wants_approval(plan: &Plan, wanted: Approval) -> bool {
    match wanted {
        Approval::Deletions => !losses(plan).is_empty() || !openings(plan).is_empty(),
        Approval::Any => !plan.is_empty(),
        Approval::Never => false,
    }
}

/// Asks, where that is wanted, before a plan is run.
///
/// # Errors
///
/// If there is no terminal to ask on (exit code 64), or the answer is no (exit code 1).
pub(crate) fn approve(plan: &Plan, wanted: Approval, yes: bool, console: &Console) -> Result<()> {
    let (losses, openings) = (losses(plan), openings(plan));
    let (question, what) = match wanted {
        Approval::Deletions if !openings.is_empty() => {
            let opens = format!("more callers for {}", openings.join(", "));
            let all = losses.into_iter().chain([opens]);
            ("Continue?", all.collect::<Vec<_>>().join(", "))
        }
        Approval::Deletions if !losses.is_empty() => ("Delete these?", losses.join(", ")),
        Approval::Any if !plan.is_empty() => {
            ("Make these changes?", counted(plan.steps.len(), "step"))
        }
        _ => return Ok(()),
    };
    if yes {
        return Ok(());
    }
    if !Console::is_interactive() {
        return Err(Failure::new("the plan needs your approval, but there is no terminal to ask on")
            .because_of(format!("it affects: {what}"))
            .because_of("nothing was changed")
            .exiting(Exit::Usage)
            .hint("pass `--yes` to agree to the plan, or `--require-approval never` to turn questions off"));
    }
    // With `-q` the plan was not shown, and the user must not agree to an unseen plan.
    if console.is_quiet() {
        let plan = report::lines(plan).join("\n");
        console.asked(format_args!("{plan}"));
    }
    console.asked(format_args!("this deploy affects: {what}"));
    if console.confirm(question) {
        return Ok(());
    }
    Err(Failure::new(
        "the plan was not approved, so nothing was changed",
    ))
}
