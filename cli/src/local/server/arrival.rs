//! The moment of a request, and identifiers that no other one has.

use std::{
    cell::RefCell,
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use fw_gateway::Arrival;

/// The moment, and fresh identifiers.
pub(crate) fn arrival() -> Arrival {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let epoch_ms = now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    Arrival::new(epoch_ms, entropy())
}

/// Bytes that no other request has had. The system is asked for many at a time.
fn entropy() -> [u8; Arrival::ENTROPY] {
    /// How many random bytes a thread keeps, in requests.
    const KEPT: usize = 64;
    static COUNT: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static STORE: RefCell<Vec<[u8; Arrival::ENTROPY]>> = const { RefCell::new(Vec::new()) };
    }
    STORE.with_borrow_mut(|store| {
        store.pop().unwrap_or_else(|| {
            let mut bytes = [[0; Arrival::ENTROPY]; KEPT];
            if getrandom::fill(bytes.as_flattened_mut()).is_err() {
                // Without the system's randomness ids need only differ from each other, as this does in one process.
                let count = COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                let mut counted = [0; Arrival::ENTROPY];
                counted
                    .iter_mut()
                    .zip(count)
                    .for_each(|(to, from)| *to = from);
                return counted;
            }
            let [first, rest @ ..] = bytes;
            store.extend(rest);
            first
        })
    })
}
