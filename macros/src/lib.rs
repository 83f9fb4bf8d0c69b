//! The route macros of `fw`.
