//! Why a message or an event failed, for the test client: the log has these reasons, and Lambda's answer does not.

use std::fmt;

#[cfg(feature = "test")]
thread_local! {
    /// What failed in the invocation that this thread collects, if any: the test client runs a handler on the test's own thread.
    static REASONS: std::cell::RefCell<Option<Vec<String>>> =
        const { std::cell::RefCell::new(None) };
}

/// Keeps a reason for whoever collects them on this thread.
#[cfg(feature = "test")]
pub(super) fn note(reason: fmt::Arguments<'_>) {
    REASONS.with_borrow_mut(|reasons| {
        if let Some(reasons) = reasons {
            reasons.push(reason.to_string());
        }
    });
}

/// Without the test client nobody collects.
#[cfg(not(feature = "test"))]
pub(super) fn note(_: fmt::Arguments<'_>) {}

/// What `run` returns, and the reasons of what failed in it, in their order.
#[cfg(feature = "test")]
pub(crate) fn collect<T>(run: impl FnOnce() -> T) -> (T, Vec<String>) {
    REASONS.set(Some(Vec::new()));
    let done = run();
    (done, REASONS.take().unwrap_or_default())
}
