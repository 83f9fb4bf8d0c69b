//! The framework from outside: apps behind each gateway in-process, and as processes under a Runtime API.

mod app;
mod authorizers;
mod bodies;
mod cors;
mod gateways;
mod heads;
mod lists;
mod middleware;
mod process;
mod resources;
mod runtime_api;
mod runtime_loop;
mod sources;
mod streams;
