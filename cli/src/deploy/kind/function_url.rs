//! The function URL, where the settings have it as the gateway.

pub(crate) mod plan;
pub(crate) mod step;
