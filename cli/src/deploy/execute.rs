//! A deploy, or a deletion, from the first read to the last step: when the account is read, and when the lock is held.
//!
//! A deploy decides by what it has read while nobody else may write. If the code differs from the
//! uploaded code, which one call shows, there will be changes: then the lock is taken first, and
//! the account is read once. Otherwise there are usually no changes, and a deploy without changes
//! takes no lock. If there are changes after all, the account is read again under the lock and must
//! be unchanged.

use super::{
    apply::{Applied, apply},
    check,
    ids::{Handle, Version},
    kind::function::step::FunctionStep,
    lock,
    model::Desired,
    names::Names,
    observe::{Actual, observe_rest},
    plan::{deletion, plan},
    retry::RetryPolicy,
    step::{Plan, Step},
    unreadable,
};
use crate::{
    aws::{Aws, lambda::Function},
    console::Console,
    error::{Failure, Result},
};

/// The result of a deploy.
#[derive(Debug)]
pub(crate) struct Executed {
    /// The account as it was.
    pub(crate) actual: Actual,
    /// The plan that ran.
    pub(crate) plan: Plan,
    /// The results of the steps.
    pub(crate) made: Applied,
}

impl Executed {
    /// The version of that function that has the traffic now, or what a canary leaves of it.
    pub(crate) fn serving(&self, function: &str) -> Option<&str> {
        let moved = self
            .plan
            .steps
            .iter()
            .find_map(|planned| match &planned.step {
                Step::Function(FunctionStep::CreateAlias {
                    function: moved,
                    version,
                })
                | Step::Function(FunctionStep::MoveAlias {
                    function: moved,
                    version,
                    ..
                }) if moved == function => Some(version),
                _ => None,
            });
        match moved {
            Some(Handle::Known(Version(version))) => Some(version),
            Some(Handle::Made) => {
                let made = self.made.versions.get(function);
                made.map(|Version(version)| version.as_str())
            }
            None => {
                let live = self.actual.function(function).live.as_ref();
                live.map(|live| live.version.as_str())
            }
        }
    }
}

/// How a deploy is reported and approved.
pub(crate) struct Execution<'a> {
    /// The output.
    pub(crate) console: &'a Console,
    /// The waits for AWS.
    pub(crate) retry: RetryPolicy,
    /// The command that continues after a failure.
    pub(crate) again: &'a str,
}

impl Execution<'_> {
    /// Deploys. `asks` says whether the user will be asked about a plan; the lock is not held while
    /// waiting for an answer. `agree` shows a plan and fails without approval; `note` records the
    /// deploy, while nobody else may change anything.
    ///
    /// # Errors
    ///
    /// If a check fails, the user does not agree, or a call fails.
    pub(crate) async fn run<A: Aws>(
        &self,
        aws: &A,
        desired: &Desired,
        asks: impl Fn(&Plan) -> bool,
        agree: impl AsyncFn(&Actual, &Plan) -> Result<()>,
        note: impl AsyncFn(&Executed),
    ) -> Result<Executed> {
        let names = &desired.names;
        let main = look(aws, names).await?;
        let differs = |found: &Function| found.sha256 != desired.code.sha256;
        // A canary without a deployed version is refused, which needs no lock.
        let locks = match &main {
            Some(main) => differs(main),
            None => desired.canary.is_none(),
        };
        if locks {
            let work = async {
                let actual = crate::deploy::observe(aws, names).await?;
                let plan = checked(desired, &actual)?;
                if asks(&plan) {
                    return Ok(None);
                }
                agree(&actual, &plan).await?;
                let made = self.apply(aws, &plan).await?;
                let done = Executed { actual, plan, made };
                Ok(Some(done))
            };
            let noted = async |done: &Option<Executed>| {
                if let Some(done) = done.as_ref().filter(|done| !done.plan.is_empty()) {
                    note(done).await;
                }
            };
            let done = lock::holding(aws, names, "deploy", self.console, work, noted).await?;
            if let Some(done) = done {
                return Ok(done);
            }
        }
        let actual = observe_rest(aws, names, main).await;
        let actual = actual.map_err(|error| unreadable(error, names))?;
        let plan = checked(desired, &actual)?;
        agree(&actual, &plan).await?;
        if plan.is_empty() {
            let made = Applied::default();
            return Ok(Executed { actual, plan, made });
        }
        let work = async {
            // The previous holder of the lock may have changed what this plan is based on.
            let now = crate::deploy::observe(aws, names).await?;
            if checked(desired, &now)? != plan {
                return Err(self.changed("deploy"));
            }
            let made = self.apply(aws, &plan).await?;
            Ok(Executed { actual, plan, made })
        };
        lock::holding(aws, names, "deploy", self.console, work, note).await
    }

    /// Deletes everything of the deployment, including its logs if `logs` is set. `find` returns
    /// its names, with those of the existing functions; `agree` shows the deletions and fails
    /// without approval.
    ///
    /// # Errors
    ///
    /// If the user does not agree, or a call fails.
    pub(crate) async fn delete<A: Aws>(
        &self,
        aws: &A,
        logs: bool,
        find: impl AsyncFn() -> Result<Names>,
        agree: impl AsyncFn(&Names, &Actual, &Plan) -> Result<()>,
    ) -> Result<Plan> {
        let look = async || {
            let names = find().await?;
            let actual = crate::deploy::observe(aws, &names).await?;
            let plan = deletion(&names, &actual, logs);
            Ok::<_, Failure>((names, actual, plan))
        };
        let (names, actual, plan) = look().await?;
        agree(&names, &actual, &plan).await?;
        if plan.is_empty() {
            return Ok(plan);
        }
        let work = async {
            // The previous holder of the lock may have created resources that the user has not
            // agreed to delete.
            let (_, _, now) = look().await?;
            if now != plan {
                return Err(self.changed("deletion"));
            }
            self.apply(aws, &plan).await
        };
        lock::holding(aws, &names, "delete", self.console, work, async |_| {}).await?;
        Ok(plan)
    }

    /// Somebody else was faster.
    fn changed(&self, what: &str) -> Failure {
        Failure::new(format!(
            "the account was changed while this {what} was planned"
        ))
        .because_of("another deploy to this stage has just ended; nothing was changed")
        .hint(format!("run `{}` again to make a new plan", self.again))
    }

    async fn apply<A: Aws>(&self, aws: &A, plan: &Plan) -> Result<Applied> {
        apply(aws, plan, self.console, self.retry, self.again).await
    }
}

/// The main function, which shows whether the code has changed.
async fn look<A: Aws>(aws: &A, names: &Names) -> Result<Option<Function>> {
    let found = aws.function(&names.function, None).await;
    found.map_err(|error| unreadable(error, names))
}

/// The plan for what was observed, once all that must hold for it does.
///
/// # Errors
///
/// If a resource is in the way, or the plan is not sound.
pub(crate) fn checked(desired: &Desired, actual: &Actual) -> Result<Plan> {
    check::ownership(&desired.names, actual)?;
    check::account(desired, actual)?;
    check::canary(desired, actual)?;
    check::bucket(actual)?;
    let plan = plan(desired, actual);
    check::plan(desired, actual, &plan)?;
    Ok(plan)
}
