//! The bucket through which a large zip reaches Lambda: one of the deployment's own, or `artifact_bucket` of the settings.

pub(crate) mod desired;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
