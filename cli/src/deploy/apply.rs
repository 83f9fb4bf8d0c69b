//! Runs a plan's steps, phase by phase and the lanes of a phase concurrently, and reports progress.
//!
//! Any step may fail. Completed steps are kept and found again by name and tag, so the next run
//! continues. Running steps are completed, and no new step starts. Because AWS is eventually
//! consistent, a step waits with bounded back-off: for a new role that Lambda cannot assume yet, a
//! function that is still being created or changed, an API that is not known everywhere yet.

use std::{cell::RefCell, collections::BTreeMap, time::Instant};

use super::{
    change::{Action, Change as _},
    ids::Version,
    retry::RetryPolicy,
    run::{Made, Run, Trouble},
    step::{Plan, Planned, Step},
    together::Together,
};
use crate::{
    aws::{Aws, error::Kind},
    console::{Console, DIM},
    error::{Failure, Result},
};

/// The result of a plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Applied {
    /// The API's URL, if it created one.
    pub(crate) endpoint: Option<String>,
    /// The versions that it created, by function.
    pub(crate) versions: BTreeMap<String, Version>,
}

/// Runs the plan and returns its result. `again` is the command that continues after a failure.
///
/// # Errors
///
/// The steps that fail, with what was done before them.
pub(crate) async fn apply<A: Aws>(
    aws: &A,
    plan: &Plan,
    console: &Console,
    retry: RetryPolicy,
    again: &str,
) -> Result<Applied> {
    let run = Run {
        aws,
        console,
        retry,
        made: RefCell::default(),
    };
    let mut done = Vec::new();
    for lanes in plan.phases() {
        let mut failed = Vec::new();
        let mut lanes: Vec<_> = lanes.into_iter().map(Vec::into_iter).collect();
        let mut together = Together::new();
        for (at, lane) in lanes.iter_mut().enumerate() {
            if let Some(planned) = lane.next() {
                together.push((at, planned), run.step(&planned.step));
            }
        }
        while let Some(((at, planned), result)) = together.next().await {
            match result {
                Ok(()) => done.push(planned),
                Err(trouble) => failed.push((planned, trouble)),
            }
            let next = lanes.get_mut(at).and_then(Iterator::next);
            if let Some(planned) = next.filter(|_| failed.is_empty()) {
                together.push((at, planned), run.step(&planned.step));
            }
        }
        if !failed.is_empty() {
            return Err(told(failed, plan, &done, again));
        }
    }
    let Made {
        endpoint, versions, ..
    } = run.made.into_inner();
    Ok(Applied { endpoint, versions })
}

/// The failure of the steps that failed side by side: which the first is, why, what was done, what comes next.
fn told(failed: Vec<(&Planned, Trouble)>, plan: &Plan, done: &[&Planned], again: &str) -> Failure {
    let mut all = failed.into_iter().map(|(planned, trouble)| {
        let (action, resource) = planned.step.subject();
        match trouble {
            Trouble::Aws(error) => {
                let failure =
                    error.into_failure(format!("cannot {} the {resource}", action.verb()));
                (failure, "after you fix this: it continues from here")
            }
            Trouble::Sick(failure) => (failure, "after you fix the app"),
        }
    });
    let Some((mut failure, advice)) = all.next() else {
        return Failure::new("nothing failed");
    };
    for (other, _) in all {
        failure = failure.because_of(format!(
            "{}: {}",
            other.message(),
            other.causes().join(": ")
        ));
    }
    let so_far = match done.len() {
        0 => "nothing was changed".to_owned(),
        count => format!(
            "{count} of {} steps are done and are kept",
            plan.steps.len()
        ),
    };
    let takes = |planned: &&Planned| planned.step.moves().is_some();
    let traffic = match (
        plan.steps.iter().any(|one| takes(&one)),
        done.iter().any(takes),
    ) {
        (true, false) => "; the traffic still goes to the previous version",
        (true, true) => "; the traffic goes to the new version",
        (false, _) => "",
    };
    let advice = format!("run `{again}` again {advice}");
    let hint = match failure.advice() {
        Some(hint) => format!("{hint}; then {advice}"),
        None => advice,
    };
    failure.because_of(format!("{so_far}{traffic}")).hint(hint)
}

impl<A: Aws> Run<'_, A> {
    /// Runs a step and reports it.
    async fn step(&self, step: &Step) -> Result<(), Trouble> {
        let (action, resource) = step.subject();
        self.console
            .verbose(format_args!("to {} the {resource}", action.verb()));
        if let Some(what) = step.begins() {
            self.console.status("Uploading", what);
        }
        let begun = Instant::now();
        match self.patiently(step).await {
            Ok(()) => {
                let seconds = begun.elapsed().as_secs_f32();
                self.console.status(
                    action.done(),
                    format_args!("{resource} {DIM}{seconds:.1} s{DIM:#}"),
                );
                Ok(())
            }
            // A deletion is done when the resource is gone, even if somebody else deleted it.
            Err(Trouble::Aws(error))
                if action == Action::Delete && error.kind == Kind::NotFound =>
            {
                self.console
                    .status("Gone", format_args!("{resource} already"));
                Ok(())
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Runs a step, and again while it fails for a reason that passes.
    async fn patiently(&self, step: &Step) -> Result<(), Trouble> {
        let once = async || step.run(self).await;
        let made = self.retry.made(self.console, step, once, Trouble::aws);
        made.await
    }
}
