//! `cargo fw routes` and `cargo fw manifest`: what the app says of itself.

use fw::manifest::{Manifest, ManifestRoute};
use serde::Serialize;

use crate::{
    args::{self, Output, Which},
    compile::{self, Profile},
    console::{Console, columns},
    error::{Context, Exit, Result},
    manifest,
    project::Project,
    settings::Architecture,
};

/// Prints the route table.
pub(super) fn routes(args: &args::Routes, console: &Console) -> Result<Exit> {
    let manifest = of_app(&args.which, console)?;
    match args.output {
        Output::Json => console.result(json(&manifest.routes)?),
        Output::Text if manifest.routes.is_empty() => console.line("the app has no routes"),
        Output::Text => table(&manifest.routes)
            .iter()
            .for_each(|line| console.result(line)),
    }
    Ok(Exit::Success)
}

/// Prints the manifest.
pub(super) fn manifest(args: &args::Manifest, console: &Console) -> Result<Exit> {
    console.result(json(&of_app(&args.which, console)?)?);
    Ok(Exit::Success)
}

/// The manifest of the app, built for this machine.
pub(super) fn of_app(which: &Which, console: &Console) -> Result<Manifest> {
    let project = Project::find(which)?;
    let built = compile::build(&project, Profile::Dev, Architecture::HOST, console)?;
    manifest::read(&built.executable)
}

/// The routes, a line each: method, path, handler, where it stands.
pub(super) fn table(routes: &[ManifestRoute]) -> Vec<String> {
    let rows: Vec<_> = routes
        .iter()
        .map(|route| {
            let source = route.source.as_ref();
            let source = source.map_or_else(String::new, |source| {
                format!("{}:{}", source.file, source.line)
            });
            vec![
                route.method.clone(),
                route.path.clone(),
                route.handler.clone(),
                source,
            ]
        })
        .collect();
    columns(&rows)
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).context("cannot write JSON")
}
