//! `cargo fw services`: serves queues, topics, buses, schedules, tables and buckets without an app, for tests in any language.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use fw_s3::S3Service;
use fw_services::{Options, Services};

use crate::{
    args,
    console::{Console, DIM},
    error::{Context as _, Exit, Failure, Result},
    interrupt::interrupted,
    local::services::{
        dynamodb,
        s3::{self, BehindEndpoint, S3Clock},
    },
};

/// How often the lifecycle rules of buckets are looked at. The clock may have been moved by then.
const LIFECYCLE: Duration = Duration::from_secs(1);

/// Serves until Ctrl-C or SIGTERM, or resets the services that run.
pub(super) fn services(args: &args::Services, console: &Console) -> Result<Exit> {
    if args.reset {
        let url = format!("http://{}:{}", Ipv4Addr::LOCALHOST, args.port);
        super::running::reset(&url)?;
        console.status("Reset", &url);
        return Ok(Exit::Success);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(serve(args, console))
}

async fn serve(args: &args::Services, console: &Console) -> Result<Exit> {
    // Objects without a data folder end with the services, too.
    let temporary = tempfile::tempdir().context("cannot create a temporary folder")?;
    let objects = match &args.data {
        Some(folder) => folder.join("s3"),
        None => temporary.path().to_owned(),
    };
    let clock = S3Clock::default();
    let buckets = open_s3(&objects, &clock)?;
    let folder = args.data.as_ref().map(|data| data.join("dynamodb"));
    let tables = dynamodb::open(folder.as_deref()).map_err(|error| cannot_start(args, &error))?;
    let options = Options {
        address: (Ipv4Addr::LOCALHOST, args.port).into(),
        data: args.data.clone(),
        tables,
        fallback: Some(Arc::new(BehindEndpoint(buckets.clone()))),
        ..Options::default()
    };
    let (account, region) = (options.account.clone(), options.region.clone());
    let services = Services::start(options)
        .await
        .map_err(|error| cannot_start(args, &error))?;
    clock.follow(services.clock());
    let services = Arc::new(services);
    s3::report_to(&buckets, &services);
    let work = [
        tokio::spawn(follow_rules(buckets.clone())),
        tokio::spawn(deliver(buckets, Arc::clone(&services))),
    ];
    // Scripts read the endpoint, and wait for it.
    console.result(services.endpoint());
    console.line(format_args!(
        "Serving SQS, SNS, EventBridge, Scheduler, {}and S3 there.",
        dynamodb::IN_LIST
    ));
    console.line(format_args!("  account      {account}"));
    console.line(format_args!("  region       {region}"));
    console.line("  access key   test");
    console.line("  secret key   test");
    match &args.data {
        Some(folder) => console.line(format_args!("  state        {}", folder.display())),
        None => console.line("  state        in memory"),
    }
    console.line(format_args!("{DIM}Ctrl-C stops.{DIM:#}"));
    interrupted().await;
    for task in work {
        task.abort();
        // Aborted, as it should be.
        let _ = task.await;
    }
    // Nobody else holds them now.
    if let Ok(services) = Arc::try_unwrap(services) {
        services
            .shutdown()
            .await
            .context("cannot write the state")?;
    }
    Ok(Exit::Success)
}

/// S3 for the endpoint, with its objects in that folder. Its clock is that of the services once they run.
fn open_s3(folder: &Path, clock: &S3Clock) -> Result<S3Service> {
    let mut options = fw_s3::Options::new(folder.to_owned());
    options.now = clock.source();
    S3Service::open(options).map_err(|error| match &error {
        fw_s3::StartError::Data { source, .. } if source.kind() == ErrorKind::ResourceBusy => {
            Failure::unavailable("another process has the data folder open")
                .because_of(source.to_string())
                .hint("stop the other process, or pass another folder with `--data`")
        }
        _ => Failure::unavailable("the embedded S3 does not start")
            .because(Box::from(error) as Box<dyn std::error::Error + Send + Sync>),
    })
}

async fn follow_rules(buckets: S3Service) {
    loop {
        tokio::time::sleep(LIFECYCLE).await;
        let buckets = buckets.clone();
        let _ = tokio::task::spawn_blocking(move || buckets.run_lifecycle()).await;
    }
}

/// Delivers what S3 reports.
async fn deliver(buckets: S3Service, services: Arc<Services>) {
    let Some(mut changes) = buckets.changes().listen() else {
        return;
    };
    while let Some(change) = changes.recv().await {
        services.deliver_s3_event(&s3::event_of(change));
    }
}

fn cannot_start(args: &args::Services, error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::AddrInUse => Failure::unavailable(format!("port {} is in use", args.port))
            .hint("pass another port with `--port`; `--port 0` chooses a free port"),
        ErrorKind::ResourceBusy => Failure::unavailable("another process has the data folder open")
            .because_of(error.to_string())
            .hint("stop the other process, or pass another folder with `--data`"),
        ErrorKind::InvalidData => Failure::input("cannot read the state")
            .because_of(error.to_string())
            .hint("pass another folder with `--data`, or delete the file"),
        _ => Failure::unavailable("cannot start the services").because_of(error.to_string()),
    }
}
