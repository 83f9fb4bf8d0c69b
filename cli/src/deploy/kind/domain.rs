//! The custom domain in front of the API: `[domain]`.

pub(crate) mod check;
pub(crate) mod found;
pub(crate) mod plan;
pub(crate) mod step;
