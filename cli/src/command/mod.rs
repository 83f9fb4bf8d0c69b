//! One short function for each command: the story of what it does.

mod delete;
mod deploy;
mod routes;
mod url;

use crate::{
    args::{Args, Command},
    console::Console,
    error::{Exit, Result},
};

/// Runs the command.
pub(crate) fn run(args: Args, console: &Console) -> Result<Exit> {
    match args.command {
        Command::Deploy(args) => deploy::deploy(&args, console),
        Command::Url(args) => url::url(&args, console),
        Command::Delete(args) => delete::delete(&args, console),
        Command::Routes(args) => routes::routes(&args, console),
        Command::Manifest(args) => routes::manifest(&args, console),
        Command::New(_) | Command::Init(_) | Command::Local(_) => {
            console.line("nothing yet");
            Ok(Exit::Failure)
        }
    }
}
