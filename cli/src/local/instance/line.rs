//! A connection of a process to its Runtime API, as far as it matters to a call that waits on another one.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use fw_port_guard::Pair;

/// One connection. Cheap to clone.
#[derive(Clone, Debug)]
pub(in crate::local) struct Line(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Its ends, if it has some.
    ends: Option<Pair>,
    hung_up: AtomicBool,
}

impl Line {
    /// A connection between those ends.
    pub(in crate::local) fn new(ends: Option<Pair>) -> Self {
        Self(Arc::new(Inner {
            ends,
            hung_up: AtomicBool::new(false),
        }))
    }

    /// The process sends nothing more on it.
    pub(in crate::local) fn hang_up(&self) {
        self.0.hung_up.store(true, Ordering::Release);
    }

    /// True once the process sends nothing more on it. It may still read.
    pub(super) fn has_hung_up(&self) -> bool {
        self.0.hung_up.load(Ordering::Acquire)
    }

    /// True once nothing reads what is sent on it. A process that closes only its sending side
    /// still reads.
    pub(super) fn is_gone(&self) -> bool {
        self.has_hung_up() && !self.0.ends.is_some_and(is_held)
    }
}

/// For a half-closed connection only the system knows whether its other half is in use.
#[cfg(target_os = "linux")]
fn is_held(ends: Pair) -> bool {
    ends.is_held()
}

/// Without the system's word a connection that was closed by half is taken for one that was closed.
#[cfg(not(target_os = "linux"))]
fn is_held(_ends: Pair) -> bool {
    false
}
