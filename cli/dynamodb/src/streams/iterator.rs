//! The position of a reader in a shard: opaque to clients, and valid for 15 minutes.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// How long a position is valid.
///
/// [GetShardIterator](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html)
const LIFE_MS: u64 = 15 * 60 * 1000;

/// A position.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Position {
    /// The ARN of the stream.
    pub(super) stream: String,
    /// Records after this one are read.
    pub(super) after: i64,
    pub(super) made_ms: u64,
}

impl Position {
    /// As clients get it: the stream's ARN, a number, and the rest in Base64.
    pub(super) fn text(&self) -> String {
        let rest = BASE64_STANDARD.encode(format!("{} {}", self.after, self.made_ms));
        format!("{}|1|{rest}", self.stream)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (stream, rest) = text.split_once("|1|")?;
        let rest = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
        let (after, made) = rest.split_once(' ')?;
        Some(Self {
            stream: stream.to_owned(),
            after: after.parse().ok()?,
            made_ms: made.parse().ok()?,
        })
    }

    pub(super) fn is_expired(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.made_ms) > LIFE_MS
    }
}

/// The ARN of the stream that a position is in.
pub(crate) fn stream_of_iterator(text: &str) -> Option<String> {
    Position::parse(text).map(|position| position.stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let position = Position {
            stream:
                "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-12-01T00:00:00.000"
                    .into(),
            after: 7,
            made_ms: 1000,
        };
        assert_eq!(Position::parse(&position.text()), Some(position.clone()));
        assert!(!position.is_expired(901_000) && position.is_expired(901_001));
        assert_eq!(Position::parse("x|1|!"), None);
    }
}
