//! One invocation for `cargo fw invoke` without a running server: the same build, the same
//! services, one process.

use bytes::Bytes;
use fw_gateway::Arrival;

use super::{
    app::{self, App},
    services::{self, Services},
};
use crate::{
    args::{self},
    aws::lambda::Invoked,
    command::invoke::choose,
    console::Console,
    deploy,
    error::{Exit, Failure, Result},
    interrupt::interrupted,
    local::{
        announcement::{Announcement, Endpoint},
        authorizers::{Keyring, development},
        generation::{Generation, Source},
        logs::Logs,
        pool::{Asked, Outcome},
        server::arrival,
    },
    settings::Settings,
    values::lambda::InvocationType,
};

/// The address of Lambda's API of a running `cargo fw local` for this app and stage.
pub(in crate::command) fn running(app: &App, stage: &str) -> Option<String> {
    Announcement::read(&app.data_dir(stage), Endpoint::Lambda)
}

/// Builds the app, and invokes it once.
pub(in crate::command) fn invoke(
    app: &App,
    args: &args::Local,
    call: &args::Invoke,
    event: Bytes,
    console: &Console,
) -> Result<Invoked> {
    let mut settings = Settings::load(app.settings_dir(), &args.stage.stage)?;
    crate::command::notes::note(&settings, console);
    let ready = app.prepare(console)?;
    deploy::block_on(async {
        services::secrets(args, &mut settings, app.settings_dir()).await?;
        let data = app.private_data_dir(&settings.stage)?;
        let services = Services::start(args, &settings, &data, console).await?;
        let logs = Logs::with_invocations(console);
        services
            .start_passive(&ready.manifest, &settings, &logs)
            .await?;
        let source = Source {
            manifest: &ready.manifest,
            settings: &settings,
            bootstrap: &ready.bootstrap,
            replaceable: ready.built.is_some(),
            directory: app.settings_dir(),
            url: "http://localhost",
            options: app::options(args),
            environment: services.environment(&ready.manifest, &settings),
            info: app.info(&settings, &ready.manifest),
            keyring: Keyring::new(development::path(&app.folder())),
            credentials: services.credentials().clone(),
        };
        let invoked = match Generation::new(source, &logs) {
            Ok(generation) => {
                let invoked = tokio::select! {
                    invoked = invoke_in(&generation, call, event) => invoked,
                    () = interrupted() => {
                        Err(Failure::new("interrupted").exiting(Exit::Interrupted))
                    }
                };
                generation.close().await;
                invoked
            }
            Err(failure) => Err(failure),
        };
        logs.flush().await;
        services.shutdown().await;
        invoked
    })
}

async fn invoke_in(generation: &Generation, call: &args::Invoke, event: Bytes) -> Result<Invoked> {
    let functions = generation.functions();
    let names: Vec<_> = functions.map(|pool| pool.name().to_owned()).collect();
    let name = choose(&names, call.function.as_deref())?;
    let Some(pool) = generation.function(name) else {
        return Err(Failure::input(format!("unknown function: {name}")));
    };
    if call.kind == InvocationType::DryRun {
        return Ok(Invoked::default());
    }
    let arrival = Arrival {
        sampled: pool.function().traces,
        ..arrival()
    };
    let trace = arrival.trace_id();
    let asked = Asked {
        tail: None,
        client_context: call.client_context.as_deref(),
    };
    let outcome = pool.invoke_as(arrival.request_id, trace, event, asked);
    let (payload, failed) = match outcome.await {
        Outcome::Payload(payload) => (payload, false),
        Outcome::FunctionError(document) => (document, true),
        Outcome::Throttled => {
            return Err(Failure::unavailable(format!(
                "the function does not accept invocations: {name}"
            ))
            .hint("`concurrency` in `fw.toml` sets its reserved concurrency"));
        }
    };
    // The process asks for its next event, and its log is whole.
    Ok(Invoked {
        payload,
        failed,
        log: None,
    })
}
