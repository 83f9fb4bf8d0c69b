//! `cargo fw`.
fn main() {}
