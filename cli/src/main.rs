//! `cargo fw`.
#![cfg_attr(
    not(test),
    expect(dead_code, reason = "the lead's main.rs will use it")
)]

mod local {
    //! `cargo fw local`.
    pub(crate) mod services;
}

fn main() {}
