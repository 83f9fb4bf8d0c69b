//! `cargo fw promote`: all traffic to the canary.

use super::rollback::found;
use crate::{
    args,
    aws::{self, Aws as _},
    console::Console,
    deploy::{self, lock, retry::RetryPolicy, rollback, traffic::Release},
    error::{Exit, Failure, Result},
};

/// Sends all traffic to the version that took a part of it.
pub(super) fn promote(args: &args::Deployment, console: &Console) -> Result<Exit> {
    deploy::block_on(async {
        let aws = aws::Account::connect(&args.account).await?;
        let names = found(args, aws.region(), console)?;
        let look = async || {
            let release = Release::read(&aws, &names).await?;
            let flips = release.forward(&names)?;
            Ok::<_, Failure>((release, flips))
        };
        // What cannot be done is told before anybody is locked out for it.
        look().await?;
        let work = async {
            let (release, flips) = look().await?;
            let retry = RetryPolicy::NORMAL;
            rollback::promote(&aws, &names, &release, &flips, console, retry).await
        };
        lock::holding(&aws, &names, "promote", console, work, async |()| {}).await?;
        console.line(
            "  `cargo fw deploy` makes the changes that waited: routes that are added, removed or opened to more callers, and old versions",
        );
        Ok(Exit::Success)
    })
}
