//! Whether an invocation does better to wait a moment for a busy process than to wake an idle one.
//!
//! Where many ask at once and each answer takes less than a millisecond, a few processes that go on from one invocation to the next
//! find the processor's caches as they left them; as many processes as there are clients, taking turns, never do. So when
//! enough processes have only just begun, the next invocation waits for one of them: briefly, and only where the function has
//! been seen to be that quick. Nothing else changes: it waits beside idle processes, so no cold start comes of it, and a handler
//! that calls its own function gets an idle process when the wait is over.

use std::{num::NonZero, thread, time::Duration};

use tokio::time::Instant;

/// How long an invocation waits at most for a busy process while there are idle ones; the runtime's timers may make it a
/// millisecond more. Where 32 clients ask a function that answers in 0.2 ms, they wait half of that for their turn; at 1 ms most waits
/// ended with one more process awake, and nothing was gained.
pub(super) const WAIT: Duration = Duration::from_millis(4);
/// How long a quick invocation lasts at most.
const QUICK: Duration = Duration::from_millis(1);
/// Of how many invocations the quickest one says how quick the function is.
const WINDOW: u32 = 64;

/// What the processes of a pool are busy with, as far as it matters here.
#[derive(Debug)]
pub(super) struct Haste {
    /// How many processes are enough to keep the machine busy.
    enough: usize,
    /// The busy processes, and since when.
    busy: Vec<(usize, Instant)>,
    /// The quickest invocation of the current window, and that of the one before.
    quickest: [Duration; 2],
    /// How many invocations the current window has.
    seen: u32,
}

impl Default for Haste {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Self::for_processors(processors)
    }
}

impl Haste {
    /// One more than the processors: while one process tells its answer and asks for more, the others work.
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

    /// Whether enough processes are about to be free again.
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
    use super::{Haste, QUICK, WINDOW};
    use std::time::Duration;
    use tokio::time::Instant;

    /// Lets a process end an invocation of that length.
    fn pass(haste: &mut Haste, start: Instant, length: Duration) {
        haste.begun(9, start);
        haste.ended(9, start + length);
    }

    #[test]
    fn enough_young_invocations_of_a_quick_function_suffice() {
        let start = Instant::now();
        let mut haste = Haste::for_processors(1);
        pass(&mut haste, start, QUICK / 2);
        haste.begun(1, start);
        assert!(!haste.suffices(start), "one is not enough");
        haste.begun(2, start);
        assert!(haste.suffices(start));
        assert!(!haste.suffices(start + QUICK), "both have lasted too long");
        haste.ended(2, start);
        assert!(!haste.suffices(start));
        // One that is not known has not begun.
        haste.ended(7, start);
    }

    #[test]
    fn a_slow_function_is_not_waited_for() {
        let start = Instant::now();
        let mut haste = Haste::for_processors(1);
        haste.begun(1, start);
        haste.begun(2, start);
        assert!(!haste.suffices(start), "nothing is known of it");
        pass(&mut haste, start, QUICK / 2);
        assert!(haste.suffices(start));
        // It has become slow: after two windows the quick one is forgotten.
        for _ in 0..2 * WINDOW {
            pass(&mut haste, start, QUICK * 2);
        }
        assert!(!haste.suffices(start));
    }
}
