//! `cargo fw services`: serves queues, topics, buses and schedules without an app, for tests in any language.

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use fw_services::{Options, Services};

use crate::{
    args,
    console::{Console, DIM},
    error::{Context as _, Exit, Failure, Result},
    interrupt::interrupted,
};

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
    let options = Options {
        address: (Ipv4Addr::LOCALHOST, args.port).into(),
        data: args.data.clone(),
        ..Options::default()
    };
    let (account, region) = (options.account.clone(), options.region.clone());
    let services = Services::start(options)
        .await
        .map_err(|error| cannot_start(args, &error))?;
    // Scripts read the endpoint, and wait for it.
    console.result(services.endpoint());
    console.line("Serving SQS, SNS, EventBridge and Scheduler there.");
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
    services
        .shutdown()
        .await
        .context("cannot write the state")?;
    Ok(Exit::Success)
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
