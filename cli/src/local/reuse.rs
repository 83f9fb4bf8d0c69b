//! Decides whether an invocation should wait briefly for a busy process instead of waking an idle
//! one.
//!
//! If many clients ask at once and each answer takes less than a millisecond, a few processes that
//! handle one invocation after another find warm processor caches; as many processes as clients, in
//! turns, never do. So if enough processes have just started an invocation, the next invocation
//! waits for one of them: briefly, and only if the function has been this fast before. Nothing else
//! changes: idle processes exist while it waits, so this causes no cold start, and a handler that
//! calls its own function gets an idle process after the wait.

use std::{num::NonZero, thread, time::Duration};

use tokio::time::Instant;

/// How long an invocation waits at most for a busy process while there are idle ones; the runtime's
/// timers may add a millisecond. If 32 clients call a function that answers in 0.2 ms, they wait
/// half of this for their turn. With 1 ms most waits ended with one more process awake, without a
/// gain.
pub(super) const WAIT: Duration = Duration::from_millis(4);
/// The maximum duration of a fast invocation.
const QUICK: Duration = Duration::from_millis(1);
/// The number of invocations whose fastest one counts as the function's speed.
const WINDOW: u32 = 64;

/// The state of a pool's processes, as far as it matters here.
#[derive(Debug)]
pub(super) struct Reuse {
    /// How many busy processes keep the machine busy.
    enough: usize,
    /// The busy processes, and since when.
    busy: Vec<(usize, Instant)>,
    /// The quickest invocation of the current window, and that of the one before.
    quickest: [Duration; 2],
    /// The number of invocations in the current window.
    seen: u32,
}

impl Default for Reuse {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Self::for_processors(processors)
    }
}

impl Reuse {
    /// One more than the processors: while one process posts its answer and polls again, the others
    /// work.
    fn for_processors(processors: usize) -> Self {
        Self {
            enough: processors.saturating_add(1),
            busy: Vec::new(),
            quickest: [Duration::MAX; 2],
            seen: 0,
        }
    }

    /// A process has begun an invocation.
    pub(super) fn begun(&mut self, process: usize, now: Instant) {
        self.busy.push((process, now));
    }

    /// A process has ended one, or itself.
    pub(super) fn ended(&mut self, process: usize, now: Instant) {
        let Some(at) = self.busy.iter().position(|(one, _)| *one == process) else {
            return;
        };
        let (_, since) = self.busy.swap_remove(at);
        let [current, before] = &mut self.quickest;
        *current = (*current).min(now.duration_since(since));
        self.seen += 1;
        if self.seen >= WINDOW {
            self.seen = 0;
            *before = std::mem::replace(current, Duration::MAX);
        }
    }

    /// True if enough processes are about to be free again.
    pub(super) fn suffices(&self, now: Instant) -> bool {
        self.busy.len() >= self.enough
            && self.quickest.iter().any(|quickest| *quickest < QUICK)
            && self
                .busy
                .iter()
                .filter(|(_, since)| now.duration_since(*since) < QUICK)
                .count()
                >= self.enough
    }
}

#[cfg(test)]
mod tests {
    use super::{QUICK, Reuse, WINDOW};
    use std::time::Duration;
    use tokio::time::Instant;

    /// Lets a process end an invocation of that length.
    fn pass(reuse: &mut Reuse, start: Instant, length: Duration) {
        reuse.begun(9, start);
        reuse.ended(9, start + length);
    }

    #[test]
    fn enough_young_invocations_of_a_quick_function_suffice() {
        let start = Instant::now();
        let mut reuse = Reuse::for_processors(1);
        pass(&mut reuse, start, QUICK / 2);
        reuse.begun(1, start);
        assert!(!reuse.suffices(start), "one is not enough");
        reuse.begun(2, start);
        assert!(reuse.suffices(start));
        assert!(!reuse.suffices(start + QUICK), "both have lasted too long");
        reuse.ended(2, start);
        assert!(!reuse.suffices(start));
        // An unknown process has not started.
        reuse.ended(7, start);
    }

    #[test]
    fn a_slow_function_is_not_waited_for() {
        let start = Instant::now();
        let mut reuse = Reuse::for_processors(1);
        reuse.begun(1, start);
        reuse.begun(2, start);
        assert!(!reuse.suffices(start), "nothing is known of it");
        pass(&mut reuse, start, QUICK / 2);
        assert!(reuse.suffices(start));
        // It has become slow: after two windows the fast one is forgotten.
        for _ in 0..2 * WINDOW {
            pass(&mut reuse, start, QUICK * 2);
        }
        assert!(!reuse.suffices(start));
    }
}
