//! `cargo fw s3`: lists, copies and presigns the objects of an embedded S3, in the manner of `aws s3`.

mod copy;
mod list;
mod location;
mod server;

use self::{location::ObjectUrl, server::Server};
use crate::{
    args::{self, S3Command},
    aws::error::Error,
    console::Console,
    deploy::block_on,
    error::{Exit, Failure, Result},
};

/// Runs the subcommand.
pub(super) fn s3(args: &args::S3, console: &Console) -> Result<Exit> {
    block_on(async {
        match &args.command {
            S3Command::Ls(args) => {
                let server = Server::find(&args.server, console).await?;
                let listed = list::list(args, &server, console).await;
                server.end().await;
                listed
            }
            S3Command::Cp(args) => {
                let server = Server::find(&args.server, console).await?;
                let copied = copy::copy(args, &server, console).await;
                server.end().await;
                copied
            }
            S3Command::Mb(args) => {
                let server = Server::find(&args.server, console).await?;
                let created = create(args, &server, console).await;
                server.end().await;
                created
            }
            S3Command::Presign(args) => presign(args, console).await,
        }
    })
}

async fn create(args: &args::S3Mb, server: &Server, console: &Console) -> Result<Exit> {
    let place = ObjectUrl::parse(&args.place)?;
    if !place.key.is_empty() {
        return Err(Failure::input(format!("not a bucket: {place}")).hint("write `s3://BUCKET`"));
    }
    let created = server.store.create_bucket(&place.bucket).await;
    created.map_err(|error| failure(server, &place.bucket, error))?;
    console.status("Created", &place.bucket);
    Ok(Exit::Success)
}

async fn presign(args: &args::S3Presign, console: &Console) -> Result<Exit> {
    let place = ObjectUrl::parse(&args.place)?.object()?;
    let Some(server) = Server::running(&args.server)? else {
        return Err(Failure::unavailable(
            "no S3 is running that could answer a presigned URL",
        )
        .hint("start `cargo fw local` in another terminal, or pass the address of a running `cargo fw services` with `--endpoint-url`"));
    };
    let url = server
        .store
        .presign(&place.bucket, &place.key, args.put, args.expires_in)
        .await
        .map_err(|error| failure(&server, &place.bucket, error))?;
    console.result(url);
    Ok(Exit::Success)
}

/// The failure of a call, with what to do about a bucket that is missing.
fn failure(server: &Server, bucket: &str, error: Error) -> Failure {
    let code = error.code;
    let failure = match code.as_str() {
        "" => Failure::unavailable("the embedded S3 does not answer").because_of(error.message),
        code => Failure::new(format!("S3 answered {} with {code}", error.operation.name))
            .because_of(error.message),
    };
    match code.as_str() {
        "NoSuchBucket" => failure.hint(server.bucket_hint(bucket)),
        "" => failure.hint("check `--endpoint-url`, and that the server still runs"),
        _ => failure,
    }
}
