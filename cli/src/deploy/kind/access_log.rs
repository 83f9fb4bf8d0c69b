//! The access log of the gateway: `[access_log]`. Its log group is created by `kind/log_group.rs`, and the stage of the API writes to it.

pub(crate) mod found;
