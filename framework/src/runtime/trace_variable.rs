//! `_X_AMZN_TRACE_ID`, the variable by which libraries find the trace of the invocation.
//!
//! AWS asks a runtime to set it for each invocation ("Building a custom runtime", docs.aws.amazon.com). The AWS SDK sends it on, and
//! Lambda finds by it that a function invokes itself in a circle ("Use Lambda recursive loop detection"): without it a circle costs
//! money until somebody sees it.
#![allow(
    unsafe_code,
    reason = "the standard library has no safe call that sets a variable"
)]

use std::env;

const NAME: &str = "_X_AMZN_TRACE_ID";

/// Sets the variable to that trace header, or removes it.
pub(super) fn set(trace: Option<&str>) {
    let known = env::var_os(NAME);
    if known.as_deref() == trace.map(AsRef::as_ref) {
        return;
    }
    // SAFETY: Nothing of Rust's can read the variables meanwhile, as the standard library locks them. C code could, in a thread that the
    // handler of an earlier invocation has left running: this is called between invocations. Lambda's own runtime for Rust takes that
    // risk too.
    unsafe {
        match trace {
            Some(trace) if !trace.contains('\0') => env::set_var(NAME, trace),
            _ => env::remove_var(NAME),
        }
    }
}
