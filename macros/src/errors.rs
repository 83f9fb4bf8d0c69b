//! The collector of a macro's errors: all mistakes of an item are reported together, and none can
//! be forgotten.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes found so far.
///
/// It must end with [`finish`](Self::finish): dropping it unread is a bug, and panics.
pub(crate) struct Errors {
    found: Vec<syn::Error>,
    finished: bool,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Self {
            found: Vec::new(),
            finished: false,
        }
    }

    /// Adds a mistake, under all of the tokens `at`; `help` is the correction, computed from what was written.
    pub(crate) fn push(&mut self, at: impl ToTokens, what: impl AsRef<str>, help: impl AsRef<str>) {
        self.found
            .push(syn::Error::new_spanned(at, text(what, help)));
    }

    /// Adds a mistake at a place that has no tokens, as an attribute without arguments.
    pub(crate) fn push_span(&mut self, at: Span, what: impl AsRef<str>, help: impl AsRef<str>) {
        self.found.push(syn::Error::new(at, text(what, help)));
    }

    /// Adds what syn found: a mistake in syntax, in syn's words.
    pub(crate) fn push_syntax(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    /// `Ok` if there was no mistake, otherwise one `compile_error!` for each mistake.
    pub(crate) fn finish(mut self) -> Result<(), TokenStream> {
        self.finished = true;
        if self.found.is_empty() {
            return Ok(());
        }
        Err(self
            .found
            .drain(..)
            .map(syn::Error::into_compile_error)
            .collect())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(
            self.finished || std::thread::panicking(),
            "a macro forgot to report its errors"
        );
    }
}

/// rustc aligns the second and further lines of a message, so that the help line looks like one of
/// its own.
fn text(what: impl AsRef<str>, help: impl AsRef<str>) -> String {
    format!("{}\n= help: {}", what.as_ref(), help.as_ref())
}

/// The candidate that `word` was probably meant to be, in any case.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let candidates: Vec<&str> = candidates.into_iter().collect();
    candidates
        .iter()
        .map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate))
        // A third of the word may be wrong; beyond that a guess confuses more than it helps.
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
        // Or it is cut short.
        .or_else(|| {
            let begins = |it: &&&str| lower.len() >= 3 && it.to_lowercase().starts_with(&lower);
            candidates.iter().find(begins)
        })
        .copied()
}

/// The edit distance, where a swap of neighbours is one edit (optimal string alignment).
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    let mut rows = vec![vec![0; right.len() + 1]; left.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=left.len() {
        for j in 1..=right.len() {
            let substitute = rows[i - 1][j - 1] + usize::from(left[i - 1] != right[j - 1]);
            let mut best = substitute.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_found_and_a_far_one_is_not() {
        let methods = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"];
        assert_eq!(closest("GTE", methods), Some("GET"));
        assert_eq!(closest("PSOT", methods), Some("POST"));
        assert_eq!(closest("delet", methods), Some("DELETE"));
        assert_eq!(closest("OPTION", methods), Some("OPTIONS"));
        assert_eq!(closest("FETCH", methods), None);
        assert_eq!(closest("opt", methods), Some("OPTIONS"));
        assert_eq!(closest("op", methods), None);
        assert_eq!(closest("", methods), None);
    }

    #[test]
    fn each_mistake_becomes_one_compile_error() {
        let mut errors = Errors::new();
        errors.push_span(Span::call_site(), "one", "mend it");
        errors.push(quote::quote!(two), "two", "mend it");
        let tokens = errors.finish().unwrap_err().to_string();
        assert_eq!(tokens.matches("compile_error").count(), 2);
        assert!(tokens.contains("one\\n= help: mend it"));
    }

    #[test]
    #[should_panic(expected = "forgot to report")]
    fn errors_cannot_be_forgotten() {
        drop(Errors::new());
    }
}
