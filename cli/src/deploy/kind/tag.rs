//! Tags of the deployment's resources, where they are set by calls of their own.

pub(crate) mod step;
