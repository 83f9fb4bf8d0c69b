//! The services from outside, as clients and as a Rust program use them.

mod access;
mod declare;
mod events;
mod fuzz;
mod hostile;
mod scheduler;
mod support;
