//! The roles of the functions, with their policies.

pub(crate) mod desired;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod step;
