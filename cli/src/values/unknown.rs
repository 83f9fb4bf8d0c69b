//! Parses serde's message about an unknown key or word: the known words, and the one that was
//! probably meant.

/// The keys or words that are known in the place of an unknown one, from serde's own words for it, in the alphabet's order.
pub(crate) fn known(message: &str) -> Vec<&str> {
    if !message.starts_with("unknown") {
        return Vec::new();
    }
    let mut known: Vec<_> = message.split('`').skip(3).step_by(2).collect();
    known.sort_unstable();
    known
}

/// The known key nearest to the unknown one, from serde's own words for it.
pub(crate) fn suggestion(message: &str) -> Option<&str> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    if !message.starts_with("unknown") {
        return None;
    }
    let mut near: Vec<_> = quoted
        .map(|known| {
            // `auth` is short for `authorization`, though `path` has fewer other letters.
            let other = !known.starts_with(unknown);
            (other, strsim::damerau_levenshtein(unknown, known), known)
        })
        .filter(|(other, distance, known)| !other || *distance <= 1 + known.len() / 4)
        .collect();
    near.sort_unstable();
    near.first().map(|(.., known)| *known)
}
