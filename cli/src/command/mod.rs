//! One short function for each command: the story of what it does.

use crate::{
    args::{Args, Command},
    console::Console,
    error::{Exit, Result},
};

/// Runs the command.
pub(crate) fn run(args: Args, console: &Console) -> Result<Exit> {
    match args.command {
        Command::New(_)
        | Command::Init(_)
        | Command::Local(_)
        | Command::Deploy(_)
        | Command::Url(_)
        | Command::Delete(_)
        | Command::Routes(_)
        | Command::Manifest(_) => {
            console.line("nothing yet");
            Ok(Exit::Failure)
        }
    }
}
