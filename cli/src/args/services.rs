//! The arguments of `cargo fw services`.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw services                              serve on http://127.0.0.1:4566\n  cargo fw services --port 0 --data .services    on a free port, with state that survives a restart\n  cargo fw services --reset                      remove everything from those that run on port 4566\n  AWS_ENDPOINT_URL=http://127.0.0.1:4566 pytest  use them"
)]
pub(crate) struct Services {
    /// The port to listen on; 0 takes any free port
    #[arg(long, default_value_t = 4566, value_name = "PORT")]
    pub(crate) port: u16,
    /// The folder that keeps all resources and the clock across restarts [default: none, they are lost when the command ends]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Remove all queues, topics, buses and schedules from the services that run on this port, and exit
    #[arg(long, conflicts_with = "data")]
    pub(crate) reset: bool,
}
