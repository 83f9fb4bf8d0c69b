//! The request limit of a route: a token bucket, with the clock as an argument.
//!
//! [Throttle requests to your HTTP APIs](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html)

use std::sync::{Mutex, PoisonError};

/// A limit on requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Throttle {
    /// How many requests per second are admitted on average.
    pub rate: f64,
    /// How many are admitted at once after a pause.
    pub burst: u32,
}

/// What is left of a limit.
#[derive(Debug, Clone, Copy)]
pub struct TokenBucket {
    throttle: Throttle,
    tokens: f64,
    at_ms: u64,
}

impl TokenBucket {
    /// A full bucket.
    #[must_use]
    pub fn new(throttle: Throttle) -> Self {
        Self {
            throttle,
            tokens: f64::from(throttle.burst),
            at_ms: 0,
        }
    }

    /// The limit.
    pub(super) fn throttle(&self) -> Throttle {
        self.throttle
    }

    /// Takes a token for a request at this time; there is none for a request above the limit. While
    /// a clock goes back, it counts as standing still.
    pub fn take(&mut self, now_ms: u64) -> bool {
        let passed = now_ms.saturating_sub(self.at_ms);
        self.at_ms = self.at_ms.max(now_ms);
        // A longer pause than the seven weeks that fit counts as that.
        let seconds = f64::from(u32::try_from(passed).unwrap_or(u32::MAX)) / 1000.0;
        let full = f64::from(self.throttle.burst);
        let rate = self.throttle.rate.max(0.0);
        self.tokens = (self.tokens + seconds * rate).min(full);
        let pass = self.tokens >= 1.0;
        if pass {
            self.tokens -= 1.0;
        }
        pass
    }
}

/// The buckets of a front door's routes. Copies of a front door share them.
#[derive(Debug, Default)]
pub(super) struct Buckets(Mutex<Vec<Option<TokenBucket>>>);

impl Buckets {
    /// A bucket for each route that has a limit.
    pub(super) fn new(limits: impl IntoIterator<Item = Option<Throttle>>) -> Option<Self> {
        let buckets: Vec<_> = limits
            .into_iter()
            .map(|limit| limit.map(TokenBucket::new))
            .collect();
        buckets
            .iter()
            .any(Option::is_some)
            .then(|| Self(Mutex::new(buckets)))
    }

    /// Takes over the state of routes with the same limit before; `before` returns a route's
    /// earlier index.
    pub(super) fn take_over(&self, former: &Self, before: impl Fn(usize) -> Option<usize>) {
        let then = former
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (route, bucket) in buckets.iter_mut().enumerate() {
            let Some(bucket) = bucket else { continue };
            let left = before(route).and_then(|route| *then.get(route)?);
            if let Some(left) = left.filter(|left| left.throttle == bucket.throttle) {
                *bucket = left;
            }
        }
    }

    /// True if a route accepts one more request now.
    pub(super) fn take(&self, route: usize, now_ms: u64) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match buckets.get_mut(route) {
            Some(Some(bucket)) => bucket.take(now_ms),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_a_burst_pass_and_then_the_rate() {
        let mut bucket = TokenBucket::new(Throttle {
            rate: 2.0,
            burst: 3,
        });
        let now = 1_700_000_000_000;
        let mut passed = |at: u64| (0..10).filter(|_| bucket.take(now + at)).count();
        assert_eq!(passed(0), 3);
        assert_eq!(passed(499), 0);
        assert_eq!(passed(500), 1);
        assert_eq!(passed(1_500), 2);
        assert_eq!(passed(1_000), 0, "the clock went back");
        assert_eq!(passed(3_600_000), 3);
        assert_eq!(passed(u64::MAX - now), 3);
    }

    #[test]
    fn no_burst_and_no_rate_let_nothing_pass() {
        for throttle in [
            Throttle {
                rate: 100.0,
                burst: 0,
            },
            Throttle {
                rate: f64::NAN,
                burst: 0,
            },
            Throttle {
                rate: -1.0,
                burst: 0,
            },
        ] {
            let mut bucket = TokenBucket::new(throttle);
            assert!(!bucket.take(0) && !bucket.take(60_000), "{throttle:?}");
        }
    }

    #[test]
    fn routes_have_buckets_of_their_own() {
        assert!(Buckets::new([None, None]).is_none());
        let limit = Throttle {
            rate: 0.0,
            burst: 1,
        };
        let buckets = Buckets::new([Some(limit), None, Some(limit)]).expect("there are limits");
        let take = |route| (buckets.take(route, 0), buckets.take(route, 0));
        assert_eq!(
            (take(0), take(1), take(2)),
            ((true, false), (true, true), (true, false))
        );
    }
}
