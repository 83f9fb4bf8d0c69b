//! API keys, usage plans and throttling.
//!
//! AWS calls its limits targets, kept to as well as it can (`[D]` developer guide, api-gateway-request-throttling); here they are exact.
//! The clock is the request's arrival.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::{
    text::month_index,
    throttle::{Throttle, TokenBucket},
};

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The name in plans. Also its `apiKeyId` in the event, because nothing else identifies it
    /// here.
    pub name: String,
    /// The value that clients send: 20 to 128 characters on AWS.
    pub value: String,
    /// True if it is enabled.
    pub enabled: bool,
}

impl ApiKey {
    /// An enabled key.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            enabled: true,
        }
    }
}

/// Where the gateway finds a request's API key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ApiKeySource {
    /// In the header `x-api-key`.
    #[default]
    Header,
    /// In the authorizer's answer, as `usageIdentifierKey`. `[R]` gateway-truth §2.6
    Authorizer,
}

/// The limits for the holders of some keys.
#[derive(Debug, Clone, PartialEq)]
pub struct UsagePlan {
    /// The plan's name.
    pub name: String,
    /// The names of its keys.
    pub keys: Vec<String>,
    /// The request rate of each key.
    pub throttle: Option<Throttle>,
    /// The same for single methods, by the index of their route; it has priority over the plan's.
    pub method_throttles: BTreeMap<usize, Throttle>,
    /// The number of requests of each key.
    pub quota: Option<Quota>,
}

impl UsagePlan {
    /// A plan of some keys without limits.
    #[must_use]
    pub fn new(name: impl Into<String>, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            name: name.into(),
            keys: keys.into_iter().map(Into::into).collect(),
            throttle: None,
            method_throttles: BTreeMap::new(),
            quota: None,
        }
    }
}

/// The number of requests of a key in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many.
    pub limit: u64,
    /// In which time.
    pub period: QuotaPeriod,
    /// How many fewer requests the key has in its first period, AWS's `offset`.
    pub offset: u64,
}

/// The period of a quota. Periods start at midnight UTC, which is unverified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotaPeriod {
    /// A day.
    Day,
    /// A week, from Sunday; its first day is unverified.
    Week,
    /// A month of the calendar.
    Month,
}

impl QuotaPeriod {
    /// The number of the period that a moment is in.
    fn index(self, epoch_ms: u64) -> u64 {
        let days = epoch_ms / 86_400_000;
        match self {
            Self::Day => days,
            // 1970-01-01 was a Thursday.
            Self::Week => (days + 4) / 7,
            Self::Month => month_index(epoch_ms),
        }
    }
}

/// The usage so far. Clones share it, so a clone in the next configuration keeps its counts.
#[derive(Debug, Clone, Default)]
pub struct UsageMeter(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    buckets: HashMap<BucketKey, TokenBucket>,
    quotas: HashMap<(String, String), Used>,
}

/// The owner of a bucket: a plan for a key, for all or one of its methods; or a method for all
/// clients.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum BucketKey {
    Key(String, String, Option<usize>),
    Method(Option<usize>),
}

#[derive(Debug, Clone, Default)]
struct Used {
    period: u64,
    count: u64,
    /// True if the first period, with the offset, is over.
    renewed: bool,
}

/// Why a request is over a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OverLimit {
    /// Too fast.
    Throttled,
    /// Too many.
    QuotaExceeded,
}

impl UsageMeter {
    /// Counts a request of a key under a plan.
    pub(super) fn take_for_key(
        &self,
        plan: &UsagePlan,
        key: &str,
        route: usize,
        now_ms: u64,
    ) -> Result<(), OverLimit> {
        let mut counts = self.lock();
        let of_method = plan.method_throttles.get(&route);
        let throttle = of_method.or(plan.throttle.as_ref());
        if let Some(throttle) = throttle {
            let method = of_method.map(|_| route);
            let bucket = BucketKey::Key(plan.name.clone(), key.to_owned(), method);
            counts.take(bucket, throttle, now_ms)?;
        }
        // A throttled request does not count; which of the two AWS checks first is unverified.
        let Some(quota) = &plan.quota else {
            return Ok(());
        };
        let period = quota.period.index(now_ms);
        let used = counts
            .quotas
            .entry((plan.name.clone(), key.to_owned()))
            .or_insert_with(|| Used {
                period,
                ..Used::default()
            });
        if used.period != period {
            *used = Used {
                period,
                count: 0,
                renewed: true,
            };
        }
        let offset = if used.renewed { 0 } else { quota.offset };
        if used.count >= quota.limit.saturating_sub(offset) {
            return Err(OverLimit::QuotaExceeded);
        }
        used.count += 1;
        Ok(())
    }

    /// Takes over the usage; `now` returns the present index of an earlier method.
    pub(super) fn take_over(&self, former: &Self, now: impl Fn(usize) -> Option<usize>) {
        if Arc::ptr_eq(&self.0, &former.0) {
            return;
        }
        let (buckets, quotas) = {
            let then = former.lock();
            (then.buckets.clone(), then.quotas.clone())
        };
        let mut counts = self.lock();
        counts.quotas = quotas;
        for (key, bucket) in buckets {
            // The bucket of a method that no longer exists is dropped.
            let key = match key {
                BucketKey::Key(plan, key, Some(route)) => {
                    now(route).map(|route| BucketKey::Key(plan, key, Some(route)))
                }
                BucketKey::Method(Some(route)) => {
                    now(route).map(|route| BucketKey::Method(Some(route)))
                }
                common => Some(common),
            };
            if let Some(key) = key {
                counts.buckets.insert(key, bucket);
            }
        }
    }

    /// Counts a request of any client; `route` is nothing for the stage's own limit.
    pub(super) fn take(
        &self,
        throttle: &Throttle,
        route: Option<usize>,
        now_ms: u64,
    ) -> Result<(), OverLimit> {
        self.lock().take(BucketKey::Method(route), throttle, now_ms)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn take(&mut self, key: BucketKey, throttle: &Throttle, now_ms: u64) -> Result<(), OverLimit> {
        let bucket = self
            .buckets
            .entry(key)
            .or_insert_with(|| TokenBucket::new(*throttle));
        // A changed limit starts anew.
        if bucket.throttle() != *throttle {
            *bucket = TokenBucket::new(*throttle);
        }
        if bucket.take(now_ms) {
            Ok(())
        } else {
            Err(OverLimit::Throttled)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    fn plan(throttle: Option<Throttle>, quota: Option<Quota>) -> UsagePlan {
        UsagePlan {
            throttle,
            quota,
            ..UsagePlan::new("basic", ["a", "b"])
        }
    }

    #[test]
    fn a_bucket_empties_and_fills() {
        let meter = UsageMeter::default();
        let plan = plan(
            Some(Throttle {
                rate: 2.0,
                burst: 2,
            }),
            None,
        );
        let take = |key, at| meter.take_for_key(&plan, key, 0, at).is_ok();
        assert_eq!(
            [take("a", 0), take("a", 0), take("a", 0)],
            [true, true, false]
        );
        assert!(take("b", 0), "each key has its own");
        assert_eq!(
            [take("a", 499), take("a", 500), take("a", 500)],
            [false, true, false]
        );
        assert!(!take("a", 0), "a clock that goes back brings nothing");
        let clone = meter.clone();
        assert!(
            clone.take_for_key(&plan, "a", 0, 500).is_err(),
            "a clone shares the counts"
        );
        assert!(take("a", u64::MAX));
    }

    #[test]
    fn what_has_been_used_is_taken_over_with_the_methods_that_are_left() {
        let throttle = Throttle {
            rate: 0.0,
            burst: 1,
        };
        let quota = Quota {
            limit: 1,
            period: QuotaPeriod::Day,
            offset: 0,
        };
        let former = UsageMeter::default();
        let limited = plan(None, Some(quota));
        assert_eq!(former.take_for_key(&limited, "a", 0, 0), Ok(()));
        for route in 0..3 {
            assert_eq!(former.take(&throttle, Some(route), 0), Ok(()));
        }
        let meter = UsageMeter::default();
        // The first method is gone, the others have moved.
        meter.take_over(&former, |route| route.checked_sub(1));
        let quota = meter.take_for_key(&limited, "a", 0, 0);
        assert_eq!(quota, Err(OverLimit::QuotaExceeded));
        let taken = |route| meter.take(&throttle, Some(route), 0);
        let over = Err(OverLimit::Throttled);
        assert_eq!([taken(0), taken(1), taken(2)], [over, over, Ok(())]);
        let wider = Throttle {
            rate: 0.0,
            burst: 2,
        };
        assert_eq!(
            meter.take(&wider, Some(0), 0),
            Ok(()),
            "another limit is a new one"
        );
    }

    #[test]
    fn a_methods_throttle_goes_before_the_plans() {
        let meter = UsageMeter::default();
        let mut plan = plan(
            Some(Throttle {
                rate: 0.0,
                burst: 0,
            }),
            None,
        );
        plan.method_throttles.insert(
            1,
            Throttle {
                rate: 0.0,
                burst: 1,
            },
        );
        assert_eq!(
            meter.take_for_key(&plan, "a", 0, 0),
            Err(OverLimit::Throttled)
        );
        assert_eq!(meter.take_for_key(&plan, "a", 1, 0), Ok(()));
        assert_eq!(
            meter.take_for_key(&plan, "a", 1, 0),
            Err(OverLimit::Throttled)
        );
    }

    #[test]
    fn a_quota_begins_anew_with_its_period() {
        for (period, same, next) in [
            (QuotaPeriod::Day, DAY - 1, DAY),
            // From Thursday, 1970-01-01, to the Saturday and the Sunday.
            (QuotaPeriod::Week, 3 * DAY - 1, 3 * DAY),
            (QuotaPeriod::Month, 31 * DAY - 1, 31 * DAY),
        ] {
            let meter = UsageMeter::default();
            let quota = Quota {
                limit: 2,
                period,
                offset: 1,
            };
            let plan = plan(None, Some(quota));
            let take = |at| meter.take_for_key(&plan, "a", 0, at);
            assert_eq!(take(0), Ok(()), "{period:?}");
            assert_eq!(take(same), Err(OverLimit::QuotaExceeded), "{period:?}");
            assert_eq!(take(next), Ok(()), "{period:?}");
            assert_eq!(
                take(next),
                Ok(()),
                "the offset is of the first period: {period:?}"
            );
            assert_eq!(take(next), Err(OverLimit::QuotaExceeded), "{period:?}");
        }
    }
}
