//! Parsing of header field values for both HTTP/1.1 codecs (RFC 9110 §5.6).

/// The members of a list.
pub(super) fn tokens(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',')
}

/// True if it is this word, in any case.
pub(super) fn token(value: &[u8], expected: &str) -> bool {
    value.trim_ascii().eq_ignore_ascii_case(expected.as_bytes())
}

/// A decimal number, and nothing else.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}
