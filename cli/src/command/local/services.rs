//! What the app's AWS clients talk to, and what invokes its sources: the embedded services, another server, or AWS.

mod events;

use std::{io::ErrorKind, path::Path, sync::OnceLock};

use fw_manifest::{Manifest, Part};
use fw_s3::StartError;

use self::events::HowEvents;
use super::app;
use crate::{
    args, aws,
    console::Console,
    env,
    error::{Context as _, Failure, Result},
    local::{
        announcement::{Announcement, Endpoint, S3Endpoint},
        events::{EventServices, named_resources},
        services::{
            policy_guard::{Policies, PolicyGuard},
            s3::{Credentials, EmbeddedS3, S3Options},
        },
    },
    project::Project,
    settings::{APP, Settings, called, resources::Resources, secret},
    values::{
        account::WhichAccount,
        credentials::{self, LocalCredentials},
    },
};

/// How many servers of one project have an embedded S3 at the same time.
const MOST_SERVERS: u32 = 8;

/// The services, and the variables that tell the app's clients of them.
pub(super) struct Services {
    s3: Option<EmbeddedS3>,
    /// Says where the embedded S3 is.
    _announcement: Option<Announcement>,
    /// What the app may do in them; nothing is guarded with `--no-iam`.
    guard: Option<PolicyGuard>,
    /// What invokes sources, from the first build on that has one: an app without sources needs no other port.
    events: OnceLock<EventServices>,
    how: HowEvents,
    environment: Vec<(String, String)>,
    told: Vec<String>,
    /// What they accept, and the processes are given.
    credentials: LocalCredentials,
}

/// Starts the embedded S3. Two processes cannot share its files: a second server of the same project has a folder of its own.
async fn embedded_s3(
    mut options: S3Options,
    guard: &PolicyGuard,
    console: &Console,
) -> Result<EmbeddedS3> {
    let first = options.root.clone();
    let mut number = 1;
    loop {
        let error = match EmbeddedS3::start_guarded(options.clone(), guard.clone()).await {
            Ok(s3) => return Ok(s3),
            Err(error) => error,
        };
        let busy = matches!(&error, StartError::Data { source, .. } if source.kind() == ErrorKind::ResourceBusy);
        number += 1;
        if !busy || number > MOST_SERVERS {
            return Err(Failure::unavailable("the embedded S3 does not start")
                .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>));
        }
        options.root = first.with_file_name(format!("s3-{number}"));
        console.warning(format!(
            "another `cargo fw local` of this project runs: the objects of this one are in `{}`",
            options.root.display()
        ));
    }
}

/// Says where the embedded S3 is, for `cargo fw s3`.
fn announce(data: &Path, s3: &EmbeddedS3, own: &LocalCredentials) -> Result<Announcement> {
    let endpoint = S3Endpoint {
        url: s3.endpoint(),
        secret_key: own.developer_secret().to_owned(),
    };
    Announcement::write(data, Endpoint::S3, endpoint.text())
        .with_context(|| format!("cannot write to the data folder: {}", data.display()))
}

/// Puts the values of secrets into the settings: with `--aws` the account's, else the developer's own.
///
/// # Errors
///
/// When one has no value.
pub(super) async fn secrets(
    args: &args::Local,
    settings: &mut Settings,
    folder: &Path,
) -> Result<()> {
    if !args.aws || secret::named(settings).is_empty() {
        return secret::from_developer(settings, folder);
    }
    let account = aws::Account::connect(&WhichAccount::default()).await?;
    secret::from_account(&account, settings).await
}

impl Services {
    /// Starts what the arguments ask for.
    pub(super) async fn start(
        args: &args::Local,
        settings: &Settings,
        data: &Path,
        console: &Console,
    ) -> Result<Self> {
        let own = LocalCredentials::for_host(args.host)?;
        let how = HowEvents {
            port: args.services_port.unwrap_or(0),
            data: data.to_owned(),
            allowed_hosts: args.allow_host.clone(),
            in_account: args.aws,
        };
        if args.aws {
            return Self::aws(own, how, console).await;
        }
        if let Some(endpoint) = &args.s3_endpoint {
            return Ok(Self::elsewhere(own, how, endpoint));
        }
        let credentials = Credentials {
            access_key: credentials::ACCESS_KEY.to_owned(),
            secret_key: own.secret_key().to_owned(),
            developer_secret: own.developer_secret().to_owned(),
        };
        let options = S3Options {
            root: data.join("s3"),
            buckets: settings.buckets.clone(),
            credentials,
            hosts: app::service_hosts(args),
        };
        let denials = console.clone();
        let guard = PolicyGuard::telling(move |line| denials.warning(line));
        let s3 = embedded_s3(options, &guard, console).await?;
        let announcement = announce(data, &s3, &own)?;
        let mut told = Vec::new();
        if own.are_random() {
            let (id, secret) = (credentials::ACCESS_KEY, own.secret_key());
            told.push(format!(
                "keys of this run: AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret}"
            ));
        }
        Ok(Self {
            environment: vec![(env::AWS_ENDPOINT_URL_S3.to_owned(), s3.endpoint())],
            told,
            credentials: own,
            s3: Some(s3),
            _announcement: Some(announcement),
            guard: (!args.no_iam).then_some(guard),
            events: OnceLock::new(),
            how,
        })
    }

    /// Another S3 server, with the developer's own keys for it when the environment has some.
    fn elsewhere(credentials: LocalCredentials, how: HowEvents, endpoint: &str) -> Self {
        let mut environment = vec![(env::AWS_ENDPOINT_URL_S3.to_owned(), endpoint.to_owned())];
        for name in [
            env::AWS_ACCESS_KEY_ID,
            env::AWS_SECRET_ACCESS_KEY,
            env::AWS_SESSION_TOKEN,
        ] {
            // The local session token must not go with keys of somebody else.
            let value = std::env::var(name).unwrap_or_default();
            if std::env::var_os(env::AWS_ACCESS_KEY_ID).is_some() {
                environment.push((name.to_owned(), value));
            }
        }
        Self {
            s3: None,
            _announcement: None,
            guard: None,
            events: OnceLock::new(),
            how,
            environment,
            credentials,
            told: vec![format!("using S3 at {endpoint} (external)")],
        }
    }

    /// The real services with the developer's credentials, as the function would get its role's.
    async fn aws(credentials: LocalCredentials, how: HowEvents, console: &Console) -> Result<Self> {
        let environment = aws::developer_environment().await?;
        console.warning("`--aws`: the app reads and writes real data of your account");
        Ok(Self {
            s3: None,
            _announcement: None,
            guard: None,
            events: OnceLock::new(),
            how,
            environment,
            credentials,
            told: vec!["AWS: the real services, with your credentials".to_owned()],
        })
    }

    /// Allows each function in the embedded services what its policy would allow it in the account, from now on.
    ///
    /// # Errors
    ///
    /// When the sources cannot be read.
    pub(super) fn guard(
        &self,
        project: &Project,
        manifest: &Manifest,
        settings: &Settings,
        console: &Console,
    ) -> Result<()> {
        if let Some(guard) = &self.guard {
            let mut settings = settings.clone();
            settings.give(named_resources(manifest, &settings));
            // By those variables, which have their names here; what is declared has those that it gets in the account.
            settings.resources = Resources::default();
            crate::command::policy::complete(project, &mut settings, "aws", console)?;
            guard.enforce(policies(manifest, &settings));
        }
        Ok(())
    }

    /// The same for an app without sources: what the settings allow it, if they say anything.
    pub(super) fn guard_by_settings(&self, manifest: &Manifest, settings: &Settings) {
        if let Some(guard) = &self.guard
            && !settings.policy.is_empty()
        {
            guard.enforce(policies(manifest, settings));
        }
    }

    /// Variables for an app with that manifest besides Lambda's and the settings'.
    pub(super) fn environment(
        &self,
        manifest: &Manifest,
        settings: &Settings,
    ) -> Vec<(String, String)> {
        let events = self.events.get();
        let events = events.map(|events| events.variables(manifest, settings));
        let own = self.environment.iter().cloned();
        own.chain(events.into_iter().flatten()).collect()
    }

    /// What the services accept, and the processes are given.
    pub(super) fn credentials(&self) -> &LocalCredentials {
        &self.credentials
    }

    /// Tells of one more that runs beside them.
    pub(super) fn also(&mut self, line: String) {
        self.told.push(line);
    }

    /// A line about each.
    pub(super) fn told(&self) -> Vec<String> {
        let s3 = self.s3.as_ref().map(|s3| {
            let buckets = match s3.buckets() {
                none if none.is_empty() => "no buckets yet".to_owned(),
                some => format!("buckets: {}", some.join(", ")),
            };
            let root = shown(&self.how.data.join("s3"));
            let mut line = format!("S3 at {}; {buckets}; data in {root}", s3.endpoint());
            if !self.credentials.are_random() {
                let (id, secret) = (credentials::ACCESS_KEY, self.credentials.secret_key());
                let own = credentials::DEVELOPER_KEY;
                line.push_str(&format!(
                    "; keys {id} and {secret} as the app, {own} and {own} without its policy"
                ));
            }
            line
        });
        s3.into_iter().chain(self.told.iter().cloned()).collect()
    }

    /// Ends what was started.
    pub(super) async fn shutdown(self) {
        if let Some(events) = self.events.into_inner() {
            events.shutdown().await;
        }
        if let Some(s3) = self.s3 {
            s3.shutdown().await;
        }
    }
}

/// What each function may do.
fn policies(manifest: &Manifest, settings: &Settings) -> Policies {
    let others = manifest
        .parts()
        .filter(|part| *part != Part::Api)
        .map(|part| {
            let statements = settings.policy_of(called(&part));
            (credentials::access_key(&part), (part, statements))
        });
    Policies {
        app: settings.policy_of(APP),
        others: others.collect(),
    }
}

fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here)
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use fw_manifest::{Manifest, ManifestAuthorizer, Part};

    use super::policies;
    use crate::{settings::Settings, values::credentials::access_key};

    #[test]
    fn each_function_is_held_to_its_own_statements_by_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[[policy]]\nactions = [\"s3:GetObject\"]\nresources = [\"arn:aws:s3:::notes/*\"]\nfunctions = [\"app\"]\n\
                    [[policy]]\nactions = [\"s3:GetObject\"]\nresources = [\"arn:aws:s3:::keys/*\"]\nfunctions = [\"door\"]\n";
        std::fs::write(folder.path().join("fw.toml"), text).unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        let mut manifest = Manifest::new("notes");
        let authorizers = ["door", "admin"].map(ManifestAuthorizer::new);
        manifest.authorizers.extend(authorizers);
        let held = policies(&manifest, &settings);
        assert_eq!(held.app[0].resources, ["arn:aws:s3:::notes/*"]);
        assert_eq!(held.app.len(), 1);
        let of = |name: &str| {
            let (part, statements) = &held.others[&access_key(&Part::Authorizer(name.to_owned()))];
            (part.name(), statements)
        };
        let (name, statements) = of("door");
        assert_eq!((name, statements.len()), (Some("door"), 1));
        assert_eq!(statements[0].resources, ["arn:aws:s3:::keys/*"]);
        let (name, statements) = of("admin");
        assert_eq!((name, statements.len()), (Some("admin"), 0));
    }
}
