//! Kinds of resources beside the functions and their gateway: each is a folder that says all about itself.
//!
//! A kind's folder holds what it should be (`desired`), what it is (`found`), the steps between (`plan`), each step (`step`), the
//! calls of AWS (`calls`), its part of each template (`template`), and an account in memory for tests (`fake`). `plan.rs`,
//! `observe.rs` and `check.rs` above say when each kind has its turn. docs/adding-a-kind.md walks through one.

pub(crate) mod bus;
pub(crate) mod found;
pub(crate) mod invoke_config;
pub(crate) mod mapping;
pub(crate) mod naming;
pub(crate) mod note;
pub(crate) mod permission;
pub(crate) mod queue;
pub(crate) mod schedule;
pub(crate) mod topic;
