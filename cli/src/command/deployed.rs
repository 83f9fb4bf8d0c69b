//! The deployment that a command is about: which account, which names, and what to say when it is not there.

use super::deploy::host_manifest;
use crate::{
    args,
    aws::{Account, Aws as _},
    console::Console,
    deploy::{model::Names, observe},
    error::{Failure, Result},
    logs_view,
    project::Project,
    settings::Settings,
};

/// The account and the names of a deployment, which need not be there.
pub(super) struct Found {
    /// The account.
    pub(super) aws: Account,
    /// The names.
    pub(super) names: Names,
}

impl Found {
    /// The deployment that the arguments mean.
    ///
    /// # Errors
    ///
    /// When there is no project here, its settings are wrong, it does not build, or there are no credentials.
    pub(super) async fn find(args: &args::Deployed, console: &Console) -> Result<Self> {
        let project = Project::find(&args.which)?;
        let settings = Settings::load(project.package_dir(), &args.stage.stage)?;
        let aws = Account::connect(&args.account).await?;
        let app = host_manifest(&project, console)?.app;
        let mut names = Names::new(&app, &settings.stage, aws.region())?;
        names.sought.domain = settings.door.domain.map(|domain| domain.name);
        Ok(Self { aws, names })
    }

    /// Where it answers.
    ///
    /// # Errors
    ///
    /// When it is not deployed, or the account cannot be read.
    pub(super) async fn url(&self) -> Result<String> {
        observe::url(&self.aws, &self.names)
            .await
            .map_err(|error| error.into_failure("cannot read what is deployed"))?
            .ok_or_else(|| self.absent())
    }

    /// Its functions, or the one of that name: as it is, or without the app's and the stage's name in front.
    ///
    /// # Errors
    ///
    /// When it is not deployed, there is no such function, or the account cannot be read.
    pub(super) async fn functions(&self, only: Option<&str>) -> Result<Vec<String>> {
        use crate::aws::lambda::Lambda as _;
        let reading = |error: crate::aws::Error| error.into_failure("cannot read what is deployed");
        let main = &self.names.function;
        let (there, known) = tokio::try_join!(
            self.aws.function(main, None),
            logs_view::functions(&self.aws, &self.names),
        )
        .map_err(reading)?;
        if there.is_none() {
            return Err(self.absent());
        }
        let mut functions = known.names;
        if let Some(only) = only {
            let all = functions.join(", ");
            functions.retain(|name| name == only || *name == format!("{main}-{only}"));
            if functions.is_empty() {
                // It may be one that is not known.
                if let Some(denied) = known.denied {
                    return Err(denied.into_failure("cannot look for that function"));
                }
                return Err(Failure::input(format!(
                    "the app has no function of that name: `{}`",
                    only.escape_debug()
                ))
                .hint(format!("there is: {all}")));
            }
        }
        Ok(functions)
    }

    /// The failure when it is not deployed.
    pub(super) fn absent(&self) -> Failure {
        let Names { app, stage, .. } = &self.names;
        Failure::new(format!(
            "`{app}` is not deployed to stage `{stage}` in {}",
            self.aws.region()
        ))
        .hint("`cargo fw deploy` deploys it; `--stage`, `--region` and `--profile` choose where to look")
    }
}
