//! `cargo fw local`: builds the app, serves it as the cloud will, and serves the new build after every save.

pub(super) mod app;
pub(super) mod banner;
mod given;
pub(super) mod once;
mod reload;
mod secrets_file;
mod services;
mod sources;

use std::net::SocketAddr;

use fw_manifest::Part;
use fw_port_guard::Hosts;

use self::{app::App, services::Services};
use crate::{
    args,
    console::{Console, DIM},
    error::{Context, Exit, Result},
    interrupt::interrupted,
    local::{
        announcement::{Announcement, Endpoint},
        asynchronous::Clock,
        invoke_api::InvokeApi,
        server::Server,
    },
    process,
    settings::Settings,
};

/// Serves until Ctrl-C or SIGTERM.
pub(super) fn local(args: &args::Local, console: &Console) -> Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let result = runtime.block_on(serve(args, console));
    // A build that is still being ended must not hold up the exit.
    runtime.shutdown_background();
    result
}

async fn serve(args: &args::Local, console: &Console) -> Result<Exit> {
    let app = App::find(args.bootstrap.as_deref(), &args.which, args.release)?;
    let mut settings = Settings::load_behind(app.settings_dir(), &args.stage.stage, args.gateway)?;
    services::secrets(args, &mut settings, app.settings_dir()).await?;
    given::give(args, &mut settings)?;
    for warning in warnings(&settings) {
        console.warning(warning);
    }
    for warning in secrets_file::warnings(app.settings_dir()) {
        console.warning(warning);
    }
    process::allow_many_files();
    // This comes first, so that a busy port is reported before a build. Early requests wait.
    let hosts = Hosts::new(args.host, &args.allow_host);
    let address = SocketAddr::new(args.host, args.port);
    let server = Server::bind(address, hosts, console).await?;
    let data = app.private_data_dir(&settings.stage)?;
    let mut services = Services::start(args, &settings, &data, console).await?;
    if args.services_port.is_some() {
        // This also comes first, so that a busy port is reported before a build.
        services.start_events(&server).await?;
    }
    let logs = server.logs().clone();
    if let Some(url) = banner::url_for_others(server.address()) {
        services.also(format!("others on the network reach this machine at {url}"));
    }
    let lambda = InvokeApi::start(
        server.functions(),
        app::service_hosts(args),
        Clock::Real,
        logs,
    )
    .await
    .context("cannot serve Lambda's own API")?;
    services.also(format!(
        "Lambda at {}; `cargo fw invoke` calls the function without the gateway",
        lambda.url()
    ));
    let _announcement = Announcement::write(&data, Endpoint::Lambda, lambda.url())
        .with_context(|| format!("cannot write to the data folder: {}", data.display()))?;
    let build = app.running_build();
    let shutdown = async {
        interrupted().await;
        console.line(format_args!("\n{DIM}stopping{DIM:#}"));
        build.end();
    };
    let result = tokio::select! {
        () = server.run(shutdown) => Ok(Exit::Interrupted),
        // Only before the first generation: what is served is served until the end.
        failure = reload::keep_serving(app, settings, args, &services, &server, console) => Err(failure),
    };
    services.shutdown().await;
    result
}

/// Warnings about the settings before anything is served.
fn warnings(settings: &Settings) -> Vec<String> {
    let mut all = settings.notes.clone();
    all.extend(settings.stage_note());
    if !settings.left_out.is_empty() {
        all.push(format!(
            "{} does not have these settings, so they are ignored: `{}`",
            settings.gateway.with_article(),
            settings.left_out.join("`, `")
        ));
    }
    let timeout = settings.of(&Part::Api).timeout;
    all.extend(settings.gateway.timeout_warning(timeout));
    let only_deployed = settings.only_deployed();
    if !only_deployed.is_empty() {
        all.push(format!(
            "these settings take effect only when deployed: `{}`",
            only_deployed.join("`, `")
        ));
    }
    all
}
