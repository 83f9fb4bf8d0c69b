//! The REST API: imported as one document, with deployments, a stage, API keys and usage plans.

pub(crate) mod desired;
pub(crate) mod found;
pub(crate) mod keys;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod step;
pub(crate) mod usable_keys;
