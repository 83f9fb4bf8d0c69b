//! One alternative of a field: a value or an operator.

use std::net::IpAddr;

use serde_json::Value;

use super::wildcard::Wildcard;

/// What a leaf may be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Null,
    Bool(bool),
    Text(String),
    /// A literal IPv6 address also matches its other spellings. `[E]`
    Address(IpAddr),
    Number(f64),
    Exists(bool),
    String(StringTest),
    /// Any leaf except these; a leaf of another type matches. `[R]`
    AnythingBut(Vec<Condition>),
    Range {
        bottom: Option<Bound>,
        top: Option<Bound>,
    },
    Cidr {
        network: IpAddr,
        bits: u32,
    },
}

/// A test that only strings pass.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum StringTest {
    Prefix(String),
    PrefixIgnoringCase(Vec<String>),
    Suffix(String),
    SuffixIgnoringCase(Vec<String>),
    IgnoringCase(Vec<String>),
    Wildcard(Wildcard),
}

/// An end of a numeric range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    pub(super) value: f64,
    pub(super) inclusive: bool,
}

impl Condition {
    pub(super) fn text(text: &str) -> Self {
        match text.parse() {
            Ok(IpAddr::V6(address)) => Self::Address(IpAddr::V6(address)),
            _ => Self::Text(text.to_owned()),
        }
    }

    pub(super) fn allows_absent(&self) -> bool {
        *self == Self::Exists(false)
    }

    pub(super) fn matches(&self, leaf: &Value) -> bool {
        match self {
            Self::Null => leaf.is_null(),
            Self::Bool(expected) => leaf.as_bool() == Some(*expected),
            Self::Text(expected) => leaf.as_str() == Some(expected),
            Self::Address(expected) => address(leaf) == Some(*expected),
            // Numbers are compared by value: 300, 300.0 and 3e2 are one number; "300" is not a number. `[R]`
            Self::Number(expected) => leaf.as_f64() == Some(*expected),
            Self::Exists(expected) => *expected,
            Self::String(test) => leaf.as_str().is_some_and(|text| test.passes(text)),
            Self::AnythingBut(excluded) => !excluded.iter().any(|one| one.matches(leaf)),
            Self::Range { bottom, top } => leaf.as_f64().is_some_and(|number| {
                bottom.is_none_or(|bound| {
                    number > bound.value || (bound.inclusive && number == bound.value)
                }) && top.is_none_or(|bound| {
                    number < bound.value || (bound.inclusive && number == bound.value)
                })
            }),
            Self::Cidr { network, bits } => {
                address(leaf).is_some_and(|address| masked(address, *bits) == Some(*network))
            }
        }
    }
}

impl StringTest {
    fn passes(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::PrefixIgnoringCase(prefix) => {
                let text = folded(text);
                text.starts_with(prefix)
            }
            Self::SuffixIgnoringCase(suffix) => {
                let text = folded(text);
                text.ends_with(suffix)
            }
            Self::IgnoringCase(expected) => folded(text) == *expected,
            Self::Wildcard(wildcard) => wildcard.matches(text),
        }
    }
}

/// A text for comparison without case: each character by itself, so that `ß` is not `SS`. `[E]`
pub(super) fn folded(text: &str) -> Vec<String> {
    text.chars()
        .map(|character| character.to_lowercase().collect())
        .collect()
}

fn address(leaf: &Value) -> Option<IpAddr> {
    leaf.as_str()?.parse().ok()
}

/// The address with only its first `bits`; nothing if it has fewer bits than that.
pub(super) fn masked(address: IpAddr, bits: u32) -> Option<IpAddr> {
    Some(match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
            IpAddr::V4((u32::from(address) & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX
                .checked_shl(128_u32.checked_sub(bits)?)
                .unwrap_or(0);
            IpAddr::V6((u128::from(address) & mask).into())
        }
    })
}
