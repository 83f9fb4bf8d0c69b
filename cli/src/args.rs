//! The command line, as it is written; [`crate::settings`] and the commands resolve it.

use std::{net::IpAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    console::{Color, Verbosity},
    error::Exit,
    local::generation::Options,
    logs_view::since::Since,
    settings,
};

/// Serve an fw app locally as the cloud will, and deploy it to AWS Lambda.
#[derive(Debug, Parser)]
#[command(
    name = "cargo-fw",
    bin_name = "cargo fw",
    version,
    after_help = "Examples:\n  cargo fw new hello             make a project\n  cargo fw local                 serve it on http://localhost:8000\n  cargo fw deploy --plan         show what a deploy would do\n  cargo fw deploy --stage prod   deploy\n  cargo fw url --stage prod      print its URL\n\nExit codes:\n  0 done, 1 failed, 2 `--plan` found changes, 3 the function gave an error, 64 usage,\n  65 settings or manifest, 69 unavailable, 77 credentials, 101 build failed, 130 interrupted",
    max_term_width = 100
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Tell more: what is run, and why
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,

    /// Print results and failures only
    #[arg(short, long, global = true)]
    quiet: bool,

    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new project in a new folder
    New(New),
    /// Make a new project in this folder
    Init(Init),
    /// Serve the app locally, as the cloud will
    Local(Local),
    /// Deploy the app: plan, build, upload, routes, permissions
    Deploy(Deploy),
    /// Show what a deploy would change; exits with 2 when there is something
    Plan(Plan),
    /// Print the URL of the deployed app
    Url(Deployed),
    /// Show what is deployed: URL, function, version, routes
    Info(Deployed),
    /// Open the deployed app in the browser
    Open(Deployed),
    /// Show the deployed app's logs
    Logs(Logs),
    /// Show what the deployed app did: invocations, errors, durations, cold starts
    Metrics(Metrics),
    /// Show what the app may do in the account: derived from its sources, and added by the settings
    Policy(Policy),
    /// Write the deployment as a template and a zip, for another tool to deploy
    Package(Package),
    /// Write a pipeline that plans and deploys
    Ci(Ci),
    /// Check this machine and the account, and say how to mend what does not work
    Doctor(Doctor),
    /// List the apps and stages that are deployed in the account
    List(List),
    /// Send the traffic back to an earlier version, or end a canary
    Rollback(Rollback),
    /// Give a canary all of the traffic
    #[command(
        after_help = "Examples:\n  cargo fw deploy --canary 10%                 a tenth of the traffic goes to the new version\n  cargo fw promote                             all of it\n  cargo fw promote --app notes --stage prod    without the sources"
    )]
    Promote(Changed),
    /// Remove the lock that a killed deploy left
    #[command(
        after_help = "Examples:\n  cargo fw unlock                              tells whose it was, and since when\n  cargo fw unlock --app notes --stage prod     without the sources"
    )]
    Unlock(Changed),
    /// Delete the deployed app: everything that `deploy` made
    Delete(Delete),
    /// Call a function directly, locally or deployed
    Invoke(Invoke),
    /// Print the event that a gateway makes of a request
    Event(Event),
    /// Print a token that the local server accepts, and nobody else
    Token(Token),
    /// Print the app's routes
    Routes(Routes),
    /// Print the app's manifest as JSON
    Manifest(Manifest),
}

/// A project's template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// One route that greets
    #[default]
    Hello,
    /// Documents in an S3 bucket
    S3,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo fw new hello\n  cargo fw new notes --template s3")]
pub(crate) struct New {
    /// The project's name: its folder and its package
    pub(crate) name: String,
    /// What to start from
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) template: Template,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  cargo fw init\n  cargo fw init --name notes --template s3")]
pub(crate) struct Init {
    /// The project's name [default: the folder's]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// What to start from
    #[arg(short, long, value_enum, default_value_t)]
    pub(crate) template: Template,
}

/// Which package and binary, for each command that builds.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Which {
    /// The package, where the workspace has more than one
    #[arg(short, long, value_name = "PKG")]
    pub(crate) package: Option<String>,
    /// The binary, where the package has more than one
    #[arg(long, value_name = "NAME")]
    pub(crate) bin: Option<String>,
}

#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Stage {
    /// The stage: its settings, and in the account its resources
    #[arg(long, env = crate::env::FW_STAGE, default_value = settings::DEFAULT_STAGE)]
    pub(crate) stage: String,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw local                      build, serve, rebuild on every save\n  cargo fw local -p api --port 8080   another package, another port\n  cargo fw local --release            the very artifact that `deploy` uploads\n  cargo fw local --gateway rest-api   behind another gateway\n  cargo fw local --aws                with your own AWS credentials and services"
)]
pub(crate) struct Local {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Answer requests for this host as well, besides localhost and the address listened on; may be repeated
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// The port to listen on; 0 takes any free one
    #[arg(long, env = crate::env::FW_PORT, default_value_t = 8000)]
    pub(crate) port: u16,
    /// The gateway to model [default: the one in `fw.toml`, or else `http-api`]
    #[arg(long, value_enum)]
    pub(crate) gateway: Option<settings::Gateway>,
    /// Serve the release build: what `deploy` uploads
    #[arg(long)]
    pub(crate) release: bool,
    /// Do not watch the sources
    #[arg(long)]
    pub(crate) no_reload: bool,
    /// Serve this executable, which prints a manifest and polls the Runtime API, and build nothing
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin", "release", "no_reload"])]
    pub(crate) bootstrap: Option<PathBuf>,
    /// Let processes go on between invocations, where Lambda freezes them
    #[arg(long)]
    pub(crate) no_freeze: bool,
    /// Give the app only the variables that Lambda gives, and those of the settings and the embedded services
    #[arg(long)]
    pub(crate) strict_env: bool,
    /// Use this S3 server in place of the embedded one
    #[arg(long, value_name = "URL", conflicts_with = "aws")]
    pub(crate) s3_endpoint: Option<String>,
    /// Allow the app everything in the embedded services, not only what its policy allows in the account
    #[arg(long)]
    pub(crate) no_iam: bool,
    /// Use your own AWS credentials and the real services: the app reads and writes real data
    #[arg(long)]
    pub(crate) aws: bool,
}

impl Local {
    /// How the app's processes are run.
    pub(crate) fn options(&self) -> Options {
        Options {
            freeze: !self.no_freeze,
            strict_env: self.strict_env,
        }
    }
}

impl Default for Local {
    /// As without any flag, on any free port.
    fn default() -> Self {
        // The command line's own defaults, so that there is one place that says them.
        // Given, as the environment may hold something else.
        let given = ["--port", "0", "--stage", settings::DEFAULT_STAGE];
        let matches = <Self as clap::Args>::augment_args(clap::Command::new("local"))
            .no_binary_name(true)
            .try_get_matches_from(given);
        matches
            .and_then(|matches| <Self as clap::FromArgMatches>::from_arg_matches(&matches))
            .unwrap_or_else(|error| unreachable!("no argument is required: {error}"))
    }
}

/// Which account, for each command that calls AWS.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Account {
    /// The profile of your AWS configuration
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// The region
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// Call this address in place of AWS, for tests
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub(crate) endpoint_url: Option<String>,
}

/// When a deploy asks before it runs its plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approval {
    /// Never
    Never,
    /// Before something is deleted or replaced
    #[default]
    Deletions,
    /// Before anything is changed
    Any,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw plan                     as `cargo fw deploy --plan`\n  cargo fw plan --offline --save    write `fw.dev.snapshot.json`, to be committed\n  cargo fw plan --offline           what has changed since, without an account"
)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) account: Account,
    /// Compare with the committed snapshot: settings, routes and permissions, without the code
    #[arg(long, conflicts_with_all = ["profile", "region", "endpoint_url"])]
    pub(crate) offline: bool,
    /// Write the snapshot
    #[arg(long, requires = "offline")]
    pub(crate) save: bool,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

impl Plan {
    /// The deploy whose plan it is.
    pub(crate) fn into_deploy(self) -> Deploy {
        Deploy {
            which: self.which,
            stage: self.stage,
            account: self.account,
            plan: true,
            yes: false,
            require_approval: Approval::default(),
            canary: None,
            no_trial: true,
            artifact: None,
            output: self.output,
        }
    }
}

/// A part of the traffic, as `10%` or `10`.
fn percent(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse();
    match number {
        Ok(percent @ 1..=99) => Ok(percent),
        _ => Err("write a percentage from `1%` to `99%`".to_owned()),
    }
}

/// An address that calls can be sent to.
fn endpoint(text: &str) -> Result<String, String> {
    let known = |scheme: &str| matches!(scheme, "http" | "https");
    match text.parse::<http::Uri>() {
        Ok(uri)
            if uri.scheme_str().is_some_and(known)
                && uri.host().is_some_and(|host| !host.is_empty()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("write it with its scheme, such as `http://localhost:5000`".to_owned()),
    }
}

/// How a result is printed.
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
    after_help = "Examples:\n  cargo fw deploy --plan          print what would change, and change nothing\n  cargo fw deploy                 deploy stage `dev`\n  cargo fw deploy --stage prod --profile work --region eu-central-1"
)]
pub(crate) struct Deploy {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) account: Account,
    /// Deploy this zip, which `cargo fw package` wrote, and build nothing
    #[arg(long, value_name = "FILE", conflicts_with = "bin")]
    pub(crate) artifact: Option<PathBuf>,
    /// Print the plan and stop; exits with 2 when there are changes
    #[arg(long)]
    pub(crate) plan: bool,
    /// Agree to the plan without being asked
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// When to ask before the plan is run
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) require_approval: Approval,
    /// Give the new version that part of the traffic; `promote` gives it all, `rollback` none
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) canary: Option<u32>,
    /// Do not run the artifact here before it is uploaded: for an initialiser that needs what only the cloud has
    #[arg(long)]
    pub(crate) no_trial: bool,
    /// How to print the plan and the result
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  curl -i $(cargo fw url)/hello\n  cargo fw info --stage prod --output json\n  cargo fw open --stage prod"
)]
pub(crate) struct Deployed {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) account: Account,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// Which deployment, for each command that changes one and builds nothing that is uploaded.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Changed {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) account: Account,
    /// The app's name, where it is not to be asked by building the app
    #[arg(long, value_name = "NAME", conflicts_with_all = ["package", "bin"])]
    pub(crate) app: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw rollback                          the version before the one that serves\n  cargo fw rollback --to 7 --stage prod\n  cargo fw rollback --app notes --stage prod  without the sources"
)]
pub(crate) struct Rollback {
    #[command(flatten)]
    pub(crate) what: Changed,
    /// The version to go back to
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<u64>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw logs                          the last ten minutes\n  cargo fw logs -f --filter ERROR        go on until Ctrl-C\n  cargo fw logs --since 2h --request-id 8f5c0a16-0d2e-4c11-9d3f-1f4f5a3c8b11"
)]
pub(crate) struct Logs {
    #[command(flatten)]
    pub(crate) deployed: Deployed,
    /// Go on showing new lines until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// From when on: `30s`, `10m`, `2h`, `7d` ago, or a timestamp
    #[arg(long, value_name = "WHEN", default_value = "10m", value_parser = Since::parse)]
    pub(crate) since: Since,
    /// Only this function of the app: its name, with or without the app's and the stage's in front
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
    /// Only lines that have this request id
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// Only lines that match: a word, or a pattern of the log service's own
    #[arg(long, value_name = "PATTERN")]
    pub(crate) filter: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw metrics                  the last hour\n  cargo fw metrics --since 7d --output json"
)]
pub(crate) struct Metrics {
    #[command(flatten)]
    pub(crate) deployed: Deployed,
    /// From when on: `30s`, `10m`, `2h`, `7d` ago, or a timestamp
    #[arg(long, value_name = "WHEN", default_value = "1h", value_parser = Since::parse)]
    pub(crate) since: Since,
    /// Only this function of the app
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw policy                  each action, and the calls that need it\n  cargo fw policy --output json | jq .document"
)]
pub(crate) struct Policy {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// What another tool reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PackageFormat {
    /// For `sam deploy`
    Sam,
    /// For `aws cloudformation deploy`
    Cloudformation,
    /// For `terraform` or `tofu`, in JSON
    Terraform,
    /// The zip alone, for `cargo fw deploy --artifact`
    Zip,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw package --format sam dist\n  cargo fw package --format terraform --stage prod dist\n  cargo fw package --format zip dist && cargo fw deploy --artifact dist/notes-dev.zip"
)]
pub(crate) struct Package {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// What to write
    #[arg(long, value_enum)]
    pub(crate) format: PackageFormat,
    /// The folder to write into; made if it is missing
    pub(crate) out: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cargo fw ci github --stage prod --region eu-central-1")]
pub(crate) struct Ci {
    #[command(subcommand)]
    pub(crate) service: CiService,
}

/// Whose pipeline it is.
#[derive(Debug, Subcommand)]
pub(crate) enum CiService {
    /// A workflow for GitHub Actions, with OIDC and no stored key
    Github(Github),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Github {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// The region to deploy to
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// The branch whose pushes deploy
    #[arg(long, default_value = "main")]
    pub(crate) branch: String,
    /// Write over a workflow that is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw doctor                 toolchain, target, credentials, permissions, quotas, clock\n  cargo fw doctor --profile work --output json\n\nExit codes: 0 when everything works (warnings included), 1 when something does not"
)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) account: Account,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw list\n  cargo fw list --region eu-central-1 --output json"
)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) account: Account,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw delete                     ask, then delete stage `dev`\n  cargo fw delete --stage pr-7 --yes --logs   with its logs, without a question"
)]
pub(crate) struct Delete {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) account: Account,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Delete the log groups too; without it they stay, and their retention empties them
    #[arg(long)]
    pub(crate) logs: bool,
}

/// Print a token that the local server accepts, and nobody else.
///
/// It has the issuer and the audience of the settings' `[jwt.NAME]`, and is signed with a key of this project's own, which is made on first use and
/// kept in the target folder. Only `cargo fw local` of this project knows that key: a deployed API answers such a token with 401.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  curl -H \"authorization: Bearer $(cargo fw token)\" localhost:8000/notes                 200\n  curl -H \"authorization: Bearer $(cargo fw token --expired)\" localhost:8000/notes       401\n  cargo fw token --sub ann --scope notes:read --scope notes:write --claim team=blue --expires-in 10m"
)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// The token is for this executable, as with `cargo fw local --bootstrap`
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin"])]
    pub(crate) bootstrap: Option<PathBuf>,
    /// Which of the settings' `[jwt.NAME]`, where there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) jwt: Option<String>,
    /// Who the bearer is
    #[arg(long, default_value = "developer")]
    pub(crate) sub: String,
    /// A scope that the bearer has; may be repeated
    #[arg(long)]
    pub(crate) scope: Vec<String>,
    /// Another claim, over those above; the value is JSON, or else a text; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = claim)]
    pub(crate) claim: Vec<(String, serde_json::Value)>,
    /// Whom the token is for [default: the first audience of the settings]
    #[arg(long)]
    pub(crate) audience: Option<String>,
    /// How long it is good: 90s, 10m, 1h, 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration)]
    pub(crate) expires_in: Duration,
    /// Make one that was good until a minute ago
    #[arg(long)]
    pub(crate) expired: bool,
}

/// Reads `NAME=VALUE`.
fn claim(text: &str) -> Result<(String, serde_json::Value), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("it takes a name and a value: `team=blue`")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}

/// Reads a number with a unit.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "it takes a number and a unit: `90s`, `10m`, `1h`, `7d`".to_owned();
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(at);
    let seconds: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    // Longer than a hundred years is a slip of the hand.
    match number.checked_mul(seconds) {
        Some(seconds) if seconds <= 100 * 366 * 24 * 60 * 60 => Ok(Duration::from_secs(seconds)),
        _ => Err("it takes a hundred years at the most".to_owned()),
    }
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
    /// How to print them
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cargo fw manifest > manifest.json")]
pub(crate) struct Manifest {
    #[command(flatten)]
    pub(crate) which: Which,
}

/// How a function is called: the words of Lambda's Invoke API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum InvocationType {
    /// Wait for the result
    #[default]
    RequestResponse,
    /// Queue the event, with retries when the function fails
    Event,
    /// Only look whether the function could be called
    DryRun,
}

#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw invoke                                  the API's function, with an empty event\n  cargo fw event http-api GET /hello | cargo fw invoke --event -\n  cargo fw invoke --event event.json --deployed --stage prod\n\nWithout `--deployed`, `--profile`, `--region` or `--endpoint-url` the function runs here: in the running `cargo fw local`,\nor in a process of its own. Exits with 3 when the function gives an error"
)]
pub(crate) struct Invoke {
    /// The function [default: the API's]
    pub(crate) function: Option<String>,
    /// The event, a file with JSON, or `-` for standard input [default: an empty object]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
    /// How to call it
    #[arg(long = "type", value_enum, default_value_t, value_name = "TYPE")]
    pub(crate) kind: InvocationType,
    /// What the client says of itself, a JSON object: `{"custom": {"key": "value"}}`
    #[arg(long, value_name = "JSON")]
    pub(crate) client_context: Option<String>,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// Call the deployed function
    #[arg(long, alias = "remote")]
    pub(crate) deployed: bool,
    #[command(flatten)]
    pub(crate) account: Account,
    /// Call this executable, which prints a manifest and polls the Runtime API, and build nothing
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin", "deployed"])]
    pub(crate) bootstrap: Option<PathBuf>,
}

impl Invoke {
    /// Whether the account's function is meant.
    pub(crate) fn is_deployed(&self) -> bool {
        let Account {
            profile,
            region,
            endpoint_url,
        } = &self.account;
        self.deployed || profile.is_some() || region.is_some() || endpoint_url.is_some()
    }

    /// How `cargo fw local` would serve the app.
    pub(crate) fn as_local(&self) -> Local {
        Local {
            which: self.which.clone(),
            stage: self.stage.clone(),
            bootstrap: self.bootstrap.clone(),
            ..Local::default()
        }
    }
}

/// A gateway whose events can be printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventGateway {
    /// An HTTP API
    HttpApi,
    /// A REST API
    RestApi,
    /// A function URL
    FunctionUrl,
}

/// The version of an HTTP API's event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventFormat {
    /// The shape of REST APIs
    #[value(name = "1.0")]
    V1,
    /// The shape of HTTP APIs
    #[value(name = "2.0")]
    V2,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw event http-api GET '/items/7?full=1'\n  cargo fw event rest-api PUT /items/7 -H 'content-type: application/json' -d '{}' --stage prod\n  cargo fw event http-api GET /items/7 | cargo fw invoke --event -\n\nThe route is one of the app in this folder; without an app, one that takes everything"
)]
pub(crate) struct Event {
    /// Whose event
    #[arg(value_enum)]
    pub(crate) gateway: EventGateway,
    /// The request's method
    pub(crate) method: String,
    /// The request's path and query, behind the stage
    pub(crate) target: String,
    /// A header, `name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
    /// The body, `@FILE`, or `@-` for standard input
    #[arg(short, long)]
    pub(crate) data: Option<String>,
    /// The gateway's stage [default: `stage_name` of the settings, else `$default` of an HTTP API, `dev` of a REST API]
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// The route that takes the request, `GET /items/{id}`, in place of the app's
    #[arg(long, value_name = "ROUTE")]
    pub(crate) route: Option<String>,
    /// The version of an HTTP API's event [default: `payload_format` of the settings, else 2.0]
    #[arg(long, value_enum)]
    pub(crate) payload_format: Option<EventFormat>,
    #[command(flatten)]
    pub(crate) which: Which,
}

/// What clap has to show in place of a command: help, the version, or a usage error.
pub(crate) struct Shown(clap::Error);

impl Shown {
    /// Prints it, and gives the exit code: 0 for what was asked for, 64 for an error.
    pub(crate) fn print(&self) -> ExitCode {
        // Where even this cannot be printed, the exit code still tells.
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

    #[test]
    fn claims_and_times_are_read() {
        use std::time::Duration;

        use serde_json::json;

        let claims = [
            ("a=b", json!("b")),
            ("a=1", json!(1)),
            ("a=[\"x=y\"]", json!(["x=y"])),
            ("a=", json!("")),
        ];
        for (text, value) in claims {
            assert_eq!(super::claim(text), Ok(("a".to_owned(), value)), "{text}");
        }
        assert!(super::claim("a").is_err() && super::claim("=b").is_err());
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("1h", 3600),
            ("7d", 604_800),
            ("0s", 0),
        ] {
            assert_eq!(
                super::duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "1",
            "h",
            "1y",
            "-1h",
            "1.5h",
            "99999999999999999999s",
            "36601d",
        ] {
            assert!(super::duration(text).is_err(), "{text}");
        }
    }
}
