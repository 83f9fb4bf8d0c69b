//! The arguments of what changes an account, or writes for what does: `deploy` and its kin, `policy`, `package`, `ci`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::{Output, Stage, Which};
use crate::values::account::WhichAccount;

/// When a deploy asks before it runs its plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Approval {
    /// Never
    Never,
    /// Before something is deleted, replaced or opened to more callers
    #[default]
    Deletions,
    /// Before anything is changed
    Any,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw plan                     the same as `cargo fw deploy --plan`\n  cargo fw plan --offline --save    write `fw.dev.snapshot.json` for you to commit\n  cargo fw plan --offline           show what has changed since then, without an account"
)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) account: WhichAccount,
    /// Compare settings, routes and permissions with the committed snapshot; needs no account
    #[arg(long, conflicts_with_all = ["profile", "region", "endpoint_url"])]
    pub(crate) offline: bool,
    /// Write the snapshot
    #[arg(long, requires = "offline")]
    pub(crate) save: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

impl Plan {
    /// The deploy that this plan is for.
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

/// A version's number.
fn version(text: &str) -> Result<u64, String> {
    let number = text.parse();
    number
        .map_err(|_| "give a version's number, such as `7`: `cargo fw info` lists them".to_owned())
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
    pub(crate) account: WhichAccount,
    /// Deploy this zip from `cargo fw package` instead of building
    #[arg(long, value_name = "FILE", conflicts_with = "bin")]
    pub(crate) artifact: Option<PathBuf>,
    /// Print the plan and stop; exits with 2 if there are changes
    #[arg(long)]
    pub(crate) plan: bool,
    /// Run the plan without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// When to ask before running the plan
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) require_approval: Approval,
    /// Give the new version this part of the traffic; later `promote` gives it all, `rollback` none
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) canary: Option<u32>,
    /// Do not try the artifact here before the upload: for an initialiser that needs something that exists only in the cloud
    #[arg(long)]
    pub(crate) no_trial: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// Which deployment, for each command that looks at one or changes it, and builds nothing that is uploaded.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Deployment {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) account: WhichAccount,
    /// The app's name; without it the app is built to find its name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["package", "bin"])]
    pub(crate) app: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw rollback                          return to the version before the current one\n  cargo fw rollback --to 7 --stage prod\n  cargo fw rollback --app notes --stage prod  without its sources"
)]
pub(crate) struct Rollback {
    #[command(flatten)]
    pub(crate) what: Deployment,
    /// The version to return to [default: the one before the current one]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    pub(crate) to: Option<u64>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw policy                  show each action and the calls that need it\n  cargo fw policy --output json | jq .document\n  cargo fw policy --function door  show the permissions of that authorizer's function"
)]
pub(crate) struct Policy {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// Only for one function: `app`, which answers requests, or an authorizer
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

/// The format for another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PackageFormat {
    /// For `sam deploy`
    Sam,
    /// For `aws cloudformation deploy`
    Cloudformation,
    /// For `terraform` or `tofu`, in JSON
    Terraform,
    /// Only the zip, for `cargo fw deploy --artifact`
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
    /// The output format
    #[arg(long, value_enum)]
    pub(crate) format: PackageFormat,
    /// The folder to write to; it is created if it is missing
    pub(crate) out: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  cargo fw ci github --stage prod --region eu-central-1")]
pub(crate) struct Ci {
    #[command(subcommand)]
    pub(crate) service: CiService,
}

/// The CI service.
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
    /// The AWS region to deploy to [default: `AWS_REGION`, else the profile's]
    #[arg(long)]
    pub(crate) region: Option<String>,
    /// The branch to deploy on push
    #[arg(long, default_value = "main")]
    pub(crate) branch: String,
    /// Overwrite an existing workflow
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw delete                     ask, then delete stage `dev`\n  cargo fw delete --stage pr-7 --yes --logs   delete the logs too, and do not ask\n  cargo fw delete --app notes         without its sources"
)]
pub(crate) struct Delete {
    #[command(flatten)]
    pub(crate) what: Deployment,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Delete the log groups too; otherwise they stay and expire by their retention
    #[arg(long)]
    pub(crate) logs: bool,
}
