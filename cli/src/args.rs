//! The command line as written; [`crate::settings`] and the commands resolve it.

mod check;
mod deploy;
mod event;
mod local;
mod running;
mod s3;
mod see;
mod services;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};

pub(crate) use self::check::{
    Client, ClientLanguage, Diff, Docs, OpenApi, OpenApiVersion, Schedule, ScheduleCommand,
    ScheduleNext, ScheduleService,
};
pub(crate) use self::deploy::{
    Approval, Ci, CiService, Delete, Deploy, Deployment, Package, PackageFormat, Plan, Policy,
    Rollback,
};
pub(crate) use self::event::{
    BusEvent, Event, EventFormat, EventKind, GatewayEvent, ObjectEvent, QueueEvent, ScheduleEvent,
    TopicEvent,
};
pub(crate) use self::local::{Invoke, Local, Token};
pub(crate) use self::running::{
    Clock, ClockCommand, Fire, Publish, PutEvent, Queues, RunningApp, Send,
};
pub(crate) use self::s3::{S3, S3Command, S3Cp, S3Ls, S3Mb, S3Presign, S3Server};
pub(crate) use self::see::{Deployed, Doctor, List, Logs, Metrics};
pub(crate) use self::services::Services;
use crate::{
    console::{Color, Verbosity},
    error::Exit,
    values::names::DEFAULT_STAGE,
};

/// Serve an fw app locally as the cloud will, and deploy it to AWS Lambda.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-fw",
    bin_name = "cargo fw",
    version,
    after_help = "Examples:\n  cargo fw new hello             create a project\n  cargo fw local                 serve it on http://localhost:8000\n  cargo fw deploy --plan         show what a deploy would change\n  cargo fw deploy --stage prod   deploy\n  cargo fw url --stage prod      print its URL\n\nExit codes:\n  0 done, 1 failed, 2 `--plan` found changes, 3 the function returned an error, 4 the API would break\n  its clients, 64 usage, 65 settings or manifest, 69 unavailable, 77 credentials, 101 build failed, 130 interrupted",
    max_term_width = 100
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print more: what runs, and why
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,

    /// Print only results and failures
    #[arg(short, long, global = true)]
    quiet: bool,

    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

/// The command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a project in a new folder
    New(New),
    /// Add what is missing for a project to this folder; existing files are not changed
    Init(Init),
    /// Serve the app locally as the cloud will
    Local(Local),
    /// Deploy the app: plan, build, upload, routes, permissions
    Deploy(Deploy),
    /// Show what a deploy would change; exits with 2 if there are changes
    Plan(Plan),
    /// Print the URL of the deployed app
    Url(Deployed),
    /// Show what is deployed: URL, function, version, routes
    Info(Deployed),
    /// Open the deployed app in the browser
    Open(Deployed),
    /// Show the deployed app's logs
    Logs(Logs),
    /// Show the deployed app's invocations, errors, durations and cold starts
    Metrics(Metrics),
    /// Show the app's permissions in the account: derived from its sources, and added by the settings
    Policy(Policy),
    /// Write a template and a zip that another tool can deploy
    Package(Package),
    /// Write a CI workflow that plans and deploys
    Ci(Ci),
    /// Check this machine and the account, and say how to fix problems
    Doctor(Doctor),
    /// List the apps and stages that are deployed in the region
    List(List),
    /// Return the traffic to an earlier version, or end a canary
    Rollback(Rollback),
    /// Give a canary all traffic
    #[command(
        after_help = "Examples:\n  cargo fw deploy --canary 10%                 give the new version a tenth of the traffic\n  cargo fw promote                             give it all traffic\n  cargo fw promote --app notes --stage prod    without its sources"
    )]
    Promote(Deployment),
    /// Remove the stale lock of a killed deploy
    #[command(
        after_help = "Examples:\n  cargo fw unlock                              show who took the lock and when, and remove it\n  cargo fw unlock --app notes --stage prod     without its sources"
    )]
    Unlock(Deployment),
    /// Delete everything that `deploy` created
    Delete(Delete),
    /// Invoke a function directly, locally or deployed
    Invoke(Invoke),
    /// Send a message to a queue of the running local server
    Send(Send),
    /// Publish a message to a topic of the running local server
    Publish(Publish),
    /// Put an event on an event bus of the running local server
    PutEvent(PutEvent),
    /// Invoke the function of a schedule now, in the running local server
    Fire(Fire),
    /// Show the queues of the running local server, or send dead letters back
    Queues(Queues),
    /// List, copy and presign the objects of the embedded S3
    S3(S3),
    /// Show the clock of the running local server's services, or move it forward
    Clock(Clock),
    /// Print the event with which a gateway, queue, topic, bucket, bus or schedule invokes a function
    Event(Event),
    /// Print a token that only the local server accepts
    Token(Token),
    /// Print the app's routes
    Routes(Routes),
    /// Print the app's manifest as JSON
    Manifest(Manifest),
    /// Print the OpenAPI document of the app's API
    #[command(name = "openapi")]
    OpenApi(OpenApi),
    /// Write a page that shows the app's API: one HTML file
    Docs(Docs),
    /// Write a client for the app's API
    Client(Client),
    /// Compare two OpenAPI documents: does the second break clients of the first?
    Diff(Diff),
    /// Check a schedule expression and print when it fires
    Schedule(Schedule),
    /// Serve queues and topics locally without an app, for tests in any language
    Services(Services),
    /// Print a script with which a shell completes `cargo fw`
    Completions(Completions),
    /// Write the manual: one page, or a page for each command
    Man(Man),
}

/// A project's template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// One route with a greeting
    #[default]
    Hello,
    /// Notes: types, errors, tests, an OpenAPI document
    Api,
    /// Documents in an S3 bucket
    S3,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw new hello\n  cargo fw new notes --template s3\n  cargo fw new apps/notes        join the workspace in a parent folder"
)]
pub(crate) struct New {
    /// The project's folder
    pub(crate) path: PathBuf,
    /// The project's name [default: the folder's]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The template to start from
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) template: Template,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo fw init\n  cargo fw init --name notes --template s3")]
pub(crate) struct Init {
    /// The project's name [default: the package's, else the folder's]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The template to start from
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) template: Template,
}

/// Which package and binary, for each command that builds.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Which {
    /// The package, if the workspace has more than one
    #[arg(short, long, value_name = "PKG")]
    pub(crate) package: Option<String>,
    /// The binary, if the package has more than one
    #[arg(long, value_name = "NAME")]
    pub(crate) bin: Option<String>,
}

#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Stage {
    /// The stage, which has its own settings and its own resources in the account
    #[arg(long, env = crate::env::FW_STAGE, default_value = DEFAULT_STAGE)]
    pub(crate) stage: String,
}

/// The output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    #[default]
    Text,
    /// For scripts
    Json,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw routes\n  cargo fw routes --output json | jq '.[].path'"
)]
pub(crate) struct Routes {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cargo fw manifest > manifest.json")]
pub(crate) struct Manifest {
    #[command(flatten)]
    pub(crate) which: Which,
}

/// A shell that can complete `cargo fw`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Fish,
    Zsh,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  source <(cargo fw completions bash)           # in ~/.bashrc, after cargo's own completions\n  cargo fw completions zsh > ~/.zfunc/_cargo-fw  # with `fpath+=~/.zfunc` before `compinit`\n  cargo fw completions fish > ~/.config/fish/conf.d/cargo-fw.fish"
)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw man > cargo-fw.1\n  cargo fw man ~/.local/share/man/man1      then: man cargo-fw, man cargo-fw-local"
)]
pub(crate) struct Man {
    /// The folder for a page of each command [default: print the first page]
    pub(crate) folder: Option<PathBuf>,
}

/// Output of clap instead of a command: help, the version, or a usage error.
pub(crate) struct Shown(clap::Error);

impl Shown {
    /// Prints it and returns the exit code: 0 for help and version, 64 for an error.
    pub(crate) fn print(&self) -> ExitCode {
        // If this cannot be printed, the exit code still reports the error.
        let _ = self.0.print();
        if self.0.use_stderr() {
            Exit::Usage.into()
        } else {
            Exit::Success.into()
        }
    }
}

impl Args {
    /// The process's own arguments, without the `fw` that cargo puts first for its subcommands.
    pub(crate) fn from_env() -> Result<Self, Shown> {
        let mut args: Vec<_> = std::env::args_os().collect();
        if args.get(1).is_some_and(|first| first == "fw") {
            args.remove(1);
        }
        Self::try_parse_from(args).map_err(Shown)
    }

    pub(crate) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Args::command().debug_assert();
    }
}
