//! The one clock under all services: real time plus an offset that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// The most that a clock can be advanced in all: a hundred years. Times stay far from the end of their range.
const FARTHEST_MS: u64 = 100 * 366 * 24 * 3600 * 1000;

/// A clock that runs with real time and can be moved forward. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The start in real time, in milliseconds since the epoch, and the same moment on the monotonic clock.
    epoch_ms: u64,
    started: Instant,
    offset_ms: AtomicU64,
    /// Wakes what waits when the offset changes.
    moved: watch::Sender<()>,
}

impl Default for Clock {
    fn default() -> Self {
        let epoch_ms = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, milliseconds);
        Self(Arc::new(Inner {
            epoch_ms,
            started: Instant::now(),
            offset_ms: AtomicU64::new(0),
            moved: watch::Sender::new(()),
        }))
    }
}

impl Clock {
    /// The time, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.0.epoch_ms
            + milliseconds(self.0.started.elapsed())
            + self.0.offset_ms.load(Ordering::SeqCst)
    }

    /// Moves the clock forward and wakes everything that is due by then. Returns the new time in milliseconds since the epoch.
    ///
    /// A clock can be advanced by a hundred years in all. What goes beyond is left out.
    pub fn advance(&self, by: Duration) -> u64 {
        let by = milliseconds(by).min(FARTHEST_MS);
        let _ = self
            .0
            .offset_ms
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |offset| {
                Some((offset + by).min(FARTHEST_MS))
            });
        self.0.moved.send_replace(());
        self.now_ms()
    }

    /// How far the clock has been advanced.
    pub(crate) fn offset_ms(&self) -> u64 {
        self.0.offset_ms.load(Ordering::SeqCst)
    }

    /// Returns when the clock shows that time, in milliseconds since the epoch, or later.
    pub async fn sleep_until(&self, at_ms: u64) {
        let mut moved = self.0.moved.subscribe();
        loop {
            let now = self.now_ms();
            if now >= at_ms {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(at_ms - now)) => {}
                // The sender lives as long as `self`.
                _ = moved.changed() => {}
            }
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A time in whole seconds: `2026-01-31T23:59:59Z`.
pub(crate) fn timestamp_s(at_ms: u64) -> String {
    let mut text = timestamp(at_ms);
    text.truncate(text.len() - ".123Z".len());
    text + "Z"
}

/// A time as AWS writes it: `2026-01-31T23:59:59.123Z`.
pub(crate) fn timestamp(at_ms: u64) -> String {
    let (days, in_day) = (at_ms / 86_400_000, at_ms % 86_400_000);
    let (seconds, millis) = (in_day / 1000, in_day % 1000);
    // Years begin in March here, so that the leap day is their last, and eras have 400 of them.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn advancing_wakes_a_sleeper() {
        let clock = Clock::default();
        let due = clock.now_ms() + 3_600_000;
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(due).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1800));
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1800));
        tokio::time::timeout(Duration::from_secs(5), sleeper)
            .await
            .expect("wakes")
            .expect("does not panic");
    }

    #[test]
    fn times_are_written_as_dates() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(timestamp(1_798_761_599_123), "2026-12-31T23:59:59.123Z");
    }

    #[test]
    fn a_clock_stays_within_its_range() {
        let clock = Clock::default();
        clock.advance(Duration::MAX);
        let farthest = clock.advance(Duration::MAX);
        assert!(farthest < u64::MAX / 2);
    }
}
