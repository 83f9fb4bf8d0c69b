//! Kinds of resources: each is a folder that says all about itself.
//!
//! A kind's folder holds what it should be (`desired`), what it is (`found`), the steps between (`plan`), each step (`step`), the
//! calls of AWS (`calls`), its part of each template (`template`), and an account in memory for tests (`fake`). `plan.rs`,
//! `observe.rs` and `check.rs` above say when each kind has its turn. docs/adding-a-kind.md walks through one.

pub(crate) mod access_log;
pub(crate) mod artifact_bucket;
pub(crate) mod bucket;
pub(crate) mod bus;
pub(crate) mod domain;
pub(crate) mod found;
pub(crate) mod function;
pub(crate) mod function_url;
pub(crate) mod http_api;
pub(crate) mod invoke_config;
pub(crate) mod log_group;
pub(crate) mod mapping;
pub(crate) mod naming;
pub(crate) mod note;
pub(crate) mod permission;
pub(crate) mod queue;
pub(crate) mod rest_api;
pub(crate) mod role;
pub(crate) mod schedule;
pub(crate) mod tag;
pub(crate) mod topic;
