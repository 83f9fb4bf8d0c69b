//! The life of the process: print the manifest, or make the state and serve what Lambda sends.
//!
//! This, the modules below it and [`log`] are the only readers of the environment. The loop is our own: `lambda_runtime`'s, over a general
//! client, costs a function a third of its size and half of its instructions (`docs/benchmarks.md`). It ends the process where the
//! Runtime API breaks its contract, as with a `next` without request id or deadline; Lambda then starts another.

mod address;
mod api;
mod head;
mod init_error;
mod invocations;
mod trace_variable;

use std::{
    env,
    fmt::{self, Write as _},
    io::Write as _,
    process::ExitCode,
};

use self::{address::Address, api::RuntimeApi};
use crate::{
    app::{App, AppError},
    context::LambdaContext,
    dispatch::{Dispatcher, Streams, caught, cors_headers},
    entry::Entry,
    error::Error,
    escaped::Escaped,
    log,
};
use fw_manifest::{
    CORS_ENV, INVOKE_MODE_ENV, MANIFEST_ENV, Manifest, Part, RESPONSE_STREAM, STREAM_ROUTES,
};

/// The state could not be made, or Lambda is gone.
const FAILED: u8 = 1;
/// Not started by Lambda, nor for the manifest; `EX_USAGE` of sysexits.h.
const NOT_LAMBDA: u8 = 64;
/// The app or the environment is ill-formed; `EX_CONFIG` of sysexits.h.
const ILL_FORMED: u8 = 78;

/// What the function is to be, in Lambda's words its handler.
const HANDLER: &str = "_HANDLER";

const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// Set for a function that has a snapshot.
const INITIALIZATION: &str = "AWS_LAMBDA_INITIALIZATION_TYPE";

/// Set on managed instances: how many invocations an environment may get at once.
const MAX_CONCURRENCY: &str = "AWS_LAMBDA_MAX_CONCURRENCY";

pub(crate) fn run<S: Send + Sync + 'static>(app: App<S>) -> ExitCode {
    let wants_manifest = env::var_os(MANIFEST_ENV).is_some_and(|value| !value.is_empty());
    let runtime_api = env::var(RUNTIME_API).ok();
    if !wants_manifest && runtime_api.is_none() {
        tell(format_args!(
            "`{}` is a Lambda function and waits for Lambda to start it; to try it here, run: `cargo fw local`",
            app.name()
        ));
        return ExitCode::from(NOT_LAMBDA);
    }
    let name = app.name();
    let ran = match runtime_api {
        Some(runtime_api) if !wants_manifest => serve(app, &runtime_api),
        _ => app.check().map(|()| print_manifest(&app.manifest())),
    };
    ran.unwrap_or_else(|error| {
        tell(format_args!("the app `{name}` is not valid: {error}"));
        ExitCode::from(ILL_FORMED)
    })
}

fn print_manifest(manifest: &Manifest) -> ExitCode {
    let mut out = std::io::stdout().lock();
    let printed = out
        .write_all((manifest.to_json() + "\n").as_bytes())
        .and_then(|()| out.flush());
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("cannot print the manifest: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn serve<S: Send + Sync + 'static>(app: App<S>, runtime_api: &str) -> Result<ExitCode, AppError> {
    let (init, assembly) = app.into_parts()?;
    log::install();
    let (address, function) = match environment(runtime_api) {
        Ok(read) => read,
        Err(problem) => {
            tell(format_args!("{problem}"));
            return Ok(ExitCode::from(ILL_FORMED));
        }
    };
    let mut api = RuntimeApi::new(address);
    // One executable, every function: the API, unless Lambda's configuration names another part.
    let part = Part::from_entry(&env::var(HANDLER).unwrap_or_default());
    let entry = match assembly.table.entry(&part) {
        Ok(entry) => entry,
        Err(known) => {
            let cause = format!("`{HANDLER}` names {part}, but the app has: {known}");
            return Ok(init_failed(
                api.address(),
                "the function cannot start",
                &cause,
            ));
        }
    };
    let tokio = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(tokio) => tokio,
        Err(error) => {
            tell(format_args!("cannot start the async runtime: {error}"));
            return Ok(ExitCode::from(FAILED));
        }
    };

    // One call for both: each is a loop of its own in the executable.
    Ok(tokio.block_on(async {
        // What the state holds need not be unwind-safe: nobody sees it after a panic.
        let cause = match caught(async { init().await }).await {
            Ok(Ok(state)) => {
                let mut dispatcher = assembly.with_state(state);
                dispatcher.streams = match env::var(INVOKE_MODE_ENV).as_deref() {
                    Ok(RESPONSE_STREAM) => Streams::All,
                    Ok(STREAM_ROUTES) => Streams::Routes,
                    _ => Streams::None,
                };
                dispatcher.cors = cors_headers(&env::var(CORS_ENV).unwrap_or_default());
                return live(&mut api, &function, &dispatcher, entry.as_ref()).await;
            }
            Ok(Err(error)) => chain(&error),
            Err(panic) => format!("panicked: {}", log::message(&*panic)),
        };
        init_failed(api.address(), "the app's state cannot be created", &cause)
    }))
}

/// Answers what Lambda sends, until the process is ended.
async fn live<S: Send + Sync + 'static>(
    api: &mut RuntimeApi,
    function: &LambdaContext,
    dispatcher: &Dispatcher<S>,
    entry: Option<&Entry<S>>,
) -> ExitCode {
    if let Ok(asked) = env::var(MAX_CONCURRENCY) {
        tracing::warn!("`{MAX_CONCURRENCY}` is `{asked}`, but invocations are answered one by one");
    }
    if env::var(INITIALIZATION).is_ok_and(|kind| kind == "snap-start")
        && let Err(error) = invocations::restore(api).await
    {
        return init_failed(
            api.address(),
            "the function is not restored",
            &error.to_string(),
        );
    }
    match invocations::serve(api, function, dispatcher, entry).await {
        Ok(never) => match never {},
        Err(error) => {
            tell(format_args!("the connection to Lambda is lost: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

/// What the environment says of the Runtime API and of the function: a context that lacks the invocation.
fn environment(runtime_api: &str) -> Result<(Address, LambdaContext), String> {
    let address = Address::parse(runtime_api).ok_or_else(|| {
        let address = Escaped(runtime_api);
        format!("`{RUNTIME_API}` is not a `host:port` address: `{address}`")
    })?;
    let read = |name: &str| {
        env::var(name).map_err(|problem| format!("Lambda sets `{name}`, but here: {problem}"))
    };
    let memory = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
    let function = LambdaContext {
        function_name: read("AWS_LAMBDA_FUNCTION_NAME")?,
        function_version: read("AWS_LAMBDA_FUNCTION_VERSION")?,
        memory_mb: read(memory)?
            .parse()
            .map_err(|problem| format!("`{memory}` is not a size in MB: {problem}"))?,
        ..LambdaContext::default()
    };
    Ok((address, function))
}

/// Tells of a failed initialisation on stderr and to Lambda, which ends the environment.
fn init_failed(api: &Address, what: &str, cause: &str) -> ExitCode {
    tell(format_args!("{what}: {cause}"));
    if let Err(error) = init_error::report(api, cause) {
        tell(format_args!("Lambda cannot be told of it: {error}"));
    }
    ExitCode::from(FAILED)
}

/// An error's causes in one line, or where it has none, its text.
fn chain(error: &Error) -> String {
    let mut causes = String::new();
    for cause in error.causes() {
        let colon = if causes.is_empty() { "" } else { ": " };
        // Writing to a String cannot fail.
        let _ = write!(causes, "{colon}{cause}");
    }
    if causes.is_empty() {
        error.detail().clone_into(&mut causes);
    }
    causes
}

/// A line for whoever started the program; on Lambda for its log.
fn tell(line: fmt::Arguments<'_>) {
    // Where stderr is closed there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}
