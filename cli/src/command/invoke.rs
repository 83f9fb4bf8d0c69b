//! `cargo fw invoke`: calls a function past the gateway, locally or deployed.

use std::{io::Read as _, path::Path};

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    deploy::host_manifest,
    local::{app::App, once},
};
use crate::{
    args,
    aws::{
        self, Aws as _,
        lambda::{Invoked, Lambda},
    },
    console::Console,
    deploy::{self, names::Names},
    error::{Context as _, Exit, Failure, Result},
    project::Project,
    settings::Settings,
    values::lambda::{ALIAS, InvocationType},
};

/// Prints the result on standard output and the log on standard error. A function's error is exit code 3.
pub(super) fn invoke(args: &args::Invoke, console: &Console) -> Result<Exit> {
    let event = event(args.event.as_deref())?;
    if let Some(context) = &args.client_context {
        check_context(context)?;
    }
    let invoked = if args.is_deployed() {
        deployed(args, event, console)?
    } else {
        local(args, event, console)?
    };
    if let Some(log) = invoked.log.as_deref().filter(|log| !log.is_empty()) {
        console.line(log.trim_end());
    }
    match args.kind {
        InvocationType::RequestResponse => {
            console.result(String::from_utf8_lossy(&invoked.payload));
        }
        InvocationType::Event => console.status("Queued", "the function is invoked asynchronously"),
        InvocationType::DryRun => console.status("Allowed", "the function was not invoked"),
    }
    if invoked.failed {
        return Err(Failure::new("the function returned an error").exiting(Exit::Function));
    }
    Ok(Exit::Success)
}

/// The event: a file, standard input for `-`, or an empty object.
fn event(source: Option<&Path>) -> Result<Bytes> {
    let Some(source) = source else {
        return Ok(Bytes::from_static(b"{}"));
    };
    let (shown, bytes) = if source == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().read_to_end(&mut bytes);
        ("standard input".to_owned(), read.map(|_| bytes))
    } else {
        (source.display().to_string(), std::fs::read(source))
    };
    let bytes = bytes
        .with_context(|| format!("cannot read the event: {shown}"))
        .map_err(|failure| failure.exiting(Exit::Input))?;
    serde_json::from_slice::<&RawValue>(&bytes)
        .with_context(|| format!("the event is not JSON: {shown}"))
        .map_err(|failure| {
            failure
                .exiting(Exit::Input)
                .hint("`cargo fw event http-api GET /path` prints the event of a request, `cargo fw event sqs orders '{}'` the event of a queue")
        })?;
    Ok(bytes.into())
}

/// A client context is an object. Lambda's reaction to anything else would be visible only after
/// the call.
fn check_context(context: &str) -> Result<()> {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(context)
        .map(drop)
        .with_context(|| format!("the client context is not a JSON object: {context}"))
        .map_err(|failure| {
            failure
                .exiting(Exit::Usage)
                .hint("`--client-context '{\"custom\": {\"key\": \"value\"}}'`")
        })
}

/// Calls the function of a running `cargo fw local`, or of a new process.
fn local(args: &args::Invoke, event: Bytes, console: &Console) -> Result<Invoked> {
    let how = args.as_local();
    let app = App::find(how.bootstrap.as_deref(), &how.which, how.release)?;
    if let Some(url) = once::running(&app, &how.stage.stage) {
        console.verbose(format_args!("using the running `cargo fw local` at {url}"));
        return deploy::block_on(async {
            let lambda = aws::Account::local(&url);
            let failed = |error: aws::Error| error.into_failure("cannot call the function");
            let names = lambda.functions().await.map_err(failed)?;
            let name = choose(&names, args.function.as_deref())?;
            let context = args.client_context.as_deref();
            let invoked = lambda.invoke(name, None, args.kind, event, context).await;
            invoked.map_err(failed)
        });
    }
    if args.kind == InvocationType::Event {
        return Err(Failure::unavailable(
            "`cargo fw local` is not running, so nothing would wait for the function",
        )
        .hint("start `cargo fw local` in another terminal, or leave out `--type event`"));
    }
    once::invoke(&app, &how, args, event, console)
}

/// Which of the functions is meant: the first, one by its name, or one by the end of its name.
pub(super) fn choose<'n>(names: &'n [String], wanted: Option<&str>) -> Result<&'n str> {
    let Some(wanted) = wanted else {
        return names
            .first()
            .map(String::as_str)
            .ok_or_else(|| Failure::input("the app has no function"));
    };
    let ends = |name: &&String| {
        name.strip_suffix(wanted)
            .is_some_and(|before| before.is_empty() || before.ends_with('-'))
    };
    let exact = names.iter().find(|name| *name == wanted);
    exact
        .or_else(|| names.iter().find(ends))
        .map(String::as_str)
        .ok_or_else(|| {
            Failure::input(format!("unknown function: {wanted}"))
                .hint(format!("use one of: {}", names.join(", ")))
        })
}

/// Calls the function in the account, by the alias that has the traffic.
fn deployed(args: &args::Invoke, event: Bytes, console: &Console) -> Result<Invoked> {
    let project = Project::find(&args.which)?;
    let settings = Settings::load(project.package_dir(), &args.stage.stage)?;
    super::notes::note(&settings, console);
    deploy::block_on(async {
        let aws = aws::Account::connect(&args.account).await?;
        let app = host_manifest(&project, console)?.app;
        let names = Names::new(&app, &settings.stage, aws.region())?;
        let name = full_name(&names.function, args.function.as_deref());
        call(&aws, &name, args, event).await
    })
}

/// The name in the account: the API's function, a whole name, or what follows the API's.
fn full_name(api: &str, wanted: Option<&str>) -> String {
    match wanted {
        None => api.to_owned(),
        Some(wanted) if wanted.starts_with(api) => wanted.to_owned(),
        Some(wanted) => format!("{api}-{wanted}"),
    }
}

async fn call(
    lambda: &impl Lambda,
    name: &str,
    args: &args::Invoke,
    event: Bytes,
) -> Result<Invoked> {
    let context = args.client_context.as_deref();
    let invoked = lambda
        .invoke(name, Some(ALIAS), args.kind, event, context)
        .await;
    invoked.map_err(|error| {
        let missing = error.kind == aws::Kind::NotFound;
        let failure = error.into_failure(format!("cannot call the function: {name}"));
        if missing {
            failure.hint("run `cargo fw deploy` to deploy the app, or choose another place with `--stage`, `--region` and `--profile`")
        } else {
            failure
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::fake::Fake;

    #[test]
    fn a_function_is_chosen_by_its_name_or_the_end_of_it() {
        let names = ["notes-dev", "notes-dev-auth"].map(str::to_owned);
        assert_eq!(choose(&names, None).unwrap(), "notes-dev");
        assert_eq!(choose(&names, Some("auth")).unwrap(), "notes-dev-auth");
        assert_eq!(choose(&names, Some("notes-dev")).unwrap(), "notes-dev");
        let failure = choose(&names, Some("uth")).unwrap_err();
        assert_eq!(failure.exit(), Exit::Input);
        assert_eq!(
            failure.advice(),
            Some("use one of: notes-dev, notes-dev-auth")
        );
        assert_eq!(full_name("notes-dev", Some("auth")), "notes-dev-auth");
        assert_eq!(
            full_name("notes-dev", Some("notes-dev-auth")),
            "notes-dev-auth"
        );
    }

    #[tokio::test]
    async fn what_is_not_deployed_is_told_with_advice() {
        let failure = call(
            &Fake::default(),
            "notes-dev",
            &args::Invoke::default(),
            Bytes::new(),
        )
        .await
        .unwrap_err();
        assert!(failure.message().contains("notes-dev"), "{failure}");
        assert!(failure.advice().unwrap().contains("cargo fw deploy"));
    }
}
