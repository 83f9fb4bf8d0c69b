//! `cargo fw rollback`: returns the traffic to an earlier version, with one update of each alias, and
//! restores its routes.

use super::deployed::{at_hand, names};
use crate::{
    args,
    aws::{self, Aws as _},
    console::Console,
    deploy::{self, lock, names::Names, retry::RetryPolicy, rollback, traffic::Release},
    error::{Exit, Failure, Result},
};

/// Sends all traffic to an earlier version; where a canary runs, to the version beside it.
pub(super) fn rollback(args: &args::Rollback, console: &Console) -> Result<Exit> {
    deploy::block_on(async {
        let aws = aws::Account::connect(&args.what.account).await?;
        let names = found(&args.what, aws.region(), console)?;
        let look = async || {
            let release = Release::read(&aws, &names).await?;
            let flips = release.back(&names, args.to)?;
            Ok::<_, Failure>((release, flips))
        };
        // What cannot be done is told before anybody is locked out for it.
        look().await?;
        let work = async {
            let (release, flips) = look().await?;
            let (release, flips) = (&release, &flips);
            let retry = RetryPolicy::NORMAL;
            let left = rollback::rollback(&aws, &names, release, flips, console, retry).await?;
            // The traffic is where it should be: routes that stay as they are are not a failure.
            if let Some(failure) = left {
                console.alarm(format_args!(
                    "the API's routes stay as they are: {failure}; run `cargo fw deploy` with the older sources to make them match"
                ));
            }
            Ok(())
        };
        lock::holding(&aws, &names, "rollback", console, work, async |()| {}).await?;
        console
            .line("  settings of the API and permissions stay as they are until the next deploy");
        Ok(Exit::Success)
    })
}

/// The deployment's names: from `--app`, or from the app itself.
pub(super) fn found(args: &args::Deployment, region: &str, console: &Console) -> Result<Names> {
    names(args, at_hand(args)?.as_ref(), region, console)
}
