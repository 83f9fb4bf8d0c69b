//! The arguments of `cargo fw services`.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw services                              serve on http://127.0.0.1:4566\n  cargo fw services --port 0 --data .services    on a free port, with state that survives a restart\n  AWS_ENDPOINT_URL=http://127.0.0.1:4566 pytest  use them"
)]
pub(crate) struct Services {
    /// The port to listen on; 0 takes any free port
    #[arg(long, default_value_t = 4566, value_name = "PORT")]
    pub(crate) port: u16,
    /// The folder that keeps queues and topics across restarts [default: none, they are lost when the command ends]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}
