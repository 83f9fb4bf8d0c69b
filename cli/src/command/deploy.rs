//! `cargo fw deploy`: build, observe, plan, check, apply.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    time::Instant,
};

use fw_manifest::Manifest;

use super::{
    command_line::again,
    gate::{Compared, Gate},
};
use crate::{
    args::{self, Output},
    artifact::{self, trial},
    aws::{self, Aws},
    compile::{self, Profile},
    console::Console,
    deploy::{
        self,
        approve::{approve, wants_approval},
        check,
        execute::{Executed, Execution, checked},
        kind::bucket,
        model::Desired,
        observe::Actual,
        report,
        retry::RetryPolicy,
        step::Plan,
        tags,
    },
    error::{Exit, Failure, Result},
    manifest,
    project::Project,
    settings::{Settings, compatibility, domain::Domain, secret},
    values::{code::Code, lambda::Architecture, text::bytes},
};

/// Brings the account to the state that the app and its settings describe; with `--plan` prints the
/// changes.
pub(super) fn deploy(args: &args::Deploy, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which)?;
    let mut settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    if args.plan {
        super::notes::note(&settings, console);
    } else {
        agree_to_stage(&settings, args.yes, console)?;
    }
    compatibility::deployable(&settings)?;
    deploy::block_on(async {
        // Credentials first: a build is long, and no use without them.
        let aws = aws::Account::connect(&args.account).await?;
        let place = deploy::place(&aws).await?;
        super::policy::complete(&project, &mut settings, &place.partition, console)?;
        // After the policy, because permissions are not derived from their values.
        secret::from_account(&aws, &mut settings).await?;
        let artifact = match &args.artifact {
            Some(file) => unpack(file, &settings, console)?,
            None => build(&project, &settings, console)?,
        };
        compatibility::check(&artifact.manifest, &settings)?;
        super::notes::of_manifest(&artifact.manifest, &settings, console);
        let mut desired = Desired::new(&artifact.manifest, &settings, artifact.code, place)?;
        desired.canary = args.canary;
        for warning in check::warnings(&desired) {
            console.warning(warning);
        }
        warn_of_grants(&settings, console);
        let names = &desired.names;
        let gate = Gate {
            project: &project,
            settings: &settings,
            manifest: &artifact.manifest,
            desired: &desired,
            console,
        };
        if args.plan {
            let actual = deploy::observe(&aws, names).await?;
            return planned(args.output, &gate, &aws, &actual).await;
        }
        let again = again();
        let told = RefCell::new(None);
        let execution = Execution {
            console,
            retry: RetryPolicy::NORMAL,
            again: &again,
        };
        let asks = |plan: &Plan| {
            !args.yes && Console::is_interactive() && wants_approval(plan, args.require_approval)
        };
        let agree = async |actual: &Actual, plan: &Plan| -> Result<()> {
            report::show(console, &desired, actual, plan);
            warn_of_kept(&desired, actual, console);
            if let Some(compared) = gate.compare(&aws, actual).await? {
                compared.show(console);
                compared.accepted(&settings)?;
                told.replace(Some(compared.changes.json()));
            }
            approve(plan, args.require_approval, args.yes, console)?;
            if publishes(plan) && !args.no_trial {
                try_out(&artifact.executable, &desired, &settings, console).await?;
            }
            Ok(())
        };
        let folder = project.package_dir();
        let note = async |done: &Executed| {
            let version = done.serving(&desired.names.function);
            if let Err(error) = tags::record(&aws, &desired, folder, &done.actual, version).await {
                console.warning(format_args!(
                    "deployed, but the deployer could not be recorded in the tags: {error}"
                ));
            }
        };
        let done = execution.run(&aws, &desired, asks, agree, note).await?;
        // If nothing new was opened, the URL is the old one.
        let Executed { actual, plan, made } = done;
        let custom = desired.domain.as_ref().filter(|_| desired.canary.is_none());
        let custom = custom.map(Domain::url);
        let custom = custom.or_else(|| actual.custom().map(|(url, _)| url));
        let url = custom
            .or(made.endpoint)
            .or_else(|| actual.url().map(str::to_owned))
            .or_else(|| {
                let half = actual.apis.first();
                half.map(|whole| whole.api.endpoint.clone())
            });
        let url = url.as_deref().unwrap_or_default();
        console.result(match args.output {
            Output::Json => {
                report::document(&desired, &actual, &plan, Some(url), told.into_inner())
            }
            Output::Text => url.to_owned(),
        });
        Ok(Exit::Success)
    })
}

/// Prints the plan, and what it means for clients.
async fn planned<A: Aws>(
    output: Output,
    gate: &Gate<'_>,
    aws: &A,
    actual: &Actual,
) -> Result<Exit> {
    let (desired, console) = (gate.desired, gate.console);
    let plan = checked(desired, actual)?;
    warn_of_kept(desired, actual, console);
    let compared = gate.compare(aws, actual).await?;
    match output {
        Output::Json => {
            let custom = actual.custom().map(|(url, _)| url);
            let url = custom.as_deref().or(actual.url());
            let api = compared.as_ref().map(|compared| compared.changes.json());
            console.result(report::document(desired, actual, &plan, url, api));
        }
        Output::Text => {
            report::result(console, desired, actual, &plan);
            let lines = compared.iter().flat_map(Compared::lines);
            lines.for_each(|line| console.result(line));
        }
    }
    if let Some(compared) = compared {
        compared.accepted(gate.settings)?;
    }
    Ok(if plan.is_empty() {
        Exit::Success
    } else {
        Exit::Changes
    })
}

/// Asks whether a stage without a table is meant, where other stages have one.
///
/// # Errors
///
/// If there is no terminal to ask on (exit code 64), or the answer is no (exit code 1).
fn agree_to_stage(settings: &Settings, yes: bool, console: &Console) -> Result<()> {
    let Some(note) = settings.stage_note() else {
        super::notes::note(settings, console);
        return Ok(());
    };
    if yes {
        super::notes::note(settings, console);
        return Ok(());
    }
    let stage = &settings.stage;
    let hint = match settings.near_stage() {
        Some(near) => format!(
            "pass `--stage {near}`, or `--yes` to deploy `{stage}` with the settings of all stages"
        ),
        None => {
            format!("pass `--yes` to deploy `{stage}` with the settings of all stages")
        }
    };
    if !Console::is_interactive() {
        return Err(Failure::new(note)
            .because_of("the stage needs your approval, but there is no terminal to ask on")
            .because_of("nothing was changed")
            .exiting(Exit::Usage)
            .hint(hint));
    }
    console.asked(format_args!("{note}"));
    for note in &settings.notes {
        console.warning(note);
    }
    if console.confirm(&format!("Deploy the stage `{stage}`?")) {
        return Ok(());
    }
    Err(Failure::new("the stage was not approved, so nothing was changed").hint(hint))
}

/// Says which buckets stay although neither the app nor the settings have them.
fn warn_of_kept(desired: &Desired, actual: &Actual, console: &Console) {
    for kept in bucket::plan::kept(Some(desired), actual) {
        console.warning(format_args!(
            "{kept}, and stays; `cargo fw delete` deletes it once it is empty"
        ));
    }
}

/// Warns of resources that the stage inherits and does not name.
pub(super) fn warn_of_grants(settings: &Settings, console: &Console) {
    for resource in settings.unnamed_grants() {
        console.warning(format_args!(
            "stage `{}` may use a resource that none of its variables names: {resource}; write a `[[stages.{}.policy]]` for what \
             this stage may do",
            settings.stage, settings.stage
        ));
    }
}

/// True if the plan brings new code or settings to the traffic.
fn publishes(plan: &Plan) -> bool {
    plan.steps
        .iter()
        .any(|planned| planned.step.publishes().is_some())
}

/// Runs the artifact until it asks for work, where this machine can.
async fn try_out(
    executable: &Path,
    desired: &Desired,
    settings: &Settings,
    console: &Console,
) -> Result<()> {
    let (host, built) = (Architecture::HOST.as_str(), settings.architecture.as_str());
    if !trial::possible(settings.architecture) {
        console.status(
            "Not tried",
            format_args!("it is for {built} on Linux, but this machine is {host}: it is uploaded without a trial run"),
        );
        return Ok(());
    }
    let begun = Instant::now();
    for one in desired.in_order() {
        trial::run(executable, &one.name, &one.configuration).await?;
    }
    let milliseconds = begun.elapsed().as_millis();
    console.status(
        "Tried",
        format_args!("it starts and polls for an event after {milliseconds} ms"),
    );
    Ok(())
}

/// The artifact to deploy.
pub(super) struct Artifact {
    pub(super) manifest: Manifest,
    pub(super) code: Code,
    executable: PathBuf,
    /// The path of the executable, if it was unpacked.
    _folder: Option<tempfile::TempDir>,
}

/// The artifact of this project. A build for this machine prints the manifest; if the architectures
/// are the same, this executable is also uploaded.
pub(super) fn build(project: &Project, settings: &Settings, console: &Console) -> Result<Artifact> {
    let architecture = settings.architecture;
    let built = compile::build(project, Profile::Release, architecture, console)?;
    let manifest = if architecture == Architecture::HOST {
        manifest::read(&built.executable)?
    } else {
        host_manifest(project, console)?
    };
    let code = artifact::pack(&built.executable, &manifest, architecture)?;
    let size = bytes(code.zip.len() as u64);
    console.status(
        "Packed",
        format_args!("{size} for {}", architecture.as_str()),
    );
    Ok(Artifact {
        manifest,
        code,
        executable: built.executable,
        _folder: None,
    })
}

/// An artifact that was built elsewhere.
fn unpack(file: &Path, settings: &Settings, console: &Console) -> Result<Artifact> {
    let (manifest, code, bootstrap) = artifact::unpack(file, settings.architecture)?;
    let (folder, executable) = artifact::unpacked(&bootstrap)?;
    console.status(
        "Read",
        format_args!("{} from {}", bytes(code.zip.len() as u64), file.display()),
    );
    Ok(Artifact {
        manifest,
        code,
        executable,
        _folder: Some(folder),
    })
}

/// The app's manifest, from the fastest build for this machine: the profile that was built last.
pub(super) fn host_manifest(project: &Project, console: &Console) -> Result<Manifest> {
    let made = |folder: &str| {
        let executable = project.target_dir().join(folder).join(project.bin());
        executable
            .metadata()
            .and_then(|found| found.modified())
            .ok()
    };
    let profile = if made("release") > made("debug") {
        Profile::Release
    } else {
        Profile::Dev
    };
    let built = compile::build(project, profile, Architecture::HOST, console)?;
    manifest::read(&built.executable)
}
