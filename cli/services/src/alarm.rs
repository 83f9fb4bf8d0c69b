//! One timer for a service with schedules: it sleeps until the next of them is due, and does nothing in between.

use std::sync::{Arc, Weak};

use tokio::sync::Notify;

use crate::clock::Clock;

/// The most times that one schedule fires after a jump of the clock. What goes beyond is left out, as a clock that is moved by
/// years would fire millions of times.
pub(crate) const MOST_CATCH_UP: u32 = 1000;

/// A service with schedules.
pub(crate) trait Scheduled: Send + Sync + 'static {
    /// When the next schedule is due, in milliseconds since the epoch.
    fn next_due(&self) -> Option<u64>;

    /// Fires what is due by then.
    fn fire(self: &Arc<Self>, now_ms: u64);
}

/// Fires a service's schedules until the service is gone. `changed` is notified when another schedule may be the next.
pub(crate) async fn run<S: Scheduled>(service: Weak<S>, clock: Clock, changed: Arc<Notify>) {
    loop {
        let Some(due) = service.upgrade().map(|service| service.next_due()) else {
            return;
        };
        match due {
            Some(due) => tokio::select! {
                () = clock.sleep_until(due) => {}
                () = changed.notified() => continue,
            },
            None => {
                changed.notified().await;
                continue;
            }
        }
        let Some(service) = service.upgrade() else {
            return;
        };
        service.fire(clock.now_ms());
        // A jump of the clock can make much due at once: others have their turn in between.
        tokio::task::yield_now().await;
    }
}
