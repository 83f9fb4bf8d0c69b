//! The functions: their code, versions and aliases. Each part of the app is one.

pub(crate) mod desired;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
