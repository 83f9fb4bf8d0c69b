//! `cargo fw package`: the deployment as a template and a zip, for pipelines that have a tool of their own.

use std::path::Path;

use super::deploy::build;
use crate::{
    args::{self, PackageFormat},
    console::Console,
    deploy::model::Desired,
    error::{Context as _, Exit, Result},
    package::{self, Template},
    policy,
    project::Project,
    settings::{Settings, compatibility},
};

/// Builds, and writes the zip and the template into the folder.
pub(super) fn package(args: &args::Package, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which)?;
    let mut settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    super::notes::note(&settings, console);
    let place = package::place();
    super::policy::complete(&project, &mut settings, &place.partition, console)?;
    // What `deploy` does not set up, a template would not either: nothing is to be open that the settings guard.
    compatibility::deployable(&settings)?;
    if args.format != PackageFormat::Zip {
        // What the app's own files show need not be built first.
        for source in policy::sources(&project)? {
            let buckets = &settings.resources.buckets;
            let bucket = source.first.filter(|_| source.attribute == "on_s3");
            let bucket = bucket.filter(|name| {
                let declared = buckets.get(name);
                declared.is_some_and(|one| one.existing.is_some())
            });
            if let Some(name) = bucket {
                return Err(package::existing_bucket(&name));
            }
        }
    }
    let artifact = build(&project, &settings, console)?;
    compatibility::check(&artifact.manifest, &settings)?;
    super::notes::of_manifest(&artifact.manifest, &settings, console);
    let zip = artifact.code.zip.clone();
    let desired = Desired::new(&artifact.manifest, &settings, artifact.code, place)?;
    package::fits(args.format, &desired)?;
    let name = format!("{}.zip", desired.names.function);
    let folder = &args.out;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create the folder: {}", folder.display()))?;
    write(&folder.join(&name), &zip, console)?;
    let template = package::template(args.format, &desired, &name);
    if let Some(template) = &template {
        write(
            &folder.join(template.name),
            template.text()?.as_bytes(),
            console,
        )?;
    }
    let asks = template.as_ref().map(Template::asks).unwrap_or_default();
    let next = next(args.format, &desired.names.function, folder, &asks);
    console.line(format_args!("\n{next}"));
    Ok(Exit::Success)
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8], console: &Console) -> Result<()> {
    let part = path.with_extension("part");
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, path))
        .with_context(|| format!("cannot write: {}", path.display()))?;
    console.result(path.display());
    Ok(())
}

/// The commands that deploy what was written; `asks` are the parameters whose values only the user knows.
fn next(format: PackageFormat, function: &str, folder: &Path, asks: &[&str]) -> String {
    let folder = folder.display();
    let given: Vec<String> = asks.iter().map(|name| format!(" {name}=VALUE")).collect();
    let given = given.concat();
    match format {
        PackageFormat::Sam => format!(
            "  sam deploy --template-file {folder}/template.json --stack-name {function} --resolve-s3 --capabilities \
             CAPABILITY_NAMED_IAM{}",
            if given.is_empty() {
                String::new()
            } else {
                format!(" --parameter-overrides{given}")
            }
        ),
        PackageFormat::Cloudformation => format!(
            "  aws s3 cp {folder}/{function}.zip s3://BUCKET/KEY\n  aws cloudformation deploy --template-file \
             {folder}/template.json --stack-name {function} --capabilities CAPABILITY_NAMED_IAM --parameter-overrides \
             CodeBucket=BUCKET CodeKey=KEY{given}"
        ),
        PackageFormat::Terraform => {
            let exports = asks
                .iter()
                .map(|name| format!("  export TF_VAR_{name}=VALUE\n"));
            let exports: String = exports.collect();
            format!("{exports}  terraform -chdir={folder} init\n  terraform -chdir={folder} apply")
        }
        PackageFormat::Zip => {
            format!("  cargo fw deploy --artifact {folder}/{function}.zip")
        }
    }
}
