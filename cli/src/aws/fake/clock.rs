//! Virtual time: a call takes one tick or some, and the clock stands still while anything can go on.
//!
//! Time passes only when every call that runs has been waited for once more: then the one that is due next ends. So two runs of
//! one story are the same, whatever the machine does, and the time that a story takes is the length of its longest chain.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// How long calls take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Latency {
    /// Each one tick.
    Even,
    /// One to three ticks, otherwise for each seed.
    Uneven(u64),
}

/// The clock of an account in memory.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// No time passes without it.
    latency: Cell<Option<Latency>>,
    now: Cell<u64>,
    calls: Cell<u64>,
    /// The calls that run: when each is due, and its number.
    due: RefCell<BTreeSet<(u64, u64)>>,
}

impl Clock {
    /// From now on calls take time.
    pub(crate) fn start(&self, latency: Latency) {
        self.latency.set(Some(latency));
        self.now.set(0);
    }

    /// How many ticks have passed since it was started.
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    /// Waits as long as the next call takes.
    pub(super) async fn call(&self) {
        let Some(latency) = self.latency.get() else {
            return;
        };
        let number = self.calls.get();
        self.calls.set(number + 1);
        let ticks = match latency {
            Latency::Even => 1,
            Latency::Uneven(seed) => {
                let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed;
                1 + mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9) % 1009 % 3
            }
        };
        let due = (self.now.get() + ticks, number);
        self.due.borrow_mut().insert(due);
        Turn {
            clock: self,
            due,
            waited: false,
        }
        .await;
    }
}

/// A call that takes time.
struct Turn<'a> {
    clock: &'a Clock,
    due: (u64, u64),
    waited: bool,
}

impl Future for Turn<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let next = self.clock.due.borrow().first().copied();
        if self.waited && next == Some(self.due) {
            self.clock.now.set(self.due.0);
            return Poll::Ready(());
        }
        self.waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.clock.due.borrow_mut().remove(&self.due);
    }
}
