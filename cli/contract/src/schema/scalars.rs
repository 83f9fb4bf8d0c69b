//! Numbers, texts and counts.

use super::Comparison;
use crate::{
    finding::Scope,
    shape::{Bound, Number, Text},
};

impl Comparison<'_> {
    pub(super) fn number(&self, small: &Number, large: &Number, scope: &mut Scope<'_>) {
        let response = self.is_response();
        if large.integer && !small.integer {
            let message = if response {
                "numbers that are not integers may now be sent"
            } else {
                "only integers are now accepted"
            };
            scope.breaking("number-type-changed", message);
        }
        let rank = |float| match float {
            Some("float") => 2,
            Some(_) => 1,
            None => 0,
        };
        if rank(large.float) > rank(small.float) && !small.integer {
            scope.breaking(
                "number-format-changed",
                "the precision of the number differs",
            );
        }
        let multiple = match (small.multiple_of, large.multiple_of) {
            (_, None) => true,
            (Some(small), Some(large)) => small == large || (small / large).fract() == 0.0,
            (None, Some(large)) => small.integer && large == 1.0,
        };
        if !multiple {
            scope.breaking("number-multiple-changed", "the allowed multiples differ");
        }
        let within = |small: Option<Bound>, large: Option<Bound>, is: fn(Bound, Bound) -> bool| {
            large.is_none_or(|large| small.is_some_and(|small| is(small, large)))
        };
        if !within(small.least, large.least, Bound::is_above)
            && let Some(least) = large.least
        {
            let than = if least.exclusive { "above" } else { "at least" };
            let message = if response {
                format!("values that are not {than} {} may now be sent", least.value)
            } else {
                format!("the values must now be {than} {}", least.value)
            };
            scope.breaking("bound-changed", message);
        }
        if !within(small.greatest, large.greatest, Bound::is_below)
            && let Some(greatest) = large.greatest
        {
            let than = if greatest.exclusive {
                "below"
            } else {
                "at most"
            };
            let message = if response {
                format!(
                    "values that are not {than} {} may now be sent",
                    greatest.value
                )
            } else {
                format!("the values must now be {than} {}", greatest.value)
            };
            scope.breaking("bound-changed", message);
        }
    }

    pub(super) fn text(&self, small: &Text, large: &Text, scope: &mut Scope<'_>) {
        let response = self.is_response();
        self.counts(
            ["character", "characters"],
            "length-changed",
            (small.shortest, large.shortest),
            (small.longest, large.longest),
            scope,
        );
        if let Some(pattern) = large.patterns.difference(&small.patterns).next() {
            // A pattern that became another one cannot be compared as a set. A client parses by it less often than a server
            // refuses by it, so in a response it is worth knowing only.
            if response && !small.patterns.is_empty() {
                scope.info(
                    "pattern-changed",
                    format!("the pattern `{pattern}` is different"),
                );
            } else if response {
                let message = format!("texts that do not match `{pattern}` may now be sent");
                scope.breaking("pattern-removed", message);
            } else {
                let message = format!("the text must now match `{pattern}`");
                scope.breaking("pattern-added", message);
            }
        }
        if let Some(format) = small.format_missing(large) {
            let message = if response {
                format!("texts without the format `{format}` may now be sent")
            } else {
                format!("the text must now have the format `{format}`")
            };
            scope.breaking("format-changed", message);
        }
    }

    /// Bounds of a length or a number of elements.
    pub(super) fn counts(
        &self,
        [one, several]: [&str; 2],
        rule: &'static str,
        (small_least, large_least): (u64, u64),
        (small_most, large_most): (Option<u64>, Option<u64>),
        scope: &mut Scope<'_>,
    ) {
        let unit = |count: u64| if count == 1 { one } else { several };
        let response = self.is_response();
        if large_least > small_least {
            let unit = unit(large_least);
            scope.breaking(
                rule,
                if response {
                    format!("fewer than {large_least} {unit} may now be sent")
                } else {
                    format!("at least {large_least} {unit} are now required")
                },
            );
        }
        if let Some(most) = large_most
            && small_most.is_none_or(|small| small > most)
        {
            let unit = unit(most);
            scope.breaking(
                rule,
                if response {
                    format!("more than {most} {unit} may now be sent")
                } else {
                    format!("at most {most} {unit} are now accepted")
                },
            );
        }
    }
}
