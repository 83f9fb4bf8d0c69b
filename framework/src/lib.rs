//! An API-first web micro-framework that compiles to AWS Lambda.

#[cfg(feature = "gateway")]
pub mod gateway;
