//! `cargo fw promote`: all traffic to the canary.

use super::rollback::found;
use crate::{
    args,
    aws::{self, Aws as _},
    console::Console,
    deploy::{
        self, lock,
        patience::Patience,
        release::{Release, flip},
    },
    error::{Exit, Result},
};

/// Sends all traffic to the version that took a part of it.
pub(super) fn promote(args: &args::Changed, console: &Console) -> Result<Exit> {
    deploy::block_on(async {
        let aws = aws::Account::connect(&args.account).await?;
        let names = found(args, aws.region(), console)?;
        lock::holding(&aws, &names, "promote", console, async {
            let release = Release::read(&aws, &names).await?;
            let flips = release.forward(&names)?;
            flip(&aws, &release, &flips, console, Patience::NORMAL).await
        })
        .await?;
        console.line(
            "  `cargo fw deploy` does what waited for it: routes that come or go, old versions",
        );
        Ok(Exit::Success)
    })
}
