//! Answers of Lambda authorizers, kept for a while.

use std::collections::HashMap;

use bytes::Bytes;

/// How many answers are cached; AWS names no limit. Above it, the older half is dropped.
const CAPACITY: usize = 4096;

/// Cached answers of Lambda authorizers, by authorizer and identity. `[D]` gateway-truth §1.10: all
/// routes with the authorizer share an answer.
///
/// The clock is an argument. A clock that goes back makes answers valid for longer, by at most the
/// time that it went back.
#[derive(Debug, Default)]
pub struct AnswerCache {
    entries: HashMap<(usize, Vec<String>), Entry>,
}

#[derive(Debug)]
struct Entry {
    payload: Bytes,
    expires_ms: u64,
}

impl AnswerCache {
    /// The answer of an authorizer about an identity, if one is kept.
    #[must_use]
    pub fn get(&self, authorizer: usize, identity: &[String], now_ms: u64) -> Option<Bytes> {
        let entry = self.entries.get(&(authorizer, identity.to_vec()))?;
        (entry.expires_ms > now_ms).then(|| entry.payload.clone())
    }

    /// Keeps an answer for `ttl` seconds. Without an identity, or for no time, nothing is kept. `[D]` gateway-truth §1.10
    pub fn put(
        &mut self,
        authorizer: usize,
        identity: Vec<String>,
        payload: Bytes,
        ttl: u32,
        now_ms: u64,
    ) {
        if identity.is_empty() || ttl == 0 {
            return;
        }
        if self.entries.len() >= CAPACITY {
            self.entries.retain(|_, entry| entry.expires_ms > now_ms);
        }
        if self.entries.len() >= CAPACITY {
            // All candidates at once, so that a full cache is not searched again for the next
            // answer.
            let moments = self.entries.values().map(|entry| entry.expires_ms);
            let mut moments: Vec<u64> = moments.collect();
            let (_, &mut middle, _) = moments.select_nth_unstable(CAPACITY / 2);
            self.entries.retain(|_, entry| entry.expires_ms > middle);
        }
        let expires_ms = now_ms.saturating_add(u64::from(ttl) * 1000);
        self.entries.insert(
            (authorizer, identity),
            Entry {
                payload,
                expires_ms,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_an_answer_for_its_time() {
        let mut cache = AnswerCache::default();
        let who = || vec!["a".to_owned()];
        cache.put(0, who(), "yes".into(), 2, 1_000);
        assert_eq!(cache.get(0, &who(), 2_999), Some("yes".into()));
        assert_eq!(cache.get(0, &who(), 3_000), None);
        assert_eq!(cache.get(1, &who(), 1_000), None, "another authorizer");
        assert_eq!(cache.get(0, &["b".into()], 1_000), None, "another caller");
        cache.put(2, Vec::new(), "yes".into(), 2, 1_000);
        assert_eq!(cache.get(2, &[], 1_000), None, "no identity");
        cache.put(3, who(), "yes".into(), 0, 1_000);
        assert_eq!(cache.get(3, &who(), 1_000), None, "no time");
    }

    #[test]
    fn does_not_grow_without_bound() {
        let mut cache = AnswerCache::default();
        for index in 0..CAPACITY as u64 + 100 {
            cache.put(0, vec![index.to_string()], "yes".into(), 60, index);
        }
        let kept = |index: usize| cache.get(0, &[index.to_string()], 0).is_some();
        assert!((CAPACITY / 3..=CAPACITY).contains(&cache.entries.len()));
        assert!(!kept(0), "the oldest went");
        assert!(
            kept(CAPACITY * 3 / 4) && kept(CAPACITY + 99),
            "the newer stayed"
        );
    }
}
