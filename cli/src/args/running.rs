//! The arguments of what talks to the services of a running `cargo fw local`.

use std::{path::PathBuf, time::Duration};

use clap::Subcommand;

use super::{Output, Stage, Which, local::duration};

/// Which server is meant: that of an app and a stage.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct RunningApp {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) stage: Stage,
    /// Find the server that runs with `--bootstrap` and this executable
    #[arg(long, value_name = "PATH", conflicts_with_all = ["package", "bin"])]
    pub(crate) bootstrap: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw send orders '{\"id\": 7}'\n  cargo fw send orders - < order.json\n  cargo fw send orders.fifo '{\"id\": 7}' --group customer-1"
)]
pub(crate) struct Send {
    /// The queue's name in the app
    pub(crate) queue: String,
    /// The message's body; `-` reads standard input
    pub(crate) body: String,
    /// The group of a message to a FIFO queue
    #[arg(long, value_name = "ID")]
    pub(crate) group: Option<String>,
    /// The id that identifies a repeated message in a FIFO queue
    #[arg(long, value_name = "ID")]
    pub(crate) deduplication_id: Option<String>,
    /// Seconds before the message can be received, 0 to 900
    #[arg(long, value_name = "SECONDS")]
    pub(crate) delay: Option<u32>,
    #[command(flatten)]
    pub(crate) app: RunningApp,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw publish alerts 'the disk is full'\n  cargo fw publish alerts - --subject Disk < alert.txt"
)]
pub(crate) struct Publish {
    /// The topic's name in the app
    pub(crate) topic: String,
    /// The message; `-` reads standard input
    pub(crate) message: String,
    /// The subject
    #[arg(long)]
    pub(crate) subject: Option<String>,
    #[command(flatten)]
    pub(crate) app: RunningApp,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw put-event --source shop --detail-type order-placed '{\"id\": 7}'\n  cargo fw put-event --bus trade --source bank --detail-type paid - < paid.json"
)]
pub(crate) struct PutEvent {
    /// The event's source
    #[arg(long)]
    pub(crate) source: String,
    /// The event's detail type
    #[arg(long, value_name = "TYPE")]
    pub(crate) detail_type: String,
    /// The event's detail, a JSON object; `-` reads standard input
    pub(crate) detail: String,
    /// The bus's name in the app [default: the account's default bus]
    #[arg(long)]
    pub(crate) bus: Option<String>,
    #[command(flatten)]
    pub(crate) app: RunningApp,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  cargo fw fire nightly     invoke the function of the schedule now"
)]
pub(crate) struct Fire {
    /// The schedule: the name of its function
    pub(crate) schedule: String,
    #[command(flatten)]
    pub(crate) app: RunningApp,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw queues                      show messages that wait, are in flight and failed\n  cargo fw queues --redrive orders-dead\n  cargo fw queues --output json | jq '.[].visible'"
)]
pub(crate) struct Queues {
    /// Send the messages of this dead-letter queue back to the queues that they came from
    #[arg(long, value_name = "QUEUE")]
    pub(crate) redrive: Option<String>,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) app: RunningApp,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw clock                 print the time of the services\n  cargo fw clock advance 3h      move it forward by three hours and run what is due by then"
)]
pub(crate) struct Clock {
    #[command(subcommand)]
    pub(crate) command: Option<ClockCommand>,
    #[command(flatten)]
    pub(crate) app: RunningApp,
}

/// What to do with the clock.
#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Move the clock of the services forward; it cannot go back
    #[command(after_help = "Example:\n  cargo fw clock advance 3h")]
    Advance {
        /// By how much: `90s`, `10m`, `3h`, `7d`
        #[arg(value_name = "TIME", value_parser = duration)]
        by: Duration,
        #[command(flatten)]
        app: RunningApp,
    },
}
