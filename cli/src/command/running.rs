//! The services of a running `cargo fw local`, as `send`, `publish`, `put-event`, `fire`, `queues` and `clock` use them.
//!
//! The server announces its endpoint in the stage's data folder. The commands speak the services' own protocols with the developer's
//! key, and the endpoint's `/_fw/` paths for the rest.

mod client;
mod clock;
mod queues;
mod send;

use std::io::Read as _;

use serde_json::Value;

use self::client::Client;
pub(super) use self::{
    clock::clock,
    queues::queues,
    send::{fire, publish, put_event, send},
};
use super::local::app::App;
use crate::{
    args::RunningApp,
    error::{Context as _, Exit, Failure, Result},
    local::announcement::{Announcement, Endpoint},
};

/// A server that runs, and what is in its services.
struct Running {
    client: Client,
    stage: String,
    resources: Value,
}

/// Removes everything from the services at that URL.
///
/// # Errors
///
/// When nothing answers there, or another program does; exit code 69.
pub(super) fn reset(url: &str) -> Result<()> {
    let client = Client::new(url.to_owned());
    crate::deploy::block_on(async {
        let health = client.get("/_fw/health").await;
        if !health.is_ok_and(|health| health["status"] == "ok") {
            return Err(Failure::unavailable(format!(
                "`cargo fw services` does not answer at this address: {url}"
            ))
            .hint(
                "start it with `cargo fw services`, or pass the port that it runs on with `--port`",
            ));
        }
        client.post("/_fw/reset", &Value::Null).await.map(drop)
    })
}

impl Running {
    /// Finds the server of that app and stage.
    ///
    /// # Errors
    ///
    /// When none runs, or its app has no sources; exit code 69.
    async fn find(which: &RunningApp) -> Result<Self> {
        let app = App::find(which.bootstrap.as_deref(), &which.which, false)?;
        let stage = which.stage.stage.clone();
        let folder = app.data_dir(&stage);
        let Some(url) = Announcement::read(&folder, Endpoint::Services) else {
            return Err(none_runs(
                &stage,
                Announcement::read(&folder, Endpoint::Lambda).is_some(),
            ));
        };
        let client = Client::new(url);
        let resources = client.get("/_fw/resources").await?;
        Ok(Self {
            client,
            stage,
            resources,
        })
    }

    /// The names of the resources of a kind: the last part of the member `key`.
    fn names(&self, kind: &str, key: &str) -> Vec<String> {
        let all = self.resources[kind].as_array().into_iter().flatten();
        let name = |one: &Value| Some(one[key].as_str()?.rsplit(':').next()?.to_owned());
        all.filter_map(name).collect()
    }

    /// What the app calls the resource of that name.
    fn logical<'n>(&self, name: &'n str) -> &'n str {
        let inside = format!("-{}-", self.stage);
        let inside = name.split_once(&inside).map(|(_, rest)| rest);
        inside.map_or(name, |rest| rest.strip_suffix(".fifo").unwrap_or(rest))
    }

    /// The resource that is meant: by its whole name, or by the one that the app has for it.
    ///
    /// # Errors
    ///
    /// If no resource has this name; exit code 65.
    fn choose<'n>(&self, word: &str, names: &'n [String], wanted: &str) -> Result<&'n str> {
        let whole = names.iter().find(|name| *name == wanted);
        let found = whole.or_else(|| names.iter().find(|name| self.logical(name) == wanted));
        if let Some(found) = found {
            return Ok(found);
        }
        let failure = Failure::input(format!("unknown {word}: {}", wanted.escape_debug()));
        let known: Vec<_> = names.iter().map(|name| self.logical(name)).collect();
        let distance = |name: &&str| strsim::damerau_levenshtein(wanted, name);
        let near = known.iter().copied().min_by_key(distance);
        Err(
            match near.filter(|near| distance(near) <= 1 + near.len() / 3) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None if known.is_empty() => failure.hint(format!("the app has no {word}")),
                None => failure.hint(format!("use one of: {}", known.join(", "))),
            },
        )
    }
}

fn none_runs(stage: &str, serves: bool) -> Failure {
    if serves {
        return Failure::unavailable(
            "the running `cargo fw local` does not serve queues, topics or events",
        )
        .because_of("the services start if the app has sources, or with `--services-port`")
        .hint("list a source in `App::on(sources![…])`");
    }
    Failure::unavailable(format!(
        "`cargo fw local` is not running for this app and the stage `{stage}`"
    ))
    .hint("start `cargo fw local` in another terminal, or choose another stage with `--stage`")
}

/// The text of an argument, or of standard input for `-`.
fn text(argument: &str) -> Result<String> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.context("cannot read standard input")
        .map_err(|failure| failure.exiting(Exit::Input))?;
    Ok(text)
}
