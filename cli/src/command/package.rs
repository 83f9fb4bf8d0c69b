//! `cargo fw package`: the deployment as a template and a zip, for pipelines that have a tool of their own.

use std::path::Path;

use super::deploy::build;
use crate::{
    args::{self, PackageFormat},
    aws::lambda::Way,
    console::Console,
    deploy::{model::Desired, plan::bytes},
    error::{Context as _, Exit, Failure, Result},
    package,
    project::Project,
    settings::{Gateway, Settings, fit},
};

/// Builds, and writes the zip and the template into the folder.
pub(super) fn package(args: &args::Package, console: &Console) -> Result<Exit> {
    let project = Project::find(&args.which)?;
    let mut settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    let place = package::place(args.format);
    super::policy::complete(&project, &mut settings, &place.partition, console)?;
    // What `deploy` does not set up, a template would not either: nothing is to be open that the settings guard.
    fit::deployable(&settings)?;
    if settings.gateway != Gateway::HttpApi && args.format != PackageFormat::Zip {
        return Err(Failure::input(format!(
            "templates are written for HTTP APIs only so far: `gateway = \"{}\"`",
            settings.gateway.as_str()
        ))
        .hint("`cargo fw deploy` sets it up; nothing was written"));
    }
    if settings.door.access_log.is_some() && args.format != PackageFormat::Zip {
        return Err(
            Failure::input("templates do not have access logs so far: `[access_log]`")
                .hint("`cargo fw deploy` sets it up; nothing was written"),
        );
    }
    let artifact = build(&project, &settings, console)?;
    fit::check(&artifact.manifest, &settings)?;
    if let (Some(one), true) = (
        artifact.manifest.authorizers.first(),
        args.format != PackageFormat::Zip,
    ) {
        return Err(Failure::input(format!(
            "templates do not have the functions of authorizers so far: `{}`",
            one.name
        ))
        .hint("`cargo fw deploy` sets them up; nothing was written"));
    }
    if args.format == PackageFormat::Terraform && artifact.code.way != Way::Sent {
        // Terraform's `filename` sends the zip with a call, as `deploy` does with one that is small enough.
        return Err(Failure::input(format!(
            "the zip is too large for a Terraform document so far: {}",
            bytes(artifact.code.zip.len() as u64)
        ))
        .because_of("Lambda takes 50 MB with a call")
        .hint("`--format sam` and `--format cloudformation` take it from a bucket, and so does `cargo fw deploy`; nothing was written"));
    }
    let zip = artifact.code.zip.clone();
    let desired = Desired::new(&artifact.manifest, &settings, artifact.code, place)?;
    let name = format!("{}.zip", desired.names.function);
    let folder = &args.out;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder: {}", folder.display()))?;
    write(&folder.join(&name), &zip, console)?;
    if let Some(template) = package::template(args.format, &desired, &name) {
        write(
            &folder.join(template.name),
            template.text()?.as_bytes(),
            console,
        )?;
    }
    if let Some(next) = next(args.format, &desired.names.function, folder) {
        console.line(format_args!("\n{next}"));
    }
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

/// The command that deploys what was written.
fn next(format: PackageFormat, function: &str, folder: &Path) -> Option<String> {
    let folder = folder.display();
    Some(match format {
        PackageFormat::Sam => format!(
            "  sam deploy --template-file {folder}/template.json --stack-name {function} --resolve-s3 --capabilities \
             CAPABILITY_NAMED_IAM"
        ),
        PackageFormat::Cloudformation => format!(
            "  aws s3 cp {folder}/{function}.zip s3://BUCKET/KEY\n  aws cloudformation deploy --template-file \
             {folder}/template.json --stack-name {function} --capabilities CAPABILITY_NAMED_IAM --parameter-overrides \
             CodeBucket=BUCKET CodeKey=KEY"
        ),
        PackageFormat::Terraform => {
            format!("  terraform -chdir={folder} init\n  terraform -chdir={folder} apply")
        }
        PackageFormat::Zip => {
            format!("  cargo fw deploy --artifact {folder}/{function}.zip")
        }
    })
}
