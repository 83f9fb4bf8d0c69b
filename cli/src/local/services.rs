//! The AWS services that `cargo fw local` embeds, so that an app needs neither an account nor Docker.
//!
//! Each service is a server on a loopback port of its own that lives as long as its value.

pub(crate) mod dynamodb;
pub(crate) mod policy_guard;
pub(crate) mod s3;
