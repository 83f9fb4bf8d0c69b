//! `cargo fw url`: the app's URL, read from the account.

use super::deployed::Found;
use crate::{
    args::{self, Output},
    aws::Aws as _,
    console::Console,
    deploy::{self, report},
    error::{Exit, Result},
};

/// Prints the URL of the deployed app.
pub(super) fn url(args: &args::Deployed, console: &Console) -> Result<Exit> {
    deploy::block_on(async {
        let found = Found::find(args, console).await?;
        let url = found.url().await?;
        match args.output {
            Output::Json => {
                console.result(report::location(&found.names, found.aws.region(), &url));
            }
            Output::Text => console.result(url),
        }
        Ok(Exit::Success)
    })
}
