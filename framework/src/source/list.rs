//! `sources![…]`: the list of an app's sources, and the check that no two of them have one name.

use std::fmt;

use super::info::{IntoSource, NotASource, SourceInfo};
use crate::{
    entry::Entry,
    route::{Text, same_bytes},
};

/// A list of sources, made by [`sources!`](crate::sources).
pub struct Sources<S> {
    pub(crate) list: Vec<Entry<S>>,
}

impl<S> fmt::Debug for Sources<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.list).finish()
    }
}

impl<S> Sources<S> {
    /// The list that `fill` adds to; what `sources!` expands to.
    #[doc(hidden)]
    #[must_use]
    pub fn collect(fill: impl FnOnce(&mut Self)) -> Self {
        let mut sources = Self { list: Vec::new() };
        fill(&mut sources);
        sources
    }

    /// Adds a source.
    #[doc(hidden)]
    pub fn add<I: IntoSource<S>>(&mut self) {
        self.list.push(I::into_source());
    }
}

/// A list of sources of an app whose state is `S`: [`Sources<S>`](Sources), and nothing else. It is a trait for what rustc says of others.
#[diagnostic::on_unimplemented(
    message = "this is not a list of sources for an app with the state `{S}`",
    label = "not a `sources![…]`, or a handler in it takes another state",
    note = "write a list: `sources![handler, module::handler]`",
    note = "a handler with a `&T` argument needs an app with the state `T`: create it with `App::new(\"name\", init)`, where `init` is an async function that returns the `T`; `App::stateless` has the state `()`"
)]
pub trait SourcesOf<S> {
    /// The list.
    fn into_sources(self) -> Sources<S>;
}

impl<S> SourcesOf<S> for Sources<S> {
    fn into_sources(self) -> Self {
        self
    }
}

/// A list of sources for an app: `sources![handler, module::handler]`.
///
/// Each is a Lambda function of its own from the app's executable; see [`source`](crate::source). Two sources of one name do not compile,
/// as the name is the end of the function's name in the account.
#[macro_export]
macro_rules! sources {
    ($($list:tt)*) => { $crate::__private::sources!($crate => $($list)*) };
}

/// Panics, and so fails to compile, where the source of that number has the name of one before it.
///
/// Each source has its number in the list and its name as written there.
#[doc(hidden)]
#[track_caller]
pub const fn assert_distinct_sources(sources: &[(usize, &str, SourceInfo)], number: usize) {
    // Sources before it may be missing, by `#[cfg]`, but none can have been added.
    let mut at = if number < sources.len() {
        number
    } else {
        sources.len() - 1
    };
    while sources[at].0 != number {
        at -= 1;
    }
    let (_, name, info) = &sources[at];
    if NotASource::is(info) {
        let text = Text::new()
            .with("`")
            .with(name)
            .with("` has no source attribute\n= help: put `#[on_sqs(\"queue\")]`, `#[schedule(\"rate(1 day)\")]` or another of them on the function `")
            .with(name)
            .with("`");
        panic!("{}", text.as_str());
    }
    let mut earlier = 0;
    while earlier < at {
        let (_, other, known) = &sources[earlier];
        if !info.name.is_empty() && same_bytes(known.name.as_bytes(), info.name.as_bytes()) {
            let text = Text::new()
                .with("two sources in this list have the name `")
                .with(info.name)
                .with("`: `")
                .with(other)
                .with("` and `")
                .with(name)
                .with("`\n= help: rename one, or leave it out of the list: it is the name of its Lambda function");
            panic!("{}", text.as_str());
        }
        earlier += 1;
    }
}
