//! Log groups: of each function, and of the access log.

pub(crate) mod plan;
pub(crate) mod step;
