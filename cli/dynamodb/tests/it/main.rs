//! The database over HTTP, behind the endpoint of the services.

mod case;
mod client;
mod conformance;
mod endpoint;
mod mapping_cases;
mod mappings;
mod streaming;
