//! `cargo fw`: serves an `fw` app locally as the cloud will, and deploys it to AWS Lambda.
//!
//! Parse, run, exit code; everything else is in the modules.

mod args;
mod artifact;
mod aws;
mod cargo;
mod command;
mod compile;
mod console;
mod deploy;
mod env;
mod error;
mod interrupt;
mod local;
mod logs_view;
mod manifest;
mod package;
mod policy;
mod private_files;
mod process;
mod project;
mod settings;
mod values;
mod watch;

use std::process::ExitCode;

use crate::{args::Args, console::Console};

fn main() -> ExitCode {
    let args = match Args::from_env() {
        Ok(args) => args,
        Err(shown) => return shown.print(),
    };
    let console = Console::new(args.verbosity(), args.color);
    match command::run(args, &console) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            console.failure(&failure);
            failure.exit().into()
        }
    }
}
