//! The deployment that a command works on: its account and names, and the failure if it does not
//! exist.

use super::deploy::host_manifest;
use crate::{
    args,
    aws::{self, Account, Aws, lambda::Lambda as _},
    console::Console,
    deploy::{names::Names, observe},
    error::{Exit, Failure, Result},
    logs_view,
    project::Project,
    settings::Settings,
};

/// The project at hand and its settings.
pub(super) type AtHand = (Project, Settings);

/// The project that the arguments name. None with `--app`, which finds the app without its sources.
///
/// # Errors
///
/// If there is no project here, or its settings are wrong.
pub(super) fn at_hand(args: &args::Deployment) -> Result<Option<AtHand>> {
    if args.app.is_some() {
        return Ok(None);
    }
    let project = Project::find(&args.which)?;
    let settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    Ok(Some((project, settings)))
}

/// The deployment's names: from `--app`, or from the app itself, which is built for it.
///
/// # Errors
///
/// If the app does not build, or a name is not valid.
pub(super) fn names(
    args: &args::Deployment,
    at_hand: Option<&AtHand>,
    region: &str,
    console: &Console,
) -> Result<Names> {
    if let Some((_, settings)) = at_hand {
        super::notes::note(settings, console);
    }
    let app = match (&args.app, at_hand) {
        (Some(app), _) => app.clone(),
        (None, Some((project, _))) => {
            let manifest = host_manifest(project, console);
            let manifest = manifest.map_err(|failure| match failure.exit() {
                Exit::Build => failure
                    .hint("the app was built to find its name; pass `--app NAME` to skip this"),
                _ => failure,
            });
            manifest?.app
        }
        (None, None) => return Err(Failure::new("no app given, and this folder has no project")),
    };
    Names::new(&app, &args.stage.stage, region)
}

/// The account and the names of a deployment, which need not be there.
pub(super) struct Found {
    /// The account.
    pub(super) aws: Account,
    /// The names.
    pub(super) names: Names,
}

fn reading(error: aws::Error) -> Failure {
    error.into_failure("cannot read what is deployed")
}

/// The domain in the tags of the deployment's own function, if no settings name it.
async fn noted<A: Aws>(aws: &A, names: &Names) -> aws::Result<Option<String>> {
    let main = aws.function(&names.function, None).await?;
    let ours = main.filter(|main| names.own(&main.tags));
    Ok(ours.and_then(|main| Names::domains(&main.tags).next()))
}

impl Found {
    /// The deployment that the arguments mean.
    ///
    /// # Errors
    ///
    /// If there is no project here, its settings are wrong, it does not build, or there are no
    /// credentials.
    pub(super) async fn find(args: &args::Deployed, console: &Console) -> Result<Self> {
        let at_hand = at_hand(&args.what)?;
        let aws = Account::connect(&args.what.account).await?;
        let mut names = names(&args.what, at_hand.as_ref(), aws.region(), console)?;
        names.sought.domain = match at_hand {
            Some((_, settings)) => settings.gateway_settings.domain.map(|domain| domain.name),
            None => noted(&aws, &names).await.map_err(reading)?,
        };
        Ok(Self { aws, names })
    }

    /// Its URL.
    ///
    /// # Errors
    ///
    /// If it is not deployed, or the account cannot be read.
    pub(super) async fn url(&self) -> Result<String> {
        observe::url(&self.aws, &self.names)
            .await
            .map_err(reading)?
            .ok_or_else(|| self.absent())
    }

    /// All its functions, or the one with this name. The prefix of app and stage is optional.
    ///
    /// # Errors
    ///
    /// If it is not deployed, the function does not exist, or the account cannot be read.
    pub(super) async fn functions(&self, only: Option<&str>) -> Result<Vec<String>> {
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
                // It may be a function that the caller does not know.
                if let Some(denied) = known.denied {
                    return Err(denied.into_failure("cannot look up this function"));
                }
                return Err(Failure::input(format!(
                    "the app has no function with this name: `{}`",
                    only.escape_debug()
                ))
                .hint(format!("use one of: {all}")));
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
        .hint("run `cargo fw deploy` to deploy it, or choose another place with `--stage`, `--region` and `--profile`")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{at_hand, names};
    use crate::{
        args::{Args, Command, Deployment},
        console::{Color, Console, Verbosity},
    };

    fn what(line: &[&str]) -> Deployment {
        let args = Args::try_parse_from([&["cargo-fw"], line].concat()).unwrap();
        match args.command {
            Command::Url(args) | Command::Info(args) | Command::Open(args) => args.what,
            Command::Logs(args) => args.deployed.what,
            Command::Metrics(args) => args.deployed.what,
            Command::Delete(args) => args.what,
            Command::Rollback(args) => args.what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_app_that_is_named_is_not_built() {
        let console = Console::new(Verbosity::Quiet, Color::Never);
        for command in [
            "info", "url", "open", "logs", "metrics", "delete", "rollback",
        ] {
            let args = what(&[command, "--app", "gone", "--stage", "prod"]);
            assert!(at_hand(&args).unwrap().is_none(), "{command}");
            let names = names(&args, None, "eu-central-1", &console).unwrap();
            assert_eq!(names.function, "gone-prod", "{command}");
        }
        // Without the name it is this package, which is here.
        assert!(at_hand(&what(&["info"])).unwrap().is_some());
    }
}
