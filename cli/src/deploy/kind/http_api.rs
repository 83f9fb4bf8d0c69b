//! The HTTP API, its integration, routes, authorizers and stage.

pub(crate) mod access;
pub(crate) mod desired;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
