//! `cargo fw openapi`, `docs` and `client`: the document of the API, and what is made from it.

use std::{fs, path::Path};

use fw_manifest::Manifest;
use fw_openapi::{Info, Version, document, left_out, page, rust, typescript, untyped};
use serde_json::Value;

use super::deploy::host_manifest;
use crate::{
    args::{self, ClientLanguage, OpenApiVersion, Stage, Which},
    console::Console,
    error::{Context as _, Exit, Failure, Result},
    project::{About, Project},
    settings::Settings,
};

/// Makes the document from the app's manifest, and prints it or writes it into a file.
pub(super) fn openapi(args: &args::OpenApi, console: &Console) -> Result<Exit> {
    let version = match args.openapi {
        OpenApiVersion::V3_1 => Version::V3_1,
        OpenApiVersion::V3_0 => Version::V3_0,
        OpenApiVersion::Aws => Version::Aws,
    };
    let servers = args.server.clone();
    let (_, document) = of_project(&args.which, &args.stage, servers, version, console)?;
    let text = serde_json::to_string_pretty(&document).context("cannot write JSON")?;
    match &args.output {
        None => console.result(text),
        Some(path) => write(path, &(text + "\n"))?,
    }
    Ok(Exit::Success)
}

/// Writes a page that shows the document.
pub(super) fn docs(args: &args::Docs, console: &Console) -> Result<Exit> {
    let servers = args.server.iter().cloned().collect();
    let (_, document) = of_project(&args.which, &args.stage, servers, Version::V3_1, console)?;
    // From a file nothing can be tried out but on a server that has a name.
    write(&args.out, &page(&document, args.server.is_some()))?;
    Ok(Exit::Success)
}

/// Writes a client.
pub(super) fn client(args: &args::Client, console: &Console) -> Result<Exit> {
    let (_, document) = of_project(&args.which, &args.stage, Vec::new(), Version::V3_1, console)?;
    match args.language {
        ClientLanguage::Ts => write(&args.out, &typescript(&document))?,
        ClientLanguage::Rust => {
            let source = args.out.join("src");
            fs::create_dir_all(&source).map_err(|error| {
                Failure::new(format!("cannot create `{}`", source.display()))
                    .because_of(error.to_string())
            })?;
            for file in rust(&document) {
                write(&args.out.join(file.path), &file.text)?;
            }
        }
    }
    Ok(Exit::Success)
}

/// The manifest of the project here, and its document.
pub(super) fn of_project(
    which: &Which,
    stage: &Stage,
    servers: Vec<String>,
    version: Version,
    console: &Console,
) -> Result<(Manifest, Value)> {
    let project = Project::find(which)?;
    let settings = Settings::load(project.package_dir(), &stage.stage)?;
    let manifest = host_manifest(&project, console)?;
    let mut info = info(project.about(), &settings, &manifest);
    info.servers = servers;
    let document = made(&manifest, &info, version)?;
    notes(&manifest, console);
    Ok((manifest, document))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|error| {
        Failure::new(format!("cannot write `{}`", path.display())).because_of(error.to_string())
    })
}

/// What the document says of the API as a whole: from the package and the settings.
pub(super) fn info(about: &About, settings: &Settings, manifest: &Manifest) -> Info {
    let mut info = Info::new(&*manifest.app, &*about.version);
    about.description.clone_into(&mut info.description);
    about.license.clone_into(&mut info.license);
    let issuers = settings.access.jwt.iter();
    info.issuers = issuers
        .map(|(name, jwt)| (name.clone(), jwt.issuer.clone()))
        .collect();
    info
}

/// The document, or the failure that says what to write instead.
fn made(manifest: &Manifest, info: &Info, version: Version) -> Result<Value> {
    document(manifest, info, version)
        .map_err(|fault| Failure::input(fault.to_string()).hint(fault.correction().to_owned()))
}

/// Says what the document lacks, and how it gets there.
fn notes(manifest: &Manifest, console: &Console) {
    let left_out = left_out(manifest);
    if !left_out.is_empty() {
        console.warning(format!(
            "the document leaves out what it has no word for: {}",
            left_out.join(", ")
        ));
    }
    let routes = manifest.routes.iter();
    if routes.clone().count() > left_out.len() && routes.clone().all(|route| route.api.is_none()) {
        console.warning(
            "the document has no types: switch the feature `schema` of `fw` on, and derive `schemars::JsonSchema` for what goes over the wire",
        );
    }
    let untyped = untyped(manifest);
    if !untyped.is_empty() {
        console.warning(format!(
            "the JSON of these routes has no schema: {}. Derive `schemars::JsonSchema` for its types",
            untyped.join(", ")
        ));
    }
}
