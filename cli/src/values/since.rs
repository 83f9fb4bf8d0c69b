//! Points in time as they are typed: `10m` ago, or a timestamp.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Now, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(now.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

/// A point in time: so many seconds, minutes, hours or days before now, or a fixed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// Milliseconds before now.
    Ago(i64),
    /// Milliseconds since 1970.
    At(i64),
}

impl Since {
    /// The milliseconds since 1970 that it is, seen from `now`.
    pub(crate) fn millis(self, now: i64) -> i64 {
        match self {
            Self::Ago(before) => (now - before).max(0),
            Self::At(at) => at.max(0),
        }
    }

    /// Reads `30s`, `10m`, `2h`, `7d`, or an RFC 3339 timestamp, for clap.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at.as_millisecond()));
        }
        let unit = |letter| match letter {
            's' => Some(1000),
            'm' => Some(60_000),
            'h' => Some(3_600_000),
            'd' => Some(86_400_000),
            _ => None,
        };
        let mut digits = text.chars();
        let unit = digits.next_back().and_then(unit);
        let count = digits.as_str().parse::<u32>().ok().map(i64::from);
        match unit.zip(count) {
            Some((unit, count)) => Ok(Self::Ago(unit * count)),
            None => Err("write `30s`, `10m`, `2h`, `7d` or `2026-11-22T10:00:00Z`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Since;

    #[test]
    fn durations_and_timestamps_are_read() {
        for (text, millis) in [
            ("30s", 99_970_000),
            ("10m", 99_400_000),
            ("2h", 92_800_000),
            ("1d", 13_600_000),
            ("9d", 0),
            ("1970-01-01T00:00:01Z", 1000),
            ("1970-01-01T01:00:01+01:00", 1000),
        ] {
            let since = Since::parse(text).unwrap();
            assert_eq!(since.millis(100_000_000), millis, "{text}");
        }
        for text in [
            "",
            "m",
            "10",
            "10x",
            "-1h",
            "1.5h",
            "yesterday",
            "10 m",
            "é",
        ] {
            assert!(Since::parse(text).is_err(), "{text}");
        }
    }
}
