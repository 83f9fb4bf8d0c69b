//! Ids that nothing else has.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

static SEEDS: LazyLock<[RandomState; 2]> =
    LazyLock::new(|| [RandomState::new(), RandomState::new()]);
static COUNT: AtomicU64 = AtomicU64::new(0);

fn random() -> [u64; 2] {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    [0, 1].map(|index| {
        let mut hasher = SEEDS[index].build_hasher();
        hasher.write_u64(count);
        hasher.finish()
    })
}

fn letters(alphabet: &[u8], length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for mut number in random() {
            for _ in 0..10 {
                if text.len() < length {
                    let at = usize::try_from(number % alphabet.len() as u64).unwrap_or(0);
                    text.push(char::from(alphabet[at]));
                    number /= alphabet.len() as u64;
                }
            }
        }
    }
    text
}

const CAPITALS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const MIXED: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Sixteen capital letters and digits, as S3's request ids are.
pub(crate) fn request() -> String {
    letters(CAPITALS, 16)
}

/// The second id of a request, `x-amz-id-2`.
pub(crate) fn host() -> String {
    letters(BASE64, 56)
}

/// The id of a version.
pub(crate) fn version() -> String {
    letters(MIXED, 32)
}

/// The id of an upload.
pub(crate) fn upload() -> String {
    letters(MIXED, 64)
}

/// The id of a rule that its maker gave none.
pub(crate) fn rule() -> String {
    letters(MIXED, 48)
}
