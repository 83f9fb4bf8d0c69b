//! `cargo fw delete`: deletes everything that `deploy` created, and nothing else.

use std::cell::Cell;

use super::{
    command_line::again,
    deployed::{at_hand, names},
};
use crate::{
    args,
    aws::{self, Aws as _},
    console::Console,
    deploy::{
        self, check,
        execute::Execution,
        kind::{artifact_bucket::desired::ArtifactBucket, log_group::plan::log_groups},
        names::{AwsLocation, Names},
        observe::Actual,
        report,
        retry::RetryPolicy,
        step::Plan,
    },
    error::{Exit, Failure, Result},
    logs_view,
};

/// Lists the resources, asks, and deletes them. Missing resources count as deleted.
pub(super) fn delete(args: &args::Delete, console: &Console) -> Result<Exit> {
    let at_hand = at_hand(&args.what)?;
    let settings = at_hand.as_ref().map(|(_, settings)| settings);
    deploy::block_on(async {
        let aws = aws::Account::connect(&args.what.account).await?;
        let place = deploy::place(&aws).await?;
        let bare = names(&args.what, at_hand.as_ref(), aws.region(), console)?;
        let warned = Cell::new(false);
        let find = async || {
            let mut names = bare.clone();
            // Functions whose log groups were deleted by hand are still found by their tags.
            let known = logs_view::functions(&aws, &names)
                .await
                .map_err(|error| error.into_failure("cannot read what is deployed"))?;
            if let Some(denied) = &known.denied
                && !warned.replace(true)
            {
                console.warning(unseen(denied));
            }
            names.others = known.names;
            names.others.retain(|name| *name != names.function);
            names.artifact_buckets = vec![ArtifactBucket::own(&names, &place)];
            let named = settings.and_then(|settings| settings.artifact_bucket.as_deref());
            let named = named.into_iter();
            let named = named.map(|bucket| ArtifactBucket::named(bucket, &names));
            names.artifact_buckets.extend(named.collect::<Vec<_>>());
            // Their tags tell of them also where what notes them is gone.
            names.sought.queues = known.services.contains("sqs");
            names.sought.topics = known.services.contains("sns");
            names.sought.buses = known.services.contains("events");
            names.sought.schedules = known.services.contains("scheduler");
            names.sought.buckets = known.services.contains("s3");
            // An access log outlives its setting and its API.
            names.sought.access_log = true;
            // Without the settings it is the one that the function's tags note.
            let domain = settings.and_then(|settings| settings.gateway_settings.domain.as_ref());
            names.sought.domain = domain.map(|one| one.name.clone());
            Ok(names)
        };
        let agree = async |names: &Names, actual: &Actual, plan: &Plan| {
            show(args, &place, names, actual, plan, console);
            if plan.is_empty() || args.yes {
                return Ok(());
            }
            if console.is_quiet() {
                console.asked(report::lines(plan).join("\n"));
            }
            confirm(console)
        };
        let execution = Execution {
            console,
            retry: RetryPolicy::NORMAL,
            again: &again(),
        };
        execution.delete(&aws, args.logs, find, agree).await?;
        Ok(Exit::Success)
    })
}

/// The warning for a caller that may not read tags: resources may stay unseen.
fn unseen(denied: &aws::Error) -> String {
    format!(
        "an authorizer's function without a log group would stay, with its role: only its tags identify it, and reading \
         them needs `{}` ({denied})",
        denied.operation.action()
    )
}

/// Lists what is deleted and what is kept.
fn show(
    args: &args::Delete,
    place: &AwsLocation,
    names: &Names,
    actual: &Actual,
    plan: &Plan,
    console: &Console,
) {
    let foreign = check::foreign(names, actual).into_iter();
    for kept in foreign.chain(check::occupied(actual)) {
        console.warning(format_args!("{kept}, and stays"));
    }
    console.line(report::headline(names, place));
    let kept: Vec<String> = match args.logs {
        true => Vec::new(),
        false => log_groups(names, actual).collect(),
    };
    match plan.is_empty() {
        true if kept.is_empty() => console.line("  nothing to delete"),
        true => console.line("  only its logs exist"),
        false => report::lines(plan)
            .iter()
            .for_each(|line| console.line(line)),
    }
    if !kept.is_empty() {
        let kept = kept.join("`, `");
        console.line(format_args!(
            "  kept with its logs (`--logs` deletes it): `{kept}`"
        ));
    }
}

fn confirm(console: &Console) -> Result<()> {
    if !Console::is_interactive() {
        return Err(Failure::new(
            "a deletion needs your confirmation, but there is no terminal to ask on",
        )
        .exiting(Exit::Usage)
        .hint("pass `--yes` to delete the listed resources"));
    }
    match console.confirm("Delete it permanently?") {
        true => Ok(()),
        false => Err(Failure::new(
            "the deletion was not confirmed, so nothing was deleted",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::unseen;
    use crate::aws::{Error, tagging::GET_RESOURCES};

    #[test]
    fn who_may_not_read_tags_is_told_the_action() {
        let denied = Error::answered(GET_RESOURCES, "AccessDeniedException", "not for you");
        let told = unseen(&denied);
        assert!(told.contains("needs `tag:GetResources` ("), "{told}");
        assert!(
            told.ends_with("AccessDeniedException: not for you)"),
            "{told}"
        );
    }
}
