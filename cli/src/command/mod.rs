//! One short function for each command: the story of what it does.

mod delete;
mod deploy;
mod local;
mod new;
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
        Command::New(args) => new::new(&args, console),
        Command::Init(args) => new::init(&args, console),
        Command::Local(args) => local::local(&args, console),
        Command::Deploy(args) => deploy::deploy(&args, console),
        Command::Url(args) => url::url(&args, console),
        Command::Delete(args) => delete::delete(&args, console),
        Command::Routes(args) => routes::routes(&args, console),
        Command::Manifest(args) => routes::manifest(&args, console),
    }
}
