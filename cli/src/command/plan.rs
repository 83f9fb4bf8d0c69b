//! `cargo fw plan`: what a deploy would change, against the account or against a committed snapshot.

use super::deploy::{deploy, host_manifest, warn_of_grants};
use crate::{
    args::{self, Output},
    console::Console,
    deploy::{
        execute::checked,
        model::Desired,
        report,
        snapshot::{self, Snapshot},
    },
    error::{Exit, Result},
    project::Project,
    settings::{Settings, compatibility},
};

/// Prints the plan; exits with 2 when there are changes.
pub(super) fn plan(args: args::Plan, console: &Console) -> Result<Exit> {
    if args.offline {
        offline(&args, console)
    } else {
        deploy(&args.into_deploy(), console)
    }
}

/// Compares with the committed snapshot: no account, no credentials, no release build.
fn offline(args: &args::Plan, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which)?;
    let mut settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    super::notes::note(&settings, console);
    compatibility::deployable(&settings)?;
    let place = snapshot::nowhere();
    super::policy::complete(&project, &mut settings, &place.partition, console)?;
    let manifest = host_manifest(&project, console)?;
    compatibility::check(&manifest, &settings)?;
    super::notes::of_manifest(&manifest, &settings, console);
    let code = snapshot::code(settings.architecture);
    warn_of_grants(&settings, console);
    let desired = snapshot::masked(Desired::new(&manifest, &settings, code, place)?);
    let path = snapshot::path(&project, &settings.stage);
    if args.save {
        Snapshot::of(&desired).write(&path)?;
        console.status("Saved", path.display());
        return Ok(Exit::Success);
    }
    let actual = match Snapshot::read(&path)? {
        Some(found) => found.account(&desired),
        None => {
            console.warning(format_args!(
                "the snapshot does not exist; run `cargo fw plan --offline --save` to write it: {}",
                path.display()
            ));
            snapshot::empty()
        }
    };
    let plan = checked(&desired, &actual)?;
    match args.output {
        Output::Json => console.result(report::document(&desired, &actual, &plan, None, None)),
        Output::Text => report::result(console, &desired, &actual, &plan),
    }
    Ok(if plan.is_empty() {
        Exit::Success
    } else {
        Exit::Changes
    })
}
