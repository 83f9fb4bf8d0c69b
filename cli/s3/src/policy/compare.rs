//! How values of conditions and patterns are compared (IAM user guide, "Condition operators").

use std::net::IpAddr;

use crate::time;

pub(super) fn compare(operator: &str, expected: &str, value: &str) -> bool {
    let numbers = || Some((value.parse::<f64>().ok()?, expected.parse::<f64>().ok()?));
    let date = |text: &str| {
        time::parse_iso(text).or_else(|| text.parse::<u64>().ok().map(|seconds| seconds * 1000))
    };
    let dates = || Some((date(value)?, date(expected)?));
    match operator {
        "StringEquals" | "BinaryEquals" => expected == value,
        "StringNotEquals" => expected != value,
        "StringEqualsIgnoreCase" => expected.eq_ignore_ascii_case(value),
        "StringNotEqualsIgnoreCase" => !expected.eq_ignore_ascii_case(value),
        "StringLike" | "ArnEquals" | "ArnLike" => matches(expected, value),
        "StringNotLike" | "ArnNotEquals" | "ArnNotLike" => !matches(expected, value),
        "NumericEquals" => numbers().is_some_and(|(value, expected)| value == expected),
        "NumericNotEquals" => numbers().is_none_or(|(value, expected)| value != expected),
        "NumericLessThan" => numbers().is_some_and(|(value, expected)| value < expected),
        "NumericLessThanEquals" => numbers().is_some_and(|(value, expected)| value <= expected),
        "NumericGreaterThan" => numbers().is_some_and(|(value, expected)| value > expected),
        "NumericGreaterThanEquals" => numbers().is_some_and(|(value, expected)| value >= expected),
        "DateEquals" => dates().is_some_and(|(value, expected)| value == expected),
        "DateNotEquals" => dates().is_none_or(|(value, expected)| value != expected),
        "DateLessThan" => dates().is_some_and(|(value, expected)| value < expected),
        "DateLessThanEquals" => dates().is_some_and(|(value, expected)| value <= expected),
        "DateGreaterThan" => dates().is_some_and(|(value, expected)| value > expected),
        "DateGreaterThanEquals" => dates().is_some_and(|(value, expected)| value >= expected),
        "Bool" => expected.eq_ignore_ascii_case(value),
        "IpAddress" => in_network(expected, value),
        "NotIpAddress" => !in_network(expected, value),
        _ => false,
    }
}

fn in_network(network: &str, address: &str) -> bool {
    let (base, bits) = network
        .split_once('/')
        .map_or((network, None), |(base, bits)| (base, Some(bits)));
    let (Ok(base), Ok(address)) = (base.parse::<IpAddr>(), address.parse::<IpAddr>()) else {
        return false;
    };
    let (base, address, width) = match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => (
            u128::from(u32::from(base)),
            u128::from(u32::from(address)),
            32,
        ),
        (IpAddr::V6(base), IpAddr::V6(address)) => (u128::from(base), u128::from(address), 128),
        _ => return false,
    };
    let bits: u32 = match bits {
        None => width,
        Some(bits) => match bits.parse() {
            Ok(bits) if bits <= width => bits,
            _ => return false,
        },
    };
    let shift = width - bits;
    bits == 0 || base >> shift == address >> shift
}

/// Whether a text matches a pattern in which `*` stands for any characters and `?` for one.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, reached)) = star else {
                    return false;
                };
                star = Some((after, reached + 1));
                p = after;
                t = reached + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}
