//! `cargo fw routes` and `cargo fw manifest`: what the app says of itself.

use fw_manifest::ManifestRoute;
use serde::Serialize;

use super::{deploy::host_manifest, local::banner};
use crate::{
    args::{self, Output},
    console::{BOLD, Console, DIM, columns},
    error::{Context, Exit, Result},
    project::Project,
    settings::{Settings, compatibility},
};

/// Prints the route table: on standard error behind which gateway the routes are, on standard output the routes.
pub(super) fn routes(args: &args::Routes, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which)?;
    let settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    super::notes::note(&settings, console);
    let manifest = host_manifest(&project, console)?;
    console.line(format_args!(
        "{BOLD}{}{BOLD:#} {DIM}stage {}, {}{DIM:#}",
        manifest.app,
        settings.stage,
        banner::gateway(&settings)
    ));
    match args.output {
        Output::Json => console.result(json(&manifest.routes)?),
        Output::Text if manifest.routes.is_empty() => console.line("the app has no routes"),
        Output::Text => table(&manifest.routes)
            .iter()
            .for_each(|line| console.result(line)),
    }
    // What the stage cannot serve is told by the command that would serve it, too; here the table helps to see why.
    if let Err(failure) = compatibility::check(&manifest, &settings) {
        console.warning(failure);
    }
    Ok(Exit::Success)
}

/// Prints the manifest.
pub(super) fn manifest(args: &args::Manifest, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which)?;
    console.result(json(&host_manifest(&project, console)?)?);
    Ok(Exit::Success)
}

/// The routes, a line each: method, path, who may call it (unless everybody may call all), handler, where it stands.
pub(super) fn table(routes: &[ManifestRoute]) -> Vec<String> {
    let open = routes
        .iter()
        .all(|route| compatibility::caller(route).is_empty());
    let rows: Vec<_> = routes
        .iter()
        .map(|route| {
            let source = route.source.as_ref();
            let source = source.map_or_else(String::new, |source| {
                format!("{}:{}", source.file, source.line)
            });
            let mut row = vec![route.method.clone(), route.path.clone()];
            if !open {
                row.push(match compatibility::caller(route) {
                    caller if caller.is_empty() => "everybody".to_owned(),
                    caller => caller,
                });
            }
            row.extend([route.handler.clone(), source]);
            row
        })
        .collect();
    columns(&rows)
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).context("cannot write JSON")
}
