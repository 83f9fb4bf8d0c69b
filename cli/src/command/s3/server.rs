//! Which embedded S3 a command uses: that of a running server, or one that the command opens itself.

use std::{io::ErrorKind, path::Path};

use fw_s3::{Options, S3, StartError};

use crate::{
    args::S3Server,
    aws::objects::ObjectStore,
    command::local::app::App,
    console::Console,
    error::{Failure, Result},
    local::announcement::{Announcement, Endpoint, S3Endpoint},
    values::credentials,
};

/// An embedded S3, and a client of it.
pub(super) struct Server {
    pub(super) store: ObjectStore,
    /// The one that this command runs, on a data folder that no other process has open.
    own: Option<S3>,
    /// Whether its buckets are those of an app's settings.
    is_app: bool,
}

impl Server {
    /// Finds the S3 that the arguments name: a running `cargo fw local` or `cargo fw services`, else a data folder.
    ///
    /// # Errors
    ///
    /// If neither exists, or another process has the data folder open; exit code 69.
    pub(super) async fn find(args: &S3Server, console: &Console) -> Result<Self> {
        if let Some(server) = Self::running(args)? {
            return Ok(server);
        }
        if let Some(folder) = &args.data {
            return Self::open(&folder.join("s3"), false, console).await;
        }
        let folder = app(args)?.data_dir(&args.app.stage.stage);
        Self::open(&folder.join("s3"), true, console).await
    }

    /// The running server that the arguments name. `None` if none runs.
    ///
    /// # Errors
    ///
    /// If there is no app; exit code 65.
    pub(super) fn running(args: &S3Server) -> Result<Option<Self>> {
        if let Some(url) = &args.endpoint_url {
            let key = credentials::DEVELOPER_KEY;
            return Ok(Some(Self {
                store: ObjectStore::new(url, key, key),
                own: None,
                is_app: false,
            }));
        }
        if args.data.is_some() {
            return Ok(None);
        }
        let folder = app(args)?.data_dir(&args.app.stage.stage);
        let announced = Announcement::read(&folder, Endpoint::S3);
        let found = announced.as_deref().and_then(S3Endpoint::parse);
        Ok(found.map(|found| Self {
            store: ObjectStore::new(&found.url, credentials::DEVELOPER_KEY, &found.secret_key),
            own: None,
            is_app: true,
        }))
    }

    /// Serves a data folder for as long as the command runs.
    async fn open(folder: &Path, is_app: bool, console: &Console) -> Result<Self> {
        if !folder.is_dir() {
            return Err(no_server(folder));
        }
        let s3 = S3::start(Options::new(folder.to_owned())).await;
        let s3 = s3.map_err(|error| match &error {
            StartError::Data { source, .. } if source.kind() == ErrorKind::ResourceBusy => {
                Failure::unavailable("another process has the data folder open")
                    .because_of(source.to_string())
                    .hint("pass the address of a running `cargo fw services` with `--endpoint-url`")
            }
            _ => Failure::unavailable("the embedded S3 does not start")
                .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>),
        })?;
        console.verbose(format_args!("using the data folder {}", folder.display()));
        let key = credentials::DEVELOPER_KEY;
        Ok(Self {
            store: ObjectStore::new(&s3.endpoint(), key, key),
            own: Some(s3),
            is_app,
        })
    }

    /// What to do about a bucket that is missing.
    pub(super) fn bucket_hint(&self, bucket: &str) -> String {
        let create = format!("create it with `cargo fw s3 mb s3://{bucket}`");
        if self.is_app {
            format!("add it to `buckets` in `[local]` of `fw.toml`, or {create}")
        } else {
            create
        }
    }

    /// Ends what this command has started.
    pub(super) async fn end(self) {
        if let Some(s3) = self.own {
            s3.shutdown().await;
        }
    }
}

fn app(args: &S3Server) -> Result<App> {
    let app = App::find(args.app.bootstrap.as_deref(), &args.app.which, false);
    app.map_err(|failure| match failure.advice() {
        Some(_) => failure,
        None => failure
            .hint("use a running `cargo fw services` with `--endpoint-url http://127.0.0.1:4566`"),
    })
}

fn no_server(folder: &Path) -> Failure {
    Failure::unavailable("no S3 is running, and there is no data folder")
        .because_of(format!("the folder does not exist: {}", folder.display()))
        .hint("start `cargo fw local` in another terminal, or choose another stage with `--stage`")
}
