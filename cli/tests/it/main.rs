//! The CLI's real binary, run as a user runs it.

mod commands;
mod deploy_account;
mod deploy_around;
mod deploy_executed;
mod deploy_failures;
mod deploy_gateways;
mod deploy_large;
mod deploy_life;
mod deploy_moto;
mod deploy_roles;
mod deploy_settings;
mod deploy_support;
mod deploy_traffic;
mod deploy_whole;
mod doors_support;
mod local_access;
mod local_doors;
mod local_guarded;
mod local_invoke;
mod local_reload;
mod local_start;
mod local_support;
mod local_trace;
mod package;
mod replay;
mod see;
