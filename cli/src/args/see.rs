//! The arguments of commands that read an account and change nothing.

use super::{Deployment, Output, Stage, Which};
use crate::values::{account::WhichAccount, since::Since};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  curl -i $(cargo fw url)/hello\n  cargo fw info --stage prod --output json\n  cargo fw open --stage prod\n  cargo fw info --app notes         without its sources"
)]
pub(crate) struct Deployed {
    #[command(flatten)]
    pub(crate) what: Deployment,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw logs                          show the last ten minutes\n  cargo fw logs -f --filter ERROR        continue until Ctrl-C\n  cargo fw logs --since 2h --request-id 8f5c0a16-0d2e-4c11-9d3f-1f4f5a3c8b11"
)]
pub(crate) struct Logs {
    #[command(flatten)]
    pub(crate) deployed: Deployed,
    /// Show new lines until Ctrl-C
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Start of the time range: `30s`, `10m`, `2h`, `7d` ago, or a timestamp
    #[arg(long, value_name = "WHEN", default_value = "10m", value_parser = Since::parse)]
    pub(crate) since: Since,
    /// Only this function of the app: its name, with or without the prefix of app and stage
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
    /// Only lines with this request id
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// Only lines that match: a word, or a CloudWatch Logs filter pattern
    #[arg(long, value_name = "PATTERN")]
    pub(crate) filter: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw metrics                  show the last hour\n  cargo fw metrics --since 7d --output json"
)]
pub(crate) struct Metrics {
    #[command(flatten)]
    pub(crate) deployed: Deployed,
    /// Start of the time range: `30s`, `10m`, `2h`, `7d` ago, or a timestamp
    #[arg(long, value_name = "WHEN", default_value = "1h", value_parser = Since::parse)]
    pub(crate) since: Since,
    /// Only this function of the app
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw doctor                 toolchain, target, credentials, permissions, quotas, clock\n  cargo fw doctor --profile work --output json\n\nExit codes: 0 everything works (possibly with warnings), 1 something fails"
)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    #[command(flatten)]
    pub(crate) account: WhichAccount,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw list\n  cargo fw list --region eu-central-1 --output json"
)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) account: WhichAccount,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
}
