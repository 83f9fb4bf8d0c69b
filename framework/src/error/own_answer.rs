//! Detects error types that have a response of their own.
//!
//! `?` knows only that an error is a standard error. If its type also implements [`IntoResponse`],
//! its author expects that response, and a 500 instead must be reported. Rust has no stable way to
//! ask "does `E` implement this trait?" in generic code, but the standard library's `fuse` behaves
//! differently for a [`FusedIterator`]: it calls such an iterator again after the end. If a later
//! release changes this, the answer is always `false` and only the hint in the log is lost; a test
//! checks it.

use std::{iter::FusedIterator, marker::PhantomData};

use crate::response::IntoResponse;

/// Ends after its first item, and continues if it is called again.
struct Probe<E> {
    asked: bool,
    of: PhantomData<fn(E)>,
}

impl<E> Iterator for Probe<E> {
    type Item = ();

    fn next(&mut self) -> Option<()> {
        std::mem::replace(&mut self.asked, true).then_some(())
    }
}

impl<E: IntoResponse> FusedIterator for Probe<E> {}

/// True if `E` implements [`IntoResponse`].
pub(super) fn exists<E>() -> bool {
    let probe = Probe::<E> {
        asked: false,
        of: PhantomData,
    };
    let mut probe = probe.fuse();
    probe.next().is_none() && probe.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::exists;

    #[test]
    fn types_with_an_answer_are_told_from_those_without() {
        assert!(exists::<String>());
        assert!(exists::<crate::Error>());
        assert!(exists::<Result<(), crate::Error>>());
        assert!(!exists::<std::io::Error>());
        assert!(!exists::<u8>());
    }
}
