//! `cargo fw unlock`: removes the lock that a killed deploy left.

use super::rollback::found;
use crate::{
    args,
    aws::{self, Aws as _, logs::Logs as _},
    console::Console,
    deploy::{self, lock},
    error::{Exit, Result},
};

/// Prints who holds the lock and removes it. A missing lock is not an error.
pub(super) fn unlock(args: &args::Deployment, console: &Console) -> Result<Exit> {
    deploy::block_on(async {
        let aws = aws::Account::connect(&args.account).await?;
        let names = found(args, aws.region(), console)?;
        let cannot = |error: aws::Error| error.into_failure("cannot remove the deployment's lock");
        let Some(holder) = lock::holder(&aws, &names).await.map_err(cannot)? else {
            console.line(format_args!("the stage `{}` is not locked", names.stage));
            return Ok(Exit::Success);
        };
        aws.delete_log_group(&lock::group(&names))
            .await
            .map_err(cannot)?;
        console.status(
            "Unlocked",
            format_args!("stage `{}`, which {} held", names.stage, holder.told()),
        );
        Ok(Exit::Success)
    })
}
