//! Deployments on the account in memory: whole lives, and interruptions at every mutating call.

mod access;
mod access_logs;
mod authorizers;
mod buckets;
mod converge;
mod domains;
mod everything;
mod external_permissions;
mod fake_vs_moto;
mod guards;
mod invoke_configs;
mod lifecycle;
mod locked;
mod mappings;
mod permissions;
mod plan_checks;
mod queues;
mod read_depth;
mod refusals;
mod rest;
mod roles;
mod rollback;
mod side_by_side;
mod sources;
mod store;
mod targets;
mod topics;
mod traffic;
mod transitions;
mod urls;

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use base64::Engine as _;
use fw_manifest::{Manifest, ManifestAuthorizer, ManifestRoute, ManifestSource, SourceEvent};
use sha2::{Digest as _, Sha256};

use super::{
    apply::apply,
    check,
    execute::{Executed, Execution},
    kind::artifact_bucket::desired::ArtifactBucket,
    model::Desired,
    names::Names,
    observe::Actual,
    plan::{deletion, plan},
    retry::RetryPolicy,
    step::Plan,
};
use crate::{
    aws::Aws,
    console::Console,
    error::Result,
    settings::Settings,
    values::{
        code::{Code, Way},
        lambda::Architecture,
    },
};

const RETRY: RetryPolicy = RetryPolicy {
    first: Duration::ZERO,
    longest: Duration::ZERO,
    tries: 5,
};

/// An app and its settings, as short as a test wants to say them.
#[derive(Clone, Debug)]
struct App {
    code: &'static str,
    routes: &'static [(&'static str, &'static str)],
    authorizers: &'static [&'static str],
    /// Sources by name: those that are called and nothing else, `NAME < QUEUE` that read a queue, `NAME @ BUCKET PREFIX SUFFIX` that new
    /// objects invoke, or with the event behind it, as the manifest says it.
    sources: &'static [&'static str],
    /// Who may call, by route key, as the manifest says it; with `"api_key": true` where a key is asked for as well.
    guards: &'static [(&'static str, &'static str)],
    settings: &'static str,
}

const FIRST: App = App {
    code: "one",
    routes: &[("GET", "/objects/{key}"), ("PUT", "/objects/{key}")],
    authorizers: &[],
    sources: &[],
    guards: &[],
    settings: "",
};

impl App {
    fn names() -> Names {
        Names::new("s3test", "dev", crate::aws::fake::Fake::REGION).unwrap()
    }

    fn code(&self) -> Code {
        Code {
            zip: self.code.into(),
            sha256: hash(self.code),
            architecture: Architecture::HOST,
            way: match self.code.starts_with("large") {
                true => Way::Large,
                false => Way::Sent,
            },
        }
    }

    fn manifest(&self) -> Manifest {
        let mut manifest = Manifest::new("s3test");
        let routes = self.routes.iter();
        manifest
            .routes
            .extend(routes.map(|(method, path)| ManifestRoute::new(*method, *path)));
        let authorizers = self.authorizers.iter();
        manifest
            .authorizers
            .extend(authorizers.map(|name| ManifestAuthorizer::new(*name)));
        for source in self.sources {
            let (name, event) = match (source.split_once(" < "), source.split_once(' ')) {
                (Some((name, queue)), _) => {
                    let queue = queue.to_owned();
                    (name, SourceEvent::Sqs { queue })
                }
                (None, Some((name, event))) if event.starts_with("@ ") => {
                    let mut words = event.split(' ').skip(1).map(str::to_owned);
                    let mut word = || words.next().unwrap_or_default();
                    let event = SourceEvent::S3 {
                        bucket: word(),
                        events: vec!["s3:ObjectCreated:*".to_owned()],
                        prefix: word(),
                        suffix: word(),
                    };
                    (name, event)
                }
                (None, Some((name, event))) => (name, serde_json::from_str(event).unwrap()),
                (None, None) => (*source, SourceEvent::Function),
            };
            manifest.add_source(ManifestSource::new(name, event));
        }
        for route in &mut manifest.routes {
            let mut guards = self.guards.iter();
            if let Some((_, guard)) = guards.find(|(key, _)| *key == route.key()) {
                let mut guard: serde_json::Value = serde_json::from_str(guard).unwrap();
                let parts = guard.as_object_mut().unwrap();
                route.api_key = parts.remove("api_key") == Some(true.into());
                if !parts.is_empty() {
                    route.authorization = serde_json::from_value(guard).unwrap();
                }
            }
        }
        manifest
    }

    fn settings(&self) -> Settings {
        thread_local! {
            /// Each text is read once: some tests deploy thousands of times.
            static READ: RefCell<BTreeMap<&'static str, Settings>> = RefCell::default();
        }
        READ.with_borrow_mut(|read| {
            let settings = read.entry(self.settings);
            settings.or_insert_with(|| self.read_settings()).clone()
        })
    }

    fn read_settings(&self) -> Settings {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("fw.toml"), self.settings).unwrap();
        Settings::load(folder.path(), "dev").unwrap()
    }

    async fn desired(&self, aws: &impl Aws) -> Result<Desired> {
        let place = super::place(aws).await?;
        Desired::new(&self.manifest(), &self.settings(), self.code(), place)
    }

    /// The plan that a deploy would run.
    async fn plan(&self, aws: &impl Aws) -> Result<Plan> {
        let desired = self.desired(aws).await?;
        let actual = super::observe(aws, &desired.names).await?;
        check::ownership(&desired.names, &actual)?;
        check::bucket(&actual)?;
        check::account(&desired, &actual)?;
        let plan = plan(&desired, &actual);
        check::plan(&desired, &actual, &plan)?;
        Ok(plan)
    }

    /// Deploys; gives the plan that was run.
    async fn deploy(&self, aws: &impl Aws) -> Result<Plan> {
        let plan = self.plan(aws).await?;
        apply(aws, &plan, &console(), RETRY, "cargo fw deploy").await?;
        Ok(plan)
    }
}

/// The hash that Lambda gives that code.
fn hash(code: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(code))
}

impl App {
    /// Deploys as the command does, with the lock; gives the plan that was run.
    async fn deploy_locked(&self, aws: &impl Aws) -> Result<Plan> {
        self.deploy_noted(aws, async |_| {}).await
    }

    /// The same, where what was done is written down like that.
    async fn deploy_noted(&self, aws: &impl Aws, note: impl AsyncFn(&Executed)) -> Result<Plan> {
        let desired = self.desired(aws).await?;
        let console = console();
        let execution = Execution {
            console: &console,
            retry: RETRY,
            again: "cargo fw deploy",
        };
        let agree = async |_: &Actual, _: &Plan| Ok(());
        let done = execution.run(aws, &desired, |_| false, agree, note).await?;
        Ok(done.plan)
    }
}

/// Deletes what is there of the deployment, its logs too.
async fn delete(aws: &impl Aws) -> Result<Plan> {
    delete_with(aws, true).await
}

/// Deletes what is there of the deployment, its logs where `logs` says so.
async fn delete_with(aws: &impl Aws, logs: bool) -> Result<Plan> {
    let mut names = App::names();
    names.artifact_buckets = vec![ArtifactBucket::own(&names, &super::place(aws).await?)];
    delete_named(aws, &names, logs).await
}

/// The same, and what is left in the bucket that those settings name.
async fn delete_of(aws: &impl Aws, settings: &'static str) -> Result<Plan> {
    let mut names = App::names();
    let settings = App { settings, ..FIRST }.settings();
    let named = settings.artifact_bucket.iter();
    names.artifact_buckets = named
        .map(|name| ArtifactBucket::named(name, &App::names()))
        .collect();
    delete_named(aws, &names, true).await
}

/// The same with the logs, where the settings have a domain.
async fn delete_domain(aws: &impl Aws) -> Result<Plan> {
    let mut names = App::names();
    names.sought.domain = Some("api.example.org".to_owned());
    delete_named(aws, &names, true).await
}

async fn delete_named(aws: &impl Aws, names: &Names, logs: bool) -> Result<Plan> {
    let mut names = names.clone();
    // As the command does.
    names.sought.access_log = true;
    names.sought.buckets = true;
    let actual = super::observe(aws, &names).await?;
    let plan = deletion(&names, &actual, logs);
    apply(aws, &plan, &console(), RETRY, "cargo fw delete").await?;
    Ok(plan)
}

/// Deletes as the command does, with the lock; gives the plan that was run.
async fn delete_locked(aws: &impl Aws) -> Result<Plan> {
    let console = console();
    let execution = Execution {
        console: &console,
        retry: RETRY,
        again: "cargo fw delete --yes",
    };
    let agree = async |_: &Names, _: &Actual, _: &Plan| Ok(());
    execution
        .delete(aws, true, async || Ok(App::names()), agree)
        .await
}

fn console() -> Console {
    Console::unread()
}

/// Runs a test's story.
fn run(story: impl Future<Output = ()>) {
    super::block_on(async {
        story.await;
        Ok(())
    })
    .unwrap();
}
