//! One short function for each command: the story of what it does.

mod routes;

use crate::{
    args::{Args, Command},
    console::Console,
    error::{Exit, Result},
};

/// Runs the command.
pub(crate) fn run(args: Args, console: &Console) -> Result<Exit> {
    match args.command {
        Command::Routes(args) => routes::routes(&args, console),
        Command::Manifest(args) => routes::manifest(&args, console),
        Command::New(_)
        | Command::Init(_)
        | Command::Local(_)
        | Command::Deploy(_)
        | Command::Url(_)
        | Command::Delete(_) => {
            console.line("nothing yet");
            Ok(Exit::Failure)
        }
    }
}
