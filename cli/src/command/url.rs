//! `cargo fw url`: where the app answers, as the account says.

use super::deploy::host_manifest;
use crate::{
    args::{self, Output},
    aws::{self, Aws as _},
    console::Console,
    deploy::{self, model::Names, observe, report},
    error::{Exit, Failure, Result},
    project::Project,
    settings::Settings,
};

/// Prints the URL of the deployed app.
pub(super) fn url(args: &args::Deployed, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which)?;
    let settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    deploy::block_on(async {
        let aws = aws::Account::connect(&args.account).await?;
        let app = host_manifest(&project, console)?.app;
        let names = Names::new(&app, &settings.stage, aws.region())?;
        let url = observe::url(&aws, &names)
            .await
            .map_err(|error| error.into_failure("cannot read what is deployed"))?
            .ok_or_else(|| {
                Failure::new(format!(
                    "`{app}` is not deployed to stage `{}` in {}",
                    names.stage,
                    aws.region()
                ))
                .hint("`cargo fw deploy` deploys it; `--stage`, `--region` and `--profile` choose where to look")
            })?;
        match args.output {
            Output::Json => console.result(report::location(&names, aws.region(), &url)),
            Output::Text => console.result(url),
        }
        Ok(Exit::Success)
    })
}
