//! The life of the process: print the manifest, or make the state and serve what Lambda sends.
//!
//! This and [`log`] are the only readers of the environment. The loop is `lambda_runtime`'s. It ends the process, and with it at
//! most one invocation, where the Runtime API breaks its contract: a `next` without request id or deadline panics, a client context or
//! Cognito identity that is not the JSON it expects ends the loop. What can be checked before is checked here.

mod init_error;

use std::{
    env::{self, VarError},
    fmt::{self, Write as _},
    io::Write as _,
    process::ExitCode,
};

use lambda_runtime::{
    Diagnostic, FunctionResponse, LambdaEvent, MetadataPrelude, Runtime, StreamResponse,
    streaming::Body,
};
use serde_json::value::RawValue;
use tower::service_fn;

use crate::{
    app::{App, AppError},
    context::LambdaContext,
    dispatch::{Answer, Dispatcher, FunctionError, caught},
    entry::Entry,
    error::Error,
    escaped::Escaped,
    log,
    payload::Payload,
};
use fw_manifest::{INVOKE_MODE_ENV, MANIFEST_ENV, Manifest, Part, RESPONSE_STREAM};

/// The state could not be made, or Lambda is gone.
const FAILED: u8 = 1;
/// Not started by Lambda, nor for the manifest; `EX_USAGE` of sysexits.h.
const NOT_LAMBDA: u8 = 64;
/// The app or the environment is ill-formed; `EX_CONFIG` of sysexits.h.
const ILL_FORMED: u8 = 78;

/// What the function is to be, in Lambda's words its handler.
const HANDLER: &str = "_HANDLER";

const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

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
        tell(format_args!("the app `{name}` is ill-formed: {error}"));
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
            tell(format_args!("the manifest cannot be printed: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn serve<S: Send + Sync + 'static>(app: App<S>, runtime_api: &str) -> Result<ExitCode, AppError> {
    let (init, assembly) = app.into_parts()?;
    log::install();
    if let Err(problem) = check_environment(runtime_api) {
        tell(format_args!("{problem}"));
        return Ok(ExitCode::from(ILL_FORMED));
    }
    // One executable, every function: the API, unless Lambda's configuration names another part.
    let part = Part::from_entry(&env::var(HANDLER).unwrap_or_default());
    let entry = match assembly.table.entry(&part) {
        Ok(entry) => entry,
        Err(known) => {
            let cause = format!("`{HANDLER}` asks for {part}, but the app's are: {known}");
            return Ok(init_failed(
                runtime_api,
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
            tell(format_args!("the async runtime cannot start: {error}"));
            return Ok(ExitCode::from(FAILED));
        }
    };

    // One call for both: each is a loop of its own in the executable.
    Ok(tokio.block_on(async {
        // What the state holds need not be unwind-safe: nobody sees it after a panic.
        let cause = match caught(async { init().await }).await {
            Ok(Ok(state)) => {
                let mut dispatcher = assembly.with_state(state);
                dispatcher.streams =
                    env::var(INVOKE_MODE_ENV).is_ok_and(|mode| mode == RESPONSE_STREAM);
                return live(&dispatcher, entry.as_ref()).await;
            }
            Ok(Err(error)) => chain(&error),
            Err(panic) => format!("panicked: {}", log::message(&*panic)),
        };
        init_failed(runtime_api, "the app's state cannot be made", &cause)
    }))
}

/// Answers what Lambda sends, until the process is ended.
async fn live<S: Send + Sync + 'static>(
    dispatcher: &Dispatcher<S>,
    entry: Option<&Entry<S>>,
) -> ExitCode {
    let handler = service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
        let (event, context) = event.into_parts();
        let answer = dispatcher
            .answer(entry, event.get(), context.into())
            .await?;
        Ok::<_, FunctionError>(match answer {
            Answer::Http(payload) if dispatcher.streams => {
                FunctionResponse::StreamingResponse(streamed(payload))
            }
            answer => FunctionResponse::BufferedResponse(answer),
        })
    });
    match Runtime::new(handler).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(format_args!("the connection to Lambda is lost: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

/// An answer in the form that a function URL with `RESPONSE_STREAM` reads. It would take a whole result for the body, whatever is in it.
/// `[R]` gateway-truth §3
fn streamed(payload: Payload) -> StreamResponse<Body> {
    let (status_code, headers, cookies, body) = payload.into_stream();
    StreamResponse {
        metadata_prelude: MetadataPrelude {
            status_code,
            headers,
            cookies,
        },
        stream: Body::from(body),
    }
}

/// `lambda_runtime` panics without these.
fn check_environment(runtime_api: &str) -> Result<(), String> {
    let address: Result<http::Uri, _> = runtime_api.parse();
    if !address.is_ok_and(|address| address.authority().is_some()) {
        return Err(format!(
            "`{RUNTIME_API}` is no `host:port`: `{}`",
            Escaped(runtime_api)
        ));
    }
    for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"] {
        if let Err(problem @ (VarError::NotPresent | VarError::NotUnicode(_))) = env::var(name) {
            return Err(format!("Lambda sets `{name}`, but here: {problem}"));
        }
    }
    let memory = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
    match env::var(memory).map(|value| value.parse::<u16>()) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(problem)) => Err(format!("`{memory}` is no size in MB: {problem}")),
        Err(problem) => Err(format!("Lambda sets `{memory}`, but here: {problem}")),
    }
}

/// Tells of a failed initialisation on stderr and to Lambda, which ends the environment.
fn init_failed(runtime_api: &str, what: &str, cause: &str) -> ExitCode {
    tell(format_args!("{what}: {cause}"));
    if let Err(error) = init_error::report(runtime_api, cause) {
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

impl From<lambda_runtime::Context> for LambdaContext {
    fn from(context: lambda_runtime::Context) -> Self {
        let config = &*context.env_config;
        Self {
            function_name: config.function_name.clone(),
            function_version: config.version.clone(),
            memory_mb: config.memory.try_into().unwrap_or_default(),
            request_id: context.request_id,
            deadline_ms: context.deadline,
            invoked_function_arn: context.invoked_function_arn,
            trace_id: context.xray_trace_id,
        }
    }
}

impl From<FunctionError> for Diagnostic {
    fn from(error: FunctionError) -> Self {
        Self {
            error_type: error.kind.into_owned(),
            error_message: error.message,
        }
    }
}
