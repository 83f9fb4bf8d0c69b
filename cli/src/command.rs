//! One short function for each command: its steps in order.

mod ci;
mod command_line;
mod completions;
mod contract;
mod delete;
mod deploy;
mod deployed;
mod diff;
mod doctor;
mod event;
mod gate;
mod info;
mod invoke;
mod list;
mod local;
mod logs;
mod metrics;
mod new;
mod notes;
mod open;
mod openapi;
mod package;
mod plan;
mod policy;
mod promote;
mod rollback;
mod routes;
mod running;
mod s3;
mod schedule;
mod services;
mod token;
mod unlock;
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
        Command::Plan(args) => plan::plan(args, console),
        Command::Url(args) => url::url(&args, console),
        Command::Info(args) => info::info(&args, console),
        Command::Open(args) => open::open(&args, console),
        Command::Logs(args) => logs::logs(&args, console),
        Command::Metrics(args) => metrics::metrics(&args, console),
        Command::Package(args) => package::package(&args, console),
        Command::Ci(args) => ci::ci(&args, console),
        Command::Doctor(args) => doctor::doctor(&args, console),
        Command::Policy(args) => policy::policy(&args, console),
        Command::List(args) => list::list(&args, console),
        Command::Rollback(args) => rollback::rollback(&args, console),
        Command::Promote(args) => promote::promote(&args, console),
        Command::Unlock(args) => unlock::unlock(&args, console),
        Command::Delete(args) => delete::delete(&args, console),
        Command::Invoke(args) => invoke::invoke(&args, console),
        Command::Send(args) => running::send(&args, console),
        Command::Publish(args) => running::publish(&args, console),
        Command::PutEvent(args) => running::put_event(&args, console),
        Command::Fire(args) => running::fire(&args, console),
        Command::Queues(args) => running::queues(&args, console),
        Command::S3(args) => s3::s3(&args, console),
        Command::Clock(args) => running::clock(&args, console),
        Command::Event(args) => event::event(&args, console),
        Command::Token(args) => token::token(&args, console),
        Command::Routes(args) => routes::routes(&args, console),
        Command::Manifest(args) => routes::manifest(&args, console),
        Command::OpenApi(args) => openapi::openapi(&args, console),
        Command::Docs(args) => openapi::docs(&args, console),
        Command::Client(args) => openapi::client(&args, console),
        Command::Diff(args) => diff::diff(&args, console),
        Command::Schedule(args) => schedule::schedule(&args, console),
        Command::Services(args) => services::services(&args, console),
        Command::Completions(args) => completions::completions(&args, console),
        Command::Man(args) => completions::man(&args, console),
    }
}
