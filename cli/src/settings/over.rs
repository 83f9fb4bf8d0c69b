//! How one table of `fw.toml` overrides another: a stage's over the top of the file, a function's
//! over the app's.

use std::collections::BTreeMap;

/// A setting in two places, of which one has priority.
pub(super) trait Over {
    /// The effective value: this over `base`.
    fn over(self, base: Self) -> Self;
}

/// The value that is written, as a whole.
impl<T> Over for Option<T> {
    fn over(self, base: Self) -> Self {
        self.or(base)
    }
}

/// Tables with the user's names are merged name by name.
impl<T: Over> Over for BTreeMap<String, T> {
    fn over(self, mut base: Self) -> Self {
        for (name, own) in self {
            let held = base.remove(&name);
            let own = match held {
                Some(held) => own.over(held),
                None => own,
            };
            base.insert(name, own);
        }
        base
    }
}

/// A variable, a tag.
impl Over for String {
    fn over(self, _: Self) -> Self {
        self
    }
}
